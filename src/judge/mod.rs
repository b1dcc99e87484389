//! From an exchange to findings: expectations of scenarios, oracles of every exchange, verdicts.
//!
//! Judging is pure: the same exchange and bindings give the same findings. Nothing here connects, waits or reads a
//! clock. A nonconformance is a [`Finding`], never an `Err`; what the documents leave open is an [`Observation`].

mod placeholder;
mod status;
pub(crate) mod facts;
mod expectation;
mod copies;
mod oracle;
mod verdict;

pub use copies::Copied;
pub(crate) use copies::copy_name;
pub use expectation::{Check, Expectation, Granted};
pub use facts::Pattern;
pub(crate) use oracle::{LOGIN_TOKEN, OPERATIONS, REFUSALS};
pub use oracle::{Oracles, echoed};
pub(crate) use placeholder::Placeholder;
pub use status::StatusSet;
pub use verdict::Verdict;
pub(crate) use verdict::{RequirementVerdict, requirement_verdict};

use crate::exchange::shortened;
use crate::requirement::Level;
use facts::{About, Expected, Observed, Place};

/// One difference between what must hold and what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub(crate) at: Place,
    pub(crate) expected: Expected,
    pub(crate) observed: Observed,
}

/// A requirement that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Deserialize))]
pub struct Finding {
    /// The requirement's id.
    pub requirement: String,
    /// Its level: `should` or `must`.
    pub level: Level,
    /// The step of the case, by name.
    pub step: String,
    /// Every way in which the answer breaks it; at least one.
    pub mismatches: Vec<Mismatch>,
    /// What was asked; absent for what is not about one request.
    pub(crate) about: Option<About>,
}

impl Finding {
    pub(crate) fn new(requirement: &str, level: Level, step: &str, mismatches: Vec<Mismatch>) -> Finding {
        Finding { requirement: requirement.to_owned(), level, step: step.to_owned(), mismatches, about: None }
    }
}

/// Something notable that no document forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The requirement of level may that it belongs to, if any.
    pub requirement: Option<String>,
    /// What was seen.
    pub what: Remark,
}

/// What an observation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "cli", serde(tag = "kind", content = "mismatches", rename_all = "kebab-case"))]
pub enum Remark {
    /// The answer differs from a requirement of level may.
    Mismatches(Vec<Mismatch>),
    /// A finding that did not appear again when its case was repeated alone.
    Flaky(Vec<Mismatch>),
    /// An error object outside of `errors`.
    BareError,
    /// Words of a report that has nothing else.
    #[cfg_attr(feature = "cli", serde(skip))]
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
    /// Adds the mismatches as a finding, or as an observation where the level is may.
    pub(crate) fn file(&mut self, requirement: &str, level: Level, step: &str, mut mismatches: Vec<Mismatch>) {
        if mismatches.is_empty() {
            return;
        }
        // The target chose the names in a pointer.
        for name in mismatches.iter_mut().filter_map(|mismatch| mismatch.at.text_mut()) {
            *name = shortened(name);
        }
        if level == Level::May {
            let (requirement, what) = (Some(requirement.to_owned()), Remark::Mismatches(mismatches));
            self.observations.push(Observation { requirement, what });
        } else {
            self.findings.push(Finding::new(requirement, level, step, mismatches));
        }
    }

    /// Adds what another judgement found.
    pub fn absorb(&mut self, other: Judgement) {
        self.findings.extend(other.findings);
        self.observations.extend(other.observations);
    }

    /// Keeps one of those that are equal: copies of a request mostly get equal answers.
    pub(crate) fn keep_one_of_equals(&mut self) {
        fn once<T: PartialEq>(all: &mut Vec<T>) {
            let repeats = |all: &[T], at: usize| all[..at].contains(&all[at]);
            (0..all.len()).rev().for_each(|at| {
                if repeats(all, at) {
                    all.remove(at);
                }
            });
        }
        once(&mut self.findings);
        once(&mut self.observations);
    }

    pub(crate) fn is_about(&mut self, about: About) {
        self.findings.iter_mut().for_each(|finding| finding.about = Some(about));
    }

    pub(crate) fn breaks_a_must(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Must)
    }
}

#[cfg(test)]
pub(crate) mod tests;
