//! The known members of a JSON object, read once, with everything that is wrong with them.
//!
//! Only the text of known members is kept; unknown ones are checked for grammar and skipped. Nothing recurses into
//! the document, so its depth costs no stack.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{BodyError, Invalid, MemberError};

/// The known members of one object, taken out one by one. What is wrong with them is collected.
pub(super) struct Members<'a, const N: usize> {
    names: [&'static str; N],
    values: [Option<&'a RawValue>; N],
    /// A known member that appears twice.
    twice: Option<&'static str>,
    errors: Vec<MemberError>,
}

/// Reads the members of these names from a body that must be one JSON object.
pub(super) fn members<'a, const N: usize>(
    body: &'a [u8],
    names: [&'static str; N],
) -> Result<Members<'a, N>, BodyError> {
    let malformed = |reason: &dyn fmt::Display| BodyError::Malformed(reason.to_string());
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let found = json.deserialize_map(Known(names)).and_then(|found| json.end().map(|()| found));
    match found {
        Ok(found) => match found.twice {
            Some(member) => Err(malformed(&format_args!("{member} appears twice"))),
            None => Ok(found),
        },
        // "Not an object" is right only if the whole text is JSON. Otherwise the error of the grammar is reported: the
        // other one quotes the value that is not an object, which may be a password.
        Err(error) => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) if !text.trim_start().starts_with('{') => Err(BodyError::NotAnObject),
            Ok(_) => Err(malformed(&error)),
            Err(error) => Err(malformed(&error)),
        },
    }
}

impl<const N: usize> Members<'_, N> {
    /// A string that must be there and meet a condition. If not, [`Members::finish`] reports that, and the text is empty.
    pub(super) fn required(
        &mut self,
        member: &'static str,
        condition: impl FnOnce(&str) -> Result<(), Invalid>,
    ) -> String {
        if self.value(member).is_none() {
            self.errors.push(MemberError::Missing(member));
        }
        self.optional(member, condition).unwrap_or_default()
    }

    /// The same for a string that may be there.
    pub(super) fn optional(
        &mut self,
        member: &'static str,
        condition: impl FnOnce(&str) -> Result<(), Invalid>,
    ) -> Option<String> {
        let text = string(self.value(member)?).and_then(|text| condition(&text).map(|()| text));
        text.map_err(|why| self.errors.push(MemberError::Invalid(member, why))).ok()
    }

    /// The body, unless something was wrong.
    pub(super) fn finish<T>(self, body: T) -> Result<T, BodyError> {
        if self.errors.is_empty() { Ok(body) } else { Err(BodyError::Members(self.errors)) }
    }

    fn value(&self, member: &str) -> Option<&RawValue> {
        let index = self.names.iter().position(|name| *name == member)?;
        self.values[index]
    }
}

/// The condition that every text meets.
pub(super) fn any(_: &str) -> Result<(), Invalid> {
    Ok(())
}

/// The text of a value that must be a string.
fn string(value: &RawValue) -> Result<String, Invalid> {
    match value.get().starts_with('"') {
        true => serde_json::from_str(value.get()).map_err(|_| Invalid::NotUnicode),
        false => Err(Invalid::NotAString),
    }
}

/// Takes the members of these names out of an object.
struct Known<const N: usize>([&'static str; N]);

impl<'de, const N: usize> Visitor<'de> for Known<N> {
    type Value = Members<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Members { names: self.0, values: [None; N], twice: None, errors: Vec::new() };
        while let Some(Name(name)) = map.next_key::<Name<'_>>()? {
            match self.0.iter().position(|known| *known == name) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(index) => {
                    if found.values[index].replace(map.next_value()?).is_some() {
                        found.twice = Some(self.0[index]);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// The name of a member, borrowed if it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
