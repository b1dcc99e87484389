//! One request as the model sees it, and one answer as the model gives it: HTTP without framing and connections.
//! Nothing here reads or decides.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// As sent; case counts (RFC 9110 §9.1).
    pub method: &'a str,
    /// The path of the request target, without a query, still percent-encoded.
    pub path: &'a str,
    /// The values of all `Authorization` fields, in order. Bytes: a value need not be text.
    pub authorization: &'a [&'a [u8]],
    /// The value of the first `Content-Type` field.
    pub content_type: Option<&'a [u8]>,
    /// Empty when there is none.
    pub body: &'a [u8],
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// 100 to 999.
    pub status: u16,
    /// Fields, their names in lower case. The server adds `date`, `connection` and the framing of the body.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// Its body.
    pub body: AnswerBody,
    /// How it is sent.
    pub delivery: Delivery,
}

impl Answer {
    /// The value of a field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    /// The body, where it is JSON.
    pub fn json(&self) -> Option<&Value> {
        match &self.body {
            AnswerBody::Json(value) => Some(value),
            _ => None,
        }
    }

    /// The same to change.
    pub fn json_mut(&mut self) -> Option<&mut Value> {
        match &mut self.body {
            AnswerBody::Json(value) => Some(value),
            _ => None,
        }
    }
}

/// What a caller needs to know that keeps accounts and tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// The answer's.
    pub status: u16,
    /// The token that a login gave.
    pub token: Option<String>,
}

impl Brief {
    /// An answer in brief.
    pub fn of(answer: &Answer) -> Brief {
        let token = answer.json().and_then(|body| body["users"][0]["token"].as_str());
        Brief { status: answer.status, token: token.map(str::to_owned) }
    }
}

/// The body of an answer. Its type is in the answer's `content-type` field.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerBody {
    /// None.
    Empty,
    /// JSON.
    Json(Value),
    /// Any bytes.
    Bytes(Vec<u8>),
}

/// How an answer is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// In chunks instead of with its length.
    pub chunked: bool,
    /// The connection is closed afterwards, and the answer says so.
    pub close: bool,
    /// Without a `Date`.
    pub dateless: bool,
    /// How long after it is ready.
    pub delay: Duration,
    /// Not at all: the connection is closed without an answer.
    pub dropped: bool,
    /// Bytes after it that belong to nothing.
    pub surplus: Cow<'static, str>,
}
