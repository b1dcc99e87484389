//! Why a case has the verdict that it has where no finding says so, as data.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::custody::Undone;
use crate::exchange::Redaction;
use crate::judge::facts::Broken;
use crate::plan::Skip;

/// Why a case was blocked, skipped, known or an error, or why a step was not asked. Texts in it are values or what
/// another part of the program says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "facts", rename_all = "kebab-case")]
pub enum Cause {
    /// It was not to be tried.
    Skipped(Skip),
    /// The run was told to stop.
    Stopped,
    /// As many cases failed as the owner allows.
    EnoughFailures,
    /// The target has been given up.
    GivenUp(String),
    /// The target answers nothing, from the beginning.
    NoAnswer(Broken),
    /// The run has taken all its time.
    OverTime {
        /// How many seconds that were.
        seconds: u64,
    },
    /// As many wrong logins were sent as the target may be sent.
    OverBudget,
    /// The target throttles beyond patience.
    Throttled(String),
    /// The state that the case needs could not be reached.
    SetUp(String),
    /// The target was not brought back to just installed.
    NotReset(String),
    /// The run has no reset left.
    NoResetLeft,
    /// The target has no reset.
    NoReset,
    /// The target is not just installed any more.
    NotFresh {
        /// The case that was accepted or not answered.
        case: String,
        /// Why it could not be reset.
        why: Box<Cause>,
    },
    /// A request names what nothing is bound to.
    Unbound(String),
    /// The target cannot be reached.
    Unreachable(Broken),
    /// An answer lacks the text that later steps need.
    NothingToCapture {
        /// The step that was answered.
        step: String,
        /// The JSON Pointer.
        at: String,
    },
    /// A request that may be refused was.
    Refused {
        /// The step.
        step: String,
        /// The status of the answer.
        status: u16,
        /// What the scenario says of it.
        why: String,
    },
    /// A step was not answered.
    Unanswered {
        /// The step.
        step: String,
    },
    /// A step was answered so that nobody knows what it left behind.
    Unsettled {
        /// The step.
        step: String,
        /// The status of the answer.
        status: u16,
    },
    /// The snapshot cannot be read or written.
    Snapshot(String),
    /// The case fails as the owner's baseline says.
    Known(Vec<Excuse>),
    /// A defect of ours.
    Defect(String),
    /// In words, as a report has it that holds nothing else.
    #[serde(skip)]
    Told(String),
}

/// Why the owner puts up with a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excuse {
    /// In the owner's words.
    pub reason: String,
    /// Where it is being dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The last day on which it is put up with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// What custody has to say is said while a state is reached.
impl From<String> for Cause {
    fn from(why: String) -> Cause {
        Cause::SetUp(why)
    }
}

impl From<Undone> for Cause {
    fn from(undone: Undone) -> Cause {
        Cause::SetUp(undone.why)
    }
}

impl Cause {
    /// The same without secrets.
    pub fn redacted(mut self, secrets: &Redaction) -> Cause {
        self.texts_mut().into_iter().for_each(|text| *text = secrets.apply(text));
        self
    }

    /// Every text in it.
    pub fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Cause::GivenUp(text)
            | Cause::Throttled(text)
            | Cause::SetUp(text)
            | Cause::NotReset(text)
            | Cause::Unbound(text)
            | Cause::Snapshot(text)
            | Cause::Defect(text)
            | Cause::Told(text) => vec![text],
            Cause::NoAnswer(broken) | Cause::Unreachable(broken) => vec![&mut broken.detail],
            Cause::NotFresh { case, why } => std::iter::once(case).chain(why.texts_mut()).collect(),
            Cause::NothingToCapture { step, at } => vec![step, at],
            Cause::Refused { step, why, .. } => vec![step, why],
            Cause::Unanswered { step } | Cause::Unsettled { step, .. } => vec![step],
            Cause::Known(excuses) => excuses
                .iter_mut()
                .flat_map(|excuse| [Some(&mut excuse.reason), excuse.issue.as_mut()])
                .flatten()
                .collect(),
            Cause::Skipped(_)
            | Cause::Stopped
            | Cause::EnoughFailures
            | Cause::OverTime { .. }
            | Cause::OverBudget
            | Cause::NoResetLeft
            | Cause::NoReset => Vec::new(),
        }
    }
}
