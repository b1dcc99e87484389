//! Errors in files that people write, each with its place and advice, and the parser of all such files.
//!
//! The scenario files, the register of requirements and the configuration are TOML. What they mean is not known here.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
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
    /// An error at a byte range of the text.
    pub(crate) fn error(&self, span: Range<usize>, what: impl Into<String>, advice: impl Into<String>) -> LocatedError {
        let (line, column) = self.position(span.start);
        LocatedError { file: self.file.to_owned(), line, column, what: what.into(), advice: advice.into() }
    }

    /// Refuses a text that is empty or blank.
    pub(crate) fn filled(
        &self,
        text: &Spanned<String>,
        what: impl Into<String>,
        advice: &str,
    ) -> Result<(), LocatedError> {
        match text.get_ref().trim().is_empty() {
            true => Err(self.error(text.span(), what, advice)),
            false => Ok(()),
        }
    }

    /// 1-based line of a byte offset; past the end counts as the end.
    pub(crate) fn line(&self, offset: usize) -> usize {
        LineCounter::new(*self).line(offset)
    }

    /// 1-based line and column of a byte offset; past the end counts as the end.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (self.line(before.len()), before[line_start..].chars().count() + 1)
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

    /// The 1-based line of a byte offset; past the end counts as the end. A smaller offset than the last is counted from the
    /// start.
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
        // The byte itself is not shown: a file with a password is read here too.
        source.error(
            valid..valid,
            "the file is not valid UTF-8 from here on",
            "save it as UTF-8; put bytes that are not text into `hex`",
        )
    })
}

/// Reads a TOML file into its type.
pub(crate) fn parse<T: DeserializeOwned>(source: SourceText<'_>) -> Result<T, LocatedError> {
    toml::from_str(source.text).map_err(|error| {
        let message = error.message().trim();
        // A type of ours brings its own advice.
        let (what, advice) = match message.split_once("\nhelp: ") {
            Some((what, advice)) => (what.to_owned(), advice.to_owned()),
            None => {
                let what = message.replace('\n', ", ");
                let advice = advice(&what);
                (what, advice)
            }
        };
        source.error(error.span().unwrap_or(0..0), what, advice)
    })
}

// A table whose keys and values know their places, in the order of the file. A `///` here would be in the schema.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(!from, transparent, inline))]
#[serde(from = "BTreeMap<Spanned<String>, Spanned<T>>", bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Located<T>(
    #[cfg_attr(feature = "cli", schemars(with = "BTreeMap<String, T>"))] Vec<(Spanned<String>, Spanned<T>)>,
);

impl<T> From<BTreeMap<Spanned<String>, Spanned<T>>> for Located<T> {
    fn from(table: BTreeMap<Spanned<String>, Spanned<T>>) -> Self {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_unstable_by_key(|(key, _)| key.span().start);
        Located(entries)
    }
}

impl<T> Located<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &Spanned<T>)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> IntoIterator for Located<T> {
    type Item = (Spanned<String>, Spanned<T>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T> Default for Located<T> {
    fn default() -> Self {
        Located(Vec::new())
    }
}

/// The new name of a key that files of earlier versions have.
fn renamed(key: &str) -> Option<&'static str> {
    const RENAMED: [(&str, &str); 5] = [
        ("twin", "positive"),
        ("else_blocked", "may_refuse"),
        ("mark", "basis"),
        ("says", "statement"),
        ("excuse", "untested"),
    ];
    RENAMED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new)
}

fn advice(what: &str) -> String {
    let quoted: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
    if let (true, Some(new)) = (what.starts_with("unknown field"), quoted.first().and_then(|old| renamed(old))) {
        return format!("it is called `{new}` now");
    }
    let unknown = what.starts_with("unknown field") || what.starts_with("unknown variant");
    if let (true, Some((wrong, known))) = (unknown, quoted.split_first()) {
        return match nearest(wrong, known.iter().copied()) {
            Some(right) => format!("did you mean `{right}`?"),
            None => format!("use one of {}", known.join(", ")),
        };
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
    match type_name {
        "a string" => "write a string; strings stand in quotes".to_owned(),
        "a boolean" => "write true or false, without quotes".to_owned(),
        "a sequence" => {
            "write a list: [ … ]; the entries of a list of tables begin with [[double brackets]]".to_owned()
        }
        "i64" | "u16" | "u32" | "u64" | "usize" => "write a whole number, 0 or more".to_owned(),
        _ if type_name.starts_with("struct ") || type_name == "a map" => "write a table: { … }".to_owned(),
        other => format!("write {other}"),
    }
}

/// The known word that was most likely meant.
pub(crate) fn nearest<'w>(wrong: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    known
        .map(|word| (strsim::jaro_winkler(wrong, word), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the refusals are of interest")]
    struct File {
        title: String,
        status: Option<u16>,
    }

    fn error(text: &str) -> LocatedError {
        parse::<File>(SourceText { file: "a.toml", text }).expect_err(text)
    }

    #[test]
    fn a_wrong_key_is_reported_with_its_place_and_advice() {
        let unknown = error("title = \"é\"\n  stauts = 4\n");
        assert_eq!((unknown.line, unknown.column, &*unknown.advice), (2, 3, "did you mean `status`?"), "{unknown}");
        let renamed = error("twin = \"login/good\"");
        assert_eq!((renamed.line, renamed.column, &*renamed.advice), (1, 1, "it is called `positive` now"));
        assert_eq!(error("status = 4").advice, "add `title = …`");
    }

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
        assert_eq!(source.position(5), (1, 5));
        assert_eq!(source.position(900), (1, 6));
    }
}
