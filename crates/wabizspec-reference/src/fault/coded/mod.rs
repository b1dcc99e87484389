//! The edits that no data can say, by the ids of their faults.

mod answers;
mod bodies;
mod certificates;
mod credentials;
mod names;
mod passwords;
mod tokens;
mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::behaviour::Behaviour;
use crate::documented::basic::{self, BasicError, Credentials};

/// The id of a fault, and what it does.
type Edit = (&'static str, fn(&mut Behaviour));

const ALL: [&[Edit]; 8] = [
    answers::EDITS,
    bodies::EDITS,
    certificates::EDITS,
    credentials::EDITS,
    names::EDITS,
    passwords::EDITS,
    tokens::EDITS,
    wire::EDITS,
];

/// The edit of a fault.
pub(super) fn find(id: &str) -> Option<fn(&mut Behaviour)> {
    ALL.into_iter().flatten().find(|(known, _)| *known == id).map(|(_, edit)| *edit)
}

/// The ids of all of them.
#[cfg(test)]
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    ALL.into_iter().flatten().map(|(id, _)| *id)
}

/// User name and password as they stand in a Basic field, with any character.
fn joined(value: &[u8]) -> Result<String, BasicError> {
    let encoded = value.strip_prefix(b"Basic ").ok_or(BasicError::NoScheme)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| BasicError::NoCredentials)?;
    String::from_utf8(bytes).map_err(|_| BasicError::NotUtf8 { at: 0 })
}

/// Credentials with control characters in them.
fn lenient(value: &[u8]) -> Result<Credentials, BasicError> {
    let joined = joined(value)?;
    let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
    Ok(Credentials::new(username, password))
}

/// Credentials from their base64 alone.
fn decoded(encoded: &[u8]) -> Result<Credentials, BasicError> {
    basic::parse(&[b"Basic ", encoded].concat())
}

/// Without what some language or other takes for white space.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}
