//! The embedded reference client: the documented behaviour as a server.
//!
//! [`Model`] is a state machine without I/O; [`Server`] is HTTP over it. Both do as one [`Behaviour`] says: its default
//! is what the documents say, and everything that a dialect or a planted fault does otherwise is an edit to it.
//! Nothing here knows of scenarios, judging or reports.

pub mod documented;

mod call;
mod dialect;
mod outcome;
mod role;
mod route;
mod behaviour;
mod envelope;
mod model;
#[cfg(feature = "faults")]
mod fault;
#[cfg(feature = "server")]
mod server;

pub use behaviour::{
    AdminDeletion, Behaviour, Beside, Change, Class, Deletes, Duplicate, Elsewhere, Form, Functions, Handled, Json,
    Leftover, LoginRules, Mint, Outcome, PasswordRules, Permissions, Place, Read, Reading, RefusedChange,
    RegistrationRules, Revokes, Rewrite, Several, SunsetCheck, Text, TokenRules, Unreadable, UserRules, Values, When,
    Who,
};
pub use call::{Answer, AnswerBody, Brief, Call, Delivery};
pub use dialect::{Dialect, SunsetShape, TokenForm};
#[cfg(feature = "faults")]
pub use fault::{Fault, FaultError, Kind, Origin};
pub use model::{Entropy, Model, Moment, Registration};
pub use outcome::{Done, Payload, Reason, Refusal, Refusals, Refused, Row, Success, Successes, Table};
pub use role::Role;
pub use route::Endpoint;
#[cfg(feature = "server")]
pub use server::{Server, Settings};
