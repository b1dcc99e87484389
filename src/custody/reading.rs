//! What the harness reads out of answers, and the parts of its requests. It sends nothing and remembers nothing.

use std::mem::discriminant;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::documented::api;
use crate::documented::basic::{self, Credentials};
use crate::documented::errors::ErrorCode;
use crate::exchange::shortened;
use crate::exchange::{Exchange, Header, Json, Response};

pub fn is_done(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(Response::is_granted)
}

/// What is left on the target, and the command that removes it.
pub(super) fn leftover(name: &str, why: &str) -> String {
    format!(
        "the account `{}` is left on the target ({why}); remove it with: curl -s -X DELETE \
         -H \"Authorization: Bearer $TOKEN\" \"$WABIZSPEC_TARGET\"{}",
        shortened(name),
        api::user(name)
    )
}

pub fn token_in(exchange: &Exchange) -> Option<String> {
    let response = exchange.response().filter(|_| is_done(exchange))?;
    response.json()?.at("/users/0/token")?.as_str().map(str::to_owned)
}

/// Every token that an answer holds, wherever it is: a faulty target must not make us show or keep one.
pub fn tokens_in(exchange: &Exchange) -> Vec<String> {
    let Some(Response { body, .. }) = exchange.response() else { return Vec::new() };
    let mut found = Vec::new();
    match body.json() {
        Ok(json) => json.each(&mut |name, value| {
            if let (Some(name), Json::String(token)) = (name, value)
                && name.to_ascii_lowercase().contains("token")
            {
                found.push(token.clone());
            }
        }),
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

/// How an exchange ended, in one line. Nothing of the answer's text is shown: it may repeat what was sent.
pub fn outcome(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Err(none) => none.to_string(),
        Ok(response) => {
            let code = response.json().and_then(|json| json.at("/errors/0/code")?.as_integer());
            let code = code.map_or(String::new(), |code| format!(" with code {code}"));
            format!("status {}{code}", response.status)
        }
    }
}

pub(crate) fn basic(username: &str, password: &str) -> Header {
    Header::new("Authorization", basic::render(&Credentials::new(username, password)))
}

pub(crate) fn bearer(token: &str) -> Header {
    Header::new("Authorization", format!("Bearer {token}"))
}

pub(crate) fn json_type() -> Header {
    Header::new("Content-Type", "application/json")
}

/// Why a target is still starting: no answer, a gateway's 502 or 503, or a code (error codes page: 1011, 1016).
pub(crate) fn not_ready(exchange: &Exchange) -> Option<String> {
    let Some(response) = exchange.response() else { return Some("it does not answer".to_owned()) };
    let starting = [ErrorCode::NotReady, ErrorCode::Overloaded].map(ErrorCode::number);
    let says_so = response.status >= 500 && response.error_codes().iter().any(|code| starting.contains(code));
    (says_so || matches!(response.status, 502 | 503)).then(|| format!("it answers with status {}", response.status))
}

/// Something that answers in place of the API.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NotTheApi {
    #[error(
        "the target redirects every request to {to} (status {status}): give that address as the target, without the path"
    )]
    Redirect { status: u16, to: String },
    #[error(
        "a proxy answers in place of the target (status {status}): check the URL and what is in front of the target"
    )]
    Proxy { status: u16 },
    /// It may be the API all the same.
    #[error(
        "the first answers are HTML (status {status}), not JSON: check that the URL is that of the API, and not of a website \
         or a gateway in front of it"
    )]
    Html { status: u16 },
}

/// What answers in place of the API, if both answers to requests without credentials show it.
pub(crate) fn not_the_api(looked: &[Exchange; 2]) -> Option<NotTheApi> {
    let [first, second] = looked.each_ref().map(|exchange| {
        let response = exchange.response()?;
        let status = response.status;
        let is_proxy = status == 407 || response.header("Proxy-Authenticate").is_some();
        match (status, response.header_text("Location"), response.header_text("Content-Type")) {
            (301 | 302 | 303 | 307 | 308, Some(to), _) => Some(NotTheApi::Redirect { status, to: shortened(to) }),
            _ if is_proxy || response.header("X-Squid-Error").is_some() => Some(NotTheApi::Proxy { status }),
            (.., Some(kind)) if kind.trim_start().to_ascii_lowercase().starts_with("text/html") => {
                Some(NotTheApi::Html { status })
            }
            _ => None,
        }
    });
    let (first, second) = (first?, second?);
    (discriminant(&first) == discriminant(&second)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::HttpRequest;

    #[test]
    fn tokens_are_found_wherever_they_are() {
        for (body, tokens) in [
            (r#"{"users":[{"token":"a"},{"token":"b"}]}"#, &["a", "b"][..]),
            (r#"{"errors":[{"details":{"access_token":"a"}}]}"#, &["a"]),
            (r#"{"users":[{"token": "a"#, &["a"]),
            ("{}", &[]),
        ] {
            let exchange = Exchange::answered(HttpRequest::of("GET", "/", &[], ""), Response::of(200, &[], body));
            assert_eq!(tokens_in(&exchange), tokens, "{body}");
        }
    }

    #[test]
    fn a_leftover_is_reported_with_a_command_that_removes_it() {
        let text = leftover("wabc \u{1b}", "status 500");
        assert!(text.contains("-X DELETE") && text.ends_with("\"$WABIZSPEC_TARGET\"/v1/users/wabc%20%1B"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
