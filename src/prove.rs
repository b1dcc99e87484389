//! Proof that the suite bites: the suite against the faultless reference client, and against each planted fault.
//!
//! A fault is *killed* when a case finds its requirement broken, *silent* when none does, *dead* when no
//! exchange of the suite differs from those of the faultless client. A case is needed when it kills a fault whose requirement it cites. Here suite and faults meet; neither
//! knows of the other. How a proof is shown is not decided here.

mod bench;
mod generated;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use tokio::sync::watch;

use crate::plan::{Case, cases};
use crate::reference::{Behaviour, Fault, Origin, Registration};
use crate::requirement::Level;
use crate::scenario::{MissingTwin, Suite};
use crate::transport::Limits;
use bench::{Bench, Look};

/// What became of one fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultVerdict {
    /// A case found the fault's requirement broken; a degenerate target proved nothing.
    Killed,
    /// No case did: the suite does not see it.
    Silent,
    /// No exchange of the suite differs from those of the faultless client: it changes nothing that is asked.
    Dead,
}

impl std::fmt::Display for FaultVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            FaultVerdict::Killed => "killed",
            FaultVerdict::Silent => "silent",
            FaultVerdict::Dead => "dead",
        })
    }
}

/// One row of the matrix.
#[derive(Debug, Clone)]
pub struct Row {
    /// The fault.
    pub fault: Fault,
    /// The level of its requirement; absent where the suite's register does not know it.
    pub level: Option<Level>,
    /// What became of it.
    pub verdict: FaultVerdict,
    /// The cases that went red, by id, in order. A requirement of level may turns no case red: there they are the
    /// cases that report it.
    pub cases: Vec<String>,
    /// Those among them that find the fault's own requirement broken.
    pub killers: Vec<String>,
}

/// Something that keeps the faultless client from being proven to conform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The id of a case, of a requirement, or of a scenario that is missing.
    pub id: String,
    /// In which registration state.
    pub registration: Registration,
    /// What came of it, or what is missing.
    pub what: String,
}

/// All that a proof shows.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// Every fault that was asked for has its row, and so have the generated ones where all were asked for.
    pub complete: bool,
    /// All faults there are were asked for; only then a case can be seen to be unneeded.
    pub whole: bool,
    /// What keeps the faultless client from being all green and proven so; with it, no fault was tried.
    pub baseline: Vec<Broken>,
    /// In the order of the faults; behind them the generated ones, in the order of the cases.
    pub rows: Vec<Row>,
    /// Cases that kill no fault and do not say why they are kept.
    pub unneeded: Vec<String>,
}

impl Proof {
    /// Of a suite that lacks scenarios which others name as their positives: nothing is tried, since a refusal proves
    /// nothing unless the same request made good is accepted.
    pub fn of_incomplete(missing: &[MissingTwin]) -> Proof {
        let positives: BTreeSet<&str> = missing.iter().map(|missing| missing.positive.as_str()).collect();
        let broken = |positive: &str| Broken {
            id: positive.to_owned(),
            registration: Registration::Open,
            what: "missing, though named as a positive".to_owned(),
        };
        Proof { baseline: positives.into_iter().map(broken).collect(), ..Proof::default() }
    }

    /// How many faults came to that verdict.
    pub fn count(&self, verdict: FaultVerdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// The faults of one origin.
    pub fn of(&self, origin: Origin) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.fault.origin == origin)
    }

    /// Whether the suite was shown to bite.
    pub fn holds(&self) -> bool {
        let killed = self.count(FaultVerdict::Killed) == self.rows.len();
        self.complete && self.baseline.is_empty() && killed && self.unneeded.is_empty()
    }
}

/// What is told while a proof is made.
pub trait Progress: Sync {
    /// So many planted faults will be tried, and then so many cases with generated ones.
    fn begins(&self, faults: usize, cases: usize);

    /// One more has its row. Faults end in any order.
    fn tried(&self, row: &Row);

    /// One more case has the rows of its generated faults.
    fn case_done(&self);
}

/// Tries the suite against the faultless client in both registration states, and then against each of the faults.
/// `all` says that they are all faults there are; only then a case can be said to be unneeded.
///
/// # Errors
/// The reference client could not be started.
pub fn prove(
    suite: &Suite,
    faults: &[&Fault],
    all: bool,
    stop: &watch::Receiver<bool>,
    progress: &dyn Progress,
) -> std::io::Result<Proof> {
    let bench = Bench { suite, cases: cases(suite), stop };
    let mut proof = Proof { whole: all, ..Proof::default() };
    let mut baseline = HashMap::new();
    proof.baseline = bench.unchecked();
    for registration in [Registration::Open, Registration::Sunset] {
        let ran = bench.run(registration, Behaviour::default(), Limits::default(), Look::default())?;
        proof.baseline.extend(ran.broken(registration));
        baseline.insert(registration, ran);
    }
    if !proof.baseline.is_empty() || *stop.borrow() {
        return Ok(proof);
    }
    let cases = if all { bench.cases.as_slice() } else { &[] };
    progress.begins(faults.len(), cases.len());
    proof.rows = bench.try_all(faults, &baseline, progress)?;
    proof.complete = proof.rows.len() == faults.len();
    if all && proof.complete {
        proof.unneeded = bench.unneeded(&proof.rows);
        let generated = generated::try_all(&bench, progress)?;
        proof.complete = generated.len() == cases.len();
        proof.rows.extend(generated.into_iter().flatten());
    }
    Ok(proof)
}

/// Tries some cases, by their ids, against one fault: whether they are enough to kill it.
///
/// # Errors
/// The reference client could not be started.
pub fn try_on(suite: &Suite, fault: &Fault, only: &BTreeSet<&str>) -> std::io::Result<Row> {
    let (_keep, stop) = watch::channel(false);
    let chosen = |case: &Case| only.contains(case.id.as_str());
    let bench = Bench { suite, cases: cases(suite).into_iter().filter(chosen).collect(), stop: &stop };
    let usual = bench.run(fault.registration, Behaviour::default(), Limits::default(), Look::default())?;
    bench.try_one(fault, &usual)
}
