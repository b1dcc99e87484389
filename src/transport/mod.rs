//! Bytes to and from a target: connections, TLS, limits, throttling, and whether the target is still there.
//!
//! This is the only place in the crate that opens connections to a target. It reports what came back, never judges it, and
//! knows of no accounts.

pub mod origin;
pub mod tls;
mod limits;
mod framed;
mod circuit_breaker;
pub mod throttle;
pub mod wire;
pub mod call;
#[cfg(feature = "reqwest")]
pub mod second_opinion;
mod client;
mod target;

use std::time::Duration;

use jiff::Timestamp;

use crate::exchange::{Breakage, Exchange, Obstacle, Outcome, Phase, Request, Response, Unanswered};
pub use client::Client;
pub use framed::shares_connection;
pub use limits::Limits;
pub use target::Transport;

/// How many bytes of a broken answer are kept for people to look at.
const PARTIAL_BYTES: usize = 4096;

fn ended(request: Request, answer: Result<Response, Unanswered>, elapsed: Duration, resent: bool) -> Exchange {
    let outcome = match answer {
        Ok(response) => Outcome::Answered(response),
        Err(unanswered) => Outcome::Unanswered(unanswered),
    };
    Exchange { request, outcome, at: Timestamp::now(), elapsed, resent }
}

fn unreachable(obstacle: Option<Obstacle>, detail: String) -> Unanswered {
    let (breakage, phase) = (Breakage::Unreachable, Phase::Connecting);
    Unanswered { breakage, phase, obstacle, detail, partial: Vec::new() }
}
