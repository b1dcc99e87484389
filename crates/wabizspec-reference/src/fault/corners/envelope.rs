//! Answers whose envelope is wrong in one place only (overview, errors).

use serde_json::json;

use super::super::writing::{as_success, granted, put, put_into_error, refused};
use super::{Fault, decoding, fault};
use crate::behaviour::Handled;
use crate::call::Answer;
use crate::documented::basic::BasicError;
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "envelope.challenge.form-to-log-in",
        "envelope.challenge",
        "who logs in without credentials is sent to a form, as browsers are, and not challenged",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::NoCredentials) {
                    to_a_form(answer);
                }
            });
        },
        |w| drop(w.login_as("", "{}")),
    ),
    fault(
        "envelope.challenge.form-for-a-token",
        "envelope.challenge",
        "who reads an account without a token is sent to a form, as browsers are, and not challenged",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::NoToken) && handled.call.method == "GET" {
                    to_a_form(answer);
                }
            });
        },
        |w| drop(w.send("GET", "/v1/users/admin", "", "")),
    ),
    fault(
        "envelope.no-payload-beside-errors.account-that-waits",
        "envelope.no-payload-beside-errors",
        "in the place of an error, the default password gets the account that waits for a new one",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::PasswordChangeRequired) {
                    as_success(answer, 200);
                    put(answer, "account", json!([{"username": "admin", "status": "password expired"}]));
                }
            });
        },
        |w| drop(w.login("admin", "secret")),
    ),
    fault(
        "envelope.no-secret-echoed.masked-header",
        "envelope.no-secret-echoed",
        "the refusal of another scheme repeats the Authorization header with all but its beginning masked",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                if let (Some(BasicError::OtherScheme(scheme)), Some(shown)) = (decoding(handled), beginning(handled)) {
                    put_into_error(answer, "authorization", format!("{scheme} {shown}***").into());
                }
            });
        },
        |w| drop(w.login_as("Bearer Wq7-something", "{}")),
    ),
    fault(
        "envelope.meta-present.empty-at-login",
        "envelope.meta-present",
        "the `meta` of a login is empty, as it is filled in by a layer that logins do not pass",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn) {
                    put(answer, "meta", json!({}));
                }
            });
        },
        |w| drop(w.admin()),
    ),
];

/// What sites with pages for people answer where credentials are missing.
fn to_a_form(answer: &mut Answer) {
    answer.status = 302;
    answer.headers.retain(|(name, _)| *name != "www-authenticate");
    answer.headers.push(("location", "/login".into()));
}

/// The first characters of what follows the scheme.
fn beginning<'h>(handled: &Handled<'h>) -> Option<&'h str> {
    let value = std::str::from_utf8(handled.call.authorization.first()?).ok()?;
    value.split(' ').nth(1)?.get(..3)
}
