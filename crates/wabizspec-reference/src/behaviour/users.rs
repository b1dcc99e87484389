//! How users are kept: `/v1/users`.

use serde::{Deserialize, Serialize};

use super::RefusedChange;
use crate::documented::bodies::UsernameRule;

/// How users are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRules {
    /// The rule for the name of a new user.
    pub username: UsernameRule,
    /// A new user gets the role that the request claims.
    pub create_promotes: bool,
    /// What happens to a name that is taken.
    pub duplicate: Duplicate,
    /// What happens to a deletion of the admin.
    pub admin_deletion: AdminDeletion,
    /// Whom a deletion deletes.
    pub deletes: Deletes,
    /// What is left of a deleted user.
    pub leftover: Leftover,
    /// A new user has to bring another password at its first login.
    pub created_must_change: bool,
    /// An update gives the user the role that the request claims.
    pub update_promotes: bool,
    /// A change is reported as done, but not done.
    pub update_ignored: bool,
    /// What a refused change does.
    pub refused_update: RefusedChange,
    /// The password before a change still logs in.
    pub old_password_stays: bool,
    /// A creation that was refused for its members is done anyway.
    pub refused_creation_sticks: bool,
    /// A creation is reported as done, but not done.
    pub creation_ignored: bool,
}

impl Default for UserRules {
    fn default() -> Self {
        UserRules {
            username: UsernameRule::documented(),
            create_promotes: false,
            duplicate: Duplicate::Refused,
            admin_deletion: AdminDeletion::Refused,
            deletes: Deletes::TheNamed,
            leftover: Leftover::Nothing,
            created_must_change: false,
            update_promotes: false,
            update_ignored: false,
            refused_update: RefusedChange::ChangesNothing,
            old_password_stays: false,
            refused_creation_sticks: false,
            creation_ignored: false,
        }
    }
}

/// What happens to a new user whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicate {
    Refused,
    RefusedAndReplaces,
    Replaces,
    /// It is answered as if created, and nothing happens.
    Ignored,
}

/// Whom a deletion deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletes {
    /// The user of that name.
    TheNamed,
    /// Nobody.
    Nobody,
    /// Everybody whose name begins so.
    AllThatBeginSo,
}

/// What happens to a deletion of the admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminDeletion {
    Refused,
    /// It is refused if the path spells the name to the letter, and done otherwise.
    RefusedAsWritten,
    RefusedAndDone,
    Done,
}

/// What is left of a deleted user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leftover {
    Nothing,
    LogsIn,
    IsShown,
    NameIsTaken,
    /// Its password, which comes back with its name.
    Password,
    /// A mark that it existed. The deletion of a name without that mark is answered as if it had been done.
    Mark,
}
