//! The embedded reference client: the documented behaviour as a server.
//!
//! [`Model`] is a state machine without I/O; [`Server`] is HTTP over it. Both do as one [`Behaviour`] says: its default
//! is what the documents say, and everything that a dialect or a planted fault does otherwise is an edit to it.
//! Nothing here knows of scenarios, judging or reports.

mod declare;
#[cfg(test)]
mod vectors;
pub mod documented;

mod call;
mod dialect;
mod outcome;
mod route;
mod behaviour;
mod envelope;
mod model;
#[cfg(feature = "faults")]
mod fault;
#[cfg(feature = "server")]
mod server;

pub use behaviour::{Behaviour, Handled, Revokes, Rewrite, SunsetCheck, Who};
pub use call::{Answer, AnswerBody, Brief, Call, Delivery};
pub use dialect::{Dialect, SunsetShape, TokenForm};
#[cfg(feature = "faults")]
pub use fault::{Fault, FaultError, Kind, Origin};
pub use model::{Entropy, Model, Moment, Registration};
pub use outcome::{Done, Reason, Refusal, Refused, Success};
#[cfg(feature = "server")]
pub use server::{Server, Settings};

/// The example of the README, compiled and run.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Documented;
