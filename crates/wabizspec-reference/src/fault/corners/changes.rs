//! Changes of users that are held to other rules than their kin, done too early, or not done (users).

use super::super::witness::{GOOD, OTHER};
use super::super::writing::refused;
use super::{Fault, fault, lets_through};
use crate::behaviour::Leftover;
use crate::documented::password::Marks;
use crate::outcome::Refusal;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.refused.takeover-of-a-user",
        "login.refused.wrong-password",
        "an ordinary user who brings a new password is not asked for the old one",
        lets_through!(|handled| refused(handled, Refusal::WrongPassword)
            && super::new_password(handled).is_some()
            && super::sent(handled).is_some_and(|sent| sent.username != "admin")),
        |w| {
            w.anna();
            w.change("anna", "wrong", GOOD);
        },
    ),
    fault(
        "users.update.nine-are-needed",
        "login.password.shortest",
        "off by one: an update asks for a password of 9 characters",
        |behaviour| behaviour.passwords.on_update.length = 9..=64,
        |w| w.update("Aa1!5678"),
    ),
    fault(
        "users.update.sixty-three-at-most",
        "login.password.longest",
        "off by one: an update takes a password of 63 characters at most",
        |behaviour| behaviour.passwords.on_update.length = 8..=63,
        |w| w.update(&format!("Aa1!{}", "x".repeat(60))),
    ),
    fault(
        "users.update.digit-not-needed",
        "users.update.password-rule",
        "an update takes a password without a digit",
        |behaviour| behaviour.passwords.on_update.digit = false,
        |w| w.update("Kxz!pqrs"),
    ),
    fault(
        "users.update.upper-not-needed",
        "users.update.password-rule",
        "an update takes a password without an uppercase letter",
        |behaviour| behaviour.passwords.on_update.upper = false,
        |w| w.update("kx7!pqrs"),
    ),
    fault(
        "users.update.lower-not-needed",
        "users.update.password-rule",
        "an update takes a password without a lowercase letter",
        |behaviour| behaviour.passwords.on_update.lower = false,
        |w| w.update("KX7!PQRS"),
    ),
    fault(
        "users.update.special-not-needed",
        "users.update.password-rule",
        "an update takes a password without a special character",
        |behaviour| behaviour.passwords.on_update.special = Marks::of(""),
        |w| w.update("Kx7zpqrs"),
    ),
    fault(
        "users.password.digit-not-needed",
        "users.password.classes",
        "on creation a password without a digit is taken",
        |behaviour| behaviour.passwords.on_create.digit = false,
        |w| w.create_with("Kxz!pqrs"),
    ),
    fault(
        "users.password.upper-not-needed",
        "users.password.classes",
        "on creation a password without an uppercase letter is taken",
        |behaviour| behaviour.passwords.on_create.upper = false,
        |w| w.create_with("kx7!pqrs"),
    ),
    fault(
        "users.password.lower-not-needed",
        "users.password.classes",
        "on creation a password without a lowercase letter is taken",
        |behaviour| behaviour.passwords.on_create.lower = false,
        |w| w.create_with("KX7!PQRS"),
    ),
    fault(
        "users.password.special-not-needed",
        "users.password.classes",
        "on creation a password without a special character is taken",
        |behaviour| behaviour.passwords.on_create.special = Marks::of(""),
        |w| w.create_with("Kx7zpqrs"),
    ),
    fault(
        "users.create.not-done",
        "users.create.login-works",
        "a creation is answered, not done",
        |behaviour| behaviour.users.creation_ignored = true,
        |w| drop(w.anna()),
    ),
    fault(
        "users.update.done-before-permitted",
        "users.update.refused-keeps",
        "the permission to update an account is asked when it has been updated",
        |behaviour| behaviour.permissions.asked_late = |call| call.method == "PUT",
        |w| {
            let [admin, anna] = w.anna();
            w.create(&admin, "bert", OTHER);
            w.bearer(&anna, "PUT", "/v1/users/bert", r#"{"password":"Aa1!5678"}"#);
            w.login("bert", OTHER);
        },
    ),
    fault(
        "users.delete.done-before-permitted",
        "users.delete.others-unharmed",
        "the permission to delete an account is asked when it has been deleted",
        |behaviour| behaviour.permissions.asked_late = |call| call.method == "DELETE",
        |w| {
            let [admin, anna] = w.anna();
            w.create(&admin, "bert", OTHER);
            w.bearer(&anna, "DELETE", "/v1/users/bert", "");
            w.bearer(&admin, "GET", "/v1/users/bert", "");
        },
    ),
    fault(
        "users.delete.nobody-is-done",
        "users.delete.unknown",
        "deletions only mark accounts: one that was deleted is not there any more, one that never was is deleted",
        |behaviour| behaviour.users.leftover = Leftover::Mark,
        |w| w.as_admin("DELETE", "/v1/users/nobody", ""),
    ),
    fault(
        "account.required.pin-stands-for-all",
        "account.required.refused",
        "a pin alone is taken for the second half of a request, whose first half may never have come",
        lets_through!(|handled| super::is_at(handled, "POST", "/v1/account")
            && refused(handled, Refusal::MissingMember)
            && super::text(handled.call.body, "pin").is_some()
            && super::text(handled.call.body, "cc").is_none()),
        |w| w.request_code(r#"{"pin":"123456"}"#),
    ),
];
