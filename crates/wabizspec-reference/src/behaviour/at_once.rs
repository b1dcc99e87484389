//! What goes wrong between requests that come at the same time, as data.

use serde::{Deserialize, Serialize};

use super::when::When;

/// Two requests of a kind that are under way at the same time are both decided by what was there before either was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtOnce {
    /// Which requests. Each waits between check and act, for a moment, until another one is there.
    pub when: When,
    pub outcome: Outcome,
}

/// What is left of two such requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// What the last one did: all that was read is written back whole.
    OfTheLast,
    /// Nothing, whatever was answered.
    OfNone,
}
