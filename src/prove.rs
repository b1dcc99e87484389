//! Proof that the suite detects faults: it runs against the faultless reference client, and against each planted fault.
//!
//! A fault is *killed* when a case finds its requirement broken, *silent* when none does, *dead* when no exchange of the
//! suite differs from those of the faultless client. A case is needed when it kills a fault whose requirement it cites.
//! Suite and faults do not know each other. How a proof is shown is not decided here.

mod bench;
mod generated;
pub mod pairs;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

use crate::plan::{Case, cases};
use crate::reference::{Fault, Origin, Registration};
use crate::requirement::Level;
use crate::scenario::{MissingPositive, Suite};
use bench::Bench;

/// The result of one fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultVerdict {
    /// A case found the fault's requirement broken; of a degenerate target, nothing was proven.
    Killed,
    /// No case did.
    Silent,
    /// No exchange of the suite differs from those of the faultless client.
    Dead,
}

crate::located::shown_by_name!(FaultVerdict);

/// One row of the matrix.
#[derive(Debug, Clone)]
pub struct Row {
    /// The fault.
    pub fault: Fault,
    /// The level of its requirement, if the suite's register has it.
    pub(crate) level: Option<Level>,
    /// The result.
    pub verdict: FaultVerdict,
    /// The ids of the cases that failed, sorted. A requirement of level may fails no case: there they are the cases that
    /// report it.
    pub(crate) cases: Vec<String>,
    /// Those among them that find the fault's own requirement broken.
    pub killers: Vec<String>,
}

/// Something that keeps the faultless client from being proven to conform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Broken {
    /// The id of a case, of a requirement, or of a missing scenario.
    pub id: String,
    /// In which registration state.
    pub registration: Registration,
    /// A verdict, or what is missing.
    pub what: String,
}

impl Broken {
    fn new(id: &str, registration: Registration, what: impl ToString) -> Broken {
        Broken { id: id.to_owned(), registration, what: what.to_string() }
    }
}

/// The result of a proof.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// Every requested fault has its row, and so has every generated one where all faults were requested.
    pub complete: bool,
    /// All faults were requested; only then unneeded cases are known.
    pub(crate) whole: bool,
    /// What is wrong with the run against the faultless client; if anything is, no fault was tried.
    pub baseline: Vec<Broken>,
    /// In the order of the faults, then the generated ones in the order of the cases.
    pub rows: Vec<Row>,
    /// Cases that kill no fault and do not say why they are kept.
    pub unneeded: Vec<String>,
}

impl Proof {
    /// Of a suite that lacks scenarios which others name as their positives: nothing is tried, since a refusal proves
    /// nothing unless the same request made good is accepted.
    pub fn of_incomplete(missing: &[MissingPositive]) -> Proof {
        let positives: BTreeSet<&str> = missing.iter().map(|missing| missing.positive.as_str()).collect();
        let broken = |positive| Broken::new(positive, Registration::Open, "missing, though named as a positive");
        Proof { baseline: positives.into_iter().map(broken).collect(), ..Proof::default() }
    }

    pub(crate) fn count(&self, verdict: FaultVerdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    pub(crate) fn of(&self, origin: Origin) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.fault.origin == origin)
    }

    /// Whether the suite was proven to detect every fault.
    pub fn holds(&self) -> bool {
        let killed = self.count(FaultVerdict::Killed) == self.rows.len();
        self.complete && self.baseline.is_empty() && killed && self.unneeded.is_empty()
    }
}

/// Receives the progress of a proof.
pub trait Progress: Sync {
    /// The number of planted faults, and of cases that generated ones are tried for afterwards.
    fn begins(&self, faults: usize, cases: usize);

    /// A fault has its row. They end in any order.
    fn tried(&self, row: &Row);

    /// All generated faults of a case have their rows.
    fn case_done(&self);
}

/// Runs the suite against the faultless client in both registration states, and then against each of the faults. `all`
/// says that these are all faults; only then unneeded cases are known. It fails if the reference client does not start.
pub fn prove(
    suite: &Suite,
    faults: &[&Fault],
    all: bool,
    stop: &watch::Receiver<bool>,
    progress: &dyn Progress,
) -> std::io::Result<Proof> {
    let bench = Bench { suite, cases: cases(suite), looks: true, stop };
    let mut proof = Proof { whole: all, ..Proof::default() };
    let baseline = bench.faultless(&mut proof.baseline)?;
    if !proof.baseline.is_empty() || *stop.borrow() {
        return Ok(proof);
    }
    let cases = if all { bench.cases.as_slice() } else { &[] };
    progress.begins(faults.len(), cases.len());
    let try_one = |fault: &&Fault| bench.try_one(fault, &baseline[&fault.registration]);
    proof.rows = bench.each(faults, try_one, |row| progress.tried(row))?;
    proof.complete = proof.rows.len() == faults.len();
    if all && proof.complete {
        proof.unneeded = bench.unneeded(&proof.rows);
        let generated = generated::try_all(&bench, progress)?;
        proof.complete = generated.len() == cases.len();
        proof.rows.extend(generated.into_iter().flatten());
    }
    Ok(proof)
}

/// Runs the cases with these ids against one fault. It fails if the reference client does not start.
pub fn try_on(suite: &Suite, fault: &Fault, only: &BTreeSet<&str>) -> std::io::Result<Row> {
    let (_keep, stop) = watch::channel(false);
    let chosen = |case: &Case| only.contains(case.id.as_str());
    let bench = Bench { suite, cases: cases(suite).into_iter().filter(chosen).collect(), looks: true, stop: &stop };
    bench.try_one(fault, &bench.run_faultless(fault.registration)?)
}
