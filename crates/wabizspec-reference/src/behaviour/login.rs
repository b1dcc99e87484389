//! How a login is read and answered: `/v1/users/login`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::when::When;
use crate::declare::defaulted;

defaulted! {
    /// How a login is handled.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct LoginRules {
        /// Which `Authorization` counts when there are several; for tokens too.
        pub several: Several = Several::Refused,
        /// The body is read before the credentials.
        pub body_first: bool = false,
        /// The new password is set before the credentials are checked.
        pub change_first: bool = false,
        /// Any method logs in.
        pub any_method: bool = false,
        /// The password of the default account as installed.
        pub default_password: Cow<'static, str> = Cow::Borrowed("secret"),
        /// On which requests the default password alone is accepted.
        pub(crate) default_accepted: Option<When> = None,
        /// The default password with a new one is a first login again, however often.
        pub default_stays_changeable: bool = false,
        /// `new_password` counts on every login, not only the first.
        pub later_change: bool = true,
        /// On which requests the password rule is not applied.
        pub(crate) rule_unasked: Option<When> = None,
        /// The rule applies to later logins, not only to the first.
        pub later_rule: bool = true,
        /// A change is reported as done, but not done.
        pub change_ignored: bool = false,
        /// What a refused change does at a first login.
        pub refused_first_change: RefusedChange = RefusedChange::ChangesNothing,
        /// What a refused change does at a later login.
        pub refused_later_change: RefusedChange = RefusedChange::ChangesNothing,
        /// The password before a change still logs in.
        pub old_password_stays: bool = false,
    }
}

/// Which of several `Authorization` fields counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Several {
    /// None: the request is refused.
    Refused,
    First,
    Last,
}

/// What a refused change of a password does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedChange {
    /// Nothing.
    ChangesNothing,
    /// The new password is set all the same.
    SetsTheNew,
    /// The old password is gone, and there is no other.
    LosesTheOld,
    /// Later changes are reported as done, but not done.
    BlocksTheNext,
}
