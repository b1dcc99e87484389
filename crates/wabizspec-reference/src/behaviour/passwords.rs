//! How passwords are judged, wherever they are set.

use serde::{Deserialize, Serialize};

use crate::documented::password::PasswordRule;

/// How passwords are judged.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRules {
    /// The rule for `new_password`.
    pub on_login: PasswordRule,
    /// The rule for a new user.
    pub on_create: PasswordRule,
    /// The rule for a changed user.
    pub on_update: PasswordRule,
}

impl Default for PasswordRules {
    fn default() -> Self {
        PasswordRules {
            on_login: PasswordRule::documented(),
            on_create: PasswordRule::documented(),
            on_update: PasswordRule::documented(),
        }
    }
}
