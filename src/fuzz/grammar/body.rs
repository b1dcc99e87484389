//! Requests whose JSON body is the point: a login, the creation of a user, a request for a registration code, and those
//! that set a password.

use std::borrow::Cow;

use super::basic::percent;
use super::bindings::{Bindings, with_bulk};
use super::codec::grammar;
use super::{INPUT_BYTES, RequestParts};
use crate::documented::api::{Caller, Operation};

type Spell = fn(&[u8]) -> Vec<u8>;

grammar! {
    /// A request with a JSON body. The text is the body.
    BodyInput {
        content_type: ContentType as &'static [&'static str] {
            Json = &["application/json"],
            Absent = &[],
            Plain = &["text/plain"],
            Upper = &["application/JSON"],
            Utf16 = &["application/json; charset=utf-16"],
            Latin1 = &["application/json;charset=latin1"],
            Form = &["application/x-www-form-urlencoded"],
            Multipart = &["multipart/form-data; boundary=x"],
            Two = &["application/json", "text/plain"],
            Garbage = &[";/=,"],
        },
        /// By its length; in one chunk, in chunks of one byte; with a content coding that the body does not have; in one
        /// chunk with an extension, in one before a trailer.
        framing: Framing { Length, Chunked, Crumbs, Gzip, UnknownCoding, Extended, Trailed },
        /// What is done to the text before it is sent, if anything.
        spelling: Spelling as Option<Spell> {
            Plain = None,
            Around = Some(|text| [b" \t\r\n", text, b"\r\n \t"].concat()),
            Bom = Some(|text| [b"\xef\xbb\xbf", text].concat()),
            Utf16Le = Some(|text| [&[0xff, 0xfe], &*wide(text, u16::to_le_bytes)].concat()),
            Utf16Be = Some(|text| wide(text, u16::to_be_bytes)),
            CutOne = Some(|text| text[..text.len().saturating_sub(1)].to_vec()),
            CutHalf = Some(|text| text[..text.len() / 2].to_vec()),
            Doubled = Some(|text| text.repeat(2)),
            Nul = Some(|text| [text, b"\0"].concat()),
            Garbage = Some(|text| [text, b"}x"].concat()),
            Percent = Some(percent),
        },
        /// What `${bulk}` in the text stands for. From `Deep10K` on it makes a large request.
        bulk: Bulk as fn() -> String {
            Nothing = || "null".to_owned(),
            Deep100 = || nested(100),
            Deep1000 = || nested(1000),
            Open4000 = || "[".repeat(4000),
            Objects300 = || ["{\"a\":".repeat(300), "1".to_owned(), "}".repeat(300)].concat(),
            Text4K = || format!("\"{}\"", "x".repeat(4 << 10)),
            Digits4000 = || "7".repeat(4000),
            Members300 = || members(300),
            Deep10K = || nested(10_000),
            Open100K = || "[".repeat(100_000),
            TextMega = || format!("\"{}\"", "x".repeat((1 << 20) - 1024)),
            DigitsMega = || "7".repeat(500_000),
            MembersMega = || members(50_000),
        },
    }
}

impl Framing {
    pub fn is_chunked(self) -> bool {
        !matches!(self, Framing::Length | Framing::Gzip | Framing::UnknownCoding)
    }
}

impl BodyInput<'_> {
    pub fn is_large(&self) -> bool {
        matches!(self.bulk, Bulk::Deep10K | Bulk::Open100K | Bulk::TextMega | Bulk::DigitsMega | Bulk::MembersMega)
    }

    pub fn body(&self, bindings: &Bindings) -> Cow<'_, [u8]> {
        let text = with_bulk(bindings.render(&self.text), self.bulk.written());
        match self.spelling.written() {
            None => text,
            Some(spelled) => Cow::Owned(spelled(&text)),
        }
    }

    /// A call of the operation, with credentials that suffice.
    pub fn request_parts(&self, operation: Operation, bindings: &Bindings) -> RequestParts {
        let call = RequestParts::of(operation);
        let call = match operation.caller() {
            Caller::Credentials => call.basic(&bindings.user, &bindings.user_password),
            Caller::AnyUser | Caller::SelfOrAdmin | Caller::Admin => call.bearer(&bindings.admin_token),
        };
        let call = self.content_type.written().iter().fold(call, |call, value| call.header("Content-Type", *value));
        let body = self.body(bindings).into_owned();
        match self.framing {
            Framing::Length => RequestParts { body: Some(body), ..call },
            Framing::Gzip => RequestParts { body: Some(body), ..call.header("Content-Encoding", "gzip") },
            Framing::UnknownCoding => RequestParts { body: Some(body), ..call.header("Content-Encoding", "x-nothing") },
            _ => {
                // A megabyte in crumbs would be nothing but crumbs.
                let size = if self.framing == Framing::Crumbs && body.len() < INPUT_BYTES { 1 } else { usize::MAX };
                let extension = if self.framing == Framing::Extended { ";a=b;c=\"d;e\"" } else { "" };
                let trailer = if self.framing == Framing::Trailed { "X-Trailer: a\r\n" } else { "" };
                let body = chunked(&body, size, extension, trailer);
                RequestParts { body: Some(body), ..call.header("Transfer-Encoding", "chunked") }
            }
        }
    }
}

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
            Cow::Borrowed(text) => String::from_utf8_lossy(text),
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
                .basic(&bindings.user, &bindings.user_password)
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

fn nested(depth: usize) -> String {
    ["[".repeat(depth), "]".repeat(depth)].concat()
}

fn members(count: usize) -> String {
    let members: String = (1..count).map(|index| format!("\"k{index}\":{index},")).collect();
    format!("{{{members}\"k0\":0}}")
}

fn chunked(body: &[u8], size: usize, extension: &str, trailer: &str) -> Vec<u8> {
    let mut chunks = Vec::new();
    for chunk in body.chunks(size.min(body.len()).max(1)) {
        chunks.extend([format!("{:x}{extension}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    }
    chunks.extend(format!("0\r\n{trailer}\r\n").into_bytes());
    chunks
}

fn wide(text: &[u8], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    String::from_utf8_lossy(text).encode_utf16().flat_map(bytes).collect()
}
