//! The vocabulary of faults.

use serde_json::{Value, json};

use super::*;
use crate::call::{AnswerBody, Delivery};
use crate::outcome::Refusal;

/// `anna` and `Aa1!5678`.
const BASIC: &[u8] = b"Basic YW5uYTpBYTEhNTY3OA==";

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn call<'a>(method: &'a str, path: &'a str, authorization: &'a [&'a [u8]], body: &'a str) -> Call<'a> {
    Call { method, path, authorization, content_type: None, body: body.as_bytes() }
}

#[test]
fn conditions_on_requests() {
    let login = call("POST", "/v1/users/login", &[BASIC], r#"{"new_password":"x1","n":1}"#);
    let create = call("POST", "/v1/users", &[b"Bearer abc"], "[]");
    for (when, of_login, of_create) in [
        (json!({}), true, true),
        (json!({"at": ["POST /v1/users"]}), false, true),
        (json!({"at": ["GET *", "* /v1/users/login"]}), true, false),
        (json!({"path": {"begins": ["/v1/"], "not": {"contains": ["log"]}}}), false, true),
        (json!({"body": {"min": 3, "max": 100}}), true, false),
        (json!({"body_is": ["object"]}), true, false),
        (json!({"body_is": ["other", "empty"]}), false, true),
        (json!({"members": {"new_password": {"lacks": "upper"}}}), true, false),
        (json!({"members": {"new_password": {"only": "digit"}}}), false, false),
        (json!({"members": {"n": {"absent": true}}}), true, true),
        (json!({"not_text": ["n"]}), true, false),
        (json!({"other_members_than": ["new_password"]}), true, false),
        (json!({"other_members_than": ["new_password", "n"]}), false, false),
        (json!({"content_type": {"absent": true}}), true, true),
        (json!({"content_type": {}}), false, false),
        (json!({"username": {"is": ["anna"]}, "password": {"follows_the_rule": true}}), true, false),
        (json!({"credentials": ["other_scheme"]}), false, true),
        (json!({"token": {"ends": ["bc"]}}), false, true),
        (json!({"any": [{"username": {}}, {"at": ["PUT *"]}]}), true, false),
        (json!({"not": {"username": {}}}), false, true),
        // Nothing is decided yet.
        (json!({"outcome": "granted"}), false, false),
        (json!({"refused": ["no_token"]}), false, false),
    ] {
        let condition: When = read(when.clone());
        assert_eq!((condition.is_of(&login), condition.is_of(&create)), (of_login, of_create), "{when}");
    }
}

/// The answer to a login after a change.
fn changed(change: Value, outcome: Result<Done, Refused>) -> Answer {
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
    for (change, expected) in [
        (json!({"remove": ["/users", "/none/0"]}), json!({"errors": [{"code": 1}]})),
        (json!({"move": {"/users/0": "/users"}}), json!({"users": {"token": "t"}, "errors": [{"code": 1}]})),
        (json!({"move": {"/errors": ""}}), json!([{"code": 1}])),
        (json!({"put": {"/users/-": "{}"}}), json!({"users": [{"token": "t"}, {}], "errors": [{"code": 1}]})),
        (json!({"put": {"/errors/0/code": "null"}}), json!({"users": [{"token": "t"}], "errors": [{"code": null}]})),
        (json!({"as_text": ["/errors/0/code"]}), json!({"users": [{"token": "t"}], "errors": [{"code": "1"}]})),
        (json!({"let_through": true}), json!({"users": [{"token": "t"}]})),
        (
            json!({"echo": {"/users": "${basic.username} ${new_password}", "/errors": "${none}"}}),
            json!({"users": "anna x1", "errors": [{"code": 1}]}),
        ),
    ] {
        let answer = changed(change.clone(), Err(Refusal::Malformed.into()));
        assert_eq!(answer.json(), Some(&expected), "{change}");
    }
}

#[test]
fn changes_of_the_rest() {
    let refused = || Err(Refusal::Malformed.into());
    let answer = changed(json!({"status": 204, "text": "", "remove_headers": ["allow"], "dropped": true}), refused());
    assert_eq!((answer.status, &answer.body, answer.headers.len()), (204, &AnswerBody::Empty, 0));
    assert!(answer.delivery.dropped);
    let answer = changed(json!({"headers": {"allow": "PUT"}, "delay": 3, "surplus": "!", "crash": true}), refused());
    assert_eq!((answer.status, answer.header("allow")), (500, Some("PUT")));
    assert_eq!((answer.delivery.delay.as_secs(), &*answer.delivery.surplus), (3, "!"));
    let answer = changed(json!({"before": "x", "move": {"/errors": ""}}), refused());
    assert_eq!(answer.body, AnswerBody::Bytes(br#"x[{"code":1}]"#.to_vec()));
}

#[test]
fn conditions_on_outcomes() {
    for (when, of_granted, of_refused) in [
        (json!({"outcome": "granted"}), true, false),
        (json!({"outcome": "refused"}), false, true),
        (json!({"granted": ["logged_in", "verified"]}), true, false),
        (json!({"refused": ["forbidden", "malformed"]}), false, true),
        (json!({"refused": ["forbidden"]}), false, false),
        (json!({"number": 7}), true, true),
        (json!({"number": 6}), false, false),
    ] {
        let is_changed = |outcome| changed(json!({"when": when, "status": 299}), outcome).status == 299;
        assert_eq!(is_changed(Ok(Success::LoggedIn.into())), of_granted, "{when}");
        assert_eq!(is_changed(Err(Refusal::Malformed.into())), of_refused, "{when}");
    }
}

#[test]
fn readings_of_bodies() {
    for (reading, sent, expected) in [
        (json!({"refuse": true}), "{}", None),
        (json!({"when": {"body": {"is": ["[]"]}}, "refuse": true}), "{}", Some("{}")),
        (json!({"body": "{}", "default": {"a": "x"}}), "[", Some(r#"{"a":"x"}"#)),
        (json!({"default": {"a": "x"}}), r#"{"a":1}"#, Some(r#"{"a":1}"#)),
        (json!({"set": {"a": "x"}}), r#"{"a":1}"#, Some(r#"{"a":"x"}"#)),
        (json!({"remove": ["a"]}), r#"{"a":1,"b":2}"#, Some(r#"{"b":2}"#)),
        (json!({"as_text": true}), r#"{"a":[1]}"#, Some(r#"{"a":"[1]"}"#)),
        (json!({"texts_only": true}), r#"{"a":1,"b":"c"}"#, Some(r#"{"b":"c"}"#)),
        (json!({"first_items": true}), r#"{"a":["b"]}"#, Some(r#"{"a":"b"}"#)),
        (json!({"replace": {"a": "b"}}), "aa", Some("bb")),
    ] {
        let mut behaviour = Behaviour::default();
        behaviour.reads.push(read(reading.clone()));
        let call = call("POST", "/v1/users", &[], sent);
        let body = behaviour.body(&call).ok().map(|body| String::from_utf8_lossy(&body).into_owned());
        assert_eq!(body.as_deref(), expected, "{reading}");
    }
}
