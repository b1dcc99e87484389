//! The request bodies of the API, read from bytes.
//!
//! A body is read into its type or refused with all its errors at once. What a body asks for is not judged here:
//! `password` knows the rule for passwords, `certificate` reads certificates.

mod members;

use std::ops::RangeInclusive;

use members::{any, members};
use serde::{Deserialize, Serialize};

use super::api::NOT_NAMES;

/// Why bytes are not the body that a request needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not one JSON document in UTF-8, or a known member that appears twice: which one counts would be a guess.
    /// Answered with code 1025 (observed).
    #[error("not valid JSON: {0}")]
    Malformed(String),
    /// JSON, but no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// An object with missing or invalid members: every error, in the order of the page's list of members.
    #[error("{}", listed(.0))]
    Members(Vec<MemberError>),
}

/// What is wrong with one member of a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// It is required and not there: code 1008 (errors, Error codes).
    #[error("{0} is missing")]
    Missing(&'static str),
    /// It is there, but its value is not valid: code 1009 (errors, Error codes).
    #[error("{0} {1}")]
    Invalid(&'static str, Invalid),
}

/// Why the value of a member is not valid, as the end of a sentence that begins with the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum Invalid {
    #[error("is not a string")]
    NotAString,
    /// A lone surrogate is good JSON, but no text (RFC 8259 §8.2).
    #[error("is not Unicode text")]
    NotUnicode,
    #[error("is empty")]
    Empty,
    #[error("is not all digits")]
    NotDigits,
    #[error("has {count} {unit}, not {min} to {max}")]
    Length { unit: &'static str, count: usize, min: usize, max: usize },
    #[error("is neither sms nor voice")]
    Method,
    /// A name that could never be sent to log in.
    #[error("has a colon or a control character")]
    Unsendable,
    /// A name that could never be addressed.
    #[error("is the name of another resource")]
    Reserved,
    /// A password that breaks the rule. [`super::password`] reports which part of it.
    #[error("breaks the rule")]
    Weak,
}

impl Invalid {
    /// `Ok` where the length is within these bounds.
    fn length(unit: &'static str, count: usize, bounds: &RangeInclusive<usize>) -> Result<(), Invalid> {
        let (min, max) = (*bounds.start(), *bounds.end());
        if bounds.contains(&count) { Ok(()) } else { Err(Invalid::Length { unit, count, min, max }) }
    }
}

fn listed(errors: &[MemberError]) -> String {
    let errors: Vec<String> = errors.iter().map(MemberError::to_string).collect();
    errors.join("; ")
}

/// The body of a login (users/login): may be left out altogether.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginBody {
    /// The password to be used from now on.
    pub new_password: Option<String>,
}

impl LoginBody {
    /// Reads a body: nothing at all, or an object in which only `new_password` counts.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        if body.is_empty() {
            return Ok(LoginBody::default());
        }
        let mut found = members(body, ["new_password"])?;
        let new_password = found.optional("new_password", any);
        found.finish(LoginBody { new_password })
    }
}

/// The body that creates a user (users, Create).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateUserBody {
    /// The name of the new user.
    pub username: String,
    /// Its password.
    pub password: String,
}

impl CreateUserBody {
    /// Reads a body: both members are required strings. [`UsernameRule`] and the password rule check them further.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        let mut found = members(body, ["username", "password"])?;
        let username = found.required("username", any);
        let password = found.required("password", any);
        found.finish(CreateUserBody { username, password })
    }
}

/// What the name of a new user must be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsernameRule {
    /// How many characters it may have.
    pub length: RangeInclusive<usize>,
}

impl UsernameRule {
    /// 4 to 32 characters (users, Create).
    pub const fn documented() -> Self {
        UsernameRule { length: 4..=32 }
    }

    /// Why this name is not valid. Besides the length: a colon or a control character could never be sent to log in
    /// (RFC 7617 §2), and the names of the paths beside it could never be addressed (inferred).
    pub fn check(&self, username: &str) -> Result<(), MemberError> {
        let checked = match username {
            _ if username.contains(|c: char| c == ':' || c.is_ascii_control()) => Err(Invalid::Unsendable),
            _ if NOT_NAMES.contains(&username) => Err(Invalid::Reserved),
            _ => Ok(()),
        };
        let length = Invalid::length("characters", username.chars().count(), &self.length);
        length.and(checked).map_err(|why| MemberError::Invalid("username", why))
    }
}

/// Reads the body that changes a user (users, Update): its password from now on, a required string.
pub fn changed_password(body: &[u8]) -> Result<String, BodyError> {
    only_member(body, "password")
}

/// Reads the body that completes a registration (account/verify): the code that was sent, a required string.
pub fn verification_code(body: &[u8]) -> Result<String, BodyError> {
    only_member(body, "code")
}

fn only_member(body: &[u8], member: &'static str) -> Result<String, BodyError> {
    let mut found = members(body, [member])?;
    let text = found.required(member, any);
    found.finish(text)
}

/// How a registration code is sent (account, Create).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `sms`
    Sms,
    /// `voice`
    Voice,
}

/// The body that asks for a registration code (account, Create).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountBody {
    /// The country code: digits.
    pub cc: String,
    /// The number without country code and plus sign: digits.
    pub phone_number: String,
    /// How the code is to be sent.
    pub method: Method,
    /// The certificate, not yet read.
    pub cert: String,
    /// The two-step verification PIN.
    pub pin: Option<String>,
}

/// How many digits the numbers of a registration have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRule {
    /// Of the country code.
    pub cc: RangeInclusive<usize>,
    /// Of the phone number.
    pub phone_number: RangeInclusive<usize>,
    /// Of the PIN.
    pub pin: RangeInclusive<usize>,
}

impl AccountRule {
    /// A PIN of 6 digits (account, Create). The page says no more of the other two than that they are numeric; the
    /// bounds are those of E.164: country codes of 1 to 3 digits, numbers of at most 15.
    pub const fn documented() -> Self {
        AccountRule { cc: 1..=3, phone_number: 1..=15, pin: 6..=6 }
    }
}

impl AccountBody {
    /// Reads a body. All members but `pin` are required, all are strings.
    pub fn parse(body: &[u8], rule: &AccountRule) -> Result<Self, BodyError> {
        let mut found = members(body, ["cc", "phone_number", "method", "cert", "pin"])?;
        let cc = found.required("cc", |text| digits(text, &rule.cc));
        let phone_number = found.required("phone_number", |text| digits(text, &rule.phone_number));
        let method = found.required("method", |text| match text {
            "sms" | "voice" => Ok(()),
            _ => Err(Invalid::Method),
        });
        let cert = found.required("cert", |text| match text {
            "" => Err(Invalid::Empty),
            _ => Ok(()),
        });
        let pin = found.optional("pin", |text| digits(text, &rule.pin));
        let method = if method == "voice" { Method::Voice } else { Method::Sms };
        found.finish(AccountBody { cc, phone_number, method, cert, pin })
    }
}

/// The PIN of a body that sets it (settings/two-step-verification): `pin` is a required string of so many digits,
/// documented are six.
pub fn new_pin(body: &[u8], length: &RangeInclusive<usize>) -> Result<String, BodyError> {
    let mut found = members(body, ["pin"])?;
    let pin = found.required("pin", |text| digits(text, length));
    found.finish(pin)
}

/// Whether a text is so many ASCII digits.
fn digits(text: &str, length: &RangeInclusive<usize>) -> Result<(), Invalid> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Invalid::length("digits", text.len(), length),
        false => Err(Invalid::NotDigits),
    }
}

#[cfg(test)]
mod tests;
