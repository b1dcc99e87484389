//! The rule that a new password must follow.
//!
//! It judges the text of a password only. Whether a password is the right one is not its business.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The special characters: the 32 printable ASCII punctuation marks.
///
/// The page prints 31 of them and a leaked escape before the apostrophe; the backslash got lost between the square
/// brackets, where the client's own error text has it (users/login, Password; observed).
pub const SPECIAL_CHARACTERS: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// What a password must be like. A rule is plain data, so that a faulty client can have a slightly wrong one.
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
    /// Of these characters one is needed; none are needed where there are none.
    pub special: Marks,
    /// Whether control characters are let in.
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

/// One thing that a password lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// Fewer characters than the smallest length.
    TooShort {
        /// The length that it has.
        length: usize,
        /// The length that it needs.
        min: usize,
    },
    /// More characters than the greatest length.
    TooLong {
        /// The length that it has.
        length: usize,
        /// The length that it may have.
        max: usize,
    },
    /// No digit.
    NoDigit,
    /// No uppercase letter.
    NoUpper,
    /// No lowercase letter.
    NoLower,
    /// None of the special characters.
    NoSpecial,
    /// A control character: Basic authentication cannot carry it, so nobody could log in with it (RFC 7617 §2).
    Control,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shortfall::TooShort { length, min } => {
                write!(f, "{length} characters, at least {min} needed")
            }
            Shortfall::TooLong { length, max } => {
                write!(f, "{length} characters, at most {max} allowed")
            }
            Shortfall::NoDigit => f.write_str("no digit"),
            Shortfall::NoUpper => f.write_str("no uppercase letter"),
            Shortfall::NoLower => f.write_str("no lowercase letter"),
            Shortfall::NoSpecial => f.write_str("no special character"),
            Shortfall::Control => f.write_str("a control character"),
        }
    }
}

/// Characters of which a password needs one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(Cow<'static, str>);

impl Marks {
    /// The characters of a text; of an empty one none are needed.
    pub const fn of(text: &'static str) -> Marks {
        Marks(Cow::Borrowed(text))
    }

    /// Whether a password has one of them, or needs none.
    fn are_in(&self, password: &str) -> bool {
        self.0.is_empty() || password.contains(|character| self.0.contains(character))
    }
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
            special: Marks::of(SPECIAL_CHARACTERS),
            controls: false,
        }
    }

    /// Everything that this password lacks; `Ok` when it lacks nothing.
    pub fn check(&self, password: &str) -> Result<(), Vec<Shortfall>> {
        let has = |class: fn(char) -> bool| password.contains(class);
        let length = match self.counted {
            Counted::Characters => password.chars().count(),
            Counted::Bytes => password.len(),
        };
        let (min, max) = (*self.length.start(), *self.length.end());
        let mut lacking = Vec::new();
        if length < min {
            lacking.push(Shortfall::TooShort { length, min });
        }
        if length > max {
            lacking.push(Shortfall::TooLong { length, max });
        }
        if self.digit && !has(|c| c.is_ascii_digit()) {
            lacking.push(Shortfall::NoDigit);
        }
        if self.upper && !has(|c| c.is_ascii_uppercase()) {
            lacking.push(Shortfall::NoUpper);
        }
        if self.lower && !has(|c| c.is_ascii_lowercase()) {
            lacking.push(Shortfall::NoLower);
        }
        if !self.special.are_in(password) {
            lacking.push(Shortfall::NoSpecial);
        }
        if !self.controls && has(|c| c.is_ascii_control()) {
            lacking.push(Shortfall::Control);
        }
        match lacking.is_empty() {
            true => Ok(()),
            false => Err(lacking),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortfalls(password: &str) -> Vec<Shortfall> {
        PasswordRule::documented().check(password).err().unwrap_or_default()
    }

    /// A good password of so many characters.
    fn of_length(length: usize) -> String {
        format!("Aa1!{}", "x".repeat(length - 4))
    }

    #[test]
    fn lengths_from_8_to_64() {
        let short = |length| vec![Shortfall::TooShort { length, min: 8 }];
        let long = |length| vec![Shortfall::TooLong { length, max: 64 }];
        for (length, expected) in [
            (4, short(4)),
            (7, short(7)),
            (8, vec![]),
            (9, vec![]),
            (63, vec![]),
            (64, vec![]),
            (65, long(65)),
            (1024, long(1024)),
        ] {
            assert_eq!(shortfalls(&of_length(length)), expected, "{length}");
        }
    }

    #[test]
    fn each_class_is_needed() {
        for (password, expected) in [
            ("Abcdefg!", vec![Shortfall::NoDigit]),
            ("abcdef1!", vec![Shortfall::NoUpper]),
            ("ABCDEF1!", vec![Shortfall::NoLower]),
            ("Abcdefg1", vec![Shortfall::NoSpecial]),
            ("Abcdef 1", vec![Shortfall::NoSpecial]),
            ("Abcdef1£", vec![Shortfall::NoSpecial]),
            ("Äbcdef1!", vec![Shortfall::NoUpper]),
            ("ABCDEFß1!", vec![Shortfall::NoLower]),
            ("Abcdef٣!", vec![Shortfall::NoDigit]),
            ("Abcdef1!\n", vec![Shortfall::Control]),
            ("Abcdef1!\0x", vec![Shortfall::Control]),
            ("Abcdef1!", vec![]),
            ("A 1!bcd ", vec![]),
        ] {
            assert_eq!(shortfalls(password), expected, "{password:?}");
        }
    }

    #[test]
    fn all_shortfalls_are_told_at_once() {
        use Shortfall::*;
        let nothing = [TooShort { length: 0, min: 8 }, NoDigit, NoUpper, NoLower, NoSpecial];
        assert_eq!(shortfalls(""), nothing);
        assert_eq!(shortfalls("secret"), [TooShort { length: 6, min: 8 }, NoDigit, NoUpper, NoSpecial]);
    }

    #[test]
    fn each_shortfall_says_what_is_lacking() {
        let told = |password: &str| {
            let reasons: Vec<String> = shortfalls(password).iter().map(Shortfall::to_string).collect();
            reasons.join("; ")
        };
        assert_eq!(
            told("\0"),
            "1 characters, at least 8 needed; no digit; no uppercase letter; no lowercase letter; \
             no special character; a control character"
        );
        assert_eq!(told(&of_length(65)), "65 characters, at most 64 allowed");
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
    fn characters_count_not_bytes() {
        assert_eq!(shortfalls("Aa1!東京東").len(), 1, "7 characters in 13 bytes");
        assert_eq!(shortfalls(&format!("Aa1!{}", "京".repeat(60))), []);
        let bytes = PasswordRule { counted: Counted::Bytes, ..PasswordRule::documented() };
        assert_eq!(bytes.check("Aa1!東京東"), Ok(()));
    }

    #[test]
    fn a_rule_without_classes_asks_for_lengths_only() {
        let rule = PasswordRule {
            digit: false,
            upper: false,
            lower: false,
            special: Marks::of(""),
            ..PasswordRule::documented()
        };
        assert_eq!(rule.check("        "), Ok(()));
    }
}
