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

pub use client::Client;
pub use framed::shares_connection;
pub use limits::Limits;
pub use target::Transport;
