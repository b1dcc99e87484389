//! Results that may be another request's doing, and do not count before their case was repeated alone.
//!
//! A crash takes all requests down that are in flight with the one that caused it; a server with one token a user ends the
//! token of the harness whenever a case logs in; a gateway answers 502 once in a while. None of that is the fault of the case
//! that happened to see it.

use super::{CaseReport, Reason};
use crate::judge::facts::{Expected, Observed};
use crate::judge::{Finding, Verdict};

/// Why a result may not be about the requests of its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A request was not answered, or answered with a crash.
    Unsteady,
    /// A token of the harness was refused where it should be good, or a state could not be reached.
    Lost,
    /// The target was given up, or could not be reached.
    Gone,
}

impl Doubt {
    /// What there is to doubt in a report.
    pub fn of(report: &CaseReport, token_refused: bool) -> Option<Doubt> {
        match (&report.verdict, &report.reason) {
            (Verdict::Fail, _) if report.findings.iter().any(is_unsteady) => Some(Doubt::Unsteady),
            (Verdict::Fail | Verdict::Pass, _) if token_refused => Some(Doubt::Lost),
            (Verdict::Blocked, Some(Reason::SetUp(_))) => Some(Doubt::Lost),
            (Verdict::Blocked, Some(Reason::GivenUp(_) | Reason::Unreachable(_))) => Some(Doubt::Gone),
            _ => None,
        }
    }
}

/// Whether it is about an answer that did not come, or a crash.
pub(super) fn is_unsteady(finding: &Finding) -> bool {
    let unsteady = |observed: &Observed, expected: &Expected| {
        matches!(observed, Observed::Broken(_)) || *expected == Expected::NoCrash
    };
    finding.mismatches.iter().any(|mismatch| unsteady(&mismatch.observed, &mismatch.expected))
}
