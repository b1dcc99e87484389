//! The page around the parts: the verdict, the filters, the lists.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::case::{article, badge, levels, prose, rule, sign};
use super::{SCRIPT, SCRIPT_HASH, STYLE, requirements};
use crate::judge::{RequirementVerdict, Verdict};
use crate::report::formats::causes::{Cause, causes};
use crate::report::formats::view::{View, counted, seconds, word};
use crate::run::{CaseReport, Conclusion, Started};

/// What can be filtered for, worst first.
const WORDS: [&str; 8] = ["error", "fail", "warning", "unproven", "blocked", "known", "skipped", "pass"];

/// The cases with an article of their own under the findings.
const WITH_ARTICLE: [&str; 4] = ["error", "fail", "known", "warning"];

type Scenarios<'v> = BTreeMap<&'v str, Vec<&'v CaseReport>>;

pub(super) fn page(view: &View) -> Markup {
    let conclusion = view.summary.conclusion();
    let url = view.summary.started.as_ref().map_or("", |started| &started.target.url);
    let policy = format!("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'");
    let scenarios = view.scenarios();
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
                (head(view))
                (filters(&scenarios, view))
                main {
                    (requirements::map(view))
                    (findings(view))
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

fn head(view: &View) -> Markup {
    let summary = &view.summary;
    let conclusion = summary.conclusion();
    html! {
        header.verdict.(mood(conclusion)) {
            @if let Some(started) = &summary.started {
                p.kicker { "wabizspec " (started.version) " · the documented On-Premises API" }
            }
            h1 { span aria-hidden="true" { (sign(mood(conclusion))) } " " (first_upper(conclusion.says())) }
            @if let Some(started) = &summary.started { (facts(started, view)) }
            ul.tally {
                @for verdict in Verdict::ALL {
                    @let count = summary.count(verdict);
                    @if count > 0 || verdict == Verdict::Pass {
                        li class=(verdict) { b { (count) } " " (verdict) }
                    }
                }
                @if summary.warnings > 0 { li.warning { b { (summary.warnings) } " warnings" } }
                @if summary.observations > 0 { li.skipped { b { (summary.observations) } " observations" } }
            }
            (contents(view))
            @for (reason, ids) in view.reasons(Verdict::Blocked) {
                p.reason { (badge("blocked")) " " (counted(ids.len(), "case")) ": " (reason) }
            }
        }
    }
}

fn contents(view: &View) -> Markup {
    html! {
        nav aria-label="Contents" {
            a href="#findings" { "Findings" }
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
            @if let Some(part) = started.part { div { dt { "shard" } dd { (part.shard) " of " (part.of) " cases" } } }
            div { dt { "fails from" } dd { (started.fail_on) } }
            div { dt { "resets" } dd { (view.summary.resets) } }
            div { dt { "began" } dd { time datetime=(started.at) { (started.at.strftime("%Y-%m-%d %H:%M:%S UTC")) } } }
            @if let Some(ended) = &view.summary.ended { div { dt { "took" } dd { (seconds(ended.elapsed_ms)) " s" } } }
        }
    }
}

/// Shown by the script, without which they would do nothing.
fn filters(scenarios: &Scenarios<'_>, view: &View) -> Markup {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for case in scenarios.values().flatten() {
        *counts.entry(word(case)).or_default() += 1;
    }
    let results = view.summary.requirements();
    let unproven = results.iter().filter(|result| result.verdict == RequirementVerdict::Unproven).count();
    counts.insert("unproven".to_owned(), unproven);
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

/// What is wrong, each cause with the cases that it begins, then the cases that have no cause in the target's answers.
fn findings(view: &View) -> Markup {
    let causes = causes(view);
    html! {
        section #findings {
            h2 { "Findings, most telling first" " " span.count { (counted(causes.len(), "cause")) } }
            @if causes.is_empty() { p.none { "No case failed." } }
            @for cause in &causes { (group(cause_header(cause, view), &cause.filed, view)) }
            @for (title, verdict) in [("Defects of wabizspec", Verdict::Error), ("Known failures", Verdict::Known)] {
                @let cases = view.sorted().into_iter().filter(|case| case.verdict == verdict).collect::<Vec<_>>();
                @if !cases.is_empty() { (group(html! { h3 { (title) } }, &cases, view)) }
            }
            p.nothing hidden { "No finding matches the filters." }
        }
    }
}

fn cause_header(cause: &Cause<'_>, view: &View) -> Markup {
    let (example, finding) = cause.example;
    html! {
        h3 { (cause.headline()) " " span.level { (cause.level) } " " span.count { (cause.extent()) } }
        @if let Some(info) = view.rule(&finding.requirement) { (rule(info)) }
        @if cause.level < view.summary.fail_on() { p { "This is reported, but fails nothing." } }
        p { "such as " a href={ "#c-" (example.id) } { code { (example.id) } } }
    }
}

fn group(header: Markup, cases: &[&CaseReport], view: &View) -> Markup {
    html! {
        article.rule-group.group[!cases.is_empty()] {
            header { (header) }
            @if !cases.is_empty() {
                details.group {
                    summary { (counted(cases.len(), "case")) " in detail" }
                    @for case in cases { (article(case, view)) }
                }
            }
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
    let has_article = |case: &CaseReport| WITH_ARTICLE.contains(&word(case).as_str());
    let worst = WORDS.into_iter().find(|wanted| rows.iter().any(|case| word(case) == *wanted));
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
                        (badge(&word(case))) " "
                        @if has_article(case) { a href={ "#c-" (case.id) } { code { (case.id) } } }
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
