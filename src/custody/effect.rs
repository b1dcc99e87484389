//! What a request asks of a target, read off the request alone, and what it changes on a target that obeys it.
//!
//! It says nothing of whether the target did obey. What is not an operation of the API may change anything.

use super::given_passwords::passwords_in;
use crate::documented::api::{self, Operation, Resource};
use crate::documented::basic;
use crate::exchange::{HttpRequest, Request};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub operation: Option<Operation>,
    /// What it changes on a target that obeys; absent where it may be anything.
    pub effect: Option<api::Effect>,
    /// The account that it is about, if it says which.
    pub account: Option<String>,
    /// Those that the target may give to that account.
    pub passwords: Vec<String>,
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
        let (operation, passwords) = (Operation::of(method, path), passwords_in(request));
        let effect = match operation.map(Operation::effect) {
            _ if matches!(method, "GET" | "HEAD" | "OPTIONS") && !api::may_log_in(path) => Some(api::Effect::Nothing),
            // A login with a new password changes that of the account.
            Some(api::Effect::Login) if !passwords.is_empty() => Some(api::Effect::Password),
            effect => effect,
        };
        Asked { operation, effect, account, passwords }
    }
}

/// The account that a request is about: it logs in with that name, or its path or body names it.
fn account_named(request: &HttpRequest, base: &str) -> Option<String> {
    let path = path(&request.target, base);
    if api::may_log_in(path) {
        return basic_username(request);
    }
    if let Some(name) = api::username(path) {
        return Some(percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned());
    }
    request.json()?.at("/username")?.as_str().map(str::to_owned)
}

pub(super) fn basic_username(request: &HttpRequest) -> Option<String> {
    let credentials = basic::parse(request.header("Authorization")?).ok()?;
    Some(credentials.username)
}

/// The path below the base path of the target.
fn path<'t>(target: &'t str, base: &str) -> &'t str {
    target.strip_prefix(base).unwrap_or(target)
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
    use crate::vectors::vectors;

    type Vector = (String, String, String, String, String, Vec<String>);

    fn name(effect: Option<api::Effect>) -> String {
        effect.map_or(String::new(), |effect| format!("{effect:?}"))
    }

    #[test]
    fn effect_account_and_password_follow_from_method_path_and_body() {
        for (method, target, body, effect, account, passwords) in vectors::<Vector>("effects") {
            // base64 of admin:secret
            let headers = [("Authorization", "Basic YWRtaW46c2VjcmV0")];
            let request = HttpRequest::of("", &format!("/base{target}"), &headers, &body);
            let request = HttpRequest { method: method.clone().into(), ..request };
            let asked = Asked::of(&Request::Http(request), "/base");
            let found = (name(asked.effect), asked.account.unwrap_or_default(), asked.passwords);
            assert_eq!(found, (effect, account, passwords), "{method} {target} {body}");
        }
        for (text, effect) in vectors::<(String, String)>("raw_effects") {
            let asked = Asked::of(&Request::Raw(text.clone().into_bytes()), "");
            assert_eq!((name(asked.effect), asked.account), (effect, None), "{text:?}");
        }
    }
}
