//! What no answer may show: a secret of its request, a stack trace of the server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::base64_text::contains_in_base64;
use super::readings::{Readings, text};
use super::traces::trace;
use super::{Seen, mismatch};
use crate::exchange::{Exchange, HttpRequest, Json, Request, Response, shortened};
use crate::judge::Mismatch;
use crate::judge::facts::{Expected, Observed, Place, Secret};

/// A shorter secret, in bytes, may be in an answer by chance.
const TELLING: usize = 8;

pub(super) fn no_secret_echoed(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let mismatch = |(secret, _, at)| Mismatch { at, expected: Expected::NoSecret, observed: Observed::Secret(secret) };
    Some(echoes(seen).into_iter().map(mismatch).collect())
}

/// The secrets of its request that an answer contains, in any spelling.
pub fn echoed(exchange: &Exchange) -> Vec<String> {
    echoes(&Seen::new(exchange)).into_iter().map(|(_, text, _)| text).collect()
}

/// The secrets of the request that came back, each with its text and its place.
fn echoes(seen: &Seen<'_>) -> Vec<(Secret, String, Place)> {
    let Request::Http(request) = &seen.exchange.request else { return Vec::new() };
    let secrets = secrets(request).into_iter().filter(|(_, text)| text.len() >= TELLING);
    let echo = |(secret, text): (Secret, String)| {
        let header = in_header(seen, |readings| has_secret(readings, &text).then_some(()));
        let in_body = || is_in_body(seen, &text).then_some(Place::Body);
        let place = header.map(|(place, ())| place).or_else(in_body)?;
        // A page may repeat the path that it did not find, whatever is in there.
        let in_path = has_secret(&Readings::of(request.target.as_str().into()), &text);
        (!in_path).then_some((secret, text, place))
    };
    secrets.filter_map(echo).collect()
}

/// The values of the headers that are long enough to hold a secret or a trace, one a line.
pub(super) fn values(response: Option<&Response>) -> String {
    let headers = response.into_iter().flat_map(|response| &response.headers);
    let mut values = Vec::with_capacity(256);
    for header in headers.filter(|header| header.value.len() >= TELLING) {
        values.extend_from_slice(&header.value);
        values.push(b'\n');
    }
    String::from_utf8(values).unwrap_or_else(|error| text(error.as_bytes()).into_owned())
}

/// What is found in a header, with its place.
fn in_header<T>(seen: &Seen<'_>, find: impl Fn(&Readings<'_>) -> Option<T>) -> Option<(Place, T)> {
    find(&seen.headers)?;
    let mut headers = seen.response?.headers.iter();
    headers.find_map(|header| {
        let found = find(&Readings::of(text(&header.value)))?;
        Some((Place::Header(header.name.to_string()), found))
    })
}

/// Whether the body has the secret: in JSON one of its strings must have it, not the syntax between them.
fn is_in_body(seen: &Seen<'_>, secret: &str) -> bool {
    let in_string = || seen.json.as_ref().is_none_or(|json| is_in_json(json, secret));
    has_secret(&seen.body, secret) && (in_string() || is_in_unescaped_string(&seen.body, secret))
}

/// Whether a string of a JSON body has the secret as it was sent. A server that does not escape what it repeats turns
/// `\u0041` of a password into an escape: the string that is read no longer has the password, but its bytes do.
fn is_in_unescaped_string(body: &Readings<'_>, secret: &str) -> bool {
    // Without a quote it is within one string, or between two; there the syntax has no other character than these.
    let is_syntax = |c: char| "{}[]:,+-.eE0123456789 \t\r\ntrufalsn".contains(c);
    !secret.contains('"') && !secret.chars().all(is_syntax) && contains(body.sent(), secret)
}

fn is_in_json(json: &Json, secret: &str) -> bool {
    let is_in_text = |text: &str| has_secret(&Readings::of(text.into()), secret);
    match json {
        Json::String(text) | Json::Number(text) => is_in_text(text),
        Json::Array(items) => items.iter().any(|item| is_in_json(item, secret)),
        Json::Object(members) => members.iter().any(|(name, value)| is_in_text(name) || is_in_json(value, secret)),
        Json::Null | Json::Bool(_) => false,
    }
}

/// Whether a text has the secret: as it is, with the blanks of a form, or in base64.
fn has_secret(readings: &Readings<'_>, secret: &str) -> bool {
    let in_a_form = secret.contains(' ').then(|| secret.replace(' ', "+"));
    readings.iter().any(|reading| {
        contains(reading, secret)
            || in_a_form.as_ref().is_some_and(|secret| contains(reading, secret))
            || contains_in_base64(reading.as_bytes(), secret.as_bytes())
    })
}

/// Whether a text contains another. Most do not, and `contains` finds that out fastest with a short one.
fn contains(text: &str, sought: &str) -> bool {
    text.len() >= sought.len() && text.contains(&sought[..sought.floor_char_boundary(32)]) && text.contains(sought)
}

fn secrets(request: &HttpRequest) -> Vec<(Secret, String)> {
    let mut secrets = Vec::new();
    if let Some(value) = request.header("Authorization")
        && let Some((_, credentials)) = text(value).trim().split_once(' ')
    {
        let credentials = credentials.trim();
        let decoded = STANDARD.decode(credentials).ok();
        let joined = decoded.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let pair = joined.and_then(|joined| joined.split_once(':'));
        // A refusal may name the user; a password that is the same is no secret.
        let password = pair.filter(|(name, password)| !name.contains(password));
        secrets.extend(password.map(|(_, password)| (Secret::Password, password.to_owned())));
        secrets.push((Secret::Authorization, credentials.to_owned()));
    }
    let body = request.body.as_deref().filter(|body| may_name_password(body));
    let body = body.and_then(|body| Json::parse(body).ok());
    let member = |pointer| body.as_ref()?.at(pointer)?.as_str();
    let of_body = ["/new_password", "/password"].into_iter().filter_map(member);
    secrets.extend(of_body.map(|password| (Secret::BodyPassword, password.to_owned())));
    secrets
}

/// Whether a body may have a member of that name. Most have none and need not be parsed.
fn may_name_password(body: &[u8]) -> bool {
    let body = text(body);
    body.contains("password") || body.contains('\\')
}

pub(super) fn no_trace(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let find = |readings: &Readings<'_>| readings.iter().find_map(trace);
    let in_body = || Some((Place::Body, find(&seen.body)?));
    // A date, a type and most other values have none of the characters of a trace.
    let may_have =
        |text: &str| text.bytes().fold(false, |found, byte| found | matches!(byte, b'(' | b'.' | b'[' | b'#'));
    let in_header = || in_header(seen, |readings| readings.iter().any(may_have).then(|| find(readings))?);
    let (place, trace) = in_body().or_else(in_header)?;
    mismatch(place, Expected::NoTrace, Observed::Text(shortened(&trace)))
}

#[cfg(test)]
mod tests;
