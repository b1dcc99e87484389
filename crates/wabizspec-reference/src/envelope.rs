//! Turns an outcome into an answer: `meta`, payload or errors, and the header fields that go with a status.
//!
//! It decides nothing: the outcome is settled before it comes here.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::call::{Answer, AnswerBody, Delivery};
use super::dialect::SunsetShape;
use super::outcome::{Done, Reason, Refusal, Refused};
use crate::documented::api::Resource;

/// What a 401 asks for on the login endpoint (observed; RFC 9110 §11.6.1 wants a challenge on every 401).
const BASIC_CHALLENGE: &str = "Basic realm=\"Secure Area\"";
/// What a 401 asks for everywhere else.
const BEARER_CHALLENGE: &str = "Bearer realm=\"Secure Area\"";

/// The status of the answer for an outcome.
pub(super) fn status(behaviour: &Behaviour, outcome: &Result<Done, Refused>) -> u16 {
    match outcome {
        Ok(done) => behaviour.successes.get(&done.success).copied().unwrap_or(done.success.documented_status()),
        Err(Refused(reasons)) => reasons.first().map_or(400, |reason| behaviour.refusals[reason.refusal].status),
    }
}

/// The answer for an outcome of a request to this resource.
pub(super) fn answer(behaviour: &Behaviour, resource: Option<Resource>, outcome: &Result<Done, Refused>) -> Answer {
    let dialect = &behaviour.dialect;
    let status = status(behaviour, outcome);
    let body = match outcome {
        Ok(done) => granted(behaviour, done),
        Err(refused) => refusal(behaviour, refused),
    };
    let mut headers = Vec::with_capacity(2);
    let body = if status == 401 && !dialect.bodies_on_401 {
        AnswerBody::Empty
    } else {
        let content_type = if dialect.charset { "application/json; charset=utf-8" } else { "application/json" };
        headers.push(("content-type".into(), Cow::Borrowed(content_type)));
        AnswerBody::Json(finished(behaviour, body))
    };
    if status == 401 {
        let challenge = if resource == Some(Resource::Login) { BASIC_CHALLENGE } else { BEARER_CHALLENGE };
        headers.push(("www-authenticate".into(), Cow::Borrowed(challenge)));
    }
    if status == 405 {
        headers.push(("allow".into(), Cow::Owned(resource.map(Resource::allow).unwrap_or_default())));
    }
    let delivery =
        Delivery { chunked: dialect.chunked, close: dialect.close, dateless: !dialect.date, ..Delivery::default() };
    Answer { status, headers, body, delivery }
}

fn granted(behaviour: &Behaviour, done: &Done) -> Map<String, Value> {
    let mut body = Map::with_capacity(2);
    if let (Some(pointer), Some(element)) = (done.success.operation().payload().pointer(), &done.element) {
        body.insert(pointer[1..].into(), json!([element]));
    }
    add_meta(behaviour, &mut body);
    body
}

fn refusal(behaviour: &Behaviour, refused: &Refused) -> Map<String, Value> {
    let mut errors: Vec<Value> = refused.0.iter().map(|reason| error(behaviour, reason)).collect();
    let sunset = refused.0.iter().any(|reason| reason.refusal == Refusal::Sunset);
    if sunset
        && behaviour.dialect.sunset == SunsetShape::Bare
        && let Some(Value::Object(bare)) = errors.pop()
    {
        return bare;
    }
    let mut body = Map::with_capacity(2);
    add_meta(behaviour, &mut body);
    body.insert("errors".into(), Value::Array(errors));
    body
}

fn error(behaviour: &Behaviour, reason: &Reason) -> Value {
    let code = behaviour.refusals[reason.refusal].code;
    let mut error = json!({"code": code, "title": code.title()});
    if behaviour.dialect.details {
        error["details"] = reason.details.as_deref().unwrap_or(reason.refusal.details()).into();
    }
    error
}

fn add_meta(behaviour: &Behaviour, body: &mut Map<String, Value>) {
    if behaviour.dialect.meta {
        let meta = json!({"version": behaviour.dialect.version, "api_status": "stable"});
        body.insert("meta".into(), meta);
    }
}

/// The body with its objects as the dialect writes them.
fn finished(behaviour: &Behaviour, body: Map<String, Value>) -> Value {
    let mut body = Value::Object(body);
    if behaviour.dialect.extra_members {
        each_object(&mut body, &|members| drop(members.insert("x_note".into(), json!({"seen": [1, null]}))));
    }
    if behaviour.dialect.reversed {
        each_object(&mut body, &|members| *members = std::mem::take(members).into_iter().rev().collect());
    }
    body
}

fn each_object(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| each_object(member, change));
            change(members);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    /// The refusal of a request to the account resource.
    fn refused(edit: fn(&mut Dialect), refusal: Refusal) -> Answer {
        let mut behaviour = Behaviour::default();
        edit(&mut behaviour.dialect);
        answer(&behaviour, Some(Resource::Account), &Err(refusal.into()))
    }

    #[test]
    fn the_sunset_refusal_alone_may_be_bare() {
        let bare = |refusal| refused(|dialect| dialect.sunset = SunsetShape::Bare, refusal);
        let details = "Unknown error: biz_link_on_prem_reg_blocked";
        let error = json!({"code": 1005, "title": "Access denied", "details": details});
        assert_eq!(bare(Refusal::Sunset).json(), Some(&error));
        assert!(bare(Refusal::Forbidden).json().is_some_and(|body| body["errors"].is_array()));
    }

    #[test]
    fn a_401_without_a_body_has_no_type() {
        let silent = refused(|dialect| dialect.bodies_on_401 = false, Refusal::WrongPassword);
        assert_eq!((silent.status, silent.header("content-type")), (401, None));
        assert_eq!(silent.body, AnswerBody::Empty);
    }
}
