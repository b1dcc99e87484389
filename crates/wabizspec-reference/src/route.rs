//! Which endpoint a path names.

use std::borrow::Cow;

/// An endpoint of the API. Only paths that are written exactly so are known: no trailing slash, no other case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint<'p> {
    /// `/v1/users/login`
    Login,
    /// `/v1/users/logout`
    Logout,
    /// `/v1/users`
    Users,
    /// `/v1/users/{username}`, with the name's percent-encoding undone.
    User(Cow<'p, str>),
    /// `/v1/account`
    Account,
    /// `/v1/account/verify`
    Verify,
    /// Anything else.
    Unknown,
}

impl<'p> Endpoint<'p> {
    /// The endpoint of a path without its query.
    pub fn of(path: &'p str) -> Self {
        match path {
            "/v1/users/login" => Endpoint::Login,
            "/v1/users/logout" => Endpoint::Logout,
            "/v1/users" => Endpoint::Users,
            "/v1/account" => Endpoint::Account,
            "/v1/account/verify" => Endpoint::Verify,
            _ => path
                .strip_prefix("/v1/users/")
                .filter(|name| !name.is_empty() && !name.contains('/'))
                .and_then(decoded)
                .map_or(Endpoint::Unknown, Endpoint::User),
        }
    }

    /// The methods that it has, as `Allow` lists them; none for an unknown path.
    pub fn methods(&self) -> &'static str {
        match self {
            Endpoint::Login | Endpoint::Logout | Endpoint::Users | Endpoint::Account | Endpoint::Verify => "POST",
            Endpoint::User(_) => "GET, HEAD, PUT, DELETE",
            Endpoint::Unknown => "",
        }
    }
}

/// A path segment with its percent-encoding undone (RFC 3986 §2.1), when that is text.
fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let (&[high, low], tail) = tail.split_first_chunk()?;
            let digit = |byte: u8| char::from(byte).to_digit(16);
            bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
            rest = tail;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
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
