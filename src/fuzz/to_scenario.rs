//! A finding as a scenario file, ready to be kept.
//!
//! It makes an account with the credentials that the request was rendered with, so that it can run anywhere.

use super::Surface;
use super::finding::Found;
use super::grammar::bindings::FIXED;
use crate::exchange::{HttpRequest, Request, harmless_line};

/// The file. The expectation is the requirement that was broken; where the answer cannot say it, a comment does.
pub fn scenario(found: &Found, request: &Request) -> String {
    let bindings = &FIXED;
    let title = format!("Found by fuzzing: {}", harmless_line(&found.what));
    let mut text = format!(
        "#:schema ../scenario.schema.json\n# {}\ntitle = {}\ngiven = \"admin\"\nchanges = [\"users\"]\npositive = {}\n",
        found.id,
        quoted(&title),
        quoted(twin(found.surface))
    );
    text.push_str(
        "\n[[steps]]\nname = \"make the account that the request speaks of\"\nsend = \"POST /v1/users\"\n\
         bearer = \"${admin_token}\"\n",
    );
    let account = serde_json::json!({ "username": bindings.user, "password": bindings.user_password });
    text.push_str(&format!(
        "json = '{account}'\n\n[steps.expect]\n\"users.create.created\" = {{ status = \"2xx\" }}\n"
    ));
    text.push_str("\n[[steps]]\nname = \"send what was found\"\n");
    text.push_str(&step(request));
    let refused =
        matches!(found.signature.oracle.as_str(), "token" | "crash" | "answered" | "state" | "refused-change");
    let status = match found.signature.oracle.as_str() {
        "refused" => "2xx",
        _ if refused => "4xx",
        _ => "200-499",
    };
    text.push_str(&format!(
        "\n[steps.expect]\n{} = {{ status = \"{status}\" }}\n",
        quoted(&found.signature.requirement)
    ));
    text.push_str(&format!(
        "\n[[steps]]\nname = \"remove the account\"\nsend = \"DELETE /v1/users/{}\"\nbearer = \"${{admin_token}}\"\n\n\
         [steps.expect]\n\"users.delete.answered\" = {{ status = \"2xx\" }}\n",
        bindings.user
    ));
    text
}

/// A scenario in which a request like this one is accepted.
fn twin(surface: Surface) -> &'static str {
    match surface {
        Surface::UsersBody => "users/create",
        Surface::AccountBody => "account/request",
        Surface::Bearer | Surface::Path => "users/read",
        Surface::Password => "users/update",
        _ => "login/ordinary-account",
    }
}

/// The request as a step: in parts where it is text, else as bytes.
fn step(request: &Request) -> String {
    match request {
        Request::Http(http) => in_parts(http).unwrap_or_else(|| hex(&request.to_bytes())),
        Request::Raw(bytes) => hex(bytes),
    }
}

fn in_parts(request: &HttpRequest) -> Option<String> {
    let printable = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        (!text.chars().any(|c| c.is_control()) && !text.contains("${")).then(|| text.to_owned())
    };
    let mut headers = Vec::new();
    for header in &request.headers {
        let name = header.name.to_ascii_lowercase();
        if matches!(name.as_str(), "host" | "content-length") {
            continue;
        }
        let repeated = request.headers.iter().filter(|other| other.name.eq_ignore_ascii_case(&name)).count() > 1;
        if repeated {
            return None;
        }
        headers.push(format!("{} = {}", quoted(&header.name), quoted(&printable(&header.value)?)));
    }
    let mut step =
        format!("send = {}\n", quoted(&format!("{} {}", request.method, printable(request.target.as_bytes())?)));
    step.push_str(&format!("headers = {{ {} }}\n", headers.join(", ")));
    if let Some(body) = &request.body {
        step.push_str(&format!("body = {}\n", quoted(&printable(body)?)));
    }
    Some(step)
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("hex = \"{digits}\"\n")
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
