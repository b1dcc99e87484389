//! What came back, in few words.

use std::fmt;

use crate::exchange::{Breakage, Exchange};

/// What came back, as far as it steers the search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An answer: its status, and the code of its first error.
    Answer(u16, Option<i64>),
    Closed,
    TimedOut,
    /// Invalid HTTP, or too much of it.
    Garbled,
    Unreachable,
    #[default]
    Unsent,
}

impl Kind {
    pub(super) fn of(exchange: &Exchange) -> Kind {
        match &exchange.outcome {
            Ok(response) => {
                let code = (response.status >= 400).then(|| first_code(&response.body)).flatten();
                Kind::Answer(response.status, code)
            }
            Err(none) => match none.breakage {
                Breakage::Closed => Kind::Closed,
                Breakage::TimedOut => Kind::TimedOut,
                Breakage::Unreachable => Kind::Unreachable,
                Breakage::Malformed | Breakage::TooLarge => Kind::Garbled,
            },
        }
    }

    pub fn is_success(self) -> bool {
        matches!(self, Kind::Answer(200..=299, _))
    }

    /// Whether it is a refusal; throttling is not.
    pub fn is_refusal(self) -> bool {
        matches!(self, Kind::Answer(300..=428 | 430..=499, _))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Answer(status, Some(code)) => return f.pad(&format!("{status}/{code}")),
            Kind::Answer(status, None) => return f.pad(&status.to_string()),
            Kind::Closed => "closed",
            Kind::TimedOut => "timeout",
            Kind::Garbled => "garbled",
            Kind::Unreachable => "unreachable",
            Kind::Unsent => "unsent",
        })
    }
}

/// The number after the first `"code":` of an error, without reading the whole.
fn first_code(body: &[u8]) -> Option<i64> {
    const MEMBER: &[u8] = b"\"code\"";
    let at = body.windows(MEMBER.len()).position(|window| window == MEMBER)?;
    let rest = body[at + MEMBER.len()..].iter();
    let digits = rest.skip_while(|byte| matches!(byte, b':' | b' ')).take_while(|byte| byte.is_ascii_digit());
    digits.take(9).fold(None, |number: Option<i64>, digit| Some(number.unwrap_or(0) * 10 + i64::from(digit - b'0')))
}
