//! A batch of inputs, and the workers that take them as they are free.
//!
//! Nothing is learnt from an answer here: that comes when the batch is over, by the inputs' numbers.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::generator::Generated;
use super::probe::{Kind, Probed, probe};
use super::saved::Findings;
use super::session::{FuzzSession, WorkerAccounts};
use super::{Class, Surface, locked};
use crate::custody::Failure;

pub(super) struct Tried {
    pub generated: Generated,
    pub probed: Probed,
    /// The accounts it was tried with, where it violated something.
    pub worker: Option<WorkerAccounts>,
    /// Of the same bytes sent twice, one was accepted and one refused.
    pub inconsistent: bool,
}

/// What the workers of a batch share.
pub(super) struct Batch {
    pub session: Arc<FuzzSession>,
    pub stop: watch::Receiver<bool>,
    pub inputs: Vec<Generated>,
    /// No input is begun after it.
    pub deadline: Option<Instant>,
    /// Roughly how many requests may be sent.
    pub allowed: u64,
    pub findings: Arc<Mutex<Findings>>,
    pub progress: Mutex<Progress>,
}

#[derive(Default)]
pub(super) struct Progress {
    pub tried: Vec<Tried>,
    pub begun: usize,
    sent: u64,
    pub down: bool,
    /// Why inputs were given up.
    pub throttled: Vec<String>,
}

impl Batch {
    /// Lets these workers try the inputs. Returns the workers that can go on, and why another cannot.
    pub async fn run(self: &Arc<Batch>, workers: Vec<WorkerAccounts>) -> (Vec<WorkerAccounts>, Option<String>) {
        let mut tasks = JoinSet::new();
        for mut worker in workers {
            let batch = Arc::clone(self);
            tasks.spawn(async move {
                let worked = batch.work(&mut worker).await;
                (worker, worked)
            });
        }
        let (mut workers, mut lost) = (Vec::new(), None);
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok((worker, Ok(()))) => workers.push(worker),
                Ok((worker, Err(why))) => {
                    worker.remove(&self.session).await;
                    lost = Some(why.to_string());
                }
                Err(error) => lost = Some(format!("a worker ended: {error}")),
            }
        }
        (workers, lost)
    }

    /// Ends it: what was tried by now, in the order of the inputs.
    pub fn over(&self) -> Progress {
        let mut progress = std::mem::take(&mut *locked(&self.progress));
        progress.tried.sort_by_key(|tried| tried.generated.index);
        progress
    }

    fn next(&self) -> Option<&Generated> {
        let mut progress = locked(&self.progress);
        let over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || progress.sent >= self.allowed
            || progress.down
            || *self.stop.borrow();
        let next = self.inputs.get(progress.begun).filter(|_| !over)?;
        progress.begun += 1;
        Some(next)
    }

    async fn probe(&self, worker: &mut WorkerAccounts, input: &Generated) -> Probed {
        let probed = probe(&self.session, worker, input.surface, &input.input).await;
        locked(&self.progress).sent += probed.requests;
        probed
    }

    async fn work(&self, worker: &mut WorkerAccounts) -> Result<(), Failure> {
        while let Some(generated) = self.next() {
            let mut probed = self.probe(worker, generated).await;
            // A process that ends may have answered 500 first.
            let may_be_down = !matches!(probed.kind, Kind::Answer(..500, _) | Kind::Answer(_, Some(_)) | Kind::Unsent);
            if may_be_down && self.session.target.transport.canary().await.is_err() {
                locked(&self.progress).down = true;
            }
            if let Some(why) = &probed.throttled {
                locked(&self.progress).throttled.push(why.clone());
            }
            let violates = !probed.violations.is_empty();
            if violates {
                locked(&self.findings).see(generated, &probed, &worker.bindings);
            }
            let lost = probed.lost.clone();
            let mut inconsistent = false;
            if lost.is_none() && is_repeated(generated, &probed) {
                let again = self.probe(worker, generated).await;
                probed.requests += again.requests;
                inconsistent = is_verdict(again.kind) && again.kind.is_success() != probed.kind.is_success();
            }
            let worker = violates.then(|| worker.clone());
            let tried = Tried { generated: generated.clone(), probed, worker, inconsistent };
            locked(&self.progress).tried.push(tried);
            if let Some(why) = lost {
                return Err(why);
            }
        }
        Ok(())
    }
}

fn is_verdict(kind: Kind) -> bool {
    kind.is_success() || kind.is_refusal()
}

/// Whether an input is sent twice, to see the same answer: all that are aimed and one in 16 of the others.
fn is_repeated(generated: &Generated, probed: &Probed) -> bool {
    let asked = generated.row.is_some() || generated.index.is_multiple_of(16);
    // What these three mean depends on earlier calls, and after a change of the password a token is another one.
    let alone = !matches!(generated.surface, Surface::Session | Surface::Path | Surface::Http);
    let lasts = || !generated.input.windows(6).any(|window| window == b"_token");
    asked && alone && probed.class == Class::Either && is_verdict(probed.kind) && lasts()
}
