//! Fuzzing: one grammar of inputs, driven in process and on the wire.
//!
//! An input is a byte string. `grammar` reads it as a request (or a sequence of them), `independent` says once more,
//! independently of [`crate::documented`], what the documents want of it. [`in_process`] holds the parsers and the
//! reference client to that, [`drive`] any server behind a URL. Both take the same bytes, so that a corpus, a finding
//! and a shrunk input mean the same everywhere.
//!
//! Nothing here prints or reads the command line.

pub mod aimed;
pub mod drive;
pub mod finding;
pub mod in_process;
pub mod random;
pub mod saved;
pub mod session;
pub mod summary;
pub mod timetable;

mod batch;
mod bisection;
mod deduplication;
mod dictionary;
mod evidence;
mod generator;
mod grammar;
mod independent;
mod laxity;
mod place;
mod probe;
mod run;
mod shrink;
mod target_checks;
mod to_scenario;
mod tracker;
mod words;

use std::str::FromStr;

pub use grammar::bindings::FIXED;
pub use grammar::{BasicInput, RequestParts};
pub(crate) use place::Place;
#[cfg(feature = "cli")]
pub(crate) use probe::Kind;
use words::words;

words! {
    /// A part of the API that is fuzzed by itself.
    Surface {
        /// The `Authorization` header of a login.
        BasicAuth = "basic-auth",
        /// The body of a login with right credentials.
        LoginBody = "login-body",
        /// New passwords, at every endpoint that takes one.
        Password = "password",
        /// The body that creates a user.
        UsersBody = "users-body",
        /// The body that asks for a registration code.
        AccountBody = "account-body",
        /// The `Authorization` header of every other call.
        Bearer = "bearer",
        /// The request target.
        Path = "path",
        /// Sequences of calls.
        Session = "session",
        /// HTTP/1.1 itself; only when asked for by name.
        Http = "http",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Surface {
    /// All of them.
    pub const ALL: [Surface; 9] = {
        use Surface::*;
        [BasicAuth, LoginBody, Password, UsersBody, AccountBody, Bearer, Path, Session, Http]
    };
}

impl FromStr for Surface {
    type Err = String;

    /// By its name; underscores, as in the folders of `fuzz/corpus`, are as good as hyphens.
    fn from_str(text: &str) -> Result<Surface, String> {
        let name = text.replace('_', "-");
        let found = Surface::ALL.into_iter().find(|surface| surface.name() == name);
        found.ok_or_else(|| {
            let names = Surface::ALL.map(Surface::name).join(", ");
            format!("`{text}` is not a surface; use {names} or all")
        })
    }
}

words! {
    /// What the documents want of a request.
    Class {
        /// It must succeed.
        Accept = "accept",
        /// It must be refused.
        Reject = "reject",
        /// The documents leave it open, and both are fine.
        Either = "either",
    }
}

words! {
    /// A kind of check, by which findings are told apart.
    Check {
        /// No answer in time.
        Answered = "answered",
        /// An internal error.
        Crash = "crash",
        /// The target is gone after the input.
        Down = "down",
        /// A secret of the request in the answer.
        Echo = "echo",
        /// A stack trace in the answer.
        Trace = "trace",
        /// More or less than one answer.
        OneAnswer = "one-answer",
        /// The form of the answer.
        Envelope = "envelope",
        /// A token, or a success, where there must be none.
        Token = "token",
        /// A refusal where there must be none.
        Refused = "refused",
        /// What the target has or shows is not what the documents want.
        State = "state",
        /// An accepted change of a password.
        AcceptedChange = "accepted-change",
        /// A refused change of a password.
        RefusedChange = "refused-change",
    }
}
