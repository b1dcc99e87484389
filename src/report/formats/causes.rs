//! Causes: the findings that show one deviation under one condition, told once.
//!
//! A server that is wrong in five ways fails hundreds of cases. What it has to mend are the five ways, so that is what
//! reports list. Causes only group findings; no verdict depends on them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::view::View;
use crate::documented::api::Operation;
use crate::judge::facts::{Condition, Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, OPERATIONS, StatusSet, Verdict};
use crate::requirement::Level;
use crate::run::CaseReport;
use crate::words;

/// What is wrong, in words that are the same for every finding that shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Deviation {
    at: String,
    expected: String,
    observed: String,
}

/// Findings with the same key have the same cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Absent where the deviation does not depend on what is asked.
    operation: Option<Operation>,
    condition: Option<Condition>,
    /// The group of requirements, where a request is accepted that must be refused: each is a check of its own, whatever
    /// the reason.
    group: Option<String>,
    deviation: Deviation,
}

/// One deviation under one condition.
pub(super) struct Cause<'v> {
    key: Key,
    operations: BTreeSet<Operation>,
    /// The highest of its findings.
    pub level: Level,
    pub cases: BTreeSet<&'v str>,
    pub requirements: BTreeSet<&'v str>,
    /// The cases that it begins: no other cause shows in an earlier answer.
    first_in: BTreeSet<&'v str>,
    /// How many cases show nothing as long as it is there: those whose good counterpart it breaks, and whole areas whose
    /// control it breaks.
    holds_up: usize,
    /// The most telling case, and the finding in it.
    pub example: (&'v CaseReport, &'v Finding),
}

impl Cause<'_> {
    /// The operations that show it, or what is said instead.
    pub fn operations(&self) -> String {
        let named: Vec<String> = self.operations.iter().map(Operation::to_string).collect();
        match named.len() {
            0 => "any request".to_owned(),
            1..=3 => named.join(", "),
            _ => "several operations".to_owned(),
        }
    }

    pub fn condition(&self) -> &'static str {
        self.key.condition.map_or("any", words::condition)
    }

    pub fn expected(&self) -> &str {
        &self.key.deviation.expected
    }

    /// Where, and what was there.
    pub fn observed(&self) -> String {
        let Deviation { at, observed, .. } = &self.key.deviation;
        format!("{at}: {observed}")
    }

    /// The operation, if this is that the target does not have it.
    pub fn missing(&self) -> Option<Operation> {
        self.requirements.contains(OPERATIONS).then_some(self.key.operation?)
    }

    /// One line: who, when, what.
    pub fn headline(&self) -> String {
        if let Some(operation) = self.missing() {
            return format!("{operation} is missing: answered {}", self.key.deviation.observed);
        }
        let Deviation { at, expected, observed } = &self.key.deviation;
        let whom = match self.key.condition {
            None | Some(Condition::Open) => self.operations(),
            Some(condition) => format!("{}: {}", self.operations(), words::condition(condition)),
        };
        match (at.as_str(), &self.key.group) {
            _ if expected == CRASH => format!("{whom} crashes: status {observed}"),
            (STATUS, Some(group)) => format!("{whom}: answered {observed} where it must refuse ({group})"),
            (STATUS, None) => format!("{whom} answered {observed}, not {expected}"),
            _ => format!("{whom}: {at}: {observed}, expected {expected}"),
        }
    }

    /// How much it shows and breaks.
    pub fn extent(&self) -> String {
        if self.missing().is_some() {
            return format!("{} more skipped for it", super::view::cases(self.holds_up));
        }
        let requirements = match self.requirements.len() {
            1 => "1 requirement".to_owned(),
            more => format!("{more} requirements"),
        };
        format!("{}, {requirements}", super::view::cases(self.cases.len()))
    }

    /// Whether it is first in a case; otherwise it may be a consequence of others.
    pub fn is_first(&self) -> bool {
        !self.first_in.is_empty()
    }
}

/// A cause in the JSON report.
#[derive(Serialize, Deserialize)]
pub(super) struct CauseEntry {
    operation: String,
    condition: String,
    expected: String,
    observed: String,
    level: Level,
    /// In how many cases it is the first thing wrong; with 0 it may only follow from other causes.
    first_in: usize,
    cases: usize,
    requirements: Vec<String>,
    example: String,
}

impl CauseEntry {
    pub fn of(cause: &Cause<'_>) -> CauseEntry {
        CauseEntry {
            operation: cause.operations(),
            condition: cause.condition().to_owned(),
            expected: cause.expected().to_owned(),
            observed: cause.observed(),
            level: cause.level,
            first_in: cause.first_in.len(),
            cases: cause.cases.len(),
            requirements: cause.requirements.iter().map(ToString::to_string).collect(),
            example: cause.example.0.id.clone(),
        }
    }
}

/// The causes of a run, most telling first: musts before shoulds, missing operations before wrong answers, then what holds up most, then what begins most cases.
pub(super) fn causes(view: &View) -> Vec<Cause<'_>> {
    let mut causes: BTreeMap<Key, Cause<'_>> = BTreeMap::new();
    let cases = view.sorted();
    let shown = || cases.iter().filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Pass));
    let ungrouped = |finding: &Finding| {
        let key = Key::of(finding);
        let condition = finding.about.map(|about| about.condition).filter(|_| key.group.is_some()).or(key.condition);
        Key { group: None, condition, ..key }
    };
    let of_controls = shown().filter(|case| case.control).flat_map(|case| &case.findings);
    let plain: BTreeSet<Key> = of_controls.map(ungrouped).collect();
    for case in shown() {
        // What one answer shows does not explain each other; later answers may only follow from it.
        let first = case.chief_finding().map(|finding| finding.step.as_str());
        for finding in &case.findings {
            // Who accepts even what a control sends checks nothing there: the finer checks of that door are no causes of
            // their own.
            let key = Some(ungrouped(finding)).filter(|key| plain.contains(key)).unwrap_or_else(|| Key::of(finding));
            let cause = causes.entry(key.clone()).or_insert_with(|| Cause {
                key,
                operations: BTreeSet::new(),
                level: finding.level,
                cases: BTreeSet::new(),
                requirements: BTreeSet::new(),
                first_in: BTreeSet::new(),
                holds_up: 0,
                example: (case, finding),
            });
            cause.take(case, finding, first == Some(&finding.step));
        }
    }
    let mut causes: Vec<Cause<'_>> = causes.into_values().collect();
    for cause in &mut causes {
        cause.holds_up = match cause.missing() {
            Some(operation) => view.in_need_of(operation),
            None => view.held_up_by(&cause.cases),
        };
    }
    causes.sort_by_key(|cause| {
        let Cause { level, holds_up, first_in, cases, .. } = cause;
        std::cmp::Reverse((
            *level,
            cause.missing().is_some(),
            !first_in.is_empty(),
            *holds_up,
            first_in.len(),
            cases.len(),
        ))
    });
    causes
}

impl<'v> Cause<'v> {
    fn take(&mut self, case: &'v CaseReport, finding: &'v Finding, is_first: bool) {
        self.operations.extend(finding.about.and_then(|about| about.operation));
        self.level = self.level.max(finding.level);
        self.cases.insert(&case.id);
        self.requirements.insert(&finding.requirement);
        // The case that shows nothing else, or as little as possible, explains most.
        let rank = |(case, finding): (&CaseReport, &Finding)| (finding.level, std::cmp::Reverse(case.findings.len()));
        if rank((case, finding)) > rank(self.example) {
            self.example = (case, finding);
        }
        self.first_in.extend(is_first.then_some(case.id.as_str()));
    }
}

impl Key {
    fn of(finding: &Finding) -> Key {
        // The status comes first, and explains the rest.
        let chief = finding.mismatches.iter().min_by_key(|mismatch| &mismatch.at);
        let Some(Mismatch { at, expected, observed }) = chief else {
            let deviation = Deviation { at: String::new(), expected: String::new(), observed: String::new() };
            return Key { operation: None, condition: None, group: None, deviation };
        };
        let about = finding.about;
        let (mut operation, mut condition) = (about.and_then(|it| it.operation), about.map(|it| it.condition));
        let mut group = None;
        let is_success = condition == Some(Condition::Valid);
        let same = |at: &str, expected: &str, observed: String| Deviation {
            at: at.to_owned(),
            expected: expected.to_owned(),
            observed,
        };
        let deviation = match (expected, observed) {
            (Expected::Status(_) | Expected::NoCrash, Observed::Status(500..)) => {
                condition = None;
                same(STATUS, CRASH, kind_of(observed))
            }
            (Expected::ErrorCode(_), Observed::Codes(codes, _)) if codes.iter().any(|code| code.starts_with('"')) => {
                (operation, condition) = (None, None);
                same("/errors/*/code", "an integer", "a string".to_owned())
            }
            (_, Observed::Absent) if matches!(at, Place::Header(_)) => {
                (operation, condition) = (None, None);
                same(&at.to_string(), "the header", "absent".to_owned())
            }
            (Expected::Status(set), Observed::Status(status)) => {
                let accepted = (200..300).contains(status);
                if accepted && set.refuses() {
                    group = Some(group_of(&finding.requirement));
                    condition = None;
                } else if !set.accepts() {
                    // The wrong refusal is one habit, whatever is asked.
                    operation = None;
                }
                let expected = status_words(set, *status);
                Deviation { at: STATUS.to_owned(), expected, observed: status.to_string() }
            }
            _ if *expected == Expected::Errors || (!is_success && is_about_errors(at, expected)) => {
                (operation, condition) = (None, None);
                let observed = match observed {
                    Observed::Absent | Observed::NoCode => "no `errors`".to_owned(),
                    observed => kind_of(observed),
                };
                Deviation { at: "body of a refusal".to_owned(), expected: "JSON with `errors`".to_owned(), observed }
            }
            _ => {
                let is_of_errors = at.to_string().starts_with("/errors/");
                if is_of_errors || finding.requirement.starts_with("envelope.") && finding.requirement != OPERATIONS {
                    (operation, condition) = (None, None);
                }
                Deviation { at: without_indices(at), expected: kind_expected(expected), observed: kind_of(observed) }
            }
        };
        Key { operation, condition, group, deviation }
    }
}

const STATUS: &str = "status";

const CRASH: &str = "no crash";

/// What a requirement is a check of: the rule about passwords is one, whatever the door; otherwise the id without its last
/// segment says so.
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
        true if set.refuses() => "a refusal (4xx)".to_owned(),
        false if set.accepts() => "a success (2xx)".to_owned(),
        _ => set.to_string(),
    }
}

/// The place of a value in any item of an array.
fn without_indices(place: &Place) -> String {
    let text = place.to_string();
    let is_index = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let segments: Vec<&str> = text.split('/').map(|segment| if is_index(segment) { "*" } else { segment }).collect();
    segments.join("/")
}

/// What was expected, without what differs from case to case.
fn kind_expected(expected: &Expected) -> String {
    match expected {
        Expected::Value(crate::judge::Pattern::Text(_)) => "the right text".to_owned(),
        Expected::Value(crate::judge::Pattern::Placeholder(kind)) => kind.description().to_owned(),
        Expected::OtherThan(_) => "another value".to_owned(),
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
        observed => words::observed(observed),
    }
}
