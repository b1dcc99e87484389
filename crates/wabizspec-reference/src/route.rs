//! Which endpoint a path names, and which user.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::documented::api::{self, Resource};

/// A resource of the API, with the user that the path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint<'p> {
    /// Where users log in.
    Login,
    /// Where tokens end.
    Logout,
    /// Where users are created.
    Users,
    /// One user, by name, with the name's percent-encoding undone.
    User(Cow<'p, str>),
    /// Where a number is registered.
    Account,
    /// Where a registration is completed.
    Verify,
    /// Anything else.
    Unknown,
}

impl<'p> Endpoint<'p> {
    /// The endpoint of a path without its query.
    pub fn of(path: &'p str) -> Self {
        match Resource::of(path) {
            Some(Resource::Login) => Endpoint::Login,
            Some(Resource::Logout) => Endpoint::Logout,
            Some(Resource::Users) => Endpoint::Users,
            Some(Resource::Account) => Endpoint::Account,
            Some(Resource::Verify) => Endpoint::Verify,
            Some(Resource::User) => api::username(path).and_then(decoded).map_or(Endpoint::Unknown, Endpoint::User),
            None => Endpoint::Unknown,
        }
    }

    /// The resource that it is, if it is one of the API.
    pub fn resource(&self) -> Option<Resource> {
        match self {
            Endpoint::Login => Some(Resource::Login),
            Endpoint::Logout => Some(Resource::Logout),
            Endpoint::Users => Some(Resource::Users),
            Endpoint::User(_) => Some(Resource::User),
            Endpoint::Account => Some(Resource::Account),
            Endpoint::Verify => Some(Resource::Verify),
            Endpoint::Unknown => None,
        }
    }
}

/// A path segment with its percent-encoding undone (RFC 3986 §2.1), when that is text.
fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    // What is no escape would be left as it is: the segment is not a name then.
    let mut escapes = segment.split('%').skip(1);
    let is_escape = |after: &str| after.len() >= 2 && after.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    if !escapes.all(is_escape) {
        return None;
    }
    percent_decode_str(segment).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_their_endpoints() {
        let user = |name: &'static str| Endpoint::User(Cow::Borrowed(name));
        for (path, expected) in [
            ("/v1/users/login", Endpoint::Login),
            ("/v1/users/logout", Endpoint::Logout),
            ("/v1/users", Endpoint::Users),
            ("/v1/account", Endpoint::Account),
            ("/v1/account/verify", Endpoint::Verify),
            ("/v1/users/anna", user("anna")),
            ("/v1/users/k%C3%A4the%20x", user("käthe x")),
            ("/v1/users/a%2Fb", user("a/b")),
            ("/v1/users/%2e%2e", user("..")),
            ("/v1/users/%00", user("\0")),
            ("/v1/users/", Endpoint::Unknown),
            ("/v1/users/a/b", Endpoint::Unknown),
            ("/v1/users/login/", Endpoint::Unknown),
            ("/V1/users/login", Endpoint::Unknown),
            ("//v1/users", Endpoint::Unknown),
            ("/v1/users/%", Endpoint::Unknown),
            ("/v1/users/%4", Endpoint::Unknown),
            ("/v1/users/%zz", Endpoint::Unknown),
            ("/v1/users/%+1", Endpoint::Unknown),
            ("/v1/users/%c0%80", Endpoint::Unknown),
            ("", Endpoint::Unknown),
            ("*", Endpoint::Unknown),
        ] {
            assert_eq!(Endpoint::of(path), expected, "{path}");
        }
    }
}
