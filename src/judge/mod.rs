//! From an exchange to findings: expectations of scenarios, oracles of every exchange, verdicts.
//!
//! Judging is pure: the same exchange and bindings give the same findings. Nothing here connects, waits or reads a
//! clock. A nonconformance is a [`Finding`], never an `Err`; what the documents leave open is an [`Observation`].

mod expectation;
mod oracle;
mod placeholder;
mod verdict;

pub use expectation::{Check, Expectation, Pattern, StatusSet};
pub use oracle::Oracles;
pub(crate) use oracle::echoed;
pub use placeholder::Placeholder;
pub use verdict::{RequirementVerdict, Verdict, requirement_verdict};

use serde::{Deserialize, Serialize};

pub(crate) use crate::exchange::shortened;
use crate::requirement::Level;

/// One difference between what must hold and what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mismatch {
    /// Where: `status`, `header NAME`, `body`, or a JSON Pointer into the body.
    pub at: String,
    /// What must stand there, in words.
    pub expected: String,
    /// What stands there.
    pub observed: String,
}

/// A requirement that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl Finding {
    /// All that was expected, in one line.
    pub fn expected(&self) -> String {
        self.joined(|mismatch| &mismatch.expected)
    }

    /// All that came instead, in one line.
    pub fn observed(&self) -> String {
        self.joined(|mismatch| &mismatch.observed)
    }

    fn joined<'f>(&'f self, side: impl Fn(&'f Mismatch) -> &'f str) -> String {
        let lines: Vec<String> =
            self.mismatches.iter().map(|mismatch| format!("{}: {}", mismatch.at, side(mismatch))).collect();
        lines.join("; ")
    }
}

/// Something worth knowing that no document forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The requirement of level may that it belongs to, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// What was seen.
    pub what: String,
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
    pub fn file(&mut self, requirement: &str, level: Level, step: &str, mismatches: Vec<Mismatch>) {
        if mismatches.is_empty() {
            return;
        }
        // A pointer is made of names that the target chose.
        let named = |mismatch: Mismatch| Mismatch { at: shortened(&mismatch.at), ..mismatch };
        let mismatches = mismatches.into_iter().map(named).collect();
        let finding = Finding { requirement: requirement.to_owned(), level, step: step.to_owned(), mismatches };
        if level == Level::May {
            self.observations.push(Observation {
                requirement: Some(finding.requirement.clone()),
                what: format!("{} (expected {})", finding.observed(), finding.expected()),
            });
        } else {
            self.findings.push(finding);
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
