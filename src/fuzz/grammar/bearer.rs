//! The `Authorization` header of every call but the login.

use super::RequestParts;
use super::basic::header_byte;
use super::bindings::Bindings;
use super::codec::{choices, grammar};
use crate::documented::api::Operation;

choices! {
    /// What stands before the token.
    Before: &'static str {
        Bearer = "Bearer ",
        Lower = "bearer ",
        Upper = "BEARER ",
        Two = "Bearer  ",
        Tab = "Bearer\t",
        Nothing = "",
        Basic = "Basic ",
        Glued = "Bearer",
        Token = "Token ",
        Doubled = "Bearer Bearer ",
    }
}

choices! {
    /// Where the token stands: in one `Authorization` field, with a wrong one in a second, or elsewhere.
    Carrier {
        Once, Absent, ThenWrong, WrongFirst, Query, Cookie, Foreign,
    }
}

choices! {
    /// What is called: the reading of its own account, which the token's owner may; or a verification or the deletion of
    /// nobody, which an ordinary user may not.
    Called {
        Itself, Verify, Delete,
    }
}

grammar! {
    /// A call with a token. The text is the token.
    BearerInput {
        before: Before,
        carrier: Carrier,
        called: Called,
    }
}

impl BearerInput<'_> {
    pub fn value(&self, bindings: &Bindings) -> Vec<u8> {
        let token = bindings.render(&self.text).into_owned().into_iter().map(header_byte);
        self.before.written().bytes().chain(token).collect()
    }

    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        const WRONG: &str = "Bearer bm9ib2R5";
        let value = self.value(bindings);
        let call = match self.called {
            Called::Itself => RequestParts::of_user(Operation::ReadUser, &bindings.user),
            Called::Verify => {
                RequestParts { body: Some(b"{\"code\":\"\"}".to_vec()), ..RequestParts::of(Operation::Verify) }
            }
            Called::Delete => RequestParts::of_user(Operation::DeleteUser, &bindings.nobody),
        };
        match self.carrier {
            Carrier::Once => call.header("Authorization", value),
            Carrier::Absent => call,
            Carrier::ThenWrong => call.header("Authorization", value).header("Authorization", WRONG),
            Carrier::WrongFirst => call.header("Authorization", WRONG).header("Authorization", value),
            Carrier::Query => call.query("access_token", &value),
            Carrier::Cookie => call.header("Cookie", [b"token=", &value[..]].concat()),
            Carrier::Foreign => call.header("X-Authorization", value),
        }
    }
}
