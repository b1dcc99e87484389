//! The files of faults.

use serde::Deserialize;
use toml::Spanned;

use super::{Fault, coded};
use crate::behaviour::Behaviour;

macro_rules! embedded {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../faults/", $name)))),*]
    };
}

/// The files by name, in the order in which faults are listed.
pub(super) const EMBEDDED: &[(&str, &str)] = embedded! {
    "first-login.toml" "password-rule.toml" "passwords.toml" "credentials.toml" "refusals.toml" "login.toml"
    "login-answers.toml" "creation.toml" "names.toml" "users.toml" "deletion.toml" "tokens.toml" "sessions.toml"
    "account.toml" "certificates.toml" "verification.toml" "envelope.toml" "secrets.toml" "robustness.toml"
    "degenerate.toml" "corners-login.toml" "corners-tokens.toml" "corners-users.toml" "corners-account.toml"
    "corners-first-login.toml" "corners-sessions.toml" "corners-changes.toml" "corners-envelope.toml"
};

/// What is wrong with a file of faults, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {mistake}")]
pub struct FaultError {
    file: String,
    /// From 1.
    line: usize,
    mistake: Mistake,
}

#[derive(Debug, thiserror::Error)]
enum Mistake {
    #[error("{}", .0.message())]
    Toml(toml::de::Error),
    #[error("`{0}` is not among the coded edits")]
    NotCoded(String),
    #[error("`{0}` has neither an `edit` nor `coded = true`")]
    NoEdit(String),
    #[error("the edit of `{0}`: {1}")]
    Edit(String, serde_json::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<Spanned<Fault>>,
}

impl Fault {
    /// Reads a file of faults. Every edit is tried on the documented behaviour.
    ///
    /// # Errors
    ///
    /// When the file is not valid TOML, has an unknown name, or a fault has no edit.
    pub fn read(file: &str, text: &str) -> Result<Vec<Fault>, FaultError> {
        let error = |at: usize, mistake: Mistake| {
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            FaultError { file: file.to_owned(), line, mistake }
        };
        let read: File = toml::from_str(text)
            .map_err(|wrong| error(wrong.span().map_or(0, |span| span.start), Mistake::Toml(wrong)))?;
        let faults = read.fault.into_iter();
        faults
            .map(|fault| {
                fault
                    .get_ref()
                    .check()
                    .map_err(|mistake| error(fault.span().start, mistake))
                    .map(|()| fault.into_inner())
            })
            .collect()
    }

    fn check(&self) -> Result<(), Mistake> {
        let id = || self.id.clone();
        if self.coded && coded::all().all(|(id, _)| id != self.id) {
            return Err(Mistake::NotCoded(id()));
        }
        if !self.coded && self.edit.is_none() {
            return Err(Mistake::NoEdit(id()));
        }
        self.edited(&Behaviour::default()).map(drop).map_err(|wrong| Mistake::Edit(id(), wrong))
    }
}
