//! The server's clock: that of the computer, which a test may move on.

use hyper::header::HeaderValue;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

pub(super) struct Clock {
    /// How far it is ahead of the computer's clock at the start.
    ahead: SignedDuration,
    /// How far it was moved since.
    advanced: SignedDuration,
}

impl Clock {
    pub(super) fn new(ahead: SignedDuration) -> Self {
        Clock { ahead, advanced: SignedDuration::ZERO }
    }

    /// The moment that it shows. It stops at the end of the calendar.
    pub(super) fn now(&self) -> Timestamp {
        let moved = self.ahead.saturating_add(self.advanced);
        let end = if moved.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::now().checked_add(moved).unwrap_or(end)
    }

    /// Moves it on, or back where negative.
    pub(super) fn advance(&mut self, seconds: i64) {
        self.advanced = self.advanced.saturating_add(SignedDuration::from_secs(seconds));
    }

    pub(super) fn reset(&mut self) {
        self.advanced = SignedDuration::ZERO;
    }
}

/// A moment as a `Date` field writes it (RFC 9110 §5.6.7).
pub(super) fn date(moment: Timestamp) -> HeaderValue {
    // Years beyond four digits cannot be written; a clock moved there shows the epoch.
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&moment);
    let value = text.ok().and_then(|text| HeaderValue::try_from(text).ok());
    value.unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(date(Timestamp::MAX), "Thu, 30 Dec 9999 22:00:00 GMT");
        assert_eq!(date(Timestamp::from_second(784_111_777).unwrap()), "Sun, 06 Nov 1994 08:49:37 GMT");
        for moment in [Timestamp::UNIX_EPOCH, Timestamp::MIN] {
            assert_eq!(date(moment), "Thu, 01 Jan 1970 00:00:00 GMT");
        }
    }

    #[test]
    fn it_moves_and_comes_back() {
        let mut clock = Clock::new(SignedDuration::from_secs(90));
        let off = |clock: &Clock| (clock.now().as_second() - Timestamp::now().as_second() + 1) / 10;
        assert_eq!(off(&clock), 9);
        clock.advance(1000);
        assert_eq!(off(&clock), 109);
        clock.reset();
        assert_eq!(off(&clock), 9);
        clock.advance(i64::MAX);
        clock.advance(i64::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
