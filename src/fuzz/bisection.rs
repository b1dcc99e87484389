//! Which input of a batch took the target down: the batch is halved until one is left.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::batch::Tried;
use super::generator::Generated;
use super::probe::{Probed, Shown, Violation, probe};
use super::session::{FuzzSession, WorkerAccounts};
use super::{Check, grammar};
use crate::requirement::Level;
use crate::transport::{ended, unreachable};

/// How many of those that crashed are tried alone before the batch is halved.
const ALONE: usize = 8;

/// How often a target that is gone is tried, and the pause between.
const LOOKS: (u32, Duration) = (20, Duration::from_millis(500));

/// Whether the target answers, and still accepts a good login.
pub(super) async fn is_healthy(session: &FuzzSession, worker: Option<&WorkerAccounts>) -> bool {
    if session.target.transport.canary().await.is_err() {
        return false;
    }
    if let Some(worker) = worker
        && session.logs_in(&worker.bindings.user, &worker.bindings.user_password).await == Some(true)
    {
        return true;
    }
    // That one account may have come to harm, which is reported elsewhere.
    let Ok(worker) = WorkerAccounts::new(session).await else { return false };
    worker.remove(session).await;
    true
}

/// Waits for a target that is gone, ten seconds at least; one that has a reset is reset after two.
pub(super) async fn is_back(session: &FuzzSession) -> bool {
    let looks = if session.target.can_reset() { LOOKS.0 / 5 } else { LOOKS.0 };
    for _ in 0..looks {
        session.target.transport.call_once_more().await;
        if is_healthy(session, None).await {
            return true;
        }
        tokio::time::sleep(LOOKS.1).await;
    }
    session.revive().await
}

pub(super) struct Culprit {
    /// Its place among the suspects.
    pub index: usize,
    pub probed: Probed,
    pub worker: WorkerAccounts,
    pub back: bool,
}

/// Finds the input that takes the target down. First the last ones that crashed are tried alone, then the newer half of
/// all is sent, and so on. Each time the target goes down it is waited for.
pub(super) async fn find(session: &FuzzSession, suspects: &[&Tried]) -> Option<Culprit> {
    let crashed = (0..suspects.len()).rev().filter(|index| suspects[*index].probed.crashed());
    for index in crashed.take(ALONE) {
        if let Some(culprit) = goes_down(session, suspects, index..index + 1).await {
            return Some(culprit);
        }
    }
    let (mut from, mut to) = (0, suspects.len());
    while to > from + 1 {
        let middle = from.midpoint(to);
        match goes_down(session, suspects, middle..to).await {
            Some(culprit) if to == middle + 1 => return Some(culprit),
            Some(culprit) if !culprit.back => return None,
            Some(_) => from = middle,
            None => to = middle,
        }
    }
    goes_down(session, suspects, from..to).await
}

/// Sends some of them in order; gives the last of those, if the target is gone then.
async fn goes_down(session: &FuzzSession, suspects: &[&Tried], some: Range<usize>) -> Option<Culprit> {
    let index = some.end.checked_sub(1)?;
    let mut worker = WorkerAccounts::new(session).await.ok()?;
    let mut last = None;
    for suspect in suspects.get(some)? {
        let Generated { surface, input, .. } = &suspect.generated;
        last = Some(probe(session, &mut worker, *surface, input).await);
        if session.target.transport.is_gone() {
            break;
        }
    }
    if is_healthy(session, Some(&worker)).await {
        worker.remove(session).await;
        return None;
    }
    Some(Culprit { index, probed: last?, worker, back: is_back(session).await })
}

/// The result of an input, as the end of the target. An input may get a good answer and still take the target down.
pub(super) fn took_down(generated: &Generated, probed: &Probed, worker: &WorkerAccounts, what: &str) -> Probed {
    let without = |request| Violation {
        check: Check::Down,
        requirement: "envelope.answered".to_owned(),
        level: Level::Must,
        class: probed.class,
        what: what.to_owned(),
        exchange: Arc::new(ended(request, Err(unreachable(None, what.to_owned())), Duration::ZERO, false)),
        shown: Shown::ByNoRequest,
    };
    let violation = match probed.violations.first() {
        Some(violation) => Some(Violation { check: Check::Down, what: what.to_owned(), ..violation.clone() }),
        None => grammar::request(generated.surface, &generated.input, &worker.bindings).map(without),
    };
    Probed { violations: violation.into_iter().collect(), ..probed.clone() }
}
