//! One case, or several at the same time, and everything that may end them: the run is stopped, the target is gone,
//! enough cases failed, our own panics.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::aftermath::Aftermath;
use super::case::{Ran, blank_report, run_case};
use super::harness::Harness;
use super::ready::{Fixture, Fixtures, ready, tear_down};
use super::{CaseReport, Reason};
use crate::judge::Verdict;
use crate::plan::{Case, Skip};

/// Runs the cases, as many at a time as the settings say, and passes each to `done` as it ends. If that is false, no more
/// cases start, and some may be left.
pub(super) async fn many(
    harness: &Arc<Harness>,
    waiting: &mut Fixtures<'_>,
    done: &mut (dyn FnMut(Case, Ran) -> bool + Send),
) {
    let mut running = JoinSet::new();
    let mut paused = false;
    loop {
        while running.len() < harness.settings.jobs
            && !paused
            && !harness.is_stopping()
            && let Some((case, fixture)) = waiting.next(harness).await
        {
            let (harness, case) = (Arc::clone(harness), case.clone());
            running.spawn(async move { one(&harness, &case, fixture).await.map(|ran| (case, ran)) });
        }
        tokio::select! {
            ended = running.join_next() => match ended {
                None => return,
                Some(Ok(Some((case, ran)))) => paused |= !done(case, ran),
                // `one` handles panics itself; here a task was cut off.
                Some(Ok(None) | Err(_)) => {}
            },
            () = harness.stopped() => return,
        }
    }
}

/// Gets one case ready, runs it, and removes what was made for it alone. There is no result if the run is stopped
/// meanwhile.
pub(super) async fn one(harness: &Arc<Harness>, case: &Case, fixture: Fixture) -> Option<Ran> {
    if let Some(ran) = without_operation(harness, case) {
        return Some(ran);
    }
    if harness.settings.max_fail.as_ref().is_some_and(|left| left.are_used_up()) {
        return Some(blocked(harness, case, Reason::EnoughFailures));
    }
    if let Some(why) = harness.target.transport.given_up() {
        return Some(blocked(harness, case, Reason::GivenUp(why.to_owned())));
    }
    if let Some(why) = harness.over_time() {
        return Some(blocked(harness, case, why));
    }
    if let Some(needed) = case.scenario.registration {
        match harness.registration().await {
            Ok(state) if state == needed => {}
            Ok(found) => {
                let why = Reason::Skipped(Skip::Registration { needed, found });
                return Some(untried(harness, case, Verdict::Skipped, why));
            }
            Err(why) => return Some(blocked(harness, case, why)),
        }
    }
    // In its own task, so that a panic of ours costs one case only. The set aborts the task when it is dropped.
    let mut task = JoinSet::new();
    let (shared, own_case) = (Arc::clone(harness), case.clone());
    task.spawn(async move {
        let ready = match ready(&shared, &own_case, fixture).await {
            Ok(ready) => ready,
            Err(why) => return Some(blocked(&shared, &own_case, why)),
        };
        let own = ready.own.clone();
        let ran = run_case(&shared, &own_case, ready).await;
        tear_down(&shared, own).await;
        ran
    });
    match task.join_next().await {
        Some(Ok(ran)) => ran,
        ended => {
            let panic = ended.and_then(Result::err).map(|error| error.to_string());
            let defect = Reason::Defect(panic.unwrap_or_default());
            Some(Ran { aftermath: Aftermath::Spoilt, ..untried(harness, case, Verdict::Error, defect) })
        }
    }
}

pub(super) fn blocked(harness: &Harness, case: &Case, why: Reason) -> Ran {
    without_operation(harness, case).unwrap_or_else(|| untried(harness, case, Verdict::Blocked, why))
}

/// The result of a case that needs an operation which the target does not have.
fn without_operation(harness: &Harness, case: &Case) -> Option<Ran> {
    let (missing, level) = (harness.missing.get()?, harness.oracles.operations()?);
    let operation = missing.needed_by(case)?;
    let findings = missing.findings(case, level);
    if findings.is_empty() {
        return Some(untried(harness, case, Verdict::Skipped, Reason::Skipped(Skip::Needs(operation))));
    }
    let reproduce = vec![harness.run_line(&case.id)];
    let report = CaseReport { findings, reproduce, ..blank_report(case, Verdict::Fail) };
    Some(Ran::new(report, Aftermath::Clean))
}

fn untried(harness: &Harness, case: &Case, verdict: Verdict, why: Reason) -> Ran {
    let mut report = CaseReport { reason: Some(why), ..blank_report(case, verdict) };
    report.redact(&harness.secrets);
    Ran::new(report, Aftermath::Clean)
}
