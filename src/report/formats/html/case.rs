//! One case: findings with their rule, diff, exchanges and how to repeat them; and the parts that the page shares.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::judge::facts::Observed;
use crate::judge::{Finding, Mismatch};
use crate::report::formats::view::{self, Prose, View, word};
use crate::run::{CaseReport, RequirementInfo};
use crate::words;

/// The whole case, folded up.
pub(super) fn article(case: &CaseReport, view: &View) -> Markup {
    let signs = [('>', "sent"), ('<', "came"), ('*', "told")];
    let broken = case.findings.iter().map(|finding| finding.requirement.as_str());
    html! {
        details.case.item data-area=(case.area()) data-levels=(levels(broken, view)) data-verdict=(word(case)) {
            summary { (badge(&word(case))) " " code { (case.id) } " " span.title { (prose(&case.title)) } }
            div id={ "c-" (case.id) } {
                @if let Some(reason) = &case.reason { p.reason { (words::reason(reason)) } }
                @for finding in &case.findings { (finding_of(finding, view)) }
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
                        @for text in &case.exchanges {
                            pre.exchange {
                                @for line in text.lines() { (marked(line, &signs)) }
                            }
                        }
                    }
                }
                p.place { "scenario " code { (case.file) ":" (case.line) } }
            }
        }
    }
}

fn finding_of(finding: &Finding, view: &View) -> Markup {
    html! {
        section.finding {
            h4 {
                a href={ "#r-" (finding.requirement) } { code { (finding.requirement) } }
                " " span.level { (finding.level) }
                " " span.step { "step " code { (finding.step) } }
            }
            @if let Some(info) = view.rule(&finding.requirement) { (rule(info)) }
            @for mismatch in &finding.mismatches { (diff(mismatch)) }
        }
    }
}

pub(super) fn rule(info: &RequirementInfo) -> Markup {
    html! { p.rule { (prose(&info.says)) " " cite { (info.source) } } }
}

/// A sentence of the suite.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for part in view::prose(text) {
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

/// A line in the class of its first character.
fn marked(line: &str, classes: &[(char, &str)]) -> Markup {
    let class = classes.iter().find(|(sign, _)| line.starts_with(*sign)).map(|(_, class)| *class);
    html! {
        @match class {
            Some(class) => span class=(class) { (line) "\n" }
            None => { (line) "\n" }
        }
    }
}

/// A sign for each word, so that nothing depends on colours alone.
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

pub(super) fn badge(word: &str) -> Markup {
    html! { span class={ "badge " (word) } { span aria-hidden="true" { (sign(word)) } " " (word) } }
}

/// The levels of those requirements, each once, separated by blanks.
pub(super) fn levels<'r>(requirements: impl Iterator<Item = &'r str>, view: &View) -> String {
    let levels: BTreeSet<_> = requirements.filter_map(|id| view.rule(id)).map(|rule| rule.level).collect();
    levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
