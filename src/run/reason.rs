//! The reason for a verdict that does not follow from findings, as data.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::custody::Failure;
use crate::custody::reading::NotTheApi;
use crate::judge::facts::Broken;
use crate::plan::Skip;

/// Why a case was blocked, skipped, known or an error, or why a step was not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "facts", rename_all = "kebab-case")]
pub enum Reason {
    /// Known before the first request.
    Skipped(Skip),
    /// The run was stopped.
    Stopped,
    /// The limit of failed cases is reached.
    EnoughFailures,
    /// The target stopped answering.
    GivenUp(String),
    /// The target did not answer the first request.
    NoAnswer(Broken),
    /// The target answered the first requests, but is not ready.
    NotReady(String),
    /// Something else answers in its place.
    NotTheApi(NotTheApi),
    /// The time limit of the run has passed.
    OverTime {
        /// The limit.
        seconds: u64,
    },
    /// The limit of wrong logins is reached.
    OverBudget,
    /// The target throttles for too long.
    Throttled(String),
    /// The state that the case needs could not be reached.
    SetUp(String),
    /// A token of the harness does not outlive another login.
    TokenDied,
    /// The reset failed.
    NotReset(String),
    /// The run has no reset left.
    NoResetLeft,
    /// The target has no reset.
    NoReset,
    /// The target is no longer just installed.
    NotFresh {
        /// The case that changed the state.
        case: String,
        /// Why it could not be reset.
        why: Box<Reason>,
    },
    /// A request uses a name that is not bound.
    Unbound(String),
    /// The target cannot be reached.
    Unreachable(Broken),
    /// An answer has no text at the JSON Pointer of a capture.
    NothingToCapture {
        /// The name of the step.
        step: String,
        /// The JSON Pointer.
        at: String,
    },
    /// A request that may be refused was refused.
    Refused {
        /// The name of the step.
        step: String,
        /// The status of the answer.
        status: u16,
        /// Why it may be refused, as the scenario says.
        why: String,
    },
    /// A step was not answered.
    Unanswered {
        /// The name of the step.
        step: String,
    },
    /// After this answer the state of the target is unknown.
    Unsettled {
        /// The name of the step.
        step: String,
        /// The status of the answer.
        status: u16,
    },
    /// The snapshot cannot be read or written.
    Snapshot(String),
    /// The case fails as recorded in the owner's baseline.
    Known(Vec<Excuse>),
    /// A defect of ours.
    Defect(String),
    /// Text of a report that has no facts.
    #[serde(skip)]
    Told(String),
}

/// Why the owner accepts a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Excuse {
    pub reason: String,
    /// A link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// Custody fails while a state is reached.
impl From<Failure> for Reason {
    fn from(failure: Failure) -> Reason {
        Reason::SetUp(failure.to_string())
    }
}

impl Reason {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Reason::GivenUp(text)
            | Reason::NotReady(text)
            | Reason::Throttled(text)
            | Reason::SetUp(text)
            | Reason::NotReset(text)
            | Reason::Unbound(text)
            | Reason::Snapshot(text)
            | Reason::Defect(text)
            | Reason::Told(text) => vec![text],
            Reason::NoAnswer(broken) | Reason::Unreachable(broken) => vec![&mut broken.detail],
            Reason::NotFresh { case, why } => std::iter::once(case).chain(why.texts_mut()).collect(),
            Reason::NothingToCapture { step, at } => vec![step, at],
            Reason::Refused { step, why, .. } => vec![step, why],
            Reason::NotTheApi(NotTheApi::Redirect { to, .. }) => vec![to],
            Reason::Unanswered { step } | Reason::Unsettled { step, .. } => vec![step],
            Reason::Known(excuses) => excuses
                .iter_mut()
                .flat_map(|excuse| std::iter::once(&mut excuse.reason).chain(&mut excuse.issue))
                .collect(),
            Reason::Skipped(_)
            | Reason::NotTheApi(_)
            | Reason::Stopped
            | Reason::EnoughFailures
            | Reason::OverTime { .. }
            | Reason::OverBudget
            | Reason::TokenDied
            | Reason::NoResetLeft
            | Reason::NoReset => Vec::new(),
        }
    }
}
