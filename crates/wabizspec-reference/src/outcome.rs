//! What the model decides on a request: every kind of success and refusal, and the status and code of each.
//!
//! The envelope turns an outcome into an answer.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::declare::tabled;
use crate::documented::api::Operation;
use crate::documented::bodies::{BodyError, MemberError};
use crate::documented::errors::ErrorCode;

tabled! {
    /// The kinds of success, each with its operation.
    #[allow(missing_docs, reason = "the names say what happened")]
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Success: (
        /// The operation that it is a success of.
        pub(super) operation: Operation,
    ) {
        LoggedIn => (Operation::LogIn),
        LoggedOut => (Operation::LogOut),
        UserCreated => (Operation::CreateUser),
        UserShown => (Operation::ReadUser),
        UserUpdated => (Operation::UpdateUser),
        UserDeleted => (Operation::DeleteUser),
        AlreadyRegistered => (Operation::Register),
        CodeSent => (Operation::Register),
        Verified => (Operation::Verify),
        PinSet => (Operation::SetPin),
        PinRemoved => (Operation::RemovePin),
    }
}

impl Success {
    pub(super) fn documented_status(self) -> u16 {
        let statuses = self.operation().success();
        if self == Success::AlreadyRegistered { statuses[1] } else { statuses[0] }
    }
}

tabled! {
    /// The kinds of refusal. Each has the documented status and code, or the observed or inferred one where the pages are
    /// silent; and the details of the error, unless the request gives better ones.
    #[allow(missing_docs, reason = "the details say what each one means")]
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Refusal: (
        status: u16,
        code: ErrorCode,
        /// The details of the error, unless the request gives better ones.
        pub(super) details: &'static str,
    ) {
        // users/login: 401. The code in it was observed. Unknown users and wrong passwords look the same.
        NoCredentials => (401, ErrorCode::AccessDenied, "credentials are missing"),
        UnreadableCredentials => (401, ErrorCode::AccessDenied, "credentials are missing"),
        UnknownUsername => (401, ErrorCode::AccessDenied, "invalid credentials"),
        WrongPassword => (401, ErrorCode::AccessDenied, "invalid credentials"),
        // A second field that may appear only once makes the message invalid (RFC 9110 §5.3).
        SeveralAuthorizations => (400, ErrorCode::RequestInvalid, "more than one Authorization field"),
        PasswordChangeRequired => (401, ErrorCode::PasswordChangeRequired, "new_password is needed"),
        WeakNewPassword => (400, ErrorCode::ParameterInvalid, "the password breaks the rule"),
        WeakCreatedPassword => (400, ErrorCode::ParameterInvalid, "the password breaks the rule"),
        WeakUpdatedPassword => (400, ErrorCode::ParameterInvalid, "the password breaks the rule"),
        BadUsername => (400, ErrorCode::ParameterInvalid, "the username breaks the rule"),
        Malformed => (400, ErrorCode::RequestInvalid, "the body is not a JSON object"),
        MissingMember => (400, ErrorCode::ParameterMissing, "a member is missing"),
        InvalidMember => (400, ErrorCode::ParameterInvalid, "a member is not valid"),
        BadCertificate => (400, ErrorCode::ParameterInvalid, "cert is not a certificate"),
        NoToken => (401, ErrorCode::AccessDenied, "no token"),
        UnknownToken => (401, ErrorCode::AccessDenied, "invalid token"),
        ExpiredToken => (401, ErrorCode::AccessDenied, "the token has expired"),
        Forbidden => (403, ErrorCode::AccessDenied, "not allowed for this user"),
        // users, Create: a name that is taken is an internal error.
        UserExists => (500, ErrorCode::Internal, "the user exists already"),
        UnknownUser => (404, ErrorCode::NotFound, "no such user"),
        AdminStays => (400, ErrorCode::UserInvalid, "this user cannot be deleted"),
        UnknownPath => (404, ErrorCode::NotFound, "no such path"),
        WrongMethod => (405, ErrorCode::RequestInvalid, "the path does not have this method"),
        // account: title and details are the page's, the status is that of captured refusals.
        Sunset => (403, ErrorCode::AccessDenied, "Unknown error: biz_link_on_prem_reg_blocked"),
        WrongCode => (403, ErrorCode::AccessDenied, "not the code that was sent"),
        // account: a pin is needed with two-step verification on. How its absence is answered is not documented.
        WrongPin => (403, ErrorCode::AccessDenied, "not the PIN of two-step verification"),
        TooLarge => (413, ErrorCode::RequestInvalid, "the body is too large"),
        NotReady => (500, ErrorCode::NotReady, "no randomness"),
    }
}

/// How one kind of refusal is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub status: u16,
    pub code: ErrorCode,
}

/// The answer to each kind of refusal. Editing one row is how many faults are planted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusals(BTreeMap<Refusal, Row>);

impl Default for Refusals {
    fn default() -> Self {
        let row = |kind: Refusal| (kind, Row { status: kind.status(), code: kind.code() });
        Refusals(Refusal::ALL.into_iter().map(row).collect())
    }
}

impl Index<Refusal> for Refusals {
    type Output = Row;

    fn index(&self, kind: Refusal) -> &Row {
        &self.0[&kind]
    }
}

impl IndexMut<Refusal> for Refusals {
    fn index_mut(&mut self, kind: Refusal) -> &mut Row {
        self.0.get_mut(&kind).expect("there is a row for each kind")
    }
}

/// A request that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// In which way.
    pub success: Success,
    /// The one element of the payload, if the operation has a payload.
    pub element: Option<Value>,
}

impl From<Success> for Done {
    fn from(success: Success) -> Self {
        Done { success, element: None }
    }
}

/// A request that was refused, with one reason or more; the first gives the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Vec<Reason>);

/// One reason for a refusal. It must not repeat secrets of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What kind of refusal it is.
    pub refusal: Refusal,
    /// Better details than the usual ones of this kind.
    pub details: Option<String>,
}

impl Refused {
    /// A refusal with its own details.
    pub(super) fn because(refusal: Refusal, details: String) -> Self {
        Refused(vec![Reason { refusal, details: Some(details) }])
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Refused(vec![Reason { refusal, details: None }])
    }
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        let reason = |error: &MemberError| {
            let refusal = match error {
                MemberError::Missing(_) => Refusal::MissingMember,
                MemberError::Invalid(..) => Refusal::InvalidMember,
            };
            Reason { refusal, details: Some(error.to_string()) }
        };
        match error {
            BodyError::Malformed(_) | BodyError::NotAnObject => Refused::because(Refusal::Malformed, error.to_string()),
            BodyError::Members(errors) => Refused(errors.iter().map(reason).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_with_their_documented_statuses() {
        // No code is documented for these two statuses.
        let own = [Refusal::WrongMethod, Refusal::TooLarge];
        for kind in Refusal::ALL.into_iter().filter(|kind| !own.contains(kind)) {
            let Row { status, code } = Refusals::default()[kind];
            assert!(code.statuses().contains(&status), "{kind:?}: {status} {code}");
        }
    }
}
