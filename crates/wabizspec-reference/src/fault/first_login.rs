//! The default account and the first login (users/login).

use super::bodies::{amended, any_case, first_elements, numbers_stringified, stringified, text};
use super::witness::{GOOD, OTHER, Typed};
use super::writing::{self, granted, login, put, refused};
use super::{Fault, fault};
use crate::behaviour::{AdminDeletion, RefusedChange, Revokes};
use crate::documented::bodies::{BodyError, LoginBody, MemberError};
use crate::documented::errors::{ApiError, ErrorCode};
use crate::documented::password::PasswordRule;
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.default-account.other-password",
        "login.default-account.exists",
        "the default account is installed with another password than the documented one",
        |b| b.login.default_password = "admin",
        |w| drop(w.admin()),
    ),
    fault(
        "login.default-account.empty-password",
        "login.default-account.exists",
        "the default account is installed without a password",
        |b| b.login.default_password = "",
        |w| drop(w.admin()),
    ),
    fault(
        "login.default-account.deletable",
        "login.default-account.not-removable",
        "the default account is deleted like any other",
        |b| b.users.admin_deletion = AdminDeletion::Done,
        |w| w.as_admin("DELETE", "/v1/users/admin", ""),
    ),
    fault(
        "login.default-account.deletion-forbidden",
        "login.default-account.not-removable",
        "the refusal to delete the default account is 403 instead of 400",
        |b| b.refusals[Refusal::AdminStays].status = 403,
        |w| w.as_admin("DELETE", "/v1/users/admin", ""),
    ),
    fault(
        "login.default-account.others-undeletable",
        "login.default-account.others-removable",
        "no account can be deleted: all are refused like the default one",
        |b| {
            b.users.deletes = |_, _| false;
            b.tokens.on_delete = Revokes::Nothing;
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserDeleted) {
                    answer.status = 400;
                    writing::members(answer).map(|members| members.remove("users"));
                    put(answer, "errors", vec![ApiError::new(ErrorCode::UserInvalid).to_json()].into());
                }
            });
        },
        |w| w.delete_anna(),
    ),
    fault(
        "login.default-account.deleted-before-refused",
        "login.default-account.survives",
        "the default account is deleted before the check that refuses it",
        |b| b.users.admin_deletion = AdminDeletion::RefusedAndDone,
        |w| {
            w.as_admin("DELETE", "/v1/users/admin", "");
            w.login("admin", GOOD);
        },
    ),
    fault(
        "login.first.default-password-accepted",
        "login.first.refused",
        "the default password logs in by itself",
        |b| b.login.default_needs_change = |_| false,
        |w| drop(w.login("admin", "secret")),
    ),
    fault(
        "login.first.default-password-accepted-without-body",
        "login.first.refused",
        "the check for a new password runs only where there is a body",
        |b| b.login.default_needs_change = |call| !call.body.is_empty(),
        |w| drop(w.login("admin", "secret")),
    ),
    fault(
        "login.first.default-password-accepted-with-empty-object",
        "login.first.refused",
        "an empty object passes for a new password",
        |b| b.login.default_needs_change = |call| call.body.is_empty(),
        |w| drop(w.login_with("admin", "secret", "{}")),
    ),
    fault(
        "login.first.any-member-will-do",
        "login.first.refused",
        "any member of the body passes for a new password",
        |b| b.login.default_needs_change = |call| call.body.is_empty() || call.body == b"{}",
        |w| drop(w.login_with("admin", "secret", r#"{"foo":"bar"}"#)),
    ),
    fault(
        "login.first.null-passes-for-a-password",
        "login.first.refused",
        "a `new_password` of null or of no characters counts as one that was brought",
        |b| {
            b.login.body = |call| {
                LoginBody::parse(&amended(call.body, |members| {
                    members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
                }))
            };
            b.login.default_needs_change = |call| !call.body.windows(12).any(|part| part == b"new_password");
        },
        |w| drop(w.login_with("admin", "secret", r#"{"new_password":null}"#)),
    ),
    fault(
        "login.first.rule-for-json-only",
        "login.first.refused",
        "a new password is judged only where the body is called application/json to the letter",
        |b| b.login.judges = |call, _| call.content_type == Some(b"application/json"),
        |w| {
            w.typed = Typed::Never;
            w.first("weak");
        },
    ),
    fault(
        "login.first.code-of-wrong-credentials",
        "login.first.code",
        "the refusal of the default password alone has the code of wrong credentials",
        |b| b.refusals[Refusal::PasswordChangeRequired].code = ErrorCode::AccessDenied,
        |w| drop(w.login("admin", "secret")),
    ),
    fault(
        "login.first.forbidden",
        "login.first.code",
        "the refusal of the default password alone is 403 instead of 401",
        |b| b.refusals[Refusal::PasswordChangeRequired].status = 403,
        |w| drop(w.login("admin", "secret")),
    ),
    fault(
        "login.first.bad-request",
        "login.first.code",
        "the refusal of the default password alone is 400 instead of 401",
        |b| b.refusals[Refusal::PasswordChangeRequired].status = 400,
        |w| drop(w.login("admin", "secret")),
    ),
    fault(
        "login.first.new-password-overlooked",
        "login.first.accepted",
        "`new_password` is not read, so that nobody gets past the first login",
        |b| b.login.body = |_| Ok(LoginBody::default()),
        |w| drop(w.admin()),
    ),
    fault(
        "login.first.status-created",
        "login.first.accepted",
        "a login that sets a password is answered 201",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn) && text(handled.call.body, "new_password").is_some() {
                    answer.status = 201;
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.first.no-token-yet",
        "login.first.accepted",
        "the login that sets the password gives no token; a second login is asked for",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn) && text(handled.call.body, "new_password").is_some() {
                    put(answer, "users", serde_json::json!([{"username": "admin"}]));
                }
            });
        },
        |w| drop(w.admin()),
    ),
    fault(
        "login.first.new-password-not-set",
        "login.first.new-password-works",
        "the new password is taken, answered with a token, and forgotten",
        |b| b.login.change_ignored = true,
        |w| {
            w.admin();
            w.login("admin", GOOD);
        },
    ),
    fault(
        "login.first.default-password-lives-on",
        "login.first.default-password-dead",
        "after the first login the default password logs in beside the new one",
        |b| b.login.old_password_stays = true,
        |w| {
            w.admin();
            w.login("admin", "secret");
        },
    ),
    fault(
        "login.first.default-password-reopens",
        "login.first.default-password-dead",
        "the default password with another new one is a first login again: whoever knows it takes the account over",
        |b| b.login.default_stays_changeable = true,
        |w| {
            w.admin();
            w.first(OTHER);
        },
    ),
    fault(
        "login.first.array-as-password",
        "login.first.text-only",
        "a password in an array is taken out of it, as query parsers do",
        |b| b.login.body = |call| LoginBody::parse(&amended(call.body, first_elements)),
        |w| drop(w.login_with("admin", "secret", r#"{"new_password":["Rk4$hTzm9Wq"]}"#)),
    ),
    fault(
        "login.first.object-as-password",
        "login.first.text-only",
        "a password that is no text is turned into text before it is judged",
        |b| b.login.body = |call| LoginBody::parse(&amended(call.body, stringified)),
        |w| drop(w.login_with("admin", "secret", r#"{"new_password":{"new_password":"Rk4$hTzm9Wq"}}"#)),
    ),
    fault(
        "login.first.no-text-needs-no-rule",
        "login.first.text-only",
        "a password that is no text escapes the rule, which looks at texts only",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && refused(handled, Refusal::InvalidMember) {
                    writing::as_success(answer, 200);
                }
            });
        },
        |w| drop(w.login_with("admin", "secret", r#"{"new_password":48317296}"#)),
    ),
    fault(
        "login.first.refused-value-stored-as-text",
        "login.first.not-stored-as-text",
        "a password that is no text is refused, yet stored as its text first",
        |b| {
            b.login.body = |call| match text(call.body, "new_password") {
                // Texts are judged where they are read, so that only what is no text is refused later.
                Some(new) if PasswordRule::documented().check(&new).is_err() => {
                    let why = "breaks the rule".to_owned();
                    let member = "new_password";
                    Err(BodyError::Members(vec![MemberError::Invalid { member, why }]))
                }
                _ => LoginBody::parse(&amended(call.body, numbers_stringified)),
            };
            b.login.refused_change = |_| RefusedChange::SetsTheNew;
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::LoggedIn) && handled.call.body.contains(&b'{') {
                    let odd = handled.call.body.windows(12).any(|part| part == b"new_password");
                    if odd && text(handled.call.body, "new_password").is_none() {
                        answer.status = 400;
                        put(answer, "users", serde_json::Value::Null);
                        writing::members(answer).map(|members| members.remove("users"));
                    }
                }
            });
        },
        |w| {
            w.login_with("admin", "secret", r#"{"new_password":48317296}"#);
            w.login("admin", "48317296");
        },
    ),
    fault(
        "login.first.member-in-any-spelling",
        "login.first.member-name",
        "the name of the member is compared without case and underscores",
        |b| b.login.body = |call| LoginBody::parse(&amended(call.body, any_case)),
        |w| drop(w.login_with("admin", "secret", r#"{"newPassword":"Rk4$hTzm9Wq"}"#)),
    ),
    fault(
        "login.first.refusal-spends-the-default",
        "login.first.refusal-keeps-default",
        "a refused new password disables the default one, and the client can only be installed anew",
        |b| b.login.refused_change = |_| RefusedChange::LosesTheOld,
        |w| {
            w.first("Qwx#mVzkTrp");
            w.admin();
        },
    ),
    fault(
        "login.first.array-body-accepted",
        "login.first.body-not-an-object",
        "a body that is no object is passed over, and with it the need for a new password",
        |b| {
            b.login.body = |call| match LoginBody::parse(call.body) {
                Err(BodyError::NotAnObject) => Ok(LoginBody::default()),
                read => read,
            };
            b.login.default_needs_change = |call| call.body.is_empty() || call.body.starts_with(b"{");
        },
        |w| drop(w.login_with("admin", "secret", "[]")),
    ),
];
