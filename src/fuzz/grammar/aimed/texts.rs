//! What the bodies of several endpoints are made of: passwords, JSON and what is none.

use super::row::Aimed;
use crate::fuzz::Surface;
use crate::fuzz::grammar::body::{BodyInput, Bulk, ContentType, Framing, Spelling};

/// A weak and a strong password beside those that bindings give.
pub(super) const WEAK: &str = "abcdefgh";

pub(super) const STRONG: &str = "${new_password}";

/// Values that JSON must accept (RFC 8259 §9).
pub(super) const GRAMMATICAL: [&str; 26] = [
    "[]",
    "{}",
    "0",
    "-0",
    "1",
    "-1",
    "1.5",
    "1E2",
    "1e+2",
    "1e-2",
    "123456789",
    "true",
    "false",
    "null",
    r#""""#,
    r#""a""#,
    r#""\u0041""#,
    r#""\"\\\/\b\f\n\r\t""#,
    r#""\uD83D\uDD11""#,
    r#""é 東京 🔑""#,
    r#""\u0000""#,
    r#"[1,[2,[3]]]"#,
    r#"{"a":{"b":[]}}"#,
    r#"[ 1 , 2 ]"#,
    "\"\u{7f}\"",
    r#""\u2028""#,
];

/// Texts that are no JSON.
pub(super) const UNGRAMMATICAL: [&str; 44] = [
    "{",
    "}",
    "[",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{'a':1}",
    "{a:1}",
    "{\"a\":1}//x",
    "{\"a\":/*x*/1}",
    "{\"a\":01}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":0x1}",
    "{\"a\":NaN}",
    "{\"a\":Infinity}",
    "{\"a\":-}",
    "{\"a\":1e}",
    "{\"a\":\"\u{1}\"}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u00\"}",
    "{\"a\":\"",
    "{\"a\":\"\\",
    "\u{c}{}",
    "\u{b}{}",
    "{}x",
    "{}{}",
    "}{",
    "{} {}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":tru}",
    "{\"a\":True}",
    "{1:2}",
    "{null:1}",
    "{\"a\":1}]",
    "[}",
    "<a/>",
    "a=b",
];

/// A body of that text and nothing odd.
pub(super) fn plain(text: impl AsRef<[u8]>) -> BodyInput<'static> {
    BodyInput {
        content_type: ContentType::Json,
        framing: Framing::Length,
        spelling: Spelling::Plain,
        bulk: Bulk::Nothing,
        text: text.as_ref().to_vec().into(),
    }
}

/// The rows as inputs of that surface.
pub(super) fn finish(rows: Vec<(&'static str, BodyInput)>, surface: Surface) -> Vec<Aimed> {
    let aimed = |(row, input): (&'static str, BodyInput)| Aimed { row, surface, input: input.encode() };
    rows.into_iter().map(aimed).collect()
}
