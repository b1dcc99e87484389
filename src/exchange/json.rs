//! A body as JSON, exactly: members in order with duplicates kept, numbers as they were written.
//!
//! `serde_json::Value` keeps the last of two equal members and rounds big numbers, silently; a judge must not.
//! The grammar itself is serde_json's.

use std::fmt;

use serde::de::IgnoredAny;
use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 100;

/// The names of an object with more members are hashed to find duplicates.
const FEW: usize = 16;

/// One JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number as it was written.
    Number(String),
    /// The string with its escapes decoded.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// Members in order; a name may occur more than once.
    Object(Vec<(String, Json)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum JsonKind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// Why bytes are not one JSON document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8 (RFC 8259 §8.1).
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    #[error("{0}")]
    Syntax(String),
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

impl Json {
    /// Reads one document.
    pub fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError::NotUtf8(error.valid_up_to()))?;
        let IgnoredAny = serde_json::from_str(text).map_err(syntax)?;
        Reader::new(text).value()
    }

    /// The value at a JSON Pointer (RFC 6901). Of members with the same name, it is the first.
    pub fn at(&self, pointer: &str) -> Option<&Json> {
        let Some(segments) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(self) };
        segments.split('/').try_fold(self, |value, segment| match value {
            Json::Object(members) => {
                let escaped = segment.contains('~').then(|| segment.replace("~1", "/").replace("~0", "~"));
                let sought = escaped.as_deref().unwrap_or(segment);
                members.iter().find(|(name, _)| name == sought).map(|(_, value)| value)
            }
            Json::Array(items) => {
                // Neither a sign nor a leading zero is allowed.
                let index = segment.parse().ok().filter(|index: &usize| index.to_string() == segment)?;
                items.get(index)
            }
            _ => None,
        })
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        let Json::String(text) = self else { return None };
        Some(text)
    }

    /// The value of a number written as an integer (no fraction, no exponent) that fits.
    pub fn as_integer(&self) -> Option<i64> {
        let Json::Number(text) = self else { return None };
        text.parse().ok()
    }

    pub(crate) fn as_array(&self) -> Option<&[Json]> {
        let Json::Array(items) = self else { return None };
        Some(items)
    }

    pub(crate) fn as_object(&self) -> Option<&[(String, Json)]> {
        let Json::Object(members) = self else { return None };
        Some(members)
    }

    /// The codes of the errors in an envelope, or of a bare error object.
    pub(crate) fn error_codes(&self) -> impl Iterator<Item = &Json> {
        let errors = self.at("/errors").and_then(Json::as_array).unwrap_or(std::slice::from_ref(self));
        errors.iter().filter_map(|error| error.at("/code"))
    }

    /// Calls `look` for every value in it, itself first, with the name if it is a member.
    pub(crate) fn each<'j>(&'j self, look: &mut impl FnMut(Option<&'j str>, &'j Json)) {
        self.each_under(None, look);
    }

    fn each_under<'j>(&'j self, name: Option<&'j str>, look: &mut impl FnMut(Option<&'j str>, &'j Json)) {
        look(name, self);
        match self {
            Json::Array(items) => items.iter().for_each(|item| item.each_under(None, look)),
            Json::Object(members) => members.iter().for_each(|(name, value)| value.each_under(Some(name), look)),
            _ => {}
        }
    }

    /// The JSON Pointer of the first member with the name of an earlier one.
    pub(crate) fn duplicate(&self) -> Option<String> {
        match self {
            Json::Array(items) => {
                items.iter().enumerate().find_map(|(index, item)| Some(format!("/{index}{}", item.duplicate()?)))
            }
            Json::Object(members) => {
                let mut seen = std::collections::HashSet::new();
                members.iter().enumerate().find_map(|(index, (name, value))| {
                    let twice = match members.len() {
                        ..=FEW => members[..index].iter().any(|(earlier, _)| earlier == name),
                        _ => !seen.insert(name),
                    };
                    if twice {
                        return Some(pointer_segment(name));
                    }
                    let inside = value.duplicate()?;
                    Some(pointer_segment(name) + &inside)
                })
            }
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> JsonKind {
        match self {
            Json::Null => JsonKind::Null,
            Json::Bool(_) => JsonKind::Bool,
            Json::Number(_) => JsonKind::Number,
            Json::String(_) => JsonKind::String,
            Json::Array(_) => JsonKind::Array,
            Json::Object(_) => JsonKind::Object,
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(text) => RawValue::from_string(text.clone()).map_err(S::Error::custom)?.serialize(serializer),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(items) => serializer.collect_seq(items),
            Json::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, value))),
        }
    }
}

impl fmt::Display for Json {
    /// Compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

fn pointer_segment(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn syntax(error: serde_json::Error) -> JsonError {
    JsonError::Syntax(error.to_string())
}

/// Reads text whose grammar serde_json has checked, each byte once, and keeps numbers as they were written.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// How many arrays and objects are open.
    depth: usize,
    looked_at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Reader<'t> {
        Reader { text, at: 0, depth: 0, looked_at: 0 }
    }

    fn value(&mut self) -> Result<Json, JsonError> {
        Ok(match self.next_sign() {
            Some(b'"') => Json::String(self.string()?),
            Some(b'[') => Json::Array(self.items(Reader::value)?),
            Some(b'{') => Json::Object(self.items(Reader::member)?),
            _ => match self.take_while(|byte| !b",]} \t\r\n".contains(&byte)) {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                number => Json::Number(number.to_owned()),
            },
        })
    }

    fn member(&mut self) -> Result<(String, Json), JsonError> {
        self.next_sign();
        let name = self.string()?;
        self.next_sign();
        self.at += 1;
        Ok((name, self.value()?))
    }

    /// Everything between two brackets.
    fn items<T>(&mut self, item: fn(&mut Self) -> Result<T, JsonError>) -> Result<Vec<T>, JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        let mut items = Vec::new();
        self.at += 1;
        let mut goes_on = !matches!(self.next_sign(), Some(b']' | b'}'));
        while goes_on {
            items.push(item(self)?);
            goes_on = self.next_sign() == Some(b',');
            self.at += usize::from(goes_on);
        }
        self.at += 1;
        self.depth -= 1;
        Ok(items)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        let inside = self.take_while(|byte| {
            let goes_on = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            goes_on
        });
        self.at += 1;
        match inside.contains('\\') {
            true => serde_json::from_str(&self.text[start..self.at]).map_err(syntax),
            false => Ok(inside.to_owned()),
        }
    }

    /// The next byte that is not white space (RFC 8259 §2).
    fn next_sign(&mut self) -> Option<u8> {
        self.take_while(|byte| b" \t\r\n".contains(&byte));
        self.text.as_bytes().get(self.at).copied()
    }

    fn take_while(&mut self, mut goes_on: impl FnMut(u8) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !goes_on(byte)).unwrap_or(rest.len());
        self.at += length;
        self.looked_at += length + 1;
        &rest[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json {
        Json::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn keeps_duplicate_members_and_exact_numbers() {
        let json = parse(r#"{"a":1e400,"b":[9007199254740993],"a":"two"}"#);
        assert_eq!(json.to_string(), r#"{"a":1e400,"b":[9007199254740993],"a":"two"}"#);
        assert_eq!(json.duplicate().as_deref(), Some("/a"));
        for text in ["-0", "[0,-1,1.0,1e2,-9223372036854775808,18446744073709551615,18446744073709551616]"] {
            assert_eq!(parse(text).to_string(), text);
        }
        assert_eq!(parse(r#"{"x":[{"k":1,"k":2}]}"#).duplicate().as_deref(), Some("/x/0/k"));
        assert_eq!(parse(r#"{"x":[{"k":1}]}"#).duplicate(), None);
    }

    #[test]
    fn finds_values_by_pointer() {
        let json = parse(r#"{"users":[{"token":"t","a/b":1,"m~n":2}]}"#);
        assert_eq!(json.at("/users/0/token").and_then(Json::as_str), Some("t"));
        assert_eq!(json.at("/users/0/a~1b").and_then(Json::as_integer), Some(1));
        assert_eq!(json.at("/users/0/m~0n").and_then(Json::as_integer), Some(2));
        for nowhere in ["/users/00/token", "/users/+0/token", "/users/1", "users"] {
            assert_eq!(json.at(nowhere), None, "{nowhere}");
        }
        assert_eq!(json.at(""), Some(&json));
    }

    #[test]
    fn refuses_what_is_not_one_document() {
        for text in ["", "{", "{}x", "NaN", "[1,]", "{'a':1}", "\u{feff}{}", "01"] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text:?} was read");
        }
        assert_eq!(Json::parse(b"\"\xff\""), Err(JsonError::NotUtf8(1)));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(Json::parse(nested(MAX_DEPTH + 1).as_bytes()), Err(JsonError::TooDeep));
        let million = nested(1_000_000);
        assert_eq!(Json::parse(million.as_bytes()), Err(JsonError::TooDeep));
    }

    #[test]
    fn every_byte_is_looked_at_once_however_deep_it_lies() {
        let deep = |items: usize| {
            let text = ["[".repeat(99), "1.5,".repeat(items), "{\"a\":\"b\\n\"}".to_owned(), "]".repeat(99)].concat();
            let mut reader = Reader::new(&text);
            assert_eq!(reader.value().expect("a value").to_string(), text);
            (reader.looked_at, text.len())
        };
        let (once, length) = deep(10_000);
        let (twice, _) = deep(20_000);
        assert!(once <= 3 * length && twice <= 2 * once, "{length} bytes: {once}, then {twice}");
    }
}
