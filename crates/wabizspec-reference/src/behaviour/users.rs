//! How users and their passwords are kept: `/v1/users`.

use serde::{Deserialize, Serialize};

use super::RefusedChange;
use crate::declare::defaulted;
use crate::documented::bodies::UsernameRule;
use crate::documented::password::PasswordRule;

defaulted! {
    /// How passwords are judged.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct PasswordRules {
        /// The rule for `new_password`.
        pub on_login: PasswordRule = PasswordRule::documented(),
        /// The rule for a new user.
        pub on_create: PasswordRule = PasswordRule::documented(),
        /// The rule for a changed user.
        pub on_update: PasswordRule = PasswordRule::documented(),
    }
}

defaulted! {
    /// How users are kept.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct UserRules {
        /// The rule for the name of a new user.
        pub username: UsernameRule = UsernameRule::documented(),
        /// A new user gets the role that the request claims.
        pub create_promotes: bool = false,
        /// What happens to a name that is taken.
        pub duplicate: Duplicate = Duplicate::Refused,
        /// What happens to a deletion of the admin.
        pub admin_deletion: AdminDeletion = AdminDeletion::Refused,
        /// Whom a deletion deletes.
        pub deletes: Deletes = Deletes::TheNamed,
        /// What is left of a deleted user.
        pub leftover: Leftover = Leftover::Nothing,
        /// A new user has to bring another password at its first login.
        pub created_must_change: bool = false,
        /// An update gives the user the role that the request claims.
        pub update_promotes: bool = false,
        /// A change is reported as done, but not done.
        pub update_ignored: bool = false,
        /// What a refused change does.
        pub refused_update: RefusedChange = RefusedChange::ChangesNothing,
        /// The password before a change still logs in.
        pub old_password_stays: bool = false,
        /// A creation that was refused for its members is done anyway.
        pub refused_creation_sticks: bool = false,
        /// A creation is reported as done, but not done.
        pub creation_ignored: bool = false,
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
