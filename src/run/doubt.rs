//! Results that may be another request's doing: what a case saw while others were in flight is asked again alone before it
//! counts.
//!
//! A crash takes all requests down that are in flight with the one that caused it; a server with one token a user ends the
//! token of the harness whenever a case logs in; a gateway answers 502 once in a while. None of that is the fault of the case
//! that happened to see it.

use super::case::Ran;
use super::stages::Runner;
use super::{CaseReport, Reason};
use crate::judge::facts::{Expected, Observed};
use crate::judge::{Finding, Observation, Remark, Verdict};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::Given;

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
fn is_unsteady(finding: &Finding) -> bool {
    let unsteady = |observed: &Observed, expected: &Expected| {
        matches!(observed, Observed::Broken(_)) || *expected == Expected::NoCrash
    };
    finding.mismatches.iter().any(|mismatch| unsteady(&mismatch.observed, &mismatch.expected))
}

/// After so many repetitions in a row that changed nothing, no more are tried: it is the target that is so.
const FRUITLESS: usize = 10;

/// How often a crashed target is brought back in one run.
pub(super) const REVIVALS: usize = 20;

impl Runner<'_> {
    /// Whether the case is to be asked again alone.
    pub fn is_doubted(&self, case: &Case, ran: &Ran) -> bool {
        let repeatable = case.changes_nothing() || case.is_confined() || self.harness.target.can_reset();
        ran.doubt.is_some() && repeatable && self.fruitless < FRUITLESS && !self.harness.is_stopping()
    }

    /// Asks a case again, alone, and reports what came of it. Nothing is reported if the run is stopped meanwhile.
    pub async fn repeat(&mut self, case: &Case, first: Ran) -> Option<Ran> {
        self.revive().await;
        if case.given() == Given::Fresh && self.harness.target.can_reset() {
            self.freshen(case).await;
        } else {
            self.renew_logins().await;
        }
        let mut second = self.alone(case).await?;
        let repeated = second.doubt.is_some();
        self.fruitless = if repeated { self.fruitless + 1 } else { 0 };
        if !repeated && first.doubt == Some(Doubt::Unsteady) {
            let flaky = |finding: Finding| Observation {
                requirement: Some(finding.requirement),
                what: Remark::Flaky(finding.mismatches),
            };
            second.report.observations.extend(first.report.findings.into_iter().filter(is_unsteady).map(flaky));
        }
        second.without_dead_token();
        Some(second)
    }

    /// Brings a target back that crashed, if it has a reset.
    pub async fn revive(&mut self) {
        let target = &self.harness.target;
        if target.transport.is_gone() && target.can_reset() && self.revivals > 0 && !self.harness.is_stopping() {
            self.revivals = match self.reset().await {
                Ok(()) => self.revivals - 1,
                Err(_) => 0,
            };
        }
    }
}

impl Ran {
    /// Leaves out what only shows that a login of the case has ended the token of the harness: that is the finding of another
    /// case.
    fn without_dead_token(&mut self) {
        let (report, dead) = (&mut self.report, &self.token_died_in);
        let before = report.findings.len();
        report.findings.retain(|finding| !dead.contains(&finding.step));
        if report.findings.len() < before && !report.findings.iter().any(|finding| finding.level == Level::Must) {
            report.verdict = Verdict::Blocked;
            report.reason = Some(Reason::TokenDied);
            report.not_asked = None;
        }
    }
}
