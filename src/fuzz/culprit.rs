//! Which input of a batch took the target down: the batch is halved until one is left.

use std::time::Duration;

use jiff::Timestamp;

use super::Surface;
use super::grammar;
use super::probe::{Broken, Probed, probe};
use super::subject::{Ground, Subject};
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
    pub stumbled: bool,
}

/// How many of those that stumbled are tried alone before the batch is halved.
const ALONE: usize = 8;

/// How often a target that is gone is looked for, and the pause between.
const LOOKS: (u32, Duration) = (20, Duration::from_millis(500));

/// Whether the target answers, and still lets somebody in who should be let in.
pub async fn is_well(ground: &Ground, subject: Option<&Subject>) -> bool {
    if ground.target.transport.canary().await.is_err() {
        return false;
    }
    if let Some(subject) = subject
        && ground.logs_in(&subject.bindings.user, &subject.bindings.user_password).await
    {
        return true;
    }
    // That one account may have come to harm, which is told elsewhere.
    match Subject::new(ground).await {
        Ok(subject) => {
            subject.remove(ground).await;
            true
        }
        Err(_) => false,
    }
}

/// Waits for a target that is gone, ten seconds at least.
pub async fn is_back(ground: &Ground) -> bool {
    for _ in 0..LOOKS.0 {
        ground.target.transport.call_once_more().await;
        if is_well(ground, None).await {
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
    pub subject: Subject,
    /// Whether the target came back afterwards.
    pub back: bool,
}

/// Finds the one input that takes the target down, which is there again. Those that stumbled are tried alone, the last
/// one first; then the newer half of what is left is sent, and so on. Each time the target goes down it is waited for.
pub async fn find(
    ground: &Ground,
    suspects: &[Suspect<'_>],
    level: &(dyn Fn(&str) -> Level + Sync),
) -> Option<Culprit> {
    let stumbled = (0..suspects.len()).rev().filter(|index| suspects[*index].stumbled);
    for index in stumbled.take(ALONE) {
        if let Some(culprit) = falls(ground, suspects, index..index + 1, level).await {
            return Some(culprit);
        }
    }
    let (mut from, mut to) = (0, suspects.len());
    let mut last = None;
    while to > from + 1 {
        let middle = from.midpoint(to);
        match falls(ground, suspects, middle..to, level).await {
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
        None => falls(ground, suspects, from..to, level).await,
    }
}

/// Sends some of them in order; gives the last of those, if the target is gone then.
async fn falls(
    ground: &Ground,
    suspects: &[Suspect<'_>],
    some: std::ops::Range<usize>,
    level: &(dyn Fn(&str) -> Level + Sync),
) -> Option<Culprit> {
    let index = some.end.checked_sub(1)?;
    let mut subject = Subject::new(ground).await.ok()?;
    let mut last = None;
    for suspect in suspects.get(some)? {
        last = Some(probe(ground, &mut subject, suspect.surface, suspect.input, level).await);
        if ground.target.transport.is_gone() {
            break;
        }
    }
    if is_well(ground, Some(&subject)).await {
        subject.remove(ground).await;
        return None;
    }
    Some(Culprit { index, probed: last?, subject, back: is_back(ground).await })
}

/// What was broken, as the end of the target. An input may be answered well and be its end all the same.
pub fn took_down(suspect: Suspect<'_>, probed: &Probed, subject: &Subject, what: &str) -> Probed {
    let broken = probed.broken.first().cloned().or_else(|| {
        Some(Broken {
            oracle: "down",
            requirement: "envelope.answered".to_owned(),
            level: Level::Must,
            what: String::new(),
            exchange: unanswered(grammar::request(suspect.surface, suspect.input, &subject.bindings)?, what),
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
