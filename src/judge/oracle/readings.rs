//! A text with its encodings decoded.

use std::borrow::Cow;

use crate::exchange::escapes::{self, Escape};

/// The encodings, each with the character that its escapes begin with.
const ENCODINGS: [(char, Escape); 3] = [('\\', backslash), ('&', escapes::entity), ('%', escapes::percent)];

/// A text as it was sent, and with its encodings decoded: each alone, and each within another.
///
/// Most texts have no sign of an encoding; then nothing is copied.
pub(super) struct Readings<'t> {
    sent: Cow<'t, str>,
    decoded: Vec<String>,
}

impl<'t> Readings<'t> {
    pub(super) fn of(sent: Cow<'t, str>) -> Self {
        let mut decoded = Vec::new();
        // The whole text is read without a branch, which is faster than to stop at the first sign.
        let encoded = (sent.bytes()).fold(false, |found, byte| found | matches!(byte, b'\\' | b'&' | b'%'));
        if encoded {
            add_decoded(&sent, &mut decoded);
        }
        // Each of them may have another encoding. Deeper nesting is not decoded: it would multiply the work.
        for outer in 0..decoded.len() {
            let text = decoded[outer].clone();
            add_decoded(&text, &mut decoded);
        }
        Readings { sent, decoded }
    }

    pub(super) fn sent(&self) -> &str {
        &self.sent
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.sent).chain(self.decoded.iter().map(String::as_str))
    }
}

fn add_decoded(text: &str, decoded: &mut Vec<String>) {
    for (sign, escape) in ENCODINGS {
        decoded.extend(decode(text, sign, escape).filter(|text| !decoded.contains(text)));
    }
}

/// The text with every escape replaced by its character, or `None` where there is none.
fn decode(text: &str, sign: char, escape: Escape) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(sign) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let read = escape(rest);
        found |= read.is_some();
        let (c, length) = read.unwrap_or((sign, sign.len_utf8()));
        plain.push(c);
        rest = &rest[length..];
    }
    found.then(|| plain + rest)
}

/// As `String::from_utf8_lossy`, which goes character by character where this checks whole blocks.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Of the escapes with a backslash, those of JSON strings and `\'`, `\x41`, `\u{e9}`.
fn backslash(rest: &str) -> Option<(char, usize)> {
    let sign = rest.as_bytes().get(1)?;
    b"ntrbf\\\"'/xu".contains(sign).then(|| escapes::backslash(rest))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn each_encoding_is_decoded_alone_and_within_another() {
        let nested = r#"a\\\"& a\\u0022& a\u0022\u0026amp; a&amp;quot;&amp;amp; a\&quot;&amp; a%2522%2526 a%5C%22%26
            a%26quot%3B%26amp%3B a\u002522\u002526 a&percnt;22&#37;26"#;
        let nested = nested.split_whitespace().map(|written| (written.to_owned(), "a\"&".to_owned()));
        for (written, plain) in vectors::<(String, String)>("encodings").into_iter().chain(nested) {
            let readings = Readings::of(written.as_str().into());
            assert!(readings.iter().any(|reading| reading == plain), "{written}");
        }
    }

    #[test]
    fn what_is_not_an_escape_stays_and_costs_no_copy() {
        let texts = r"C:\Users\q \u12 \ud800 \x4 \u{} | a & b; &unknown; & | 100% %4 %zz | plain | é\ | \é | %é | &é;";
        for text in texts.split(" | ") {
            let readings = Readings::of(text.into());
            assert!(readings.decoded.is_empty() && matches!(readings.sent, Cow::Borrowed(_)), "{text}");
            assert!(readings.iter().eq([text]));
        }
    }

    #[test]
    fn the_number_of_readings_is_bounded() {
        let hostile = r"\\u005c\u0026amp;&#37;25%2526&amp;#92;u0025%5Cu0026".repeat(1000);
        let readings = Readings::of(Cow::Borrowed(&hostile));
        assert!((4..=13).contains(&readings.iter().count()));
        assert!(readings.iter().all(|reading| reading.len() <= hostile.len()));
    }
}
