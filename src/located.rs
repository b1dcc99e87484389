//! Errors in files that people write, each with its place and advice, and the parser of all such files.
//!
//! The scenario files, the register of requirements and the configuration are TOML. What they mean is not known here.

use std::collections::BTreeMap;
use std::ops::{Deref, Range};

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;

/// What is wrong in a file, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}\n  help: {advice}")]
pub struct LocatedError {
    /// The file as the user knows it.
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do next.
    pub advice: String,
}

/// A text and the name of its file.
#[derive(Debug, Clone, Copy)]
pub struct SourceText<'t> {
    /// The file as the user knows it.
    pub file: &'t str,
    /// All of it.
    pub text: &'t str,
}

impl SourceText<'_> {
    /// An error at a byte range of the text; past the end counts as the end.
    pub(crate) fn error(&self, span: Range<usize>, what: impl Into<String>, advice: impl Into<String>) -> LocatedError {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let (line, column) = (self.line(before.len()), before[line_start..].chars().count() + 1);
        LocatedError { file: self.file.to_owned(), line, column, what: what.into(), advice: advice.into() }
    }

    /// Refuses a text that is empty or blank.
    pub(crate) fn filled(&self, text: &Spanned<String>, what: impl ToString, advice: &str) -> Result<(), LocatedError> {
        if text.get_ref().trim().is_empty() { Err(self.error(text.span(), what.to_string(), advice)) } else { Ok(()) }
    }

    /// 1-based line of a byte offset; past the end counts as the end.
    pub(crate) fn line(&self, offset: usize) -> usize {
        LineCounter::new(*self).line(offset)
    }
}

/// Finds the lines of offsets in ascending order, each counted from the last: a file may have a hundred thousand rows.
#[derive(Debug)]
pub(crate) struct LineCounter<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
}

impl<'t> LineCounter<'t> {
    pub(crate) fn new(source: SourceText<'t>) -> LineCounter<'t> {
        LineCounter { text: source.text, offset: 0, line: 1 }
    }

    /// The 1-based line of a byte offset; past the end counts as the end. A smaller one than the last starts over.
    pub(crate) fn line(&mut self, offset: usize) -> usize {
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        let end = offset.min(self.text.len());
        let between = &self.text.as_bytes()[self.offset..end];
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.offset = end;
        self.line
    }
}

/// The text of a file that was read as bytes.
pub(crate) fn text(file: &str, bytes: Vec<u8>) -> Result<String, LocatedError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let source = SourceText { file, text: &text };
        let advice = "save it as UTF-8; put bytes that are not text into `hex`";
        // The byte itself is not shown: a file with a password is read here too.
        source.error(valid..valid, "the file is not valid UTF-8 from here on", advice)
    })
}

/// Reads a TOML file into its type.
pub(crate) fn parse<T: DeserializeOwned>(source: SourceText<'_>) -> Result<T, LocatedError> {
    toml::from_str(source.text).map_err(|error| {
        let message = error.message().trim();
        // A type of ours brings its own advice.
        let span = error.span().unwrap_or(0..0);
        if let Some((what, advice)) = message.split_once("\nhelp: ") {
            return source.error(span, what, advice);
        }
        let what = message.replace('\n', ", ");
        let advice = advice(&what);
        source.error(span, what, advice)
    })
}

/// That no value has a name, with advice.
#[derive(Debug)]
pub(crate) struct Unknown {
    pub advice: String,
}

/// The value that has this name in files.
pub(crate) fn named<T: DeserializeOwned>(name: &str) -> Result<T, Unknown> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    T::deserialize(name).map_err(|error| Unknown { advice: advice(&error.to_string()) })
}

/// Shows the values of these enums by their names in files.
macro_rules! shown_by_name {
    ($($name:ty),*) => {
        $(impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                serde::Serialize::serialize(self, f)
            }
        })*
    };
}
pub(crate) use shown_by_name;

// A table whose keys and values know their places, in the order of the file. A `///` here would be in the schema.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(!from, transparent, inline))]
#[serde(from = "BTreeMap<Spanned<String>, Spanned<T>>", bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Located<T>(
    #[cfg_attr(feature = "cli", schemars(with = "BTreeMap<String, T>"))] pub Vec<(Spanned<String>, Spanned<T>)>,
);

impl<T> From<BTreeMap<Spanned<String>, Spanned<T>>> for Located<T> {
    fn from(table: BTreeMap<Spanned<String>, Spanned<T>>) -> Self {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_unstable_by_key(|(key, _)| key.span().start);
        Located(entries)
    }
}

impl<T> Deref for Located<T> {
    type Target = [(Spanned<String>, Spanned<T>)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> Default for Located<T> {
    fn default() -> Self {
        Located(Vec::new())
    }
}

/// The new name of a key that files of earlier versions have.
fn renamed(key: &str) -> Option<&'static str> {
    match key {
        "twin" => Some("positive"),
        "else_blocked" => Some("may_refuse"),
        "mark" => Some("basis"),
        "says" => Some("statement"),
        "excuse" => Some("untested"),
        _ => None,
    }
}

fn advice(what: &str) -> String {
    let quoted: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
    if let (true, Some(new)) = (what.starts_with("unknown field"), quoted.first().and_then(|old| renamed(old))) {
        return format!("it is called `{new}` now");
    }
    let unknown = what.starts_with("unknown field") || what.starts_with("unknown variant");
    if let (true, Some((wrong, known))) = (unknown, quoted.split_first()) {
        let right = nearest(wrong, known.iter().copied()).map(|right| format!("did you mean `{right}`?"));
        return right.unwrap_or_else(|| format!("use one of {}", known.join(", ")));
    }
    if what.starts_with("missing field") {
        return format!("add `{} = …`", quoted.first().unwrap_or(&"it"));
    }
    if what.starts_with("duplicate key") {
        return "each key may appear once; rename or remove one of the two".to_owned();
    }
    if what.starts_with("invalid type") || what.starts_with("invalid value") {
        return expected(what.rsplit_once("expected ").map_or("another value", |(_, expected)| expected));
    }
    "the file is TOML (https://toml.io); compare it with a neighbouring file".to_owned()
}

/// How to write what serde says it expected.
fn expected(type_name: &str) -> String {
    let advice = match type_name {
        "a string" => "write a string, in quotes",
        "a boolean" => "write true or false, without quotes",
        "a sequence" => "write a list: [ … ]; the entries of a list of tables begin with [[double brackets]]",
        "i64" | "u16" | "u32" | "u64" | "usize" => "write a whole number, 0 or more",
        _ if type_name.starts_with("struct ") || type_name == "a map" => "write a table: { … }",
        other => return format!("write {other}"),
    };
    advice.to_owned()
}

/// The known word that was most likely meant.
pub(crate) fn nearest<'w>(wrong: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let rated = known.map(|word| (strsim::jaro_winkler(wrong, word), word));
    let (likeness, word) = rated.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (likeness > 0.8).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_on_from_place_to_place() {
        let text = "a\nb\n\nc";
        let mut counter = LineCounter::new(SourceText { file: "a", text });
        let offsets = [0, 2, 2, 5, 900, 3, 4];
        assert_eq!(offsets.map(|offset| counter.line(offset)), [1, 2, 2, 4, 4, 2, 3]);
    }

    #[test]
    fn columns_count_characters() {
        let source = SourceText { file: "a", text: "é = x" };
        assert_eq!([5, 900].map(|at| source.error(at..at, "", "").column), [5, 6]);
    }
}
