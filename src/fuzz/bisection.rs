//! Which input of a batch took the target down: the batch is halved until one is left.

use std::time::Duration;

use jiff::Timestamp;

use super::Surface;
use super::grammar;
use super::probe::{Broken, Probed, probe};
use super::session::{FuzzSession, WorkerAccounts};
use crate::exchange::{Breakage, Exchange, Outcome, Phase, Request, Unanswered};
use crate::requirement::Level;

/// An input that was tried in the batch after which the target was gone.
#[derive(Debug, Clone, Copy)]
pub struct Suspect<'b> {
    /// Where it is sent.
    pub surface: Surface,
    /// The input.
    pub input: &'b [u8],
    /// It was left without an answer or answered with a crash.
    pub crashed: bool,
}

/// How many of those that crashed are tried alone before the batch is halved.
const ALONE: usize = 8;

/// How often a target that is gone is looked for, and the pause between.
const LOOKS: (u32, Duration) = (20, Duration::from_millis(500));

/// Whether the target answers, and still lets somebody in who should be let in.
pub async fn is_healthy(session: &FuzzSession, worker: Option<&WorkerAccounts>) -> bool {
    if session.target.transport.canary().await.is_err() {
        return false;
    }
    if let Some(worker) = worker
        && session.logs_in(&worker.bindings.user, &worker.bindings.user_password).await
    {
        return true;
    }
    // That one account may have come to harm, which is told elsewhere.
    match WorkerAccounts::new(session).await {
        Ok(worker) => {
            worker.remove(session).await;
            true
        }
        Err(_) => false,
    }
}

/// Waits for a target that is gone, ten seconds at least.
pub async fn is_back(session: &FuzzSession) -> bool {
    for _ in 0..LOOKS.0 {
        session.target.transport.call_once_more().await;
        if is_healthy(session, None).await {
            return true;
        }
        tokio::time::sleep(LOOKS.1).await;
    }
    false
}

/// What an input came to that takes the target down.
#[derive(Debug)]
pub struct Culprit {
    /// Its place among the suspects.
    pub index: usize,
    /// What came of it when it was tried alone.
    pub probed: Probed,
    /// The accounts it was tried with.
    pub worker: WorkerAccounts,
    /// Whether the target came back afterwards.
    pub back: bool,
}

/// Finds the one input that takes the target down, which is there again. Those that crashed are tried alone, the last
/// one first; then the newer half of what is left is sent, and so on. Each time the target goes down it is waited for.
pub async fn find(
    session: &FuzzSession,
    suspects: &[Suspect<'_>],
    level: &(dyn Fn(&str) -> Level + Sync),
) -> Option<Culprit> {
    let crashed = (0..suspects.len()).rev().filter(|index| suspects[*index].crashed);
    for index in crashed.take(ALONE) {
        if let Some(culprit) = falls(session, suspects, index..index + 1, level).await {
            return Some(culprit);
        }
    }
    let (mut from, mut to) = (0, suspects.len());
    let mut last = None;
    while to > from + 1 {
        let middle = from.midpoint(to);
        match falls(session, suspects, middle..to, level).await {
            Some(culprit) if !culprit.back => return Some(culprit).filter(|_| to == middle + 1),
            Some(culprit) => {
                from = middle;
                last = Some(culprit).filter(|_| to == middle + 1);
            }
            None => to = middle,
        }
    }
    match last {
        Some(last) => Some(last),
        None => falls(session, suspects, from..to, level).await,
    }
}

/// Sends some of them in order; gives the last of those, if the target is gone then.
async fn falls(
    session: &FuzzSession,
    suspects: &[Suspect<'_>],
    some: std::ops::Range<usize>,
    level: &(dyn Fn(&str) -> Level + Sync),
) -> Option<Culprit> {
    let index = some.end.checked_sub(1)?;
    let mut worker = WorkerAccounts::new(session).await.ok()?;
    let mut last = None;
    for suspect in suspects.get(some)? {
        last = Some(probe(session, &mut worker, suspect.surface, suspect.input, level).await);
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

/// What was broken, as the end of the target. An input may be answered well and be its end all the same.
pub fn took_down(suspect: Suspect<'_>, probed: &Probed, worker: &WorkerAccounts, what: &str) -> Probed {
    let broken = probed.broken.first().cloned().or_else(|| {
        Some(Broken {
            oracle: "down",
            requirement: "envelope.answered".to_owned(),
            level: Level::Must,
            what: String::new(),
            exchange: unanswered(grammar::request(suspect.surface, suspect.input, &worker.bindings)?, what),
        })
    });
    let down = |broken: Broken| Broken { oracle: "down", what: what.to_owned(), ..broken };
    Probed { broken: broken.map(down).into_iter().collect(), ..probed.clone() }
}

fn unanswered(request: Request, why: &str) -> Exchange {
    Exchange {
        request,
        outcome: Outcome::Unanswered(Unanswered {
            breakage: Breakage::Unreachable,
            phase: Phase::Connecting,
            detail: why.to_owned(),
            partial: Vec::new(),
        }),
        at: Timestamp::now(),
        elapsed: Duration::ZERO,
        resent: false,
    }
}
