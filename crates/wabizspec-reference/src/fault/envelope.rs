//! What holds of every answer: its frame and its headers (overview, errors; RFC 9110).

use std::borrow::Cow;

use serde_json::{Value, json};

use super::witness::GOOD;
use super::writing::{as_success, crash, granted, login, members, page, put, put_into_error, refused, rewritten};
use super::{Fault, fault};
use crate::call::AnswerBody;
use crate::documented::errors::ErrorCode;
use crate::outcome::{Refusal, Success};
use crate::route::Endpoint;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "envelope.answered.dropped-after-a-refusal",
        "envelope.answered",
        "the connection is closed without an answer where a login has no credentials",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && refused(handled, Refusal::NoCredentials) {
                    answer.delivery.dropped = true;
                }
            });
        },
        |w| drop(w.login_as("", "")),
    ),
    fault(
        "envelope.one-answer.debug-output",
        "envelope.one-answer",
        "debug output of the login ends up on the connection, behind the answer",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) {
                    answer.delivery.surplus = "login handled\n";
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.one-answer.answered-twice",
        "envelope.one-answer",
        "a refused login is answered twice: by the check and by the handler behind it",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && refused(handled, Refusal::NoCredentials) {
                    answer.delivery.surplus = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
                }
            });
        },
        |w| drop(w.login_as("", "")),
    ),
    fault(
        "envelope.no-crash.on-an-unknown-account",
        "envelope.no-crash",
        "an account that is not there is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::UnknownUser) || refused(handled, Refusal::UnknownPath) {
                    crash(answer);
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/nobody", ""),
    ),
    fault(
        "envelope.no-crash.on-every-header",
        "envelope.no-crash",
        "a login with an empty object as its body is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn) && handled.call.body == b"{}" {
                    crash(answer);
                }
            });
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{}"))),
    ),
    fault(
        "envelope.json.list",
        "envelope.json",
        "a success is a list, not an object",
        |b| {
            b.rewrites.push(|handled, answer| {
                if handled.outcome.is_ok()
                    && let Some(users) = answer.json().and_then(|body| body.get("users")).cloned()
                {
                    answer.body = AnswerBody::Json(users);
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.json.error-in-words",
        "envelope.json",
        "an error is answered in words",
        |b| {
            b.rewrites.push(|handled, answer| {
                if handled.outcome.is_err() {
                    answer.body = AnswerBody::Bytes(b"Unauthorized".to_vec());
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.json.behind-a-guard",
        "envelope.json",
        "bodies begin with a guard against being read by other sites: `)]}',`",
        |b| b.rewrites.push(|_, answer| rewritten(answer, |body| format!(")]}}',\n{body}"))),
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.content-type.text",
        "envelope.content-type",
        "answers are labelled as text",
        |b| b.rewrites.push(|_, answer| label(answer, Some("text/plain; charset=utf-8"))),
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.content-type.left-out",
        "envelope.content-type",
        "answers are not labelled",
        |b| b.rewrites.push(|_, answer| label(answer, None)),
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.unique-members.meta-twice",
        "envelope.unique-members",
        "`meta` stands twice, written by two layers",
        |b| {
            b.rewrites.push(|_, answer| rewritten(answer, |body| body.replacen('{', "{\"meta\":{},", 1)));
        },
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.error-shape.object-for-a-list",
        "envelope.error-shape",
        "`errors` is an object, not a list",
        |b| {
            b.rewrites.push(|_, answer| {
                if let Some(error) = super::writing::error(answer).cloned() {
                    put(answer, "errors", Value::Object(error));
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.error-shape.empty-list",
        "envelope.error-shape",
        "`errors` is empty",
        |b| {
            b.rewrites.push(|handled, answer| {
                if handled.outcome.is_err() {
                    put(answer, "errors", json!([]));
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.error-shape.singular",
        "envelope.error-shape",
        "the member is called `error`",
        |b| {
            b.rewrites.push(|_, answer| {
                if let Some(error) = super::writing::error(answer).cloned() {
                    put(answer, "error", Value::Object(error));
                    members(answer).map(|members| members.remove("errors"));
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.error-shape.code-as-text",
        "envelope.error-shape",
        "codes are texts",
        |b| {
            b.rewrites.push(|_, answer| {
                if let Some(code) = super::writing::error(answer).and_then(|error| error.get("code")).cloned() {
                    put_into_error(answer, "code", code.to_string().into());
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.error-shape.code-with-a-fraction",
        "envelope.error-shape",
        "codes are written as decimal fractions",
        |b| {
            b.rewrites.push(|_, answer| {
                if let Some(code) = super::writing::error(answer).and_then(|error| error["code"].as_f64()) {
                    put_into_error(answer, "code", json!(code + 0.5));
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.error-shape.without-title",
        "envelope.error-shape",
        "errors have no title",
        |b| {
            b.rewrites.push(|_, answer| {
                super::writing::error(answer).map(|error| error.remove("title"));
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.error-shape.details-as-object",
        "envelope.error-shape",
        "the details of an error are an object",
        |b| {
            b.rewrites.push(|_, answer| put_into_error(answer, "details", json!({"reason": "see the log"})));
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.error-shape.null-href",
        "envelope.error-shape",
        "errors carry an empty reference: `href` is null",
        |b| b.rewrites.push(|_, answer| put_into_error(answer, "href", Value::Null)),
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.errors-only-on-errors.empty-list",
        "envelope.errors-only-on-errors",
        "a success carries an empty list of errors",
        |b| {
            b.rewrites.push(|handled, answer| {
                if handled.outcome.is_ok() {
                    put(answer, "errors", json!([]));
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.errors-only-on-errors.null",
        "envelope.errors-only-on-errors",
        "a success carries `errors` as null",
        |b| {
            b.rewrites.push(|handled, answer| {
                if handled.outcome.is_ok() {
                    put(answer, "errors", Value::Null);
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.no-payload-beside-errors.empty-list",
        "envelope.no-payload-beside-errors",
        "an error carries an empty list of users",
        |b| {
            b.rewrites.push(|handled, answer| {
                if handled.outcome.is_err() {
                    put(answer, "users", json!([]));
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.no-payload-beside-errors.token",
        "envelope.no-payload-beside-errors",
        "a refused login carries a token that does not work",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && handled.outcome.is_err() {
                    put(answer, "users", json!([{"token": null, "expires_after": null}]));
                }
            });
        },
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.meta-present.left-out",
        "envelope.meta-present",
        "answers carry no `meta`, as in the examples of the reference pages",
        |b| b.dialect.meta = false,
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.meta-shape.status-of-its-own",
        "envelope.meta-shape",
        "`api_status` is `beta`",
        |b| b.rewrites.push(|_, answer| put(answer, "meta", json!({"version": "v2.53.1", "api_status": "beta"}))),
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.meta-shape.version-as-number",
        "envelope.meta-shape",
        "`version` is a number",
        |b| b.rewrites.push(|_, answer| put(answer, "meta", json!({"version": 2.53, "api_status": "stable"}))),
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.meta-shape.without-version",
        "envelope.meta-shape",
        "`meta` has no version",
        |b| b.rewrites.push(|_, answer| put(answer, "meta", json!({"api_status": "stable"}))),
        |w| drop(w.admin()),
    ),
    fault(
        "envelope.challenge.left-out",
        "envelope.challenge",
        "a 401 carries no challenge",
        |b| b.rewrites.push(|_, answer| answer.headers.retain(|(name, _)| *name != "www-authenticate")),
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "envelope.allow.left-out",
        "envelope.allow",
        "a 405 does not say which methods are allowed",
        |b| b.rewrites.push(|_, answer| answer.headers.retain(|(name, _)| *name != "allow")),
        |w| drop(w.send("GET", "/v1/users/login", "", "")),
    ),
    fault(
        "envelope.unknown-path.of-another-code",
        "envelope.unknown-path",
        "an unknown path is refused with the code of a bad request",
        |b| b.refusals[Refusal::UnknownPath].code = ErrorCode::RequestInvalid,
        |w| drop(w.send("GET", "/v1/unknown", "", "")),
    ),
    fault(
        "envelope.unknown-path.bad-request",
        "envelope.unknown-path",
        "an unknown path is a bad request",
        |b| b.refusals[Refusal::UnknownPath].status = 400,
        |w| drop(w.send("GET", "/v1/unknown", "", "")),
    ),
    fault(
        "envelope.unknown-path.start-page",
        "envelope.unknown-path-refused",
        "an unknown path gives the start page",
        |b| {
            b.rewrites.push(|handled, answer| {
                if *handled.endpoint == Endpoint::Unknown {
                    page(answer, 200, "<!doctype html><title>Welcome</title>");
                }
            });
        },
        |w| drop(w.send("GET", "/v1/unknown", "", "")),
    ),
    fault(
        "envelope.unknown-path.empty-success",
        "envelope.unknown-path-refused",
        "an unknown path is answered 200 with nothing in it",
        |b| {
            b.rewrites.push(|handled, answer| {
                if *handled.endpoint == Endpoint::Unknown {
                    as_success(answer, 200);
                }
            });
        },
        |w| drop(w.send("GET", "/v1/unknown", "", "")),
    ),
];

fn label(answer: &mut crate::call::Answer, content_type: Option<&'static str>) {
    answer.headers.retain(|(name, _)| *name != "content-type");
    let labelled = content_type.map(|value| ("content-type", Cow::Borrowed(value)));
    answer.headers.extend(labelled);
}
