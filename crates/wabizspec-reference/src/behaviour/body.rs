//! Members of bodies: found, changed, put and taken.

use serde_json::{Map, Value};

use crate::call::Answer;

/// The body with its members changed, where it is an object.
pub fn amended(body: &[u8], change: impl FnOnce(&mut Map<String, Value>)) -> Vec<u8> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut members)) => {
            change(&mut members);
            Value::Object(members).to_string().into_bytes()
        }
        _ => body.to_vec(),
    }
}

/// The text of a member of a body, where it has one.
pub fn text_of(body: &[u8], member: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get(member)?.as_str().map(str::to_owned)
}

/// A value in the body of an answer.
pub fn at<'a>(answer: &'a mut Answer, pointer: &str) -> Option<&'a mut Value> {
    answer.json_mut()?.pointer_mut(pointer)
}

/// Takes a value out of the body of an answer.
pub fn take(answer: &mut Answer, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    match at(answer, parent)? {
        Value::Object(members) => members.remove(name),
        Value::Array(items) => name.parse().ok().filter(|index| *index < items.len()).map(|index| items.remove(index)),
        _ => None,
    }
}

/// Puts a value into the body of an answer, where there is a place for it.
pub fn put(answer: &mut Answer, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    match at(answer, parent) {
        Some(body) if pointer.is_empty() => *body = value,
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) if name == "-" => items.push(value),
        Some(Value::Array(items)) => {
            if let Some(item) = name.parse().ok().and_then(|index: usize| items.get_mut(index)) {
                *item = value;
            }
        }
        _ => {}
    }
}
