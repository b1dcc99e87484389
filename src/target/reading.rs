//! What the harness reads out of its requests and the answers to them, and the parts that it makes requests of.
//!
//! It sends nothing and remembers nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::accounts::Account;
use crate::documented::{api, basic as credentials};
use crate::exchange::{Exchange, Header, Json, Outcome, Request};
use crate::judge::shortened;

/// Whether it was answered 2xx.
pub(super) fn is_done(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| (200..300).contains(&response.status))
}

/// The name with which a request logs in.
pub(super) fn logged_in(request: &Request) -> Option<String> {
    let Request::Http(request) = request else { return None };
    let credentials = credentials::parse(request.header("Authorization")?).ok()?;
    Some(credentials.username)
}

/// The name of the account that a request makes (users, Create).
pub(super) fn created(request: &Request, base: &str) -> Option<String> {
    let Request::Http(request) = request else { return None };
    let path = request.target.strip_prefix(base)?;
    if request.method != "POST" || path != api::USERS {
        return None;
    }
    let body = Json::parse(request.body.as_deref()?).ok()?;
    body.at("/username")?.as_str().map(str::to_owned)
}

/// The name of the account that a request asks for (users, Read).
pub(super) fn shown(request: &Request, base: &str) -> Option<String> {
    let Request::Http(request) = request else { return None };
    let name = api::below_users(request.target.strip_prefix(base)?)?;
    (request.method == "GET").then(|| name.to_owned())
}

/// What is left on the target, and the command that removes it.
pub(super) fn leftover(name: &str, why: &str) -> String {
    format!(
        "the account `{}` is left on the target ({why}); remove it with: curl -sk -X DELETE \
         -H \"Authorization: Bearer $TOKEN\" \"$WABIZSPEC_TARGET\"{}",
        shortened(name),
        path_of(name)
    )
}

/// The path of an account, its name percent-encoded (RFC 3986 §2.1): a case may have made one of any characters.
pub fn path_of(name: &str) -> String {
    const PLAIN: &[u8] = b"-._~";
    let encoded = |byte: u8| match byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let name: String = name.bytes().map(encoded).collect();
    format!("{}/{name}", api::USERS)
}

/// The token of a login that was accepted.
pub fn token_in(exchange: &Exchange) -> Option<String> {
    let response = exchange.response().filter(|response| response.status == 200)?;
    let json = Json::parse(&response.body).ok()?;
    json.at("/users/0/token")?.as_str().map(str::to_owned)
}

/// Every token that an answer holds, wherever it holds it: a faulty target must not make us show or keep one.
pub fn tokens_in(body: &[u8]) -> Vec<String> {
    fn collect(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Object(members) => members.iter().for_each(|(name, value)| match value {
                Json::String(token) if name.to_ascii_lowercase().contains("token") => found.push(token.clone()),
                other => collect(other, found),
            }),
            Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    match Json::parse(body) {
        Ok(json) => collect(&json, &mut found),
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            let values = text.split("token\"").skip(1);
            let quoted = values.filter_map(|rest| rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"'));
            found.extend(quoted.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()));
        }
    }
    found.retain(|token| !token.is_empty());
    found
}

/// The codes of an error answer, in the envelope or bare.
pub(super) fn error_codes(body: &[u8]) -> Vec<i64> {
    let Ok(json) = Json::parse(body) else { return Vec::new() };
    let errors = json.at("/errors").and_then(Json::as_array).unwrap_or(std::slice::from_ref(&json));
    errors.iter().filter_map(|error| error.at("/code")?.as_integer()).collect()
}

/// What came of an exchange, in one line. Of the answer's text nothing is shown: it may repeat what was sent.
pub fn outcome(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Unanswered(none) => none.to_string(),
        Outcome::Answered(response) => {
            let json = Json::parse(&response.body).ok();
            let code = json.as_ref().and_then(|json| json.at("/errors/0/code")?.as_integer());
            let code = code.map_or(String::new(), |code| format!(" with code {code}"));
            format!("status {}{code}", response.status)
        }
    }
}

pub(super) fn basic(account: &Account) -> Header {
    let joined = format!("{}:{}", account.username, account.password);
    Header::new("Authorization", format!("Basic {}", STANDARD.encode(joined)))
}

/// The header that a token is sent in.
pub(super) fn bearer(token: &str) -> Header {
    Header::new("Authorization", format!("Bearer {token}"))
}

/// The type of the bodies that the harness sends.
pub(super) fn json_type() -> Header {
    Header::new("Content-Type", "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_wherever_they_are() {
        assert_eq!(tokens_in(br#"{"users":[{"token":"a"},{"token":"b"}]}"#), ["a", "b"]);
        assert_eq!(tokens_in(br#"{"errors":[{"details":{"access_token":"a"}}]}"#), ["a"]);
        assert_eq!(tokens_in(br#"{"users":[{"token": "a"#), ["a"]);
        assert_eq!(tokens_in(b"{}"), [""; 0]);
    }

    #[test]
    fn a_leftover_is_told_with_a_command_that_removes_it() {
        let told = leftover("wabc \u{1b}", "status 500");
        assert!(told.contains("-X DELETE") && told.ends_with("\"$WABIZSPEC_TARGET\"/v1/users/wabc%20%1B"), "{told}");
        assert!(!told.contains('\u{1b}'));
    }
}
