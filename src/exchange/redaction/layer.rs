//! A text with one layer of escapes decoded: backslashes, percent signs, HTML entities, JSON Pointers.

use std::borrow::Cow;
use std::ops::Range;

use super::CUT;
use crate::exchange::escapes::{backslash, entity, percent};

/// A text, and the place in the original of each of its bytes.
pub(super) struct Layer<'t> {
    pub text: Cow<'t, str>,
    /// For each byte and for the end; empty where the text is the original itself.
    origins: Vec<usize>,
}

impl<'t> Layer<'t> {
    pub fn original(text: &'t str) -> Layer<'t> {
        Layer { text: Cow::Borrowed(text), origins: Vec::new() }
    }

    /// The place of those bytes in the original.
    pub fn origin(&self, bytes: Range<usize>) -> Range<usize> {
        self.place(bytes.start)..self.place(bytes.end)
    }

    fn place(&self, byte: usize) -> usize {
        self.origins.get(byte).copied().unwrap_or(byte)
    }

    /// With its escapes decoded once; `None` if there are none.
    pub fn decoded(&self) -> Option<Layer<'static>> {
        let text = &*self.text;
        if !text.bytes().any(|byte| matches!(byte, b'\\' | b'%' | b'&' | b'~')) {
            return None;
        }
        let (mut decoded, mut origins) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
        let (mut at, mut changed) = (0, false);
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let (shown, length) = match escape(rest) {
                Some((shown, length)) => (Some(shown), length),
                None => match cut_escape(rest) {
                    0 => (Some(c), c.len_utf8()),
                    length => (None, length),
                },
            };
            changed |= shown != Some(c);
            if let Some(shown) = shown {
                decoded.push(shown);
                origins.resize(decoded.len(), self.place(at));
            }
            at += length;
        }
        origins.push(self.place(at));
        changed.then_some(Layer { text: Cow::Owned(decoded), origins })
    }
}

pub(super) fn decoded(text: &str) -> Option<String> {
    Some(Layer::original(text).decoded()?.text.into_owned())
}

fn escape(rest: &str) -> Option<(char, usize)> {
    match rest.as_bytes()[0] {
        b'\\' => backslash(rest),
        b'%' => percent(rest),
        b'&' => entity(rest),
        b'~' if rest.starts_with("~0") => Some(('~', 2)),
        b'~' if rest.starts_with("~1") => Some(('/', 2)),
        _ => None,
    }
}

/// How many bytes a cut left of an escape that starts here; zero where it is whole, or not an escape.
fn cut_escape(rest: &str) -> usize {
    let most = match rest.as_bytes()[0] {
        b'%' => 1,
        b'\\' | b'&' => 8,
        _ => return 0,
    };
    let is_part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '#' | '{');
    let length = 1 + rest.chars().skip(1).take_while(is_part).take(most + 1).count();
    if length <= 1 + most && (rest.len() == length || rest[length..].starts_with(CUT)) { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn every_spelling_of_a_character_is_decoded_and_the_rest_of_one_left_out() {
        for (text, plain) in vectors::<(String, String)>("escapes") {
            assert_eq!(decoded(&text), Some(plain), "{text}");
        }
        let others = r"plain | 50% & more | \q! | \ud83d is | &unknown; | & amp; | &amp, | &am; | &; | &#; | &#x; | &é;
            | &#xd800; | &#99999999;";
        for text in others.split(" | ").map(str::trim) {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn the_origin_of_a_decoded_character_is_the_whole_escape() {
        let layer = Layer::original(r"x\u00e9y&amp;z").decoded().expect("escapes");
        assert_eq!(layer.text, "xéy&z");
        assert_eq!(layer.origin(1..3), 1..7);
        assert_eq!(layer.origin(4..5), 8..13);
        assert_eq!(layer.origin(0..6), 0..14);
    }
}
