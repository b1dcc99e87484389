//! The grammar of inputs: bytes to requests, and back.
//!
//! An input is a short prefix of letters, each a choice, then literal text; so a person can write one, and a
//! dictionary entry lands in the text as it stands. Any byte string is an input: a letter that names no choice is
//! counted on from the first, a missing one is the first. `encode` is the inverse of reading.
//!
//! In the text `${user}` and the other [`bindings`] stand for what is known only when the input meets a target.
//! What a request *should* be answered is not decided here.

pub mod aimed;
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

pub use codec::{Choice, Coded};

use crate::exchange::{Header, HttpRequest, Request};
use crate::fuzz::Surface;

/// Inputs beyond this many bytes are cut: more text finds nothing more, and memory stays bounded.
pub const INPUT_BYTES: usize = 64 * 1024;

/// A request still without what every request carries (`Host`, configured headers, the base path).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaped {
    /// For example `POST`.
    pub method: &'static str,
    /// Below the base path.
    pub path: String,
    /// In order; a name may repeat.
    pub headers: Vec<Header>,
    /// The body, if any.
    pub body: Option<Vec<u8>>,
}

impl Shaped {
    /// The whole request for that host and base path. A `Content-Length` is added where the method or a body asks for
    /// one and nothing frames the body already.
    pub fn request(self, host: &str, base: &str, configured: &[Header]) -> Request {
        let named =
            |headers: &[Header], name: &str| headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
        let framed = named(&self.headers, "Content-Length") || named(&self.headers, "Transfer-Encoding");
        let expects_a_body = matches!(self.method, "POST" | "PUT" | "PATCH");
        let mut headers = Vec::with_capacity(self.headers.len() + configured.len() + 2);
        headers.push(Header::new("Host", host));
        headers.extend(
            configured
                .iter()
                .filter(|header| !named(&self.headers, &header.name))
                .cloned(),
        );
        headers.extend(self.headers);
        if !framed && (self.body.is_some() || expects_a_body) {
            let length = self.body.as_ref().map_or(0, Vec::len);
            headers.push(Header::new("Content-Length", length.to_string()));
        }
        Request::Http(HttpRequest {
            method: self.method.into(),
            target: format!("{base}{}", self.path),
            headers,
            body: self.body,
        })
    }
}

/// The request that an input is; of a session there is none.
pub fn request(surface: Surface, input: &[u8], bindings: &bindings::Bindings) -> Option<Request> {
    let shaped = match surface {
        Surface::BasicAuth => basic::BasicInput::decode(input).shape(bindings),
        Surface::LoginBody | Surface::UsersBody | Surface::AccountBody => {
            body::BodyInput::decode(input).shape(surface, bindings)
        }
        Surface::Password => password::PasswordInput::decode(input).shape(bindings),
        Surface::Bearer => bearer::BearerInput::decode(input).shape(bindings),
        Surface::Path => path::PathInput::decode(input).shape(bindings),
        Surface::Http => return Some(Request::Raw(http::HttpInput::decode(input).bytes(bindings))),
        Surface::Session => return None,
    };
    Some(shaped.request(&bindings.host, &bindings.base, &[]))
}
