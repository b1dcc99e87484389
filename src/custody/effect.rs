//! What a request asks of a target, read off its method, path and body alone, and what it changes on one that obeys it.
//!
//! It says nothing of whether the target did obey. What is not an operation of the API may change anything.

use super::given_passwords::{account_named, passwords_given, path};
use crate::documented::api::{self, Operation, Resource};
use crate::exchange::Request;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub operation: Option<Operation>,
    /// What it changes on a target that obeys; absent where it may be anything.
    pub effect: Option<api::Effect>,
    /// The account that it is about, if it says which.
    pub account: Option<String>,
}

impl Asked {
    pub fn of(request: &Request, base: &str) -> Asked {
        let line;
        let (method, target, account) = match request {
            Request::Http(request) => (&*request.method, &*request.target, account_named(request, base)),
            Request::Raw(bytes) => {
                line = String::from_utf8_lossy(bytes.split(|byte| *byte == b'\r').next().unwrap_or_default());
                let mut words = line.split(' ');
                (words.next().unwrap_or_default(), words.next().unwrap_or_default(), None)
            }
        };
        let path = path(target, base);
        let operation = Operation::of(method, path);
        let effect = match operation.map(Operation::effect) {
            _ if matches!(method, "GET" | "HEAD" | "OPTIONS") && !api::may_log_in(path) => Some(api::Effect::Nothing),
            // A login with a new password changes that of the account.
            Some(api::Effect::Login) if !passwords_given(request, base).is_empty() => Some(api::Effect::Password),
            effect => effect,
        };
        Asked { operation, effect, account }
    }
}

/// Whether the target may take the request for a login.
pub(super) fn is_login(request: &Request, base: &str) -> bool {
    match request {
        Request::Http(request) => api::may_log_in(path(&request.target, base)),
        Request::Raw(bytes) => String::from_utf8_lossy(bytes).contains(Resource::Login.path()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::HttpRequest;

    #[test]
    fn an_effect_follows_from_method_path_and_body() {
        use api::Effect::{Account, Login, Logout, Nothing, Password, Registration};
        for (method, target, body, effect, account) in [
            ("GET", "/v1/users/bob", "", Some(Nothing), Some("bob")),
            ("POST", "/v1/users/login", "{}", Some(Login), Some("admin")),
            ("POST", "/v1/users/login", r#"{"NEW_PASSWORD":"x"}"#, Some(Password), Some("admin")),
            ("GET", "/v1/users/login", r#"{"new_password":"x"}"#, None, Some("admin")),
            ("POST", "/v1/users/logout", "", Some(Logout), None),
            ("POST", "/v1/users", r#"{"username":"bob","password":"x"}"#, Some(Account), Some("bob")),
            ("POST", "/v1/users", "no json", Some(Account), None),
            ("PUT", "/v1/users/b%6fb", r#"{"password":"x"}"#, Some(Password), Some("bob")),
            ("DELETE", "/v1/users/bob?force", "", Some(Account), Some("bob")),
            ("POST", "/v1/account", "{}", Some(Registration), None),
            ("PATCH", "/v1/users/bob", "{}", None, Some("bob")),
            ("POST", "/v1/settings", "{}", None, None),
        ] {
            // base64 of admin:secret
            let headers = [("Authorization", "Basic YWRtaW46c2VjcmV0")];
            let request = HttpRequest::of(method, &format!("/base{target}"), &headers, body);
            let asked = Asked::of(&Request::Http(request), "/base");
            assert_eq!((asked.effect, asked.account.as_deref()), (effect, account), "{method} {target} {body}");
        }
        for (bytes, effect) in [
            ("POST /v1/users/login HTTP/1.1\r\n\r\n{}", Some(Login)),
            ("POST /v1/users/login HTTP/1.1\r\n\r\n{\"new_password\":\"x\"}", Some(Password)),
            ("GET /v1/users/bob HTTP/1.1\r\n\r\n", Some(Nothing)),
            ("\u{1}\u{2}", None),
        ] {
            let asked = Asked::of(&Request::Raw(bytes.as_bytes().to_vec()), "");
            assert_eq!((asked.effect, asked.account), (effect, None), "{bytes:?}");
        }
    }
}
