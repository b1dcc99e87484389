//! The only module that opens connections to a target. It judges nothing and knows of no accounts.

pub mod origin;
pub mod tls;
mod framed;
mod circuit_breaker;
pub(crate) mod tap;
pub(crate) mod throttle;
pub mod wire;
pub(crate) mod call;
#[cfg(feature = "reqwest")]
pub mod second_opinion;
#[cfg(feature = "cli")]
mod encoding;
mod target;

use std::time::Duration;

use jiff::Timestamp;

use crate::exchange::{Breakage, Exchange, Obstacle, Phase, Request, Response, Unanswered};
pub use call::Call;
pub use framed::shares_connection;
pub use target::{Client, Transport};

/// Bounds on one exchange. A target that passes one of them is reported, never waited for.
///
/// A limit of zero is allowed and passes as soon as something has to be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For resolving the name, opening the connection and the TLS handshake together.
    pub connect: Duration,
    /// From the first byte of the request to the first byte of an answer, interim answers included.
    pub first_byte: Duration,
    /// From the first byte of the request to the last byte of the answer.
    pub whole: Duration,
    /// The most bytes of one head (status line and headers), and of all that chunked coding adds to a body beside
    /// the chunk sizes: extensions and trailers.
    pub head_bytes: usize,
    /// The most bytes of a body, transfer coding removed.
    pub body_bytes: usize,
}

impl Default for Limits {
    /// 3 s to connect, 10 s for the answer, 64 KiB of head, 2 MiB of body.
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(3),
            first_byte: Duration::from_secs(10),
            whole: Duration::from_secs(10),
            head_bytes: 64 * 1024,
            body_bytes: 2 * 1024 * 1024,
        }
    }
}

/// How many bytes of a broken answer are kept for people to look at.
const PARTIAL_BYTES: usize = 4096;

pub(crate) fn ended(request: Request, outcome: Result<Response, Unanswered>, took: Duration, resent: bool) -> Exchange {
    Exchange { request, outcome, at: Timestamp::now(), elapsed: took, resent }
}

/// What broke an answer off, and the reason in words.
#[derive(Debug, PartialEq, Eq)]
struct Broken {
    breakage: Breakage,
    /// Where the connection only seemed to be there.
    obstacle: Option<Obstacle>,
    detail: String,
}

impl Broken {
    fn of(breakage: Breakage, detail: String) -> Broken {
        Broken { breakage, obstacle: None, detail }
    }

    fn malformed(detail: impl Into<String>) -> Broken {
        Broken::of(Breakage::Malformed, detail.into())
    }

    fn too_large(detail: impl Into<String>) -> Broken {
        Broken::of(Breakage::TooLarge, detail.into())
    }

    fn timed_out(detail: String) -> Broken {
        Broken::of(Breakage::TimedOut, detail)
    }

    /// Where it broke off, and what had come by then.
    fn at(self, phase: Phase, partial: &[u8]) -> Unanswered {
        let Broken { breakage, obstacle, detail } = self;
        if obstacle.is_some() {
            return unreachable(obstacle, detail);
        }
        let partial = partial[..partial.len().min(PARTIAL_BYTES)].to_vec();
        Unanswered { breakage, phase, obstacle, detail, partial }
    }
}

pub(crate) fn unreachable(obstacle: Option<Obstacle>, detail: String) -> Unanswered {
    let (breakage, phase) = (Breakage::Unreachable, Phase::Connecting);
    Unanswered { breakage, phase, obstacle, detail, partial: Vec::new() }
}
