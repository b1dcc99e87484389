//! How a login is read and answered: `/v1/users/login`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::when::When;

/// How a login is handled.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginRules {
    /// Which `Authorization` counts when there are several; for tokens too.
    pub several: Several,
    /// The body is read before the credentials.
    pub body_first: bool,
    /// The new password is set before the credentials are checked.
    pub change_first: bool,
    /// Any method logs in.
    pub any_method: bool,
    /// The password of the default account as installed.
    pub default_password: Cow<'static, str>,
    /// On which requests the default password alone is accepted.
    pub(crate) default_accepted: Option<When>,
    /// The default password with a new one is a first login again, however often.
    pub default_stays_changeable: bool,
    /// `new_password` counts on every login, not only the first.
    pub later_change: bool,
    /// On which requests the password rule is not applied.
    pub(crate) rule_unasked: Option<When>,
    /// The rule applies to later logins, not only to the first.
    pub later_rule: bool,
    /// A change is reported as done, but not done.
    pub change_ignored: bool,
    /// What a refused change does at a first login.
    pub refused_first_change: RefusedChange,
    /// What a refused change does at a later login.
    pub refused_later_change: RefusedChange,
    /// The password before a change still logs in.
    pub old_password_stays: bool,
}

impl Default for LoginRules {
    fn default() -> Self {
        LoginRules {
            several: Several::Refused,
            body_first: false,
            change_first: false,
            any_method: false,
            default_password: Cow::Borrowed("secret"),
            default_accepted: None,
            default_stays_changeable: false,
            later_change: true,
            rule_unasked: None,
            later_rule: true,
            change_ignored: false,
            refused_first_change: RefusedChange::ChangesNothing,
            refused_later_change: RefusedChange::ChangesNothing,
            old_password_stays: false,
        }
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
