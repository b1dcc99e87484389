//! Whether an answer that holds a part of its request gives a secret away by it.

use crate::exchange::{Exchange, Json, Request};
use crate::judge::echoed;

/// Whether what seems to be echoed stands in the answer for another reason: it is of words that answers are made of
/// (`password: no`, `Bearer r`), or part of the name that an answer has to repeat.
pub(super) fn is_told_anyway(exchange: &Exchange) -> bool {
    let Request::Http(request) = &exchange.request else {
        return false;
    };
    let json = request.body.as_deref().and_then(|body| Json::parse(body).ok());
    let name = json.as_ref().and_then(|json| json.at("/username")?.as_str());
    // Without a digit it is no strong password: an answer that echoes passwords is seen by those that have one.
    let is_word = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphabetic() || b" _-:;,.'()".contains(&byte));
    let is_name = |text: &String| request.target.contains("/users") && name.is_some_and(|name| name.contains(text));
    echoed(exchange).iter().all(|text| is_word(text) || is_name(text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::exchange::{HttpRequest, Outcome, Response};

    fn created(username: &str, password: &str, answer: &str) -> Exchange {
        Exchange {
            request: Request::Http(HttpRequest {
                method: "POST".into(),
                target: "/v1/users".into(),
                headers: Vec::new(),
                body: Some(serde_json::json!({ "username": username, "password": password }).to_string().into_bytes()),
            }),
            outcome: Outcome::Answered(Response {
                version: 1,
                status: 201,
                reason: String::new(),
                headers: Vec::new(),
                body: answer.into(),
                interim: Vec::new(),
                surplus: Vec::new(),
            }),
            at: Timestamp::UNIX_EPOCH,
            elapsed: Duration::ZERO,
            resent: false,
        }
    }

    #[test]
    fn words_and_names_are_told_anyway_in_any_spelling() {
        for (username, password, answer, anyway) in [
            ("anna", "password: no", r#"{"title":"password: no"}"#, true),
            ("anna", "password: no", "<p>password&#58;&#32;no</p>", true),
            ("a\"bcdefgh1", "a\"bcdefgh1", r#"{"users":[{"username":"a\"bcdefgh1"}]}"#, true),
            ("anna", "a\"bcdefgh1", r#"{"title":"a\"bcdefgh1"}"#, false),
            ("anna", "Abcdefg&1", r#"{"title":"Abcdefg\u00261"}"#, false),
            ("anna", "Abcdefg&1", r#"{"title":"QWJjZGVmZyYx"}"#, false),
        ] {
            let exchange = created(username, password, answer);
            assert_eq!(echoed(&exchange), [password], "{answer}");
            assert_eq!(is_told_anyway(&exchange), anyway, "{answer}");
        }
    }
}
