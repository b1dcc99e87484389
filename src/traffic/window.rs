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

#[derive(Default)]
pub struct Window {
    /// In the order of their beginnings.
    waiting: VecDeque<Recorded>,
    bytes: usize,
    /// The ones that were handed over and had not ended when the next of them began.
    running: Vec<(Timestamp, Span)>,
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
    fn is_at_odds_with(&self, other: &Span) -> bool {
        let meets = |one: &[String], another: &[String]| one.iter().any(|subject| another.contains(subject));
        let changes = |one: &Span, another: &Span| {
            meets(&one.changes, &another.about) || meets(&one.changes, &another.changes) || one.anything
        };
        let ends = self.gives && other.needs || other.gives && self.needs;
        changes(self, other) || changes(other, self) || ends && meets(&self.about, &other.about)
    }
}

/// One entry, and whether its place in the order is sure.
pub struct Ordered {
    pub recorded: Recorded,
    /// Another one that ran at the same time may have changed what this one depends on.
    pub is_disputed: bool,
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
        let is_disputed = self.running.iter().any(|(_, other)| own.is_at_odds_with(other))
            || later.map(&span).any(|other| own.is_at_odds_with(&other));
        let is_late = self.handed_over.is_some_and(|before| start < before);
        self.handed_over = self.handed_over.max(Some(start));
        self.running.push((end, own));
        Some(Ordered { recorded, is_disputed, is_late })
    }
}
