//! The requirements: a map by area and level, a tile each, and the list that the tiles lead to.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::case::{badge, rule, sign};
use crate::judge::RequirementVerdict;
use crate::report::formats::view::{View, counted, grouped};
use crate::requirement::{AREAS, Level};
use crate::run::RequirementResult;

/// Every verdict on a requirement with its explanation.
const LEGEND: [(RequirementVerdict, &str); 6] = [
    (RequirementVerdict::Pass, "every case that cites it passed, and its area's control held"),
    (RequirementVerdict::Fail, "an answer broke it"),
    (RequirementVerdict::Unproven, "nothing broke it, but the run does not prove it"),
    (RequirementVerdict::Blocked, "its cases could not be judged"),
    (RequirementVerdict::Known, "broken as the baseline says"),
    (RequirementVerdict::Skipped, "no case that cites it was tried"),
];

/// The areas in their order, each with its requirements.
fn areas<'r, 's>(results: &'r [RequirementResult<'s>]) -> BTreeMap<(usize, &'s str), Vec<&'r RequirementResult<'s>>> {
    let order = |area: &str| AREAS.iter().position(|known| *known == area).unwrap_or(AREAS.len());
    let areas = results.iter().map(|result| (area(&result.requirement.id), result));
    grouped(areas.map(|(area, result)| ((order(area), area), result)))
}

pub(super) fn map(view: &View) -> Markup {
    let results = view.summary.requirements();
    let used = |verdict| results.iter().any(|result| result.verdict == verdict);
    html! {
        section #map {
            h2 { "Requirements by area and level" }
            table.map {
                thead { tr {
                    th scope="col" { "area" }
                    @for level in LEVELS { th scope="col" { (level) } }
                } }
                tbody {
                    @for ((_, area), results) in areas(&results) {
                        tr {
                            th scope="row" { (area) }
                            @for level in LEVELS { (cell(level, &results)) }
                        }
                    }
                }
            }
            dl.legend {
                @for (verdict, means) in LEGEND.iter().filter(|(verdict, _)| used(*verdict)) {
                    div { dt { (badge(&verdict.to_string())) } dd { (means) } }
                }
            }
        }
    }
}

/// The list that the map leads to.
pub(super) fn list(view: &View) -> Markup {
    let results = view.summary.requirements();
    let mut broken_by: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in &view.cases {
        for finding in &case.findings {
            broken_by.entry(&finding.requirement).or_default().insert(&case.id);
        }
    }
    html! {
        section #requirements {
            h2 { "Requirements" " " span.count { (results.len()) } }
            @for ((_, area), results) in areas(&results) {
                details.group {
                    summary { strong { (area) } " " (counts(&results)) }
                    ul.requirements {
                        @for result in results { (entry(result, broken_by.get(result.requirement.id.as_str()))) }
                    }
                }
            }
            p.nothing hidden { "No requirement matches the filters." }
        }
    }
}

/// How many of the cases that broke a requirement are named with it.
const NAMED: usize = 5;

const LEVELS: [Level; 3] = [Level::Must, Level::Should, Level::May];

fn cell(level: Level, results: &[&RequirementResult<'_>]) -> Markup {
    let of_level = || results.iter().filter(|result| result.requirement.level == level);
    let (passed, all) =
        (of_level().filter(|result| result.verdict == RequirementVerdict::Pass).count(), of_level().count());
    html! {
        td data-level=(level) {
            @if all == 0 { span.none { "–" } }
            @else {
                span.tiles { @for result in of_level() { (tile(result)) } }
                span.share { (passed) "/" (all) }
            }
        }
    }
}

fn tile(result: &RequirementResult<'_>) -> Markup {
    let (id, word) = (&result.requirement.id, result.verdict.to_string());
    html! {
        a class={ "tile item " (word) } href={ "#r-" (id) } title={ (id) ": " (word) } aria-label={ (id) ": " (word) }
            data-area=(area(id)) data-levels=(result.requirement.level) data-verdict=(word) { (sign(&word)) }
    }
}

fn entry(result: &RequirementResult<'_>, broken_by: Option<&BTreeSet<&str>>) -> Markup {
    let (info, word) = (result.requirement, result.verdict.to_string());
    html! {
        li.item id={ "r-" (info.id) } data-area=(area(&info.id)) data-levels=(info.level) data-verdict=(word) {
            p.name { (badge(&word)) " " code { (info.id) } " " span.level { (info.level) } }
            (rule(info))
            p.proof {
                @match (result.cases.len(), info.oracle) {
                    (0, true) => "held against every answer"
                    (count, false) => (counted(count, "case"))
                    (count, true) => { "held against every answer, and by " (count) " cases" }
                }
            }
            @if let Some(cases) = broken_by {
                p.proof {
                    "broken by "
                    @for (index, case) in cases.iter().take(NAMED).enumerate() {
                        @if index > 0 { ", " }
                        a href={ "#c-" (case) } { code { (case) } }
                    }
                    @if cases.len() > NAMED { " and " (cases.len() - NAMED) " more" }
                }
            }
        }
    }
}

fn counts(results: &[&RequirementResult<'_>]) -> Markup {
    html! {
        span.counts {
            @for (verdict, _) in LEGEND {
                @let count = results.iter().filter(|result| result.verdict == verdict).count();
                @if count > 0 { span { (count) " " (verdict) } }
            }
        }
    }
}

fn area(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}
