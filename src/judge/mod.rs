//! From an exchange to findings: expectations of scenarios, oracles of every exchange, verdicts.
//!
//! Judging is pure: the same exchange and bindings give the same findings. Nothing here connects, waits or reads a
//! clock. A nonconformance is a [`Finding`], never an `Err`; what the documents leave open is an [`Observation`].

mod placeholder;
mod status;
pub mod facts;
mod expectation;
mod oracle;
mod verdict;

pub use expectation::{Check, Expectation, Pattern};
pub use oracle::{Oracles, echoed};
pub use placeholder::Placeholder;
pub use status::StatusSet;
pub use verdict::{RequirementVerdict, Verdict, requirement_verdict};

use crate::exchange::shortened;
use crate::requirement::Level;
use facts::{Expected, Observed, Place};

/// One difference between what must hold and what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Where.
    pub at: Place,
    /// What had to stand there: the check that noticed.
    pub expected: Expected,
    /// What stands there.
    pub observed: Observed,
}

/// A requirement that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The requirement's id.
    pub requirement: String,
    /// Its level: `should` or `must`.
    pub level: Level,
    /// The step of the case, by name.
    pub step: String,
    /// Every way in which the answer breaks it; at least one.
    pub mismatches: Vec<Mismatch>,
}

/// Something worth knowing that no document forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The requirement of level may that it belongs to, if any.
    pub requirement: Option<String>,
    /// What was seen.
    pub what: Remark,
}

/// What an observation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// An answer is not as a requirement of level may has it.
    Mismatches(Vec<Mismatch>),
    /// An error stands bare, outside of `errors`.
    BareError,
    /// In words, as a report has it that holds nothing else.
    Told(String),
}

/// What judging one exchange gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Broken requirements of level should and must.
    pub findings: Vec<Finding>,
    /// Everything else worth saying.
    pub observations: Vec<Observation>,
}

impl Judgement {
    /// Files the mismatches under their requirement: a finding, or an observation where the level is may.
    pub fn file(&mut self, requirement: &str, level: Level, step: &str, mut mismatches: Vec<Mismatch>) {
        if mismatches.is_empty() {
            return;
        }
        // A pointer is made of names that the target chose.
        for name in mismatches.iter_mut().filter_map(|mismatch| mismatch.at.text_mut()) {
            *name = shortened(name);
        }
        let requirement = requirement.to_owned();
        if level == Level::May {
            let (requirement, what) = (Some(requirement), Remark::Mismatches(mismatches));
            self.observations.push(Observation { requirement, what });
        } else {
            self.findings.push(Finding { requirement, level, step: step.to_owned(), mismatches });
        }
    }

    /// Takes over what another judgement found.
    pub fn absorb(&mut self, other: Judgement) {
        self.findings.extend(other.findings);
        self.observations.extend(other.observations);
    }

    /// Whether a requirement of level must is broken.
    pub fn breaks_a_must(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Must)
    }
}

#[cfg(test)]
mod tests;
