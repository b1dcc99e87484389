//! Makes the schema of what is written say all that is known of it.

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value};

/// The keywords whose schemas describe the same value as the one that they are in.
const BRANCHES: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// An object has no members but those that are named, and a member that may be absent is never null.
#[derive(Clone)]
pub(super) struct Strict;

impl Transform for Strict {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if schema.get("properties").is_none() {
            return;
        }
        let closed = match BRANCHES.iter().any(|branches| schema.get(*branches).is_some()) {
            // What one branch names, no other may forbid.
            true => {
                open_branches(schema.ensure_object());
                "unevaluatedProperties"
            }
            false => "additionalProperties",
        };
        schema.insert(closed.to_owned(), false.into());
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let members = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
        let optional = members.filter(|(name, _)| required.iter().all(|it| it != name.as_str()));
        optional.filter_map(|(_, member)| member.as_object_mut()).for_each(without_null);
    }
}

/// Lets the schema that these branches are in say which members there are.
fn open_branches(schema: &mut Map<String, Value>) {
    for (_, branches) in schema.iter_mut().filter(|(keyword, _)| BRANCHES.contains(&keyword.as_str())) {
        for branch in branches.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            branch.remove("additionalProperties");
            open_branches(branch);
        }
    }
}

/// Takes back what an `Option` adds to the schema of its type.
fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        branches.retain(|branch| branch["type"] != "null");
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}
