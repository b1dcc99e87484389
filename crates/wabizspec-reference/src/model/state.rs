//! What the reference client remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::sessions::Sessions;

/// What a user may do, as answers write it (users, Read).
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Role {
    #[serde(rename = "ROLE_ADMIN")]
    Admin,
    #[serde(rename = "ROLE_USER")]
    User,
}

/// The default account (users/login).
pub(super) const ADMIN: &str = "admin";

#[derive(Clone, PartialEq, Eq, Serialize)]
pub(super) struct User {
    /// Those that log in. More than one only where a behaviour keeps an old one.
    pub passwords: Vec<String>,
    pub role: Role,
    /// It still has the default password.
    pub must_change: bool,
    /// Passwords that are refused for good; only where a behaviour remembers wrong ones.
    #[serde(skip)]
    pub wrong: Vec<String>,
    /// Its password does not change any more; only where a behaviour loses changes.
    #[serde(skip)]
    pub frozen: bool,
}

impl User {
    pub fn new(password: &str, role: Role) -> Self {
        User { passwords: vec![password.to_owned()], role, must_change: false, wrong: Vec::new(), frozen: false }
    }
}

/// A registration that waits for its code.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(super) struct Pending {
    pub number: String,
    pub code: String,
}

/// Its large parts are copied when they are changed, not when a moment is remembered.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    pub users: Arc<BTreeMap<String, User>>,
    /// Those that were deleted, if a behaviour keeps something of them.
    pub deleted: Arc<BTreeMap<String, User>>,
    /// Names that reads do not find, only where a behaviour remembers them.
    pub unknown: Arc<BTreeSet<String>>,
    pub tokens: Arc<Sessions>,
    /// The number that is registered, with its country code.
    pub registered: Option<String>,
    pub pending: Option<Pending>,
    /// Of two-step verification, if that is on.
    pub pin: Option<String>,
    pub last_code: Option<String>,
    /// All that were sent, where they stay right.
    pub codes: Vec<String>,
    /// When the first login was.
    pub begun: Option<Timestamp>,
    /// How many tokens were given.
    pub given: u64,
}

impl State {
    /// As just installed.
    pub fn new(default_password: &str) -> Self {
        let admin = User { must_change: true, ..User::new(default_password, Role::Admin) };
        State { users: Arc::new(BTreeMap::from([(ADMIN.to_owned(), admin)])), ..State::default() }
    }

    pub fn users_mut(&mut self) -> &mut BTreeMap<String, User> {
        Arc::make_mut(&mut self.users)
    }

    pub fn tokens_mut(&mut self) -> &mut Sessions {
        Arc::make_mut(&mut self.tokens)
    }

    pub fn dump(&self) -> Value {
        json!({
            "users": *self.users,
            "tokens": self.tokens.iter().collect::<BTreeMap<_, _>>(),
            "registered": self.registered,
            "pending": self.pending,
            "pin": self.pin,
            "last_code": self.last_code,
        })
    }
}
