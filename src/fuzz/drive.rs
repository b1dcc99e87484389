//! The wire fuzzer: inputs to workers, answers back to the search, findings to files.
//!
//! Inputs go out in batches. Within a batch the workers take them as they are free; between batches the answers are
//! taken in by number, so that equal answers lead to equal inputs, independent of the workers' timing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::Surface;
use super::finding::{Found, Signature};
use super::probe::{Probed, probe};
use super::run::Run;
use super::session::{FuzzSession, WorkerAccounts};
use super::summary::Summary;
pub use super::timetable::Settings;
use super::timetable::{Cut, within};
use crate::custody::Failure;

/// What happens in a run, for those who watch.
#[derive(Debug, Clone, Copy)]
pub enum News<'s> {
    /// A batch is over: what was counted so far.
    Progress(&'s Summary),
    /// A new finding, not shrunk yet.
    Found(&'s Found),
    /// A batch is still running, this long after the beginning.
    Waiting(Duration),
}

/// How often a long batch is reported.
const PULSE: Duration = Duration::from_secs(1);

/// Fuzzes the target until the time or the requests are used up or `stop` turns true. The accounts that were made are
/// removed again as far as there is time; what is left is the caller's to remove.
pub async fn drive(
    session: Arc<FuzzSession>,
    settings: &Settings,
    stop: watch::Receiver<bool>,
    watch: &mut (dyn FnMut(News<'_>) + Send),
) -> Summary {
    let (news, mut announced) = mpsc::unbounded_channel();
    let mut settings = settings.clone();
    if session.no_login.is_some() {
        settings.surfaces.retain(|surface| !surface.needs_login());
    }
    let mut run = Run::new(Arc::clone(&session), settings.clone(), news);
    let begun = Instant::now();
    if within(settings.timetable.set_up, &stop, run.set_up(settings.jobs)).await == Err(Cut::Time) {
        run.cut_off("not all workers got their accounts");
        if run.workers.is_empty() {
            run.summary.blocked = Some("half the time was over before the first account was made".to_owned());
        }
    }
    let timetable = settings.timetable.after_set_up(begun.elapsed());
    run.settings.timetable = timetable;
    if within(timetable.controls, &stop, run.check_target()).await == Err(Cut::Time) {
        run.cut_off("what needs more than one input was not looked at to the end");
    }
    while let Ok(found) = announced.try_recv() {
        watch(News::Found(&found));
    }
    let is_over = |end: Option<Instant>| end.is_some_and(|end| Instant::now() >= end);
    while run.summary.blocked.is_none() && !*stop.borrow() && !is_over(timetable.inputs) {
        let left = settings.requests.map_or(u64::MAX, |most| most.saturating_sub(run.summary.requests));
        if left == 0 {
            break;
        }
        let ended = {
            let mut batch = std::pin::pin!(within(timetable.work, &stop, run.batch(left, &stop)));
            loop {
                tokio::select! {
                    biased;
                    ended = &mut batch => break ended,
                    Some(found) = announced.recv() => watch(News::Found(&found)),
                    () = tokio::time::sleep(PULSE) => watch(News::Waiting(timetable.elapsed())),
                }
            }
        };
        if let Err(cut) = ended {
            run.cut_batch_off(cut);
        }
        while let Ok(found) = announced.try_recv() {
            watch(News::Found(&found));
        }
        run.take_found();
        run.summary.elapsed = timetable.elapsed();
        watch(News::Progress(&run.summary));
    }
    let doubted = run.findings().found.iter().filter(|found| found.is_doubted).count();
    run.summary.doubted = doubted;
    if doubted > 0 && !*stop.borrow() {
        run.cut_off(&format!("{doubted} findings were not tried again, and are not reported"));
    }
    // What is not removed by then is left to the caller.
    let _ = timeout_at(timetable.clean_up().into(), remove_accounts(&run.session, settings.jobs)).await;
    run.summary.interrupted = *stop.borrow();
    run.summary.complete = !run.summary.interrupted;
    run.summary.elapsed = timetable.elapsed();
    run.take_found();
    let secrets = run.findings().secrets.clone();
    run.summary.blocked = run.summary.blocked.map(|why| secrets.apply(&why));
    run.summary
}

/// Removes every account that the run has made and not removed yet, several at a time.
async fn remove_accounts(session: &Arc<FuzzSession>, jobs: usize) {
    let accounts: Vec<_> = session.accounts.made().accounts.iter().cloned().collect();
    let mut tasks = JoinSet::new();
    for some in accounts.chunks(accounts.len().div_ceil(jobs.max(1)).max(1)) {
        let (session, some) = (Arc::clone(session), some.to_vec());
        tasks.spawn(async move {
            for own in some {
                session.remove_own(&own).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// Tries one input, as `replay` does; gives the signatures of what it violated.
pub async fn once(session: &FuzzSession, surface: Surface, input: &[u8]) -> Result<(Probed, Vec<Signature>), Failure> {
    let mut worker = WorkerAccounts::new(session).await?;
    let probed = probe(session, &mut worker, surface, input).await;
    worker.remove(session).await;
    let violations = probed.violations.iter();
    let signatures = violations.map(|violation| Signature::of(surface, &probed, violation)).collect();
    Ok((probed, signatures))
}
