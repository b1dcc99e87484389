//! The request target, in ways that routers and file systems read differently.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::RequestParts;
use super::bindings::Bindings;
use super::codec::{choices, grammar};

choices! {
    Caller {
        User, Nobody,
    }
}

choices! {
    /// The method. None of them changes anything: a `POST` has no body.
    Method: &'static str {
        Get = "GET",
        Head = "HEAD",
        Options = "OPTIONS",
        Post = "POST",
    }
}

choices! {
    /// How long the path is made, with `x` at its end.
    Length {
        Plain, Long,
    }
}

grammar! {
    /// A request whose target is the point. The text is the target below the base path.
    PathInput {
        caller: Caller,
        method: Method,
        length: Length,
    }
}

impl PathInput<'_> {
    /// The target: bytes that no request line can hold are percent-encoded.
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
