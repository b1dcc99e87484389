//! The edits that no data can say, by the ids of their faults. A fault may have several.

mod answers;
mod bodies;
mod certificates;
mod lookups;
mod wire;

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

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

/// All of them.
pub(super) fn all() -> impl Iterator<Item = Edit> {
    ALL.into_iter().flatten().copied()
}

impl Edit {
    pub(super) fn id(self) -> &'static str {
        match self {
            Edit::Amend(id, ..)
            | Edit::Body(id, _)
            | Edit::BodyElsewhere(id, _)
            | Edit::Certificate(id, _)
            | Edit::CodeMatches(id, _)
            | Edit::Credentials(id, _)
            | Edit::Elsewhere(id, _)
            | Edit::ExpiresAfter(id, _)
            | Edit::Finds(id, _)
            | Edit::Kept(id, _)
            | Edit::Key(id, _)
            | Edit::PasswordMatches(id, _)
            | Edit::Reading(id, _)
            | Edit::Reread(id, _)
            | Edit::Rewrite(id, _)
            | Edit::Token(id, _)
            | Edit::TokenMatches(id, _) => id,
        }
    }

    pub(super) fn plant(self, behaviour: &mut Behaviour) {
        let functions = &mut behaviour.functions;
        match self {
            Edit::Amend(_, operation, amend) => behaviour.amends.push((operation, amend)),
            Edit::Body(_, body) => functions.body = body,
            Edit::BodyElsewhere(_, elsewhere) => functions.body_elsewhere = Some(elsewhere),
            Edit::Certificate(_, certificate) => functions.certificate = certificate,
            Edit::CodeMatches(_, matches) => functions.code_matches = matches,
            Edit::Credentials(_, credentials) => functions.credentials = credentials,
            Edit::Elsewhere(_, elsewhere) => functions.elsewhere = Some(elsewhere),
            Edit::ExpiresAfter(_, expires_after) => functions.expires_after = expires_after,
            Edit::Finds(_, finds) => functions.finds = Some(finds),
            Edit::Kept(_, kept) => functions.kept = kept,
            Edit::Key(_, key) => functions.key = key,
            Edit::PasswordMatches(_, matches) => functions.password_matches = matches,
            Edit::Reading(_, reading) => functions.reading = Some(reading),
            Edit::Reread(_, reread) => functions.reread = Some(reread),
            Edit::Rewrite(_, rewrite) => behaviour.rewrites.push(rewrite),
            Edit::Token(_, token) => functions.token = token,
            Edit::TokenMatches(_, matches) => functions.token_matches = Some(matches),
        }
    }
}

/// Without what one language or another takes for white space.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}
