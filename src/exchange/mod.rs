//! What was sent to a target and what came back, or why nothing did.
//!
//! These are plain values. Nothing here opens a connection, reads a clock or decides whether an answer is good.

pub(crate) mod escapes;
mod harmless;
mod json;
mod body;
mod redaction;
#[cfg(test)]
mod samples;
mod shell;
mod transcript;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use body::Body;
pub(crate) use harmless::{harmless_line, harmless_text, shortened};
pub use json::Json;
pub(crate) use json::{JsonError, JsonKind};
pub(crate) use redaction::{Piece, Redaction};
pub(crate) use shell::{shell_quoted, shell_word};
pub(crate) use transcript::{curl, secret_credentials, transcript};

/// One request, as the exact bytes on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A request in HTTP/1.1 form, with every header that is sent.
    Http(HttpRequest),
    /// Bytes that need not be HTTP at all.
    Raw(Vec<u8>),
}

impl Request {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Request::Http(request) => request.to_bytes(),
            Request::Raw(bytes) => bytes.clone(),
        }
    }

    /// What is sent, and in which manner.
    pub(crate) fn on_the_wire(&self) -> (Cow<'_, [u8]>, Manner) {
        match self {
            Request::Http(request) => (request.on_the_wire().into(), request.manner),
            Request::Raw(bytes) => (bytes.into(), Manner::Usual),
        }
    }

    /// The method as the target reads it: the first word. The framing of an answer depends on it (RFC 9112 §6.3).
    pub(crate) fn method(&self) -> &str {
        match self {
            Request::Http(request) => &request.method,
            Request::Raw(bytes) => {
                let word = bytes.split(|byte| byte.is_ascii_whitespace()).next();
                word.and_then(|word| std::str::from_utf8(word).ok()).unwrap_or("")
            }
        }
    }
}

/// A request in HTTP/1.1 form. The wire adds nothing to it: `Host` and `Content-Length` are in `headers` or are not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// For example `POST`.
    pub method: Cow<'static, str>,
    /// The request target in origin form, base path included: `/v1/users/login`.
    pub target: String,
    /// In the order they are sent; a name may repeat.
    pub headers: Vec<Header>,
    /// `None` sends no body; `Some(vec![])` is the same on the wire but for the headers that came with it.
    pub body: Option<Vec<u8>>,
    /// How it is put on the wire.
    pub manner: Manner,
}

/// How a request is put on the wire. Every server reads the same request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// In one piece.
    #[default]
    Usual,
    /// Its body in chunks of 16 and 10 bytes, whose sizes decimal digits cannot be.
    Chunked,
    /// The names of its headers in lower case.
    LowerCase,
    /// In many writes.
    Pieces,
    /// Behind the beginning of the same request on another connection, which the client closes then.
    BehindAHangUp,
}

impl HttpRequest {
    /// The body as JSON, if it is. It is read anew each time.
    pub(crate) fn json(&self) -> Option<Json> {
        Json::parse(self.body.as_deref()?).ok()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let line: [&[u8]; 4] = [self.method.as_bytes(), b" ", self.target.as_bytes(), b" HTTP/1.1\r\n"];
        let headers = self.headers.iter().flat_map(|header| [header.name.as_bytes(), b": ", &header.value, b"\r\n"]);
        let end: [&[u8]; 2] = [b"\r\n", self.body.as_deref().unwrap_or_default()];
        let parts = line.into_iter().chain(headers).chain(end);
        let mut bytes = Vec::with_capacity(parts.clone().map(<[u8]>::len).sum());
        parts.for_each(|part| bytes.extend_from_slice(part));
        bytes
    }

    /// What is sent: the body may be in chunks.
    fn on_the_wire(&self) -> Vec<u8> {
        match &self.body {
            Some(body) if self.manner == Manner::Chunked => {
                HttpRequest { body: Some(in_chunks(body)), ..self.clone() }.to_bytes()
            }
            _ => self.to_bytes(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        first_header(&self.headers, name)
    }

    /// Adds `Host` and the configured headers, each unless one of that name is there, and a `Content-Length` where the method
    /// or a body asks for one (RFC 9110 §8.6) and no header frames the body.
    pub(crate) fn completed(self, host: &str, configured: &[Header]) -> HttpRequest {
        let named = |name: &str| self.header(name).is_some();
        let mut headers = Vec::with_capacity(self.headers.len() + configured.len() + 2);
        headers.extend((!named("Host")).then(|| Header::new("Host", host)));
        headers.extend(configured.iter().filter(|header| !named(&header.name)).cloned());
        let chunked = (self.manner == Manner::Chunked && self.body.is_some())
            .then(|| Header::new("Transfer-Encoding", "chunked"));
        let expects_a_body = self.body.is_some() || matches!(&*self.method, "POST" | "PUT" | "PATCH");
        let framed = named("Content-Length") || named("Transfer-Encoding") || chunked.is_some();
        let length = (expects_a_body && !framed).then(|| self.body.as_ref().map_or(0, Vec::len));
        headers.extend(self.headers);
        headers.extend(length.map(|length| Header::new("Content-Length", length.to_string())));
        headers.extend(chunked);
        if self.manner == Manner::LowerCase {
            headers.iter_mut().for_each(|header| header.name = header.name.to_ascii_lowercase().into());
        }
        HttpRequest { headers, ..self }
    }
}

fn in_chunks(mut body: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::new();
    for size in [16, 10].into_iter().cycle() {
        let (chunk, rest) = body.split_at(body.len().min(size));
        chunks.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
        if chunk.is_empty() {
            break;
        }
        body = rest;
    }
    chunks
}

/// One header field. Values are bytes: a hostile peer need not send text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// As sent, case kept.
    pub name: Cow<'static, str>,
    /// Without the white space around it.
    pub value: Vec<u8>,
}

impl Header {
    /// A header of text.
    pub fn new(name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) -> Self {
        Header { name: name.into(), value: value.into() }
    }
}

fn first_header<'h>(headers: &'h [Header], name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_slice())
}

/// One whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The minor version: 1 for `HTTP/1.1`; 20 stands for HTTP/2, which only the reqwest client can speak.
    pub version: u8,
    /// 200 to 999; interim answers are in `interim`.
    pub status: u16,
    /// The reason phrase, possibly empty.
    pub reason: String,
    /// In the order they came; a name may repeat.
    pub headers: Vec<Header>,
    /// The body with the transfer coding removed and nothing else: no content coding is undone.
    pub body: Body,
    /// Statuses of the 1xx answers that came first.
    pub interim: Vec<u16>,
    /// Bytes that followed the answer without a request for them (capped).
    pub surplus: Vec<u8>,
}

impl Response {
    /// In HTTP/1.1, without a reason phrase, and with nothing before or after it.
    pub(crate) fn new(status: u16, headers: Vec<Header>, body: impl Into<Body>) -> Response {
        let (version, reason, body) = (1, String::new(), body.into());
        Response { version, status, reason, headers, body, interim: Vec::new(), surplus: Vec::new() }
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        first_header(&self.headers, name)
    }

    /// The value of that header as text, if it is text.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The request was granted (RFC 9110 §15.3).
    pub(crate) fn is_granted(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The request was refused for what it is or asks (RFC 9110 §15.5).
    pub(crate) fn is_refused(&self) -> bool {
        (400..500).contains(&self.status)
    }

    /// The body as JSON, if it is.
    pub(crate) fn json(&self) -> Option<&Json> {
        self.body.json().ok()
    }

    pub(crate) fn error_codes(&self) -> Vec<i64> {
        self.json().into_iter().flat_map(Json::error_codes).filter_map(Json::as_integer).collect()
    }

    /// The instant of the answer by the target's own clock: its `Date` header (RFC 9110 §6.6.1), if readable.
    pub fn date(&self) -> Option<Timestamp> {
        let text = self.header_text("Date")?;
        let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(zoned.timestamp())
    }
}

/// How far an exchange got before it broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Resolving the name, opening the connection, the TLS handshake.
    #[error("while connecting")]
    Connecting,
    /// Writing the request.
    #[error("while the request was being sent")]
    Sending,
    /// Before the first byte of an answer.
    #[error("before the first byte of an answer")]
    Waiting,
    /// Inside the status line or the headers.
    #[error("inside the head of the answer")]
    Head,
    /// Inside the body.
    #[error("inside the body of the answer")]
    Body,
}

/// Why there is no whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Breakage {
    /// Name not resolved, refused, TLS failed, connect limit passed.
    #[error("no connection")]
    Unreachable,
    /// The target closed or reset the connection.
    #[error("the connection was closed")]
    Closed,
    /// The limit for the first byte or for the whole answer passed.
    #[error("the time limit passed")]
    TimedOut,
    /// The bytes are not an HTTP/1.x answer.
    #[error("the answer is not HTTP/1.x")]
    Malformed,
    /// The head or the body is larger than what is read.
    #[error("the answer is larger than what is read")]
    TooLarge,
}

/// Why there was no connection, where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The name of the host has no address here.
    NotResolved,
    /// Nothing listens at the port.
    Refused,
    /// No answer came in time.
    TimedOut,
    /// What listens there does not speak TLS.
    NotTls,
    /// No trusted authority has signed the certificate.
    UntrustedCertificate,
    /// The certificate names no host at all.
    NamelessCertificate,
    /// The certificate is for another name.
    MisnamedCertificate,
    /// The certificate has expired, or is not valid yet.
    OutdatedCertificate,
    /// The target asks for a certificate of its clients, and has got none or does not accept it.
    ClientCertificate,
}

/// No whole answer came. It is never the same as an empty answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// What went wrong.
    pub breakage: Breakage,
    /// When it went wrong.
    pub phase: Phase,
    /// Why there was no connection, where that is known.
    pub obstacle: Option<Obstacle>,
    /// The operating system's or the parser's reason, in words.
    pub detail: String,
    /// The bytes of an answer that had arrived by then (capped).
    pub partial: Vec<u8>,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.breakage, self.phase)?;
        if !self.detail.is_empty() {
            // The peer may have chosen a part of it.
            write!(f, " ({})", shortened(&self.detail))?;
        }
        Ok(())
    }
}

/// One request and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// What came back: one whole answer, or why there is none.
    pub outcome: Result<Response, Unanswered>,
    /// Our clock when the outcome was known.
    pub at: Timestamp,
    /// From the first byte sent to the outcome.
    pub elapsed: Duration,
    /// A reused connection died before a byte of answer and the request was sent once more (RFC 9112 §9.5).
    pub resent: bool,
}

impl Exchange {
    /// One that took no time, at the beginning of the epoch.
    pub(crate) fn of(request: Request, outcome: Result<Response, Unanswered>) -> Exchange {
        Exchange { request, outcome, at: Timestamp::UNIX_EPOCH, elapsed: Duration::ZERO, resent: false }
    }

    /// The whole answer, if there is one.
    pub fn response(&self) -> Option<&Response> {
        self.outcome.as_ref().ok()
    }

    /// Whether the target took the connection and closed it.
    pub(crate) fn is_hung_up(&self) -> bool {
        self.unanswered().is_some_and(|none| none.breakage == Breakage::Closed)
    }

    pub(crate) fn unanswered(&self) -> Option<&Unanswered> {
        self.outcome.as_ref().err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_put_on_the_wire_in_its_manner() {
        let sent = |manner, body: &str| {
            let request = HttpRequest { manner, ..HttpRequest::of("PUT", "/", &[("X-A", "1")], body) };
            let request = Request::Http(request.completed("h", &[]));
            let (bytes, how) = request.on_the_wire();
            assert_eq!(how, manner);
            String::from_utf8(bytes.into_owned()).expect("text")
        };
        let body = "0123456789abcdef0123456789Z";
        let head = "PUT / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n";
        let whole = format!("{head}Content-Length: 27\r\n\r\n{body}");
        assert_eq!(sent(Manner::Usual, body), whole);
        assert_eq!(sent(Manner::Pieces, body), whole);
        assert_eq!(sent(Manner::BehindAHangUp, body), whole);
        let lower = format!("PUT / HTTP/1.1\r\nhost: h\r\nx-a: 1\r\ncontent-length: 27\r\n\r\n{body}");
        assert_eq!(sent(Manner::LowerCase, body), lower);
        let chunks = "10\r\n0123456789abcdef\r\na\r\n0123456789\r\n1\r\nZ\r\n0\r\n\r\n";
        assert_eq!(sent(Manner::Chunked, body), format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}"));
    }
}
