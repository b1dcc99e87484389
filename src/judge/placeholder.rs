//! Typed placeholders: `<token>` and the like stand for values that differ from run to run.
//!
//! None accepts everything. Snapshots use the same checks.

use serde::{Deserialize, Serialize};

use crate::documented::token::ExpiresAfter;
use crate::exchange::Json;

/// A kind of value that an expectation may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Placeholder {
    /// RFC 6750 §2.1 allows fewer characters, but these can all be sent in a header.
    Token,
    ExpiresAfter,
    String,
    /// A number without fraction or exponent.
    Integer,
    Array,
    Object,
    Version,
    ApiStatus,
}

impl Placeholder {
    /// Each with the name between the angle brackets, and what it asks for in words.
    const ALL: [(Placeholder, &'static str, &'static str); 8] = [
        (Placeholder::Token, "token", "a token: a non-empty string of visible ASCII characters"),
        (Placeholder::ExpiresAfter, "expires_after", "an instant written YYYY-MM-DD HH:MM:SS+00:00"),
        (Placeholder::String, "string", "a non-empty string"),
        (Placeholder::Integer, "integer", "an integer"),
        (Placeholder::Array, "array", "an array with at least one item"),
        (Placeholder::Object, "object", "an object"),
        (Placeholder::Version, "version", "a version such as 2.53.1 or v2.53.1"),
        (Placeholder::ApiStatus, "api_status", "stable, deprecated or experimental"),
    ];

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Placeholder::ALL.iter().map(|(_, name, _)| *name)
    }

    pub(crate) fn named(name: &str) -> Option<Placeholder> {
        let (placeholder, ..) = Placeholder::ALL.iter().find(|(_, known, _)| *known == name)?;
        Some(*placeholder)
    }

    /// Its name with the angle brackets.
    pub(crate) fn shown(self) -> String {
        format!("<{}>", Placeholder::ALL[self as usize].1)
    }

    pub(crate) fn description(self) -> &'static str {
        Placeholder::ALL[self as usize].2
    }

    pub(crate) fn recognises(self, value: &Json) -> bool {
        match self {
            Placeholder::Integer => value.as_integer().is_some(),
            Placeholder::Array => value.as_array().is_some_and(|items| !items.is_empty()),
            Placeholder::Object => value.as_object().is_some(),
            _ => value.as_str().is_some_and(|text| self.recognises_text(text)),
        }
    }

    /// Whether the text of a string value is of the kind.
    pub(crate) fn recognises_text(self, text: &str) -> bool {
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
    use crate::vectors::vectors;

    #[test]
    fn each_recognises_its_own_kind_only() {
        for (placeholder, good, bad) in vectors::<(Placeholder, String, String)>("placeholders") {
            for (values, expected) in [(good, true), (bad, false)] {
                for value in values.split(" | ") {
                    let json = Json::parse(value.as_bytes()).expect(value);
                    assert_eq!(placeholder.recognises(&json), expected, "{placeholder:?} {value}");
                }
            }
        }
        for placeholder in [Placeholder::Integer, Placeholder::Array, Placeholder::Object] {
            assert!(["", "1", "[1]", "{}"].iter().all(|text| !placeholder.recognises_text(text)), "{placeholder:?}");
        }
    }

    #[test]
    fn names_lead_back_to_their_placeholder() {
        for (index, (placeholder, name, description)) in Placeholder::ALL.into_iter().enumerate() {
            assert_eq!(Placeholder::named(name), Some(placeholder));
            assert_eq!((placeholder.shown(), placeholder.description()), (format!("<{name}>"), description));
            assert_eq!(serde_json::json!(placeholder), name);
            assert_eq!(placeholder as usize, index);
        }
        assert_eq!(Placeholder::named("anything"), None);
    }
}
