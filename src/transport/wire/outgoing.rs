//! The request on its way out, pushed along while the answer is waited for.

use std::io;
use std::task::{Context, Poll};

use super::stream::Stream;

/// The part of the request that is still to be sent.
pub(super) struct Outgoing<'r> {
    unsent: &'r [u8],
    flushed: bool,
    /// Nothing more can be sent. The answer may be on its way all the same.
    failure: Option<io::Error>,
}

impl<'r> Outgoing<'r> {
    pub fn new(request: &'r [u8]) -> Self {
        Outgoing { unsent: request, flushed: false, failure: None }
    }

    /// The connection has taken every byte. TLS may still hold some of them.
    pub fn is_sent(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Why nothing more can be sent.
    pub fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    /// Every byte has left, and nothing has failed.
    pub fn is_done(&self) -> bool {
        self.flushed && self.failure.is_none()
    }

    /// Sends what the connection takes now.
    pub fn push(&mut self, stream: &mut Stream, cx: &mut Context<'_>) {
        while self.failure.is_none() && !self.flushed {
            let pushed = if self.unsent.is_empty() {
                stream.poll_flush(cx).map_ok(|()| self.flushed = true)
            } else {
                stream.poll_write(cx, self.unsent).map(|written| match written? {
                    0 => Err(io::ErrorKind::WriteZero.into()),
                    count => {
                        self.unsent = &self.unsent[count..];
                        Ok(())
                    }
                })
            };
            match pushed {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.failure = Some(error),
                Poll::Pending => return,
            }
        }
    }
}
