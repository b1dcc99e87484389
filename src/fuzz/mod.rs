//! Fuzzing: one grammar of inputs, driven in process and on the wire.
//!
//! An input is a byte string. [`grammar`] reads it as a request (or a sequence of them), [`second`] says once more,
//! independently of [`crate::documented`], what the documents want of it. [`in_process`] holds the parsers and the
//! reference client to that, [`drive`] any server behind a URL. Both take the same bytes, so that a corpus, a finding
//! and a shrunk input mean the same everywhere.
//!
//! Nothing here prints or reads the command line.

pub mod aimed;
pub mod target_checks;
pub mod dictionary;
pub mod drive;
pub mod finding;
pub mod grammar;
pub mod in_process;
pub mod random;
pub mod saved;
pub mod independent;
pub mod shrink;
pub mod session;
pub mod laxity;
pub mod timetable;
pub mod tracker;

pub mod probe;
pub mod summary;

mod batch;
mod bisection;
mod deduplication;
mod generator;
mod to_scenario;
mod run;
mod evidence;

use std::fmt;
use std::str::FromStr;

pub use generator::Generator;

/// A part of the API that is fuzzed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Surface {
    /// The `Authorization` header of a login.
    BasicAuth,
    /// The body of a login with right credentials.
    LoginBody,
    /// New passwords, at every endpoint that takes one.
    Password,
    /// The body that creates a user.
    UsersBody,
    /// The body that asks for a registration code.
    AccountBody,
    /// The `Authorization` header of every other call.
    Bearer,
    /// The request target.
    Path,
    /// Sequences of calls.
    Session,
    /// HTTP/1.1 itself; only when asked for by name.
    Http,
}

impl Surface {
    /// All of them.
    pub const ALL: [Surface; 9] = [
        Surface::BasicAuth,
        Surface::LoginBody,
        Surface::Password,
        Surface::UsersBody,
        Surface::AccountBody,
        Surface::Bearer,
        Surface::Path,
        Surface::Session,
        Surface::Http,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Surface::BasicAuth => "basic-auth",
            Surface::LoginBody => "login-body",
            Surface::Password => "password",
            Surface::UsersBody => "users-body",
            Surface::AccountBody => "account-body",
            Surface::Bearer => "bearer",
            Surface::Path => "path",
            Surface::Session => "session",
            Surface::Http => "http",
        }
    }

    /// The target under `fuzz/` that reads the same bytes in process, if there is one.
    pub const fn in_process(self) -> Option<&'static str> {
        match self {
            Surface::BasicAuth => Some("basic_auth"),
            Surface::LoginBody => Some("login_body"),
            Surface::Password => Some("password"),
            Surface::UsersBody => Some("users_body"),
            Surface::AccountBody => Some("account_body"),
            Surface::Session => Some("session"),
            Surface::Bearer | Surface::Path | Surface::Http => None,
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Surface {
    type Err = String;

    /// By its name; underscores, as in the folders of `fuzz/corpus`, are as good as hyphens.
    fn from_str(text: &str) -> Result<Surface, String> {
        let name = text.replace('_', "-");
        let found = Surface::ALL.into_iter().find(|surface| surface.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Surface::ALL.iter().map(|surface| surface.name()).collect();
            format!("`{text}` is no surface; use {} or all", names.join(", "))
        })
    }
}

/// What the documents want of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It must succeed.
    Accept,
    /// It must be refused.
    Reject,
    /// The documents leave it open: both are fine.
    Either,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Class::Accept => "accept",
            Class::Reject => "reject",
            Class::Either => "either",
        })
    }
}
