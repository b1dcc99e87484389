//! What answers must not tell: passwords, credentials, the inside of the server.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::bodies::text;
use super::witness::{GOOD, OTHER};
use super::writing::{granted, login, put, put_into_error, put_into_user, refused};
use super::{Fault, fault};
use crate::behaviour::Handled;
use crate::documented::basic;
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "envelope.no-secret-echoed.password-of-a-login",
        "envelope.no-secret-echoed",
        "the refusal of a login repeats the password",
        |b| {
            b.rewrites.push(|handled, answer| {
                let sent = handled.call.authorization.first().and_then(|value| basic::parse(value).ok());
                if let Some(sent) = sent.filter(|_| handled.outcome.is_err()) {
                    put_into_error(answer, "details", format!("{}:{} is wrong", sent.username, sent.password).into());
                }
            });
        },
        |w| drop(w.login("admin", "a wrong one")),
    ),
    fault(
        "envelope.no-secret-echoed.header-of-a-login",
        "envelope.no-secret-echoed",
        "the refusal of a login repeats the Authorization header",
        |b| {
            b.rewrites.push(|handled, answer| {
                let sent = handled.call.authorization.first().filter(|_| login(handled) && handled.outcome.is_err());
                if let Some(sent) = sent {
                    put_into_error(answer, "details", String::from_utf8_lossy(sent).into_owned().into());
                }
            });
        },
        |w| drop(w.login("admin", "a wrong one")),
    ),
    fault(
        "envelope.no-secret-echoed.as-entities",
        "envelope.no-secret-echoed",
        "the refusal of a login repeats the password, escaped for a page: every character is an entity",
        |b| {
            b.rewrites.push(|handled, answer| {
                if let Some(password) = refused_password(handled) {
                    let entities = password.chars().map(|c| format!("&#x{:x};", u32::from(c)));
                    put_into_error(answer, "details", entities.collect::<String>().into());
                }
            });
        },
        |w| drop(w.login("admin", "a wrong one")),
    ),
    fault(
        "envelope.no-secret-echoed.in-an-address",
        "envelope.no-secret-echoed",
        "the refusal of a login names the address of a form, with the password percent-encoded",
        |b| {
            b.rewrites.push(|handled, answer| {
                if let Some(password) = refused_password(handled) {
                    let bytes: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
                    let address = format!("/login?password={bytes}");
                    answer.headers.push(("location", address.into()));
                }
            });
        },
        |w| drop(w.login("admin", "a wrong one")),
    ),
    fault(
        "envelope.no-secret-echoed.in-base64",
        "envelope.no-secret-echoed",
        "the refusal of a login holds its session in base64, and that the password",
        |b| {
            b.rewrites.push(|handled, answer| {
                if let Some(password) = refused_password(handled) {
                    let session = json!({"user": "?", "password": password}).to_string();
                    put(answer, "session", URL_SAFE_NO_PAD.encode(session).into());
                }
            });
        },
        |w| drop(w.login("admin", "a wrong one")),
    ),
    fault(
        "envelope.no-secret-echoed.new-password",
        "envelope.no-secret-echoed",
        "the refusal of a new password repeats it",
        |b| {
            b.rewrites.push(|handled, answer| {
                let new = text(handled.call.body, "new_password").or(text(handled.call.body, "password"));
                if let Some(new) = new.filter(|_| handled.outcome.is_err()) {
                    put_into_error(answer, "details", format!("{new} breaks the rule").into());
                }
            });
        },
        |w| drop(w.first("longenough")),
    ),
    fault(
        "envelope.no-secret-echoed.in-a-header",
        "envelope.no-secret-echoed",
        "the credentials of a login come back in a header, for tracing",
        |b| {
            b.rewrites.push(|handled, answer| {
                if let Some(sent) = handled.call.authorization.first().filter(|_| login(handled)) {
                    let sent = STANDARD.encode(sent);
                    answer.headers.push(("x-trace", Cow::Owned(sent)));
                    let plain = String::from_utf8_lossy(handled.call.authorization[0]).into_owned();
                    answer.headers.push(("x-authorization", Cow::Owned(plain)));
                }
            });
        },
        |w| drop(w.login("admin", "a wrong one")),
    ),
    fault(
        "envelope.no-secret-echoed.part-of-a-new-password",
        "envelope.no-secret-echoed",
        "the refusal of a changed password repeats a part of it",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::WeakUpdatedPassword) {
                    let part: String =
                        text(handled.call.body, "password").unwrap_or_default().chars().take(4).collect();
                    put_into_error(answer, "value", format!("{part}…").into());
                }
            });
        },
        |w| w.update("longenough"),
    ),
    fault(
        "envelope.no-secret-echoed.masked-password",
        "envelope.no-secret-echoed",
        "the refusal of a login repeats the password with all but its first characters masked",
        |b| {
            b.rewrites.push(|handled, answer| {
                let sent = handled.call.authorization.first().and_then(|value| basic::parse(value).ok());
                if let Some(sent) = sent.filter(|_| login(handled) && handled.outcome.is_err()) {
                    let part: String = sent.password.chars().take(3).collect();
                    put(answer, "password", format!("{part}*****").into());
                }
            });
        },
        |w| drop(w.login("admin", "a wrong one")),
    ),
    fault(
        "envelope.no-trace.name-of-the-exception",
        "envelope.no-trace",
        "a body that is no JSON is answered with the exception of the parser beside the error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && refused(handled, Refusal::Malformed) {
                    put(answer, "exception", "JSONDecodeError: line 1 column 2".into());
                }
            });
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{"))),
    ),
    fault(
        "envelope.no-trace.of-malformed-json",
        "envelope.no-trace",
        "a body that is no JSON is answered with the trace of the parser",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::Malformed) {
                    let trace = "Traceback (most recent call last):\n  File \"app.py\", line 10, in login";
                    put_into_error(answer, "details", trace.into());
                }
            });
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{"))),
    ),
    fault(
        "envelope.no-trace.as-html",
        "envelope.no-trace",
        "a body that is not JSON is answered with the trace of the parser, laid out for a page",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::Malformed) {
                    let trace = "SyntaxError: Unexpected token<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)\
                                 <br> &nbsp; &nbsp;at parse (/app/node_modules/body-parser/lib/types/json.js:96:19)";
                    put_into_error(answer, "details", trace.into());
                }
            });
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{"))),
    ),
    fault(
        "envelope.no-trace.beside-the-error",
        "envelope.no-trace",
        "a body that is not JSON is answered with the trace of the JVM in a member of its own",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::Malformed) {
                    let trace =
                        "com.example.MalformedBodyException: line 1\r\n\tat com.example.Login.read(Login.java:96)";
                    put(answer, "trace", trace.into());
                }
            });
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{"))),
    ),
    fault(
        "envelope.no-password-shown.on-reading",
        "envelope.no-password-shown",
        "reading an account shows the hash of its password",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserShown) {
                    put_into_user(answer, "password_hash", "$2b$12$KIXQ1Zz".into());
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/admin", ""),
    ),
    fault(
        "envelope.no-password-shown.on-creation",
        "envelope.no-password-shown",
        "a creation is answered with the stored record, the hash of the password included",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserCreated) {
                    put_into_user(answer, "hash", "$2b$12$KIXQ1Zz".into());
                }
            });
        },
        |w| drop(w.anna()),
    ),
    fault(
        "envelope.no-password-shown.on-update",
        "envelope.no-password-shown",
        "an update is answered with the new password",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserUpdated) {
                    put_into_user(answer, "password", "********".into());
                }
            });
        },
        |w| w.update(OTHER),
    ),
];

/// The password of a login that was refused.
fn refused_password(handled: &Handled<'_>) -> Option<String> {
    let sent = handled.call.authorization.first()?;
    let refused = login(handled) && handled.outcome.is_err();
    basic::parse(sent).ok().filter(|_| refused).map(|sent| sent.password)
}
