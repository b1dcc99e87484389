//! The bytes that a connection has received and that are not consumed yet.

use crate::transport::PARTIAL_BYTES;

/// How many bytes are read at a time. Most answers of an API fit.
const ROOM: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Inbox {
    unread: Vec<u8>,
    room: Box<[u8]>,
    /// The first bytes received since [`Inbox::begin_answer`], also after they were consumed.
    opening: Vec<u8>,
}

impl Inbox {
    pub fn new() -> Self {
        Inbox { unread: Vec::new(), room: vec![0; ROOM].into(), opening: Vec::new() }
    }

    pub fn begin_answer(&mut self) {
        self.opening.clear();
    }

    /// How the current answer began: at most [`PARTIAL_BYTES`] bytes, as received.
    pub fn opening(&self) -> &[u8] {
        &self.opening
    }

    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    pub fn consume(&mut self, count: usize) {
        self.unread.drain(..count);
    }

    /// Moves at most `count` bytes to the end of `body`.
    pub fn move_to(&mut self, body: &mut Vec<u8>, count: usize) {
        let count = count.min(self.unread.len());
        body.extend_from_slice(&self.unread[..count]);
        self.consume(count);
    }

    pub fn room(&mut self) -> &mut [u8] {
        &mut self.room
    }

    /// `count` bytes were received into [`Inbox::room`].
    pub fn received(&mut self, count: usize) {
        let received = &self.room[..count];
        self.unread.extend_from_slice(received);
        let wanted = PARTIAL_BYTES.saturating_sub(self.opening.len());
        self.opening.extend_from_slice(&received[..wanted.min(count)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opening_outlives_consumption_and_is_capped() {
        let mut inbox = Inbox::new();
        for (byte, count) in [(7, 10), (8, PARTIAL_BYTES)] {
            inbox.room()[..count].fill(byte);
            inbox.received(count);
            assert_eq!(inbox.unread(), vec![byte; count]);
            inbox.consume(count);
        }
        assert_eq!(inbox.opening().len(), PARTIAL_BYTES);
        assert_eq!(inbox.opening()[..11], [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8]);
        inbox.begin_answer();
        assert!(inbox.opening().is_empty());
    }
}
