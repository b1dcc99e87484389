//! The JSON Schema of scenario files, from the types of the format and the ids of the register; a test compares both.

use serde_json::{Value, json};

use super::format::ScenarioFile;
use crate::requirement::Register;

/// The schema, with the ids of that register as the keys that `expect` may have.
pub fn schema(register: &Register) -> Value {
    let mut schema = schemars::schema_for!(ScenarioFile).to_value();
    // The reader accepts a file without steps, so that its error says what a step is. The schema refuses it.
    if let Some(required) = schema["required"].as_array_mut() {
        required.push("steps".into());
    }
    if let Some(steps) = schema["properties"]["steps"].as_object_mut() {
        steps.remove("default");
        steps.insert("minItems".into(), 1.into());
    }
    let ids: Vec<&str> = register.iter().map(|requirement| requirement.id.as_str()).collect();
    if let Some(expect) = schema.pointer_mut("/$defs/StepEntry/properties/expect") {
        expect["propertyNames"] = json!({ "enum": ids });
    }
    schema
}
