//! Values of the configuration that have bounds or a form: lengths of time, counts, headers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// The longest limit for one answer, in seconds.
const HOUR: u64 = 60 * 60;

/// The longest time limit for a fuzzer, in seconds.
const MONTH: u64 = 31 * 24 * HOUR;

/// Requests in flight at most, in the file as on the command line.
pub const JOBS: std::ops::RangeInclusive<u16> = 1..=1024;

/// Why a text is no value of its kind. No message repeats the value of a header, which may be a secret.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    #[error("`{0}` is not a length of time; write it as 10s, 500ms or 2m")]
    Span(String),
    #[error("`{0}` is too long; at most {1}h are possible")]
    TooLong(String, u64),
    #[error(
        "`{}` is not a header name\nhelp: use letters, digits and hyphens, without blanks or a colon",
        .0.escape_debug()
    )]
    HeaderName(String),
    #[error(
        "the header `{0}` cannot be configured, because wabizspec sets it itself for each request\nhelp: remove it; a key \
         for a gateway goes into a header with a name of its own"
    )]
    OwnHeader(String),
    #[error(
        "the value of a header has a line end or another control character in it\nhelp: write the value on one line, without \
         them"
    )]
    ControlCharacter,
    #[error("`env:` is not followed by the name of an environment variable\nhelp: write it as \"env:NAME\"")]
    Variable,
}

/// A length of time as people write it, `10s`, `500ms` or `2m`, and of that many seconds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<const MOST: u64 = HOUR>(pub Duration);

pub type LongSpan = Span<MONTH>;

impl<const MOST: u64> FromStr for Span<MOST> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let span: Option<jiff::SignedDuration> = text.parse().ok();
        let span = span.and_then(|span| Duration::try_from(span).ok()).filter(|span| !span.is_zero());
        match span {
            None => Err(ValueError::Span(text.to_owned())),
            Some(span) if span > Duration::from_secs(MOST) => Err(ValueError::TooLong(text.to_owned(), MOST / HOUR)),
            Some(span) => Ok(Span(span)),
        }
    }
}

impl<'de, const MOST: u64> Deserialize<'de> for Span<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

pub(super) fn jobs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let given = i64::deserialize(deserializer)?;
    let jobs = u16::try_from(given).ok().filter(|jobs| JOBS.contains(jobs));
    jobs.map(Some).ok_or_else(|| {
        let (least, most) = JOBS.into_inner();
        de::Error::custom(format!("`jobs` is {given}\nhelp: write a number from {least} to {most}"))
    })
}

/// The name of a header that is sent with every request: a token (RFC 9110 §5.1) that does not belong to wabizspec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct HeaderName(String);

/// Headers that wabizspec sets itself, from request to request: what frames a message, and what the cases are about.
const OWN: &str = "authorization connection content-encoding content-length content-type expect host keep-alive \
    proxy-connection te trailer transfer-encoding upgrade";

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for HeaderName {
    type Error = ValueError;

    fn try_from(text: String) -> Result<HeaderName, ValueError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if text.is_empty() || !text.bytes().all(token) {
            return Err(ValueError::HeaderName(text));
        }
        let is_own = OWN.split(' ').any(|own| text.eq_ignore_ascii_case(own));
        if is_own { Err(ValueError::OwnHeader(text)) } else { Ok(HeaderName(text)) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum HeaderSource {
    Literal(String),
    /// `env:NAME`: from that variable of the environment.
    Environment(String),
}

impl TryFrom<String> for HeaderSource {
    type Error = ValueError;

    fn try_from(text: String) -> Result<HeaderSource, ValueError> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(ValueError::ControlCharacter);
        }
        match text.strip_prefix("env:") {
            Some(name) if name.is_empty() || name.contains('=') => Err(ValueError::Variable),
            Some(name) => Ok(HeaderSource::Environment(name.to_owned())),
            None => Ok(HeaderSource::Literal(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_positive_and_have_a_bound() {
        assert_eq!("500ms".parse(), Ok(Span::<HOUR>(Duration::from_millis(500))));
        assert_eq!("1h".parse(), Ok(Span::<HOUR>(Duration::from_secs(HOUR))));
        assert_eq!("2h".parse(), Ok(Span::<MONTH>(Duration::from_secs(2 * HOUR))));
        for wrong in ["", "10", "0s", "-1s", "soon", "61m", "9999999999h", "1000000000000000h"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
        assert!("745h".parse::<LongSpan>().is_err());
    }

    #[test]
    fn header_names_are_tokens_of_the_owners_own() {
        for good in ["X-Gateway-Key", "x", "Cookie", "Proxy-Authorization"] {
            assert!(HeaderName::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "X Key", "X-Key:", "X-K\u{e9}y", "X\r\nY", "Host", "content-LENGTH", "Transfer-Encoding"] {
            assert!(HeaderName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn header_values_are_one_line_or_name_a_variable() {
        let source = |text: &str| HeaderSource::try_from(text.to_owned());
        assert_eq!(source("a b"), Ok(HeaderSource::Literal("a b".to_owned())));
        assert_eq!(source("env:KEY"), Ok(HeaderSource::Environment("KEY".to_owned())));
        for bad in ["a\nb", "a\r", "a\0", "env:", "env:A=B"] {
            assert!(source(bad).is_err(), "{bad}");
        }
    }
}
