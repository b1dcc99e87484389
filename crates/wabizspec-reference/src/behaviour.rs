//! Everything that the reference client could do differently, as plain data. The default is the documented behaviour.
//!
//! A planted fault or a conforming dialect is a small edit of this data: a bound, a row of a table, another function in
//! the place of a documented one. So the model reads as if there were no faults.

mod alike;
pub(crate) mod body;
mod functions;
mod when;
mod rules;
mod at_once;
mod read;
mod door;
mod change;
mod harm;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use at_once::AtOnce;
#[cfg(feature = "server")]
pub(crate) use at_once::Outcome as AtOnceOutcome;
pub(crate) use change::Change;
#[cfg(feature = "faults")]
pub(crate) use change::{crash, let_through};
pub(crate) use door::Door;
pub use functions::Functions;
pub(crate) use harm::{Does, Harm};
pub(crate) use read::Read;
pub use rules::{
    AdminDeletion, Deletes, Duplicate, Leftover, LoginRules, Mint, PasswordRules, Permissions, RefusedChange,
    RegistrationRules, Revokes, SunsetCheck, TokenRules, UserRules, Who,
};
pub(crate) use when::When;

use super::call::{Answer, Call};
use super::dialect::Dialect;
use super::documented::api::{Operation, Resource};
use super::documented::bodies::BodyError;
use super::outcome::{Done, Refusals, Refused, Success};

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
    /// The statuses of successes that are not the documented ones.
    pub(crate) successes: BTreeMap<Success, u16>,
    /// Status, code and details of each kind of refusal.
    pub refusals: Refusals,
    /// Ways around the check of credentials.
    pub(crate) doors: Vec<Door>,
    /// Other readings of the bodies of requests, in order.
    pub(crate) reads: Vec<Read>,
    /// What goes wrong between requests at the same time.
    pub(crate) at_once: Option<AtOnce>,
    /// A client that goes away in the middle of a body ends the server; it is there again after a reset.
    pub(crate) ends_with_a_client: bool,
    /// What refused requests do all the same.
    pub(crate) harms: Vec<Harm>,
    /// Changes to finished answers, in order. The state has changed by then.
    pub(crate) answers: Vec<Change>,
    /// What the documents leave to the implementation.
    #[serde(skip)]
    pub dialect: Dialect,
    /// The functions that read, compare and write.
    #[serde(skip)]
    pub functions: Functions,
    /// Other readings that no data can say, in order, before `reads`: of the members of the bodies of an operation.
    #[serde(skip)]
    pub(crate) amends: Vec<(Operation, Amend)>,
    /// Changes to finished answers that no data can say, in order, after `answers`.
    #[serde(skip)]
    pub rewrites: Vec<Rewrite>,
}

impl Behaviour {
    /// The bytes of a body that are read.
    pub(super) fn body<'c>(&self, call: &Call<'c>) -> Result<Cow<'c, [u8]>, BodyError> {
        let mut body = (self.functions.body)(call)?;
        for (operation, amend) in &self.amends {
            if Operation::of(call.method, call.path) == Some(*operation) {
                body = body::amended(&body, amend).into();
            }
        }
        self.reads.iter().try_fold(body, |body, read| read.apply(call, body))
    }
}

/// The places of a request where neither an `Authorization` value nor a body belongs.
pub struct Beside<'a> {
    pub method: &'a str,
    /// Without its query.
    pub path: &'a str,
    /// The value of a header field, by its name in lower case.
    pub field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    /// Without its question mark.
    pub query: Option<&'a str>,
    pub body: &'a [u8],
}

/// How much of a request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Whole,
    /// All but its `Authorization`.
    WithoutAuthorization,
    /// All but its body.
    WithoutBody,
    /// Its body as texts, each as long as what came at one time.
    InTexts,
    /// Nothing: the connection is closed.
    Refused,
}

/// A change to the members of a body.
pub(crate) type Amend = fn(&mut Map<String, Value>);

/// A change to a finished answer.
pub type Rewrite = fn(&Handled<'_>, &mut Answer);

/// What a [`Rewrite`] may know: the request and what was decided on it.
#[derive(Debug, Clone, Copy)]
pub struct Handled<'a> {
    /// The request.
    pub call: &'a Call<'a>,
    /// Where it went; `None` for a path that the API does not have.
    pub resource: Option<Resource>,
    /// What was decided.
    pub outcome: &'a Result<Done, Refused>,
    /// When.
    pub now: Timestamp,
    /// The number of the request, from 1.
    pub number: u64,
}

#[cfg(test)]
mod tests;
