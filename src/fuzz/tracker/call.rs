//! A call of a sequence, what must come of it, and what a success changes.

use crate::fuzz::grammar::RequestParts;

/// What must come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Success,
    Refusal,
    Open,
}

/// What a success changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// A token for the slot; and perhaps another password.
    Login {
        slot: usize,
        tried: String,
        new: Option<String>,
    },
    Created {
        slot: usize,
        password: String,
    },
    Updated {
        slot: usize,
        password: String,
    },
    Deleted {
        slot: usize,
    },
    LoggedOut {
        slot: usize,
        token: usize,
    },
}

/// A call and what must come of it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What is sent.
    pub shaped: RequestParts,
    pub(super) expected: Expected,
    pub(super) effect: Effect,
    pub(super) requirement: &'static str,
}

impl Planned {
    /// Whether a refusal would be a breach.
    pub fn must_succeed(&self) -> bool {
        self.expected == Expected::Success
    }
}
