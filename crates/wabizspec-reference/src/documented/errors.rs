//! The error codes of the API and one error as an answer carries it (errors, Error codes).
//!
//! It knows which status the page gives for a code; which code answers which request is the reference client's
//! and the scenarios' business.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A documented error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum ErrorCode {
    /// 1000
    Generic,
    /// 1004
    AlreadyExists,
    /// 1005
    AccessDenied,
    /// 1006
    NotFound,
    /// 1008
    ParameterMissing,
    /// 1009
    ParameterInvalid,
    /// 1010
    ParameterNotRequired,
    /// 1011
    NotReady,
    /// 1013
    UserInvalid,
    /// 1014
    Internal,
    /// 1015
    TooManyRequests,
    /// 1016
    Overloaded,
    /// 1017
    NotPrimaryMaster,
    /// 1018
    NotPrimaryCoreapp,
    /// 1021
    BadUser,
    /// 1023
    Database,
    /// 1024
    PasswordChangeRequired,
    /// 1025
    RequestInvalid,
    /// 1026
    ReceiverIncapable,
    /// 1031
    SenderLocked,
}

impl From<ErrorCode> for i64 {
    fn from(code: ErrorCode) -> i64 {
        code.number()
    }
}

/// A number that is no documented error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a documented error code")]
pub struct UnknownCode(pub i64);

impl ErrorCode {
    /// Every code, by number.
    pub const ALL: [ErrorCode; 20] = [
        ErrorCode::Generic,
        ErrorCode::AlreadyExists,
        ErrorCode::AccessDenied,
        ErrorCode::NotFound,
        ErrorCode::ParameterMissing,
        ErrorCode::ParameterInvalid,
        ErrorCode::ParameterNotRequired,
        ErrorCode::NotReady,
        ErrorCode::UserInvalid,
        ErrorCode::Internal,
        ErrorCode::TooManyRequests,
        ErrorCode::Overloaded,
        ErrorCode::NotPrimaryMaster,
        ErrorCode::NotPrimaryCoreapp,
        ErrorCode::BadUser,
        ErrorCode::Database,
        ErrorCode::PasswordChangeRequired,
        ErrorCode::RequestInvalid,
        ErrorCode::ReceiverIncapable,
        ErrorCode::SenderLocked,
    ];

    /// The number that answers carry.
    pub const fn number(self) -> i64 {
        self.row().0
    }

    /// The documented title. Free text: a client may word it differently, so match on the number.
    pub const fn title(self) -> &'static str {
        self.row().1
    }

    /// The documented HTTP statuses, the usual one first. Empty where the page gives none.
    pub const fn statuses(self) -> &'static [u16] {
        self.row().2
    }

    /// Whether the page gives it with a 5xx status: "not ready" and the like, which is not a crash.
    pub fn is_server_error(self) -> bool {
        self.statuses().iter().any(|status| *status >= 500)
    }

    /// The page's table, one row per code.
    const fn row(self) -> (i64, &'static str, &'static [u16]) {
        match self {
            ErrorCode::Generic => (1000, "Generic error", &[500]),
            ErrorCode::AlreadyExists => (1004, "Resource already exists", &[409]),
            // Authentication answers 401 with the same code (observed).
            ErrorCode::AccessDenied => (1005, "Access denied", &[403, 401]),
            ErrorCode::NotFound => (1006, "Resource not found", &[404]),
            ErrorCode::ParameterMissing => (1008, "Required parameter is missing", &[400]),
            ErrorCode::ParameterInvalid => (1009, "Parameter value is not valid", &[400]),
            ErrorCode::ParameterNotRequired => (1010, "Parameter is not required", &[400]),
            ErrorCode::NotReady => (1011, "Service not ready", &[500]),
            ErrorCode::UserInvalid => (1013, "User is not valid", &[400]),
            ErrorCode::Internal => (1014, "Internal error", &[500]),
            ErrorCode::TooManyRequests => (1015, "Too many requests", &[429]),
            ErrorCode::Overloaded => (1016, "System overloaded", &[503]),
            ErrorCode::NotPrimaryMaster => (1017, "Not primary master", &[500]),
            ErrorCode::NotPrimaryCoreapp => (1018, "Not primary coreapp", &[500]),
            ErrorCode::BadUser => (1021, "Bad user", &[400]),
            ErrorCode::Database => (1023, "Database error occurred", &[500]),
            ErrorCode::PasswordChangeRequired => (1024, "Password change required", &[401]),
            ErrorCode::RequestInvalid => (1025, "Request is not valid", &[400]),
            ErrorCode::ReceiverIncapable => (1026, "Receiver incapable", &[501]),
            ErrorCode::SenderLocked => (1031, "Sender account locked", &[]),
        }
    }
}

impl TryFrom<i64> for ErrorCode {
    type Error = UnknownCode;

    fn try_from(number: i64) -> Result<Self, UnknownCode> {
        let found = ErrorCode::ALL.into_iter().find(|code| code.number() == number);
        found.ok_or(UnknownCode(number))
    }
}

impl fmt::Display for ErrorCode {
    /// The number and the title.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.title())
    }
}

/// One error of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What happened, for programs.
    pub code: ErrorCode,
    /// What happened, for people.
    pub title: Cow<'static, str>,
    /// More of it, where there is more to say.
    pub details: Option<Cow<'static, str>>,
}

impl ApiError {
    /// An error with the documented title.
    pub const fn new(code: ErrorCode) -> Self {
        ApiError { code, title: Cow::Borrowed(code.title()), details: None }
    }

    /// The same with details.
    pub fn with_details(self, details: impl Into<Cow<'static, str>>) -> Self {
        ApiError { details: Some(details.into()), ..self }
    }

    /// As JSON: `{"code", "title", "details"?}`.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("code".into(), self.code.number().into());
        members.insert("title".into(), self.title.as_ref().into());
        if let Some(details) = &self.details {
            members.insert("details".into(), details.as_ref().into());
        }
        Value::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_in_order_and_read_back() {
        for (index, code) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index);
            assert_eq!(ErrorCode::try_from(code.number()), Ok(code));
        }
        assert!(ErrorCode::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert_eq!(ErrorCode::ALL.len(), ErrorCode::SenderLocked as usize + 1);
    }

    #[test]
    fn other_numbers_are_no_codes() {
        for number in [i64::MIN, -1005, 0, 401, 999, 1001, 1012, 1019, 1032, i64::MAX] {
            assert_eq!(ErrorCode::try_from(number), Err(UnknownCode(number)));
        }
    }

    #[test]
    fn the_table() {
        for (number, title, status) in [
            (1004, "Resource already exists", 409),
            (1005, "Access denied", 403),
            (1006, "Resource not found", 404),
            (1008, "Required parameter is missing", 400),
            (1009, "Parameter value is not valid", 400),
            (1014, "Internal error", 500),
            (1015, "Too many requests", 429),
            (1016, "System overloaded", 503),
            (1017, "Not primary master", 500),
            (1018, "Not primary coreapp", 500),
            (1024, "Password change required", 401),
            (1025, "Request is not valid", 400),
            (1026, "Receiver incapable", 501),
        ] {
            let code = ErrorCode::try_from(number).unwrap();
            assert_eq!((code.title(), code.statuses()[0]), (title, status));
            assert_eq!(code.to_string(), format!("{number} {title}"));
        }
        assert_eq!(ErrorCode::AccessDenied.statuses(), [403, 401]);
        assert_eq!(ErrorCode::SenderLocked.to_string(), "1031 Sender account locked");
        assert_eq!(ErrorCode::SenderLocked.statuses(), [0; 0]);
    }

    #[test]
    fn the_codes_that_come_with_a_5xx() {
        let codes = ErrorCode::ALL.into_iter().filter(|code| code.is_server_error());
        let numbers: Vec<i64> = codes.map(ErrorCode::number).collect();
        assert_eq!(numbers, [1000, 1011, 1014, 1016, 1017, 1018, 1023, 1026]);
    }

    #[test]
    fn details_are_left_out_when_there_are_none() {
        let error = ApiError::new(ErrorCode::AccessDenied);
        assert_eq!(error.to_json().to_string(), r#"{"code":1005,"title":"Access denied"}"#);
        let error = error.with_details("why");
        assert_eq!(error.to_json().to_string(), r#"{"code":1005,"title":"Access denied","details":"why"}"#);
    }
}
