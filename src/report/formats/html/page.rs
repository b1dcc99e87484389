//! The page around the parts: the verdict, the filters, the lists.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::case::{article, badge, levels, prose, rule, sign};
use super::{SCRIPT, SCRIPT_HASH, STYLE, requirements};
use crate::judge::{RequirementVerdict, Verdict};
use crate::report::formats::causes::causes;
use crate::report::formats::view::{View, counted, seconds, word};
use crate::run::{CaseReport, Conclusion, Started};

/// What can be filtered for, worst first.
const WORDS: [&str; 8] = ["error", "fail", "warning", "unproven", "blocked", "known", "skipped", "pass"];

/// The cases with an article of their own under the findings, in their order; the warnings come after.
const FINDINGS: [&str; 3] = ["error", "fail", "known"];
const WARNINGS: [&str; 1] = ["warning"];

/// The cases of each scenario.
type Scenarios<'v> = BTreeMap<&'v str, Vec<&'v CaseReport>>;

/// The cases of each requirement that is shown as a group.
type Groups<'v> = Vec<(&'v str, Vec<&'v CaseReport>)>;

pub(super) fn page(view: &View) -> Markup {
    let conclusion = view.summary.conclusion();
    let url = view.summary.started().map_or("", |started| &started.target.url);
    let policy = format!("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'");
    let scenarios = view.scenarios();
    let groups = |words: &[&str]| words.iter().flat_map(|word| view.filed(&[word])).collect::<Groups<'_>>();
    let warned = groups(&WARNINGS);
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
                (head(view, !warned.is_empty()))
                (filters(&scenarios, view))
                main {
                    (causes_of(view))
                    (requirements::map(view))
                    (findings(&groups(&FINDINGS), view))
                    @if !warned.is_empty() { (warnings(&warned, view)) }
                    (requirements::list(view))
                    (scenarios_of(&scenarios, view))
                    (observations(view))
                    (notes(view))
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

fn head(view: &View, has_warnings: bool) -> Markup {
    let summary = &view.summary;
    let conclusion = summary.conclusion();
    html! {
        header.verdict.(mood(conclusion)) {
            @if let Some(started) = summary.started() {
                p.kicker { "wabizspec " (started.version) " · the documented On-Premises API" }
            }
            h1 { span aria-hidden="true" { (sign(mood(conclusion))) } " " (first_upper(conclusion.says())) }
            @if let Some(started) = summary.started() { (facts(started, view)) }
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
            (contents(view, has_warnings))
            @for (reason, ids) in view.reasons(Verdict::Blocked) {
                p.reason { (badge("blocked")) " " (counted(ids.len(), "case")) ": " (reason) }
            }
        }
    }
}

fn contents(view: &View, has_warnings: bool) -> Markup {
    html! {
        nav aria-label="Contents" {
            a href="#findings" { "Findings" }
            @if has_warnings { a href="#warnings" { "Warnings" } }
            a href="#requirements" { "Requirements" }
            a href="#scenarios" { "Scenarios" }
            @if !view.observations.is_empty() { a href="#observations" { "Observations" } }
            @if !view.notes.is_empty() { a href="#notes" { "Notes" } }
        }
    }
}

fn facts(started: &Started, view: &View) -> Markup {
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
            div { dt { "resets" } dd { (view.summary.resets()) } }
            div { dt { "began" } dd { time datetime=(started.at) { (started.at.strftime("%Y-%m-%d %H:%M:%S UTC")) } } }
            @if let Some(ended) = view.summary.ended() { div { dt { "took" } dd { (seconds(ended.elapsed_ms)) " s" } } }
        }
    }
}

/// Shown by the script, without which they would do nothing.
fn filters(scenarios: &Scenarios<'_>, view: &View) -> Markup {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for case in scenarios.values().flatten() {
        *counts.entry(word(case)).or_default() += 1;
    }
    let results = view.summary.requirements();
    let unproven = results.iter().filter(|result| result.verdict == RequirementVerdict::Unproven).count();
    counts.insert("unproven", unproven);
    let mut areas: Vec<&str> = scenarios.keys().filter_map(|id| id.split('/').next()).collect();
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

/// What is wrong, said once each.
fn causes_of(view: &View) -> Markup {
    let causes = causes(view);
    html! {
        @if !causes.is_empty() {
            section #causes {
                h2 { "Causes, most telling first" " " span.count { (causes.len()) } }
                ol {
                    @for cause in &causes {
                        li {
                            b { (cause.headline()) } " " span.level { (cause.level) } " "
                            span.count { (cause.extent()) } ", such as "
                            a href={ "#c-" (cause.example.0.id) } { code { (cause.example.0.id) } }
                        }
                    }
                }
            }
        }
    }
}

fn findings(groups: &Groups<'_>, view: &View) -> Markup {
    let count = count(groups);
    html! {
        section #findings {
            h2 { "Findings" @if count > 0 { " " span.count { (counted(count, "case")) } } }
            @if count == 0 { p.none { "No case failed." } }
            @for (requirement, filed) in groups { (group(requirement, filed, view, true)) }
            p.nothing hidden { "No finding matches the filters." }
        }
    }
}

fn warnings(groups: &Groups<'_>, view: &View) -> Markup {
    html! {
        section #warnings {
            h2 { "Warnings" " " span.count { (counted(count(groups), "case")) } }
            p { "Findings of level should: they are reported, but fail nothing." }
            @for (requirement, filed) in groups { (group(requirement, filed, view, false)) }
            p.nothing hidden { "No warning matches the filters." }
        }
    }
}

fn count(groups: &Groups<'_>) -> usize {
    groups.iter().map(|(_, filed)| filed.len()).sum()
}

/// All cases filed under one requirement.
fn group(requirement: &str, filed: &[&CaseReport], view: &View, open: bool) -> Markup {
    let info = view.rule(requirement);
    html! {
        article.group.rule-group {
            header {
                h3 {
                    @match requirement {
                        "" => "Without a rule"
                        id => a href={ "#r-" (id) } { code { (id) } }
                    }
                    @if let Some(info) = info { " " span.level { (info.level) } }
                    " " span.count { (counted(filed.len(), "case")) }
                }
                @if let Some(info) = info { (rule(info)) }
            }
            @for (index, case) in filed.iter().enumerate() { (article(case, view, open && index == 0)) }
        }
    }
}

fn scenarios_of(scenarios: &Scenarios<'_>, view: &View) -> Markup {
    html! {
        section #scenarios {
            h2 { "Scenarios" " " span.count { (scenarios.len()) } }
            @for (id, rows) in scenarios { (scenario(id, rows, view)) }
            p.nothing hidden { "No case matches the filters." }
            @for (reason, ids) in view.reasons(Verdict::Skipped) {
                p.reason { (badge("skipped")) " " (counted(ids.len(), "case")) ": " (reason) }
            }
        }
    }
}

fn scenario(id: &str, rows: &[&CaseReport], view: &View) -> Markup {
    let first = rows[0];
    let levels = levels(first.cites.iter().map(String::as_str), view);
    let worst = WORDS.into_iter().find(|wanted| rows.iter().any(|case| word(case) == *wanted));
    let has_article = |word: &str| FINDINGS.contains(&word) || WARNINGS.contains(&word);
    html! {
        details.group.scenario {
            summary {
                (badge(worst.unwrap_or("skipped")))
                " " code { (id) } " " span.title { (prose(&first.title)) } " "
                span.count { (counted(rows.len(), "case")) }
            }
            p.place { "scenario " code { (first.file) } }
            ul.rows {
                @for case in rows {
                    li.item data-area=(case.area()) data-levels=(levels) data-verdict=(word(case)) {
                        (badge(word(case))) " "
                        @if has_article(word(case)) { a href={ "#c-" (case.id) } { code { (case.id) } } }
                        @else { code { (case.id) } }
                        " " span.took { (case.duration_ms) " ms" }
                    }
                }
            }
        }
    }
}

fn observations(view: &View) -> Markup {
    html! {
        @if !view.observations.is_empty() {
            section #observations {
                h2 { "Observations" " " span.count { (view.observations.len()) } }
                p { "Things seen that no document forbids; none of them counts against the target." }
                ul.observations {
                    @for ((requirement, what), count) in &view.observations {
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

fn notes(view: &View) -> Markup {
    html! {
        @if !view.notes.is_empty() {
            section #notes {
                h2 { "Notes" }
                ul { @for note in &view.notes { li { (note) } } }
            }
        }
    }
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
