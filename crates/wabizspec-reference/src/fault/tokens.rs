//! Bearer tokens: how they are found and told from made-up ones (users/login).

use super::witness::ACCOUNT;
use super::writing::{as_success, granted, refused};
use super::{Fault, fault};
use crate::behaviour::{Handled, Who};
use crate::call::Answer;
use crate::documented::errors::{ApiError, ErrorCode};
use crate::outcome::{Refusal, Success};
use crate::route::Endpoint;

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
                // A token of its own may begin with an s.
                let rest = rest.strip_prefix("s ").unwrap_or(rest);
                let rest = rest.trim_start_matches([':', ' ', '"']).trim_start_matches("token=");
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
                let basic = handled.call.authorization.first().is_some_and(|value| value.starts_with(b"Basic "));
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
        |b| b.tokens.matches = Some(|given, sent| sent.len() >= 8 && given.starts_with(sent)),
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
                let sent = handled.call.authorization.first().map(|value| String::from_utf8_lossy(value).into_owned());
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
                let token = beside.query?.split('&').find_map(|pair| pair.strip_prefix("access_token="))?;
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
        members.insert("errors".to_owned(), vec![ApiError::new(ErrorCode::AccessDenied).to_json()].into());
    }
}
