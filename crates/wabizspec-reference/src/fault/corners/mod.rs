//! Mistakes that show in one corner only: a special case, a single endpoint, a single way of writing something.
//!
//! Most let one kind of request through that must be refused. They keep a suite from resting on its common cases.

mod account;
mod changes;
mod envelope;
mod first_login;
mod login;
mod sessions;
mod tokens;
mod users;

use super::bodies::text;
use super::writing::{as_success, refused};
use super::{Fault, fault};
use crate::behaviour::Handled;
use crate::call::Answer;
use crate::documented::basic::{self, BasicError, Credentials};
use crate::outcome::Refusal;
use crate::route::Endpoint;

/// Lets refused requests through that meet a condition.
macro_rules! lets_through {
    (|$handled:ident| $condition:expr) => {
        |behaviour| {
            behaviour.rewrites.push(|$handled, answer| {
                if $condition {
                    super::let_through($handled, answer);
                }
            })
        }
    };
}
use lets_through;

pub(super) const FAULTS: [&[Fault]; 8] = [
    login::FAULTS,
    tokens::FAULTS,
    users::FAULTS,
    account::FAULTS,
    first_login::FAULTS,
    sessions::FAULTS,
    changes::FAULTS,
    envelope::FAULTS,
];

/// Answers a refused request as if it had been granted.
fn let_through(handled: &Handled<'_>, answer: &mut Answer) {
    if handled.outcome.is_err() {
        let status = match handled.endpoint {
            Endpoint::Users | Endpoint::Verify => 201,
            Endpoint::Account => 202,
            _ => 200,
        };
        as_success(answer, status);
    }
}

/// Method and endpoint, the name of a user left out.
fn is_at(handled: &Handled<'_>, method: &str, path: &str) -> bool {
    let at = match handled.endpoint {
        Endpoint::User(_) => "/v1/users/NAME",
        _ => handled.call.path,
    };
    at == path && handled.call.method == method
}

/// The credentials of a Basic field.
fn sent(handled: &Handled<'_>) -> Option<Credentials> {
    basic::parse(handled.call.authorization.first()?).ok()
}

/// What is wrong with the credentials of a login.
fn decoding(handled: &Handled<'_>) -> Option<BasicError> {
    let value = handled.call.authorization.first().filter(|_| super::writing::login(handled))?;
    basic::parse(value).err()
}

/// Whether a refused request brings Basic credentials where it needs a token.
fn brings_a_password(handled: &Handled<'_>) -> bool {
    refused(handled, Refusal::NoToken) && sent(handled).is_some()
}

/// Whether a refused request brings something else than Basic credentials where it needs a token.
fn brings_another_form(handled: &Handled<'_>) -> bool {
    refused(handled, Refusal::NoToken) && !handled.call.authorization.is_empty() && sent(handled).is_none()
}

/// Whether a refused request brings nothing where it needs a token.
fn brings_nothing(handled: &Handled<'_>) -> bool {
    refused(handled, Refusal::NoToken) && handled.call.authorization.is_empty()
}

/// The token of a request that was refused because nobody was given it.
fn unknown_token<'h>(handled: &Handled<'h>) -> Option<&'h str> {
    let value = handled.call.authorization.first().filter(|_| refused(handled, Refusal::UnknownToken))?;
    std::str::from_utf8(value).ok()?.split(' ').nth(1)
}

/// Whether a refused login is the default account's with the default password.
fn is_first_login(handled: &Handled<'_>) -> bool {
    super::writing::login(handled)
        && sent(handled).is_some_and(|sent| sent.username == "admin" && sent.password == "secret")
}

/// The new password of a request, under either of its names.
fn new_password(handled: &Handled<'_>) -> Option<String> {
    text(handled.call.body, "new_password").or(text(handled.call.body, "password"))
}
