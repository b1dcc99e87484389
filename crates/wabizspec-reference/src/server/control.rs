//! `/__control/…`: what a test does to a client that the API has no words for. It is no part of the API.

use serde_json::{Value, json};

use super::Client;
use crate::call::{Answer, AnswerBody, Delivery};

/// Does what a control request asks for.
pub(super) fn handle(client: &mut Client, method: &str, path: &str, body: &[u8]) -> Answer {
    let (status, body) = match (method, path) {
        ("POST", "/__control/reset") => {
            client.reset();
            (200, json!({}))
        }
        ("POST", "/__control/advance") => match seconds(body) {
            Some(seconds) => {
                client.clock.advance(seconds);
                (200, json!({"now": client.clock.now().to_string()}))
            }
            None => (400, json!({"error": "the body must be {\"seconds\": integer}"})),
        },
        ("GET", "/__control/code") => (200, json!({"code": client.model.code()})),
        ("GET", "/__control/dump") => (200, client.model.dump()),
        _ => (404, json!({"error": "there are POST reset, POST advance, GET code and GET dump"})),
    };
    Answer {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: AnswerBody::Json(body),
        delivery: Delivery::default(),
    }
}

fn seconds(body: &[u8]) -> Option<i64> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get("seconds")?.as_i64()
}
