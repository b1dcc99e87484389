//! Calls with a token, to odd paths, and in HTTP that is invalid.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::RequestParts;
use super::basic::header_byte;
use super::bindings::{Bindings, with_bulk};
use super::codec::grammar;
use crate::documented::api::Operation;

grammar! {
    /// A call with a token, other than a login. The text is the token.
    BearerInput {
        before: Before as &'static str {
            Bearer = "Bearer ", Lower = "bearer ", Upper = "BEARER ", Two = "Bearer  ", Tab = "Bearer\t", Nothing = "",
            Basic = "Basic ", Glued = "Bearer", Token = "Token ", Doubled = "Bearer Bearer ",
        },
        /// Where the token is: in one `Authorization` field, with a wrong one in a second, or elsewhere.
        carrier: Carrier { Once, Absent, ThenWrong, WrongFirst, Query, Cookie, Foreign },
        /// To read its own account, which the token's owner may; or to verify or to delete, which only the admin may.
        called: Called { Itself, Verify, Delete },
    }
}

impl BearerInput<'_> {
    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        const WRONG: &str = "Bearer bm9ib2R5";
        let token = bindings.render(&self.text);
        let token = token.iter().map(|byte| header_byte(*byte));
        let value: Vec<u8> = self.before.written().bytes().chain(token).collect();
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

grammar! {
    /// A request to an odd target. The text is the target below the base path.
    PathInput {
        caller: Caller { User, Nobody },
        /// The method. None of them changes anything: a `POST` has no body.
        method: Method as &'static str { Get = "GET", Head = "HEAD", Options = "OPTIONS", Post = "POST" },
        length: Length { Plain, Long },
    }
}

impl PathInput<'_> {
    /// The target: bytes that a request line cannot contain are percent-encoded.
    pub fn target(&self, bindings: &Bindings) -> String {
        const NOT_IN_A_TARGET: &AsciiSet = &CONTROLS.add(b' ').add(b'#');
        let text = bindings.render(&self.text);
        let slash = if text.starts_with(b"/") { "" } else { "/" };
        let mut target = format!("{slash}{}", percent_encode(&text, NOT_IN_A_TARGET));
        if self.length == Length::Long {
            target.push_str(&"x".repeat(8 << 10));
        }
        target
    }

    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        let call = RequestParts::new(self.method.written(), self.target(bindings));
        match self.caller {
            Caller::User => call.bearer(&bindings.user_token),
            Caller::Nobody => call,
        }
    }
}

grammar! {
    /// Bytes for the wire. The text is what is sent.
    HttpInput {
        bulk: Bulk as fn() -> String {
            Nothing = String::new,
            FourK = || "x".repeat(4 << 10),
            HundredK = || "x".repeat(100 << 10),
            Fields = || (0..1000).map(|index| format!("X-{index}: y\r\n")).collect(),
        },
        lines: Lines { Completed, Exact },
    }
}

impl HttpInput<'_> {
    pub fn bytes(&self, bindings: &Bindings) -> Vec<u8> {
        let mut text = bindings.render(&self.text);
        if self.lines == Lines::Completed {
            let completed = |line: &[u8]| match line {
                [line @ .., b'\n'] if !line.ends_with(b"\r") => [line, b"\r\n"].concat(),
                line => line.to_vec(),
            };
            text = text.split_inclusive(|byte| *byte == b'\n').flat_map(completed).collect();
        }
        with_bulk(text, self.bulk.written()).into_owned()
    }

    /// Whether it contains right credentials anywhere, so that a token is no surprise.
    pub fn contains_credentials(&self, bindings: &Bindings) -> bool {
        let code = bindings.render(b"${basic}");
        self.bytes(bindings).windows(code.len()).any(|window| window == &*code)
    }
}
