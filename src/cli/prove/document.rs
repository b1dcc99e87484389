//! The reports of a proof as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::prove::pairs::{Pair, PairProof, PairVerdict, Problem};
use crate::prove::{Broken, FaultVerdict, Proof, Row};
use crate::reference::{Origin, Registration};
use crate::requirement::Level;

const SCHEMA: &str = "wabizspec/prove/1";
const PAIRS_SCHEMA: &str = "wabizspec/prove-pairs/1";

/// Whether the suite finds each fault.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ProofReport<'p> {
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// Every requested fault has its row.
    complete: bool,
    /// What is wrong with the run against the faultless client; if anything is, no fault was tried.
    baseline: &'p [Broken],
    faults: Vec<FaultEntry<'p>>,
    /// Cases that kill no fault and do not say why they are kept.
    unneeded: &'p [String],
}

/// One fault, and what the suite makes of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fault")]
struct FaultEntry<'p> {
    id: &'p str,
    origin: Origin,
    /// The requirement that it breaks.
    requirement: &'p str,
    /// Null if the register does not have the requirement.
    level: Option<Level>,
    /// The registration state in which it shows.
    registration: Registration,
    verdict: FaultVerdict,
    /// The cases that failed.
    cases: &'p [String],
    /// Those among them that find the fault's own requirement broken.
    killers: &'p [String],
}

/// Whether the suite finds each fault behind each trait.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PairsReport<'p> {
    #[schemars(extend("const" = PAIRS_SCHEMA))]
    schema: &'static str,
    /// Every requested pair was tried.
    complete: bool,
    /// What is wrong with the runs without a fault; if anything is, no pair was tried.
    baseline: &'p [Broken],
    pairs: Vec<PairEntry<'p>>,
    /// Explanations that no pair needs.
    idle: &'p [String],
}

/// A fault behind a trait.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Pair")]
struct PairEntry<'p> {
    fault: &'p str,
    r#trait: &'p str,
    /// The requirement that the fault breaks.
    requirement: &'p str,
    registration: Registration,
    verdict: PairVerdict,
    /// What is wrong, explained or not.
    problems: &'p [Problem],
}

impl ProofReport<'_> {
    pub fn of(proof: &Proof) -> ProofReport<'_> {
        let Proof { complete, baseline, rows, unneeded, .. } = proof;
        let faults = rows.iter().map(FaultEntry::of).collect();
        ProofReport { schema: SCHEMA, complete: *complete, baseline, faults, unneeded }
    }
}

impl FaultEntry<'_> {
    fn of(row: &Row) -> FaultEntry<'_> {
        let Row { fault, level, verdict, cases, killers } = row;
        FaultEntry {
            id: &fault.id,
            origin: fault.origin,
            requirement: &fault.requirement,
            level: *level,
            registration: fault.registration,
            verdict: *verdict,
            cases,
            killers,
        }
    }
}

impl PairsReport<'_> {
    pub fn of(proof: &PairProof) -> PairsReport<'_> {
        let PairProof { complete, baseline, pairs, idle } = proof;
        let pairs = pairs.iter().map(PairEntry::of).collect();
        PairsReport { schema: PAIRS_SCHEMA, complete: *complete, baseline, pairs, idle }
    }
}

impl PairEntry<'_> {
    fn of(pair: &Pair) -> PairEntry<'_> {
        let Pair { fault, behind, verdict, problems } = pair;
        PairEntry {
            fault: &fault.id,
            r#trait: behind,
            requirement: &fault.requirement,
            registration: fault.registration,
            verdict: *verdict,
            problems,
        }
    }
}
