//! A body as JSON, exactly: members in order with duplicates kept, numbers as they were written.
//!
//! `serde_json::Value` keeps the last of two equal members and rounds big numbers, silently; a judge must not.
//! The grammar itself is serde_json's.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The deepest nesting that is read; deeper documents are refused with [`JsonError::TooDeep`].
pub const MAX_DEPTH: usize = 100;

/// Of so many members each is compared with all before it.
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
    /// The string with its escapes undone.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// Members in order; a name may occur more than once.
    Object(Vec<(String, Json)>),
}

/// Why bytes are not one JSON document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8 (RFC 8259 §8.1).
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// Not the grammar of RFC 8259.
    #[error("{0}")]
    Syntax(String),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

impl Json {
    /// Reads one document.
    pub fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError::NotUtf8(error.valid_up_to()))?;
        // What is short cannot be deep.
        let shallow = text.len() <= 2 * MAX_DEPTH || depth(text) <= MAX_DEPTH;
        if shallow && let Ok(Plain(json)) = serde_json::from_str(text) {
            return Ok(json);
        }
        let raw: &RawValue = serde_json::from_str(text).map_err(syntax)?;
        if !shallow {
            return Err(JsonError::TooDeep);
        }
        read(raw.get())
    }

    /// The value at a JSON Pointer (RFC 6901). Of equal members the first is taken; [`Json::duplicate`] finds them.
    pub fn at(&self, pointer: &str) -> Option<&Json> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut value = self;
        // By bytes: to look for a sign in a word as short as these takes longer than to compare it.
        for segment in pointer.strip_prefix('/')?.as_bytes().split(|byte| *byte == b'/') {
            let segment = std::str::from_utf8(segment).ok()?;
            let segment = match segment.bytes().any(|byte| byte == b'~') {
                true => Cow::Owned(segment.replace("~1", "/").replace("~0", "~")),
                false => Cow::Borrowed(segment),
            };
            value = match value {
                Json::Object(members) => &members.iter().find(|(name, _)| *name == *segment)?.1,
                Json::Array(items) => {
                    let leading_zero = segment.len() > 1 && segment.starts_with('0');
                    let digits = segment.bytes().all(|byte| byte.is_ascii_digit());
                    if leading_zero || !digits {
                        return None;
                    }
                    items.get(segment.parse::<usize>().ok()?)?
                }
                _ => return None,
            };
        }
        Some(value)
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number written as an integer (no fraction, no exponent) that fits.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&[(String, Json)]> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The JSON Pointer of the first member whose name its object has already used.
    pub fn duplicate(&self) -> Option<String> {
        match self {
            Json::Array(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| Some(format!("/{index}{}", item.duplicate()?))),
            Json::Object(members) => {
                let mut seen = std::collections::HashSet::new();
                members.iter().enumerate().find_map(|(index, (name, value))| {
                    // A few names are compared sooner than hashed.
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

    /// What kind of value it is, in words: for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

impl fmt::Display for Json {
    /// Compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(text) => f.write_str(text),
            Json::String(text) => write_string(f, text),
            Json::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_string(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let quoted = serde_json::to_string(text).map_err(|_| fmt::Error)?;
    f.write_str(&quoted)
}

fn pointer_segment(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn syntax(error: serde_json::Error) -> JsonError {
    JsonError::Syntax(error.to_string())
}

/// The first sign of a text after its blanks (RFC 8259 §2).
fn first_sign(text: &str) -> Option<u8> {
    text.bytes().find(|byte| !b" \t\r\n".contains(byte))
}

/// Reads the text of one value. Of a scalar, serde_json has already checked the grammar, and it stands without blanks.
/// It is asked level by level because only its raw values keep numbers as written; [`MAX_DEPTH`] bounds the work and
/// the stack.
fn read(text: &str) -> Result<Json, JsonError> {
    match first_sign(text) {
        Some(b'n') => Ok(Json::Null),
        Some(b't') => Ok(Json::Bool(true)),
        Some(b'f') => Ok(Json::Bool(false)),
        Some(b'"') => serde_json::from_str(text).map(Json::String).map_err(syntax),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(syntax)?;
            let items = items.into_iter().map(|item| read(item.get()));
            items.collect::<Result<_, _>>().map(Json::Array)
        }
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(syntax)?;
            let members = members.into_iter().map(|(name, value)| Ok((name, read(value.get())?)));
            members.collect::<Result<_, _>>().map(Json::Object)
        }
        _ => Ok(Json::Number(text.to_owned())),
    }
}

/// How deep arrays and objects nest in text whose grammar has been checked.
fn depth(text: &str) -> usize {
    let (mut deepest, mut open, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A value whose numbers are all integers that fit into 64 bits: these have one spelling only, so that it can be read in
/// one go. Most bodies are such.
struct Plain(Json);

impl<'t> Deserialize<'t> for Plain {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Build;
        impl<'t> Visitor<'t> for Build {
            type Value = Plain;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value without other numbers than integers")
            }
            fn visit_unit<E>(self) -> Result<Plain, E> {
                Ok(Plain(Json::Null))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(Json::Bool(value)))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(Json::Number(value.to_string())))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(Json::Number(value.to_string())))
            }
            fn visit_str<E>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain(Json::String(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'t>>(self, mut seq: A) -> Result<Plain, A::Error> {
                let mut items = Vec::new();
                while let Some(Plain(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Plain(Json::Array(items)))
            }
            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Plain, A::Error> {
                let mut members = Vec::new();
                while let Some((name, Plain(value))) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Plain(Json::Object(members)))
            }
        }
        deserializer.deserialize_any(Build)
    }
}

/// All members of one object in order, duplicates kept, values unread.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'t> Visitor<'t> for Collect {
            type Value = Members<'t>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
            fn visit_seq<A: SeqAccess<'t>>(self, _: A) -> Result<Self::Value, A::Error> {
                Err(serde::de::Error::custom("an array where an object was expected"))
            }
        }
        deserializer.deserialize_map(Collect)
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
        for text in [
            "-0",
            "[0,-1,1.0,1e2,-9223372036854775808,18446744073709551615,18446744073709551616]",
        ] {
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
        assert_eq!(json.at("/users/00/token"), None);
        assert_eq!(json.at("/users/+0/token"), None);
        assert_eq!(json.at("/users/1"), None);
        assert_eq!(json.at("users"), None);
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
}
