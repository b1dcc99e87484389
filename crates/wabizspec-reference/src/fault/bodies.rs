//! Bodies as careless readers take them. Each gives the bytes that a careful reader would have needed.

use serde_json::{Map, Value};

/// The body with its members changed, where it is an object.
pub(super) fn amended(body: &[u8], change: fn(&mut Map<String, Value>)) -> Vec<u8> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut members)) => {
            change(&mut members);
            Value::Object(members).to_string().into_bytes()
        }
        _ => body.to_vec(),
    }
}

/// Every value as text, the way languages with weak types make it.
pub(super) fn stringified(members: &mut Map<String, Value>) {
    for value in members.values_mut() {
        if !value.is_string() {
            *value = Value::String(value.to_string());
        }
    }
}

/// Whole numbers and truth values as text.
pub(super) fn numbers_stringified(members: &mut Map<String, Value>) {
    for value in members.values_mut() {
        if value.is_u64() || value.is_boolean() {
            *value = Value::String(value.to_string());
        }
    }
}

/// Arrays as their first element.
pub(super) fn first_elements(members: &mut Map<String, Value>) {
    for value in members.values_mut() {
        if let Value::Array(items) = value
            && let Some(first) = items.first()
        {
            *value = first.clone();
        }
    }
}

/// Names of members in lower case, without the word separators that some serializers put in or leave out.
pub(super) fn any_case(members: &mut Map<String, Value>) {
    let spelt = |name: String| match name.replace('_', "").to_ascii_lowercase().as_str() {
        "newpassword" => "new_password".to_owned(),
        _ => name,
    };
    *members = std::mem::take(members).into_iter().map(|(name, value)| (spelt(name), value)).collect();
}

/// A member that is not there, as an empty text.
pub(super) fn defaulted(members: &mut Map<String, Value>, name: &str, value: &str) {
    members.entry(name).or_insert_with(|| value.into());
}

/// The text of a member, where it has one.
pub(super) fn text(body: &[u8], member: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get(member)?.as_str().map(str::to_owned)
}
