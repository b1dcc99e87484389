//! Everything that the reference client could do otherwise, as plain data. The default is the documented behaviour.
//!
//! A planted fault or a conforming dialect is a small edit of this data: a bound, a row of a table, one documented
//! function put in the place of another. So the model reads as if there were no faults.

mod login;
mod passwords;
mod permissions;
mod registration;
mod tokens;
mod users;

use jiff::Timestamp;

pub use login::{LoginRules, RefusedChange, Several};
pub use passwords::PasswordRules;
pub use permissions::{Permissions, Who};
pub use registration::{RegistrationRules, SunsetCheck};
pub use tokens::{Mint, Revokes, TokenRules};
pub use users::{AdminDeletion, Duplicate, Leftover, UserRules};

use super::call::{Answer, Call};
use super::dialect::Dialect;
use super::outcome::{Done, Refusals, Refused, Successes};
use super::route::Endpoint;

/// How the reference client behaves.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// `/v1/users/login`
    pub login: LoginRules,
    /// Passwords, wherever they are set.
    pub passwords: PasswordRules,
    /// Tokens, wherever they are shown.
    pub tokens: TokenRules,
    /// `/v1/users`
    pub users: UserRules,
    /// `/v1/account`
    pub registration: RegistrationRules,
    /// Who may do what.
    pub permissions: Permissions,
    /// The status of each kind of success.
    pub successes: Successes,
    /// Status, code and details of each kind of refusal.
    pub refusals: Refusals,
    /// What the documents leave to the implementation.
    pub dialect: Dialect,
    /// Changes to finished answers, in order. The state has changed by then.
    pub rewrites: Vec<Rewrite>,
    /// Where else an `Authorization` value is looked for, when there is none in its field.
    pub elsewhere: Option<Elsewhere>,
    /// What else is taken for the body of a request.
    pub body_elsewhere: Option<Elsewhere>,
    /// What is made of a request in view of how its head is written.
    pub reading: Option<fn(&[u8]) -> Reading>,
}

/// Finds something in another place of a request than its own.
pub type Elsewhere = fn(&Beside<'_>) -> Option<Vec<u8>>;

/// The places of a request where neither an `Authorization` value nor a body belongs.
pub struct Beside<'a> {
    /// The value of a field, by its name in lower case.
    pub field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    /// The query, without its question mark.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What is made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All that it says.
    Whole,
    /// All but its `Authorization`.
    WithoutAuthorization,
    /// All but its body.
    WithoutBody,
    /// Nothing: the connection is closed.
    Refused,
}

/// A change to a finished answer.
pub type Rewrite = fn(&Handled<'_>, &mut Answer);

/// What a [`Rewrite`] may know: the request and what was decided on it.
#[derive(Debug, Clone, Copy)]
pub struct Handled<'a> {
    /// The request.
    pub call: &'a Call<'a>,
    /// Where it went.
    pub endpoint: &'a Endpoint<'a>,
    /// What was decided.
    pub outcome: &'a Result<Done, Refused>,
    /// When.
    pub now: Timestamp,
}
