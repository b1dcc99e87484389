//! Everything that the reference client could do otherwise, as plain data. The default is the documented behaviour.
//!
//! A planted fault or a conforming dialect is a small edit of this data: a bound, a row of a table, one documented
//! function put in the place of another. So the model reads as if there were no faults.

mod functions;
mod passwords;
mod registration;
mod tokens;
mod when;
mod login;
mod permissions;
mod read;
mod change;
mod users;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use change::{Change, Json};
pub use functions::{Elsewhere, Functions};
pub use login::{LoginRules, RefusedChange, Several};
pub use passwords::PasswordRules;
pub use permissions::{Permissions, Who};
pub use read::{Read, Values};
#[cfg(feature = "faults")]
pub(crate) use read::{amended, text_of};
pub use registration::{RegistrationRules, SunsetCheck};
pub use tokens::{Mint, Revokes, TokenRules};
pub use users::{AdminDeletion, Deletes, Duplicate, Leftover, UserRules};
pub use when::{Class, Form, Outcome, Place, Text, Unreadable, When};

use super::call::{Answer, Call};
use super::dialect::Dialect;
use super::documented::bodies::BodyError;
use super::outcome::{Done, Refusals, Refused, Successes};
use super::route::Endpoint;

/// How the reference client behaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Other readings of the bodies of requests, in order.
    pub reads: Vec<Read>,
    /// Changes to finished answers, in order. The state has changed by then.
    pub answers: Vec<Change>,
    /// What the documents leave to the implementation.
    #[serde(skip)]
    pub dialect: Dialect,
    /// The functions that read, compare and write.
    #[serde(skip)]
    pub functions: Functions,
    /// Changes to finished answers that no data can say, in order, after the others.
    #[serde(skip)]
    pub rewrites: Vec<Rewrite>,
}

impl Behaviour {
    /// The bytes of a body that are read.
    pub(super) fn body<'c>(&self, call: &Call<'c>) -> Result<Cow<'c, [u8]>, BodyError> {
        let body = (self.functions.body)(call)?;
        self.reads.iter().try_fold(body, |body, read| read.apply(call, body))
    }
}

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
    /// Which request it is of all that the client got, from 1.
    pub number: u64,
}

#[cfg(test)]
mod tests;
