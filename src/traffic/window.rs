//! Entries in the order in which they began, and which of them ran at the same time.
//!
//! What ran at the same time has no order, and says nothing of what one of them found. So many entries are held back that
//! a file may have them in the order in which they ended.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::Recorded;

/// How many entries are held back.
const HELD: usize = 256;

/// How many bytes they may have together.
const BYTES: usize = 64 << 20;

/// So many are remembered that have not ended.
const RUNNING: usize = 1024;

#[derive(Default)]
pub struct Window {
    /// In the order of their beginnings.
    waiting: VecDeque<Recorded>,
    bytes: usize,
    /// The ones that were handed over and had not ended when the next of them began.
    running: Vec<(Timestamp, Span)>,
    /// Until then more may run than are remembered.
    crowded_until: Option<Timestamp>,
    /// Nothing before that can be put in order any more.
    handed_over: Option<Timestamp>,
}

/// What one entry may be at odds with another about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// The accounts and tokens that it depends on.
    pub about: Vec<String>,
    /// Those that it may change.
    pub changes: Vec<String>,
    /// It may change anything.
    pub anything: bool,
    /// It gives a token, and may end the oldest of its user.
    pub gives: bool,
    /// It needs one.
    pub needs: bool,
}

impl Span {
    /// What is in doubt where both run at the same time; nothing where they do not meet.
    fn disputed_by(&self, other: &Span) -> Option<Vec<String>> {
        if self.anything || other.anything {
            return Some(self.about.clone());
        }
        let ends = self.gives && other.needs || other.gives && self.needs;
        let meets = |subject: &&String| {
            let is_about = other.about.contains(subject);
            other.changes.contains(subject) || is_about && (ends || self.changes.contains(subject))
        };
        let disputed: Vec<String> = self.about.iter().chain(&self.changes).filter(meets).cloned().collect();
        (!disputed.is_empty()).then_some(disputed)
    }
}

/// One entry, and whether its place in the order is sure.
pub struct Ordered {
    pub recorded: Recorded,
    /// The accounts and tokens that it depends on and that another one may have changed that ran at the same time.
    pub disputed: Option<Vec<String>>,
    /// It came so late that its place is not known.
    pub is_late: bool,
}

impl Window {
    /// Takes one entry in, and gives those that need not be held back any longer.
    pub fn take(&mut self, recorded: Recorded, span: impl Fn(&Recorded) -> Span) -> Vec<Ordered> {
        self.bytes += recorded.weight();
        let at = self.waiting.partition_point(|other| other.start <= recorded.start);
        self.waiting.insert(at, recorded);
        let mut ready = Vec::new();
        while self.waiting.len() > HELD || self.bytes > BYTES && self.waiting.len() > 1 {
            ready.extend(self.next(&span));
        }
        ready
    }

    /// The first of those that wait.
    pub fn next(&mut self, span: impl Fn(&Recorded) -> Span) -> Option<Ordered> {
        let recorded = self.waiting.pop_front()?;
        self.bytes -= recorded.weight();
        let (start, end, own) = (recorded.start, recorded.exchange.at, span(&recorded));
        self.running.retain(|(ended, _)| *ended > start);
        let later = self.waiting.iter().take_while(|other| other.start < end);
        let is_crowded = self.crowded_until.is_some_and(|until| start < until);
        let crowded = is_crowded.then(|| own.about.clone());
        let running = self.running.iter().filter_map(|(_, other)| own.disputed_by(other));
        let later = later.filter_map(|other| own.disputed_by(&span(other)));
        let disputed = crowded.into_iter().chain(running).chain(later).reduce(|one, other| [one, other].concat());
        let is_late = self.handed_over.is_some_and(|before| start < before);
        self.handed_over = self.handed_over.max(Some(start));
        if self.running.len() < RUNNING {
            self.running.push((end, own));
        } else {
            self.crowded_until = self.crowded_until.max(Some(end));
        }
        Some(Ordered { recorded, disputed, is_late })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Exchange, HttpRequest, Response};

    fn recorded(number: u64, start: i64, milliseconds: i64) -> Recorded {
        let instant = |millisecond| Timestamp::from_millisecond(millisecond).expect("an instant");
        let exchange = Exchange::answered(HttpRequest::of("GET", "/", &[], ""), Response::of(200, &[], ""));
        let exchange = Exchange { at: instant(start + milliseconds), ..exchange };
        Recorded { number, origin: String::new(), exchange, start: instant(start), is_whole: true }
    }

    /// Number and dispute of each in the order in which they are handed over. Odd ones change what all depend on.
    fn order(entries: &[(u64, i64, i64)]) -> Vec<(u64, bool)> {
        let span = |one: &Recorded| {
            let subject = || vec!["anna".to_owned()];
            let changes = if one.number % 2 == 1 { subject() } else { Vec::new() };
            Span { about: subject(), changes, ..Span::default() }
        };
        let mut window = Window::default();
        let entries = entries.iter().map(|(number, start, length)| recorded(*number, *start, *length));
        let mut handed: Vec<Ordered> = entries.flat_map(|one| window.take(one, span)).collect();
        handed.extend(std::iter::from_fn(|| window.next(span)));
        handed.iter().map(|one| (one.recorded.number, one.disputed.is_some())).collect()
    }

    #[test]
    fn they_come_in_the_order_of_their_beginnings_and_those_at_the_same_time_are_disputed() {
        assert_eq!(order(&[(2, 0, 5), (1, 10, 5), (4, 20, 5)]), [(2, false), (1, false), (4, false)]);
        // As a file has them in the order of their ends.
        assert_eq!(order(&[(4, 20, 5), (1, 10, 5), (2, 0, 5)]), [(2, false), (1, false), (4, false)]);
        assert_eq!(order(&[(2, 0, 15), (1, 10, 5), (4, 20, 5)]), [(2, true), (1, true), (4, false)]);
        // Neither of these changes anything.
        assert_eq!(order(&[(2, 0, 15), (4, 10, 5)]), [(2, false), (4, false)]);
    }

    #[test]
    fn however_many_run_at_once_few_are_remembered() {
        let entries: Vec<(u64, i64, i64)> = (0..3000).map(|number| (2 * number, number as i64, 1_000_000)).collect();
        let handed = order(&entries);
        assert_eq!(handed.len(), 3000);
        assert!(!handed[0].1 && handed[2999].1, "what is not remembered is disputed");
    }
}
