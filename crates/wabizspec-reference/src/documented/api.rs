//! The operations of the API, each with what the reference pages say about it as data.
//!
//! Code that must know what a request is about asks here, by its method and path. Any other request is unknown, and may
//! do anything. Nothing here reads a body or decides an answer.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::declare::tabled;

tabled! {
    /// A path of the API.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Resource: (
        /// The path as the pages write it: `{username}` stands for a name.
        pub path: &'static str,
    ) {
        /// Where users log in.
        Login => ("/v1/users/login"),
        /// Where tokens end.
        Logout => ("/v1/users/logout"),
        /// Where accounts are created.
        Users => ("/v1/users"),
        /// One account.
        User => ("/v1/users/{username}"),
        /// Where a phone number is registered.
        Account => ("/v1/account"),
        /// Where a registration is completed.
        Verify => ("/v1/account/verify"),
        /// Where two-step verification is switched on and off.
        TwoStep => ("/v1/settings/account/two-step"),
    }
}

impl Resource {
    /// The resource of a path, without the base path of the target. A query does not count. Only paths that are written
    /// exactly so are known: no trailing slash, no other case.
    pub fn of(path: &str) -> Option<Resource> {
        let path = without_query(path);
        match username(path) {
            Some(_) => Some(Resource::User),
            None => Resource::ALL.into_iter().find(|resource| resource.path() == path && *resource != Resource::User),
        }
    }

    /// Its methods, as `Allow` lists them. What has GET has HEAD too (RFC 9110 §9.3.2).
    pub(crate) fn allow(self) -> String {
        let own = Operation::ALL.into_iter().filter(|operation| operation.resource() == self);
        let methods = own.map(|operation| match operation.method() {
            "GET" => "GET, HEAD",
            other => other,
        });
        methods.collect::<Vec<_>>().join(", ")
    }
}

/// Who may call an operation, and how the caller shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A user, by name and password (Basic).
    Credentials,
    /// Any user, by its token (Bearer).
    AnyUser,
    /// The account that the path names, or the administrator, by a token.
    SelfOrAdmin,
    /// The administrator, by a token.
    Admin,
}

/// What a target that obeys a request may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// A token is given; where the body has a new password, that of the account changes too.
    Login,
    /// A token ends.
    Logout,
    /// The password of an account.
    Password,
    /// Whether an account exists.
    Account,
    /// The registration of the phone number.
    Registration,
}

tabled! {
    /// What the answer to a success contains besides `meta`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Payload: (
        /// Where it is in an answer, as a JSON Pointer (RFC 6901): a member of the body.
        pub pointer: Option<&'static str>,
    ) {
        /// Nothing.
        Nothing => (None),
        /// Accounts: a token and its expiry, or name and role.
        Users => (Some("/users")),
        /// The account that is registered.
        Account => (Some("/account")),
    }
}

tabled! {
    /// One operation of the API, with the reference page that describes it. In data it is its method and path.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[cfg_attr(feature = "schemars", schemars(extend("enum" = Operation::ALL.map(String::from))))]
    #[serde(into = "String", try_from = "String")]
    pub enum Operation: (
        /// Its method.
        pub method: &'static str,
        /// Its path.
        pub resource: Resource,
        /// Who may call it.
        pub caller: Caller,
        /// The members that its body must have.
        pub required: &'static [&'static str],
        /// What it may change.
        pub effect: Effect,
        /// The documented statuses of a success, the usual one first.
        pub success: &'static [u16],
        /// What the answer to a success carries.
        pub payload: Payload,
    ) {
        /// Get a token, and give the default account another password (users/login).
        LogIn => ("POST", Resource::Login, Caller::Credentials, &[], Effect::Login, &[200], Payload::Users),
        /// Give a token back (users/logout).
        LogOut => ("POST", Resource::Logout, Caller::AnyUser, &[], Effect::Logout, &[200], Payload::Nothing),
        /// Create an account (users, Create).
        CreateUser => (
            "POST", Resource::Users, Caller::Admin, &["username", "password"],
            Effect::Account, &[201], Payload::Users,
        ),
        /// Show an account (users, Read).
        ReadUser => ("GET", Resource::User, Caller::SelfOrAdmin, &[], Effect::Nothing, &[200], Payload::Users),
        /// Give an account another password (users, Update).
        UpdateUser => (
            "PUT", Resource::User, Caller::SelfOrAdmin, &["password"],
            Effect::Password, &[200], Payload::Users,
        ),
        /// Delete an account (users, Delete).
        DeleteUser => ("DELETE", Resource::User, Caller::Admin, &[], Effect::Account, &[200], Payload::Users),
        /// Ask for a registration code (account, Create).
        Register => (
            "POST", Resource::Account, Caller::Admin, &["cc", "phone_number", "method", "cert"],
            Effect::Registration, &[202, 201], Payload::Account,
        ),
        /// Complete a registration (account/verify).
        Verify => (
            "POST", Resource::Verify, Caller::Admin, &["code"],
            Effect::Registration, &[201], Payload::Nothing,
        ),
        /// Set the PIN that a registration needs from then on (settings/two-step-verification).
        SetPin => (
            "POST", Resource::TwoStep, Caller::Admin, &["pin"],
            Effect::Registration, &[200], Payload::Nothing,
        ),
        /// Switch two-step verification off (settings/two-step-verification).
        RemovePin => ("DELETE", Resource::TwoStep, Caller::Admin, &[], Effect::Registration, &[200], Payload::Nothing),
    }
}

impl Operation {
    /// The operation of a method and a path, without the base path of the target. A query does not count.
    pub fn of(method: &str, path: &str) -> Option<Operation> {
        Operation::on(method, Resource::of(path)?)
    }

    /// Whether a server may leave it out: it is about settings, not about users or the account.
    pub const fn is_optional(self) -> bool {
        matches!(self.resource(), Resource::TwoStep)
    }

    /// The operation of a method on a resource.
    pub fn on(method: &str, resource: Resource) -> Option<Operation> {
        let is_it = |operation: &Operation| operation.method() == method && operation.resource() == resource;
        Operation::ALL.into_iter().find(is_it)
    }

    /// Its path as the pages write it.
    pub const fn path(self) -> &'static str {
        self.resource().path()
    }
}

impl fmt::Display for Operation {
    /// Method and path, as the pages write them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method(), self.path())
    }
}

impl From<Operation> for String {
    fn from(operation: Operation) -> String {
        operation.to_string()
    }
}

impl TryFrom<String> for Operation {
    type Error = serde::de::value::Error;

    fn try_from(text: String) -> Result<Operation, Self::Error> {
        let (method, path) = text.split_once(' ').unwrap_or_default();
        Operation::of(method, path)
            .ok_or_else(|| Self::Error::custom(format!("`{text}` is not an operation of the API")))
    }
}

/// The path of an account, its name percent-encoded (RFC 3986 §2.1).
pub fn user(name: &str) -> String {
    const OTHERS: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    format!("{}/{}", Resource::Users.path(), utf8_percent_encode(name, &OTHERS))
}

/// The name of the account that a path is about, still percent-encoded. A query does not count.
pub fn username(path: &str) -> Option<&str> {
    let path = without_query(path);
    let name = path.strip_prefix(Resource::Users.path())?.strip_prefix('/')?;
    let is_name = !name.is_empty() && !name.contains('/') && !NOT_NAMES.contains(&name);
    is_name.then_some(name)
}

/// The password of the default account, `admin` (users/login, Before you begin).
pub const DEFAULT_PASSWORD: &str = "secret";

/// The role of an administrator (users, Read).
pub const ROLE_ADMIN: &str = "ROLE_ADMIN";

/// That of any other user.
pub const ROLE_USER: &str = "ROLE_USER";

/// Last segments below the path of the accounts that are other resources, not names.
pub const NOT_NAMES: [&str; 2] = ["login", "logout"];

/// Whether a target may take a request to this path for a login, however leniently it reads the path.
pub fn may_log_in(path: &str) -> bool {
    let login = Resource::Login.path();
    // Escaped, in capitals, behind further slashes or with something behind it, it may still be the same path to a server.
    let is_login = |path: &str| {
        let word = login.rsplit('/').next().unwrap_or_default();
        path.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
    };
    path.starts_with(login) || is_login(path) || {
        let once = percent_decode_str(path).decode_utf8_lossy();
        path.contains('%') && is_login(&percent_decode_str(&once).decode_utf8_lossy())
    }
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn a_request_is_known_by_its_method_and_path() {
        for (request, expected) in vectors::<(String, String)>("operations") {
            let (method, path) = request.split_once(' ').unwrap();
            let operation = Operation::of(method, path).map(String::from);
            assert_eq!(operation.unwrap_or_default(), expected, "{request}");
        }
    }

    #[test]
    fn every_operation_is_found_by_its_own_method_and_path() {
        for operation in Operation::ALL {
            let path = operation.path().replace("{username}", "anna");
            assert_eq!(Operation::of(operation.method(), &path), Some(operation), "{operation}");
            assert_eq!(Operation::try_from(operation.to_string()), Ok(operation));
        }
    }

    #[test]
    fn only_the_settings_may_be_left_out() {
        let optional = Operation::ALL.into_iter().filter(|operation| operation.is_optional());
        assert_eq!(optional.collect::<Vec<_>>(), [Operation::SetPin, Operation::RemovePin]);
    }

    #[test]
    fn a_login_is_known_in_every_spelling_that_a_server_may_read() {
        for path in [
            "/v1/users/login",
            "/v1/users/login/",
            "/v1/users//login",
            "/v1/./users/LOGIN",
            "/v1/users/%6cogin",
            "/v1/users%2flogin",
            "/v1/users/%256cogin",
            "/v1/users/x/../login;a=b",
            "/v1/users/login.json",
            "/v1/users/logins",
        ] {
            assert!(may_log_in(path), "{path}");
        }
        for path in ["/v1/users/logout", "/v1/users/wlogin2", "/v1/users", "/v1/users/%6cog%zz"] {
            assert!(!may_log_in(path), "{path}");
        }
    }

    #[test]
    fn a_path_has_methods_and_that_of_an_account_a_name() {
        assert_eq!(Resource::User.allow(), "GET, HEAD, PUT, DELETE");
        assert_eq!(Resource::Login.allow(), "POST");
        assert_eq!(user("a b/ü~"), "/v1/users/a%20b%2F%C3%BC~");
        assert_eq!(username(&user("a b")), Some("a%20b"));
    }
}
