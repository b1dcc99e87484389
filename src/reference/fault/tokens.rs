//! Bearer tokens: found, told from made-up ones, expired, logged out (users/login, users/logout).

use jiff::SignedDuration;

use super::witness::{ACCOUNT, GOOD, OTHER};
use super::writing::{as_success, granted, put, refused};
use super::{Fault, fault};
use crate::documented::errors::ErrorCode;
use crate::documented::token::LIFETIME;
use crate::reference::behaviour::{Handled, Mint, Revokes, Who};
use crate::reference::call::Answer;
use crate::reference::outcome::{Refusal, Success};
use crate::reference::route::Endpoint;

/// The refusals of a caller who is not known.
const UNAUTHORIZED: [Refusal; 3] = [Refusal::NoToken, Refusal::UnknownToken, Refusal::ExpiredToken];

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "tokens.bearer.good-once",
        "tokens.bearer.accepted",
        "a token is good for one request to read",
        |b| {
            b.rewrites.push(|handled, answer| {
                // Only the administrator reads the administrator.
                if granted(handled, Success::UserShown) && handled.call.path != "/v1/users/admin" {
                    forbidden(answer, 401);
                }
            });
        },
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "tokens.bearer.missing-bad-request",
        "tokens.bearer.required",
        "a request without a token is a bad request",
        |b| b.refusals[Refusal::NoToken].status = 400,
        |w| drop(w.send("GET", "/v1/users/admin", "", "")),
    ),
    fault(
        "tokens.bearer.missing-forbidden",
        "tokens.bearer.required",
        "a request without a token is answered 403",
        |b| b.refusals[Refusal::NoToken].status = 403,
        |w| drop(w.send("GET", "/v1/users/admin", "", "")),
    ),
    fault(
        "tokens.bearer.logout-without-one",
        "tokens.bearer.required",
        "a logout without a token is accepted, since nobody is logged in then",
        |b| b.permissions.logout = Who::Anyone,
        |w| drop(w.send("POST", "/v1/users/logout", "", "")),
    ),
    fault(
        "tokens.bearer.registration-without-one",
        "tokens.bearer.required",
        "a registration needs no token",
        |b| b.permissions.register = Who::Anyone,
        |w| drop(w.send("POST", "/v1/account", "", ACCOUNT)),
    ),
    fault(
        "tokens.bearer.body-first",
        "tokens.bearer.required",
        "the body is judged before the token: strangers are told what is wrong with it",
        |b| b.permissions.body_first = true,
        |w| drop(w.send("POST", "/v1/account/verify", "", "")),
    ),
    fault(
        "tokens.bearer.any-scheme",
        "tokens.bearer.scheme",
        "the last word of the header is taken for the token, whatever stands before it",
        |b| b.tokens.presented = |value| std::str::from_utf8(value).ok()?.rsplit(' ').next(),
        |w| w.admin_reads_with("Token "),
    ),
    fault(
        "tokens.bearer.scheme-contained",
        "tokens.bearer.scheme",
        "`Bearer` is cut off wherever it stands, with quotes, colons and parameter names",
        |b| {
            b.tokens.presented = |value| {
                let rest = std::str::from_utf8(value).ok()?.strip_prefix("Bearer")?;
                let rest = rest
                    .trim_start_matches(['s', ':', ' ', '"'])
                    .trim_start_matches("token=");
                Some(rest.trim_end_matches('"')).filter(|token| !token.is_empty())
            };
        },
        |w| w.admin_reads_with("Bearer:"),
    ),
    fault(
        "tokens.bearer.basic-as-well",
        "tokens.bearer.scheme",
        "Basic credentials open every endpoint, not only the login",
        |b| {
            b.rewrites.push(|handled, answer| {
                let basic = handled
                    .call
                    .authorization
                    .first()
                    .is_some_and(|value| value.starts_with(b"Basic "));
                if basic && refused(handled, Refusal::NoToken) {
                    as_success(answer, 200);
                }
            });
        },
        |w| {
            w.admin();
            w.send("GET", "/v1/users/admin", "Basic YWRtaW46U2VzYW1lOjEh", "");
        },
    ),
    fault(
        "tokens.bearer.anything-goes",
        "tokens.bearer.invalid",
        "that there is a token is all that is looked at",
        |b| b.tokens.unknown_accepted = true,
        |w| {
            w.admin();
            w.bearer("made-up", "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.bearer.beginning-will-do",
        "tokens.bearer.invalid",
        "the beginning of a token is enough",
        |b| b.tokens.matches = Some(|given, sent| !sent.is_empty() && given.starts_with(sent)),
        |w| {
            let admin = w.admin();
            w.bearer(&admin[..20], "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.bearer.more-will-do",
        "tokens.bearer.invalid",
        "a token with anything behind it is accepted",
        |b| b.tokens.matches = Some(|given, sent| sent.starts_with(given)),
        |w| {
            let admin = w.admin();
            w.bearer(&format!("{admin}x"), "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.bearer.end-will-do",
        "tokens.bearer.invalid",
        "only the end of a token is compared, where the signature stands",
        |b| {
            b.tokens.matches = Some(|given, sent| {
                let end = |token: &str| token.chars().rev().take(20).collect::<String>();
                end(given) == end(sent)
            });
        },
        |w| {
            let admin = w.admin();
            w.bearer(&admin[1..], "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.bearer.read-not-verified",
        "tokens.bearer.invalid",
        "a token that says of itself whose it is, and that it needs no signature, is believed",
        |b| {
            b.rewrites.push(|handled, answer| {
                let sent = handled
                    .call
                    .authorization
                    .first()
                    .map(|value| String::from_utf8_lossy(value).into_owned());
                let claims = sent.is_some_and(|sent| sent.contains("eyJ") || sent.ends_with(" admin"));
                if claims && refused(handled, Refusal::UnknownToken) {
                    as_success(answer, 200);
                }
            });
        },
        |w| drop(w.bearer("eyJhbGciOiJub25lIn0.e30.", "GET", "/v1/users/admin", "")),
    ),
    fault(
        "tokens.bearer.unknown-forbidden",
        "tokens.bearer.invalid",
        "a token that no login gave is answered 403",
        |b| {
            b.refusals[Refusal::UnknownToken].status = 403;
            b.refusals[Refusal::NoToken].status = 403;
        },
        |w| drop(w.bearer("made-up", "GET", "/v1/users/admin", "")),
    ),
    fault(
        "tokens.bearer.in-another-header",
        "tokens.bearer.elsewhere",
        "without `Authorization`, a token in `Proxy-Authorization` or `X-Authorization` counts",
        |b| {
            b.elsewhere = Some(|beside| {
                let field = (beside.field)("proxy-authorization").or((beside.field)("x-authorization"))?;
                field.starts_with(b"Bearer ").then(|| field.to_vec())
            });
        },
        |w| w.read_elsewhere(|token| ("x-authorization", format!("Bearer {token}"), String::new())),
    ),
    fault(
        "tokens.bearer.in-a-cookie",
        "tokens.bearer.elsewhere",
        "without `Authorization`, the cookie `token` counts: other sites can make a browser send it",
        |b| {
            b.elsewhere = Some(|beside| {
                let cookies = std::str::from_utf8((beside.field)("cookie")?).ok()?;
                let token = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("token="))?;
                Some(format!("Bearer {token}").into_bytes())
            });
        },
        |w| w.read_elsewhere(|token| ("cookie", format!("token={token}"), String::new())),
    ),
    fault(
        "tokens.bearer.in-the-query",
        "tokens.bearer.elsewhere",
        "without `Authorization`, `access_token` of the query counts, and ends up in logs",
        |b| {
            b.elsewhere = Some(|beside| {
                let token = beside
                    .query?
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("access_token="))?;
                Some(format!("Bearer {token}").into_bytes())
            });
        },
        |w| w.read_elsewhere(|token| ("", String::new(), format!("access_token={token}"))),
    ),
    fault(
        "tokens.bearer.refusal-of-another-code",
        "tokens.bearer.code",
        "the refusal of a missing or invalid token has the code of a generic error",
        |b| {
            for refusal in UNAUTHORIZED {
                b.refusals[refusal].code = ErrorCode::Generic;
            }
        },
        |w| drop(w.send("GET", "/v1/users/admin", "", "")),
    ),
    fault(
        "tokens.bearer.to-the-letter",
        "tokens.bearer.scheme-case",
        "the scheme is known as `Bearer` only",
        |b| b.tokens.presented = |value| std::str::from_utf8(value).ok()?.strip_prefix("Bearer "),
        |w| w.admin_reads_with("bearer "),
    ),
    fault(
        "tokens.bearer.one-blank-only",
        "tokens.bearer.blanks",
        "exactly one blank may stand between scheme and token",
        |b| {
            b.tokens.presented = |value| {
                let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then_some(token)
            };
        },
        |w| w.admin_reads_with("Bearer   "),
    ),
    fault(
        "tokens.several.last-counts",
        "tokens.several.stay-valid",
        "a login ends the user's earlier tokens",
        |b| b.tokens.on_login = Revokes::OfUser,
        |w| {
            let first = w.admin();
            w.login("admin", GOOD);
            w.bearer(&first, "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.logout.no-content",
        "tokens.logout.answered",
        "a logout is answered 204",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedOut) {
                    answer.status = 204;
                    answer.body = crate::reference::call::AnswerBody::Empty;
                }
            });
        },
        |w| w.logout_twice(),
    ),
    fault(
        "tokens.logout.tells-the-user",
        "tokens.logout.no-payload",
        "the answer to a logout names the user",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedOut) {
                    put(answer, "users", serde_json::json!([{"username": "admin"}]));
                }
            });
        },
        |w| w.logout_twice(),
    ),
    fault(
        "tokens.logout.token-lives-on",
        "tokens.logout.token-dead",
        "a logout is answered, and the token lives on",
        |b| b.tokens.on_logout = Revokes::Nothing,
        |w| w.logout_twice(),
    ),
    fault(
        "tokens.logout.refused-with-403",
        "tokens.logout.token-dead",
        "a logged-out token is answered 403, as if its user lacked a right",
        |b| {
            b.rewrites.push(|handled, answer| {
                let read = !matches!(handled.endpoint, Endpoint::Logout);
                if read && refused(handled, Refusal::UnknownToken) {
                    answer.status = 403;
                }
            });
        },
        |w| {
            w.logout_twice();
            w.bearer("gone", "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.logout.again-is-fine",
        "tokens.logout.again",
        "a second logout with a token is answered like the first",
        |b| {
            b.rewrites.push(|handled, answer| {
                if matches!(handled.endpoint, Endpoint::Logout) && refused(handled, Refusal::UnknownToken) {
                    as_success(answer, 200);
                }
            });
        },
        |w| w.logout_twice(),
    ),
    fault(
        "tokens.logout.all-of-the-user",
        "tokens.logout.others-live",
        "a logout ends all tokens of the user",
        |b| b.tokens.on_logout = Revokes::OfUser,
        |w| {
            let first = w.admin();
            let second = w.login("admin", GOOD);
            w.bearer(&first, "POST", "/v1/users/logout", "");
            w.bearer(&second, "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.logout.of-everybody",
        "tokens.logout.others-live",
        "a logout ends the tokens of everybody",
        |b| b.tokens.on_logout = Revokes::All,
        |w| {
            let [admin, anna] = w.anna();
            w.bearer(&admin, "POST", "/v1/users/logout", "");
            w.bearer(&anna, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "tokens.logout.for-ever",
        "tokens.logout.login-works",
        "who logged out cannot log in again",
        |b| b.tokens.logout_locks_out = true,
        |w| {
            w.logout_twice();
            w.login("admin", GOOD);
        },
    ),
    fault(
        "tokens.logout.before-the-token-is-checked",
        "tokens.logout.refused-keeps",
        "a logout that is refused has ended tokens already",
        |b| b.tokens.on_refused_logout = Revokes::All,
        |w| {
            let admin = w.admin();
            w.send("POST", "/v1/users/logout", "", "");
            w.bearer(&admin, "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.logout.body-refused",
        "tokens.logout.body",
        "a logout with a body is refused",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedOut) && !handled.call.body.is_empty() {
                    answer.status = 400;
                }
            });
        },
        |w| w.as_admin("POST", "/v1/users/logout", "{}"),
    ),
    fault(
        "tokens.expiry.after-a-day",
        "tokens.expiry.still-good",
        "a token dies after a day, whatever was said",
        |b| b.tokens.lifetime = Some(SignedDuration::from_hours(24)),
        |w| w.use_after(6 * 86_400),
    ),
    fault(
        "tokens.expiry.after-six-days",
        "tokens.expiry.still-good",
        "a token dies a day too early",
        |b| b.tokens.lifetime = Some(LIFETIME - SignedDuration::from_hours(24)),
        |w| w.use_after(604_800 - 3600),
    ),
    fault(
        "tokens.expiry.seven-hours-early",
        "tokens.expiry.still-good",
        "the end of a token in UTC is compared with local time east of Greenwich",
        |b| b.tokens.lifetime = Some(LIFETIME - SignedDuration::from_hours(7)),
        |w| w.use_after(604_800 - 3600),
    ),
    fault(
        "tokens.expiry.never",
        "tokens.expiry.dead",
        "tokens never die",
        |b| b.tokens.lifetime = None,
        |w| w.use_after(604_800 + 3600),
    ),
    fault(
        "tokens.expiry.eight-days",
        "tokens.expiry.dead",
        "a token dies a day too late",
        |b| b.tokens.lifetime = Some(LIFETIME + SignedDuration::from_hours(24)),
        |w| w.use_after(604_800 + 3600),
    ),
    fault(
        "tokens.expiry.three-hours-late",
        "tokens.expiry.dead",
        "the end of a token in UTC is compared with local time west of Greenwich",
        |b| b.tokens.lifetime = Some(LIFETIME + SignedDuration::from_hours(3)),
        |w| w.use_after(604_800 + 3600),
    ),
    fault(
        "tokens.expiry.prolonged-by-use",
        "tokens.expiry.dead",
        "every use of a token begins its seven days anew",
        |b| b.tokens.prolonged_by_use = true,
        |w| {
            let admin = w.admin();
            for _ in 0..2 {
                w.pass(345_600);
                w.bearer(&admin, "GET", "/v1/users/admin", "");
            }
        },
    ),
    fault(
        "tokens.expiry.expired-one-again",
        "tokens.expiry.login-again",
        "a login gives the user's first token again, expired or not",
        |b| b.tokens.mint = Mint::Kept,
        |w| {
            w.use_after(604_800 + 3600);
            let admin = w.login("admin", GOOD);
            w.bearer(&admin, "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.deleted-user.live-on",
        "tokens.deleted-user.dead",
        "the tokens of a deleted user live on",
        |b| b.tokens.on_delete = Revokes::Nothing,
        |w| {
            let [admin, anna] = w.anna();
            w.bearer(&admin, "DELETE", "/v1/users/anna", "");
            w.bearer(&anna, "POST", "/v1/users/logout", "");
        },
    ),
    fault(
        "tokens.recreated-user.live-again",
        "tokens.recreated-user.dead",
        "the tokens of a deleted user are kept, and live again when the name does",
        |b| {
            b.tokens.on_delete = Revokes::Nothing;
            b.tokens.orphans_refused = true;
        },
        |w| {
            let [admin, anna] = w.anna();
            w.bearer(&admin, "DELETE", "/v1/users/anna", "");
            w.create(&admin, "anna", OTHER);
            w.bearer(&anna, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "tokens.bearer.permission-before-authentication",
        "tokens.bearer.required",
        "a caller without a token is told that it lacks the right",
        |b| {
            b.rewrites.push(|handled: &Handled<'_>, answer: &mut Answer| {
                let admins_only = matches!(handled.endpoint, Endpoint::Users | Endpoint::Account | Endpoint::Verify);
                if admins_only && refused(handled, Refusal::NoToken) {
                    answer.status = 403;
                }
            });
        },
        |w| drop(w.send("POST", "/v1/users", "", "{}")),
    ),
];

/// The refusal of a request that was granted.
fn forbidden(answer: &mut Answer, status: u16) {
    answer.status = status;
    if let Some(members) = super::writing::members(answer) {
        members.remove("users");
        members.insert(
            "errors".to_owned(),
            serde_json::json!([{"code": 1005, "title": "Access denied"}]),
        );
    }
}
