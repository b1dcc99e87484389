//! The body of a login, later logins, and the spellings of one request (users/login; RFC 9110, RFC 9112).

use serde_json::{Value, json};

use super::bodies::text;
use super::witness::{GOOD, OTHER, Typed};
use super::writing::{as_success, granted, put, refused};
use super::{Fault, fault};
use crate::behaviour::{Reading, RefusedChange};
use crate::call::Call;
use crate::documented::bodies::{BodyError, LoginBody};
use crate::documented::errors::ErrorCode;
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.body.needed",
        "login.body.absent",
        "a login without a body is a bad request",
        |b| {
            b.login.body = |call| match call.body {
                b"" if call.content_type.is_none() => Err(BodyError::Malformed("no body".into())),
                _ => LoginBody::parse(call.body),
            };
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.body.member-needed",
        "login.body.empty-object",
        "a body has to hold `new_password`",
        |b| {
            b.login.body = |call| match call.body {
                b"{}" => Err(BodyError::Malformed("no new_password".into())),
                _ => LoginBody::parse(call.body),
            };
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{}"))),
    ),
    fault(
        "login.body.empty-json",
        "login.body.empty",
        "an empty body that is called JSON is malformed JSON",
        |b| {
            b.login.body = |call| match (call.body, call.content_type) {
                (b"", Some(_)) => Err(BodyError::Malformed("no body".into())),
                _ => LoginBody::parse(call.body),
            };
        },
        |w| {
            w.admin();
            w.typed = Typed::Always;
            w.login("admin", GOOD);
        },
    ),
    fault(
        "login.body.unknown-members-refused",
        "login.body.unknown-members",
        "members that are not known are refused",
        |b| {
            b.login.body = |call| {
                let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
                let known = |(name, _): (&String, &Value)| name == "new_password";
                match body.as_object() {
                    Some(members) if !members.iter().all(known) => Err(BodyError::Malformed("unknown".into())),
                    _ => LoginBody::parse(call.body),
                }
            };
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"foo":1}"#))),
    ),
    fault(
        "login.body.begins-with-a-brace",
        "login.body.whitespace",
        "a body has to begin with a brace and end with one",
        |b| {
            b.login.body = |call| match call.body {
                [b'{', .., b'}'] | b"" => LoginBody::parse(call.body),
                _ => Err(BodyError::Malformed("no object".into())),
            };
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, " {} "))),
    ),
    fault(
        "login.body.no-blank-inside",
        "login.body.whitespace",
        "blanks behind the opening brace or before the closing one are malformed",
        |b| {
            b.login.body = |call| match call.body.trim_ascii() {
                [b'{', b' ' | b'\t' | b'\n' | b'\r', ..] => Err(BodyError::Malformed("a blank".into())),
                _ => LoginBody::parse(call.body),
            };
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{ }"))),
    ),
    fault(
        "login.body.malformed-passed-over",
        "login.body.malformed",
        "a body that is no JSON is passed over",
        |b| b.login.body = |call| Ok(LoginBody::parse(call.body).unwrap_or_default()),
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{"))),
    ),
    fault(
        "login.body.malformed-parameter",
        "login.body.malformed",
        "a body that is no JSON is refused with the code of a bad parameter",
        |b| b.refusals[Refusal::Malformed].code = ErrorCode::ParameterInvalid,
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{"))),
    ),
    fault(
        "login.body.other-json-passed-over",
        "login.body.not-an-object",
        "a body that is JSON but no object is passed over",
        |b| {
            b.login.body = |call| match LoginBody::parse(call.body) {
                Err(BodyError::NotAnObject) => Ok(LoginBody::default()),
                read => read,
            };
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "[]"))),
    ),
    fault(
        "login.body.type-needed",
        "login.body.no-content-type",
        "a body that is not called JSON is refused",
        |b| {
            b.login.body = |call| match (call.body, call.content_type) {
                ([_, ..], None) => Err(BodyError::Malformed("not called JSON".into())),
                _ => LoginBody::parse(call.body),
            };
        },
        |w| {
            w.admin();
            w.typed = Typed::Never;
            w.login_with("admin", GOOD, "{}");
        },
    ),
    fault(
        "login.later.refused",
        "login.later.accepted",
        "`new_password` is refused after the first login",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn)
                    && text(handled.call.body, "new_password").is_some()
                    && !first_login(handled.call)
                {
                    answer.status = 400;
                }
            });
        },
        |w| drop((w.admin(), w.change("admin", GOOD, OTHER))),
    ),
    fault(
        "login.later.not-applied",
        "login.later.applied",
        "`new_password` is passed over after the first login",
        |b| b.login.later_change = false,
        |w| {
            w.admin();
            w.change("admin", GOOD, OTHER);
            w.login("admin", OTHER);
        },
    ),
    fault(
        "login.later.same-is-lost",
        "login.later.same-works",
        "the present password as the new one is stored as a mark that it did not change",
        |b| {
            b.passwords.reread = Some(|call| {
                let sent = call.authorization.first().and_then(|value| crate::documented::basic::parse(value).ok())?;
                let new = text(call.body, "new_password")?;
                Some(if sent.password == new { "unchanged".to_owned() } else { new })
            });
        },
        |w| {
            w.admin();
            w.change("admin", GOOD, GOOD);
            w.login("admin", GOOD);
        },
    ),
    fault(
        "login.later.rule-unasked",
        "login.later.rule",
        "the rule is asked at the first login only",
        |b| b.login.judges = |_, first| first,
        |w| {
            w.admin();
            w.change("admin", GOOD, "weak");
            w.login("admin", "weak");
        },
    ),
    fault(
        "login.later.set-before-judged",
        "login.later.rule",
        "a new password of a later login is set first and judged afterwards",
        |b| {
            b.login.refused_change = |first| match first {
                true => RefusedChange::ChangesNothing,
                false => RefusedChange::SetsTheNew,
            };
        },
        |w| {
            w.admin();
            w.change("admin", GOOD, "weak");
            w.login("admin", "weak");
        },
    ),
    fault(
        "login.later.weak-one-passed-over",
        "login.later.refused",
        "a weak new password of a later login is passed over, and the login accepted",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::WeakNewPassword) && !first_login(handled.call) {
                    as_success(answer, 200);
                    put(answer, "users", json!([{"token": "x", "expires_after": "1970-01-08 00:00:00+00:00"}]));
                }
            });
        },
        |w| drop((w.admin(), w.change("admin", GOOD, "weak"))),
    ),
    fault(
        "login.method.any",
        "login.method.no-token",
        "every method logs in",
        |b| b.login.any_method = true,
        |w| {
            w.admin();
            w.send("GET", "/v1/users/login", "Basic YWRtaW46U2VzYW1lOjEh", "");
        },
    ),
    fault(
        "login.method.read-as-a-user",
        "login.method.no-token",
        "reading the login path reads an account called `login`",
        |b| {
            b.rewrites.push(|handled, answer| {
                if handled.call.method == "GET" && refused(handled, Refusal::WrongMethod) {
                    as_success(answer, 200);
                    put(answer, "users", json!([{"username": "login"}]));
                }
            });
        },
        |w| drop(w.send("GET", "/v1/users/login", "", "")),
    ),
    fault(
        "login.http.header-name-to-the-letter",
        "login.http.header-name-case",
        "the header is known as `Authorization` only",
        |b| {
            b.reading = Some(|head| match field(head, "authorization") {
                Some((name, _)) if name != "Authorization" => Reading::WithoutAuthorization,
                _ => Reading::Whole,
            });
        },
        |w| w.head("POST / HTTP/1.1\r\nauthorization: Basic x\r\n\r\n"),
    ),
    fault(
        "login.http.exactly-one-blank",
        "login.http.blanks-around-values",
        "exactly one blank is expected between a header's colon and its value, and none behind it",
        |b| {
            b.reading = Some(|head| match field(head, "authorization") {
                Some((_, value)) if value.strip_prefix(' ') != Some(value.trim()) => Reading::WithoutAuthorization,
                _ => Reading::Whole,
            });
        },
        |w| w.head("POST / HTTP/1.1\r\nAuthorization:Basic x\r\n\r\n"),
    ),
    fault(
        "login.http.host-comes-first",
        "login.http.header-order",
        "a request is understood only where `Host` is its first header",
        |b| {
            b.reading = Some(|head| {
                let text = String::from_utf8_lossy(head).to_ascii_lowercase();
                let first = text.lines().nth(1).is_some_and(|line| line.starts_with("host:"));
                if first { Reading::Whole } else { Reading::WithoutAuthorization }
            });
        },
        |w| w.head("POST / HTTP/1.1\r\nContent-Length: 0\r\nHost: x\r\n\r\n"),
    ),
    fault(
        "login.http.chunks-refused",
        "login.http.chunked",
        "the connection is closed on a body in chunks",
        |b| {
            b.reading = Some(|head| match field(head, "transfer-encoding") {
                Some(_) => Reading::Refused,
                None => Reading::Whole,
            });
        },
        |w| w.head("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ),
    fault(
        "login.http.closed-too-soon",
        "login.http.connection-close",
        "a request that asks to close the connection is not authenticated any more",
        |b| {
            b.reading = Some(|head| match field(head, "connection") {
                Some((_, value)) if value.trim() == "close" => Reading::WithoutAuthorization,
                _ => Reading::Whole,
            });
        },
        |w| w.head("POST / HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ),
];

/// Whether a request is a first login: it brings the default password.
fn first_login(call: &Call<'_>) -> bool {
    let sent = call.authorization.first().and_then(|value| crate::documented::basic::parse(value).ok());
    sent.is_some_and(|sent| sent.username == "admin" && sent.password == "secret")
}

/// A header as it is written: its name, and all behind the colon.
fn field(head: &[u8], name: &str) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(head).into_owned();
    let mut lines = text.split("\r\n").filter_map(|line| line.split_once(':'));
    let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(name, value)| (name.to_owned(), value.to_owned()))
}
