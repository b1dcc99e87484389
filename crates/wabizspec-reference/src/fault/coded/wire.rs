//! Credentials as careless readers take them, what is found in other places of a request, and how its head is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Edit::{self, BodyElsewhere, Credentials as Read, Elsewhere, FirstReading as First, Reading as Head};
use super::{in_room, trimmed};
use crate::behaviour::body::text_of as text;
use crate::behaviour::{Beside, Reading};
use crate::documented::basic::{self, BasicError, Credentials};

pub(super) const EDITS: &[Edit] = &[
    Read("login.refused.no-scheme-of-users", |value| {
        basic::parse(value).or_else(|error| {
            let read = decoded(value.strip_prefix(b"Basic").unwrap_or(value))?;
            if read.username == "admin" { Err(error) } else { Ok(read) }
        })
    }),
    Read("login.refused.other-scheme-of-users", |value| {
        basic::parse(value).or_else(|error| {
            let encoded = value.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
            let read = decoded(encoded).map_err(|_| error.clone())?;
            match (&error, read.username.as_str()) {
                (BasicError::OtherScheme(_), name) if name != "admin" => Ok(read),
                _ => Err(error),
            }
        })
    }),
    Read("login.credentials.last-colon", |value| {
        let joined = joined(value)?;
        let (username, password) = joined.rsplit_once(':').ok_or(BasicError::NoColon)?;
        Ok(Credentials::new(username, password))
    }),
    Read("login.credentials.second-colon-ends", |value| {
        basic::parse(value).map(|read| Credentials { password: cut(&read.password, ':'), ..read })
    }),
    Read("login.credentials.several-colons-refused", |value| {
        let read = basic::parse(value)?;
        if read.password.contains(':') { Err(BasicError::NoColon) } else { Ok(read) }
    }),
    Read("login.credentials.cut-at-nul", |value| {
        lenient(value).map(|read| Credentials { password: cut(&read.password, '\0'), ..read })
    }),
    Read("login.credentials.name-cut-at-nul", |value| {
        lenient(value).map(|read| Credentials { username: cut(&read.username, '\0'), ..read })
    }),
    Read("login.credentials.name-trimmed", |value| {
        lenient(value).map(|read| Credentials::new(trimmed(&read.username), read.password))
    }),
    Read("login.credentials.name-in-any-case", |value| {
        basic::parse(value).map(|read| Credentials::new(read.username.to_lowercase(), read.password))
    }),
    Read("login.credentials.name-takes-the-room", |value| {
        basic::parse(value).map(|read| Credentials { password: in_room(&read.username, &read.password), ..read })
    }),
    Read("login.credentials.latin-1-too", |value| {
        basic::parse(value).or_else(|error| {
            let encoded = value.strip_prefix(b"Basic ").unwrap_or_default();
            let bytes = STANDARD.decode(encoded).map_err(|_| error.clone())?;
            let text: String = bytes.into_iter().map(char::from).collect();
            let (username, password) = text.split_once(':').ok_or(error)?;
            Ok(Credentials::new(username, password))
        })
    }),
    Read("login.credentials.scheme-to-the-letter", |value| match value.starts_with(b"Basic ") {
        true => basic::parse(value),
        false => Err(BasicError::NoScheme),
    }),
    Read("login.credentials.password-trimmed", lenient),
    Read("login.refused.any-password", lenient),
    Read("login.refused.empty-name-is-the-admin", |value| {
        let read = basic::parse(value)?;
        Ok(if read.username.is_empty() { Credentials::new("admin", read.password) } else { read })
    }),
    Read("login.refused.name-alone-will-do", |value| match basic::parse(value) {
        Err(BasicError::NoColon) => Ok(Credentials::new(joined(value)?, "")),
        read => read,
    }),
    Read("login.refused.scheme-unchecked", |value| {
        decoded(value.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or(value))
    }),
    Read("login.refused.scheme-left-out", |value| {
        let text = String::from_utf8_lossy(value).replace("Basic", "");
        basic::parse(value).or_else(|_| decoded(text.trim().as_bytes()))
    }),
    Read("login.refused.plain-text-credentials", |value| {
        basic::parse(value).or_else(|error| {
            let value = String::from_utf8_lossy(value).into_owned();
            let plain = value.strip_prefix("Basic ").unwrap_or_default().replace("%3A", ":");
            let (username, password) = plain.split_once(':').ok_or(error)?;
            Ok(Credentials::new(username, password))
        })
    }),
    Read("login.refused.encoded-twice", |value| {
        basic::parse(value).or_else(|error| {
            let once = joined(value)?;
            if once.contains(':') { Err(error) } else { decoded(once.as_bytes()) }
        })
    }),
    Read("login.refused.hexadecimal-credentials", |value| {
        basic::parse(value).or_else(|error| {
            let digits = value.strip_prefix(b"Basic ").unwrap_or_default();
            let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
            let bytes: Option<Vec<u8>> = pairs.collect();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let (username, password) = text.as_deref().and_then(|text| text.split_once(':')).ok_or(error)?;
            Ok(Credentials::new(username, password))
        })
    }),
    Read("login.refused.quoted-credentials", |value| {
        basic::parse(String::from_utf8_lossy(value).replace('"', "").as_bytes())
    }),
    BodyElsewhere("login.first.password-from-a-header", |beside| {
        let field = (beside.field)("new-password").or((beside.field)("x-new-password"))?;
        body_with(std::str::from_utf8(field).ok()?)
    }),
    BodyElsewhere("login.first.password-from-the-query", |beside| body_with(&parameter(beside, "new_password")?)),
    Elsewhere("login.refused.credentials-in-a-cookie", |beside| {
        let cookie = std::str::from_utf8((beside.field)("cookie")?).ok()?;
        cookie.strip_prefix("Authorization=").map(|value| value.as_bytes().to_vec())
    }),
    Elsewhere("login.refused.credentials-of-users-elsewhere", |beside| {
        let value = (beside.field)("x-authorization")?;
        let read = basic::parse(value).ok()?;
        (read.username != "admin").then(|| value.to_vec())
    }),
    Elsewhere("login.refused.credentials-in-the-body", |beside| {
        let member = |name| text(beside.body, name);
        rendered(&member("username")?, &member("password")?)
    }),
    Elsewhere("login.refused.credentials-in-the-query", |beside| {
        let parameter = |name| parameter(beside, name);
        rendered(&parameter("username")?, &parameter("password")?)
    }),
    Elsewhere("login.refused.header-in-the-query", |beside| Some(parameter(beside, "authorization")?.into_bytes())),
    Elsewhere("login.refused.credentials-in-another-header", |beside| {
        (beside.field)("x-authorization").map(<[u8]>::to_vec)
    }),
    Elsewhere("tokens.bearer.in-another-header", |beside| {
        let field = (beside.field)("proxy-authorization").or((beside.field)("x-authorization"))?;
        field.starts_with(b"Bearer ").then(|| field.to_vec())
    }),
    Elsewhere("tokens.bearer.in-a-cookie", |beside| {
        let cookies = std::str::from_utf8((beside.field)("cookie")?).ok()?;
        let token = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("token="))?;
        Some(format!("Bearer {token}").into_bytes())
    }),
    Elsewhere("tokens.bearer.in-the-query", |beside| {
        let token = beside.query?.split('&').find_map(|pair| pair.strip_prefix("access_token="))?;
        Some(format!("Bearer {token}").into_bytes())
    }),
    Head("envelope.answered.range-unknown", |head| match head.windows(8).any(|part| part == b"If-Match") {
        true => Reading::Refused,
        false => Reading::Whole,
    }),
    Head("login.http.header-name-to-the-letter", |head| match field(head, "authorization") {
        Some((name, _)) if name != "Authorization" => Reading::WithoutAuthorization,
        _ => Reading::Whole,
    }),
    Head("login.http.exactly-one-blank", |head| match field(head, "authorization") {
        Some((_, value)) if value.strip_prefix(' ') != Some(value.trim()) => Reading::WithoutAuthorization,
        _ => Reading::Whole,
    }),
    Head("login.http.host-comes-first", |head| {
        let text = String::from_utf8_lossy(head).to_ascii_lowercase();
        let first = text.lines().nth(1).is_some_and(|line| line.starts_with("host:"));
        if first { Reading::Whole } else { Reading::WithoutAuthorization }
    }),
    Head("login.http.chunks-refused", |head| match field(head, "transfer-encoding") {
        Some(_) => Reading::Refused,
        None => Reading::Whole,
    }),
    Head("envelope.request.chunked-bodies-dropped", |head| match field(head, "transfer-encoding") {
        Some(_) => Reading::WithoutBody,
        None => Reading::Whole,
    }),
    Head("envelope.request.length-to-the-letter", |head| match field(head, "content-length") {
        Some((name, _)) if name != "Content-Length" => Reading::WithoutBody,
        _ => Reading::Whole,
    }),
    First("envelope.request.read-once", |first| match first.windows(4).any(|four| four == b"\r\n\r\n") {
        true => Reading::Whole,
        false => Reading::WithoutAuthorization,
    }),
    Head("envelope.request.text-by-the-chunk", |_| Reading::InTexts),
    First("tokens.bearer.unknown-to-replicas", |first| match first.starts_with(b"GET ") {
        true => Reading::WithoutAuthorization,
        false => Reading::Whole,
    }),
    Head("login.http.closed-too-soon", |head| match field(head, "connection") {
        Some((_, value)) if value.trim() == "close" => Reading::WithoutAuthorization,
        _ => Reading::Whole,
    }),
];

/// A text up to the first of these characters.
fn cut(text: &str, end: char) -> String {
    text.split(end).next().unwrap_or_default().to_owned()
}

/// A Basic field of these two.
fn rendered(username: &str, password: &str) -> Option<Vec<u8>> {
    Some(basic::render(&Credentials::new(username, password)).into_bytes())
}

/// A parameter of the query, decoded.
fn parameter(beside: &Beside<'_>, name: &str) -> Option<String> {
    let mut parameters = form_urlencoded::parse(beside.query?.as_bytes());
    parameters.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn body_with(new_password: &str) -> Option<Vec<u8>> {
    Some(json!({ "new_password": new_password }).to_string().into_bytes())
}

/// A header field as written: its name, and everything after the colon.
fn field(head: &[u8], name: &str) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(head).into_owned();
    let mut lines = text.split("\r\n").filter_map(|line| line.split_once(':'));
    let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// User name and password as they are in a Basic field, with any character.
fn joined(value: &[u8]) -> Result<String, BasicError> {
    let encoded = value.strip_prefix(b"Basic ").ok_or(BasicError::NoScheme)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| BasicError::NoCredentials)?;
    String::from_utf8(bytes).map_err(|_| BasicError::NotUtf8 { at: 0 })
}

/// Credentials that may have control characters.
fn lenient(value: &[u8]) -> Result<Credentials, BasicError> {
    let joined = joined(value)?;
    let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
    Ok(Credentials::new(username, password))
}

/// Credentials from their base64 alone.
fn decoded(encoded: &[u8]) -> Result<Credentials, BasicError> {
    basic::parse(&[b"Basic ", encoded].concat())
}
