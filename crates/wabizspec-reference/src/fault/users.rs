//! Users read and changed (users, Read, Update).

use serde_json::{Value, json};

use super::bodies::{amended, stringified};
use super::witness::{GOOD, OTHER};
use super::writing::{granted, put, refused, user, users};
use super::{Fault, fault};
use crate::behaviour::{RefusedChange, Who};
use crate::call::Call;
use crate::documented::bodies::{BodyError, UpdateUserBody};
use crate::documented::errors::ErrorCode;
use crate::documented::password::Marks;
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "users.read.bare-object",
        "users.read.answered",
        "reading an account gives an object, not a list of one",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserShown) {
                    let user = user(answer).cloned().unwrap_or_default();
                    put(answer, "users", Value::Object(user));
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/admin", ""),
    ),
    fault(
        "users.read.admin-only",
        "users.read.itself",
        "an ordinary user may not read even itself",
        |b| b.permissions.read = Who::Admin,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.read.role-left-out",
        "users.read.role",
        "reading an account does not tell its role",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserShown) {
                    user(answer).map(|user| user.remove("ROLES"));
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/admin", ""),
    ),
    fault(
        "users.read.unknown-is-empty",
        "users.read.unknown",
        "reading an account that is not there gives an empty list with 200",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "GET") && refused(handled, Refusal::UnknownUser) {
                    super::writing::as_success(answer, 200);
                    put(answer, "users", json!([]));
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/nobody", ""),
    ),
    fault(
        "users.read.unknown-bad-request",
        "users.read.unknown",
        "reading an account that is not there is a bad request",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "GET") && refused(handled, Refusal::UnknownUser) {
                    answer.status = 400;
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/nobody", ""),
    ),
    fault(
        "users.read.nearest-name",
        "users.read.odd-name",
        "a name with wildcards, quotes, escapes or an ending finds the administrator",
        |b| {
            b.rewrites.push(|handled, answer| {
                let unknown = refused(handled, Refusal::UnknownUser) || refused(handled, Refusal::UnknownPath);
                let odd = handled.call.path.starts_with("/v1/users/")
                    && (handled.call.path.contains(['%', '*']) || handled.call.path.len() > 60);
                let near = handled.call.path == "/v1/users/adminx";
                if unknown && (odd || near) {
                    super::writing::as_success(answer, 200);
                    put(answer, "users", json!([{"username": "admin", "ROLES": "ROLE_ADMIN"}]));
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/%25", ""),
    ),
    fault(
        "users.read.by-any-user",
        "users.read.others",
        "every user reads all accounts",
        |b| b.permissions.read = Who::User,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "users.read.by-anybody",
        "users.read.unauthorized",
        "accounts are read without a token",
        |b| b.permissions.read = Who::Anyone,
        |w| drop(w.send("GET", "/v1/users/admin", "", "")),
    ),
    fault(
        "users.not-found.other-code",
        "users.not-found.code",
        "an account that is not there is refused with the code of a bad user",
        |b| b.refusals[Refusal::UnknownUser].code = ErrorCode::BadUser,
        |w| w.as_admin("GET", "/v1/users/nobody", ""),
    ),
    fault(
        "users.update.no-content",
        "users.update.answered",
        "an update is answered 204",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserUpdated) {
                    answer.status = 204;
                    answer.body = crate::call::AnswerBody::Empty;
                }
            });
        },
        |w| w.update(GOOD),
    ),
    fault(
        "users.update.admin-only",
        "users.update.itself",
        "an ordinary user may not update even itself",
        |b| b.permissions.update = Who::Admin,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "PUT", "/v1/users/anna", r#"{"password":"Sesame:1!"}"#);
        },
    ),
    fault(
        "users.update.not-done",
        "users.update.new-password-works",
        "an update is answered, not done",
        |b| b.users.update_ignored = true,
        |w| {
            w.update(GOOD);
            w.login("anna", GOOD);
        },
    ),
    fault(
        "users.update.old-password-lives-on",
        "users.update.old-password-dead",
        "an update adds a password to the old one",
        |b| {
            b.users.old_password_stays = true;
            b.login.old_password_stays = true;
        },
        |w| {
            w.update(GOOD);
            w.login("anna", OTHER);
        },
    ),
    fault(
        "users.update.ends-tokens",
        "users.update.tokens-live",
        "an update ends the user's tokens",
        |b| b.tokens.on_update = crate::behaviour::Revokes::OfUser,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "PUT", "/v1/users/anna", r#"{"password":"Sesame:1!"}"#);
            w.bearer(&anna, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.update.unknown-bad-request",
        "users.update.unknown",
        "updating an account that is not there is a bad request",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "PUT") && refused(handled, Refusal::UnknownUser) {
                    answer.status = 400;
                }
            });
        },
        |w| w.as_admin("PUT", "/v1/users/nobody", r#"{"password":"Sesame:1!"}"#),
    ),
    fault(
        "users.update.password-optional",
        "users.update.missing-password",
        "an update without a password is accepted and changes nothing",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "PUT") && refused(handled, Refusal::MissingMember) {
                    super::writing::as_success(answer, 200);
                }
            });
        },
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "PUT", "/v1/users/anna", "{}");
        },
    ),
    fault(
        "users.update.password-from-anything",
        "users.update.not-text",
        "an update with a password that is no text is turned into text and done",
        |b| b.users.update_body = |call| UpdateUserBody::parse(&amended(call.body, stringified)),
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "PUT", "/v1/users/anna", r#"{"password":["Kx7!pqrs"]}"#);
        },
    ),
    fault(
        "users.update.no-text-passed-over",
        "users.update.not-text",
        "an update with a password that is no text is answered as if it had been done",
        |b| {
            b.rewrites.push(|handled, answer| {
                let odd = refused(handled, Refusal::InvalidMember) || refused(handled, Refusal::Malformed);
                let json = serde_json::from_slice::<Value>(handled.call.body).is_ok();
                if users(handled, "PUT") && odd && json {
                    super::writing::as_success(answer, 200);
                }
            });
        },
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "PUT", "/v1/users/anna", r#"{"password":12345678}"#);
        },
    ),
    fault(
        "users.update.rule-unasked",
        "users.update.password-rule",
        "an update takes any password",
        |b| {
            let rule = &mut b.passwords.on_update;
            rule.length = 0..=usize::MAX;
            (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, Marks::of(""));
        },
        |w| w.update("weak"),
    ),
    fault(
        "users.update.weak-one-passed-over",
        "users.update.password-rule",
        "an update with a password that breaks the rule is answered as if it had been done",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::WeakUpdatedPassword) {
                    super::writing::as_success(answer, 200);
                }
            });
        },
        |w| w.update("weak"),
    ),
    fault(
        "users.update.set-before-judged",
        "users.update.refused-keeps",
        "an update sets the password first and judges it afterwards",
        |b| b.users.refused_update = RefusedChange::SetsTheNew,
        |w| {
            w.update("weak");
            w.login("anna", "weak");
        },
    ),
    fault(
        "users.update.unknown-members-refused",
        "users.update.extra-members",
        "an update with members that are not known is refused",
        |b| {
            b.users.update_body = |call| {
                let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
                match body.as_object() {
                    Some(members) if members.len() > 1 => Err(BodyError::Malformed("unknown".into())),
                    _ => UpdateUserBody::parse(call.body),
                }
            };
        },
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "PUT", "/v1/users/anna", r#"{"password":"Sesame:1!","x":1}"#);
        },
    ),
    fault(
        "users.update.role-on-request",
        "users.update.no-promotion",
        "a role in the update's body is given to the account: whoever updates itself becomes an administrator",
        |b| b.users.update_promotes = claims_admin,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "PUT", "/v1/users/anna", r#"{"password":"Opened;2?","role":"admin"}"#);
            w.create(&anna, "bert", OTHER);
        },
    ),
    fault(
        "users.update.by-any-user",
        "users.update.others",
        "every user sets the passwords of all accounts",
        |b| b.permissions.update = Who::User,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "PUT", "/v1/users/admin", r#"{"password":"Opened;2?"}"#);
        },
    ),
    fault(
        "users.update.others-not-found",
        "users.update.others-status",
        "an ordinary user who updates another account is told that it is not there",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "PUT") && refused(handled, Refusal::Forbidden) {
                    answer.status = 404;
                }
            });
        },
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "PUT", "/v1/users/admin", r#"{"password":"Opened;2?"}"#);
        },
    ),
    fault(
        "users.update.by-anybody",
        "users.update.unauthorized",
        "passwords are set without a token",
        |b| b.permissions.update = Who::Anyone,
        |w| drop(w.send("PUT", "/v1/users/admin", "", r#"{"password":"Opened;2?"}"#)),
    ),
];

/// Whether a body claims the role of an administrator, in any of the ways that are known.
fn claims_admin(call: &Call<'_>) -> bool {
    let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
    let claim = |name: &str| body.get(name).is_some_and(|value| value.to_string().to_lowercase().contains("admin"));
    ["ROLES", "roles", "role"].into_iter().any(claim) || body.get("is_admin") == Some(&Value::Bool(true))
}
