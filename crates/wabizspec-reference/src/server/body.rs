//! The body of an answer on its way out: in one piece with its length, or in chunks.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// The longest chunk, in bytes.
const CHUNK: usize = 16;

pub(super) struct Outgoing {
    left: Bytes,
    chunked: bool,
}

impl Outgoing {
    pub(super) fn new(bytes: Vec<u8>, chunked: bool) -> Self {
        let left = Bytes::from(bytes);
        Outgoing { left, chunked }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // Short chunks tell a reader of chunks from a reader of the first one.
        let most = if self.chunked { CHUNK } else { usize::MAX };
        let end = self.left.len().min(most);
        let piece = self.left.split_to(end);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        // Without a length known, hyper sends chunks.
        if self.chunked { SizeHint::default() } else { SizeHint::with_exact(self.left.len() as u64) }
    }
}
