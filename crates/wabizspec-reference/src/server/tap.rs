//! A connection that can be listened in on, and onto which bytes can be put that hyper would not send.
//!
//! It serves faults alone. hyper reads a head into fields before anybody sees how it was written, and writes one
//! answer to one request; a client that gets either wrong can only be planted below it.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Arc;

/// No more of what came is kept than this, in bytes.
const KEPT: usize = 64 * 1024;

/// What was heard on a connection, and what is to be added to it.
#[derive(Default)]
pub(super) struct Tap {
    listening: bool,
    heard: Mutex<Vec<u8>>,
    surplus: Mutex<String>,
}

impl Tap {
    pub(super) fn new(listening: bool) -> Self {
        Tap { listening, ..Tap::default() }
    }

    /// The head of the request that came last, as it was written.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut heard = std::mem::take(&mut *held(&self.heard));
        let end = heard.windows(4).position(|four| four == b"\r\n\r\n");
        heard.truncate(end.map_or(heard.len(), |end| end + 4));
        heard
    }

    /// Puts this onto the connection behind the answer that goes out next.
    pub(super) fn add(&self, surplus: &str) {
        *held(&self.surplus) = surplus.to_owned();
    }

    fn has_surplus(&self) -> bool {
        !held(&self.surplus).is_empty()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Tapped {
    pub stream: TcpStream,
    pub tap: Arc<Tap>,
}

impl Tapped {
    /// Writes an answer and what is put behind it in one go, so that no client can read the one without the other.
    /// hyper hands over an answer of this server in one piece: none is large.
    fn write_with_surplus(&mut self, cx: &mut Context<'_>, mut answer: Vec<u8>) -> Poll<io::Result<usize>> {
        let tap = Arc::clone(&self.tap);
        let mut surplus = held(&tap.surplus);
        let own = answer.len();
        answer.extend_from_slice(surplus.as_bytes());
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &answer))?;
        drop(surplus.drain(..written.saturating_sub(own)));
        Poll::Ready(Ok(written.min(own)))
    }
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if self.tap.listening {
            let mut heard = held(&self.tap.heard);
            let room = KEPT.saturating_sub(heard.len());
            heard.extend(buffer.filled()[before..].iter().take(room));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.tap.has_surplus() {
            true => self.write_with_surplus(cx, bytes.to_vec()),
            false => Pin::new(&mut self.stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.tap.has_surplus() {
            true => self.write_with_surplus(cx, slices.iter().flat_map(|slice| slice.to_vec()).collect()),
            false => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper asks for it when it has written all it has, so what is left of the surplus goes out here.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = Arc::clone(&self.tap);
        let mut surplus = held(&tap.surplus);
        while !surplus.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, surplus.as_bytes()))?;
            drop(surplus.drain(..written));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
