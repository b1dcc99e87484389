//! Secrets in an exchange: what no text about it may show, and whether an answer gives one away.

use percent_encoding::percent_decode_str;

use crate::custody::accounts::tokens_in;
use crate::exchange::{Exchange, Redaction, Request};
use crate::fuzz::grammar::Bindings;
use crate::fuzz::session::FuzzSession;
use crate::judge::echoed;

/// What no text about the exchange may show: the secrets of the run and of the worker, and the tokens in the exchange.
pub fn secrets_of(exchange: &Exchange, bindings: &Bindings, run: &Redaction) -> Redaction {
    let mut secrets = run.clone();
    secrets.add_credentials(&bindings.user, &bindings.user_password, "$WABIZSPEC_USER_PASSWORD");
    secrets.add_credentials(&bindings.colon_user, &bindings.colon_password, "$WABIZSPEC_COLON_PASSWORD");
    secrets.add(&bindings.user_token, "$WABIZSPEC_USER_TOKEN");
    secrets.add(&bindings.admin_token, "$WABIZSPEC_ADMIN_TOKEN");
    if let Request::Http(request) = &exchange.request
        && let Some(value) = request.header("Authorization")
        && let Some(token) = String::from_utf8_lossy(value).strip_prefix("Bearer ")
        && token.len() >= 8
    {
        secrets.add(token, "$WABIZSPEC_TOKEN");
    }
    for token in tokens_in(exchange) {
        secrets.add_given(&token, "$WABIZSPEC_TOKEN_GIVEN");
    }
    secrets
}

/// Whether what seems to be echoed is in the answer for another reason: it consists of words that answers are made of
/// (`password: no`, `Bearer r`), is part of the name or the path that an answer may repeat, or is in every answer.
pub(super) fn is_repeated_anyway(exchange: &Exchange, session: &FuzzSession) -> bool {
    is_explained(exchange, session.constant.get().map_or("", String::as_str))
}

fn is_explained(exchange: &Exchange, constant: &str) -> bool {
    let Request::Http(request) = &exchange.request else { return false };
    let json = request.json();
    let name = json.as_ref().and_then(|json| json.at("/username")?.as_str());
    // Without a digit it is no strong password: an answer that echoes passwords is seen by those that have one.
    let is_word = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphabetic() || b" _-:;,.'()".contains(&byte));
    let is_name = |text: &String| request.target.contains("/users") && name.is_some_and(|name| name.contains(text));
    let path = percent_decode_str(&request.target).decode_utf8_lossy();
    let is_in_path = |text: &String| request.target.contains(text) || path.contains(text);
    echoed(exchange).iter().all(|text| is_word(text) || is_name(text) || is_in_path(text) || constant.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{HttpRequest, Response};

    #[test]
    fn words_and_names_are_repeated_anyway_in_any_spelling() {
        for (username, password, answer, anyway) in [
            ("anna", "password: no", r#"{"title":"password: no"}"#, true),
            ("anna", "password: no", "<p>password&#58;&#32;no</p>", true),
            ("a\"bcdefgh1", "a\"bcdefgh1", r#"{"users":[{"username":"a\"bcdefgh1"}]}"#, true),
            ("anna", "a\"bcdefgh1", r#"{"title":"a\"bcdefgh1"}"#, false),
            ("anna", "Abcdefg&1", r#"{"title":"Abcdefg\u00261"}"#, false),
            ("anna", "Abcdefg&1", r#"{"title":"QWJjZGVmZyYx"}"#, false),
        ] {
            let body = serde_json::json!({ "username": username, "password": password }).to_string();
            let request = HttpRequest::of("POST", "/v1/users", &[], &body);
            let exchange = Exchange::answered(request, Response::of(201, &[], answer));
            assert_eq!(echoed(&exchange), [password], "{answer}");
            assert_eq!(is_explained(&exchange, ""), anyway, "{answer}");
            assert!(is_explained(&exchange, &format!("a realm of {password}")), "{answer}");
        }
        let bearer = [("Authorization", "Bearer Abcdefg1!x")];
        let request = HttpRequest::of("GET", "/v1/users/Abcdefg1%21x", &bearer, "");
        let page = Response::of(404, &[], "Cannot GET /v1/users/Abcdefg1!x");
        assert!(is_explained(&Exchange::answered(request, page), ""));
    }
}
