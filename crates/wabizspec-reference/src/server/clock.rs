//! The server's clock: that of the computer, which a test may move on.

use hyper::header::HeaderValue;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

pub(super) struct Clock {
    /// How far it is ahead of the computer's clock at the start.
    ahead: SignedDuration,
    /// How far it was moved since.
    advanced: SignedDuration,
    /// The last `Date` and its second: it is needed far more often than once a second.
    written: (i64, HeaderValue),
}

impl Clock {
    pub(super) fn new(ahead: SignedDuration) -> Self {
        Clock { ahead, advanced: SignedDuration::ZERO, written: date(Timestamp::UNIX_EPOCH) }
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

    /// A moment as a `Date` field writes it (RFC 9110 §5.6.7).
    pub(super) fn date(&mut self, moment: Timestamp) -> HeaderValue {
        if self.written.0 != moment.as_second() {
            self.written = date(moment);
        }
        self.written.1.clone()
    }
}

fn date(moment: Timestamp) -> (i64, HeaderValue) {
    // Years beyond four digits cannot be written; a clock moved there shows the epoch.
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&moment);
    let value = text.ok().and_then(|text| HeaderValue::try_from(text).ok());
    let epoch = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT");
    (moment.as_second(), value.unwrap_or(epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_wants_them() {
        let mut clock = Clock::new(SignedDuration::ZERO);
        for (second, expected) in [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_778, "Sun, 06 Nov 1994 08:49:38 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            let moment = Timestamp::from_second(second).unwrap();
            assert_eq!(clock.date(moment), expected);
        }
        clock.date(Timestamp::MAX);
        clock.date(Timestamp::MIN);
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
