//! The bytes that a connection has received and that are not consumed yet.

use crate::transport::PARTIAL_BYTES;

/// How many bytes are read at a time. Most answers of an API fit.
const ROOM: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Inbox {
    /// Received and not consumed.
    pub unread: Vec<u8>,
    /// Where to receive into.
    pub room: Box<[u8]>,
    /// How the current answer began: at most [`PARTIAL_BYTES`], also after they were consumed.
    pub opening: Vec<u8>,
}

impl Inbox {
    pub fn new() -> Self {
        Inbox { unread: Vec::new(), room: vec![0; ROOM].into(), opening: Vec::new() }
    }

    /// Moves at most `count` bytes to the end of `body`.
    pub fn move_to(&mut self, body: &mut Vec<u8>, count: usize) {
        let count = count.min(self.unread.len());
        body.extend_from_slice(&self.unread[..count]);
        self.unread.drain(..count);
    }

    /// `count` bytes were received into `room`.
    pub fn received(&mut self, count: usize) {
        let received = &self.room[..count];
        self.unread.extend_from_slice(received);
        let wanted = PARTIAL_BYTES.saturating_sub(self.opening.len());
        self.opening.extend_from_slice(&received[..wanted.min(count)]);
    }
}
