//! How passwords are judged, kept and compared, wherever they are set.

use std::borrow::Cow;

use crate::call::Call;
use crate::documented::password::PasswordRule;

/// How passwords are judged, kept and compared.
#[derive(Debug, Clone)]
pub struct PasswordRules {
    /// The rule for `new_password`.
    pub on_login: PasswordRule,
    /// The rule for a new user.
    pub on_create: PasswordRule,
    /// The rule for a changed user.
    pub on_update: PasswordRule,
    /// How a changed password is read once more after it was judged; without it, the judged one is set.
    pub reread: Option<fn(&Call<'_>) -> Option<String>>,
    /// What is kept of a password that is set.
    pub kept: fn(&str) -> Cow<'_, str>,
    /// Whether a password that was sent (second) is the one that is kept (first).
    pub matches: fn(&str, &str) -> bool,
}

impl Default for PasswordRules {
    fn default() -> Self {
        PasswordRules {
            on_login: PasswordRule::documented(),
            on_create: PasswordRule::documented(),
            on_update: PasswordRule::documented(),
            reread: None,
            kept: |password| Cow::Borrowed(password),
            matches: |kept, sent| kept == sent,
        }
    }
}
