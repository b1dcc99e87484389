//! A password that is set, at one of the endpoints that take one.

use std::borrow::Cow;

use super::RequestParts;
use super::bindings::Bindings;
use super::codec::grammar;
use crate::documented::api::Operation;

grammar! {
    /// A password. The text is the password itself; bytes that are not UTF-8 become U+FFFD.
    PasswordInput {
        /// Where a password is set: by the user itself, by a login, or by the admin who creates the user.
        endpoint: Endpoint { Update, Login, Create },
        /// How the password is written in JSON: with as few escapes as JSON allows, or every character as `\uXXXX`.
        written: Written { Plain, Escaped },
    }
}

impl PasswordInput<'_> {
    pub fn password(&self, bindings: &Bindings) -> Cow<'_, str> {
        match bindings.render(&self.text) {
            Cow::Borrowed(text) => {
                std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed)
            }
            Cow::Owned(text) => String::from_utf8_lossy(&text).into_owned().into(),
        }
    }

    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        let password = self.json(&self.password(bindings));
        match self.endpoint {
            Endpoint::Update => RequestParts::of_user(Operation::UpdateUser, &bindings.user)
                .bearer(&bindings.user_token)
                .json(format!(r#"{{"password":{password}}}"#)),
            Endpoint::Login => RequestParts::of(Operation::LogIn)
                .basic(bindings.basic())
                .json(format!(r#"{{"new_password":{password}}}"#)),
            Endpoint::Create => RequestParts::of(Operation::CreateUser)
                .bearer(&bindings.admin_token)
                .json(format!(r#"{{"username":"{}","password":{password}}}"#, bindings.unique)),
        }
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
