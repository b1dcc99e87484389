//! Documents that are slightly wrong: a member more, a member less, another type, another word. The schema refuses each,
//! unless `rules.toml` says that it leaves this open.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Shape;
use crate::harness::rows;

/// A place in a document: where it is, and the same without the numbers of items, behind the name of the schema.
struct Spot {
    pointer: String,
    path: String,
}

/// What the schemas leave open.
pub struct Rules {
    optional: Vec<String>,
    nullable: Vec<String>,
    maps: Vec<String>,
    fractions: Vec<String>,
    words: Vec<String>,
}

impl Rules {
    pub fn new() -> Rules {
        let [optional, nullable, maps, fractions, words] =
            ["optional", "nullable", "maps", "fractions", "words"].map(|table| rows(include_str!("rules.toml"), table));
        Rules { optional, nullable, maps, fractions, words }
    }

    /// What is wrong with the schema, as far as this document shows it. What is in `tried` is not tried again.
    pub fn complaints(&self, shape: &Shape, document: &Value, tried: &mut BTreeSet<String>) -> Vec<String> {
        let mut spots = Vec::new();
        note(document, Spot { pointer: String::new(), path: shape.name.to_owned() }, &mut spots);
        let mut complaints = Vec::new();
        for spot in spots {
            let (kind, outline) = (kind_beside(document, &spot.pointer), outline(at(document, &spot.pointer)));
            if !tried.insert(format!("{} {kind} {outline}", spot.path)) {
                continue;
            }
            for (what, is_open, mutant) in self.mutants(document, &spot) {
                if shape.accepts(&mutant) != is_open {
                    let verb = if is_open { "refuses" } else { "accepts" };
                    complaints.push(format!("{} {verb} {what} at {}", shape.name, spot.path));
                }
            }
        }
        complaints
    }

    /// Each with what was done, and whether it is as good as the document was.
    fn mutants(&self, document: &Value, spot: &Spot) -> Vec<(String, bool, Value)> {
        let is = |list: &[String]| list.iter().any(|end| spot.path.ends_with(end.as_str()));
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut mutant = document.clone();
            change(mutant.pointer_mut(&spot.pointer).expect("a place"));
            mutant
        };
        let value = at(document, &spot.pointer);
        let mut mutants = Vec::new();
        for (name, other) in [
            ("null", json!(null)),
            ("true", json!(true)),
            ("-1.5", json!(-1.5)),
            ("text", json!("x\n")),
            ("a list", json!([[]])),
            ("an object", json!({})),
        ] {
            let is_same = std::mem::discriminant(value) == std::mem::discriminant(&other);
            if !is_same || other.is_number() {
                let is_open = (other.is_null() && is(&self.nullable)) || (other.is_number() && is(&self.fractions));
                // Where null is written, a text or a number may be too.
                if !value.is_null() {
                    mutants.push((name.to_owned(), is_open, changed(&|place| *place = other.clone())));
                }
            }
        }
        if value.is_string() && is(&self.words) {
            mutants.push(("any word".to_owned(), false, changed(&|place| *place = "no such word".into())));
        }
        if let Value::Object(members) = value {
            let added = |place: &mut Value| place["no such member"] = json!(1);
            mutants.push(("one more member".to_owned(), is(&self.maps), changed(&added)));
            for name in members.keys() {
                let is_open = is(&self.maps) || self.may_lack(&spot.path, members, name);
                let less = |place: &mut Value| drop(place.as_object_mut().expect("an object").remove(name));
                mutants.push((format!("no `{name}`"), is_open, changed(&less)));
            }
        }
        mutants
    }

    /// Whether the object is whole without that member.
    fn may_lack(&self, path: &str, members: &Map<String, Value>, name: &str) -> bool {
        let path = format!("{path}/{name}");
        // Words without a kind are those of a report that has nothing else.
        let has = |name: &&str| members.contains_key(*name);
        let is_in_words = ["reason", "why", "expected", "what"].iter().any(has);
        let is_bare = name == "kind" && is_in_words && !["facts", "mismatches"].iter().any(has);
        is_bare || self.optional.iter().any(|end| path.ends_with(end.as_str()))
    }
}

fn at<'v>(document: &'v Value, pointer: &str) -> &'v Value {
    document.pointer(pointer).expect("a place")
}

/// The kind of the fact that the place is in.
fn kind_beside(document: &Value, pointer: &str) -> String {
    let parents = pointer.match_indices('/').map(|(index, _)| at(document, &pointer[..index]));
    parents.filter_map(|parent| parent.get("kind")?.as_str()).collect::<Vec<&str>>().join(" ")
}

fn note(value: &Value, spot: Spot, spots: &mut Vec<Spot>) {
    let Spot { pointer, path } = &spot;
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            note(member, Spot { pointer: format!("{pointer}/{escaped}"), path: format!("{path}/{name}") }, spots);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            note(item, Spot { pointer: format!("{pointer}/{index}"), path: format!("{path}/*") }, spots);
        }),
        _ => {}
    }
    spots.push(spot);
}

/// What a value is made of, without its texts and numbers.
pub fn outline(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(items) => {
            let items: BTreeSet<String> = items.iter().map(outline).collect();
            format!("[{}]", Vec::from_iter(items).join(","))
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match (name.as_str(), value) {
                ("kind" | "verdict", Value::String(word)) => word.clone(),
                _ => format!("{name}:{}", outline(value)),
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<String>>().join(","))
        }
    }
}

/// The document with a few items of each list of objects: one of each outline.
pub fn thinned(value: &Value) -> Value {
    const MOST: usize = 3;
    match value {
        Value::Array(items) => {
            let mut seen = BTreeSet::new();
            let most = if items.iter().all(Value::is_object) { MOST } else { items.len() };
            let items = items.iter().map(thinned).filter(|item| !item.is_object() || seen.insert(outline(item)));
            items.take(most).collect()
        }
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), thinned(member))).collect(),
        other => other.clone(),
    }
}
