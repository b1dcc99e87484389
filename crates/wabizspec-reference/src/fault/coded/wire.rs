//! What is found in other places of a request, and how the head of a request is read.

use serde_json::json;

use super::Edit::{self, BodyElsewhere, Elsewhere, Reading as Head};
use crate::behaviour::{Beside, Reading, text_of as text};
use crate::documented::basic::{self, Credentials};

pub(super) const EDITS: &[Edit] = &[
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
    Head("login.http.closed-too-soon", |head| match field(head, "connection") {
        Some((_, value)) if value.trim() == "close" => Reading::WithoutAuthorization,
        _ => Reading::Whole,
    }),
];

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
