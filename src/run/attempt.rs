//! One case tried, or several at the same time, with regard to everything that may end the try: the run is stopped, the
//! target is gone, enough has failed, a panic of ours.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::aftermath::Aftermath;
use super::case::{Ran, blank_report, run_case};
use super::fixture::{Fixture, Fixtures};
use super::harness::Harness;
use super::ready::{ready, tear_down};
use super::{CaseReport, Cause, FailuresLeft};
use crate::judge::Verdict;
use crate::plan::{Case, Skip};

/// How a number of cases came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Through {
    /// Every case has been tried.
    All,
    /// After a case that spoilt what the others rely on, no further one was begun. Some are left.
    Paused,
    /// The run was told to stop.
    Stopped,
}

/// Runs the cases, so many at a time, and hands each over as it ends. Where `done` says so, no further case is begun.
pub(super) async fn many(
    harness: &Arc<Harness>,
    jobs: usize,
    stop: &mut watch::Receiver<bool>,
    waiting: &mut Fixtures<'_>,
    done: &mut (dyn FnMut(Ran) -> bool + Send),
) -> Through {
    let mut running = JoinSet::new();
    let mut paused = false;
    loop {
        while running.len() < jobs
            && !paused
            && !harness.is_stopping()
            && let Some((case, fixture)) = waiting.next(harness).await
        {
            let (harness, case) = (Arc::clone(harness), case.clone());
            running.spawn(async move { one(&harness, &case, fixture).await });
        }
        tokio::select! {
            ended = running.join_next() => match ended {
                None if harness.is_stopping() => return Through::Stopped,
                None if paused && !waiting.is_empty() => return Through::Paused,
                None => return Through::All,
                Some(Ok(ran)) if ran.cut_short => {}
                Some(Ok(ran)) => paused |= !done(ran),
                // `one` answers for panics itself; what is left is a task that was cut off.
                Some(Err(_)) => {}
            },
            () = turned_true(stop) => return Through::Stopped,
        }
    }
}

/// How long requests that are under way may take when the run is told to stop. A login that is cut off gives a token that
/// nobody can log out.
const GRACE: Duration = Duration::from_secs(2);

/// Waits until the run is told to stop, and then a little, in which no new step is begun.
pub(super) async fn turned_true(stop: &mut watch::Receiver<bool>) {
    // Nobody is left who could stop the run: wait for ever, and let the work end.
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(GRACE).await;
}

/// Gets one case ready, runs it, and removes what was made for it alone.
pub(super) async fn one(harness: &Arc<Harness>, case: &Case, fixture: Fixture) -> Ran {
    if harness.failures_left.as_ref().is_some_and(FailuresLeft::are_used_up) {
        return blocked(case, Cause::EnoughFailures);
    }
    if let Some(why) = harness.target.transport.given_up() {
        return blocked(case, Cause::GivenUp(why.to_owned()));
    }
    if let Some(why) = harness.over_time() {
        return blocked(case, why);
    }
    if let Some(needed) = case.scenario.registration {
        match harness.registration().await {
            Ok(state) if state == needed => {}
            Ok(found) => return untried(case, Verdict::Skipped, Cause::Skipped(Skip::Registration { needed, found })),
            Err(why) => return blocked(case, why.redacted(&harness.secrets)),
        }
    }
    // In a task of its own: a panic of ours costs one case, and what it had made is removed at the end.
    let task = {
        let (harness, case) = (Arc::clone(harness), case.clone());
        tokio::spawn(async move {
            let ready = match ready(&harness, &case, fixture).await {
                Ok(ready) => ready,
                Err(why) => return blocked(&case, why.redacted(&harness.secrets)),
            };
            let own = ready.own.clone();
            let ran = run_case(&harness, &case, ready).await;
            tear_down(&harness, own).await;
            ran
        })
    };
    match AbortOnDrop(task).await {
        Ok(ran) => ran,
        Err(error) => {
            let defect = Cause::Defect(error.to_string()).redacted(&harness.secrets);
            Ran { aftermath: Aftermath::Spoilt, ..untried(case, Verdict::Error, defect) }
        }
    }
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What becomes of a case that something stands in the way of.
pub(super) fn blocked(case: &Case, why: Cause) -> Ran {
    untried(case, Verdict::Blocked, why)
}

fn untried(case: &Case, verdict: Verdict, why: Cause) -> Ran {
    let report = CaseReport { reason: Some(why), ..blank_report(case, verdict) };
    Ran { report, aftermath: Aftermath::Clean, cut_short: false }
}
