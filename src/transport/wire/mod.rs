//! Our own HTTP/1.1 client: exactly the given bytes out, exactly what came back in.
//!
//! It adds no header, follows no redirect, keeps no cookie, undoes no content coding and never tries again in secret: the
//! one resend that RFC 9112 §9.3.1 and §9.5 allow is noted in the exchange. It does not judge.
//!
//! Whatever a target does, an exchange ends within its [`Limits`] and holds a bounded amount of memory.

mod head;
mod chunked;
mod framing;
mod stream;
mod connection;
mod answer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::ClientConfig;

use super::framed::shares_connection;
use super::origin::Origin;
use super::{Broken, Limits, ended};
use crate::exchange::{Exchange, Manner, Request};
use crate::parallel::locked;
use answer::{Attempt, attempt};
use connection::{Connection, Connector};

/// More idle connections than this are closed instead of kept.
const MAX_IDLE: usize = 1024;

/// A target that takes what it reads first for the whole request reads no more than one piece of it meanwhile. One that
/// reads on does not care.
const BETWEEN_PIECES: Duration = Duration::from_millis(3);

/// How long a target may take to notice that a client has hung up. One that needs longer is only not waited for.
const AFTER_A_HANG_UP: Duration = Duration::from_secs(1);

/// How many bytes of an answer to half a request are read.
const LAST_WORDS: u64 = 64 << 10;

/// One target, and the idle connections to it.
///
/// Many requests may be in flight at once, each on a connection of its own; connections are kept alive and the one used
/// last is used first. A `Wire` belongs to one tokio runtime with I/O and time enabled.
#[derive(Debug)]
pub struct Wire {
    connector: Connector,
    limits: Limits,
    idle: Mutex<Vec<Connection>>,
    unsolicited: AtomicU64,
}

/// Connections that are kept for the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// There are none.
    None,
    /// The target holds at least one open.
    Open,
    /// The target has closed all of them.
    Closed,
}

impl Wire {
    /// A client for one target. Nothing is opened yet.
    ///
    /// An https origin needs `tls`, see [`tls::configuration`](super::tls::configuration); without it every request
    /// ends as unreachable, never in plain text. An http origin ignores it.
    pub fn new(origin: Origin, tls: Option<Arc<ClientConfig>>, limits: Limits) -> Self {
        Wire { connector: Connector::new(origin, tls), limits, idle: Mutex::default(), unsolicited: AtomicU64::new(0) }
    }

    /// How many idle connections were given up because the target sent bytes on them after its answer. They belong to
    /// no exchange; what came together with an answer is in [`Response::surplus`](crate::exchange::Response::surplus).
    pub fn unsolicited(&self) -> u64 {
        self.idle();
        self.unsolicited.load(Ordering::Relaxed)
    }

    /// What has become of the connections that were kept. Those that are closed are given up, and not reported again.
    pub fn idle(&self) -> Idle {
        let mut idle = locked(&self.idle);
        let were_kept = !idle.is_empty();
        idle.retain_mut(|connection| connection.is_quiet(&self.unsolicited));
        match (were_kept, idle.is_empty()) {
            (false, _) => Idle::None,
            (true, false) => Idle::Open,
            (true, true) => Idle::Closed,
        }
    }

    /// Whether nothing listens at the target. No request is sent to find out.
    pub async fn is_refused(&self) -> bool {
        self.connector.is_refused(self.limits.connect).await
    }

    /// Sends one request and waits for one answer or for the reason why there is none.
    ///
    /// A request whose end a server could see differently ([`shares_connection`]) gets a connection of its own. Any
    /// other may reuse one; when that dies before a byte of an answer, the request is sent once more on a new
    /// connection, the exchange says `resent`, and `elapsed` and the limits start over. If there is no new connection,
    /// the exchange is the first one: a target that is gone after a request was there to receive it.
    ///
    /// Dropping the future closes the connection that it used. A name is resolved on a thread of the runtime, which goes on
    /// also after the limit: to end a process at once, shut the runtime down with a timeout.
    pub async fn send(&self, request: Request) -> Exchange {
        let (bytes, manner) = request.on_the_wire();
        let in_pieces = manner == Manner::Pieces;
        if manner == Manner::BehindAHangUp {
            self.hang_up(&bytes).await;
        }
        let may_share = shares_connection(&request) && !in_pieces;
        let mut died = None;

        if may_share && let Some(mut connection) = self.take_idle() {
            let attempt = attempt(&mut connection, &bytes, request.method(), &self.limits).await;
            if !attempt.died_unanswered() {
                return self.conclude(request, attempt, connection, may_share, false);
            }
            died = Some(attempt);
        }

        let begun = Instant::now();
        match (self.connector.connect(self.limits.connect).await, died) {
            (Ok(mut connection), died) => {
                let last = if in_pieces { all_but_the_last_piece(&mut connection, &bytes).await } else { &bytes };
                let attempt = attempt(&mut connection, last, request.method(), &self.limits).await;
                self.conclude(request, attempt, connection, may_share, died.is_some())
            }
            (Err(_), Some(first)) => ended(request, first.answer, first.elapsed, false),
            (Err(unanswered), None) => ended(request, Err(unanswered), begun.elapsed(), false),
        }
    }

    /// Sends the beginning of a request on a connection of its own, and closes that. What the target does with it shows in the
    /// next request. A body is cut before its last byte; without one the first line is cut, as some servers take the end of
    /// the connection for the end of the headers.
    async fn hang_up(&self, bytes: &[u8]) {
        let sent = if bytes.ends_with(b"\r\n\r\n") { &bytes[..10] } else { &bytes[..bytes.len() - 1] };
        let Ok(mut connection) = self.connector.connect(self.limits.connect).await else { return };
        let mut stream = connection.stream.io();
        let sent = stream.write_all(sent).await.and(stream.flush().await);
        if sent.and(stream.shutdown().await).is_ok() {
            // A target that has seen the end closes the connection, with or without an answer.
            let mut answer = Vec::new();
            let mut stream = stream.take(LAST_WORDS);
            let _ = tokio::time::timeout(AFTER_A_HANG_UP, stream.read_to_end(&mut answer)).await;
        }
    }

    fn conclude(
        &self,
        request: Request,
        attempt: Attempt,
        mut connection: Connection,
        may_share: bool,
        resent: bool,
    ) -> Exchange {
        let Attempt { mut answer, elapsed, persistent } = attempt;
        let mut keep = persistent && may_share;
        if let Ok(response) = &mut answer {
            response.surplus = connection.surplus(keep);
            keep &= response.surplus.is_empty();
        }
        if keep {
            let mut idle = locked(&self.idle);
            if idle.len() < MAX_IDLE {
                idle.push(connection);
            }
        }
        ended(request, answer, elapsed, resent)
    }

    /// The most recently used idle connection on which nothing has happened since.
    fn take_idle(&self) -> Option<Connection> {
        let mut newest_first = std::iter::from_fn(|| locked(&self.idle).pop());
        newest_first.find_map(|mut connection| connection.is_quiet(&self.unsolicited).then_some(connection))
    }
}

/// Writes a request but for its last piece, which it returns: a cut in the first line, and one in the body or the end of
/// the head. Where a write fails, the rest fails too.
async fn all_but_the_last_piece<'b>(connection: &mut Connection, bytes: &'b [u8]) -> &'b [u8] {
    let (first, rest) = bytes.split_at(bytes.len().min(10));
    let (second, last) = rest.split_at(rest.len().saturating_sub(8));
    for piece in [first, second] {
        let mut stream = connection.stream.io();
        if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        tokio::time::sleep(BETWEEN_PIECES).await;
    }
    last
}
