//! The answer to a login: its user, token and expiry (users/login, Returned fields).

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::bodies::text;
use super::witness::GOOD;
use super::writing::{granted, later, put, put_into_user, user};
use super::{Fault, fault};
use crate::behaviour::{Mint, Revokes};
use crate::documented::token::{ExpiresAfter, LIFETIME};
use crate::outcome::Success;

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
                    && let (Some(users), Some(sent)) =
                        (answer.json_mut().and_then(|body| body["users"].as_array_mut()), sent["users"].as_array())
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
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"expires_after":"2099-01-01 00:00:00+00:00"}"#))),
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
        "login.answer.token-with-a-blank",
        "login.answer.token",
        "the token ends with a blank, as templates leave one",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn)
                    && let Some(user) = user(answer)
                    && let Some(token) = user.get("token").and_then(Value::as_str)
                {
                    let token = format!("{token} ");
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
            b.tokens.expires_after =
                |moment| ExpiresAfter::new(moment).to_string().replace("+00:00", ".000000+00:00").into();
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
            b.tokens.expires_after =
                |moment| ExpiresAfter::new(moment + SignedDuration::from_hours(7)).to_string().into()
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.answer.western-time-as-utc",
        "login.answer.lifetime",
        "`expires_after` is the local time of a place west of Greenwich with the offset of UTC",
        |b| {
            b.tokens.expires_after =
                |moment| ExpiresAfter::new(moment - SignedDuration::from_hours(3)).to_string().into()
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
];
