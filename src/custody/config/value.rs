//! Values of the configuration that have bounds or a form: lengths of time, counts, headers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// The longest limit for one answer, in seconds.
const HOUR: u64 = 60 * 60;

/// The longest that a fuzzer may be told to go on, in seconds.
const MONTH: u64 = 31 * 24 * HOUR;

/// Requests in flight at most, in the file as on the command line.
pub const JOBS: std::ops::RangeInclusive<u16> = 1..=1024;

/// A length of time as people write it, `10s`, `500ms` or `2m`, and of that many seconds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<const MOST: u64 = HOUR>(pub Duration);

/// How long a fuzzer goes on.
pub type LongSpan = Span<MONTH>;

impl<const MOST: u64> FromStr for Span<MOST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time; write it as 10s, 500ms or 2m");
        let span: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
        let span = Duration::try_from(span).map_err(|_| wrong())?;
        if span.is_zero() {
            return Err(wrong());
        }
        match span <= Duration::from_secs(MOST) {
            true => Ok(Span(span)),
            false => Err(format!("`{text}` is too long; at most {}h are possible", MOST / HOUR)),
        }
    }
}

impl<'de, const MOST: u64> Deserialize<'de> for Span<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// `jobs`, within its bounds.
pub(super) fn jobs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let given = i64::deserialize(deserializer)?;
    let jobs = u16::try_from(given).ok().filter(|jobs| JOBS.contains(jobs));
    jobs.map(Some).ok_or_else(|| {
        let (least, most) = JOBS.into_inner();
        de::Error::custom(format!("`jobs` is {given}\nhelp: write a number from {least} to {most}"))
    })
}

/// The name of a header that is sent with every request: a token (RFC 9110 §5.1) that does not belong to wabizspec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeaderName(String);

/// Headers that wabizspec sets itself, from request to request: what frames a message, and what the cases are about.
const OWN: [&str; 13] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl HeaderName {
    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HeaderName {
    type Err = String;

    fn from_str(text: &str) -> Result<HeaderName, String> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if text.is_empty() || !text.bytes().all(token) {
            return Err(format!(
                "`{}` is not a header name\nhelp: use letters, digits and hyphens, without blanks or a colon",
                text.escape_debug()
            ));
        }
        match OWN.contains(&text.to_ascii_lowercase().as_str()) {
            true => Err(format!(
                "the header `{text}` cannot be configured, because wabizspec sets it itself for each request\nhelp: \
                 remove it; a key for a gateway goes into a header with a name of its own"
            )),
            false => Ok(HeaderName(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for HeaderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Where the value of a configured header comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSource {
    /// It is in the file.
    Literal(String),
    /// `env:NAME`: from that variable of the environment.
    Environment(String),
}

impl FromStr for HeaderSource {
    type Err = String;

    fn from_str(text: &str) -> Result<HeaderSource, String> {
        // Neither message repeats the text: it may be a secret.
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(
                "the value of a header has a line end or another control character in it\nhelp: write the value \
                        on one line, without them"
                    .to_owned(),
            );
        }
        match text.strip_prefix("env:") {
            Some(name) if name.is_empty() || name.contains('=') => {
                Err("`env:` is not followed by the name of an environment variable\nhelp: write it as \"env:NAME\""
                    .to_owned())
            }
            Some(name) => Ok(HeaderSource::Environment(name.to_owned())),
            None => Ok(HeaderSource::Literal(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for HeaderSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
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
            assert!(good.parse::<HeaderName>().is_ok(), "{good}");
        }
        for bad in ["", "X Key", "X-Key:", "X-K\u{e9}y", "X\r\nY", "Host", "content-LENGTH", "Transfer-Encoding"] {
            assert!(bad.parse::<HeaderName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn header_values_are_one_line_or_name_a_variable() {
        assert_eq!("a b".parse(), Ok(HeaderSource::Literal("a b".to_owned())));
        assert_eq!("env:KEY".parse(), Ok(HeaderSource::Environment("KEY".to_owned())));
        for bad in ["a\nb", "a\r", "a\0", "env:", "env:A=B"] {
            assert!(bad.parse::<HeaderSource>().is_err(), "{bad}");
        }
    }
}
