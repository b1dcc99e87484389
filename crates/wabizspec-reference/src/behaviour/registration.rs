//! How registration goes: `/v1/account`.

use crate::call::Call;
use crate::documented::bodies::{AccountBody, AccountRule, BodyError, VerifyBody};
use crate::documented::certificate::{CertificateError, verified_name};

/// How registration goes.
#[derive(Debug, Clone)]
pub struct RegistrationRules {
    /// The rule for the members of a request for a code.
    pub account: AccountRule,
    /// Reads that request's body.
    pub account_body: fn(&Call<'_>, &AccountRule) -> Result<AccountBody, BodyError>,
    /// Reads the name out of the certificate.
    pub name: fn(&str) -> Result<String, CertificateError>,
    /// Reads the body that brings the code back.
    pub verify_body: fn(&Call<'_>) -> Result<VerifyBody, BodyError>,
    /// Whether a code that was sent back (second) is the right one (first).
    pub code_matches: fn(&str, &str) -> bool,
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
            account_body: |call, rule| AccountBody::parse(call.body, rule),
            name: |cert| verified_name(cert).map(|verified| verified.name),
            verify_body: |call| VerifyBody::parse(call.body),
            code_matches: |right, sent| right == sent,
            voice_repeats: false,
            forgetful: false,
            sunset: SunsetCheck::AfterToken,
        }
    }
}

/// When it is noticed that registrations have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
