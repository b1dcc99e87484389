//! The grammar of inputs: bytes to requests, and back.
//!
//! An input is a short prefix of letters, each a choice, then literal text; so a person can write one, and a
//! dictionary entry lands in the text as it is. Any byte string is an input: a letter that names no choice is
//! counted on from the first, a missing one is the first. `encode` is the inverse of `decode`.
//!
//! In the text `${user}` and the other [`bindings`] stand for what is known only when the input meets a target.
//! What a request *should* be answered is not decided here.

mod codec;
mod bindings;
mod basic;
mod body;
mod certificate;
mod calls;
mod session;

pub use basic::{BasicInput, LoginWith, Placement, Scheme, Size};
pub use bindings::{Bindings, FIXED, PASSWORD_END};
pub use body::{BodyInput, Bulk, ContentType, Endpoint, Framing, PasswordInput, Spelling};
pub use calls::{BearerInput, Called, Caller, HttpInput, PathInput};
pub use certificate::CertificateInput;
pub use session::{Op, SLOTS, SessionInput, Slot, Step, Token};

use super::{Form, Surface};
use crate::documented::api::{self, Operation};
use crate::documented::basic::{Credentials, render};
use crate::exchange::{Header, HttpRequest, Manner, Request};

/// Inputs beyond this many bytes are cut: more text finds nothing more, and memory stays bounded.
pub const INPUT_BYTES: usize = 64 * 1024;

/// A request without what every request carries (`Host`, configured headers, the base path).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestParts {
    /// For example `POST`.
    pub method: &'static str,
    /// Below the base path.
    pub path: String,
    /// In order; a name may repeat.
    pub headers: Vec<Header>,
    /// The body, if any.
    pub body: Option<Vec<u8>>,
}

impl RequestParts {
    pub(super) fn new(method: &'static str, path: impl Into<String>) -> RequestParts {
        RequestParts { method, path: path.into(), headers: Vec::new(), body: None }
    }

    /// A call of an operation whose path names no account.
    pub(super) fn of(operation: Operation) -> RequestParts {
        RequestParts::new(operation.method(), operation.path())
    }

    pub(super) fn of_user(operation: Operation, name: &str) -> RequestParts {
        RequestParts::new(operation.method(), api::user(name))
    }

    fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> RequestParts {
        self.headers.push(Header::new(name, value));
        self
    }

    fn query(self, name: &str, value: &[u8]) -> RequestParts {
        let value: String = form_urlencoded::byte_serialize(value).collect();
        RequestParts { path: format!("{}?{name}={value}", self.path), ..self }
    }

    pub(super) fn basic(self, name: &str, password: &str) -> RequestParts {
        self.header("Authorization", render(&Credentials::new(name, password)))
    }

    pub(super) fn bearer(self, token: &str) -> RequestParts {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// With a body that is called JSON.
    pub(super) fn json(self, body: impl Into<Vec<u8>>) -> RequestParts {
        RequestParts { body: Some(body.into()), ..self.header("Content-Type", "application/json") }
    }

    pub(super) fn request(self, host: &str, base: &str) -> Request {
        let RequestParts { method, path, headers, body } = self;
        let target = [base, &path].concat();
        let request = HttpRequest { method: method.into(), target, headers, body, manner: Manner::Usual };
        Request::Http(request.completed(host, &[]))
    }
}

/// Whether an input is written as `encode` writes it: every letter is there and names a choice.
pub fn is_canonical(surface: Surface, input: &[u8]) -> bool {
    let written = match surface.row().form {
        Form::Basic => BasicInput::decode(input).encode(),
        Form::Body(_) => BodyInput::decode(input).encode(),
        Form::Password => PasswordInput::decode(input).encode(),
        Form::Bearer => BearerInput::decode(input).encode(),
        Form::Path => PathInput::decode(input).encode(),
        Form::Http => HttpInput::decode(input).encode(),
        Form::Session => SessionInput::decode(input).encode(),
    };
    written == input
}

/// The request that an input describes; a session has none.
pub fn request(surface: Surface, input: &[u8], bindings: &Bindings) -> Option<Request> {
    let parts = match surface.row().form {
        Form::Basic => BasicInput::decode(input).request_parts(bindings),
        Form::Body(operation) => BodyInput::decode(input).request_parts(operation, bindings),
        Form::Password => PasswordInput::decode(input).request_parts(bindings),
        Form::Bearer => BearerInput::decode(input).request_parts(bindings),
        Form::Path => PathInput::decode(input).request_parts(bindings),
        Form::Http => return Some(Request::Raw(HttpInput::decode(input).bytes(bindings))),
        Form::Session => return None,
    };
    Some(parts.request(&bindings.host, &bindings.base))
}

#[cfg(test)]
mod tests {
    use arbitrary::Arbitrary;

    use super::*;
    use crate::fuzz::random::Random;

    /// What is read is written so that it is read the same, and a canonical input is written as it was.
    macro_rules! inverse {
        ($($name:ident),*) => {$(
            for index in 0..2000 {
                let mut random = Random::new(7, index);
                let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.byte()).collect();
                let read = $name::decode(&bytes);
                let written = read.encode();
                assert_eq!($name::decode(&written), read, "{}", bytes.escape_ascii());
                assert_eq!($name::decode(&written).encode(), written);
                let arbitrary = $name::arbitrary_take_rest(arbitrary::Unstructured::new(&bytes)).expect("total");
                assert_eq!(arbitrary, read);
            }
        )*};
    }

    #[test]
    fn decode_is_the_inverse_of_encode_and_every_byte_string_is_an_input() {
        inverse!(BasicInput, BearerInput, BodyInput, CertificateInput, HttpInput, PasswordInput, PathInput);
        inverse!(SessionInput);
    }

    #[test]
    fn a_missing_letter_is_the_first_and_long_inputs_are_cut() {
        assert_eq!(BasicInput::decode(b""), BasicInput::decode(b"aaaaaa"));
        let long = vec![b'a'; INPUT_BYTES * 2];
        assert!(BasicInput::decode(&long).text.len() < INPUT_BYTES);
        assert_eq!(SessionInput::decode(&long).steps.len(), session::STEPS);
    }
}
