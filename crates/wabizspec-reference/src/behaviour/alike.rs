//! Texts that a careless comparison takes for one another, as data.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a text is reduced to before it is compared: decoded, cleaned, cut. By default nothing is done to it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alike {
    /// A text ends before the first of these characters.
    pub end: String,
    /// Parts of a text that are read as others.
    pub replace: BTreeMap<String, String>,
}

impl Alike {
    /// Whether two texts are the same to it.
    pub fn are(&self, one: &str, other: &str) -> bool {
        self.reduced(one) == self.reduced(other)
    }

    /// What is compared of a text.
    pub fn reduced<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let end = text.find(|c| self.end.contains(c)).unwrap_or(text.len());
        let read = |text: Cow<'t, str>, (from, to): (&String, &String)| match text.contains(from.as_str()) {
            true => text.replace(from, to).into(),
            false => text,
        };
        self.replace.iter().fold(Cow::Borrowed(&text[..end]), read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_alike_if_the_same_is_left_of_them() {
        let read = |text: &str| serde_json::from_str::<Alike>(text).unwrap();
        let by_default = Alike::default();
        assert!(by_default.are("a&b", "a&b") && !by_default.are("a&b", "a"));
        let decoded = read(r#"{"replace": {"%41": "A", "+": " "}}"#);
        assert!(decoded.are("%41+b", "A b") && !decoded.are("%41", "a"));
        let cut = read(r#"{"end": ",;"}"#);
        assert!(cut.are("a,b", "a;") && !cut.are("a,b", "b"));
    }
}
