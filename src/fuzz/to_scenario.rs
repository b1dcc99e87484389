//! A finding as a scenario file, ready to be kept.
//!
//! It makes an account with the credentials that the request was rendered with, so that it can run anywhere.

use super::finding::Found;
use super::grammar::FIXED;
use super::{Check, hex};
use crate::documented::api::{self, Operation};
use crate::exchange::{HttpRequest, Request, harmless_line};

/// The file. The expectation is the requirement that was violated; where the answer cannot show it, a comment does.
pub(super) fn scenario(found: &Found, request: &Request) -> String {
    let title = quoted(&format!("Found by fuzzing: {}", harmless_line(&found.violation.what)));
    let account = serde_json::json!({ "username": FIXED.user, "password": FIXED.user_password });
    let status = match found.signature.check {
        Check::Refused => "2xx",
        Check::Token | Check::Crash | Check::Answered | Check::State | Check::RefusedChange => "4xx",
        _ => "200-499",
    };
    format!(
        r#"#:schema ../scenario.schema.json
# {id}
title = {title}
given = "admin"
changes = ["users"]
positive = "{positive}"

[[steps]]
name = "make the account that the request speaks of"
send = "{create}"
bearer = "${{admin_token}}"
json = '{account}'

[steps.expect]
"users.create.created" = {{ status = "2xx" }}

[[steps]]
name = "send what was found"
{step}
[steps.expect]
{requirement} = {{ status = "{status}" }}

[[steps]]
name = "remove the account"
send = "DELETE {path}"
bearer = "${{admin_token}}"

[steps.expect]
"users.delete.answered" = {{ status = "2xx" }}
"#,
        id = found.id,
        create = Operation::CreateUser,
        positive = found.surface.row().positive,
        step = step(request),
        requirement = quoted(&found.signature.requirement),
        path = api::user(&FIXED.user),
    )
}

/// The request as a step: in parts where it is text, else as bytes.
fn step(request: &Request) -> String {
    let parts = match request {
        Request::Http(http) => in_parts(http),
        Request::Raw(_) => None,
    };
    parts.unwrap_or_else(|| format!("hex = \"{}\"\n", hex(&request.to_bytes())))
}

fn in_parts(request: &HttpRequest) -> Option<String> {
    let printable = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        (!text.chars().any(|c| c.is_control()) && !text.contains("${")).then(|| quoted(text))
    };
    let mut headers = Vec::new();
    for header in &request.headers {
        let name = header.name.to_ascii_lowercase();
        if matches!(name.as_str(), "host" | "content-length") {
            continue;
        }
        if request.headers.iter().filter(|other| other.name.eq_ignore_ascii_case(&name)).count() > 1 {
            return None;
        }
        headers.push(format!("{} = {}", quoted(&header.name), printable(&header.value)?));
    }
    let send = printable(format!("{} {}", request.method, request.target).as_bytes())?;
    let body = match &request.body {
        Some(body) => format!("body = {}\n", printable(body)?),
        None => String::new(),
    };
    Some(format!("send = {send}\nheaders = {{ {} }}\n{body}", headers.join(", ")))
}

/// A text as a TOML string, in which nothing drives a terminal or a CI server that shows the file.
fn quoted(text: &str) -> String {
    let text = text.replace("${", "$${");
    let is_harmless = harmless_line(&text) == text;
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if is_harmless || (c.is_ascii_graphic() && c != '#' && c != ':') || c == ' ' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}
