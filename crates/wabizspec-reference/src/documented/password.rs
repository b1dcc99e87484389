//! The rule that a new password must follow.
//!
//! It checks the text of a password only, not whether it is the right one.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The special characters: the 32 printable ASCII punctuation marks.
///
/// The page prints 31 of them and a leaked escape before the apostrophe; the backslash got lost between the square
/// brackets, where the client's own error text has it (users/login, Password; observed).
pub const SPECIAL_CHARACTERS: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The rule as plain data, so that a faulty client can have a slightly wrong one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRule {
    /// How many characters it may have.
    pub length: RangeInclusive<usize>,
    /// What is counted for the length.
    pub counted: Counted,
    /// Whether an ASCII digit is needed.
    pub digit: bool,
    /// Whether an ASCII uppercase letter is needed.
    pub upper: bool,
    /// Whether an ASCII lowercase letter is needed.
    pub lower: bool,
    /// One of these characters is needed; an empty list needs none.
    pub special: Cow<'static, str>,
    /// Whether control characters are allowed.
    pub controls: bool,
}

/// The unit of a password's length. The page says characters and leaves it at that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Unicode scalar values.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

/// One way in which a password breaks the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum Shortfall {
    #[error("{length} characters, at least {min} needed")]
    TooShort { length: usize, min: usize },
    #[error("{length} characters, at most {max} allowed")]
    TooLong { length: usize, max: usize },
    #[error("no digit")]
    NoDigit,
    #[error("no uppercase letter")]
    NoUpper,
    #[error("no lowercase letter")]
    NoLower,
    #[error("no special character")]
    NoSpecial,
    /// Basic authentication cannot carry it, so nobody could log in with it (RFC 7617 §2).
    #[error("a control character")]
    Control,
}

impl PasswordRule {
    /// The rule of the page: 8 to 64 characters with a digit, an uppercase letter, a lowercase letter and a special
    /// character (users/login, Password). Classes are ASCII; other letters count towards the length alone.
    pub const fn documented() -> Self {
        PasswordRule {
            length: 8..=64,
            counted: Counted::Characters,
            digit: true,
            upper: true,
            lower: true,
            special: Cow::Borrowed(SPECIAL_CHARACTERS),
            controls: false,
        }
    }

    /// Everything in which this password breaks the rule; `Ok` if it follows it.
    pub fn check(&self, password: &str) -> Result<(), Vec<Shortfall>> {
        let has = |class: fn(char) -> bool| password.contains(class);
        let length = match self.counted {
            Counted::Characters => password.chars().count(),
            Counted::Bytes => password.len(),
        };
        let (min, max) = (*self.length.start(), *self.length.end());
        let has_special = self.special.is_empty() || password.contains(|c| self.special.contains(c));
        let shortfalls = [
            (length < min, Shortfall::TooShort { length, min }),
            (length > max, Shortfall::TooLong { length, max }),
            (self.digit && !has(|c| c.is_ascii_digit()), Shortfall::NoDigit),
            (self.upper && !has(|c| c.is_ascii_uppercase()), Shortfall::NoUpper),
            (self.lower && !has(|c| c.is_ascii_lowercase()), Shortfall::NoLower),
            (!has_special, Shortfall::NoSpecial),
            (!self.controls && has(|c| c.is_ascii_control()), Shortfall::Control),
        ];
        let found: Vec<Shortfall> = shortfalls.into_iter().filter(|(found, _)| *found).map(|(_, one)| one).collect();
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    /// How a password breaks the documented rule.
    fn shortfalls(password: &str) -> String {
        let found = PasswordRule::documented().check(password).err().unwrap_or_default();
        found.iter().map(Shortfall::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn passwords_and_how_they_break_the_rule() {
        for (password, expected) in vectors::<(String, String)>("passwords") {
            assert_eq!(shortfalls(&password), expected, "{password:?}");
        }
        assert_eq!(shortfalls(&"Aa1!".repeat(256)), "1024 characters, at most 64 allowed");
    }

    #[test]
    fn each_of_the_32_marks_and_nothing_else_in_ascii_is_special() {
        assert_eq!(SPECIAL_CHARACTERS.chars().count(), 32);
        for byte in 0x20..0x7f_u8 {
            let mark = char::from(byte);
            let good = shortfalls(&format!("Abcdef1{mark}")).is_empty();
            assert_eq!(good, mark.is_ascii_punctuation(), "{mark:?}");
        }
    }

    #[test]
    fn a_rule_can_count_bytes_or_need_no_classes() {
        let bytes = PasswordRule { counted: Counted::Bytes, ..PasswordRule::documented() };
        assert_eq!(bytes.check("Aa1!東京東"), Ok(()));
        let lengths = PasswordRule { digit: false, upper: false, lower: false, special: "".into(), ..bytes };
        assert_eq!(lengths.check("        "), Ok(()));
    }
}
