//! One case that has something to tell: findings with their rule, diff, exchanges and how to repeat them.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::Told;
use crate::judge::facts::Observed;
use crate::judge::{Finding, Mismatch, Verdict};
use crate::report::rendering::{self, Prose};
use crate::run::{CaseReport, RequirementInfo, Started};
use crate::words;

/// The whole case.
pub(super) fn told(case: &CaseReport, started: Option<&Started>) -> Told {
    let word = word(case.verdict, case.warnings() > 0);
    let broken = case.findings.iter().map(|finding| finding.requirement.as_str());
    Told {
        area: case.area().to_owned(),
        word,
        levels: levels(broken, started),
        summary: html! { (badge(word)) " " code { (case.id) } " " span.title { (prose(&case.title)) } },
        body: body(case, started),
    }
}

fn body(case: &CaseReport, started: Option<&Started>) -> Markup {
    html! {
        div id={ "c-" (case.id) } {
            @if let Some(reason) = &case.reason { p.reason { (words::cause(reason)) } }
            @for finding in &case.findings { (finding_of(finding, case, started)) }
            @if let Some(not_asked) = &case.not_asked { p.reason { (prose(&words::not_asked(not_asked))) } }
            @if !case.reproduce.is_empty() {
                div.reproduce {
                    h5 { "How to repeat it" }
                    pre { @for line in &case.reproduce { (line) "\n" } }
                }
            }
            @if !case.exchanges.is_empty() {
                details.exchanges {
                    summary { "What was sent and what came (" (case.exchanges.len()) ")" }
                    @for text in &case.exchanges { (exchange(text)) }
                }
            }
            p.place { "scenario " code { (case.file) ":" (case.line) } }
        }
    }
}

fn finding_of(finding: &Finding, case: &CaseReport, started: Option<&Started>) -> Markup {
    // The rule that the case is filed under is told above it.
    let is_chief = case.chief_finding().is_some_and(|chief| chief.requirement == finding.requirement);
    let info = started.and_then(|started| started.requirement(&finding.requirement));
    let info = info.filter(|_| !is_chief);
    html! {
        section.finding {
            h4 {
                a href={ "#r-" (finding.requirement) } { code { (finding.requirement) } }
                " " span.level { (finding.level) }
                " " span.step { "step " code { (finding.step) } }
            }
            @if let Some(info) = info { (rule(info)) }
            @for mismatch in &finding.mismatches { (diff(mismatch)) }
        }
    }
}

/// The rule in words, and where it stands.
pub(super) fn rule(info: &RequirementInfo) -> Markup {
    html! { p.rule { (prose(&info.says)) " " cite { (info.source) } } }
}

/// A sentence of the suite.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for part in rendering::prose(text) {
            @match part {
                Prose::Words(words) => (words)
                Prose::Code(text) => code { (text) }
            }
        }
    }
}

fn diff(mismatch: &Mismatch) -> Markup {
    html! {
        figure.diff {
            figcaption { code { (mismatch.at) } }
            pre {
                span.wanted { span.sign { "expected " } (words::expected(&mismatch.expected)) } "\n"
                @match &mismatch.observed {
                    Observed::Diff(lines) => {
                        @for line in lines.lines() { (marked(line, &[('-', "old"), ('+', "new")])) }
                    }
                    observed => span.got { span.sign { "observed " } (words::observed(observed)) }
                }
            }
        }
    }
}

fn exchange(text: &str) -> Markup {
    html! {
        pre.exchange {
            @for line in text.lines() { (marked(line, &[('>', "sent"), ('<', "came"), ('*', "told")])) }
        }
    }
}

/// A line in the class that its first character stands for.
fn marked(line: &str, classes: &[(char, &str)]) -> Markup {
    let class = classes.iter().find(|(sign, _)| line.starts_with(*sign)).map(|(_, class)| *class);
    html! {
        @match class {
            Some(class) => span class=(class) { (line) "\n" }
            None => { (line) "\n" }
        }
    }
}

/// The word that filters know a case by.
pub(super) fn word(verdict: Verdict, warned: bool) -> &'static str {
    match verdict {
        Verdict::Pass if warned => "warning",
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Blocked => "blocked",
        Verdict::Skipped => "skipped",
        Verdict::Known => "known",
        Verdict::Error => "error",
    }
}

/// A sign for each word, so that nothing hangs on colours alone.
pub(super) fn sign(word: &str) -> &'static str {
    match word {
        "pass" => "✓",
        "fail" | "error" => "✗",
        "warning" => "!",
        "blocked" => "⊘",
        "unproven" => "?",
        "known" => "≈",
        _ => "–",
    }
}

/// Sign and word.
pub(super) fn badge(word: &str) -> Markup {
    html! { span class={ "badge " (word) } { span aria-hidden="true" { (sign(word)) } " " (word) } }
}

/// The levels of those requirements, each once, as words with a blank between.
pub(super) fn levels<'r>(requirements: impl Iterator<Item = &'r str>, started: Option<&Started>) -> String {
    let level = |id| started.and_then(|started| started.requirement(id)).map(|info| info.level);
    let levels: BTreeSet<_> = requirements.filter_map(level).collect();
    levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
