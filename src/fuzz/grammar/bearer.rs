//! The `Authorization` header of every call but the login.

use super::RequestParts;
use super::basic::header_byte;
use super::bindings::Bindings;
use super::codec::{choices, grammar};
use crate::exchange::Header;

choices! {
    /// What stands before the token.
    Before {
        /// `Bearer `
        Bearer,
        /// `bearer `
        Lower,
        /// `BEARER `
        Upper,
        /// `Bearer` and two spaces.
        Two,
        /// `Bearer` and a tab.
        Tab,
        /// Nothing.
        Nothing,
        /// `Basic `
        Basic,
        /// `Bearer` and no space.
        Glued,
        /// `Token `
        Token,
        /// `Bearer Bearer `
        Doubled,
    }
}

choices! {
    /// Where the token stands.
    Carrier {
        /// In one `Authorization` field.
        Once,
        /// Nowhere.
        Absent,
        /// In one, and a wrong one in a second.
        ThenWrong,
        /// A wrong one first, then this.
        WrongFirst,
        /// In the query.
        Query,
        /// In a cookie.
        Cookie,
        /// In `X-Authorization`.
        Foreign,
    }
}

choices! {
    /// What is called.
    Called {
        /// `GET /v1/users/{user}`, which the token's owner may.
        Itself,
        /// `POST /v1/account/verify`, which an ordinary user may not.
        Verify,
        /// `DELETE /v1/users/{user}` of nobody, which an ordinary user may not.
        Delete,
    }
}

grammar! {
    /// A call with a token. The text is the token.
    BearerInput {
        /// What stands before it.
        before: Before,
        /// Where it stands.
        carrier: Carrier,
        /// What is called.
        called: Called,
    }
}

impl BearerInput<'_> {
    /// The value of the field.
    pub fn value(&self, bindings: &Bindings) -> Vec<u8> {
        let before = match self.before {
            Before::Bearer => "Bearer ",
            Before::Lower => "bearer ",
            Before::Upper => "BEARER ",
            Before::Two => "Bearer  ",
            Before::Tab => "Bearer\t",
            Before::Nothing => "",
            Before::Basic => "Basic ",
            Before::Glued => "Bearer",
            Before::Token => "Token ",
            Before::Doubled => "Bearer Bearer ",
        };
        let token = bindings.render(&self.text).into_owned().into_iter().map(header_byte);
        before.bytes().chain(token).collect()
    }

    /// The request.
    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        let value = self.value(bindings);
        let one = |name: &'static str, value: Vec<u8>| Header::new(name, value);
        let wrong = || one("Authorization", b"Bearer bm9ib2R5".to_vec());
        let (method, mut path, body) = match self.called {
            Called::Itself => ("GET", format!("/v1/users/{}", bindings.user), None),
            Called::Verify => ("POST", "/v1/account/verify".to_owned(), Some(b"{\"code\":\"\"}".to_vec())),
            Called::Delete => ("DELETE", format!("/v1/users/{}", bindings.nobody), None),
        };
        let headers = match self.carrier {
            Carrier::Once => vec![one("Authorization", value)],
            Carrier::Absent => Vec::new(),
            Carrier::ThenWrong => vec![one("Authorization", value), wrong()],
            Carrier::WrongFirst => vec![wrong(), one("Authorization", value)],
            Carrier::Query => {
                let query: String = url::form_urlencoded::byte_serialize(&value).collect();
                path = format!("{path}?access_token={query}");
                Vec::new()
            }
            Carrier::Cookie => vec![one("Cookie", [b"token=", &value[..]].concat())],
            Carrier::Foreign => vec![one("X-Authorization", value)],
        };
        RequestParts { method, path, headers, body }
    }
}
