//! Repeats a case alone whose result may be another request's doing, and brings back a target that crashed.
//!
//! A crash takes down all requests in flight; on a server that keeps one token for each user, the login of a case ends the
//! token of the harness; a gateway answers 502 once in a while. None of that is the fault of the case that happened to see it.

use super::Reason;
use super::case::Ran;
use super::runner::Runner;
use crate::judge::facts::{Expected, Observed};
use crate::judge::{Finding, Mismatch, Observation, Remark, Verdict};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::Given;

/// After this many repetitions in a row that changed nothing, no more are tried: the target is like that.
const FRUITLESS: usize = 10;

/// How often a crashed target is brought back in one run.
pub(super) const REVIVALS: usize = 20;

impl Runner<'_> {
    /// Whether the case is to be repeated alone.
    pub fn is_doubted(&self, case: &Case, ran: &Ran) -> bool {
        let repeatable = case.changes_nothing() || case.is_confined() || self.harness.target.can_reset();
        ran.is_doubtful() && repeatable && self.fruitless < FRUITLESS && !self.harness.is_stopping()
    }

    /// The result of the case when it runs again, alone. There is none if the run is stopped meanwhile.
    pub async fn repeat(&mut self, case: &Case, first: Ran) -> Option<Ran> {
        self.revive().await;
        if case.given() == Given::Fresh && self.harness.target.can_reset() {
            self.freshen(case).await;
        } else {
            self.renew_logins().await;
        }
        let mut second = self.alone(case).await?;
        let repeated = second.is_doubtful();
        self.fruitless = if repeated { self.fruitless + 1 } else { 0 };
        if !repeated && first.report.verdict == Verdict::Fail {
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
    /// Whether the result may not be about the requests of the case.
    fn is_doubtful(&self) -> bool {
        match (self.report.verdict, &self.report.reason) {
            (Verdict::Fail, _) => self.token_refused || self.report.findings.iter().any(is_unsteady),
            (Verdict::Pass, _) => self.token_refused,
            (Verdict::Blocked, Some(Reason::SetUp(_) | Reason::GivenUp(_) | Reason::Unreachable(_))) => true,
            _ => false,
        }
    }

    /// Drops the findings which only show that a login of the case has ended the token of the harness: another case reports
    /// that.
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

/// Whether it is about a missing answer or a crash.
fn is_unsteady(finding: &Finding) -> bool {
    let is_unsteady = |mismatch: &Mismatch| {
        matches!(mismatch.observed, Observed::Broken(_)) || mismatch.expected == Expected::NoCrash
    };
    finding.mismatches.iter().any(is_unsteady)
}
