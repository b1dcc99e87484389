//! Users created, and created again under a name that is or was taken (users, Create).

use serde_json::{Value, json};

use super::bodies::{amended, defaulted, first_elements, stringified, text};
use super::witness::{GOOD, OTHER};
use super::writing::{granted, put, put_into_user, refused, user, users};
use super::{Fault, fault};
use crate::behaviour::{Duplicate, Leftover, Who};
use crate::call::Call;
use crate::documented::bodies::{BodyError, CreateUserBody};
use crate::documented::errors::ErrorCode;
use crate::outcome::{Refusal, Success};
use crate::role::Role;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "users.create.status-ok",
        "users.create.created",
        "a creation is answered 200",
        |b| b.successes[Success::UserCreated] = 200,
        |w| drop(w.anna()),
    ),
    fault(
        "users.create.no-content",
        "users.create.created",
        "a creation is answered without saying who was created",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserCreated) {
                    put(answer, "users", json!([]));
                }
            });
        },
        |w| drop(w.anna()),
    ),
    fault(
        "users.create.named-id",
        "users.create.created",
        "the new username is answered as `id`",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserCreated)
                    && let Some(user) = user(answer)
                    && let Some(name) = user.remove("username")
                {
                    user.insert("id".to_owned(), name);
                }
            });
        },
        |w| drop(w.anna()),
    ),
    fault(
        "users.create.password-hashed-twice",
        "users.create.login-works",
        "the password of a new account is hashed twice, and never matches",
        |b| {
            b.users.create_body = |call| {
                let mut body = CreateUserBody::parse(call.body)?;
                body.password.push('\u{2060}');
                Ok(body)
            };
            b.passwords.on_create.length = 8..=65;
        },
        |w| drop(w.anna()),
    ),
    fault(
        "users.create.role-called-user",
        "users.create.role",
        "the role of an ordinary user is called `USER`",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserShown) && user(answer).is_some_and(|user| user["ROLES"] == "ROLE_USER")
                {
                    put_into_user(answer, "ROLES", "USER".into());
                }
            });
        },
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.create.missing-member-unprocessable",
        "users.create.missing-member",
        "a creation without a required member is refused with 422",
        |b| {
            b.rewrites.push(|handled, answer| {
                let incomplete = refused(handled, Refusal::MissingMember) || refused(handled, Refusal::Malformed);
                if users(handled, "POST") && incomplete {
                    answer.status = 422;
                }
            });
        },
        |w| w.as_admin("POST", "/v1/users", "{}"),
    ),
    fault(
        "users.create.password-optional",
        "users.create.missing-member",
        "a creation without a password makes an account with one that was made up",
        |b| {
            b.users.create_body =
                |call| CreateUserBody::parse(&amended(call.body, |members| defaulted(members, "password", "Aa1!5678")));
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"username":"anna"}"#),
    ),
    fault(
        "users.create.username-optional",
        "users.create.missing-member",
        "a creation without a username makes an account with one that was made up",
        |b| {
            b.users.create_body = |call| {
                let body: &[u8] = if call.body.is_empty() { b"{}" } else { call.body };
                CreateUserBody::parse(&amended(body, |members| {
                    defaulted(members, "username", "nameless");
                    defaulted(members, "password", "Aa1!5678");
                }))
            };
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"password":"Aa1!5678"}"#),
    ),
    fault(
        "users.create.missing-member-access-denied",
        "users.create.missing-member-code",
        "a missing member is refused with the code of a generic error",
        |b| b.refusals[Refusal::MissingMember].code = ErrorCode::RequestInvalid,
        |w| w.as_admin("POST", "/v1/users", "{}"),
    ),
    fault(
        "users.create.password-from-an-array",
        "users.create.not-text",
        "a password in an array or object is taken out of it",
        |b| {
            b.users.create_body = |call| CreateUserBody::parse(&amended(call.body, first_elements));
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"username":"anna","password":["Aa1!5678"]}"#),
    ),
    fault(
        "users.create.password-from-anything",
        "users.create.not-text",
        "a password that is no text is turned into text, and not held to the rule",
        |b| {
            b.users.create_body = |call| {
                let body = amended(call.body, stringified);
                let stripped = amended_items(&body);
                CreateUserBody::parse(&stripped)
            };
            b.users.refused_creation_sticks = true;
            b.rewrites.push(|handled, answer| {
                let odd = text(handled.call.body, "password").is_none();
                if users(handled, "POST") && odd && refused(handled, Refusal::WeakCreatedPassword) {
                    super::writing::as_success(answer, 201);
                    put(answer, "users", json!([{"username": "anybody"}]));
                }
            });
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"username":"anna","password":12345678}"#),
    ),
    fault(
        "users.create.from-no-object",
        "users.create.not-text",
        "a body that is JSON but no object makes an account of somebody",
        |b| {
            b.users.create_body = |call| match CreateUserBody::parse(call.body) {
                Err(BodyError::NotAnObject) => {
                    Ok(CreateUserBody { username: "someone".to_owned(), password: OTHER.to_owned() })
                }
                read => read,
            };
        },
        |w| w.as_admin("POST", "/v1/users", "[]"),
    ),
    fault(
        "users.create.username-unprocessable",
        "users.create.username-not-text",
        "a username that is no text is refused with 422",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "POST") && text(handled.call.body, "username").is_none() {
                    answer.status = 422;
                }
            });
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"username":1,"password":"Aa1!5678"}"#),
    ),
    fault(
        "users.create.stored-before-judged",
        "users.create.refused-leaves-nothing",
        "an account is stored before its members are judged",
        |b| {
            b.users.refused_creation_sticks = true;
            b.users.create_body = |call| {
                CreateUserBody::parse(&amended(call.body, |members| {
                    stringified(members);
                    defaulted(members, "password", "");
                }))
            };
            b.rewrites.push(|handled, answer| {
                if users(handled, "POST") && text(handled.call.body, "password").is_none() && answer.status == 201 {
                    answer.status = 400;
                    super::writing::members(answer).map(|members| members.remove("users"));
                }
            });
        },
        |w| {
            let admin = w.admin();
            w.create(&admin, "anna", "weak");
            w.login("anna", "weak");
        },
    ),
    fault(
        "users.create.escapes-kept-as-written",
        "users.create.escapes",
        "escapes of a JSON text are kept as they are written",
        |b| {
            b.users.create_body =
                |call| CreateUserBody::parse(String::from_utf8_lossy(call.body).replace("\\u", "\\\\u").as_bytes());
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"username":"\u0061nna","password":"Aa1!5678"}"#),
    ),
    fault(
        "users.create.unknown-members-refused",
        "users.create.extra-members",
        "members that are not known are refused",
        |b| {
            b.users.create_body = |call| {
                let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
                match body.as_object() {
                    Some(members) if members.len() > 2 => Err(BodyError::Malformed("unknown".into())),
                    _ => CreateUserBody::parse(call.body),
                }
            };
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"username":"anna","password":"Aa1!5678","x":1}"#),
    ),
    fault(
        "users.create.role-on-request",
        "users.create.no-promotion",
        "a role in the creation's body is given to the new account",
        |b| b.users.role = |call| if claims_admin(call) { Role::Admin } else { Role::User },
        |w| {
            let admin = w.admin();
            w.bearer(&admin, "POST", "/v1/users", r#"{"username":"anna","password":"Opened;2?","role":"admin"}"#);
            let anna = w.login("anna", OTHER);
            w.create(&anna, "bert", OTHER);
        },
    ),
    fault(
        "users.create.by-any-user",
        "users.create.admin-only",
        "every user creates accounts",
        |b| b.permissions.create = Who::User,
        |w| {
            let [_, anna] = w.anna();
            w.create(&anna, "bert", OTHER);
        },
    ),
    fault(
        "users.create.by-a-user-unauthorized",
        "users.create.admin-only",
        "an ordinary user who creates an account is refused with 401 instead of 403",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "POST") && refused(handled, Refusal::Forbidden) {
                    answer.status = 401;
                }
            });
        },
        |w| {
            let [_, anna] = w.anna();
            w.create(&anna, "bert", OTHER);
        },
    ),
    fault(
        "users.create.by-anybody",
        "users.create.unauthorized",
        "accounts are created without a token",
        |b| b.permissions.create = Who::Anyone,
        |w| w.create("", "anna", OTHER),
    ),
    fault(
        "users.admin-only.other-code",
        "users.admin-only.code",
        "the refusal of an ordinary user has the code of a bad user",
        |b| b.refusals[Refusal::Forbidden].code = ErrorCode::BadUser,
        |w| {
            let [_, anna] = w.anna();
            w.create(&anna, "bert", OTHER);
        },
    ),
    fault(
        "users.body.malformed-parameter",
        "users.body.malformed",
        "a body that is no JSON is refused with the code of a missing parameter",
        |b| {
            b.rewrites.push(|handled, answer| {
                if (users(handled, "POST") || users(handled, "PUT")) && refused(handled, Refusal::Malformed) {
                    super::writing::put_into_error(answer, "code", 1008.into());
                }
            });
        },
        |w| w.as_admin("POST", "/v1/users", "{"),
    ),
    fault(
        "users.duplicate.created-again",
        "users.duplicate.refused",
        "a creation under a name that is taken is answered as if it had been done",
        |b| b.users.duplicate = Duplicate::Ignored,
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "anna", GOOD);
        },
    ),
    fault(
        "users.duplicate.bad-request",
        "users.duplicate.refused",
        "a creation under a name that is taken is a bad request",
        |b| {
            b.refusals[Refusal::UserExists].status = 400;
            b.refusals[Refusal::UserExists].code = ErrorCode::ParameterInvalid;
        },
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "anna", GOOD);
        },
    ),
    fault(
        "users.duplicate.conflict",
        "users.duplicate.status",
        "a creation under a name that is taken is a conflict: 409 with code 1004",
        |b| {
            b.refusals[Refusal::UserExists].status = 409;
            b.refusals[Refusal::UserExists].code = ErrorCode::AlreadyExists;
        },
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "anna", GOOD);
        },
    ),
    fault(
        "users.duplicate.refused-yet-replaces",
        "users.duplicate.first-unharmed",
        "a creation under a name that is taken is refused after the first account was overwritten",
        |b| b.users.duplicate = Duplicate::RefusedAndReplaces,
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "anna", GOOD);
            w.login("anna", GOOD);
        },
    ),
    fault(
        "users.recreate.name-stays-taken",
        "users.recreate.accepted",
        "the name of a deleted account stays taken",
        |b| b.users.leftover = Leftover::NameIsTaken,
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "DELETE", "/v1/users/anna", "");
            w.create(&admin, "anna", GOOD);
        },
    ),
    fault(
        "users.recreate.inherits-the-password",
        "users.recreate.fresh",
        "an account under the name of a deleted one takes over its password beside its own",
        |b| b.users.leftover = Leftover::Password,
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "DELETE", "/v1/users/anna", "");
            w.create(&admin, "anna", GOOD);
            w.login("anna", OTHER);
        },
    ),
];

/// Whether a body claims the role of an administrator, in any of the ways that are known.
fn claims_admin(call: &Call<'_>) -> bool {
    let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
    let claim = |name: &str| body.get(name).is_some_and(|value| value.to_string().to_lowercase().contains("admin"));
    ["ROLES", "roles", "role"].into_iter().any(claim) || body.get("is_admin") == Some(&Value::Bool(true))
}

/// The first item of a list of bodies, or the body itself.
fn amended_items(body: &[u8]) -> Vec<u8> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(items)) => items.first().map(Value::to_string).unwrap_or_default().into_bytes(),
        _ => body.to_vec(),
    }
}
