//! The files of faults.

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::{Fault, Kind, Origin, coded, edited};
use crate::behaviour::Behaviour;
use crate::model::Registration;

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

/// What is wrong with a file of faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct FaultError {
    /// Its name.
    pub file: String,
    /// Where, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<Spanned<Row>>,
}

/// A fault as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    requirement: String,
    #[serde(default)]
    registration: Registration,
    #[serde(default)]
    kind: Kind,
    description: String,
    /// What differs from the documented [`Behaviour`].
    edit: Option<Value>,
    /// The edit, or a part of it, is a function in `coded`.
    #[serde(default)]
    coded: bool,
}

impl Fault {
    /// Reads a file of faults. Every edit is tried on the documented behaviour.
    ///
    /// # Errors
    ///
    /// When the file is not valid TOML, names something that is not known, or a fault has no edit.
    pub fn read(file: &str, text: &str) -> Result<Vec<Fault>, FaultError> {
        let error = |at: usize, what: String| {
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            FaultError { file: file.to_owned(), line, what }
        };
        let read: File = toml::from_str(text).map_err(|wrong| {
            let at = wrong.span().map_or(0, |span| span.start);
            error(at, wrong.message().to_owned())
        })?;
        let rows = read.fault.into_iter();
        rows.map(|row| {
            let at = row.span().start;
            Fault::of(row.into_inner()).map_err(|what| error(at, what))
        })
        .collect()
    }

    fn of(row: Row) -> Result<Fault, String> {
        let Row { id, requirement, registration, kind, description, edit, coded } = row;
        let coded = match (coded, &edit) {
            (true, _) => Some(coded::find(&id).ok_or(format!("`{id}` is not among the coded edits"))?),
            (false, None) => return Err(format!("`{id}` has neither an `edit` nor `coded = true`")),
            (false, Some(_)) => None,
        };
        let edit = edit.unwrap_or(Value::Object(Default::default()));
        edited(&Behaviour::default(), &edit).map_err(|wrong| format!("the edit of `{id}`: {wrong}"))?;
        Ok(Fault { id, requirement, registration, kind, description, origin: Origin::Planted, edit, coded })
    }
}
