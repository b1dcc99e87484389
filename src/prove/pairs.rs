//! Faults behind traits: whether the suite still tells each fault of a target that also differs, all over, in a way that
//! many real servers do.
//!
//! A pair is compared with its fault alone, its trait alone, and the faultless client.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use wildmatch::WildMatch;

use super::Broken;
use super::bench::{Bench, Ran};
use crate::plan::{Shard, cases};
use crate::reference::{Behaviour, Fault, Registration};
use crate::scenario::Suite;

/// What becomes of a fault behind a trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PairVerdict {
    /// A case finds the fault's requirement broken that does not find it so under the trait alone.
    Killed,
    /// The trait alone breaks that requirement, and so does the pair.
    Covered,
    /// Under the trait alone, no case that kills the fault can be tried.
    Untried,
    /// The trait makes good what the fault breaks: a case that kills the fault alone was sent to its end, and no answer
    /// differed from those under the trait alone.
    Undone,
    /// No case kills it.
    Silent,
}

crate::located::shown_by_name!(PairVerdict);

impl PairVerdict {
    /// All of them. Only the first and the last count.
    pub const ALL: [PairVerdict; 5] =
        [PairVerdict::Killed, PairVerdict::Covered, PairVerdict::Untried, PairVerdict::Undone, PairVerdict::Silent];
}

/// What can be wrong with the verdicts on a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trouble {
    /// The fault is silent.
    Silent,
    /// A must is green that the fault or the trait alone breaks.
    Green,
    /// A requirement is broken that neither breaks alone.
    Accused,
}

crate::located::shown_by_name!(Trouble);

/// Something wrong with the verdicts on a pair.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// What it is.
    pub trouble: Trouble,
    /// The requirement that it is about.
    pub requirement: String,
    /// The cases that find it broken: under both if they accuse it, otherwise under the fault or the trait alone.
    pub cases: Vec<String>,
    /// Why it is right, if that is known.
    pub why: Option<String>,
}

/// A fault behind a trait.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The fault.
    pub fault: Fault,
    /// The id of the trait.
    pub behind: String,
    /// What becomes of the fault.
    pub verdict: PairVerdict,
    /// What is wrong, explained or not.
    pub problems: Vec<Problem>,
}

/// Why pairs of a kind are right although they look wrong. The ids may contain * and ?.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    trouble: Trouble,
    traits: Vec<String>,
    faults: Vec<String>,
    requirements: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanations {
    explained: Vec<Explanation>,
}

/// The result of a proof of pairs.
#[derive(Debug, Clone, Default)]
pub struct PairProof {
    /// Every requested pair was tried.
    pub complete: bool,
    /// What is wrong with the runs without a fault; if anything is, no pair was tried.
    pub baseline: Vec<Broken>,
    /// In the order of the faults, then of the traits.
    pub pairs: Vec<Pair>,
    /// Explanations that no pair needs, known if all were tried.
    pub idle: Vec<String>,
}

impl PairProof {
    pub(crate) fn count(&self, verdict: PairVerdict) -> usize {
        self.pairs.iter().filter(|pair| pair.verdict == verdict).count()
    }

    /// What is wrong, with its pair.
    pub(crate) fn problems(&self) -> impl Iterator<Item = (&Pair, &Problem)> {
        self.pairs.iter().flat_map(|pair| pair.problems.iter().map(move |problem| (pair, problem)))
    }

    /// At least 99 % of the faults are killed, explained or not; nothing else is wrong without an explanation.
    pub fn holds(&self) -> bool {
        let (killed, silent) = (self.count(PairVerdict::Killed), self.count(PairVerdict::Silent));
        let bad = |(_, problem): (&Pair, &Problem)| problem.trouble != Trouble::Silent && problem.why.is_none();
        let tried = self.complete && self.baseline.is_empty() && !self.pairs.is_empty() && self.idle.is_empty();
        tried && killed * 100 >= (killed + silent) * 99 && !self.problems().any(bad)
    }
}

/// Which pairs are tried, and who hears of them.
pub struct Request<'r> {
    /// The faults.
    pub faults: &'r [&'r Fault],
    /// What they are planted behind.
    pub traits: &'r [&'r Fault],
    /// A part of the pairs; without it, all.
    pub shard: Option<Shard>,
    /// These are all faults and traits there are.
    pub all: bool,
    /// Turns true if the proof is to end early.
    pub stop: &'r watch::Receiver<bool>,
    /// Receives how many pairs will be tried.
    pub begins: &'r (dyn Fn(usize) + Sync),
    /// Receives each.
    pub tried: &'r (dyn Fn(&Pair) + Sync),
}

/// Tries the pairs. It fails if the reference client does not start.
pub fn prove(suite: &Suite, request: &Request<'_>) -> std::io::Result<PairProof> {
    let explained: Explanations =
        toml::from_str(include_str!("pairs.toml")).map_err(|error| std::io::Error::other(error.to_string()))?;
    let Request { faults, traits, shard, all, stop, begins, tried } = *request;
    let bench = Bench { suite, cases: cases(suite), looks: true, stop };
    let mut proof = PairProof::default();
    let faultless = bench.faultless(&mut proof.baseline)?;
    // What is planted behind what, by the index of the trait.
    let behind = |fault: &Fault| -> Vec<usize> {
        let id = |index: usize| format!("{} {}", traits[index].id, fault.id);
        (0..traits.len()).filter(|index| shard.is_none_or(|shard| shard.contains(&id(*index)))).collect()
    };
    let states = faults.iter().flat_map(|fault| behind(fault).into_iter().map(|index| (index, fault.registration)));
    let states: Vec<(usize, Registration)> = BTreeSet::from_iter(states).into_iter().collect();
    let try_alone = |(index, registration): &(usize, Registration)| {
        let behaviour = traits[*index].behaviour();
        bench.run_beside(traits[*index], *registration, behaviour, Behaviour::default())
    };
    let alone = bench.each(&states, try_alone, |_| {})?;
    for ((index, registration), (_, differs)) in states.iter().zip(&alone) {
        if !differs && *registration == Registration::Open {
            proof.baseline.push(Broken::new(&traits[*index].id, *registration, "changes no answer to the suite"));
        }
    }
    if !proof.baseline.is_empty() || *stop.borrow() {
        return Ok(proof);
    }
    let alone: HashMap<_, _> = states.iter().zip(alone.into_iter().map(|(ran, _)| ran)).collect();
    let asked = faults.iter().map(|fault| behind(fault).len()).sum();
    begins(asked);
    let try_fault = |fault: &&Fault| -> std::io::Result<Vec<Pair>> {
        let (behind, registration) = (behind(fault), fault.registration);
        if behind.is_empty() {
            return Ok(Vec::new());
        }
        let (by_fault, _) = bench.run_beside(fault, registration, fault.behaviour(), Behaviour::default())?;
        let pair = |index: usize| {
            let (usual, outer) = (&faultless[&registration], traits[index]);
            let (both, differs) = bench.run_beside(fault, registration, fault.behind(outer), outer.behaviour())?;
            let by_trait = &alone[&(index, registration)];
            Ok(Runs { fault, usual, by_fault: &by_fault, by_trait, both, differs }.pair(outer, &explained.explained))
        };
        behind.into_iter().map(pair).collect()
    };
    let pairs = bench.each(faults, try_fault, |pairs| pairs.iter().for_each(tried))?;
    proof.pairs = pairs.into_iter().flatten().collect();
    proof.complete = proof.pairs.len() == asked;
    if all && shard.is_none() && proof.complete {
        let used: BTreeSet<&String> = proof.problems().filter_map(|(_, problem)| problem.why.as_ref()).collect();
        let reasons = explained.explained.iter().map(|row| &row.why);
        proof.idle = reasons.filter(|why| !used.contains(why)).cloned().collect();
    }
    Ok(proof)
}

/// The runs that a pair is judged by.
struct Runs<'r> {
    fault: &'r Fault,
    usual: &'r Ran,
    by_fault: &'r Ran,
    by_trait: &'r Ran,
    both: Ran,
    /// An answer to both differed from those under the trait alone.
    differs: bool,
}

impl Runs<'_> {
    fn pair(&self, behind: &Fault, explained: &[Explanation]) -> Pair {
        let verdict = self.verdict();
        let mut problems = self.problems(verdict);
        for problem in &mut problems {
            let row = explained.iter().find(|row| row.is_of(problem, &self.fault.id, &behind.id));
            problem.why = row.map(|row| row.why.clone());
        }
        Pair { fault: self.fault.clone(), behind: behind.id.clone(), verdict, problems }
    }

    fn verdict(&self) -> PairVerdict {
        let [fault, alone, both] =
            [self.by_fault, self.by_trait, &self.both].map(|ran| ran.noticing(&self.fault.requirement, &[self.usual]));
        if self.both.kills(self.fault, &[self.usual, self.by_trait]) {
            PairVerdict::Killed
        } else if !alone.is_empty() && !both.is_empty() {
            PairVerdict::Covered
        } else if !self.differs && fault.iter().any(|case| self.both.is_whole(case)) {
            PairVerdict::Undone
        } else if !fault.iter().any(|case| self.by_trait.is_tried(case)) {
            PairVerdict::Untried
        } else {
            PairVerdict::Silent
        }
    }

    fn problems(&self, verdict: PairVerdict) -> Vec<Problem> {
        let (by_fault, by_trait) = (self.by_fault.red(), self.by_trait.red());
        let mut problems = Vec::new();
        let mut add = |trouble, requirement: &str, ran: &Ran| {
            let cases = ran.noticing(requirement, &[self.usual]).into_iter().cloned().collect();
            problems.push(Problem { trouble, requirement: requirement.to_owned(), cases, why: None });
        };
        if verdict == PairVerdict::Silent {
            add(Trouble::Silent, &self.fault.requirement, self.by_fault);
        }
        // What cases saw that were sent to their end under both, too. Where no answer shows the fault, nothing does.
        let sees =
            |ran: &Ran, id: &str| ran.noticing(id, &[self.usual]).into_iter().any(|case| self.both.is_whole(case));
        let broken = |id: &&str| {
            (by_trait.contains(id) && sees(self.by_trait, id))
                || (self.differs && by_fault.contains(id) && sees(self.by_fault, id))
        };
        for green in self.both.green().into_iter().filter(broken) {
            add(Trouble::Green, green, if by_trait.contains(green) { self.by_trait } else { self.by_fault });
        }
        let unknown = |id: &&str| !by_fault.contains(id) && !by_trait.contains(id);
        for accused in self.both.red().into_iter().filter(unknown) {
            add(Trouble::Accused, accused, &self.both);
        }
        problems
    }
}

impl Explanation {
    fn is_of(&self, problem: &Problem, fault: &str, behind: &str) -> bool {
        let matches = |globs: &[String], id: &str| globs.iter().any(|glob| WildMatch::new(glob).matches(id));
        self.trouble == problem.trouble
            && matches(&self.traits, behind)
            && matches(&self.faults, fault)
            && matches(&self.requirements, &problem.requirement)
    }
}
