//! Causes: groups of findings that show one deviation under one condition.
//!
//! A server with five defects fails hundreds of cases. Its owner has five defects to fix, so that is what reports list.
//! Causes only group findings; no verdict depends on them.

mod entry;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::Style;
pub(super) use entry::CauseEntry;

use super::view::{View, counted, grouped, named};
use crate::documented::api::Operation;
use crate::exchange::shortened;
use crate::judge::facts::{Condition, Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, OPERATIONS, Pattern, StatusSet, Verdict};
use crate::requirement::Level;
use crate::run::CaseReport;
use crate::words;

const STATUS: &str = "status";
const REFUSAL: &str = "a refusal (4xx)";
const CRASH: &str = "no crash";

/// What is wrong and when, in words that are the same for every finding of one cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Absent where the deviation does not depend on what is asked.
    operation: Option<Operation>,
    condition: Option<Condition>,
    /// The group of requirements, where a request is accepted that must be refused: each group is a check of its own.
    group: Option<String>,
    at: String,
    expected: String,
    observed: String,
}

/// One deviation under one condition.
pub(super) struct Cause<'v> {
    key: Key,
    operations: BTreeSet<Operation>,
    /// The operation, if this is that the target does not have it.
    pub missing: Option<Operation>,
    /// The highest of its findings.
    pub level: Level,
    pub cases: BTreeSet<&'v str>,
    pub requirements: BTreeSet<&'v str>,
    /// How many cases it begins: no other cause shows in them earlier. With 0 it may only follow from others.
    pub first_in: usize,
    /// The cases of which it explains the chief finding: each case belongs to one cause.
    pub filed: Vec<&'v CaseReport>,
    /// How many cases show nothing because of it: their good counterpart fails, or the control of their area.
    pub holds_up: usize,
    /// The case that explains most, and the finding in it.
    pub example: (&'v CaseReport, &'v Finding),
}

impl<'v> Cause<'v> {
    /// The cause of these findings, unless there are none.
    fn of(key: Key, findings: &[(&'v CaseReport, &'v Finding)], view: &View) -> Option<Cause<'v>> {
        let cases = findings.iter().map(|(case, _)| case.id.as_str()).collect();
        let requirements: BTreeSet<&str> = findings.iter().map(|(_, finding)| finding.requirement.as_str()).collect();
        let missing = key.operation.filter(|_| requirements.contains(OPERATIONS));
        // Findings of one answer do not explain each other; those of later answers may follow from them.
        let is_first = |(case, finding): &&(&CaseReport, &Finding)| {
            case.chief_finding().is_some_and(|chief| chief.step == finding.step)
        };
        let is_chief = |(case, finding): &&(&CaseReport, &Finding)| {
            case.chief_finding().is_some_and(|chief| std::ptr::eq(chief, *finding))
        };
        // What shows nothing else, or as little as possible, explains most.
        let example = findings.iter().min_by_key(|(case, finding)| (Reverse(finding.level), case.findings.len()))?;
        Some(Cause {
            operations: findings.iter().filter_map(|(_, finding)| finding.about?.operation).collect(),
            level: example.1.level,
            first_in: findings.iter().filter(is_first).map(|(case, _)| &case.id).collect::<BTreeSet<_>>().len(),
            filed: findings.iter().filter(is_chief).map(|(case, _)| *case).collect(),
            holds_up: match missing {
                Some(operation) => view.needed.get(&operation).copied().unwrap_or_default(),
                None => view.held_up_by(&cases),
            },
            example: *example,
            key,
            missing,
            cases,
            requirements,
        })
    }

    /// The operations that show it, or what is said instead.
    fn operations(&self) -> String {
        let named: Vec<String> = self.operations.iter().map(Operation::to_string).collect();
        match named.len() {
            0 => "any request".to_owned(),
            1..=3 => named.join(", "),
            _ => "several operations".to_owned(),
        }
    }

    /// One line: who, when, what.
    pub fn headline(&self) -> String {
        let Key { condition, group, at, expected, observed, .. } = &self.key;
        if let Some(operation) = self.missing {
            return format!("{operation} is missing: answered {observed}");
        }
        let whom = match condition {
            None | Some(Condition::Open) => self.operations(),
            Some(condition) => format!("{}: {}", self.operations(), words::condition(*condition)),
        };
        match (at.as_str(), group) {
            _ if expected == CRASH => format!("{whom} crashes: status {observed}"),
            (STATUS, Some(group)) => format!("{whom}: answered {observed} where it must refuse ({group})"),
            (STATUS, None) => format!("{whom} answered {observed}, not {expected}"),
            _ => format!("{whom}: {at}: {observed}, expected {expected}"),
        }
    }

    /// The same for it in every run.
    pub fn identity(&self) -> String {
        let Key { operation, condition, group, at, expected, observed } = &self.key;
        format!("{operation:?} {condition:?} {group:?} {at} {expected} {observed}")
    }

    /// How much it shows and breaks.
    pub fn extent(&self) -> String {
        if self.missing.is_some() {
            return format!("{} more skipped for it", counted(self.holds_up, "case"));
        }
        format!("{}, {}", counted(self.cases.len(), "case"), counted(self.requirements.len(), "requirement"))
    }

    /// For people: what it is, what it breaks, and where to see it.
    pub fn write(&self, out: &mut dyn Write, lead: &str, view: &View) -> io::Result<()> {
        let (bold, (case, finding)) = (Style::new().bold(), self.example);
        writeln!(out, "{lead}{bold}{}{bold:#}", self.headline())?;
        writeln!(out, "     {}: {}", self.extent(), named(&self.requirements, 2))?;
        if let Some(rule) = view.rule(&finding.requirement) {
            writeln!(out, "     rule: {} ({})", rule.says, rule.source)?;
        }
        writeln!(out, "     example: {}, step `{}`", case.id, finding.step)
    }
}

/// The causes of a run, most telling first: musts before shoulds, missing operations before wrong answers, then what
/// holds up most, then what begins most cases.
pub(super) fn causes(view: &View) -> Vec<Cause<'_>> {
    gathered(view, false)
}

/// The same, where a request that is accepted and must be refused is one cause for all operations.
pub(super) fn causes_across_operations(view: &View) -> Vec<Cause<'_>> {
    gathered(view, true)
}

fn gathered(view: &View, across_operations: bool) -> Vec<Cause<'_>> {
    let cases = view.sorted().into_iter().filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Pass));
    let findings: Vec<(&CaseReport, &Finding)> =
        cases.flat_map(|case| case.findings.iter().map(move |finding| (case, finding))).collect();
    let of_controls: BTreeSet<Key> =
        findings.iter().filter(|(case, _)| case.control).map(|(_, finding)| Key::of(finding)).collect();
    let keyed = findings.into_iter().map(|(case, finding)| {
        let key = Key::of(finding);
        // If even what a control sends is accepted, the finer checks of that operation are no causes of their own.
        let mut key = if of_controls.contains(&key) { key } else { key.in_group(&finding.requirement) };
        if across_operations && key.group.is_some() {
            key.operation = None;
        }
        (key, (case, finding))
    });
    let mut causes: Vec<Cause<'_>> =
        grouped(keyed).into_iter().filter_map(|(key, findings)| Cause::of(key, &findings, view)).collect();
    causes.sort_by_key(|cause| {
        let Cause { level, missing, first_in, holds_up, cases, .. } = cause;
        Reverse((*level, missing.is_some(), *first_in > 0, *holds_up, *first_in, cases.len()))
    });
    causes
}

impl Key {
    /// Without a group.
    fn of(finding: &Finding) -> Key {
        // The status comes first, and explains the rest.
        let chief = finding.mismatches.iter().min_by_key(|mismatch| &mismatch.at);
        let Some(Mismatch { at, expected, observed }) = chief else { return Key::default() };
        let mut operation = finding.about.and_then(|about| about.operation);
        let mut condition = finding.about.map(|about| about.condition);
        let is_success = condition == Some(Condition::Valid);
        let (at, expected, observed) = match (expected, observed) {
            (Expected::Status(_) | Expected::NoCrash, Observed::Status(500..)) => {
                condition = None;
                (STATUS.to_owned(), CRASH.to_owned(), kind_of(observed))
            }
            (Expected::ErrorCode(_), Observed::Codes(codes, _)) if codes.iter().any(|code| code.starts_with('"')) => {
                (operation, condition) = (None, None);
                ("/errors/*/code".to_owned(), "an integer".to_owned(), "a string".to_owned())
            }
            (_, Observed::Absent) if matches!(at, Place::Header(_)) => {
                (operation, condition) = (None, None);
                (at.to_string(), "the header".to_owned(), "absent".to_owned())
            }
            (Expected::Status(set), Observed::Status(status)) => {
                let expected = status_words(set, *status);
                if expected != REFUSAL && !set.accepts() {
                    // The wrong refusal is one habit, whatever is asked.
                    operation = None;
                }
                (STATUS.to_owned(), expected, status.to_string())
            }
            _ if *expected == Expected::Errors || (!is_success && is_about_errors(at, expected)) => {
                (operation, condition) = (None, None);
                let observed = match observed {
                    Observed::Absent | Observed::NoCode => "no `errors`".to_owned(),
                    observed => kind_of(observed),
                };
                ("body of a refusal".to_owned(), "JSON with `errors`".to_owned(), observed)
            }
            _ => {
                let is_of_errors = at.to_string().starts_with("/errors/");
                if is_of_errors || finding.requirement.starts_with("envelope.") && finding.requirement != OPERATIONS {
                    (operation, condition) = (None, None);
                }
                (at.without_indices(), kind_expected(expected), kind_of(observed))
            }
        };
        Key { operation, condition, group: None, at, expected, observed }
    }

    /// The same for one group of requirements, where a request is accepted that must be refused.
    fn in_group(self, requirement: &str) -> Key {
        match self.expected == REFUSAL {
            true => Key { condition: None, group: Some(group_of(requirement)), ..self },
            false => self,
        }
    }
}

/// What a requirement checks: the rule about passwords, whatever the operation, or else its id up to the last dot.
fn group_of(requirement: &str) -> String {
    match requirement.split('.').any(|segment| segment.starts_with("password")) {
        true => "the rule about passwords".to_owned(),
        false => requirement.rsplit_once('.').map_or(requirement, |(group, _)| group).to_owned(),
    }
}

/// Whether this is about the form of an error's body, which is one thing however many codes are missed in it.
fn is_about_errors(at: &Place, expected: &Expected) -> bool {
    let at_errors = matches!(at, Place::Body) || matches!(at, Place::Pointer(pointer) if pointer == "/errors");
    at_errors && matches!(expected, Expected::ErrorCode(_) | Expected::JsonObject | Expected::Value(_))
}

fn status_words(set: &StatusSet, status: u16) -> String {
    match (200..300).contains(&status) {
        true if set.refuses() => REFUSAL.to_owned(),
        false if set.accepts() => "a success (2xx)".to_owned(),
        _ => set.to_string(),
    }
}

/// What was expected, without what differs from case to case.
fn kind_expected(expected: &Expected) -> String {
    match expected {
        Expected::Value(Pattern::Text(_)) => "the right text".to_owned(),
        Expected::Value(Pattern::Placeholder(kind)) => kind.description().to_owned(),
        Expected::OtherThan(_) => "another value".to_owned(),
        Expected::GrantedAtMost(most) => format!("{most} at most"),
        Expected::GrantedExactly(_) | Expected::GrantedOneOf(_) => "those that were granted before".to_owned(),
        Expected::Told(words) => shortened(words),
        expected => words::expected(expected),
    }
}

/// What was observed, without what differs from case to case.
fn kind_of(observed: &Observed) -> String {
    match observed {
        Observed::NotJson(_) | Observed::Text(_) => "not JSON".to_owned(),
        Observed::Value(value) | Observed::WholeBody(value) => words::json_kind(value.kind).to_owned(),
        Observed::Instant(..) => "another instant".to_owned(),
        Observed::NotAnInstant(_) => "not a valid date and time".to_owned(),
        Observed::Broken(broken) => format!("{} {}", broken.breakage, broken.phase),
        Observed::Diff(_) => "other answers than accepted".to_owned(),
        Observed::Copies(_) => "too many or the wrong copies with success".to_owned(),
        Observed::Told(words) => shortened(words),
        observed => words::observed(observed),
    }
}
