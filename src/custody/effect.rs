//! What a request changes on a target that obeys it, read off its method, path and body alone.
//!
//! It says nothing of whether the target did obey. What is not an operation of the API may change anything.

use super::given_passwords::passwords_given;
use super::reading::called;
use crate::documented::api::{self, Operation};
use crate::exchange::Request;

/// What a request changes on a target that obeys it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it reads.
    Nothing,
    /// A new token is given.
    Token,
    /// A token ends.
    LogOut,
    /// An account is created, deleted, or gets a password; the name is absent where the request does not say whose.
    Account(Option<String>),
    /// The registration of the phone number.
    Registration,
    /// Anything.
    Unknown,
}

impl Effect {
    /// Of a request to a target with that base path.
    pub fn of(request: &Request, base: &str) -> Effect {
        let line;
        let (method, target) = match request {
            Request::Http(request) => (&*request.method, &*request.target),
            Request::Raw(bytes) => {
                line = String::from_utf8_lossy(bytes.split(|byte| *byte == b'\r').next().unwrap_or_default());
                let mut words = line.split(' ');
                (words.next().unwrap_or_default(), words.next().unwrap_or_default())
            }
        };
        let path = path(target, base);
        if matches!(method, "GET" | "HEAD" | "OPTIONS") && !api::may_log_in(path) {
            return Effect::Nothing;
        }
        let account = || called(request, base).and_then(|(_, name)| name);
        match Operation::of(method, path).map(Operation::effect) {
            Some(api::Effect::Nothing) => Effect::Nothing,
            Some(api::Effect::Login) => match passwords_given(request, base).into_iter().next() {
                Some(given) => Effect::Account(given.username),
                None => Effect::Token,
            },
            Some(api::Effect::Logout) => Effect::LogOut,
            Some(api::Effect::Account | api::Effect::Password) => Effect::Account(account()),
            Some(api::Effect::Registration) => Effect::Registration,
            None => Effect::Unknown,
        }
    }
}

/// The path below the base path of the target.
pub(super) fn path<'t>(target: &'t str, base: &str) -> &'t str {
    target.strip_prefix(base).unwrap_or(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Header, HttpRequest};

    #[test]
    fn an_effect_follows_from_method_path_and_body() {
        let account = |name: &str| Effect::Account(Some(name.to_owned()));
        for (method, target, body, effect) in [
            ("GET", "/v1/users/bob", "", Effect::Nothing),
            ("POST", "/v1/users/login", "{}", Effect::Token),
            ("POST", "/v1/users/login", r#"{"NEW_PASSWORD":"x"}"#, account("admin")),
            ("GET", "/v1/users/login", r#"{"new_password":"x"}"#, Effect::Unknown),
            ("POST", "/v1/users/logout", "", Effect::LogOut),
            ("POST", "/v1/users", r#"{"username":"bob","password":"x"}"#, account("bob")),
            ("POST", "/v1/users", "no json", Effect::Account(None)),
            ("PUT", "/v1/users/b%6fb", r#"{"password":"x"}"#, account("bob")),
            ("DELETE", "/v1/users/bob?force", "", account("bob")),
            ("POST", "/v1/account", "{}", Effect::Registration),
            ("PATCH", "/v1/users/bob", "{}", Effect::Unknown),
            ("POST", "/v1/settings", "{}", Effect::Unknown),
        ] {
            let request = Request::Http(HttpRequest {
                method: method.into(),
                target: format!("/base{target}"),
                // base64 of admin:secret
                headers: vec![Header::new("Authorization", "Basic YWRtaW46c2VjcmV0")],
                body: Some(body.as_bytes().to_vec()),
            });
            assert_eq!(Effect::of(&request, "/base"), effect, "{method} {target} {body}");
        }
        for (bytes, effect) in [
            ("POST /v1/users/login HTTP/1.1\r\n\r\n{}", Effect::Token),
            ("POST /v1/users/login HTTP/1.1\r\n\r\n{\"new_password\":\"x\"}", Effect::Account(None)),
            ("GET /v1/users/bob HTTP/1.1\r\n\r\n", Effect::Nothing),
            ("\u{1}\u{2}", Effect::Unknown),
        ] {
            assert_eq!(Effect::of(&Request::Raw(bytes.as_bytes().to_vec()), ""), effect, "{bytes:?}");
        }
    }
}
