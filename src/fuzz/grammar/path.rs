//! The request target, in ways that routers and file systems read differently.

use super::RequestParts;
use super::bindings::Bindings;
use super::codec::{choices, grammar};
use crate::exchange::Header;

choices! {
    /// Who asks.
    Caller {
        /// An ordinary user.
        User,
        /// Nobody.
        Nobody,
    }
}

choices! {
    /// The method. None of them changes anything.
    Method {
        /// `GET`
        Get,
        /// `HEAD`
        Head,
        /// `OPTIONS`
        Options,
        /// `POST`, without a body
        Post,
    }
}

choices! {
    /// How long the path is made, with `x` at its end.
    Length {
        /// As it is.
        Plain,
        /// By 8 KiB.
        Long,
    }
}

grammar! {
    /// A request whose target is the point. The text is the target below the base path.
    PathInput {
        /// Who asks.
        caller: Caller,
        /// The method.
        method: Method,
        /// How long it is.
        length: Length,
    }
}

impl PathInput<'_> {
    /// The target: bytes that no request line can hold are percent-encoded.
    pub fn target(&self, bindings: &Bindings) -> String {
        let mut target = String::new();
        let text = bindings.render(&self.text);
        if text.first() != Some(&b'/') {
            target.push('/');
        }
        for &byte in &*text {
            match byte {
                0x21..=0x7e if byte != b'#' => target.push(char::from(byte)),
                other => target.push_str(&format!("%{other:02X}")),
            }
        }
        if self.length == Length::Long {
            target.push_str(&"x".repeat(8 << 10));
        }
        target
    }

    /// The request.
    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        let bearer = || Header::new("Authorization", format!("Bearer {}", bindings.user_token));
        RequestParts {
            method: match self.method {
                Method::Get => "GET",
                Method::Head => "HEAD",
                Method::Options => "OPTIONS",
                Method::Post => "POST",
            },
            path: self.target(bindings),
            headers: match self.caller {
                Caller::User => vec![bearer()],
                Caller::Nobody => Vec::new(),
            },
            body: None,
        }
    }
}
