//! The answer to a login, its body, and the spellings of one request (users/login; RFC 9110, RFC 9112).

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::bodies::text;
use super::witness::{GOOD, OTHER, Typed};
use super::writing::{as_success, granted, later, put, put_into_user, refused, user};
use super::{Fault, fault};
use crate::documented::bodies::{BodyError, LoginBody};
use crate::documented::errors::ErrorCode;
use crate::documented::token::{ExpiresAfter, LIFETIME};
use crate::reference::behaviour::{Mint, Reading, RefusedChange, Revokes};
use crate::reference::call::Call;
use crate::reference::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.answer.all-users",
        "login.answer.one-user",
        "the answer lists further users beside the one who logged in",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn)
                    && let Some(users) = answer.json_mut().and_then(|body| body["users"].as_array_mut())
                {
                    users.push(json!({"username": "admin"}));
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.object-for-a-list",
        "login.answer.one-user",
        "`users` is the user itself, not a list of one",
        |b| {
            b.rewrites.push(|handled, answer| {
                if later(handled) {
                    let user = user(answer).cloned().unwrap_or_default();
                    put(answer, "users", Value::Object(user));
                }
            });
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.answer.members-taken-over",
        "login.answer.one-user",
        "members of the request's body are merged into the answer",
        |b| {
            b.rewrites.push(|handled, answer| {
                let sent: Value = serde_json::from_slice(handled.call.body).unwrap_or_default();
                if granted(handled, Success::LoggedIn)
                    && let (Some(users), Some(sent)) = (
                        answer.json_mut().and_then(|body| body["users"].as_array_mut()),
                        sent["users"].as_array(),
                    )
                {
                    users.extend(sent.iter().cloned());
                }
            });
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"users":[{}]}"#))),
    ),
    fault(
        "login.answer.expiry-on-request",
        "login.answer.lifetime",
        "`expires_after` of the request's body is answered back",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn)
                    && let Some(wanted) = text(handled.call.body, "expires_after")
                {
                    put_into_user(answer, "expires_after", wanted.into());
                }
            });
        },
        |w| {
            drop((
                w.admin(),
                w.login_with("admin", GOOD, r#"{"expires_after":"2099-01-01 00:00:00+00:00"}"#),
            ))
        },
    ),
    fault(
        "login.answer.token-on-request",
        "login.answer.token",
        "`token` of the request's body is answered back",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn)
                    && let Some(wanted) = text(handled.call.body, "token")
                {
                    put_into_user(answer, "token", wanted.into());
                }
            });
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"token":"mine"}"#))),
    ),
    fault(
        "login.answer.token-with-a-line-end",
        "login.answer.token",
        "the token ends with a line end, as encoders of long texts put one",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn)
                    && let Some(user) = user(answer)
                    && let Some(token) = user.get("token").and_then(Value::as_str)
                {
                    let token = format!("{token}\n");
                    user.insert("token".to_owned(), token.into());
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.token-is-a-number",
        "login.answer.token",
        "the token is a number",
        |b| {
            b.rewrites.push(|handled, answer| {
                if later(handled) {
                    put_into_user(answer, "token", json!(5_230_166));
                }
            });
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.answer.access-token",
        "login.answer.token",
        "the token is called `access_token`, as OAuth has it",
        |b| {
            b.rewrites.push(|handled, answer| {
                if later(handled)
                    && let Some(user) = user(answer)
                    && let Some(token) = user.remove("token")
                {
                    user.insert("access_token".to_owned(), token);
                }
            });
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.answer.expiry-left-out",
        "login.answer.expires-after",
        "there is no `expires_after`",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn) {
                    user(answer).map(|user| user.remove("expires_after"));
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.expiry-with-t",
        "login.answer.expires-after",
        "`expires_after` has a T between date and time, as ISO 8601 has it",
        |b| b.tokens.expires_after = |moment| ExpiresAfter::new(moment).to_string().replace(' ', "T").into(),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.expiry-with-z",
        "login.answer.expires-after",
        "`expires_after` ends with Z instead of +00:00",
        |b| b.tokens.expires_after = |moment| ExpiresAfter::new(moment).to_string().replace("+00:00", "Z").into(),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.expiry-without-offset",
        "login.answer.expires-after",
        "`expires_after` has no offset",
        |b| b.tokens.expires_after = |moment| ExpiresAfter::new(moment).to_string().replace("+00:00", "").into(),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.expiry-offset-without-colon",
        "login.answer.expires-after",
        "the offset of `expires_after` has no colon",
        |b| b.tokens.expires_after = |moment| ExpiresAfter::new(moment).to_string().replace("+00:00", "+0000").into(),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.expiry-with-fraction",
        "login.answer.expires-after",
        "`expires_after` has a fraction of a second",
        |b| {
            b.tokens.expires_after = |moment| {
                ExpiresAfter::new(moment)
                    .to_string()
                    .replace("+00:00", ".000000+00:00")
                    .into()
            };
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.expiry-in-local-time",
        "login.answer.expires-after",
        "`expires_after` is right, but in local time with its offset",
        |b| {
            b.tokens.expires_after = |moment| {
                let local = TimeZone::fixed(jiff::tz::offset(7)).to_datetime(moment);
                local.strftime("%Y-%m-%d %H:%M:%S+07:00").to_string().into()
            };
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.expiry-in-seconds",
        "login.answer.expires-after",
        "`expires_after` is a number of seconds since 1970",
        |b| b.tokens.expires_after = |moment| moment.as_second().into(),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.local-time-as-utc",
        "login.answer.lifetime",
        "`expires_after` is local time with the offset of UTC",
        |b| {
            b.tokens.expires_after = |moment| {
                ExpiresAfter::new(moment + SignedDuration::from_hours(7))
                    .to_string()
                    .into()
            }
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.western-time-as-utc",
        "login.answer.lifetime",
        "`expires_after` is the local time of a place west of Greenwich with the offset of UTC",
        |b| {
            b.tokens.expires_after = |moment| {
                ExpiresAfter::new(moment - SignedDuration::from_hours(3))
                    .to_string()
                    .into()
            }
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.lifetime-of-a-day",
        "login.answer.lifetime",
        "a token is said to live a day",
        |b| b.tokens.stated_lifetime = SignedDuration::from_hours(24),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.lifetime-of-a-month",
        "login.answer.lifetime",
        "a token is said to live 30 days",
        |b| b.tokens.stated_lifetime = SignedDuration::from_hours(30 * 24),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.time-of-the-login",
        "login.answer.lifetime",
        "`expires_after` is the time of the login",
        |b| b.tokens.stated_lifetime = SignedDuration::ZERO,
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.lifetime-three-minutes-short",
        "login.answer.lifetime",
        "a token is said to live 7 days less three minutes",
        |b| b.tokens.stated_lifetime = LIFETIME - SignedDuration::from_mins(3),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.lifetime-three-minutes-long",
        "login.answer.lifetime",
        "a token is said to live 7 days and three minutes",
        |b| b.tokens.stated_lifetime = LIFETIME + SignedDuration::from_mins(3),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.minute-of-grace",
        "login.answer.lifetime-exact",
        "the stated lifetime has a minute of grace added",
        |b| b.tokens.stated_lifetime = LIFETIME + SignedDuration::from_mins(1),
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.minute-of-margin",
        "login.answer.lifetime-exact",
        "the stated lifetime has a minute taken off",
        |b| b.tokens.stated_lifetime = LIFETIME - SignedDuration::from_mins(1),
        |w| drop(w.admin()),
    ),
    fault(
        "login.token.shared",
        "login.token.own",
        "all logins of a user get the same token",
        |b| b.tokens.mint = Mint::Shared,
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.token.of-the-first-user",
        "login.token.own",
        "everybody gets the first token of all, the administrator's, from a cache of answers",
        |b| b.tokens.mint = Mint::OneForAll,
        |w| drop(w.anna()),
    ),
    fault(
        "login.token.one-at-a-time",
        "login.token.earlier-valid",
        "a login ends the tokens of everybody",
        |b| b.tokens.on_login = Revokes::All,
        |w| {
            let first = w.admin();
            w.login("admin", GOOD);
            w.bearer(&first, "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "login.token.answered-cut",
        "login.token.bearer",
        "the answer shows the token cut to 32 characters, which nobody accepts",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn)
                    && let Some(user) = user(answer)
                    && let Some(token) = user.get("token").and_then(Value::as_str)
                {
                    let token: String = token.chars().take(32).collect();
                    user.insert("token".to_owned(), token.into());
                }
            });
        },
        |w| drop(w.admin()),
    ),
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
                let sent = call
                    .authorization
                    .first()
                    .and_then(|value| crate::documented::basic::parse(value).ok())?;
                let new = text(call.body, "new_password")?;
                Some(if sent.password == new {
                    "unchanged".to_owned()
                } else {
                    new
                })
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
        |b| b.login.refused_change = RefusedChange::SetsTheNew,
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
                    put(
                        answer,
                        "users",
                        json!([{"token": "x", "expires_after": "1970-01-08 00:00:00+00:00"}]),
                    );
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
                if first {
                    Reading::Whole
                } else {
                    Reading::WithoutAuthorization
                }
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
    let sent = call
        .authorization
        .first()
        .and_then(|value| crate::documented::basic::parse(value).ok());
    sent.is_some_and(|sent| sent.username == "admin" && sent.password == "secret")
}

/// A header as it is written: its name, and all behind the colon.
fn field(head: &[u8], name: &str) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(head).into_owned();
    let mut lines = text.split("\r\n").filter_map(|line| line.split_once(':'));
    let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(name, value)| (name.to_owned(), value.to_owned()))
}
