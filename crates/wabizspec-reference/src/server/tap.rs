//! A connection that records what was received, and that can send bytes that hyper would not send.
//!
//! Only faults need it. hyper reads a head into fields, so nobody sees how it was written, and writes one answer to one
//! request. A client that gets either wrong can only be planted below hyper.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Arc;

/// How much of what was received is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// What was received on a connection, and what to add to its next answer.
#[derive(Default)]
pub(super) struct Tap {
    listening: bool,
    heard: Mutex<Vec<u8>>,
    /// How many bytes of the last request arrived first.
    first: Mutex<usize>,
    surplus: Mutex<String>,
}

impl Tap {
    pub(super) fn new(listening: bool) -> Self {
        Tap { listening, ..Tap::default() }
    }

    /// What of the last request arrived first. To be asked before its head.
    pub(super) fn first(&self) -> Vec<u8> {
        held(&self.heard)[..*held(&self.first)].to_vec()
    }

    /// The head of the last request, as it was written.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut heard = std::mem::take(&mut *held(&self.heard));
        let end = heard.windows(4).position(|four| four == b"\r\n\r\n");
        heard.truncate(end.map_or(heard.len(), |end| end + 4));
        heard
    }

    /// Sends this after the next answer.
    pub(super) fn add(&self, surplus: &str) {
        *held(&self.surplus) = surplus.to_owned();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Tapped {
    pub stream: TcpStream,
    pub tap: Arc<Tap>,
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if self.tap.listening {
            let mut heard = held(&self.tap.heard);
            let room = KEPT.saturating_sub(heard.len());
            let is_first = heard.is_empty();
            heard.extend(buffer.filled()[before..].iter().take(room));
            if is_first {
                *held(&self.tap.first) = heard.len();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    /// Writes an answer and its surplus together, so that no client can read the one without the other. hyper writes an
    /// answer of this server in one piece: none is large.
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tap = Arc::clone(&self.tap);
        let mut surplus = held(&tap.surplus);
        if surplus.is_empty() {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        let both = [bytes, surplus.as_bytes()].concat();
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &both))?;
        drop(surplus.drain(..written.saturating_sub(bytes.len())));
        Poll::Ready(Ok(written.min(bytes.len())))
    }

    /// hyper calls it when it has written everything, so the rest of the surplus goes out here.
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
