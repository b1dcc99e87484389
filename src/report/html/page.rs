//! The page around the parts: the verdict, the filters, the lists.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::case::{badge, prose, rule, sign, word};
use super::{Html, Rank, SCRIPT, SCRIPT_HASH, STYLE, Scenario, Told, requirements};
use crate::judge::{RequirementVerdict, Verdict};
use crate::report::rendering::seconds;
use crate::run::{Conclusion, Started, Summary};

/// What can be filtered for, worst first.
const WORDS: [&str; 8] = ["error", "fail", "warning", "unproven", "blocked", "known", "skipped", "pass"];

/// The whole page.
pub(super) fn page(report: &Html, summary: &Summary) -> Markup {
    let conclusion = summary.conclusion();
    let url = summary.started().map_or("", |started| &started.target.url);
    let policy = format!("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy);
                title { (sign(mood(conclusion))) " " (conclusion.says()) " · " (url) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(report, summary))
                (filters(report, summary))
                main {
                    (requirements::map(summary))
                    (findings(report, summary.started()))
                    (requirements::list(report, summary))
                    (scenarios(report))
                    (observations(report))
                    (notes(report))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The word whose colour and sign the conclusion has.
fn mood(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Conforms => "pass",
        Conclusion::Findings | Conclusion::Defect => "fail",
        Conclusion::Died | Conclusion::Interrupted | Conclusion::Inconclusive => "warning",
    }
}

fn head(report: &Html, summary: &Summary) -> Markup {
    let conclusion = summary.conclusion();
    html! {
        header.verdict.(mood(conclusion)) {
            @if let Some(started) = summary.started() {
                p.kicker { "wabizspec " (started.version) " · the documented On-Premises API" }
            }
            h1 { span aria-hidden="true" { (sign(mood(conclusion))) } " " (first_upper(conclusion.says())) }
            @if let Some(started) = summary.started() { (facts(started, summary)) }
            ul.tally {
                @for verdict in Verdict::ALL {
                    @let count = summary.count(verdict);
                    @if count > 0 || verdict == Verdict::Pass {
                        li class=(verdict) { b { (count) } " " (verdict) }
                    }
                }
                @if summary.warnings() > 0 { li.warning { b { (summary.warnings()) } " warnings" } }
                @if summary.observations() > 0 { li.skipped { b { (summary.observations()) } " observations" } }
            }
            (contents(report))
            @for ((verdict, reason), count) in &report.reasons {
                @if *verdict == Verdict::Blocked { p.reason { (badge("blocked")) " " (cases(*count)) ": " (reason) } }
            }
        }
    }
}

fn contents(report: &Html) -> Markup {
    let warned = report.told.keys().any(|(rank, _)| *rank == Rank::Warning);
    html! {
        nav aria-label="Contents" {
            a href="#findings" { "Findings" }
            @if warned { a href="#warnings" { "Warnings" } }
            a href="#requirements" { "Requirements" }
            a href="#scenarios" { "Scenarios" }
            @if !report.observations.is_empty() { a href="#observations" { "Observations" } }
            @if !report.notes.is_empty() { a href="#notes" { "Notes" } }
        }
    }
}

fn facts(started: &Started, summary: &Summary) -> Markup {
    let target = &started.target;
    html! {
        @if target.embedded {
            p.embedded { "This is the verdict on the embedded reference client, not on your server." }
        }
        dl.facts {
            div { dt { "target" } dd { code { (target.url) } } }
            @if let Some(state) = target.registration { div { dt { "registration" } dd { (state) } } }
            div { dt { "cases" } dd { (started.cases) } }
            @if let Some(part) = started.part {
                div { dt { "shard" } dd { (part.shard) " of " (part.of) " cases" } }
            }
            div { dt { "fails from" } dd { (started.fail_on) } }
            div { dt { "resets" } dd { (summary.resets()) } }
            div { dt { "began" } dd { time datetime=(started.at) { (started.at.strftime("%Y-%m-%d %H:%M:%S UTC")) } } }
            @if let Some(ended) = summary.ended() { div { dt { "took" } dd { (seconds(ended.elapsed_ms)) " s" } } }
        }
    }
}

/// Shown by the script, without which they would do nothing.
fn filters(report: &Html, summary: &Summary) -> Markup {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in report.scenarios.values().flat_map(|scenario| &scenario.rows) {
        *counts.entry(word(row.verdict, row.warned)).or_default() += 1;
    }
    let unproven = |result: &crate::run::RequirementResult<'_>| result.verdict == RequirementVerdict::Unproven;
    let unproven = summary.requirements().into_iter().filter(unproven).count();
    counts.insert("unproven", unproven);
    let mut areas: Vec<&str> = report.scenarios.keys().filter_map(|id| id.split('/').next()).collect();
    areas.dedup();
    html! {
        form #filters hidden aria-label="Filters" {
            input #search type="search" placeholder="Search ids, rules, answers" aria-label="Search";
            div.selects {
                select #area aria-label="Area" {
                    option value="" { "all areas" }
                    @for area in areas { option { (area) } }
                }
                select #level aria-label="Level" {
                    option value="" { "all levels" }
                    option { "must" } option { "should" } option { "may" }
                }
            }
            div.chips role="group" aria-label="Verdict" {
                @for word in WORDS {
                    @if let Some(count) = counts.get(word).filter(|count| **count > 0) {
                        button type="button" class=(word) data-word=(word) aria-pressed="false" {
                            span aria-hidden="true" { (sign(word)) } " " (word) " " b { (count) }
                        }
                    }
                }
                button #reset type="reset" disabled { "clear" }
            }
            output #shown aria-live="polite" {}
        }
    }
}

fn findings(report: &Html, started: Option<&Started>) -> Markup {
    let of = |warnings: bool| {
        let groups = report.told.iter();
        groups.filter(move |((rank, _), _)| (*rank == Rank::Warning) == warnings)
    };
    let count = |warnings| of(warnings).map(|(_, cases)| cases.len()).sum::<usize>();
    let (broken, warned) = (count(false), count(true));
    html! {
        section #findings {
            h2 { "Findings" @if broken > 0 { " " span.count { (cases(broken)) } } }
            @if broken == 0 { p.none { "No case failed." } }
            @for ((_, requirement), told) in of(false) { (group(requirement, told, started, true)) }
            p.nothing hidden { "No finding matches the filters." }
        }
        @if warned > 0 {
            section #warnings {
                h2 { "Warnings" " " span.count { (cases(warned)) } }
                p { "Findings of level should: they are reported, but fail nothing." }
                @for ((_, requirement), told) in of(true) { (group(requirement, told, started, false)) }
                p.nothing hidden { "No warning matches the filters." }
            }
        }
    }
}

/// All cases filed under one requirement.
fn group(requirement: &str, told: &BTreeMap<String, Told>, started: Option<&Started>, open: bool) -> Markup {
    let info = started.and_then(|started| started.requirement(requirement));
    html! {
        article.group.rule-group {
            header {
                h3 {
                    @match requirement {
                        "" => "Without a rule"
                        id => a href={ "#r-" (id) } { code { (id) } }
                    }
                    @if let Some(info) = info { " " span.level { (info.level) } }
                    " " span.count { (cases(told.len())) }
                }
                @if let Some(info) = info { (rule(info)) }
            }
            @for (index, told) in told.values().enumerate() {
                details.case.item open[open && index == 0]
                    data-area=(told.area) data-levels=(told.levels) data-verdict=(told.word) {
                    summary { (told.summary) }
                    (told.body)
                }
            }
        }
    }
}

fn scenarios(report: &Html) -> Markup {
    html! {
        section #scenarios {
            h2 { "Scenarios" " " span.count { (report.scenarios.len()) } }
            @for (id, scenario) in &report.scenarios { (scenario_of(id, scenario)) }
            p.nothing hidden { "No case matches the filters." }
            @for ((verdict, reason), count) in &report.reasons {
                @if *verdict == Verdict::Skipped { p.reason { (badge("skipped")) " " (cases(*count)) ": " (reason) } }
            }
        }
    }
}

fn scenario_of(id: &str, scenario: &Scenario) -> Markup {
    let area = id.split('/').next().unwrap_or_default();
    let worst =
        WORDS.into_iter().find(|wanted| scenario.rows.iter().any(|row| word(row.verdict, row.warned) == *wanted));
    let has_article = |word: &str| ["error", "fail", "known", "warning"].contains(&word);
    html! {
        details.group.scenario {
            summary {
                (badge(worst.unwrap_or("skipped")))
                " " code { (id) } " " span.title { (prose(&scenario.title)) } " "
                span.count { (cases(scenario.rows.len())) }
            }
            p.place { "scenario " code { (scenario.file) } }
            ul.rows {
                @for row in &scenario.rows {
                    @let word = word(row.verdict, row.warned);
                    li.item data-area=(area) data-levels=(scenario.levels) data-verdict=(word) {
                        (badge(word)) " "
                        @if has_article(word) { a href={ "#c-" (row.id) } { code { (row.id) } } }
                        @else { code { (row.id) } }
                        " " span.took { (row.duration_ms) " ms" }
                    }
                }
            }
        }
    }
}

fn observations(report: &Html) -> Markup {
    html! {
        @if !report.observations.is_empty() {
            section #observations {
                h2 { "Observations" " " span.count { (report.observations.len()) } }
                p { "Things seen that no document forbids; none of them counts against the target." }
                ul.observations {
                    @for ((requirement, what), count) in &report.observations {
                        li {
                            @if !requirement.is_empty() { a href={ "#r-" (requirement) } { code { (requirement) } } " " }
                            (what)
                            @if *count > 1 { " " span.count { (count) " times" } }
                        }
                    }
                }
            }
        }
    }
}

fn notes(report: &Html) -> Markup {
    html! {
        @if !report.notes.is_empty() {
            section #notes {
                h2 { "Notes" }
                ul { @for note in &report.notes { li { (note) } } }
            }
        }
    }
}

fn cases(count: usize) -> String {
    match count {
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    }
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
