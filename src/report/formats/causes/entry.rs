//! A cause as the JSON reports have it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Cause, Key};
use crate::requirement::Level;
use crate::words;

/// Findings that show one deviation under one condition.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cause")]
pub(in super::super) struct CauseEntry<'v> {
    /// The operations that show it, in words.
    operation: String,
    /// Under which condition, in words.
    condition: &'static str,
    /// In words.
    expected: String,
    /// In words.
    observed: String,
    /// The highest of its findings.
    level: Level,
    /// How many cases it begins: no other cause shows in them earlier.
    first_in: usize,
    /// How many cases show it.
    cases: usize,
    requirements: BTreeSet<&'v str>,
    /// The case that explains most.
    example: &'v str,
}

impl<'v> Cause<'v> {
    pub fn entry(&self) -> CauseEntry<'v> {
        let Key { condition, at, expected, observed, .. } = &self.key;
        CauseEntry {
            operation: self.operations(),
            condition: condition.map_or("any", words::condition),
            expected: expected.clone(),
            observed: format!("{at}: {observed}"),
            level: self.level,
            first_in: self.first_in,
            cases: self.cases.len(),
            requirements: self.requirements.clone(),
            example: &self.example.0.id,
        }
    }
}
