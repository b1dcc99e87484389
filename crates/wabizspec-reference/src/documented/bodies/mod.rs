//! The request bodies of the API, read from bytes.
//!
//! A body is read into its type or refused with every reason at once. What a body asks for is not judged here: a
//! password's classes are `password`'s business, a certificate's name `certificate`'s.

mod members;

use std::ops::RangeInclusive;

use members::members;
use serde::{Deserialize, Serialize};

/// Why bytes are not the body that a request needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not one JSON document in UTF-8, or a known member that stands twice: which one counts would be a guess.
    /// Answered with code 1025 (observed).
    #[error("not valid JSON: {0}")]
    Malformed(String),
    /// JSON, but no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// An object whose members will not do; every reason, in the order of the page's list of members.
    #[error("{}", listed(.0))]
    Members(Vec<MemberError>),
}

/// What is wrong with one member of a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// It is required and not there: code 1008 (errors, Error codes).
    #[error("{member} is missing")]
    Missing {
        /// Its name.
        member: &'static str,
    },
    /// It is there, but not with this value: code 1009 (errors, Error codes).
    #[error("{member} {why}")]
    Invalid {
        /// Its name.
        member: &'static str,
        /// What is wrong, as the end of a sentence that begins with the name.
        why: String,
    },
}

impl MemberError {
    fn invalid(member: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        MemberError::Invalid { member, why }
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
        let new_password = found.optional("new_password");
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
    /// Reads a body: both members are required strings. Their lengths are looked at by [`UsernameRule`] and the
    /// password rule.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        let mut found = members(body, ["username", "password"])?;
        let username = found.required("username");
        let password = found.required("password");
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

    /// Why this name will not do. Beside the length: a colon or a control character could never be sent to log in
    /// (RFC 7617 §2), and the names of the paths beside it could never be addressed (inferred).
    pub fn check(&self, username: &str) -> Result<(), MemberError> {
        let length = username.chars().count();
        let (min, max) = (self.length.start(), self.length.end());
        let why = if !self.length.contains(&length) {
            format!("has {length} characters, not {min} to {max}")
        } else if username.contains(|c: char| c == ':' || c.is_ascii_control()) {
            "has a colon or a control character".into()
        } else if matches!(username, "login" | "logout") {
            "is the name of another resource".into()
        } else {
            return Ok(());
        };
        Err(MemberError::invalid("username", why))
    }
}

/// The body that changes a user (users, Update).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateUserBody {
    /// The password to be used from now on.
    pub password: String,
}

impl UpdateUserBody {
    /// Reads a body: `password` is a required string.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        let mut found = members(body, ["password"])?;
        let password = found.required("password");
        found.finish(UpdateUserBody { password })
    }
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
        let cc = found.required_where("cc", |text| digits(text, &rule.cc));
        let phone_number = found.required_where("phone_number", |text| digits(text, &rule.phone_number));
        let method = found.required_where("method", |text| match text {
            "sms" | "voice" => Ok(()),
            _ => Err("is neither sms nor voice".into()),
        });
        let cert = found.required_where("cert", |text| match text {
            "" => Err("is empty".into()),
            _ => Ok(()),
        });
        let pin = found.optional_where("pin", |text| digits(text, &rule.pin));
        let method = if method == "voice" { Method::Voice } else { Method::Sms };
        found.finish(AccountBody { cc, phone_number, method, cert, pin })
    }
}

/// Whether a text is so many ASCII digits.
fn digits(text: &str, length: &RangeInclusive<usize>) -> Result<(), String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is not all digits".into());
    }
    if !length.contains(&text.len()) {
        let (min, max) = (length.start(), length.end());
        return Err(format!("has {} digits, not {min} to {max}", text.len()));
    }
    Ok(())
}

/// The body that completes a registration (account/verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyBody {
    /// The code that was sent.
    pub code: String,
}

impl VerifyBody {
    /// Reads a body: `code` is a required string.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        let mut found = members(body, ["code"])?;
        let code = found.required("code");
        found.finish(VerifyBody { code })
    }
}

#[cfg(test)]
mod tests;
