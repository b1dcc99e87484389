//! How a login is read and answered: `/v1/users/login`.

use crate::call::Call;
use crate::documented::basic::{self, BasicError, Credentials};
use crate::documented::bodies::{BodyError, LoginBody};

/// How a login is handled.
#[derive(Debug, Clone)]
pub struct LoginRules {
    /// What counts when `Authorization` stands more than once; for tokens too.
    pub several: Several,
    /// Reads the `Authorization` field.
    pub credentials: fn(&[u8]) -> Result<Credentials, BasicError>,
    /// Reads the body.
    pub body: fn(&Call<'_>) -> Result<LoginBody, BodyError>,
    /// The body is looked at before the credentials are.
    pub body_first: bool,
    /// The new password is set before the credentials are checked.
    pub change_first: bool,
    /// Any method logs in.
    pub any_method: bool,
    /// The password of the default account as installed.
    pub default_password: &'static str,
    /// Whether the default password alone is refused on this request.
    pub default_needs_change: fn(&Call<'_>) -> bool,
    /// The default password with a new one is a first login again, however often.
    pub default_stays_changeable: bool,
    /// `new_password` counts on every login, not only the first.
    pub later_change: bool,
    /// Whether the rule is asked on this request, which is a first login or not.
    pub judges: fn(&Call<'_>, bool) -> bool,
    /// Whether a name that was sent (first) finds this user (second); without it, when they are equal.
    pub finds: Option<fn(&str, &str) -> bool>,
    /// A change is answered, not done.
    pub change_ignored: bool,
    /// What a refused change does, at a first login or at a later one.
    pub refused_change: fn(bool) -> RefusedChange,
    /// The password before a change still logs in.
    pub old_password_stays: bool,
}

impl Default for LoginRules {
    fn default() -> Self {
        LoginRules {
            several: Several::Refused,
            credentials: basic::parse,
            body: |call| LoginBody::parse(call.body),
            body_first: false,
            change_first: false,
            any_method: false,
            default_password: "secret",
            default_needs_change: |_| true,
            default_stays_changeable: false,
            later_change: true,
            judges: |_, _| true,
            finds: None,
            change_ignored: false,
            refused_change: |_| RefusedChange::ChangesNothing,
            old_password_stays: false,
        }
    }
}

/// Which of several `Authorization` fields counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Several {
    /// None: the request is refused.
    Refused,
    /// The first.
    First,
    /// The last.
    Last,
}

/// What a refused change of a password does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedChange {
    /// Nothing.
    ChangesNothing,
    /// The new password is set all the same.
    SetsTheNew,
    /// The old password is gone, and no other is there.
    LosesTheOld,
    /// Later changes are answered, not done.
    BlocksTheNext,
}
