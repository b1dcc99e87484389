//! One request and one answer on one open connection.
//!
//! It reads before the whole request is sent: a target may answer early and close, or not read on until it is heard.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::chunked::Chunked;
use super::connection::Connection;
use super::framing::{Framing, framing, persists};
use super::head::parse;
use crate::exchange::{Breakage, Obstacle, Phase, Response, Unanswered};
use crate::transport::tls::obstacle_within;
use crate::transport::{Broken, Limits};

/// More interim answers than this to one request are not read.
const MAX_INTERIM: usize = 32;

pub(super) struct Attempt {
    pub answer: Result<Response, Unanswered>,
    /// From the first byte sent.
    pub elapsed: Duration,
    /// The request is sent, the answer is whole, and both sides want to go on with this connection.
    pub persistent: bool,
}

impl Attempt {
    /// The connection closed before a byte of an answer. If it was reused, the target had most likely closed it before.
    pub fn died_unanswered(&self) -> bool {
        matches!(
            self.answer,
            Err(Unanswered { breakage: Breakage::Closed, phase: Phase::Sending | Phase::Waiting, .. })
        )
    }
}

pub(super) async fn attempt(connection: &mut Connection, request: &[u8], method: &str, limits: &Limits) -> Attempt {
    let begun = Instant::now();
    connection.opening.clear();
    let mut talk = Talk {
        connection,
        unsent: request,
        flushed: false,
        send_failure: None,
        limits,
        whole_by: begun + limits.whole,
        first_byte_by: begun + limits.first_byte.min(limits.whole),
        phase: None,
        persists: false,
    };
    let answer = talk.answer(method).await;
    let elapsed = begun.elapsed();
    let answer = answer.map_err(|broken| broken.at(talk.phase(), &talk.connection.opening));
    let persistent = answer.is_ok() && talk.persists && talk.flushed && talk.send_failure.is_none();
    Attempt { answer, elapsed, persistent }
}

struct Talk<'t> {
    connection: &'t mut Connection,
    /// Of the request. Empty once the connection has taken every byte; TLS may still hold some of them.
    unsent: &'t [u8],
    flushed: bool,
    /// Nothing more can be sent. The answer may still arrive.
    send_failure: Option<io::Error>,
    limits: &'t Limits,
    whole_by: Instant,
    first_byte_by: Instant,
    /// `None` before the first byte of an answer.
    phase: Option<Phase>,
    /// Whether the target keeps the connection open after its answer.
    persists: bool,
}

impl Talk<'_> {
    fn phase(&self) -> Phase {
        match self.phase {
            Some(phase) => phase,
            None if self.unsent.is_empty() => Phase::Waiting,
            None => Phase::Sending,
        }
    }

    async fn answer(&mut self, method: &str) -> Result<Response, Broken> {
        let mut interim = Vec::new();
        let mut response = loop {
            let head = self.head().await?;
            // After 101 the connection speaks another protocol (RFC 9110 §15.2.2): no other answer follows.
            if head.status >= 200 || head.status == 101 {
                break head;
            }
            if interim.len() == MAX_INTERIM {
                return Err(Broken::too_large(format!("more than {MAX_INTERIM} interim answers")));
            }
            interim.push(head.status);
        };
        let framing = framing(&response, method)?;
        self.persists = persists(&response, method, &framing);
        self.phase = Some(Phase::Body);
        response.body = self.body(&framing).await?.into();
        response.interim = interim;
        Ok(response)
    }

    async fn head(&mut self) -> Result<Response, Broken> {
        let mut parsed = 0;
        loop {
            let unread = &self.connection.unread;
            // Each try parses from the start: one after each byte of a slow line would cost the square of its length.
            if !unread.is_empty() && (unread.len() >= 2 * parsed || unread[parsed..].contains(&b'\n')) {
                parsed = unread.len();
                let head = parse(unread).map_err(|broken| explain(broken, unread))?;
                if let Some((response, length)) = head.filter(|(_, length)| *length <= self.limits.head_bytes) {
                    self.connection.unread.drain(..length);
                    return Ok(response);
                }
            }
            if unread.len() > self.limits.head_bytes {
                let limit = self.limits.head_bytes;
                return Err(Broken::too_large(format!("a head of more than {limit} bytes")));
            }
            if self.more().await? == 0 {
                return Err(self.closed(""));
            }
        }
    }

    async fn body(&mut self, framing: &Framing) -> Result<Vec<u8>, Broken> {
        let limit = self.limits.body_bytes;
        let too_large = || Broken::too_large(format!("a body of more than {limit} bytes"));
        let length = match *framing {
            Framing::Length(length) => usize::try_from(length).unwrap_or(usize::MAX),
            _ => 0,
        };
        if length > limit {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(length);
        let mut decoder = Chunked::new(self.limits.head_bytes, limit);
        loop {
            let connection = &mut *self.connection;
            let is_whole = match framing {
                Framing::Nothing => true,
                Framing::Length(_) => {
                    let missing = length - body.len();
                    connection.move_to(&mut body, missing);
                    body.len() == length
                }
                Framing::Chunked => {
                    let count = decoder.decode(&connection.unread, &mut body)?;
                    connection.unread.drain(..count);
                    decoder.is_done()
                }
                Framing::UntilClose => {
                    connection.move_to(&mut body, usize::MAX);
                    false
                }
            };
            if body.len() > limit {
                return Err(too_large());
            }
            if is_whole {
                return Ok(body);
            }
            if self.more().await? == 0 {
                let cut = match framing {
                    // The write may have been the one to see a reset; then nobody knows whether this is the whole body.
                    Framing::UntilClose if self.send_failure.is_none() => return Ok(body),
                    Framing::UntilClose | Framing::Nothing => String::new(),
                    Framing::Length(_) => format!(", after {} of {length} bytes of the body", body.len()),
                    Framing::Chunked => ", before the last chunk".to_owned(),
                };
                return Err(self.closed(&cut));
            }
        }
    }

    /// `cut` says what is missing.
    fn closed(&self, cut: &str) -> Broken {
        let detail = match &self.send_failure {
            Some(error) => format!("sending failed: {error}{cut}"),
            None => format!("end of the stream{cut}"),
        };
        Broken::of(Breakage::Closed, detail)
    }

    /// Waits for more bytes of the answer, and meanwhile sends what is unsent. 0 is the end of the stream.
    async fn more(&mut self) -> Result<usize, Broken> {
        // Where bytes are always there, nothing ever waits and no timer is checked.
        if self.phase.is_some() && Instant::now() >= self.whole_by {
            return Err(self.timed_out());
        }
        let read = poll_fn(|cx| {
            self.push(cx);
            let room = &mut self.connection.room;
            match self.connection.stream.poll_read(cx, room) {
                Poll::Ready(read) => Poll::Ready(Some(read)),
                Poll::Pending => self.poll_deadline(cx).map(|()| None),
            }
        });
        match read.await {
            None => Err(self.timed_out()),
            Some(Ok(count)) => {
                self.connection.received(count);
                if count > 0 && self.phase.is_none() {
                    self.phase = Some(Phase::Head);
                }
                Ok(count)
            }
            Some(Err(error)) => {
                // Once there is an answer, the target has accepted us.
                let refuses_us = |obstacle: &Obstacle| *obstacle == Obstacle::ClientCertificate && self.phase.is_none();
                let obstacle = obstacle_within(&error).filter(refuses_us);
                Err(Broken { obstacle, ..Broken::of(Breakage::Closed, error.to_string()) })
            }
        }
    }

    /// Sends what is unsent, as far as the connection takes it.
    fn push(&mut self, cx: &mut Context<'_>) {
        while self.send_failure.is_none() && !self.flushed {
            let stream = self.connection.stream.io();
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
                Poll::Ready(Err(error)) => self.send_failure = Some(error),
                Poll::Pending => return,
            }
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = if self.phase.is_none() { self.first_byte_by } else { self.whole_by };
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

    fn timed_out(&self) -> Broken {
        let (limit, what) = match self.phase {
            None if self.limits.first_byte < self.limits.whole => (self.limits.first_byte, "the first byte"),
            _ => (self.limits.whole, "the whole answer"),
        };
        Broken::timed_out(format!("{limit:?} for {what}"))
    }
}

/// Adds a likely cause to the parser's reason.
fn explain(mut broken: Broken, bytes: &[u8]) -> Broken {
    // RFC 8446 §5.1: an alert record. A TLS server says so to a request in plain text.
    if bytes.starts_with(&[0x15, 0x03]) {
        broken.detail += "; this is a TLS alert: is the target's URL https://?";
    }
    broken
}
