//! Repeats a case alone whose result is in doubt, and brings a target back that crashed.

use super::Reason;
use super::case::Ran;
use super::doubt::{Doubt, is_unsteady};
use super::runner::Runner;
use crate::judge::{Finding, Observation, Remark, Verdict};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::Given;

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
