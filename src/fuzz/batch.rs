//! A batch of inputs, and the workers that take them as they are free.
//!
//! Nothing is learnt from an answer here: that comes when the batch is over, by the inputs' numbers.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::deduplication::Findings;
use super::generator::Generated;
use super::probe::{Kind, Probed, probe};
use super::session::{FuzzSession, WorkerAccounts};
use super::{Class, Surface};

/// An input that was tried.
pub(super) struct Tried {
    pub generated: Generated,
    pub probed: Probed,
    /// The accounts it was tried with, where it violated something.
    pub worker: Option<WorkerAccounts>,
    /// Tried once more, the same bytes were refused instead of accepted, or the other way round.
    pub inconsistent: bool,
}

/// What the workers of a batch share: inputs to try until the deadline, with so many requests or a few more.
#[derive(Default)]
pub(super) struct Batch {
    inputs: Vec<Generated>,
    deadline: Option<Instant>,
    allowed: u64,
    findings: Arc<Mutex<Findings>>,
    next: AtomicUsize,
    begun: AtomicUsize,
    sent: AtomicU64,
    down: AtomicBool,
    throttled: AtomicUsize,
    tried: Mutex<Vec<Tried>>,
}

/// A batch that is over, or was cut off.
pub(super) struct Over {
    pub tried: Vec<Tried>,
    /// How many inputs were begun and not finished.
    pub cut_off: usize,
    pub down: bool,
    pub throttled: usize,
}

impl Batch {
    pub fn new(
        inputs: Vec<Generated>,
        deadline: Option<Instant>,
        allowed: u64,
        findings: Arc<Mutex<Findings>>,
    ) -> Batch {
        Batch { inputs, deadline, allowed, findings, ..Batch::default() }
    }

    /// Has the inputs tried by these workers. Returns the workers that can go on, and why others cannot.
    pub async fn run(
        self: &Arc<Batch>,
        session: &Arc<FuzzSession>,
        workers: Vec<WorkerAccounts>,
        stop: &watch::Receiver<bool>,
    ) -> (Vec<WorkerAccounts>, Option<String>) {
        let mut tasks = JoinSet::new();
        for mut worker in workers {
            let (session, batch, stop) = (Arc::clone(session), Arc::clone(self), stop.clone());
            tasks.spawn(async move {
                let lost = batch.work(&session, &mut worker, &stop).await;
                (worker, lost)
            });
        }
        let (mut workers, mut lost) = (Vec::new(), None);
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok((worker, None)) => workers.push(worker),
                Ok((worker, Some(why))) => {
                    worker.remove(session).await;
                    lost = Some(why);
                }
                Err(error) => lost = Some(format!("a worker ended: {error}")),
            }
        }
        (workers, lost)
    }

    pub fn over(&self) -> Over {
        let mut tried = std::mem::take(&mut *self.tried.lock().unwrap_or_else(PoisonError::into_inner));
        tried.sort_by_key(|tried| tried.generated.index);
        Over {
            cut_off: self.begun.load(Ordering::Relaxed).saturating_sub(tried.len()),
            tried,
            down: self.down.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
        }
    }

    /// The next input, unless the batch is to end.
    fn next(&self, stop: &watch::Receiver<bool>) -> Option<&Generated> {
        let over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || self.sent.load(Ordering::Relaxed) >= self.allowed
            || self.down.load(Ordering::Relaxed)
            || *stop.borrow();
        self.inputs.get(self.next.fetch_add(1, Ordering::Relaxed)).filter(|_| !over)
    }

    async fn probe(&self, session: &FuzzSession, worker: &mut WorkerAccounts, input: &Generated) -> Probed {
        let probed = probe(session, worker, input.surface, &input.input).await;
        self.sent.fetch_add(probed.requests, Ordering::Relaxed);
        probed
    }

    /// One worker: takes inputs as long as there are some. Returns why it cannot go on, if so.
    async fn work(
        &self,
        session: &FuzzSession,
        worker: &mut WorkerAccounts,
        stop: &watch::Receiver<bool>,
    ) -> Option<String> {
        while let Some(generated) = self.next(stop) {
            self.begun.fetch_add(1, Ordering::Relaxed);
            let mut probed = self.probe(session, worker, generated).await;
            match probed.kind {
                // A process that ends may have answered 500 first.
                Kind::Closed | Kind::TimedOut | Kind::Unreachable | Kind::Garbled | Kind::Answer(500.., None)
                    if session.target.transport.canary().await.is_err() =>
                {
                    self.down.store(true, Ordering::Relaxed);
                }
                Kind::Answer(429, _) => {
                    self.throttled.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                _ => {}
            }
            let violates = !probed.violations.is_empty();
            if violates {
                let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
                findings.see(generated, &probed, &worker.bindings);
            }
            let lost = probed.lost.clone();
            let mut inconsistent = false;
            if lost.is_none() && is_repeated(generated, &probed) {
                let again = self.probe(session, worker, generated).await;
                probed.requests += again.requests;
                inconsistent = is_verdict(again.kind) && again.kind.is_success() != probed.kind.is_success();
            }
            let worker = violates.then(|| worker.clone());
            let tried = Tried { generated: generated.clone(), probed, worker, inconsistent };
            self.tried.lock().unwrap_or_else(PoisonError::into_inner).push(tried);
            if lost.is_some() {
                return lost;
            }
        }
        None
    }
}

fn is_verdict(kind: Kind) -> bool {
    kind.is_success() || kind.is_refusal()
}

/// How the names of all tokens end.
const TOKEN: &[u8] = b"_token";

/// Whether an input is sent a second time: the documents leave open whether it is accepted, but not that it is now and
/// then. All aimed inputs and a part of the others.
fn is_repeated(generated: &Generated, probed: &Probed) -> bool {
    let asked = generated.row.is_some() || generated.index.is_multiple_of(16);
    // A call in a sequence, an odd path and broken HTTP mean what the calls before made of them; and after a change of the
    // password a token is another one, which as a password may be stronger or weaker.
    let alone = !matches!(generated.surface, Surface::Session | Surface::Path | Surface::Http);
    let lasts = || !generated.input.windows(TOKEN.len()).any(|window| window == TOKEN);
    asked && alone && probed.class == Class::Either && is_verdict(probed.kind) && lasts()
}
