//! Between cases: resets, renewed logins, and a second attempt at a case whose result another request may have caused.
//!
//! A crash takes down all requests in flight; on a server that keeps one token for each user, the login of a case ends the
//! token of the harness; a gateway answers 502 once in a while. None of that is the fault of the case that happened to see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::aftermath::Aftermath;
use super::attempt::{one, untried};
use super::case::Ran;
use super::harness::Harness;
use super::ready::Fixtures;
use super::watcher::Watch;
use super::{CaseReport, Event, Reason};
use crate::custody::givens::AfterReset;
use crate::judge::facts::{Expected, Observed};
use crate::judge::{Finding, Observation, Remark, Verdict};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::Given;

/// After this many repetitions in a row that changed nothing, no more are tried: the target is like that.
const FRUITLESS: usize = 10;

/// How often a crashed target is brought back in one run.
pub(super) const REVIVALS: usize = 20;

/// Why a result may not be about the requests of its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// A request crashed the target, or got no answer, or the target could not be reached.
    Unsteady,
    /// A token of the harness was dead.
    DeadToken,
    /// A refusal seems to have changed something.
    Changed,
}

pub(super) struct Runner<'e> {
    pub harness: Arc<Harness>,
    /// Why the target is not just installed although the plan expects it.
    pub no_longer_fresh: Option<Reason>,
    pub resets_left: usize,
    /// The just installed state was used up since the last reset.
    pub used: bool,
    /// For each doubt, how many repetitions in a row have changed nothing.
    pub fruitless: BTreeMap<Doubt, usize>,
    /// How often a crashed target may still be brought back.
    pub revivals: usize,
    pub emit: &'e mut (dyn FnMut(Event) + Send),
}

impl Runner<'_> {
    /// Resets the target after a case that spoilt its fresh state.
    pub async fn freshen(&mut self, case: &Case) {
        let done = if self.harness.target.can_reset() { self.reset().await } else { Err(Reason::NoReset) };
        if let Err(why) = done {
            self.no_longer_fresh = Some(Reason::NotFresh { case: case.id.clone(), why: Box::new(why) });
        }
    }

    /// Renews what a case has spoilt for those that follow.
    pub async fn mend(&mut self, aftermath: Aftermath) {
        match aftermath {
            Aftermath::Clean => {}
            // A failed reset blocks each case that follows.
            Aftermath::Registered if self.harness.target.can_reset() => drop(self.reset().await),
            Aftermath::Doubtful | Aftermath::Spoilt | Aftermath::Registered => self.renew_logins().await,
        }
    }

    /// Renews shared logins and accounts, which may be spoilt, when needed. If the admin is lost too, it resets the target.
    pub async fn renew_logins(&mut self) {
        let mut givens = self.harness.givens.lock().await;
        givens.forget_accounts();
        // If this fails, the end of the run tries again and reports it.
        let _ = givens.remove_pin().await;
        let can_help = self.harness.target.can_reset() && !self.harness.target.transport.is_gone();
        let lost = can_help && givens.admin().await.is_err() && givens.can_be_helped();
        drop(givens);
        if lost {
            // A failed reset blocks each case that follows.
            let _ = self.reset().await;
        }
    }

    /// Resets the target to just installed, if that is still allowed.
    pub async fn reset(&mut self) -> Result<(), Reason> {
        let done = self.reset_within_bounds().await;
        self.no_longer_fresh = done.clone().err();
        self.used = done.is_err();
        done
    }

    async fn reset_within_bounds(&mut self) -> Result<(), Reason> {
        loop {
            if self.harness.is_stopping() {
                return Err(Reason::Stopped);
            }
            self.resets_left = self.resets_left.checked_sub(1).ok_or(Reason::NoResetLeft)?;
            let state = self.harness.givens.lock().await.reset().await;
            let state = state.map_err(|why| Reason::NotReset(why.to_string()))?;
            (self.emit)(Event::Reset);
            if state == AfterReset::JustInstalled {
                return Ok(());
            }
        }
    }

    /// Why no more cases may run, if a reset did not reset the target: they could destroy what is not ours.
    pub async fn unreset(&self) -> Option<Reason> {
        self.harness.givens.lock().await.unreset.as_ref().map(|why| Reason::NotReset(why.to_string()))
    }

    /// Resets a target at the end, if that is allowed. The embedded one is thrown away instead.
    pub async fn leave_just_installed(&mut self) {
        let target = &self.harness.target;
        let can_reset = target.can_reset() && !target.is_embedded() && !target.transport.is_gone();
        if self.used && can_reset && !self.harness.has_no_login() && !self.harness.is_stopping() {
            // If this fails, what the run made is removed or listed as on any other target.
            let _ = self.reset().await;
        }
    }

    pub fn report(&mut self, report: CaseReport) {
        (self.emit)(Event::Case(Box::new(report)));
    }

    pub fn block(&mut self, case: &Case, why: &Reason) {
        self.report(untried(&self.harness, case, why.clone()).report);
    }

    /// Whether the case is to be repeated alone.
    pub fn is_doubted(&self, case: &Case, ran: &Ran) -> bool {
        let repeatable = case.changes_nothing() || case.is_confined() || self.harness.target.can_reset();
        let fruitless = |doubt| self.fruitless.get(&doubt).copied().unwrap_or_default();
        let is_worth_it = ran.doubt().is_some_and(|doubt| fruitless(doubt) < FRUITLESS);
        is_worth_it && repeatable && !self.harness.is_stopping()
    }

    /// The result of the case when it runs again, alone. There is none if the run is stopped meanwhile.
    pub async fn repeat(&mut self, case: &Case, first: Ran) -> Option<Ran> {
        self.revive().await;
        if case.given() == Given::Fresh && self.harness.target.can_reset() {
            self.freshen(case).await;
        } else {
            self.renew_logins().await;
        }
        let mut second = self.once_more(case).await?;
        // What has changed for good cannot change again. Where resets are few, other cases need them more.
        let is_lost = second.was_changed || second.report.verdict == Verdict::Blocked;
        let may_be_for_good = first.doubt() == Some(Doubt::Changed) && !second.has_changed && is_lost;
        let may_reset = self.harness.target.can_reset() && self.harness.settings.max_resets.is_none();
        if may_be_for_good && may_reset && self.reset().await.is_ok() {
            second = self.once_more(case).await?;
        }
        // Where it cannot be asked again, because the target does not come back, the crash stands.
        if second.report.verdict == Verdict::Blocked && first.report.findings.iter().any(is_unsteady) {
            return Some(first);
        }
        let repeated = second.doubt().is_some();
        if let Some(doubt) = first.doubt() {
            let fruitless = self.fruitless.entry(doubt).or_default();
            // What seemed to have changed had not.
            let is_fruitless = repeated || doubt == Doubt::Changed && !second.has_changed;
            *fruitless = if is_fruitless { *fruitless + 1 } else { 0 };
        }
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

    async fn once_more(&self, case: &Case) -> Option<Ran> {
        if let Some(why) = self.unreset().await {
            return Some(untried(&self.harness, case, why));
        }
        let (_, fixture) = Fixtures::of(std::slice::from_ref(case)).next(&self.harness).await?;
        one(&self.harness, case, fixture, Watch::Closely).await
    }

    /// Brings a target back that crashed, if it has a reset.
    pub async fn revive(&mut self) {
        let target = &self.harness.target;
        if target.transport.is_gone() && target.can_reset() && self.revivals > 0 && !self.harness.is_stopping() {
            self.revivals = if self.reset().await.is_ok() { self.revivals - 1 } else { 0 };
        }
    }
}

impl Ran {
    /// Why the result may not be about the requests of the case.
    fn doubt(&self) -> Option<Doubt> {
        match (self.report.verdict, &self.report.reason) {
            (Verdict::Fail | Verdict::Pass, _) if self.token_refused => Some(Doubt::DeadToken),
            (Verdict::Fail, _) if self.report.findings.iter().any(is_unsteady) => Some(Doubt::Unsteady),
            (Verdict::Blocked, Some(Reason::SetUp(_) | Reason::GivenUp(_) | Reason::Unreachable(_))) => {
                Some(Doubt::Unsteady)
            }
            (Verdict::Fail | Verdict::Pass, _) if self.has_changed && !self.is_sure => Some(Doubt::Changed),
            _ => None,
        }
    }

    /// Drops findings which only show that a login of the case ended the harness's token: another case reports that.
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
    finding.mismatches.iter().any(|it| matches!(it.observed, Observed::Broken(_)) || it.expected == Expected::NoCrash)
}
