//! How registration goes: `/v1/account`.

use serde::{Deserialize, Serialize};

use crate::documented::bodies::AccountRule;

/// How registration goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRules {
    /// The rule for the members of a request for a code.
    pub account: AccountRule,
    /// A voice call tells a code, but one that was sent before stays the right one.
    pub voice_repeats: bool,
    /// A verified registration is forgotten at once.
    pub forgetful: bool,
    /// What is looked at before it is noticed that registrations have ended.
    pub sunset: SunsetCheck,
}

impl Default for RegistrationRules {
    fn default() -> Self {
        RegistrationRules {
            account: AccountRule::documented(),
            voice_repeats: false,
            forgetful: false,
            sunset: SunsetCheck::AfterToken,
        }
    }
}

/// When it is noticed that registrations have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SunsetCheck {
    /// Before anything else.
    First,
    /// When the token was found good.
    AfterToken,
    /// When the body was found good as well.
    AfterBody,
    /// Never: registrations go on.
    Never,
}
