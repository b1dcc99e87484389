//! Users: created, read, changed, deleted (users).

use serde_json::{Value, json};

use super::bodies::{amended, defaulted, first_elements, stringified, text};
use super::witness::{GOOD, OTHER};
use super::writing::{granted, put, put_into_user, refused, user, users};
use super::{Fault, fault};
use crate::documented::bodies::{BodyError, CreateUserBody, UpdateUserBody};
use crate::documented::errors::ErrorCode;
use crate::reference::behaviour::{AdminDeletion, Duplicate, Leftover, RefusedChange, Who};
use crate::reference::call::Call;
use crate::reference::model::Role;
use crate::reference::outcome::{Refusal, Success};

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
            b.users.create_body = |call| {
                CreateUserBody::parse(&amended(call.body, |members| {
                    defaulted(members, "password", "Aa1!5678")
                }))
            };
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
                Err(BodyError::NotAnObject) => Ok(CreateUserBody {
                    username: "someone".to_owned(),
                    password: OTHER.to_owned(),
                }),
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
        |w| {
            w.as_admin(
                "POST",
                "/v1/users",
                r#"{"username":"anna","password":"Aa1!5678","x":1}"#,
            )
        },
    ),
    fault(
        "users.create.role-on-request",
        "users.create.no-promotion",
        "a role in the creation's body is given to the new account",
        |b| b.users.role = |call| if claims_admin(call) { Role::Admin } else { Role::User },
        |w| {
            let admin = w.admin();
            w.bearer(
                &admin,
                "POST",
                "/v1/users",
                r#"{"username":"anna","password":"Opened;2?","role":"admin"}"#,
            );
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
        "users.username.five-are-needed",
        "users.username.shortest",
        "off by one: a username of 4 characters is refused",
        |b| b.users.username.length = 5..=32,
        |w| drop(w.anna()),
    ),
    fault(
        "users.username.thirty-one-at-most",
        "users.username.longest",
        "off by one: a username of 32 characters is refused",
        |b| b.users.username.length = 4..=31,
        |w| w.create_named(&"n".repeat(32)),
    ),
    fault(
        "users.username.sixteen-at-most",
        "users.username.longest",
        "a username may have 16 characters, as many as the column holds",
        |b| b.users.username.length = 4..=16,
        |w| w.create_named(&"n".repeat(17)),
    ),
    fault(
        "users.username.three-are-enough",
        "users.username.too-short",
        "off by one: a username of 3 characters is taken",
        |b| b.users.username.length = 3..=32,
        |w| w.create_named("ann"),
    ),
    fault(
        "users.username.no-shortest",
        "users.username.too-short",
        "a username may be as short as it likes, even empty",
        |b| b.users.username.length = 0..=32,
        |w| w.create_named(""),
    ),
    fault(
        "users.username.thirty-three-are-allowed",
        "users.username.too-long",
        "off by one: a username of 33 characters is taken",
        |b| b.users.username.length = 4..=33,
        |w| w.create_named(&"n".repeat(33)),
    ),
    fault(
        "users.username.no-longest",
        "users.username.too-long",
        "a username may be as long as it likes",
        |b| b.users.username.length = 4..=usize::MAX,
        |w| w.create_named(&"n".repeat(300)),
    ),
    fault(
        "users.username.refusal-of-another-code",
        "users.username.code",
        "a username of the wrong length is refused with the code of a bad user",
        |b| b.refusals[Refusal::BadUsername].code = ErrorCode::BadUser,
        |w| w.create_named("ann"),
    ),
    fault(
        "users.username.eight-characters-count",
        "users.username.whole",
        "the first 8 characters of a username count",
        |b| b.users.key = |name| name.chars().take(8).collect::<String>().into(),
        |w| {
            w.create_named("longname1");
            let admin = w.login("admin", GOOD);
            w.bearer(&admin, "GET", "/v1/users/longname2", "");
        },
    ),
    fault(
        "users.username.cut-at-odd-characters",
        "users.username.whole",
        "a username ends at the first character that is no letter or digit",
        |b| {
            b.users.key = |name| {
                let end = name
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                    .unwrap_or(name.len());
                name[..end].into()
            };
        },
        |w| {
            w.create_named("anna@here");
            let admin = w.login("admin", GOOD);
            w.bearer(&admin, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.username.twin-replaces",
        "users.username.no-twin",
        "a name that differs in blanks or NULs at its end takes the place of the existing one",
        |b| {
            b.users.key = |name| name.trim_end_matches([' ', '\0']).into();
            b.users.duplicate = Duplicate::Replaces;
            b.users.create_body = |call| {
                CreateUserBody::parse(&amended(call.body, |members| {
                    let name = members.get("username").and_then(Value::as_str).unwrap_or_default();
                    let name = name.trim_end_matches([' ', '\0']).to_owned();
                    members.insert("username".to_owned(), name.into());
                }))
            };
        },
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "anna ", GOOD);
            w.login("anna", GOOD);
        },
    ),
    fault(
        "users.username.any-case",
        "users.username.case",
        "usernames that differ in case only are one account",
        |b| b.users.key = |name| name.to_lowercase().into(),
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "ANNA", OTHER);
        },
    ),
    fault(
        "users.password.nine-are-needed",
        "users.password.shortest",
        "off by one: on creation a password of 8 characters is refused",
        |b| b.passwords.on_create.length = 9..=64,
        |w| w.create_with("Aa1!5678"),
    ),
    fault(
        "users.password.sixty-three-at-most",
        "users.password.longest",
        "off by one: on creation a password of 64 characters is refused",
        |b| b.passwords.on_create.length = 8..=63,
        |w| w.create_with(&format!("Aa1!{}", "x".repeat(60))),
    ),
    fault(
        "users.password.seven-are-enough",
        "users.password.too-short",
        "off by one: on creation a password of 7 characters is taken",
        |b| b.passwords.on_create.length = 7..=64,
        |w| w.create_with("Aa1!567"),
    ),
    fault(
        "users.password.no-shortest",
        "users.password.too-short",
        "on creation a password may be as short as it likes, even empty",
        |b| {
            let rule = &mut b.passwords.on_create;
            rule.length = 0..=64;
            (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, "");
        },
        |w| w.create_with(""),
    ),
    fault(
        "users.password.sixty-five-are-allowed",
        "users.password.too-long",
        "off by one: on creation a password of 65 characters is taken",
        |b| b.passwords.on_create.length = 8..=65,
        |w| w.create_with(&format!("Aa1!{}", "x".repeat(61))),
    ),
    fault(
        "users.password.no-longest",
        "users.password.too-long",
        "on creation a password may be as long as it likes",
        |b| b.passwords.on_create.length = 8..=usize::MAX,
        |w| w.create_with(&format!("Aa1!{}", "x".repeat(300))),
    ),
    fault(
        "users.password.classes-unchecked",
        "users.password.classes",
        "on creation only the length of a password is checked, as an older page has it",
        |b| {
            let rule = &mut b.passwords.on_create;
            (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, "");
        },
        |w| w.create_with("longenough"),
    ),
    fault(
        "users.password.refusal-of-another-code",
        "users.password.code",
        "on creation a password that breaks the rule is refused with the code of a bad request",
        |b| b.refusals[Refusal::WeakCreatedPassword].code = ErrorCode::RequestInvalid,
        |w| w.create_with("weak"),
    ),
    fault(
        "users.password.last-character-lost",
        "users.password.whole",
        "the last character of a password does not count",
        |b| {
            b.passwords.matches = |kept, sent| {
                let mut shorter = kept.chars();
                shorter.next_back();
                kept == sent || shorter.as_str() == sent
            };
        },
        |w| drop((w.admin(), w.login("admin", "Sesame:1"))),
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
                    answer.body = crate::reference::call::AnswerBody::Empty;
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
        |b| b.tokens.on_update = crate::reference::behaviour::Revokes::OfUser,
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
            (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, "");
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
            w.bearer(
                &anna,
                "PUT",
                "/v1/users/anna",
                r#"{"password":"Opened;2?","role":"admin"}"#,
            );
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
    fault(
        "users.delete.no-content",
        "users.delete.answered",
        "a deletion is answered 204",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserDeleted) {
                    answer.status = 204;
                    answer.body = crate::reference::call::AnswerBody::Empty;
                }
            });
        },
        |w| w.delete_anna(),
    ),
    fault(
        "users.delete.without-the-name",
        "users.delete.answered",
        "the answer to a deletion does not say who was deleted",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserDeleted) {
                    super::writing::members(answer).map(|members| members.remove("users"));
                }
            });
        },
        |w| w.delete_anna(),
    ),
    fault(
        "users.delete.still-shown",
        "users.delete.gone",
        "a deleted account does not log in any more, but is still shown",
        |b| b.users.leftover = Leftover::IsShown,
        |w| {
            w.delete_anna();
            let admin = w.login("admin", GOOD);
            w.bearer(&admin, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.delete.not-done",
        "users.delete.gone",
        "a deletion is answered, not done",
        |b| b.users.deletes = |_, _| false,
        |w| {
            w.delete_anna();
            w.login("anna", OTHER);
        },
    ),
    fault(
        "users.delete.still-logs-in",
        "users.delete.login-dead",
        "a deleted account is not shown any more, but still logs in",
        |b| b.users.leftover = Leftover::LogsIn,
        |w| {
            w.delete_anna();
            w.login("anna", OTHER);
        },
    ),
    fault(
        "users.delete.all-that-begin-so",
        "users.delete.others-unharmed",
        "a deletion takes all accounts whose names begin with the one given",
        |b| b.users.deletes = |asked, name| name.starts_with(asked),
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "anna-lena", OTHER);
            w.bearer(&admin, "DELETE", "/v1/users/anna", "");
            w.bearer(&admin, "GET", "/v1/users/anna-lena", "");
        },
    ),
    fault(
        "users.delete.unknown-is-done",
        "users.delete.unknown",
        "deleting an account that is not there is answered as if it had been",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "DELETE") && refused(handled, Refusal::UnknownUser) {
                    super::writing::as_success(answer, 200);
                }
            });
        },
        |w| w.as_admin("DELETE", "/v1/users/nobody", ""),
    ),
    fault(
        "users.delete.admin-forbidden",
        "users.delete.admin",
        "deleting the default account is refused with 403 instead of 400",
        |b| {
            b.refusals[Refusal::AdminStays].status = 403;
            b.refusals[Refusal::AdminStays].code = ErrorCode::AccessDenied;
        },
        |w| w.as_admin("DELETE", "/v1/users/admin", ""),
    ),
    fault(
        "users.delete.admin-percent-encoded",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: percent-encoded it is deleted",
        |b| {
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/%61dmin", ""),
    ),
    fault(
        "users.delete.admin-in-capitals",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: in capitals it is deleted",
        |b| {
            b.users.key = |name| name.to_lowercase().into();
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/ADMIN", ""),
    ),
    fault(
        "users.delete.admin-with-nul",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: with a NUL at its end it is deleted",
        |b| {
            b.users.key = |name| name.trim_end_matches('\0').into();
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/admin%00", ""),
    ),
    fault(
        "users.delete.admin-with-blank",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: with a blank at its end it is deleted",
        |b| {
            b.users.key = |name| name.trim_end_matches(' ').into();
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/admin%20", ""),
    ),
    fault(
        "users.delete.oneself",
        "users.delete.admin-only",
        "an ordinary user deletes itself",
        |b| b.permissions.delete = Who::SelfOrAdmin,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "DELETE", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.delete.by-any-user",
        "users.delete.admin-only",
        "every user deletes accounts",
        |b| b.permissions.delete = Who::User,
        |w| {
            let [admin, anna] = w.anna();
            w.create(&admin, "bert", OTHER);
            w.bearer(&anna, "DELETE", "/v1/users/bert", "");
        },
    ),
    fault(
        "users.delete.by-anybody",
        "users.delete.unauthorized",
        "accounts are deleted without a token",
        |b| b.permissions.delete = Who::Anyone,
        |w| {
            w.anna();
            w.send("DELETE", "/v1/users/anna", "", "");
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
    let claim = |name: &str| {
        body.get(name)
            .is_some_and(|value| value.to_string().to_lowercase().contains("admin"))
    };
    ["ROLES", "roles", "role"].into_iter().any(claim) || body.get("is_admin") == Some(&Value::Bool(true))
}

/// The first item of a list of bodies, or the body itself.
fn amended_items(body: &[u8]) -> Vec<u8> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(items)) => items.first().map(Value::to_string).unwrap_or_default().into_bytes(),
        _ => body.to_vec(),
    }
}
