//! What no answer may give away: a secret of its request, the inside of the server.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Seen, mismatch};
use crate::exchange::{HttpRequest, Json, Request};
use crate::judge::{Mismatch, shortened};

/// What a stack trace looks like in the languages that such servers are written in.
///
/// At most 32 bytes each, which are found soonest.
const TRACES: [&str; 7] = [
    "Traceback (most recent call last",
    "panicked at ",
    "goroutine 1 [",
    "\n    at ",
    "\tat java.",
    "Stack trace:\n#0",
    "System.NullReferenceException",
];

/// A secret shorter than this, in bytes, may stand in an answer by chance.
const TELLING: usize = 8;

/// Whether a text holds another. Most hold nothing like it, and `contains` says so soonest of what is short.
fn holds(text: &str, sought: &str) -> bool {
    text.contains(&sought[..sought.floor_char_boundary(32)]) && text.contains(sought)
}

pub(super) fn no_secret_echoed(seen: &Seen<'_>) -> Vec<Mismatch> {
    let (Some(response), Request::Http(request)) = (seen.response, &seen.exchange.request) else {
        return Vec::new();
    };
    let in_header = |secret: &str| {
        response
            .headers
            .iter()
            .find(|header| header.value.len() >= secret.len() && holds(&text(&header.value), secret))
    };
    let mut echoed = Vec::new();
    each_secret(request, |name, secret| {
        if secret.len() < TELLING {
            return;
        }
        let place = match in_header(secret) {
            Some(header) => format!("header {}", header.name),
            None if holds(&seen.told, secret) => "body".to_owned(),
            None => return,
        };
        echoed.extend(mismatch(
            &place,
            "no secret of the request",
            format!("{name} of the request"),
        ));
    });
    echoed
}

/// Shows the secrets that a request carries, each with what it is.
fn each_secret(request: &HttpRequest, mut show: impl FnMut(&str, &str)) {
    if let Some(value) = request.header("Authorization")
        && let Some((_, credentials)) = text(value).trim().split_once(' ')
    {
        let credentials = credentials.trim();
        let decoded = STANDARD.decode(credentials).ok();
        let joined = decoded.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        if let Some((_, password)) = joined.and_then(|joined| joined.split_once(':')) {
            show("the password", password);
        }
        show("the Authorization header", credentials);
    }
    let body = request.body.as_deref().and_then(|body| Json::parse(body).ok());
    for member in ["/new_password", "/password"] {
        let value = body.as_ref().and_then(|body| body.at(member));
        if let Some(password) = value.and_then(Json::as_str) {
            show("the password in the body", password);
        }
    }
}

pub(super) fn no_trace(seen: &Seen<'_>) -> Vec<Mismatch> {
    let told = &seen.told;
    // Most answers hold none, and `contains` says so sooner than `find`.
    let trace = TRACES.iter().find(|trace| told.contains(**trace));
    match trace.and_then(|trace| told.find(trace)) {
        Some(start) => mismatch("body", "no stack trace", shortened(&told[start..])),
        None => Vec::new(),
    }
}

/// The body as text, followed by what its JSON strings say where they are written with escapes: a quote in a
/// password or a line end in a trace is seen in either form.
pub(super) fn told<'b>(body: &'b [u8], json: Option<&Json>) -> Cow<'b, str> {
    let mut told = text(body);
    if let Some(json) = json.filter(|_| body.contains(&b'\\')) {
        add_strings(json, told.to_mut());
    }
    told
}

/// As `String::from_utf8_lossy`, which goes character by character where most are looked at in blocks.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn add_strings(json: &Json, told: &mut String) {
    match json {
        Json::String(text) => {
            told.push('\n');
            told.push_str(text);
        }
        Json::Array(items) => items.iter().for_each(|item| add_strings(item, told)),
        Json::Object(members) => members.iter().for_each(|(_, value)| add_strings(value, told)),
        _ => {}
    }
}
