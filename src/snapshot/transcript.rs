//! The answers of a case as text that is the same from run to run.
//!
//! Values that change become typed placeholders: the judge decides what is an instant or a version, and what the harness
//! generated for the run (names, passwords, tokens) is shown by its name. A request is shown as its scenario writes it.

use std::fmt::Write;

use serde::{Serialize, Serializer};

use crate::exchange::{Exchange, Header, Json, Redaction, Response, harmless_line, harmless_text};
use crate::judge::Placeholder;
use crate::scenario::{Action, Step};

/// The steps of a case that were tried, each with its outcome. `names` turns generated values into placeholders.
pub fn transcript(sent: &[(&Step, Exchange)], names: &Redaction) -> String {
    let mut text = String::new();
    for sent in sent.chunk_by(|(one, _), (next, _)| std::ptr::eq(*one, *next)) {
        let mut tried: Vec<String> = sent.iter().map(|(step, exchange)| tried(step, exchange, names)).collect();
        // Which copies of a request get which answer differs from run to run.
        tried.sort();
        tried.dedup();
        text.extend(tried);
    }
    text
}

fn tried(step: &Step, exchange: &Exchange, names: &Redaction) -> String {
    // Writing to a String does not fail.
    let mut text = format!("# {}\n> {}\n", step.name, drawn(&step.action));
    match &exchange.outcome {
        Err(none) => {
            let _ = writeln!(text, "* {}", harmless_line(&names.apply(&none.to_string())));
        }
        Ok(response) => answer(&mut text, response, names),
    }
    text + "\n"
}

fn drawn(action: &Action) -> String {
    match action {
        Action::Send(draft) => format!("{} {}", draft.method, draft.path),
        Action::Raw(_) | Action::Hex(_) => "raw bytes".to_owned(),
        Action::Advance(seconds) => format!("the clock moved on by {seconds} s"),
    }
}

/// How many bytes of a body that is not JSON are kept.
const SHOWN: usize = 4096;

/// How many bytes of an answer are kept. Differences after that are not noticed.
const KEPT: usize = 256 * 1024;

fn answer(text: &mut String, response: &Response, names: &Redaction) {
    let _ = writeln!(text, "< {}", response.status);
    let header = |header: &Header| {
        let name = header.name.to_ascii_lowercase();
        let value = match name.as_str() {
            "date" => "<date>".to_owned(),
            "content-length" => "<length>".to_owned(),
            _ => names.apply(&String::from_utf8_lossy(&header.value)),
        };
        harmless_line(&format!("< {}: {value}", names.apply(&name))).into_owned()
    };
    let mut headers: Vec<String> = response.headers.iter().map(header).collect();
    headers.sort();
    for header in headers {
        let _ = writeln!(text, "{header}");
    }
    match response.body.json() {
        Ok(json) => {
            let _ = writeln!(text, "{}", harmless_text(&kept(json, names)));
        }
        Err(_) if response.body.is_empty() => {}
        Err(_) => {
            let shown = &response.body[..response.body.len().min(SHOWN)];
            let body = names.apply_to_bytes(shown, shown.len() < response.body.len());
            let _ = writeln!(text, "{}", harmless_text(&body));
        }
    }
}

/// Indented JSON with placeholders for values that differ from run to run.
fn kept(json: &Json, names: &Redaction) -> String {
    let mut bytes = vec![0; KEPT];
    let mut free = bytes.as_mut_slice();
    let is_whole = serde_json::to_writer_pretty(&mut free, &Steady { json, member: None, names }).is_ok();
    let length = KEPT - free.len();
    let text = String::from_utf8_lossy(&bytes[..length]);
    let cut = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    if is_whole { text.into_owned() } else { format!("{cut}\n… the rest is not kept") }
}

struct Steady<'a> {
    json: &'a Json,
    /// The name of the member whose value it is.
    member: Option<&'a str>,
    names: &'a Redaction,
}

impl Serialize for Steady<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Steady { json, member, names } = *self;
        match json {
            Json::String(value) => serializer.serialize_str(&steady(member, value, names)),
            Json::Array(items) => serializer.collect_seq(items.iter().map(|json| Steady { json, member: None, names })),
            Json::Object(members) => serializer.collect_map(members.iter().map(|(name, json)| {
                let value = Steady { json, member: Some(name), names };
                (names.apply(name), value)
            })),
            scalar => scalar.serialize(serializer),
        }
    }
}

fn steady(member: Option<&str>, value: &str, names: &Redaction) -> String {
    let by_member = match member {
        Some("token") => Some(Placeholder::Token),
        Some("version") => Some(Placeholder::Version),
        _ => None,
    };
    let kinds = [Some(Placeholder::ExpiresAfter), by_member];
    let kind = kinds.into_iter().flatten().find(|kind| kind.recognises_text(value));
    kind.map_or_else(|| names.apply(value), Placeholder::shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steadied(body: &str) -> String {
        let mut names = Redaction::new();
        names.add("wabc0000001", "<user>");
        kept(&Json::parse(body.as_bytes()).expect(body), &names)
    }

    #[test]
    fn only_what_differs_from_run_to_run_becomes_a_placeholder() {
        let body = r#"{"users":[{"token":"eyJ.x.y","expires_after":"2026-11-28 05:00:00+00:00","username":"wabc0000001"}],"n":1.50,"e":[]}"#;
        assert_eq!(
            steadied(body),
            "{\n  \"users\": [\n    {\n      \"token\": \"<token>\",\n      \"expires_after\": \"<expires_after>\",\n      \
             \"username\": \"<user>\"\n    }\n  ],\n  \"n\": 1.50,\n  \"e\": []\n}"
        );
        // Not of their kind.
        assert_eq!(steadied(r#"{"token":"two words"}"#), "{\n  \"token\": \"two words\"\n}");
        assert_eq!(steadied(r#"{"expires_after":"2026-11-28"}"#), "{\n  \"expires_after\": \"2026-11-28\"\n}");
    }
}
