//! One request and one answer on one open connection.
//!
//! Reading begins before the request is all sent: a target may answer early and close, and a target that does not read
//! on until its answer is taken must not lock both sides.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::chunked::{ChunkError, Chunked};
use super::connection::Connection;
use super::framing::{Framing, framing, persists};
use super::head::{Head, HeadError, MAX_HEADERS, parse};
use super::outgoing::Outgoing;
use crate::exchange::{Breakage, Outcome, Phase, Response, Unanswered};
use crate::transport::limits::Limits;

/// More interim answers than this to one request are not read.
const MAX_INTERIM: usize = 32;

/// What came of sending one request on one connection.
pub(super) struct Attempt {
    pub(super) outcome: Outcome,
    /// From the first byte sent.
    pub(super) elapsed: Duration,
    /// The request is sent, the answer is whole, and both sides mean to go on with this connection.
    pub(super) persistent: bool,
}

impl Attempt {
    /// The connection closed before a byte of an answer: on a reused connection, most likely the target had closed it
    /// before the request reached it.
    pub(super) fn died_unanswered(&self) -> bool {
        matches!(
            &self.outcome,
            Outcome::Unanswered(Unanswered { breakage: Breakage::Closed, phase: Phase::Sending | Phase::Waiting, .. })
        )
    }
}

/// Sends `request` and reads the answer to a request of that `method`.
pub(super) async fn attempt(connection: &mut Connection, request: &[u8], method: &str, limits: &Limits) -> Attempt {
    let begun = Instant::now();
    connection.inbox.begin_answer();
    let mut talk = Talk {
        connection,
        outgoing: Outgoing::new(request),
        limits,
        whole_by: begun + limits.whole,
        first_byte_by: begun + limits.first_byte.min(limits.whole),
        phase: None,
        reads: 0,
    };
    let answer = talk.answer(method).await;
    let elapsed = begun.elapsed();
    match answer {
        Ok((response, persistent)) => {
            let persistent = persistent && talk.outgoing.is_done();
            Attempt { outcome: Outcome::Answered(response), elapsed, persistent }
        }
        Err((breakage, detail)) => {
            let phase = talk.phase();
            let partial = talk.connection.inbox.opening().to_vec();
            let unanswered = Unanswered { breakage, phase, obstacle: None, detail, partial };
            Attempt { outcome: Outcome::Unanswered(unanswered), elapsed, persistent: false }
        }
    }
}

/// What broke an answer off, and the reason in words.
type Failure = (Breakage, String);

struct Talk<'t> {
    connection: &'t mut Connection,
    outgoing: Outgoing<'t>,
    limits: &'t Limits,
    whole_by: Instant,
    first_byte_by: Instant,
    /// `None` before the first byte of an answer.
    phase: Option<Phase>,
    reads: usize,
}

impl Talk<'_> {
    fn phase(&self) -> Phase {
        match self.phase {
            Some(phase) => phase,
            None if self.outgoing.is_sent() => Phase::Waiting,
            None => Phase::Sending,
        }
    }

    /// Reads the answer, and whether the target keeps the connection open after it.
    async fn answer(&mut self, method: &str) -> Result<(Response, bool), Failure> {
        let mut interim = Vec::new();
        let head = loop {
            let head = self.head().await?;
            // After 101 the connection speaks another protocol (RFC 9110 §15.2.2): no other answer follows.
            if head.status >= 200 || head.status == 101 {
                break head;
            }
            if interim.len() == MAX_INTERIM {
                return Err((Breakage::TooLarge, format!("more than {MAX_INTERIM} interim answers")));
            }
            interim.push(head.status);
        };
        let framing = framing(&head, method).map_err(|why| (Breakage::Malformed, why))?;
        let persistent = persists(&head, method, &framing);
        self.phase = Some(Phase::Body);
        let body = self.body(&framing).await?;
        let Head { version, status, reason, headers, .. } = head;
        Ok((Response { version, status, reason, headers, body, interim, surplus: Vec::new() }, persistent))
    }

    async fn head(&mut self) -> Result<Head, Failure> {
        let mut looked_at = 0;
        loop {
            let filled = self.connection.inbox.filled();
            // Each look begins at the first byte again. A line that comes byte by byte is looked at a few times only, or
            // a slow head would cost the square of its length.
            if !filled.is_empty() && (filled.len() >= 2 * looked_at || filled[looked_at..].contains(&b'\n')) {
                looked_at = filled.len();
                match parse(filled) {
                    Ok(Some(head)) if head.bytes <= self.limits.head_bytes => {
                        self.connection.inbox.consume(head.bytes);
                        return Ok(head);
                    }
                    Ok(_) => {}
                    Err(HeadError::TooManyHeaders) => {
                        return Err((Breakage::TooLarge, format!("more than {MAX_HEADERS} headers")));
                    }
                    Err(HeadError::Malformed(why)) => {
                        return Err((Breakage::Malformed, explain(why, filled)));
                    }
                }
            }
            if looked_at.max(filled.len()) > self.limits.head_bytes {
                let limit = self.limits.head_bytes;
                return Err((Breakage::TooLarge, format!("a head of more than {limit} bytes")));
            }
            if self.more().await? == 0 {
                return Err(self.closed());
            }
        }
    }

    async fn body(&mut self, framing: &Framing) -> Result<Vec<u8>, Failure> {
        match *framing {
            Framing::Nothing => Ok(Vec::new()),
            Framing::Length(length) => self.body_of_length(length).await,
            Framing::Chunked => self.chunked_body().await,
            Framing::UntilClose => self.body_until_close().await,
        }
    }

    async fn body_of_length(&mut self, length: u64) -> Result<Vec<u8>, Failure> {
        let length = usize::try_from(length)
            .ok()
            .filter(|&length| length <= self.limits.body_bytes)
            .ok_or_else(|| self.body_too_large())?;
        let mut body = Vec::with_capacity(length);
        loop {
            let filled = self.connection.inbox.filled();
            let count = filled.len().min(length - body.len());
            body.extend_from_slice(&filled[..count]);
            self.connection.inbox.consume(count);
            if body.len() == length {
                return Ok(body);
            }
            if self.more().await? == 0 {
                let (breakage, detail) = self.closed();
                return Err((breakage, format!("{detail}, after {} of {length} bytes of the body", body.len())));
            }
        }
    }

    async fn chunked_body(&mut self) -> Result<Vec<u8>, Failure> {
        let mut decoder = Chunked::new(self.limits.head_bytes, self.limits.body_bytes);
        let mut body = Vec::new();
        loop {
            let decoded = decoder.decode(self.connection.inbox.filled(), &mut body);
            let count = decoded.map_err(|error| match error {
                ChunkError::Malformed(why) => (Breakage::Malformed, why),
                ChunkError::TooLarge(what) => (Breakage::TooLarge, what.to_owned()),
            })?;
            self.connection.inbox.consume(count);
            if decoder.is_done() {
                return Ok(body);
            }
            if self.more().await? == 0 {
                let (breakage, detail) = self.closed();
                return Err((breakage, format!("{detail}, before the last chunk")));
            }
        }
    }

    async fn body_until_close(&mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        loop {
            let filled = self.connection.inbox.filled();
            let count = filled.len();
            body.extend_from_slice(filled);
            self.connection.inbox.consume(count);
            if body.len() > self.limits.body_bytes {
                return Err(self.body_too_large());
            }
            if self.more().await? == 0 {
                // The write may have been the one to see a reset; then nobody knows whether this is the whole body.
                return if self.outgoing.failure().is_some() { Err(self.closed()) } else { Ok(body) };
            }
        }
    }

    fn body_too_large(&self) -> Failure {
        (Breakage::TooLarge, format!("a body of more than {} bytes", self.limits.body_bytes))
    }

    fn closed(&self) -> Failure {
        let detail = match self.outgoing.failure() {
            Some(error) => format!("sending failed: {error}"),
            None => "end of the stream".to_owned(),
        };
        (Breakage::Closed, detail)
    }

    /// Waits for more bytes of the answer, sending the while what is unsent. 0 is the end of the stream.
    async fn more(&mut self) -> Result<usize, Failure> {
        // Where bytes are always there, waiting never happens and no timer is ever asked.
        self.reads += 1;
        if self.reads > 1 && Instant::now() >= self.whole_by {
            return Err(self.timed_out());
        }
        let read = poll_fn(|cx| {
            self.outgoing.push(&mut self.connection.stream, cx);
            let room = self.connection.inbox.room();
            match self.connection.stream.poll_read(cx, room) {
                Poll::Ready(read) => Poll::Ready(Some(read)),
                Poll::Pending => self.poll_deadline(cx).map(|()| None),
            }
        });
        match read.await {
            None => Err(self.timed_out()),
            Some(Ok(count)) => {
                self.connection.inbox.received(count);
                if count > 0 && self.phase.is_none() {
                    self.phase = Some(Phase::Head);
                }
                Ok(count)
            }
            Some(Err(error)) => Err((Breakage::Closed, error.to_string())),
        }
    }

    fn deadline(&self) -> Instant {
        if self.phase.is_none() { self.first_byte_by } else { self.whole_by }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        let timer = &mut self.connection.timer;
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            // It was set for an earlier request of this connection.
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn timed_out(&self) -> Failure {
        let (limit, what) = match self.phase {
            None if self.limits.first_byte < self.limits.whole => (self.limits.first_byte, "the first byte"),
            _ => (self.limits.whole, "the whole answer"),
        };
        (Breakage::TimedOut, format!("{limit:?} for {what}"))
    }
}

/// Adds a likely cause to the parser's reason.
fn explain(why: String, bytes: &[u8]) -> String {
    match bytes {
        // RFC 8446 §5.1: an alert record. A TLS server says so to a request in plain text.
        [0x15, 0x03, ..] => format!("{why}; this is a TLS alert: is the target's URL https://?"),
        _ => why,
    }
}
