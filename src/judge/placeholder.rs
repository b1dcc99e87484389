//! Typed placeholders: `<token>` and its kin stand for values that differ from run to run.
//!
//! Each is a recogniser with a name; there is none that accepts anything. Snapshots use the same recognisers.

use serde::{Deserialize, Serialize};

use crate::documented::token::ExpiresAfter;
use crate::exchange::Json;

/// A kind of value that an expectation may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placeholder {
    /// An opaque token: a non-empty string that can stand in a header (RFC 6750 §2.1 asks for less than that).
    Token,
    /// `YYYY-MM-DD HH:MM:SS+00:00`, a real instant.
    ExpiresAfter,
    /// Any non-empty string.
    String,
    /// A number without fraction or exponent.
    Integer,
    /// An array with at least one item.
    Array,
    /// An object.
    Object,
    /// `2.53.1` or `v2.53.1`.
    Version,
    /// `stable`, `deprecated` or `experimental`.
    ApiStatus,
}

impl Placeholder {
    /// All of them, by the name between the angle brackets.
    pub const ALL: [(&'static str, Placeholder); 8] = [
        ("token", Placeholder::Token),
        ("expires_after", Placeholder::ExpiresAfter),
        ("string", Placeholder::String),
        ("integer", Placeholder::Integer),
        ("array", Placeholder::Array),
        ("object", Placeholder::Object),
        ("version", Placeholder::Version),
        ("api_status", Placeholder::ApiStatus),
    ];

    /// The placeholder of that name.
    pub fn named(name: &str) -> Option<Placeholder> {
        let found = Placeholder::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, placeholder)| *placeholder)
    }

    /// Its name with the angle brackets.
    pub fn shown(self) -> String {
        let known = Placeholder::ALL.iter().find(|(_, known)| *known == self);
        format!("<{}>", known.map_or("", |(name, _)| name))
    }

    /// What it asks for, in words.
    pub fn description(self) -> &'static str {
        match self {
            Placeholder::Token => "a token: a non-empty string of visible ASCII characters",
            Placeholder::ExpiresAfter => "an instant written YYYY-MM-DD HH:MM:SS+00:00",
            Placeholder::String => "a non-empty string",
            Placeholder::Integer => "an integer",
            Placeholder::Array => "an array with at least one item",
            Placeholder::Object => "an object",
            Placeholder::Version => "a version such as 2.53.1 or v2.53.1",
            Placeholder::ApiStatus => "stable, deprecated or experimental",
        }
    }

    /// Whether the value is of the kind.
    pub fn recognises(self, value: &Json) -> bool {
        match self {
            Placeholder::Integer => value.as_integer().is_some(),
            Placeholder::Array => value.as_array().is_some_and(|items| !items.is_empty()),
            Placeholder::Object => value.as_object().is_some(),
            _ => value.as_str().is_some_and(|text| self.recognises_text(text)),
        }
    }

    /// Whether the text, taken as a string value, is of the kind.
    pub fn recognises_text(self, text: &str) -> bool {
        match self {
            Placeholder::Token => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()),
            Placeholder::ExpiresAfter => text.parse::<ExpiresAfter>().is_ok(),
            Placeholder::String => !text.is_empty(),
            Placeholder::Version => is_version(text),
            Placeholder::ApiStatus => ["stable", "deprecated", "experimental"].contains(&text),
            Placeholder::Integer | Placeholder::Array | Placeholder::Object => false,
        }
    }
}

/// `^v?\d+(\.\d+)+$`
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.contains('.') && text.split('.').all(numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recogniser_takes_its_own_kind_only() {
        let cases = [
            (Placeholder::Token, r#""eyJ.a-b_c""#, r#""with blank ""#),
            (Placeholder::Token, r#""!~""#, r#""tök\u007f""#),
            (Placeholder::Token, r#""x""#, r#""""#),
            (Placeholder::ExpiresAfter, r#""2018-03-01 15:29:26+00:00""#, r#""2018-03-01T15:29:26Z""#),
            (Placeholder::String, r#""x""#, "1"),
            (Placeholder::String, r#"" ""#, r#""""#),
            (Placeholder::Integer, "1005", r#""1005""#),
            (Placeholder::Integer, "-3", "1.0"),
            (Placeholder::Array, "[1]", "[]"),
            (Placeholder::Object, "{}", "[]"),
            (Placeholder::Version, r#""v2.33.4""#, r#""2""#),
            (Placeholder::Version, r#""2.37""#, r#""2..37""#),
            (Placeholder::Version, r#""2.53.1""#, r#""2.53.1b""#),
            (Placeholder::Version, r#""v0.1""#, r#""vv0.1""#),
            (Placeholder::ApiStatus, r#""stable""#, r#""Stable""#),
            (Placeholder::ApiStatus, r#""deprecated""#, r#""""#),
            (Placeholder::ApiStatus, r#""experimental""#, "1"),
        ];
        for (placeholder, good, bad) in cases {
            let parse = |text: &str| Json::parse(text.as_bytes()).expect(text);
            assert!(placeholder.recognises(&parse(good)), "{placeholder:?} {good}");
            assert!(!placeholder.recognises(&parse(bad)), "{placeholder:?} {bad}");
        }
    }

    #[test]
    fn a_text_is_no_number_no_array_and_no_object() {
        for placeholder in [Placeholder::Integer, Placeholder::Array, Placeholder::Object] {
            for text in ["", "1", "[1]", "{}"] {
                assert!(!placeholder.recognises_text(text), "{placeholder:?} {text:?}");
                assert!(!placeholder.recognises(&Json::String(text.to_owned())));
            }
        }
    }

    #[test]
    fn each_says_in_its_own_words_what_it_asks_for() {
        let words: std::collections::BTreeSet<&str> =
            Placeholder::ALL.iter().map(|(_, kind)| kind.description()).collect();
        assert_eq!(words.len(), Placeholder::ALL.len());
        for (kind, says) in [
            (Placeholder::Token, "visible ASCII"),
            (Placeholder::ExpiresAfter, "YYYY-MM-DD HH:MM:SS+00:00"),
            (Placeholder::Array, "at least one item"),
            (Placeholder::ApiStatus, "stable, deprecated or experimental"),
        ] {
            assert!(kind.description().contains(says), "{kind:?}");
        }
    }

    #[test]
    fn names_lead_back_to_their_placeholder() {
        for (name, placeholder) in Placeholder::ALL {
            assert_eq!(Placeholder::named(name), Some(placeholder));
            assert_eq!(placeholder.shown(), format!("<{name}>"));
        }
        assert_eq!(Placeholder::named("anything"), None);
    }
}
