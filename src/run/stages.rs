//! Runs the stages of a plan: which cases at the same time, and what happens after one that may have spoilt the state.

use std::sync::Arc;

use super::Event;
use super::aftermath::Aftermath;
use super::attempt::{many, one};
use super::case::Ran;
use super::ready::Fixtures;
use super::runner::Runner;
use super::watcher::Watch;
use crate::judge::Verdict;
use crate::plan::{Case, Plan, Stage};
use crate::scenario::Given;

impl Runner<'_> {
    pub async fn stage(&mut self, stage: &Stage) {
        self.revive().await;
        // To find it out takes a login, which uses up a fresh state. An error is reported by the cases, which ask again.
        if stage.cases.iter().any(|case| case.given() == Given::Fresh && case.scenario.registration.is_some())
            && self.harness.registration().await.is_err()
            && self.harness.target.can_reset()
            && self.reset().await.is_ok()
        {
            let _ = self.harness.registration().await;
        }
        let useless = self.harness.target.transport.is_gone() || self.harness.has_no_login();
        let reset = if stage.after_reset && !useless { self.reset().await } else { Ok(()) };
        if let Some(why) = reset.err().or(self.unreset().await) {
            return stage.cases.iter().for_each(|case| self.block(case, &why));
        }
        if let Some(case) = stage.cases.iter().find(|case| case.given() == Given::Kept) {
            // Made now if no earlier case has needed an account.
            let _ = self.harness.givens.lock().await.kept().await;
            if let Err(why) = self.harness.linger().await {
                return self.block(case, &why);
            }
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
        let watch = if stage.concurrent { Watch::Sampled } else { Watch::Closely };
        self.in_turn(&stage.cases, watch).await;
    }

    /// Cases that share a fresh state disturb each other only if the target accepts what it should refuse. So they run
    /// at once; if one may have spoilt the state, they run again in turn after a reset, and only that counts.
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
        if self.in_turn(cases, Watch::Closely).await {
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
                if self.is_doubted(&case, &ran) {
                    doubted.push((case, ran))
                } else {
                    self.report(ran.report)
                }
                worst < Aftermath::Spoilt
            })
            .await;
            if harness.is_stopping() {
                return;
            }
            self.mend(worst).await;
            for (case, ran) in doubted {
                if !self.is_doubted(&case, &ran) {
                    self.report(ran.report);
                } else if let Some(Ran { report, aftermath, .. }) = self.repeat(&case, ran).await {
                    self.report(report);
                    self.mend(aftermath).await;
                }
            }
        }
    }

    /// Runs the cases one after another; true if each passed and left the state as it was.
    async fn in_turn(&mut self, cases: &[Case], watch: Watch) -> bool {
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
            let Some(mut ran) = one(&harness, case, fixture, watch).await else { return false };
            if self.is_doubted(case, &ran) {
                let Some(second) = self.repeat(case, ran).await else { return false };
                ran = second;
            }
            let Ran { report, aftermath, .. } = ran;
            all_held &= report.verdict == Verdict::Pass && aftermath == Aftermath::Clean;
            self.report(report);
            match aftermath {
                Aftermath::Spoilt if case.given() == Given::Fresh => self.freshen(case).await,
                aftermath => self.mend(aftermath).await,
            }
        }
        all_held
    }

    /// Checks that a target declared as just installed is, before a case relies on it.
    pub async fn check_fresh(&mut self, plan: &Plan) {
        let target = &self.harness.target;
        if plan.cases().any(|case| case.given() == Given::Fresh)
            && !self.harness.has_no_login()
            && !target.can_reset()
            && target.is_elsewhere()
            && let Err(why) = self.harness.givens.lock().await.check_fresh().await
        {
            (self.emit)(Event::Note(self.harness.secrets.apply(&why.to_string())));
            self.no_longer_fresh = Some(why.into());
        }
    }
}
