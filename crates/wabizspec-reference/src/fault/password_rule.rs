//! The rule for new passwords (users/login, Passwords).

#![allow(clippy::almost_complete_range, reason = "ranges that end one too early are one of the faults")]

use super::bodies::text;
use super::writing::granted;
use super::{Fault, fault};
use crate::behaviour::Behaviour;
use crate::documented::bodies::{LoginBody, UpdateUserBody};
use crate::documented::errors::ErrorCode;
use crate::documented::password::{Counted, Marks, PasswordRule};
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.password.seven-are-enough",
        "login.password.too-short",
        "off by one: a new password of 7 characters is taken",
        |b| on_change(b, |rule| rule.length = 7..=64),
        |w| drop(w.first("Aa1!567")),
    ),
    fault(
        "login.password.no-shortest",
        "login.password.too-short",
        "a new password may be of any length up to the greatest",
        |b| on_change(b, |rule| rule.length = 0..=64),
        |w| drop(w.first("Aa1!")),
    ),
    fault(
        "login.password.sixty-five-are-allowed",
        "login.password.too-long",
        "off by one: a new password of 65 characters is taken",
        |b| on_change(b, |rule| rule.length = 8..=65),
        |w| drop(w.first(&format!("Aa1!{}", "x".repeat(61)))),
    ),
    fault(
        "login.password.no-longest",
        "login.password.too-long",
        "a new password may be as long as it likes",
        |b| on_change(b, |rule| rule.length = 8..=usize::MAX),
        |w| drop(w.first(&format!("Aa1!{}", "x".repeat(200)))),
    ),
    fault(
        "login.password.cut-instead-of-refused",
        "login.password.too-long",
        "a new password of more than 64 characters is cut to 64 and taken",
        |b| {
            on_change(b, |rule| rule.length = 8..=usize::MAX);
            b.passwords.kept = |password| password.chars().take(64).collect::<String>().into();
        },
        |w| drop(w.first(&format!("Aa1!{}", "x".repeat(61)))),
    ),
    fault(
        "login.password.nine-are-needed",
        "login.password.shortest",
        "off by one: a new password of 8 characters is refused",
        |b| on_change(b, |rule| rule.length = 9..=64),
        |w| drop(w.first("Aa1!5678")),
    ),
    fault(
        "login.password.sixty-three-at-most",
        "login.password.longest",
        "off by one: a new password of 64 characters is refused",
        |b| on_change(b, |rule| rule.length = 8..=63),
        |w| drop(w.first(&format!("Aa1!{}", "x".repeat(60)))),
    ),
    fault(
        "login.password.thirty-two-at-most",
        "login.password.longest",
        "a new password may have 32 characters, as a user name may",
        |b| on_change(b, |rule| rule.length = 8..=32),
        |w| drop(w.first(&format!("Aa1!{}", "x".repeat(60)))),
    ),
    fault(
        "login.password.digit-not-needed",
        "login.password.digit",
        "a new password without a digit is taken",
        |b| on_change(b, |rule| rule.digit = false),
        |w| drop(w.first("Qwx#mVzkTrp")),
    ),
    fault(
        "login.password.upper-not-needed",
        "login.password.upper",
        "a new password without an uppercase letter is taken",
        |b| on_change(b, |rule| rule.upper = false),
        |w| drop(w.first("qwx#mvz7trp")),
    ),
    fault(
        "login.password.lower-not-needed",
        "login.password.lower",
        "a new password without a lowercase letter is taken",
        |b| on_change(b, |rule| rule.lower = false),
        |w| drop(w.first("QWX#MVZ7TRP")),
    ),
    fault(
        "login.password.special-not-needed",
        "login.password.special",
        "a new password without a special character is taken",
        |b| on_change(b, |rule| rule.special = Marks::of("")),
        |w| drop(w.first("Qwx7mVzkTrp")),
    ),
    fault(
        "login.password.classes-unchecked",
        "login.password.classes",
        "only the length of a new password is checked",
        |b| {
            on_change(b, |rule| {
                (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, Marks::of(""));
            });
        },
        |w| drop(w.first("qwxmvzktrp")),
    ),
    fault(
        "login.password.two-classes-are-enough",
        "login.password.classes",
        "letters of both cases are enough for a new password",
        |b| on_change(b, |rule| (rule.digit, rule.special) = (false, Marks::of(""))),
        |w| drop(w.first("QwxmVzkTrp")),
    ),
    fault(
        "login.password.letters-and-digits-are-enough",
        "login.password.classes",
        "letters of one case are enough for a new password",
        |b| on_change(b, |rule| (rule.upper, rule.lower) = (false, false)),
        |w| drop(w.first("123#4567")),
    ),
    fault(
        "login.password.blank-is-special",
        "login.password.blank-no-special",
        "a blank or a control character counts as a special character, as with `[^A-Za-z0-9]`",
        |b| {
            on_change(b, |rule| {
                rule.special = Marks::of(" \t\n\r\u{0}\u{b}\u{c}\u{7f}\u{a0}!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
                rule.controls = true;
            });
        },
        |w| drop(w.first("Qwx7 mVzk")),
    ),
    fault(
        "login.password.two-of-a-class-needed",
        "login.password.class-edges",
        "one character of a class is not enough, unless the password has 20 characters or more",
        |b| {
            b.rewrites.push(|handled, answer| {
                let new = text(handled.call.body, "new_password").or(text(handled.call.body, "password"));
                let two = |password: &str, class: fn(&u8) -> bool| password.bytes().filter(class).count() > 1;
                let enough = |password: String| {
                    // The random passwords of the harness would break the rule now and then.
                    password.len() >= 20
                        || two(&password, u8::is_ascii_digit)
                            && two(&password, u8::is_ascii_uppercase)
                            && two(&password, u8::is_ascii_lowercase)
                };
                let changed = granted(handled, Success::LoggedIn) || granted(handled, Success::UserUpdated);
                if changed && new.is_some_and(|password| !enough(password)) {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.first("Aa1!5678")),
    ),
    fault(
        "login.password.zero-and-a-left-out",
        "login.password.class-edges",
        "the ranges of digits and letters begin with 1, B and b",
        |b| {
            b.rewrites.push(|handled, answer| {
                let new = text(handled.call.body, "new_password").or(text(handled.call.body, "password"));
                let lacks = |password: &String, range: std::ops::RangeInclusive<u8>| {
                    !password.bytes().any(|byte| range.contains(&byte))
                };
                let weak = |password: &String| {
                    lacks(password, b'1'..=b'9') || lacks(password, b'B'..=b'Z') || lacks(password, b'b'..=b'z')
                };
                let changed = granted(handled, Success::LoggedIn) || granted(handled, Success::UserUpdated);
                if changed && new.as_ref().is_some_and(weak) {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.first("Bb0!BbBb")),
    ),
    fault(
        "login.password.nine-and-z-left-out",
        "login.password.class-edges",
        "the ranges of digits and letters end before 9, Z and z",
        |b| {
            b.rewrites.push(|handled, answer| {
                let new = text(handled.call.body, "new_password").or(text(handled.call.body, "password"));
                let lacks =
                    |password: &String, range: std::ops::Range<u8>| !password.bytes().any(|byte| range.contains(&byte));
                let weak = |password: &String| {
                    lacks(password, b'0'..b'9') || lacks(password, b'A'..b'Z') || lacks(password, b'a'..b'z')
                };
                let changed = granted(handled, Success::LoggedIn) || granted(handled, Success::UserUpdated);
                if changed && new.as_ref().is_some_and(weak) {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.first("Bb9!BbBb")),
    ),
    fault(
        "login.password.first-specials-only",
        "login.password.special-characters",
        "only the special characters from `!` to `/` are known",
        |b| on_change(b, |rule| rule.special = Marks::of("!\"#$%&'()*+,-./")),
        |w| drop(w.first("Qwx7@mVzk")),
    ),
    fault(
        "login.password.usual-specials-only",
        "login.password.special-characters",
        "only the special characters above the digits of a keyboard are known",
        |b| b.passwords.on_update.special = Marks::of("!@#$%^&*()\\"),
        |w| w.update("Qwx7~mVzk"),
    ),
    fault(
        "login.password.underscore-is-a-letter",
        "login.password.special-characters",
        "the underscore is no special character, as with `\\W`",
        |b| on_change(b, |rule| rule.special = Marks::of("!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~")),
        |w| drop(w.first("Qwx7_mVzk")),
    ),
    fault(
        "login.password.hyphen-makes-a-range",
        "login.password.special-characters",
        "a hyphen inside a character class makes a range, and is no special character itself",
        |b| b.passwords.on_update.special = Marks::of("!\"#$%&'()*+,./:;<=>?@[\\]^_`{|}~"),
        |w| w.update("Qwx7-mVzk"),
    ),
    fault(
        "login.password.bracket-ends-the-class",
        "login.password.special-characters",
        "the closing bracket ends the character class too early: what follows it is unknown",
        |b| on_change(b, |rule| rule.special = Marks::of("!\"#$%&'()*+,-./:;<=>?@[\\")),
        |w| drop(w.first("Qwx7]mVzk")),
    ),
    fault(
        "login.password.quotes-left-out",
        "login.password.special-characters",
        "quotation mark, apostrophe and grave accent are no special characters",
        |b| on_change(b, |rule| rule.special = Marks::of("!#$%&()*+,-./:;<=>?@[\\]^_{|}~")),
        |w| drop(w.first("Qwx7'mVzk")),
    ),
    fault(
        "login.password.markup-left-out",
        "login.password.special-characters",
        "`<`, `>` and `&` are no special characters, for fear of markup",
        |b| on_change(b, |rule| rule.special = Marks::of("!\"#$%'()*+,-./:;=?@[\\]^_`{|}~")),
        |w| drop(w.first("Qwx7<mVzk")),
    ),
    fault(
        "login.password.colon-left-out",
        "login.password.special-characters",
        "the colon is no special character, because it parts user name and password",
        |b| on_change(b, |rule| rule.special = Marks::of("!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~")),
        |w| drop(w.first("Qwx7:mVzk")),
    ),
    fault(
        "login.password.dot-and-comma-left-out",
        "login.password.special-characters",
        "full stop and comma are punctuation, not special characters",
        |b| on_change(b, |rule| rule.special = Marks::of("!\"#$%&'()*+-/:;<=>?@[\\]^_`{|}~")),
        |w| drop(w.first("Qwx7.mVzk")),
    ),
    fault(
        "login.password.backslash-left-out",
        "login.password.backslash",
        "the backslash is no special character, as the page prints the list",
        |b| on_change(b, |rule| rule.special = Marks::of("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~")),
        |w| drop(w.first("Qwx7\\mVzk")),
    ),
    fault(
        "login.password.refusal-of-another-code",
        "login.password.code",
        "a new password that breaks the rule is refused with the code of a bad request",
        |b| b.refusals[Refusal::WeakNewPassword].code = ErrorCode::RequestInvalid,
        |w| drop(w.first("weak")),
    ),
    fault(
        "login.password.unprocessable",
        "login.password.code",
        "a new password that breaks the rule is refused with 422",
        |b| b.refusals[Refusal::WeakNewPassword].status = 422,
        |w| drop(w.first("weak")),
    ),
    fault(
        "login.password.letters-of-all-scripts",
        "login.password.ascii-classes",
        "letters, digits and signs of all scripts count towards the classes",
        |b| {
            b.login.body = |call| {
                let mut body = LoginBody::parse(call.body)?;
                body.new_password = body.new_password.map(|password| in_ascii(&password));
                Ok(body)
            };
            b.users.update_body = |call| {
                let password = in_ascii(&UpdateUserBody::parse(call.body)?.password);
                Ok(UpdateUserBody { password })
            };
            b.passwords.reread = Some(|call| text(call.body, "new_password").or(text(call.body, "password")));
        },
        |w| drop(w.first("Ñandú7#xyz".replace('ú', "u").as_str().replace('N', "Ñ").as_str())),
    ),
    fault(
        "login.password.bytes-counted",
        "login.password.length-in-characters",
        "the length is counted in bytes: a short password of other scripts gets through",
        |b| on_change(b, |rule| rule.counted = Counted::Bytes),
        |w| drop(w.first("Aa1!東京")),
    ),
];

/// The rule, wherever a password is changed.
fn on_change(behaviour: &mut Behaviour, edit: fn(&mut PasswordRule)) {
    edit(&mut behaviour.passwords.on_login);
    edit(&mut behaviour.passwords.on_update);
}

/// Letters, digits and signs of other scripts as ASCII ones of their class.
fn in_ascii(password: &str) -> String {
    let plain = |c: char| match c {
        _ if c.is_ascii() => c,
        _ if c.is_uppercase() => 'A',
        _ if c.is_lowercase() => 'a',
        _ if c.is_numeric() => '1',
        _ if c.is_alphabetic() => c,
        _ => '!',
    };
    password.chars().map(plain).collect()
}
