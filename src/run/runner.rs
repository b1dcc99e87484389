//! What the stages of a run do to the target between cases: resets, renewed logins, and one case alone.

use std::sync::Arc;

use super::attempt::{one, untried};
use super::case::Ran;
use super::harness::Harness;
use super::ready::Fixtures;
use super::{CaseReport, Event, Reason};
use crate::custody::givens::AfterReset;
use crate::plan::Case;

pub(super) struct Runner<'e> {
    pub harness: Arc<Harness>,
    /// Why the target is not just installed although the plan expects it.
    pub no_longer_fresh: Option<Reason>,
    pub resets_left: usize,
    /// The just installed state was used up since the last reset.
    pub used: bool,
    /// How many repetitions in a row have changed nothing.
    pub fruitless: usize,
    /// How often a crashed target may still be brought back.
    pub revivals: usize,
    pub emit: &'e mut (dyn FnMut(Event) + Send),
}

impl Runner<'_> {
    /// Runs a case with no other in flight. There is no result if the run is stopped meanwhile.
    pub async fn alone(&mut self, case: &Case) -> Option<Ran> {
        if let Some(why) = self.unreset().await {
            return Some(untried(&self.harness, case, why));
        }
        let (_, fixture) = Fixtures::of(std::slice::from_ref(case)).next(&self.harness).await?;
        one(&self.harness, case, fixture).await
    }

    /// Resets the target after a case that spoilt its fresh state.
    pub async fn freshen(&mut self, case: &Case) {
        let done = match self.harness.target.can_reset() {
            true => self.reset().await,
            false => Err(Reason::NoReset),
        };
        if let Err(why) = done {
            self.no_longer_fresh = Some(Reason::NotFresh { case: case.id.clone(), why: Box::new(why) });
        }
    }

    /// Shared logins and accounts may be spoilt and are renewed when needed. If the admin is lost as well, and with it
    /// everything that follows, the target is reset.
    pub async fn renew_logins(&mut self) {
        let mut givens = self.harness.givens.lock().await;
        givens.forget_accounts();
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

    /// Why no more cases may run, if a reset did not reset the target: what may be destroyed then is not ours.
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
}
