//! Special cases of users that slip through (users).

use super::super::bodies::text;
use super::super::witness::OTHER;
use super::super::writing::refused;
use super::{Fault, fault, is_at, lets_through, new_password};
use crate::behaviour::Who;
use crate::outcome::Refusal;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "users.create.other-names-of-members",
        "users.create.missing-member",
        "`user` and `pass` are taken for `username` and `password`",
        lets_through!(|handled| is_at(handled, "POST", "/v1/users") && text(handled.call.body, "user").is_some()),
        |w| w.as_admin("POST", "/v1/users", r#"{"user":"anna","pass":"Aa1!5678"}"#),
    ),
    fault(
        "users.create.body-optional",
        "users.create.missing-member",
        "a creation without a body is answered as if it had been done",
        lets_through!(|handled| is_at(handled, "POST", "/v1/users")
            && handled.call.body.is_empty()
            && !refused(handled, Refusal::NoToken)),
        |w| w.as_admin("POST", "/v1/users", ""),
    ),
    fault(
        "users.create.name-of-its-own",
        "users.create.missing-member",
        "a creation with a password alone is answered as if it had been done",
        lets_through!(|handled| is_at(handled, "POST", "/v1/users")
            && refused(handled, Refusal::MissingMember)
            && text(handled.call.body, "password").is_some()),
        |w| w.as_admin("POST", "/v1/users", r#"{"password":"Aa1!5678"}"#),
    ),
    fault(
        "users.create.done-before-permitted",
        "users.create.refused-leaves-nothing",
        "the permission to create an account is asked when it has been created",
        |behaviour| behaviour.permissions.asked_late = |call| call.method == "POST",
        |w| {
            let [admin, anna] = w.anna();
            w.create(&anna, "bert", OTHER);
            w.bearer(&admin, "GET", "/v1/users/bert", "");
        },
    ),
    fault(
        "users.delete.all-but-oneself",
        "users.delete.admin-only",
        "by an inverted comparison an ordinary user may delete everybody but itself",
        |behaviour| behaviour.permissions.delete = Who::OthersOrAdmin,
        |w| {
            let [admin, anna] = w.anna();
            w.create(&admin, "bert", OTHER);
            w.bearer(&anna, "DELETE", "/v1/users/bert", "");
        },
    ),
    fault(
        "users.update.the-admin-by-any-user",
        "users.update.others",
        "an ordinary user may set the administrator's password",
        lets_through!(|handled| is_at(handled, "PUT", "/v1/users/NAME")
            && refused(handled, Refusal::Forbidden)
            && handled.call.path == "/v1/users/admin"),
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "PUT", "/v1/users/admin", r#"{"password":"Aa1!5678"}"#);
        },
    ),
    fault(
        "users.update.the-others-by-any-user",
        "users.update.others",
        "only the administrator's password is guarded from ordinary users",
        lets_through!(|handled| is_at(handled, "PUT", "/v1/users/NAME")
            && refused(handled, Refusal::Forbidden)
            && handled.call.path != "/v1/users/admin"),
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "PUT", "/v1/users/bert", r#"{"password":"Aa1!5678"}"#);
        },
    ),
    fault(
        "users.duplicate.of-the-admin",
        "users.duplicate.refused",
        "a second administrator is answered as if it had been created",
        lets_through!(|handled| refused(handled, Refusal::UserExists)
            && text(handled.call.body, "username").as_deref() == Some("admin")),
        |w| {
            let admin = w.admin();
            w.create(&admin, "admin", OTHER);
        },
    ),
    fault(
        "users.update.seven-are-enough",
        "users.update.password-rule",
        "off by one: an update with a password of 7 characters is taken",
        |behaviour| behaviour.passwords.on_update.length = 7..=64,
        |w| w.update("Aa1!567"),
    ),
    fault(
        "users.update.sixty-five-are-allowed",
        "users.update.password-rule",
        "off by one: an update with a password of 65 characters is taken",
        |behaviour| behaviour.passwords.on_update.length = 8..=65,
        |w| w.update(&format!("Aa1!{}", "x".repeat(61))),
    ),
    fault(
        "users.update.digits-only",
        "users.update.password-rule",
        "an update takes a password of digits alone, as a pin",
        lets_through!(|handled| refused(handled, Refusal::WeakUpdatedPassword)
            && new_password(handled)
                .is_some_and(|new| new.len() == 8 && new.bytes().all(|byte| byte.is_ascii_digit()))),
        |w| w.update("73194628"),
    ),
    fault(
        "users.username.empty",
        "users.username.too-short",
        "an empty username escapes the check of its length",
        lets_through!(|handled| refused(handled, Refusal::BadUsername)
            && text(handled.call.body, "username").as_deref() == Some("")),
        |w| w.create_named(""),
    ),
    fault(
        "users.read.parent-folder",
        "users.read.odd-name",
        "dots of a parent folder in a name lead to another resource",
        lets_through!(|handled| is_at(handled, "GET", "/v1/users/NAME") && handled.call.path.contains("%2e%2e%2f")),
        |w| w.as_admin("GET", "/v1/users/%2e%2e%2faccount", ""),
    ),
    fault(
        "users.read.longer-name",
        "users.read.odd-name",
        "an account is found under a longer name",
        lets_through!(|handled| is_at(handled, "GET", "/v1/users/NAME") && handled.call.path == "/v1/users/adminx"),
        |w| w.as_admin("GET", "/v1/users/adminx", ""),
    ),
    fault(
        "users.read.members-of-an-object",
        "users.read.odd-name",
        "accounts are members of an object, and what every object has is found among them",
        lets_through!(|handled| is_at(handled, "GET", "/v1/users/NAME")
            && matches!(handled.call.path, "/v1/users/constructor" | "/v1/users/__proto__")),
        |w| w.as_admin("GET", "/v1/users/__proto__", ""),
    ),
    fault(
        "envelope.unknown-path.by-post",
        "envelope.unknown-path-refused",
        "what is posted to an unknown path is swallowed",
        lets_through!(|handled| refused(handled, Refusal::UnknownPath) && handled.call.method == "POST"),
        |w| drop(w.send("POST", "/v1/unknown", "", "{}")),
    ),
    fault(
        "envelope.unknown-path.without-a-token",
        "envelope.unknown-path-refused",
        "an unknown path shows everybody without a token a welcome",
        lets_through!(|handled| refused(handled, Refusal::UnknownPath) && handled.call.authorization.is_empty()),
        |w| drop(w.send("GET", "/v1/unknown", "", "")),
    ),
    fault(
        "envelope.unknown-path.with-a-token",
        "envelope.unknown-path-refused",
        "an unknown path is found where the caller has a token",
        lets_through!(|handled| refused(handled, Refusal::UnknownPath)
            && !handled.call.authorization.is_empty()
            && handled.call.method == "GET"),
        |w| w.as_admin("GET", "/v1/unknown", ""),
    ),
    fault(
        "envelope.no-crash.cut-escape",
        "envelope.no-crash",
        "an escape of the path that is cut off is an internal error",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                if handled.call.path.ends_with("/%4") {
                    super::super::writing::crash(answer);
                }
            });
        },
        |w| w.as_admin("GET", "/v1/users/%4", ""),
    ),
];
