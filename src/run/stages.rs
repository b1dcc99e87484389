//! The stages of a plan, one after another: which cases of a stage run at the same time, and what a case that may have
//! left something behind costs the next. How one case is tried is not decided here.

use std::sync::Arc;

use tokio::sync::watch;

use super::attempt::{blocked, many, one, turned_true};
use super::harness::Harness;
use super::kit::Kits;
use super::{CaseReport, Event};
use crate::judge::Verdict;
use crate::plan::{Case, Stage, Start};
use crate::scenario::Given;

/// Takes the stages of a plan to their end.
pub(super) struct Runner<'e> {
    pub harness: Arc<Harness>,
    /// How many cases are in flight at most; at least 1.
    pub jobs: usize,
    /// Why the target is not known to be just installed where the plan has it so.
    pub no_longer_fresh: Option<String>,
    pub stop: watch::Receiver<bool>,
    pub emit: &'e mut (dyn FnMut(Event) + Send),
}

impl Runner<'_> {
    pub fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// One stage. Where the target was given up already, all of it is blocked for that reason.
    pub async fn stage(&mut self, stage: &Stage, given_up: Option<&str>) {
        let mut obstacle = given_up.map(str::to_owned);
        if stage.start == Start::Reset && obstacle.is_none() && !self.harness.target.is_gone() {
            obstacle = self.reset().await.err();
        }
        if let Some(why) = obstacle {
            for case in &stage.cases {
                self.block(case, &self.harness.secrets.apply(&why));
            }
            return;
        }
        let shares_fresh = stage.cases.iter().any(|case| case.given() == Given::Fresh);
        if stage.concurrent && self.jobs > 1 {
            if !shares_fresh {
                return self.at_once(&stage.cases).await;
            }
            if self.harness.target.can_reset() {
                return self.at_once_if_all_hold(&stage.cases).await;
            }
        }
        self.in_turn(&stage.cases).await;
    }

    /// Cases that share a fresh state disturb each other only where one of them finds something. So they are tried
    /// at once, and if any may have spoilt the state, the target is reset, nothing of the attempt counts and they are
    /// tried in turn.
    async fn at_once_if_all_hold(&mut self, cases: &[Case]) {
        let mut attempt = Vec::new();
        let (harness, jobs) = (Arc::clone(&self.harness), self.jobs);
        let stopped = many(&harness, jobs, &mut self.stop, cases, &mut |ran| attempt.push(ran)).await;
        let dirty: Vec<String> = attempt
            .iter()
            .filter(|ran| ran.dirty)
            .map(|ran| ran.report.id.clone())
            .collect();
        if dirty.is_empty() {
            return attempt.into_iter().for_each(|ran| self.report(ran.report));
        }
        if stopped {
            return;
        }
        // A failed reset shows itself again, case by case, where the cases run in turn.
        let _ = self.reset().await;
        if self.in_turn(cases).await {
            let (count, first) = (dirty.len(), &dirty[0]);
            (self.emit)(Event::Note(format!(
                "{count} cases went wrong when {jobs} were in flight and right when they were tried in turn, `{first}` \
                 among them: does the target bear several requests at the same time?"
            )));
        }
    }

    async fn at_once(&mut self, cases: &[Case]) {
        let mut dirty = false;
        let (harness, jobs) = (Arc::clone(&self.harness), self.jobs);
        let mut stop = self.stop.clone();
        many(&harness, jobs, &mut stop, cases, &mut |ran| {
            dirty |= ran.dirty;
            self.report(ran.report);
        })
        .await;
        if dirty {
            self.log_in_anew().await;
        }
    }

    /// Tries the cases one after another; true if every one of them passed.
    async fn in_turn(&mut self, cases: &[Case]) -> bool {
        let mut all_passed = true;
        let (harness, mut kits) = (Arc::clone(&self.harness), Kits::of(cases));
        while let Some((case, kit)) = kits.next(&harness).await {
            if self.is_stopped() {
                return false;
            }
            if let Some(why) = self.no_longer_fresh.clone().filter(|_| case.given() == Given::Fresh) {
                self.block(case, &why);
                all_passed = false;
                continue;
            }
            let ran = tokio::select! {
                ran = one(&harness, case, kit) => ran,
                () = turned_true(&mut self.stop) => return false,
            };
            if ran.cut_short {
                return false;
            }
            let dirty = ran.dirty;
            all_passed &= ran.report.verdict == Verdict::Pass;
            self.report(ran.report);
            if dirty {
                self.after_dirt(case).await;
            }
        }
        all_passed
    }

    /// After a case that may have left anything behind: a fresh state is made anew, logins are taken anew.
    async fn after_dirt(&mut self, case: &Case) {
        if case.given() != Given::Fresh {
            self.log_in_anew().await;
        } else if !self.harness.target.can_reset() || self.reset().await.is_err() {
            let id = &case.id;
            self.no_longer_fresh = Some(format!(
                "after `{id}` the target is no longer known to be just installed"
            ));
        }
    }

    /// Logins and accounts that cases share may be spoilt. Where the admin is lost as well, and with it all that
    /// follows, the target is reset.
    async fn log_in_anew(&mut self) {
        let mut givens = self.harness.givens.lock().await;
        givens.forget_accounts();
        let can_help = self.harness.target.can_reset() && !self.harness.target.is_gone();
        let lost = can_help && givens.admin().await.is_err() && givens.can_be_helped();
        drop(givens);
        if lost {
            // A reset that fails shows itself case by case.
            let _ = self.reset().await;
        }
    }

    async fn reset(&mut self) -> Result<(), String> {
        let done = self.harness.givens.lock().await.reset().await;
        self.no_longer_fresh = done.clone().err();
        if done.is_ok() {
            (self.emit)(Event::Reset);
        }
        done
    }

    fn report(&mut self, report: CaseReport) {
        (self.emit)(Event::Case(Box::new(report)));
    }

    fn block(&mut self, case: &Case, why: &str) {
        (self.emit)(Event::Case(Box::new(blocked(case, why.to_owned()).report)));
    }
}
