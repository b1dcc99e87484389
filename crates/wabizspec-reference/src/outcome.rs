//! What the model decides on a request: every kind of success and refusal, and the status and code of each.
//!
//! How an outcome is written down is the envelope's business.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::documented::api::Operation;
use crate::documented::bodies::{BodyError, MemberError};
use crate::documented::errors::ErrorCode;

/// The kinds of success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// A token was given.
    LoggedIn,
    /// A token was taken back.
    LoggedOut,
    /// A user was created.
    UserCreated,
    /// A user was shown.
    UserShown,
    /// A user has a new password.
    UserUpdated,
    /// A user is gone.
    UserDeleted,
    /// The number is registered already.
    AlreadyRegistered,
    /// A registration code was sent.
    CodeSent,
    /// The registration is complete.
    Verified,
}

impl Success {
    const COUNT: usize = Success::Verified as usize + 1;

    const ALL: [Success; Success::COUNT] = [
        Success::LoggedIn,
        Success::LoggedOut,
        Success::UserCreated,
        Success::UserShown,
        Success::UserUpdated,
        Success::UserDeleted,
        Success::AlreadyRegistered,
        Success::CodeSent,
        Success::Verified,
    ];

    /// The documented status.
    pub const fn documented(self) -> u16 {
        match self {
            Success::LoggedIn => Operation::LogIn.success()[0],
            Success::LoggedOut => Operation::LogOut.success()[0],
            Success::UserCreated => Operation::CreateUser.success()[0],
            Success::UserShown => Operation::ReadUser.success()[0],
            Success::UserUpdated => Operation::UpdateUser.success()[0],
            Success::UserDeleted => Operation::DeleteUser.success()[0],
            Success::CodeSent => Operation::Register.success()[0],
            Success::AlreadyRegistered => Operation::Register.success()[1],
            Success::Verified => Operation::Verify.success()[0],
        }
    }
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A login without credentials.
    NoCredentials,
    /// A login with an `Authorization` from which no Basic credentials can be read.
    UnreadableCredentials,
    /// A login with a name that nobody has.
    UnknownUsername,
    /// A login with a password that is not the user's.
    WrongPassword,
    /// More than one `Authorization` field: which of them counts would be a guess.
    SeveralAuthorizations,
    /// The default password without a new one.
    PasswordChangeRequired,
    /// A new password at login that breaks the rule.
    WeakNewPassword,
    /// A password of a new user that breaks the rule.
    WeakCreatedPassword,
    /// A changed password of a user that breaks the rule.
    WeakUpdatedPassword,
    /// A name of a new user that will not do.
    BadUsername,
    /// A body that is no JSON object.
    Malformed,
    /// A required member that is not there.
    MissingMember,
    /// A member whose value will not do.
    InvalidMember,
    /// A certificate without a name to read.
    BadCertificate,
    /// No Bearer token.
    NoToken,
    /// A Bearer token that was never given, or was taken back.
    UnknownToken,
    /// A Bearer token whose time is over.
    ExpiredToken,
    /// A caller without the right.
    Forbidden,
    /// A new user with a name that is taken.
    UserExists,
    /// A user that is not there.
    UnknownUser,
    /// The user that cannot be deleted.
    AdminStays,
    /// A path that is not there.
    UnknownPath,
    /// A method that a path does not have.
    WrongMethod,
    /// A registration after registrations ended.
    Sunset,
    /// A registration code that was not the one sent.
    WrongCode,
    /// A body beyond the server's limit.
    TooLarge,
    /// No randomness to be had.
    NotReady,
}

impl Refusal {
    const COUNT: usize = Refusal::NotReady as usize + 1;

    const ALL: [Refusal; Refusal::COUNT] = [
        Refusal::NoCredentials,
        Refusal::UnreadableCredentials,
        Refusal::UnknownUsername,
        Refusal::WrongPassword,
        Refusal::SeveralAuthorizations,
        Refusal::PasswordChangeRequired,
        Refusal::WeakNewPassword,
        Refusal::WeakCreatedPassword,
        Refusal::WeakUpdatedPassword,
        Refusal::BadUsername,
        Refusal::Malformed,
        Refusal::MissingMember,
        Refusal::InvalidMember,
        Refusal::BadCertificate,
        Refusal::NoToken,
        Refusal::UnknownToken,
        Refusal::ExpiredToken,
        Refusal::Forbidden,
        Refusal::UserExists,
        Refusal::UnknownUser,
        Refusal::AdminStays,
        Refusal::UnknownPath,
        Refusal::WrongMethod,
        Refusal::Sunset,
        Refusal::WrongCode,
        Refusal::TooLarge,
        Refusal::NotReady,
    ];

    /// The documented status and code, or the observed or inferred one where the pages are silent.
    pub const fn documented(self) -> Row {
        use ErrorCode::*;
        let (status, code, details) = match self {
            // users/login: 401. The code in it was observed. Unknown users and wrong passwords look the same.
            Refusal::NoCredentials | Refusal::UnreadableCredentials => (401, AccessDenied, "credentials are missing"),
            Refusal::UnknownUsername | Refusal::WrongPassword => (401, AccessDenied, "invalid credentials"),
            // Two of a field that may stand once make the message invalid (RFC 9110 §5.3).
            Refusal::SeveralAuthorizations => (400, RequestInvalid, "more than one Authorization field"),
            Refusal::PasswordChangeRequired => (401, PasswordChangeRequired, "new_password is needed"),
            Refusal::WeakNewPassword | Refusal::WeakCreatedPassword | Refusal::WeakUpdatedPassword => {
                (400, ParameterInvalid, "the password breaks the rule")
            }
            Refusal::BadUsername => (400, ParameterInvalid, "the username breaks the rule"),
            Refusal::Malformed => (400, RequestInvalid, "the body is not a JSON object"),
            Refusal::MissingMember => (400, ParameterMissing, "a member is missing"),
            Refusal::InvalidMember => (400, ParameterInvalid, "a member is not valid"),
            Refusal::BadCertificate => (400, ParameterInvalid, "cert is not a certificate"),
            Refusal::NoToken => (401, AccessDenied, "no token"),
            Refusal::UnknownToken => (401, AccessDenied, "invalid token"),
            Refusal::ExpiredToken => (401, AccessDenied, "the token has expired"),
            Refusal::Forbidden => (403, AccessDenied, "not allowed for this user"),
            // users, Create: a name that is taken is an internal error.
            Refusal::UserExists => (500, Internal, "the user exists already"),
            Refusal::UnknownUser => (404, NotFound, "no such user"),
            Refusal::AdminStays => (400, UserInvalid, "this user cannot be deleted"),
            Refusal::UnknownPath => (404, NotFound, "no such path"),
            Refusal::WrongMethod => (405, RequestInvalid, "the path does not have this method"),
            // account: title and details are the page's, the status is that of captured refusals.
            Refusal::Sunset => (403, AccessDenied, "Unknown error: biz_link_on_prem_reg_blocked"),
            Refusal::WrongCode => (403, AccessDenied, "not the code that was sent"),
            Refusal::TooLarge => (413, RequestInvalid, "the body is too large"),
            Refusal::NotReady => (500, NotReady, "no randomness"),
        };
        Row { status, code, details }
    }
}

/// How one kind of refusal is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The HTTP status.
    pub status: u16,
    /// The code of the error.
    pub code: ErrorCode,
    /// The details of the error, where the request gives no better ones.
    #[serde(skip)]
    pub details: &'static str,
}

/// A value for each kind of something. Editing one row is how most faults are planted.
#[derive(Debug, Clone)]
pub struct Table<T, const N: usize>([T; N]);

/// The status of each kind of success.
pub type Successes = Table<u16, { Success::COUNT }>;

/// The answer to each kind of refusal.
pub type Refusals = Table<Row, { Refusal::COUNT }>;

impl Serialize for Successes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Success::ALL.into_iter().zip(self.0))
    }
}

impl<'de> Deserialize<'de> for Successes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Successes::default();
        for (kind, status) in BTreeMap::deserialize(deserializer)? {
            table[kind] = status;
        }
        Ok(table)
    }
}

impl Serialize for Refusals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Refusal::ALL.into_iter().zip(self.0))
    }
}

impl<'de> Deserialize<'de> for Refusals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Refusals::default();
        let rows: BTreeMap<Refusal, Row> = BTreeMap::deserialize(deserializer)?;
        for (kind, Row { status, code, .. }) in rows {
            (table[kind].status, table[kind].code) = (status, code);
        }
        Ok(table)
    }
}

impl Default for Successes {
    fn default() -> Self {
        Table(Success::ALL.map(Success::documented))
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Table(Refusal::ALL.map(Refusal::documented))
    }
}

impl Index<Success> for Successes {
    type Output = u16;

    fn index(&self, kind: Success) -> &u16 {
        &self.0[kind as usize]
    }
}

impl IndexMut<Success> for Successes {
    fn index_mut(&mut self, kind: Success) -> &mut u16 {
        &mut self.0[kind as usize]
    }
}

impl Index<Refusal> for Refusals {
    type Output = Row;

    fn index(&self, kind: Refusal) -> &Row {
        &self.0[kind as usize]
    }
}

impl IndexMut<Refusal> for Refusals {
    fn index_mut(&mut self, kind: Refusal) -> &mut Row {
        &mut self.0[kind as usize]
    }
}

/// A request that was granted.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// How.
    pub success: Success,
    /// What the answer says beside `meta`.
    pub payload: Option<Payload>,
}

/// What the answer to a request that was granted says.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A new token.
    Token {
        /// As it is given.
        token: String,
        /// The moment that is stated as its end.
        stated: Timestamp,
    },
    /// A member, and the one element of its array.
    Element(&'static str, Value),
}

impl Done {
    pub(super) fn new(success: Success) -> Self {
        let payload = None;
        Done { success, payload }
    }

    pub(super) fn with(success: Success, member: &'static str, element: Value) -> Self {
        let payload = Some(Payload::Element(member, element));
        Done { success, payload }
    }
}

impl Payload {
    /// The token in it.
    pub fn into_token(self) -> Option<String> {
        match self {
            Payload::Token { token, .. } => Some(token),
            Payload::Element(..) => None,
        }
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
    /// More than the table has to say.
    pub details: Option<Cow<'static, str>>,
}

impl Refused {
    /// The same refusal with details of its own.
    pub(super) fn because(refusal: Refusal, details: impl Into<Cow<'static, str>>) -> Self {
        let details = Some(details.into());
        Refused(vec![Reason { refusal, details }])
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let details = None;
        Refused(vec![Reason { refusal, details }])
    }
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Malformed(_) | BodyError::NotAnObject => Refused::because(Refusal::Malformed, error.to_string()),
            BodyError::Members(errors) => Refused(errors.iter().map(Reason::from).collect()),
        }
    }
}

impl From<&MemberError> for Reason {
    fn from(error: &MemberError) -> Self {
        let refusal = match error {
            MemberError::Missing { .. } => Refusal::MissingMember,
            MemberError::Invalid { .. } => Refusal::InvalidMember,
        };
        let details = Some(error.to_string().into());
        Reason { refusal, details }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_the_order_of_the_kinds() {
        for (index, kind) in Success::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
        }
        for (index, kind) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            assert_eq!(Refusals::default()[kind], kind.documented());
        }
    }

    #[test]
    fn codes_go_with_their_documented_statuses() {
        // No code is documented for these two statuses.
        let own = [Refusal::WrongMethod, Refusal::TooLarge];
        for kind in Refusal::ALL.into_iter().filter(|kind| !own.contains(kind)) {
            let row = kind.documented();
            assert!(row.code.statuses().contains(&row.status), "{kind:?}: {row:?}");
        }
    }
}
