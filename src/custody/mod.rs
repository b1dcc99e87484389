//! What a run does to a target, and undoes: accounts, passwords, hooks, and the files that remember them.
//!
//! There is one way of custody for run, fuzz, trials, doctor, replay and recover. Nothing here judges an answer.

#[cfg(feature = "cli")]
pub mod config;
pub(crate) mod names;
mod given_passwords;
pub(crate) mod reading;
pub(crate) mod effect;
pub mod state_folder;
pub mod lock;
pub mod journal;
mod failure;
pub(crate) mod hook;
mod target;
mod passwords;
pub(crate) mod made;
pub(crate) mod sight;
pub mod accounts;
pub(crate) mod absence;
pub(crate) mod recovery;
pub mod givens;

use std::sync::Arc;

pub use failure::InstanceError;
pub(crate) use failure::{Failure, Fate};
pub use hook::Hook;
use journal::Journal;
use passwords::AdminPasswords;
pub use target::{Controls, Hooks, Instance, Target};

/// Whether anyone needs the target after the run. The caller says so; it does not follow from anything else.
#[derive(Debug, Clone)]
pub enum Custody {
    /// The target ends with the run, and only the run has accounts on it: passwords need not outlive the run.
    Disposable,
    /// The target outlives the run, and others may have accounts on it: every password is kept in the journal before it
    /// is sent, and the admin's is set back at the end.
    Shared {
        /// Where passwords are kept.
        journal: Arc<Journal>,
    },
}

impl Custody {
    pub(crate) fn is_disposable(&self) -> bool {
        matches!(self, Custody::Disposable)
    }

    pub(crate) fn journal(&self) -> Option<&Arc<Journal>> {
        match self {
            Custody::Disposable => None,
            Custody::Shared { journal } => Some(journal),
        }
    }
}
