//! Everything that the reference client could do otherwise, as plain data. The default is the documented behaviour.
//!
//! A planted fault or a conforming dialect is a small edit of this data: a bound, a row of a table, one documented
//! function put in the place of another. So the model reads as if there were no faults.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::call::{Answer, Call};
use super::dialect::Dialect;
use super::outcome::{Done, Refusals, Refused, Successes};
use super::role::Role;
use super::route::Endpoint;
use crate::documented::basic::{self, BasicError, Credentials};
use crate::documented::bodies::{
    AccountBody, AccountRule, BodyError, CreateUserBody, LoginBody, UpdateUserBody, UsernameRule, VerifyBody,
};
use crate::documented::certificate::{CertificateError, verified_name};
use crate::documented::password::PasswordRule;
use crate::documented::token::{ExpiresAfter, LIFETIME};

/// How the reference client behaves.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// `/v1/users/login`
    pub login: LoginRules,
    /// Passwords, wherever they are set.
    pub passwords: PasswordRules,
    /// Tokens, wherever they are shown.
    pub tokens: TokenRules,
    /// `/v1/users`
    pub users: UserRules,
    /// `/v1/account`
    pub registration: RegistrationRules,
    /// Who may do what.
    pub permissions: Permissions,
    /// The status of each kind of success.
    pub successes: Successes,
    /// Status, code and details of each kind of refusal.
    pub refusals: Refusals,
    /// What the documents leave to the implementation.
    pub dialect: Dialect,
    /// Changes to finished answers, in order. The state has changed by then.
    pub rewrites: Vec<Rewrite>,
    /// Where else an `Authorization` value is looked for, when there is none in its field.
    pub elsewhere: Option<Elsewhere>,
    /// What else is taken for the body of a request.
    pub body_elsewhere: Option<Elsewhere>,
    /// What is made of a request in view of how its head is written.
    pub reading: Option<fn(&[u8]) -> Reading>,
}

/// Finds something in another place of a request than its own.
pub type Elsewhere = fn(&Beside<'_>) -> Option<Vec<u8>>;

/// The places of a request where neither an `Authorization` value nor a body belongs.
pub struct Beside<'a> {
    /// The value of a field, by its name in lower case.
    pub field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    /// The query, without its question mark.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What is made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All that it says.
    Whole,
    /// All but its `Authorization`.
    WithoutAuthorization,
    /// All but its body.
    WithoutBody,
    /// Nothing: the connection is closed.
    Refused,
}

/// A change to a finished answer.
pub type Rewrite = fn(&Handled<'_>, &mut Answer);

/// What a [`Rewrite`] may know: the request and what was decided on it.
#[derive(Debug, Clone, Copy)]
pub struct Handled<'a> {
    /// The request.
    pub call: &'a Call<'a>,
    /// Where it went.
    pub endpoint: &'a Endpoint<'a>,
    /// What was decided.
    pub outcome: &'a Result<Done, Refused>,
    /// When.
    pub now: Timestamp,
}

/// How a login is handled.
#[derive(Debug, Clone)]
pub struct LoginRules {
    /// What counts when `Authorization` stands more than once; for tokens too.
    pub several: Several,
    /// Reads the `Authorization` field.
    pub credentials: fn(&[u8]) -> Result<Credentials, BasicError>,
    /// Reads the body.
    pub body: fn(&Call<'_>) -> Result<LoginBody, BodyError>,
    /// The body is looked at before the credentials are.
    pub body_first: bool,
    /// The new password is set before the credentials are checked.
    pub change_first: bool,
    /// Any method logs in.
    pub any_method: bool,
    /// The password of the default account as installed.
    pub default_password: &'static str,
    /// Whether the default password alone is refused on this request.
    pub default_needs_change: fn(&Call<'_>) -> bool,
    /// The default password with a new one is a first login again, however often.
    pub default_stays_changeable: bool,
    /// `new_password` counts on every login, not only the first.
    pub later_change: bool,
    /// Whether the rule is asked on this request, which is a first login or not.
    pub judges: fn(&Call<'_>, bool) -> bool,
    /// Whether a name that was sent (first) finds this user (second); without it, when they are equal.
    pub finds: Option<fn(&str, &str) -> bool>,
    /// A change is answered, not done.
    pub change_ignored: bool,
    /// What a refused change does, at a first login or at a later one.
    pub refused_change: fn(bool) -> RefusedChange,
    /// The password before a change still logs in.
    pub old_password_stays: bool,
}

impl Default for LoginRules {
    fn default() -> Self {
        LoginRules {
            several: Several::Refused,
            credentials: basic::parse,
            body: |call| LoginBody::parse(call.body),
            body_first: false,
            change_first: false,
            any_method: false,
            default_password: "secret",
            default_needs_change: |_| true,
            default_stays_changeable: false,
            later_change: true,
            judges: |_, _| true,
            finds: None,
            change_ignored: false,
            refused_change: |_| RefusedChange::ChangesNothing,
            old_password_stays: false,
        }
    }
}

/// Which of several `Authorization` fields counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Several {
    /// None: the request is refused.
    Refused,
    /// The first.
    First,
    /// The last.
    Last,
}

/// What a refused change of a password does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedChange {
    /// Nothing.
    ChangesNothing,
    /// The new password is set all the same.
    SetsTheNew,
    /// The old password is gone, and no other is there.
    LosesTheOld,
    /// Later changes are answered, not done.
    BlocksTheNext,
}

/// How passwords are judged, kept and compared.
#[derive(Debug, Clone)]
pub struct PasswordRules {
    /// The rule for `new_password`.
    pub on_login: PasswordRule,
    /// The rule for a new user.
    pub on_create: PasswordRule,
    /// The rule for a changed user.
    pub on_update: PasswordRule,
    /// How a changed password is read once more after it was judged; without it, the judged one is set.
    pub reread: Option<fn(&Call<'_>) -> Option<String>>,
    /// What is kept of a password that is set.
    pub kept: fn(&str) -> Cow<'_, str>,
    /// Whether a password that was sent (second) is the one that is kept (first).
    pub matches: fn(&str, &str) -> bool,
}

impl Default for PasswordRules {
    fn default() -> Self {
        PasswordRules {
            on_login: PasswordRule::documented(),
            on_create: PasswordRule::documented(),
            on_update: PasswordRule::documented(),
            reread: None,
            kept: |password| Cow::Borrowed(password),
            matches: |kept, sent| kept == sent,
        }
    }
}

/// How tokens are made, shown, found and taken back.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// How long a token works; without it, for ever.
    pub lifetime: Option<SignedDuration>,
    /// How long an answer says that it works.
    pub stated_lifetime: SignedDuration,
    /// How an answer writes that.
    pub expires_after: fn(Timestamp) -> Value,
    /// Where a new token comes from.
    pub mint: Mint,
    /// Finds the token in the `Authorization` field.
    pub presented: fn(&[u8]) -> Option<&str>,
    /// Whether a token that was sent (second) is one that was given (first); without it, when they are equal.
    pub matches: Option<fn(&str, &str) -> bool>,
    /// Any token is taken for one of the admin's.
    pub unknown_accepted: bool,
    /// A token whose user is not there is refused. There is none, unless deletion leaves some.
    pub orphans_refused: bool,
    /// Every use of a token prolongs its life.
    pub prolonged_by_use: bool,
    /// What a logout takes back.
    pub on_logout: Revokes,
    /// What a refused logout takes back; there is no user then.
    pub on_refused_logout: Revokes,
    /// Who logged out cannot log in again.
    pub logout_locks_out: bool,
    /// What a login takes back, before its own token is given.
    pub on_login: Revokes,
    /// A login ends the user's tokens that are older than this.
    pub swept_at_login: Option<SignedDuration>,
    /// What a change of password at login takes back.
    pub on_change: Revokes,
    /// What an update of a user takes back; "sent" means nothing here.
    pub on_update: Revokes,
    /// What the deletion of a user takes back; "sent" means nothing here.
    pub on_delete: Revokes,
}

impl Default for TokenRules {
    fn default() -> Self {
        TokenRules {
            lifetime: Some(LIFETIME),
            stated_lifetime: LIFETIME,
            expires_after: |moment| ExpiresAfter::new(moment).to_string().into(),
            mint: Mint::Random,
            presented: bearer,
            matches: None,
            unknown_accepted: false,
            orphans_refused: false,
            prolonged_by_use: false,
            on_logout: Revokes::Sent,
            on_refused_logout: Revokes::Nothing,
            logout_locks_out: false,
            on_login: Revokes::Nothing,
            swept_at_login: None,
            on_change: Revokes::Nothing,
            on_update: Revokes::Nothing,
            on_delete: Revokes::OfUser,
        }
    }
}

/// The token of an `Authorization: Bearer` field: the scheme in any case, then one space or more (RFC 6750 §2.1,
/// RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, rest) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let token = rest.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Where a new token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mint {
    /// Fresh randomness.
    Random,
    /// The user's living token is given again.
    Shared,
    /// The user's first token is given again, with its first end.
    Kept,
    /// The first token of all is given to everybody.
    OneForAll,
    /// A number that goes up by one.
    Counter,
    /// The token that was given last is given again, where it is the admin's.
    OfTheAdmin,
}

/// Which tokens an event takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revokes {
    /// None.
    Nothing,
    /// The one that the request brought.
    Sent,
    /// The one that was given last to the user that the request is about.
    LastOfUser,
    /// All of the user that the request is about.
    OfUser,
    /// All there are.
    All,
}

/// How users are kept.
#[derive(Debug, Clone)]
pub struct UserRules {
    /// The rule for the name of a new user.
    pub username: UsernameRule,
    /// Reads the body that creates one.
    pub create_body: fn(&Call<'_>) -> Result<CreateUserBody, BodyError>,
    /// Reads the body that changes one.
    pub update_body: fn(&Call<'_>) -> Result<UpdateUserBody, BodyError>,
    /// Under which key a name is kept and looked up.
    pub key: fn(&str) -> Cow<'_, str>,
    /// The role of a new user.
    pub role: fn(&Call<'_>) -> Role,
    /// What happens to a name that is taken.
    pub duplicate: Duplicate,
    /// What happens to a deletion of the admin.
    pub admin_deletion: AdminDeletion,
    /// Whether the deletion of one name (first) deletes another (second).
    pub deletes: fn(&str, &str) -> bool,
    /// What is left of a deleted user.
    pub leftover: Leftover,
    /// A new user has to bring another password at its first login.
    pub created_must_change: bool,
    /// Whether an update makes the user an administrator.
    pub update_promotes: fn(&Call<'_>) -> bool,
    /// A change is answered, not done.
    pub update_ignored: bool,
    /// What a refused change does.
    pub refused_update: RefusedChange,
    /// The password before a change still logs in.
    pub old_password_stays: bool,
    /// A creation that was refused for its members is done all the same.
    pub refused_creation_sticks: bool,
    /// A creation is answered, not done.
    pub creation_ignored: bool,
}

impl Default for UserRules {
    fn default() -> Self {
        UserRules {
            username: UsernameRule::documented(),
            create_body: |call| CreateUserBody::parse(call.body),
            update_body: |call| UpdateUserBody::parse(call.body),
            key: |username| Cow::Borrowed(username),
            role: |_| Role::User,
            duplicate: Duplicate::Refused,
            admin_deletion: AdminDeletion::Refused,
            deletes: |asked, name| asked == name,
            leftover: Leftover::Nothing,
            created_must_change: false,
            update_promotes: |_| false,
            update_ignored: false,
            refused_update: RefusedChange::ChangesNothing,
            old_password_stays: false,
            refused_creation_sticks: false,
            creation_ignored: false,
        }
    }
}

/// What happens to a new user whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// It is refused.
    Refused,
    /// It is refused, yet takes the other's place.
    RefusedAndReplaces,
    /// It takes the other's place.
    Replaces,
    /// It is answered as if created, and nothing happens.
    Ignored,
}

/// What happens to a deletion of the admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminDeletion {
    /// It is refused.
    Refused,
    /// It is refused where the path spells the name to the letter, and done otherwise.
    RefusedAsWritten,
    /// It is refused, yet done.
    RefusedAndDone,
    /// It is done.
    Done,
}

/// What is left of a deleted user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing.
    Nothing,
    /// It still logs in.
    LogsIn,
    /// It is still shown.
    IsShown,
    /// Its name is still taken.
    NameIsTaken,
    /// Its password, which comes back with its name.
    Password,
    /// A mark that it was there. The deletion of a name without that mark is answered as if it had been done.
    Mark,
}

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

/// Who may do what (users; account: the admin registers).
#[derive(Debug, Clone)]
pub struct Permissions {
    /// Create a user.
    pub create: Who,
    /// Read a user.
    pub read: Who,
    /// Change a user.
    pub update: Who,
    /// Delete a user.
    pub delete: Who,
    /// Take one's token back.
    pub logout: Who,
    /// Register and verify.
    pub register: Who,
    /// Whether this request is done before it is asked whether its caller, who has a token, may.
    pub asked_late: fn(&Call<'_>) -> bool,
    /// Bodies are looked at before tokens and permissions are.
    pub body_first: bool,
    /// Permissions are looked at only after it is known that the user exists.
    pub existence_first: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Permissions {
            create: Who::Admin,
            read: Who::SelfOrAdmin,
            update: Who::SelfOrAdmin,
            delete: Who::Admin,
            logout: Who::User,
            register: Who::Admin,
            asked_late: |_| false,
            body_first: false,
            existence_first: false,
        }
    }
}

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, with or without a token.
    Anyone,
    /// Everybody with a token.
    User,
    /// The user that the request is about, and the admin.
    SelfOrAdmin,
    /// Everybody but the user that the request is about, and the admin.
    OthersOrAdmin,
    /// The admin.
    Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_values() {
        for (value, expected) in [
            (&b"Bearer abc"[..], Some("abc")),
            (b"bearer abc", Some("abc")),
            (b"BEARER  abc", Some("abc")),
            (b"Bearer", None),
            (b"Bearer ", None),
            (b"Bearer  ", None),
            (b"abc", None),
            (b"", None),
            (b"Basic abc", None),
            (b"Bearer\tabc", None),
            (b" Bearer abc", None),
            (b"Bearer \xff", None),
        ] {
            assert_eq!(bearer(value), expected, "{}", value.escape_ascii());
        }
    }
}
