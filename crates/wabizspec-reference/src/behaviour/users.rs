//! How users are kept: `/v1/users`.

use std::borrow::Cow;

use super::RefusedChange;
use crate::call::Call;
use crate::documented::bodies::{BodyError, CreateUserBody, UpdateUserBody, UsernameRule};
use crate::role::Role;

/// How users are kept.
#[derive(Debug, Clone)]
pub struct UserRules {
    /// The rule for the name of a new user.
    pub username: UsernameRule,
    /// Reads the body that creates one.
    pub create_body: fn(&Call<'_>) -> Result<CreateUserBody, BodyError>,
    /// Reads the body that changes one.
    pub update_body: fn(&Call<'_>) -> Result<UpdateUserBody, BodyError>,
    /// Under which key a name is kept and looked up.
    pub key: fn(&str) -> Cow<'_, str>,
    /// The role of a new user.
    pub role: fn(&Call<'_>) -> Role,
    /// What happens to a name that is taken.
    pub duplicate: Duplicate,
    /// What happens to a deletion of the admin.
    pub admin_deletion: AdminDeletion,
    /// Whether the deletion of one name (first) deletes another (second).
    pub deletes: fn(&str, &str) -> bool,
    /// What is left of a deleted user.
    pub leftover: Leftover,
    /// A new user has to bring another password at its first login.
    pub created_must_change: bool,
    /// Whether an update makes the user an administrator.
    pub update_promotes: fn(&Call<'_>) -> bool,
    /// A change is answered, not done.
    pub update_ignored: bool,
    /// What a refused change does.
    pub refused_update: RefusedChange,
    /// The password before a change still logs in.
    pub old_password_stays: bool,
    /// A creation that was refused for its members is done all the same.
    pub refused_creation_sticks: bool,
    /// A creation is answered, not done.
    pub creation_ignored: bool,
}

impl Default for UserRules {
    fn default() -> Self {
        UserRules {
            username: UsernameRule::documented(),
            create_body: |call| CreateUserBody::parse(call.body),
            update_body: |call| UpdateUserBody::parse(call.body),
            key: |username| Cow::Borrowed(username),
            role: |_| Role::User,
            duplicate: Duplicate::Refused,
            admin_deletion: AdminDeletion::Refused,
            deletes: |asked, name| asked == name,
            leftover: Leftover::Nothing,
            created_must_change: false,
            update_promotes: |_| false,
            update_ignored: false,
            refused_update: RefusedChange::ChangesNothing,
            old_password_stays: false,
            refused_creation_sticks: false,
            creation_ignored: false,
        }
    }
}

/// What happens to a new user whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// It is refused.
    Refused,
    /// It is refused, yet takes the other's place.
    RefusedAndReplaces,
    /// It takes the other's place.
    Replaces,
    /// It is answered as if created, and nothing happens.
    Ignored,
}

/// What happens to a deletion of the admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminDeletion {
    /// It is refused.
    Refused,
    /// It is refused where the path spells the name to the letter, and done otherwise.
    RefusedAsWritten,
    /// It is refused, yet done.
    RefusedAndDone,
    /// It is done.
    Done,
}

/// What is left of a deleted user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing.
    Nothing,
    /// It still logs in.
    LogsIn,
    /// It is still shown.
    IsShown,
    /// Its name is still taken.
    NameIsTaken,
    /// Its password, which comes back with its name.
    Password,
    /// A mark that it was there. The deletion of a name without that mark is answered as if it had been done.
    Mark,
}
