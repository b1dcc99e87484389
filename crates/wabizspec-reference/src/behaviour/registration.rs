//! How registration goes: `/v1/account`.

use serde::{Deserialize, Serialize};

use crate::declare::defaulted;
use crate::documented::bodies::AccountRule;

defaulted! {
    /// How registration goes.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct RegistrationRules {
        /// The rule for the members of a request for a code.
        pub account: AccountRule = AccountRule::documented(),
        /// A voice call tells a code, but one that was sent before stays the right one.
        pub voice_repeats: bool = false,
        /// A verified registration is forgotten at once.
        pub forgetful: bool = false,
        /// What is looked at before it is noticed that registrations have ended.
        pub sunset: SunsetCheck = SunsetCheck::AfterToken,
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
