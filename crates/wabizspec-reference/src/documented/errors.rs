//! The error codes of the API (errors, Error codes).
//!
//! It knows which statuses the page gives for a code. Which code answers which request is decided by the reference
//! client and the scenarios.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::declare::tabled;

tabled! {
    /// A documented error code: its number, its title and the HTTP statuses that the page gives for it, the usual one first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(try_from = "i64", into = "i64")]
    #[allow(missing_docs, reason = "`title` says what each one means")]
    pub enum ErrorCode: (
        /// The documented title. Free text: a client may word it differently, so match on the number.
        pub title: &'static str,
        /// The documented HTTP statuses, the usual one first. Empty where the page gives none.
        pub statuses: &'static [u16],
    ) {
        Generic = 1000 => ("Generic error", &[500]),
        AlreadyExists = 1004 => ("Resource already exists", &[409]),
        // Authentication answers 401 with the same code (observed).
        AccessDenied = 1005 => ("Access denied", &[403, 401]),
        NotFound = 1006 => ("Resource not found", &[404]),
        ParameterMissing = 1008 => ("Required parameter is missing", &[400]),
        ParameterInvalid = 1009 => ("Parameter value is not valid", &[400]),
        ParameterNotRequired = 1010 => ("Parameter is not required", &[400]),
        NotReady = 1011 => ("Service not ready", &[500]),
        UserInvalid = 1013 => ("User is not valid", &[400]),
        Internal = 1014 => ("Internal error", &[500]),
        TooManyRequests = 1015 => ("Too many requests", &[429]),
        Overloaded = 1016 => ("System overloaded", &[503]),
        NotPrimaryMaster = 1017 => ("Not primary master", &[500]),
        NotPrimaryCoreapp = 1018 => ("Not primary coreapp", &[500]),
        BadUser = 1021 => ("Bad user", &[400]),
        Database = 1023 => ("Database error occurred", &[500]),
        PasswordChangeRequired = 1024 => ("Password change required", &[401]),
        RequestInvalid = 1025 => ("Request is not valid", &[400]),
        ReceiverIncapable = 1026 => ("Receiver incapable", &[501]),
        SenderLocked = 1031 => ("Sender account locked", &[]),
    }
}

impl From<ErrorCode> for i64 {
    fn from(code: ErrorCode) -> i64 {
        code.number()
    }
}

/// A number that is not a documented error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a documented error code")]
pub struct UnknownCode(pub i64);

impl ErrorCode {
    /// The number that answers carry.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// Whether the page gives it with a 5xx status: "not ready" and the like, which is not a crash.
    pub fn is_server_error(self) -> bool {
        self.statuses().iter().any(|status| *status >= 500)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn codes_are_read_from_their_numbers_and_from_no_others() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::try_from(code.number()), Ok(code));
        }
        assert!(ErrorCode::ALL.is_sorted());
        for number in [i64::MIN, -1005, 0, 401, 999, 1001, 1012, 1019, 1032, i64::MAX] {
            assert_eq!(ErrorCode::try_from(number), Err(UnknownCode(number)));
        }
    }

    #[test]
    fn the_table_of_the_page() {
        let known = ErrorCode::ALL.map(|code| (code.to_string(), code.statuses().to_vec(), code.is_server_error()));
        assert_eq!(known.as_slice(), vectors::<(String, Vec<u16>, bool)>("error_codes"));
    }
}
