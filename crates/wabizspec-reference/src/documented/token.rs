//! How long a token lives, and how its end is written.
//!
//! The token itself is opaque: it has no form here.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long a token lives: 7 days (users/login, Standard login; to the second in captures).
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The end of a token's life, to the second: the value of `expires_after`, `YYYY-MM-DD HH:MM:SS+00:00`, a time in
/// UTC of the years 0000 to 9999 (users/login, Standard login).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpiresAfter(Timestamp);

/// Why a text is not a value of `expires_after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpiresAfterError {
    /// Not of this form.
    #[error("not of the form YYYY-MM-DD HH:MM:SS+00:00")]
    Shape,
    /// The shape, but no such day or time of day.
    #[error("no such date or time")]
    Calendar,
}

impl ExpiresAfter {
    /// This moment, without its fraction of a second. A moment before the year 0000, which the form cannot write, becomes
    /// the first one of it.
    pub fn new(moment: Timestamp) -> Self {
        // 0000-01-01 00:00:00 in seconds of Unix time.
        const YEAR_ZERO: i64 = -62_167_219_200;
        let seconds = moment.as_nanosecond().div_euclid(1_000_000_000);
        let seconds = i64::try_from(seconds).unwrap_or(YEAR_ZERO).max(YEAR_ZERO);
        ExpiresAfter(Timestamp::from_second(seconds).unwrap_or(moment))
    }

    /// The moment that it names.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for ExpiresAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = TimeZone::UTC.to_datetime(self.0);
        write!(f, "{}", utc.strftime("%Y-%m-%d %H:%M:%S+00:00"))
    }
}

impl FromStr for ExpiresAfter {
    type Err = ExpiresAfterError;

    /// Exactly the documented form: no fraction, no other offset, no other separator, and a day that exists.
    fn from_str(text: &str) -> Result<Self, ExpiresAfterError> {
        const FORM: &[u8] = b"dddd-dd-dd dd:dd:dd+00:00";
        let bytes = text.as_bytes();
        let fits = |(&form, &byte): (&u8, &u8)| match form {
            b'd' => byte.is_ascii_digit(),
            literal => byte == literal,
        };
        if bytes.len() != FORM.len() || !FORM.iter().zip(bytes).all(fits) {
            return Err(ExpiresAfterError::Shape);
        }
        // jiff reads a leap second as the second before it.
        if bytes[17..19] == *b"60" {
            return Err(ExpiresAfterError::Calendar);
        }
        let moment = text[..19].parse::<DateTime>().and_then(|utc| TimeZone::UTC.to_timestamp(utc));
        moment.map(ExpiresAfter).map_err(|_| ExpiresAfterError::Calendar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn what_is_read_is_written_again_and_the_form_is_exact() {
        for (text, why) in vectors::<(String, String)>("expires_after") {
            let written = text.parse().map(|read: ExpiresAfter| read.to_string());
            let expected = if why.is_empty() { Ok(text) } else { Err(why) };
            assert_eq!(written.map_err(|error| error.to_string()), expected);
        }
        let read: ExpiresAfter = "2018-03-01 15:29:26+00:00".parse().unwrap();
        assert_eq!(read.timestamp().as_second(), 1_519_918_166);
        assert_eq!(LIFETIME.as_secs(), 604_800);
    }

    #[test]
    fn any_moment_can_be_written_and_read() {
        for moment in [
            Timestamp::MIN,
            Timestamp::MAX,
            Timestamp::UNIX_EPOCH,
            Timestamp::new(1_519_918_166, 999_999_999).unwrap(),
            Timestamp::new(-1, -500_000_000).unwrap(),
        ] {
            let written = ExpiresAfter::new(moment);
            assert_eq!(written.to_string().parse(), Ok(written), "{written}");
        }
        let fraction = Timestamp::new(1_519_918_166, 999_999_999).unwrap();
        assert_eq!(ExpiresAfter::new(fraction).to_string(), "2018-03-01 15:29:26+00:00");
    }
}
