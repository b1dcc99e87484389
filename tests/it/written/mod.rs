//! What the program writes satisfies the schemas that `wabizspec schema` prints, and what differs from it does not.

mod mutants;
mod fuzzed;
mod lists;
mod proofs;
mod runs;
mod two;

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::Value;

use crate::harness::*;
use crate::schema::validator;
use mutants::{Rules, thinned};

/// A schema as it is printed.
pub struct Shape {
    name: &'static str,
    validator: Validator,
}

impl Shape {
    pub fn named(name: &'static str) -> Shape {
        Shape { name, validator: validator(&printed(name)) }
    }

    pub fn accepts(&self, document: &Value) -> bool {
        self.validator.is_valid(document)
    }

    /// Says so if one of the documents is not as the schema says, or if the schema accepts what differs from them.
    #[track_caller]
    pub fn holds<'d>(&self, documents: impl IntoIterator<Item = &'d Value>) {
        let (rules, mut tried, mut complaints) = (Rules::new(), BTreeSet::new(), Vec::new());
        let mut count = 0;
        for document in documents {
            count += 1;
            for wrong in self.validator.iter_errors(document).take(3) {
                complaints.push(format!("{} refuses {}: {wrong:.300}", self.name, wrong.instance_path()));
            }
            complaints.extend(rules.complaints(self, &thinned(document), &mut tried));
        }
        assert!(count > 0 && tried.len() > 3, "there is nothing to try");
        complaints.truncate(30);
        none(complaints);
    }
}

fn printed(name: &str) -> Value {
    let ended = Program::new("schema").args(name).end().exited(0);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// The names of the schemas, as they are listed.
fn names() -> Vec<String> {
    let listed = Program::new("schema").end().exited(0).stdout;
    let name = |line: &str| {
        let (name, description) = line.split_once("  ").expect("a name and what it is");
        assert!(!description.trim().is_empty(), "{line}");
        name.to_owned()
    };
    listed.lines().map(name).collect()
}

/// The schemas in a schema that have members and do not say that there are no others.
fn open(schema: &Value, at: &str, is_branch: bool, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else { return };
    let closed = ["additionalProperties", "unevaluatedProperties"];
    let is_closed = closed.iter().any(|keyword| keywords.get(*keyword) == Some(&Value::Bool(false)));
    if keywords.contains_key("properties") && !is_closed && !is_branch {
        found.push(at.to_owned());
    }
    let is_whole = is_branch || keywords.get("unevaluatedProperties") == Some(&Value::Bool(false));
    for (keyword, value) in keywords {
        let at = format!("{at}/{keyword}");
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(all)) => {
                all.iter().for_each(|(name, it)| open(it, &format!("{at}/{name}"), false, found));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                branches.iter().for_each(|branch| open(branch, &at, is_whole, found));
            }
            ("prefixItems", Value::Array(items)) => items.iter().for_each(|item| open(item, &at, false, found)),
            ("items" | "additionalProperties", value) => open(value, &at, false, found),
            _ => {}
        }
    }
}

#[test]
fn every_schema_is_one_has_a_title_and_a_description_and_is_closed() {
    let names = names();
    assert!(names.contains(&"report".to_owned()), "{names:?}");
    for name in names {
        let schema = printed(&name);
        validator(&schema);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        for about in ["title", "description"] {
            assert!(schema[about].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {about}");
        }
        let mut found = Vec::new();
        open(&schema, &name, false, &mut found);
        none(found);
    }
}

#[test]
fn the_schemas_of_inputs_are_those_that_editors_find() {
    for (name, file) in [("scenario", "scenarios/scenario.schema.json"), ("configuration", "wabizspec.schema.json")] {
        let committed = std::fs::read_to_string(repository(file)).expect(file);
        assert_eq!(Program::new("schema").args(name).end().exited(0).stdout, committed, "{name}");
    }
}

#[test]
fn an_unknown_name_is_refused_with_the_one_that_is_meant() {
    Program::new("schema reprot").end().exited(2).says("'report'").never_says("panicked");
    let help = Program::new("schema --help").end().exited(0).stdout;
    none(names().into_iter().filter(|name| !help.contains(name)));
}
