//! Names and passwords of new users (users, Create).

use serde_json::Value;

use super::bodies::amended;
use super::witness::{GOOD, OTHER};
use super::{Fault, fault};
use crate::behaviour::Duplicate;
use crate::documented::bodies::CreateUserBody;
use crate::documented::errors::ErrorCode;
use crate::documented::password::Marks;
use crate::outcome::Refusal;

pub(super) const FAULTS: &[Fault] = &[
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
        "users.username.ten-characters-count",
        "users.username.whole",
        "the first 10 characters of a username count",
        |b| b.users.key = |name| name.chars().take(10).collect::<String>().into(),
        |w| {
            w.create_named("a-rather-long-name1");
            let admin = w.login("admin", GOOD);
            w.bearer(&admin, "GET", "/v1/users/a-rather-long-name2", "");
        },
    ),
    fault(
        "users.username.cut-before-it-is-judged",
        "users.username.whole",
        "a username ends at a colon, a line end or a NUL, and what is left is judged",
        |b| {
            b.users.create_body = |call| {
                let mut body = CreateUserBody::parse(call.body)?;
                let end = body.username.find([':', '\n', '\0']);
                body.username.truncate(end.unwrap_or(body.username.len()));
                Ok(body)
            };
        },
        |w| w.create_named("anna:here"),
    ),
    fault(
        "users.username.cut-at-odd-characters",
        "users.username.whole",
        "a username ends at the first character that is no letter or digit",
        |b| {
            b.users.key = |name| {
                let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
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
            (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, Marks::of(""));
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
            (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, Marks::of(""));
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
];
