//! A password that is set, at one of the doors that take one.

use std::borrow::Cow;

use super::RequestParts;
use super::bindings::Bindings;
use super::codec::{choices, grammar};
use crate::exchange::Header;

choices! {
    /// Where a password is set.
    Endpoint {
        /// `PUT /v1/users/{user}` by the user itself.
        Update,
        /// `new_password` of a login.
        Login,
        /// `POST /v1/users` by the admin.
        Create,
    }
}

choices! {
    /// How the password is written in JSON.
    Written {
        /// With as few escapes as JSON allows.
        Plain,
        /// Every sign as `\uXXXX`.
        Escaped,
    }
}

grammar! {
    /// A password. The text is the password itself; bytes that are no UTF-8 become U+FFFD.
    PasswordInput {
        /// Where it is set.
        endpoint: Endpoint,
        /// How it is written.
        written: Written,
    }
}

impl PasswordInput<'_> {
    /// The password.
    pub fn password(&self, bindings: &Bindings) -> Cow<'_, str> {
        match bindings.render(&self.text) {
            Cow::Borrowed(text) => {
                std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed)
            }
            Cow::Owned(text) => String::from_utf8_lossy(&text).into_owned().into(),
        }
    }

    /// The request that sets it.
    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        let password = self.json(&self.password(bindings));
        let json = Header::new("Content-Type", "application/json");
        let bearer = |token: &str| Header::new("Authorization", format!("Bearer {token}"));
        let (method, path, authorization, body) = match self.endpoint {
            Endpoint::Update => (
                "PUT",
                format!("/v1/users/{}", bindings.user),
                bearer(&bindings.user_token),
                format!(r#"{{"password":{password}}}"#),
            ),
            Endpoint::Login => (
                "POST",
                "/v1/users/login".to_owned(),
                Header::new("Authorization", bindings.render(b"Basic ${basic}").into_owned()),
                format!(r#"{{"new_password":{password}}}"#),
            ),
            Endpoint::Create => (
                "POST",
                "/v1/users".to_owned(),
                bearer(&bindings.admin_token),
                format!(r#"{{"username":"{}","password":{password}}}"#, bindings.unique),
            ),
        };
        RequestParts { method, path, headers: vec![authorization, json], body: Some(body.into_bytes()) }
    }

    fn json(&self, password: &str) -> String {
        match self.written {
            Written::Plain => serde_json::Value::from(password).to_string(),
            Written::Escaped => {
                let escaped: String = password.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
                format!("\"{escaped}\"")
            }
        }
    }
}
