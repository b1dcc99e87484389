//! The stages of a plan, one after another: which cases of a stage run at the same time, and what follows after a case
//! that may have spoilt the state. How one case runs is not decided here.

use std::sync::Arc;

use super::aftermath::Aftermath;
use super::attempt::{blocked, many, one};
use super::case::Ran;
use super::harness::Harness;
use super::ready::Fixtures;
use super::{CaseReport, Event, Reason};
use crate::custody::givens::AfterReset;
use crate::judge::Verdict;
use crate::plan::{Case, Plan, Stage, Start};
use crate::scenario::Given;

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
    /// One stage. If the target was given up, all of it is blocked for that reason.
    pub async fn stage(&mut self, stage: &Stage, given_up: Option<&Reason>) {
        let mut obstacle = given_up.cloned();
        if obstacle.is_none() {
            self.revive().await;
        }
        let useless = self.harness.target.transport.is_gone() || self.harness.has_no_login();
        if stage.start == Start::Reset && obstacle.is_none() && !useless {
            obstacle = self.reset().await.err();
        }
        obstacle = obstacle.or(self.unreset().await);
        if let Some(why) = obstacle {
            for case in &stage.cases {
                self.block(case, &why);
            }
            return;
        }
        let uses_up = |case: &Case| case.given() > Given::Fresh || !case.changes_nothing();
        self.used |= stage.cases.iter().any(uses_up);
        let shares_fresh = stage.cases.iter().any(|case| case.given() == Given::Fresh);
        if stage.concurrent && self.harness.settings.jobs > 1 {
            if !shares_fresh {
                return self.at_once(&stage.cases).await;
            }
            if self.harness.target.can_reset() {
                return self.at_once_if_all_hold(&stage.cases).await;
            }
        }
        self.in_turn(&stage.cases).await;
    }

    /// Cases that share a fresh state disturb each other only if the target accepts what it should refuse. So they run
    /// concurrently; if one may have spoilt the state, the results are discarded, the target is reset and they run in
    /// turn.
    async fn at_once_if_all_hold(&mut self, cases: &[Case]) {
        let mut attempt = Vec::new();
        let harness = Arc::clone(&self.harness);
        many(&harness, &mut Fixtures::of(cases), &mut |_, ran| {
            let go_on = ran.aftermath < Aftermath::Spoilt;
            attempt.push(ran);
            go_on
        })
        .await;
        let mut spoilt = attempt.iter().filter(|ran| ran.aftermath == Aftermath::Spoilt);
        let Some(first) = spoilt.next().map(|ran| ran.report.id.clone()) else {
            return attempt.into_iter().for_each(|ran| self.report(ran.report));
        };
        let (count, jobs) = (1 + spoilt.count(), harness.settings.jobs);
        if harness.is_stopping() {
            return;
        }
        // A failed reset blocks each case below.
        let _ = self.reset().await;
        if self.in_turn(cases).await {
            (self.emit)(Event::Note(format!(
                "{count} cases went wrong when {jobs} were in flight and right when they were tried in turn, `{first}` \
                 among them: does the target bear several requests at the same time?"
            )));
        }
    }

    /// Cases that change nothing that others rely on. If one did, no more cases start before that is renewed.
    async fn at_once(&mut self, cases: &[Case]) {
        let (harness, mut fixtures) = (Arc::clone(&self.harness), Fixtures::of(cases));
        while !fixtures.is_empty() {
            let (mut worst, mut doubted) = (Aftermath::Clean, Vec::new());
            many(&harness, &mut fixtures, &mut |case, ran| {
                worst = worst.max(ran.aftermath);
                match self.is_doubted(&case, &ran) {
                    true => doubted.push((case, ran)),
                    false => self.report(ran.report),
                }
                worst < Aftermath::Spoilt
            })
            .await;
            if harness.is_stopping() {
                return;
            }
            if worst > Aftermath::Clean {
                self.renew_logins().await;
            }
            for (case, ran) in doubted {
                match self.is_doubted(&case, &ran) {
                    true => self.again(&case, ran).await,
                    false => self.report(ran.report),
                }
            }
        }
    }

    /// Repeats a case of those that ran at once, and leaves the state as they need it.
    async fn again(&mut self, case: &Case, ran: Ran) {
        let Some(Ran { report, aftermath, .. }) = self.repeat(case, ran).await else { return };
        self.report(report);
        if aftermath > Aftermath::Clean {
            self.renew_logins().await;
        }
    }

    /// Runs a case with no other in flight. There is no result if the run is stopped meanwhile.
    pub async fn alone(&mut self, case: &Case) -> Option<Ran> {
        let harness = Arc::clone(&self.harness);
        if let Some(why) = self.unreset().await {
            return Some(blocked(&harness, case, why));
        }
        let (_, fixture) = Fixtures::of(std::slice::from_ref(case)).next(&harness).await?;
        tokio::select! {
            ran = one(&harness, case, fixture) => ran,
            () = harness.stopped() => None,
        }
    }

    /// Runs the cases one after another; true if each passed and left the state as it was.
    async fn in_turn(&mut self, cases: &[Case]) -> bool {
        let mut all_held = true;
        let (harness, mut fixtures) = (Arc::clone(&self.harness), Fixtures::of(cases));
        while let Some((case, fixture)) = fixtures.next(&harness).await {
            if harness.is_stopping() {
                return false;
            }
            let stale = self.no_longer_fresh.clone().filter(|_| case.given() == Given::Fresh);
            if let Some(why) = self.unreset().await.or(stale) {
                self.block(case, &why);
                all_held = false;
                continue;
            }
            let ran = tokio::select! {
                ran = one(&harness, case, fixture) => ran,
                () = harness.stopped() => None,
            };
            let Some(mut ran) = ran else { return false };
            if self.is_doubted(case, &ran) {
                let Some(second) = self.repeat(case, ran).await else { return false };
                ran = second;
            }
            let Ran { report, aftermath, .. } = ran;
            all_held &= report.verdict == Verdict::Pass && aftermath == Aftermath::Clean;
            self.report(report);
            match aftermath {
                Aftermath::Clean => {}
                Aftermath::Spoilt if case.given() == Given::Fresh => self.freshen(case).await,
                Aftermath::Doubtful | Aftermath::Spoilt => self.renew_logins().await,
            }
        }
        all_held
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
            let state =
                self.harness.givens.lock().await.reset().await.map_err(|why| Reason::NotReset(why.to_string()))?;
            (self.emit)(Event::Reset);
            if state == AfterReset::JustInstalled {
                return Ok(());
            }
        }
    }

    /// Why no more cases may run, if a reset did not reset the target: what may be destroyed then is not ours.
    async fn unreset(&self) -> Option<Reason> {
        self.harness.givens.lock().await.unreset.as_ref().map(|why| Reason::NotReset(why.to_string()))
    }

    /// Checks that a target declared as just installed is, before a case relies on it.
    pub async fn check_fresh(&mut self, plan: &Plan) {
        let relies = plan.cases().any(|case| case.given() == Given::Fresh);
        if !relies
            || self.harness.has_no_login()
            || self.harness.target.can_reset()
            || !self.harness.target.is_elsewhere()
        {
            return;
        }
        if let Err(why) = self.harness.givens.lock().await.check_fresh().await {
            (self.emit)(Event::Note(self.harness.secrets.apply(&why.to_string())));
            self.no_longer_fresh = Some(why.into());
        }
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

    fn report(&mut self, report: CaseReport) {
        (self.emit)(Event::Case(Box::new(report)));
    }

    fn block(&mut self, case: &Case, why: &Reason) {
        self.report(blocked(&self.harness, case, why.clone()).report);
    }
}
