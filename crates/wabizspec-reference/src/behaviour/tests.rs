//! The vocabulary of faults.

use serde_json::{Value, json};

use super::*;
use crate::call::{AnswerBody, Delivery};
use crate::outcome::Refusal;
use crate::vectors::vectors;

/// `anna` and `Aa1!5678`.
const BASIC: &[u8] = b"Basic YW5uYTpBYTEhNTY3OA==";

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    T::deserialize(value).unwrap()
}

fn call<'a>(method: &'a str, path: &'a str, authorization: &'a [&'a [u8]], body: &'a str) -> Call<'a> {
    Call { method, path, authorization, content_type: None, body: body.as_bytes() }
}

#[test]
fn conditions_on_requests() {
    let login = call("POST", "/v1/users/login", &[BASIC], r#"{"new_password":"x1","n":1}"#);
    let create = call("POST", "/v1/users", &[b"Bearer abc"], "[]");
    for (when, of_login, of_create) in vectors::<(Value, bool, bool)>("conditions") {
        let condition: When = read(&when);
        assert_eq!((condition.is_of(&login), condition.is_of(&create)), (of_login, of_create), "{when}");
    }
}

/// The answer to a login after a change.
fn changed(change: &Value, outcome: Result<Done, Refused>) -> Answer {
    let call = call("POST", "/v1/users/login", &[BASIC], r#"{"new_password":"x1"}"#);
    let mut answer = Answer {
        status: 400,
        headers: vec![("allow".into(), "GET".into())],
        body: AnswerBody::Json(json!({"users": [{"token": "t"}], "errors": [{"code": 1}]})),
        delivery: Delivery::default(),
    };
    let resource = Resource::of(call.path);
    let handled = Handled { call: &call, resource, outcome: &outcome, now: Timestamp::UNIX_EPOCH, number: 7 };
    read::<Change>(change).apply(&handled, &mut answer);
    answer
}

#[test]
fn changes_of_bodies() {
    for (change, expected) in vectors::<(Value, String)>("changes") {
        let answer = changed(&change, Err(Refusal::Malformed.into()));
        assert_eq!(answer.json(), Some(&serde_json::from_str(&expected).unwrap()), "{change}");
    }
}

#[test]
fn changes_of_the_rest() {
    let refused = || Err(Refusal::Malformed.into());
    let answer = changed(&json!({"status": 204, "text": "", "remove_headers": ["allow"], "dropped": true}), refused());
    assert_eq!((answer.status, &answer.body, answer.headers.len()), (204, &AnswerBody::Empty, 0));
    assert!(answer.delivery.dropped);
    let answer = changed(&json!({"headers": {"allow": "PUT"}, "delay": 3, "surplus": "!", "crash": true}), refused());
    assert_eq!((answer.status, answer.header("allow")), (500, Some("PUT")));
    assert_eq!((answer.delivery.delay.as_secs(), &*answer.delivery.surplus), (3, "!"));
    let answer = changed(&json!({"before": "x", "move": {"/errors": ""}}), refused());
    assert_eq!(answer.body, AnswerBody::Bytes(br#"x[{"code":1}]"#.to_vec()));
}

#[test]
fn conditions_on_outcomes() {
    for (when, of_granted, of_refused) in vectors::<(Value, bool, bool)>("outcomes") {
        let is_changed = |outcome| changed(&json!({"when": when, "status": 299}), outcome).status == 299;
        assert_eq!(is_changed(Ok(Success::LoggedIn.into())), of_granted, "{when}");
        assert_eq!(is_changed(Err(Refusal::Malformed.into())), of_refused, "{when}");
    }
}

#[test]
fn readings_of_bodies() {
    for (reading, sent, expected) in vectors::<(Value, String, String)>("readings") {
        let mut behaviour = Behaviour::default();
        behaviour.reads.push(read(&reading));
        let call = call("POST", "/v1/users", &[], &sent);
        let body = behaviour.body(&call).map_or("refused".into(), |body| String::from_utf8_lossy(&body).into_owned());
        assert_eq!(body, expected, "{reading}");
    }
}
