//! The operations of the API: method, path, and what a target that obeys a request may change.
//!
//! Whoever has to know what a request is about asks here, by its method and path. A request that is not of these is
//! unknown, and may do anything.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// One operation of the API, by the reference page that describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// users/login
    LogIn,
    /// users/logout
    LogOut,
    /// users, Create
    CreateUser,
    /// users, Read
    ReadUser,
    /// users, Update
    UpdateUser,
    /// users, Delete
    DeleteUser,
    /// account: request a registration code
    Register,
    /// account/verify: complete a registration
    Verify,
}

/// Where users log in.
pub const LOGIN: &str = "/v1/users/login";

/// Where tokens end.
pub const LOGOUT: &str = "/v1/users/logout";

/// Where accounts are created.
pub const USERS: &str = "/v1/users";

/// Where a phone number is registered.
pub const ACCOUNT: &str = "/v1/account";

/// Where a registration is completed.
pub const VERIFY: &str = "/v1/account/verify";

impl Operation {
    /// The operation of a method and a path, without the base path of the target. A query does not count.
    pub fn of(method: &str, path: &str) -> Option<Operation> {
        let path = path.split('?').next().unwrap_or_default();
        Some(match (method, path) {
            ("POST", LOGIN) => Operation::LogIn,
            ("POST", LOGOUT) => Operation::LogOut,
            ("POST", USERS) => Operation::CreateUser,
            ("POST", ACCOUNT) => Operation::Register,
            ("POST", VERIFY) => Operation::Verify,
            ("GET", path) if username(path).is_some() => Operation::ReadUser,
            ("PUT", path) if username(path).is_some() => Operation::UpdateUser,
            ("DELETE", path) if username(path).is_some() => Operation::DeleteUser,
            _ => return None,
        })
    }
}

/// The path of an account, its name percent-encoded (RFC 3986 §2.1).
pub fn user(name: &str) -> String {
    const OTHERS: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    format!("{USERS}/{}", utf8_percent_encode(name, &OTHERS))
}

/// What a path has behind that of the accounts, as it is: a name, percent-encoded, or something that is not one.
pub fn below_users(path: &str) -> Option<&str> {
    path.strip_prefix(USERS)?.strip_prefix('/')
}

/// The name of the account that a path is about, still percent-encoded. A query does not count.
pub fn username(path: &str) -> Option<&str> {
    let path = path.split('?').next().unwrap_or_default();
    let name = below_users(path)?;
    let is_name = !name.is_empty() && !name.contains('/') && ![LOGIN, LOGOUT].contains(&path);
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_its_method_and_path() {
        for (method, path, operation) in [
            ("POST", "/v1/users/login", Some(Operation::LogIn)),
            ("POST", "/v1/users/login?x=1", Some(Operation::LogIn)),
            ("POST", "/v1/users/logout", Some(Operation::LogOut)),
            ("POST", "/v1/users", Some(Operation::CreateUser)),
            ("GET", "/v1/users/a%20b", Some(Operation::ReadUser)),
            ("PUT", "/v1/users/admin", Some(Operation::UpdateUser)),
            ("DELETE", "/v1/users/admin", Some(Operation::DeleteUser)),
            ("POST", "/v1/account", Some(Operation::Register)),
            ("POST", "/v1/account/verify", Some(Operation::Verify)),
            ("GET", "/v1/users/login", None),
            ("PATCH", "/v1/users/admin", None),
            ("DELETE", "/v1/users/", None),
            ("DELETE", "/v1/users/a/b", None),
            ("post", "/v1/users", None),
            ("POST", "/v1/messages", None),
        ] {
            assert_eq!(Operation::of(method, path), operation, "{method} {path}");
        }
    }
}
