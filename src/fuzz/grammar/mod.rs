//! The grammar of inputs: bytes to requests, and back.
//!
//! An input is a short prefix of letters, each a choice, then literal text; so a person can write one, and a
//! dictionary entry lands in the text as it is. Any byte string is an input: a letter that names no choice is
//! counted on from the first, a missing one is the first. `encode` is the inverse of `decode`.
//!
//! In the text `${user}` and the other [`bindings`] stand for what is known only when the input meets a target.
//! What a request *should* be answered is not decided here.

pub mod basic;
pub mod bearer;
pub mod bindings;
pub mod body;
pub mod certificate;
pub mod http;
pub mod password;
pub mod path;
pub mod session;

mod codec;

pub use basic::BasicInput;
pub use bearer::BearerInput;
pub use body::BodyInput;
pub use certificate::CertificateInput;
pub use codec::Choice;
pub use http::HttpInput;
pub use password::PasswordInput;
pub use path::PathInput;
pub use session::SessionInput;

use crate::documented::api::{self, Operation};
use crate::exchange::{Header, HttpRequest, Request};
use crate::fuzz::Surface;

/// Inputs beyond this many bytes are cut: more text finds nothing more, and memory stays bounded.
pub const INPUT_BYTES: usize = 64 * 1024;

/// A request still without what every request carries (`Host`, configured headers, the base path).
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
    /// A request without headers and body.
    pub fn new(method: &'static str, path: impl Into<String>) -> RequestParts {
        RequestParts { method, path: path.into(), headers: Vec::new(), body: None }
    }

    /// A call of an operation that is not about an account in its path.
    pub fn of(operation: Operation) -> RequestParts {
        RequestParts::new(operation.method(), operation.resource().path())
    }

    /// A call of an operation on an account.
    pub fn of_user(operation: Operation, name: &str) -> RequestParts {
        RequestParts::new(operation.method(), api::user(name))
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> RequestParts {
        self.headers.push(Header::new(name, value));
        self
    }

    /// With a parameter in the query.
    pub fn query(self, name: &str, value: &[u8]) -> RequestParts {
        let value: String = form_urlencoded::byte_serialize(value).collect();
        RequestParts { path: format!("{}?{name}={value}", self.path), ..self }
    }

    /// With a token.
    pub fn bearer(self, token: &str) -> RequestParts {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// With a body that is called JSON.
    pub fn json(self, body: impl Into<Vec<u8>>) -> RequestParts {
        RequestParts { body: Some(body.into()), ..self.header("Content-Type", "application/json") }
    }

    /// The whole request for that host and base path.
    pub fn request(self, host: &str, base: &str) -> Request {
        let request = HttpRequest {
            method: self.method.into(),
            target: [base, &self.path].concat(),
            headers: self.headers,
            body: self.body,
        };
        Request::Http(request.completed(host, &[]))
    }
}

/// Whether an input is written as `encode` writes it: every letter is there and names a choice.
pub fn is_canonical(surface: Surface, input: &[u8]) -> bool {
    let written = match surface {
        Surface::BasicAuth => BasicInput::decode(input).encode(),
        Surface::LoginBody | Surface::UsersBody | Surface::AccountBody => BodyInput::decode(input).encode(),
        Surface::Password => PasswordInput::decode(input).encode(),
        Surface::Bearer => BearerInput::decode(input).encode(),
        Surface::Path => PathInput::decode(input).encode(),
        Surface::Http => HttpInput::decode(input).encode(),
        Surface::Session => SessionInput::decode(input).encode(),
    };
    written == input
}

/// The request that an input is; of a session there is none.
pub fn request(surface: Surface, input: &[u8], bindings: &bindings::Bindings) -> Option<Request> {
    let parts = match surface {
        Surface::BasicAuth => BasicInput::decode(input).request_parts(bindings),
        Surface::LoginBody | Surface::UsersBody | Surface::AccountBody => {
            BodyInput::decode(input).request_parts(surface, bindings)
        }
        Surface::Password => PasswordInput::decode(input).request_parts(bindings),
        Surface::Bearer => BearerInput::decode(input).request_parts(bindings),
        Surface::Path => PathInput::decode(input).request_parts(bindings),
        Surface::Http => return Some(Request::Raw(HttpInput::decode(input).bytes(bindings))),
        Surface::Session => return None,
    };
    Some(parts.request(&bindings.host, &bindings.base))
}
