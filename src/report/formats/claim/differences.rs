//! What two claims differ in, in words.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Claim;
use crate::exchange::shortened;
use crate::report::formats::view::named;

/// How many entries of a list are named.
const NAMED: usize = 10;

impl Claim {
    /// Each member that is not what the report gives, in the order of the document.
    pub fn differences(&self, of_report: &Claim) -> Vec<String> {
        let mut found = Vec::new();
        let value = |claim: &Claim| serde_json::to_value(claim).unwrap_or_default();
        compare("", &value(self), &value(of_report), &mut found);
        found
    }
}

fn compare(at: &str, claimed: &Value, given: &Value, found: &mut Vec<String>) {
    match (claimed, given) {
        _ if claimed == given => {}
        // Both have the same members.
        (Value::Object(claimed), Value::Object(given)) => {
            for (name, claimed) in claimed {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                compare(&at, claimed, &given[name], found);
            }
        }
        (Value::Array(claimed), Value::Array(given)) => found.push(format!("{at}: {}", lists(claimed, given))),
        _ => found.push(format!("{at}: the claim says {}, and the report gives {}", shown(claimed), shown(given))),
    }
}

fn lists(claimed: &[Value], given: &[Value]) -> String {
    let (claimed, given): (BTreeSet<String>, BTreeSet<String>) =
        (claimed.iter().map(shown).collect(), given.iter().map(shown).collect());
    let sides = [("only the claim has", &claimed - &given), ("only the report gives", &given - &claimed)];
    let sides: Vec<String> = sides
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(who, ids)| format!("{who} {}", named(ids, NAMED)))
        .collect();
    match sides.is_empty() {
        true => "the claim has the same entries in another order, or twice".to_owned(),
        false => sides.join("; "),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(text),
        Value::Null => "nothing".to_owned(),
        other => shortened(other),
    }
}
