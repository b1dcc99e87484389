//! The bytes that a connection has received and that are not consumed yet.

use crate::transport::PARTIAL_BYTES;

/// How many bytes are read at a time. Most answers of an API fit.
const ROOM: usize = 16 * 1024;

/// A buffer that is allocated once per connection and grows only while a head does not fit.
#[derive(Debug)]
pub(super) struct Inbox {
    /// Initialised throughout; `start..end` is received and not yet consumed.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The first bytes received since [`Inbox::begin_answer`], also after they were consumed.
    opening: Vec<u8>,
}

impl Inbox {
    pub fn new() -> Self {
        Inbox { bytes: vec![0; ROOM], start: 0, end: 0, opening: Vec::new() }
    }

    /// Forgets how the last answer began.
    pub fn begin_answer(&mut self) {
        self.opening.clear();
    }

    /// How the current answer began: at most [`PARTIAL_BYTES`] bytes, as received.
    pub fn opening(&self) -> &[u8] {
        &self.opening
    }

    /// The bytes that are received and not consumed.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Consumes `count` bytes; no more than there are.
    pub fn take(&mut self, count: usize) -> &[u8] {
        let taken = self.start..self.end.min(self.start.saturating_add(count));
        self.start = taken.end;
        &self.bytes[taken]
    }

    /// Where to receive into; never empty.
    pub fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            } else {
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// `count` bytes were received into [`Inbox::room`].
    pub fn received(&mut self, count: usize) {
        let before = self.end;
        self.end = self.bytes.len().min(before + count);
        let wanted = PARTIAL_BYTES.saturating_sub(self.opening.len());
        let taken = wanted.min(self.end - before);
        self.opening.extend_from_slice(&self.bytes[before..before + taken]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(inbox: &mut Inbox, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = inbox.room();
            let count = room.len().min(rest.len());
            room[..count].copy_from_slice(&rest[..count]);
            inbox.received(count);
            rest = &rest[count..];
        }
    }

    #[test]
    fn bytes_come_out_as_they_went_in_over_every_edge() {
        let bytes: Vec<u8> = (0..ROOM * 3).map(|i| (i % 251) as u8).collect();
        let mut inbox = Inbox::new();
        receive(&mut inbox, &bytes);
        assert_eq!(inbox.filled(), bytes);
        inbox.take(ROOM);
        receive(&mut inbox, &bytes[..ROOM]);
        assert_eq!(&inbox.filled()[..2 * ROOM], &bytes[ROOM..]);
        assert_eq!(&inbox.filled()[2 * ROOM..], &bytes[..ROOM]);
        inbox.take(usize::MAX);
        assert!(inbox.filled().is_empty());
    }

    #[test]
    fn the_opening_outlives_consumption_and_is_capped() {
        let mut inbox = Inbox::new();
        receive(&mut inbox, &[7; 10]);
        inbox.take(10);
        receive(&mut inbox, &[8; PARTIAL_BYTES]);
        assert_eq!(inbox.opening().len(), PARTIAL_BYTES);
        assert_eq!(inbox.opening()[..11], [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8]);
        inbox.begin_answer();
        assert!(inbox.opening().is_empty());
    }
}
