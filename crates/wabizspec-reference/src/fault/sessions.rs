//! How long tokens live, and what ends them (users/login, users/logout).

use jiff::SignedDuration;

use super::witness::{GOOD, OTHER};
use super::writing::{as_success, granted, put, refused};
use super::{Fault, fault};
use crate::behaviour::{Mint, Revokes};
use crate::documented::token::LIFETIME;
use crate::outcome::{Refusal, Success};
use crate::route::Endpoint;

pub(super) const FAULTS: &[Fault] = &[
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
                    answer.body = crate::call::AnswerBody::Empty;
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
];
