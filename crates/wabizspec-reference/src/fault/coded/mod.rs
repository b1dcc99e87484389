//! The edits that no data can say, by the ids of their faults. A fault may have several.

mod answers;
mod bodies;
mod certificates;
mod lookups;
mod wire;

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::behaviour::body::text_of;
use crate::behaviour::{Behaviour, Beside, Reading, Rewrite};
use crate::call::Call;
use crate::documented::api::Operation;
use crate::documented::basic::{BasicError, Credentials};
use crate::documented::bodies::BodyError;
use crate::documented::certificate::CertificateError;

/// The id of a fault, and a function that it puts in the place of a documented one or adds to the others. The variants are
/// the functions of a [`Behaviour`].
#[derive(Clone, Copy)]
pub(super) enum Edit {
    Amend(&'static str, Operation, fn(&mut Map<String, Value>)),
    Body(&'static str, for<'c> fn(&Call<'c>) -> Result<Cow<'c, [u8]>, BodyError>),
    BodyElsewhere(&'static str, fn(&Beside<'_>) -> Option<Vec<u8>>),
    Certificate(&'static str, fn(&str) -> Result<String, CertificateError>),
    CodeMatches(&'static str, fn(&str, &str) -> bool),
    Credentials(&'static str, fn(&[u8]) -> Result<Credentials, BasicError>),
    Elsewhere(&'static str, fn(&Beside<'_>) -> Option<Vec<u8>>),
    ExpiresAfter(&'static str, fn(Timestamp) -> Value),
    FirstReading(&'static str, fn(&[u8]) -> Reading),
    Finds(&'static str, fn(&str, &str) -> bool),
    Kept(&'static str, fn(&str) -> Cow<'_, str>),
    Key(&'static str, fn(&str) -> Cow<'_, str>),
    PasswordMatches(&'static str, fn(&str, &str) -> bool),
    Reading(&'static str, fn(&[u8]) -> Reading),
    Reread(&'static str, fn(&Call<'_>) -> Option<String>),
    Rewrite(&'static str, Rewrite),
    Token(&'static str, fn(&[u8]) -> Option<&str>),
    TokenMatches(&'static str, fn(&str, &str) -> bool),
}

const ALL: [&[Edit]; 5] = [answers::EDITS, bodies::EDITS, certificates::EDITS, lookups::EDITS, wire::EDITS];

/// Plants an edit.
type Plant = Box<dyn FnOnce(&mut Behaviour)>;

/// All of them, each with its id.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Plant)> {
    ALL.into_iter().flatten().map(|edit| edit.parts())
}

impl Edit {
    fn parts(self) -> (&'static str, Plant) {
        match self {
            Edit::Amend(id, operation, amend) => (id, Box::new(move |b| b.amends.push((operation, amend)))),
            Edit::Body(id, body) => (id, Box::new(move |b| b.functions.body = body)),
            Edit::BodyElsewhere(id, elsewhere) => (id, Box::new(move |b| b.functions.body_elsewhere = Some(elsewhere))),
            Edit::Certificate(id, certificate) => (id, Box::new(move |b| b.functions.certificate = certificate)),
            Edit::CodeMatches(id, matches) => (id, Box::new(move |b| b.functions.code_matches = matches)),
            Edit::Credentials(id, credentials) => (id, Box::new(move |b| b.functions.credentials = credentials)),
            Edit::Elsewhere(id, elsewhere) => (id, Box::new(move |b| b.functions.elsewhere = Some(elsewhere))),
            Edit::ExpiresAfter(id, expires_after) => (id, Box::new(move |b| b.functions.expires_after = expires_after)),
            Edit::Finds(id, finds) => (id, Box::new(move |b| b.functions.finds = Some(finds))),
            Edit::FirstReading(id, reading) => (id, Box::new(move |b| b.functions.first_reading = Some(reading))),
            Edit::Kept(id, kept) => (id, Box::new(move |b| b.functions.kept = kept)),
            Edit::Key(id, key) => (id, Box::new(move |b| b.functions.key = key)),
            Edit::PasswordMatches(id, matches) => (id, Box::new(move |b| b.functions.password_matches = matches)),
            Edit::Reading(id, reading) => (id, Box::new(move |b| b.functions.reading = Some(reading))),
            Edit::Reread(id, reread) => (id, Box::new(move |b| b.functions.reread = Some(reread))),
            Edit::Rewrite(id, rewrite) => (id, Box::new(move |b| b.rewrites.push(rewrite))),
            Edit::Token(id, token) => (id, Box::new(move |b| b.functions.token = token)),
            Edit::TokenMatches(id, matches) => (id, Box::new(move |b| b.functions.token_matches = Some(matches))),
        }
    }
}

/// The password that a body sets.
fn as_sent(call: &Call<'_>) -> Option<String> {
    text_of(call.body, "new_password").or(text_of(call.body, "password"))
}

/// Without what one language or another takes for white space.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}

/// What bcrypt reads of a password behind a name: 72 bytes of both.
fn in_room(name: &str, password: &str) -> String {
    password.chars().take(72_usize.saturating_sub(name.len())).collect()
}
