//! What stays the same when a case fails the same way again.
//!
//! A signature is kept in the owner's file, so it must not change when messages do. It has its own names for the facts.

use std::collections::BTreeSet;

use crate::exchange::{Breakage, Json, JsonKind, Phase, shortened};
use crate::fnv::fnv1a;
use crate::judge::facts::{Broken, Observed, Place, Secret, Value};
use crate::judge::{Finding, Mismatch};

/// How the findings break their requirement: the step, and the kind of value at each place. Statuses, error codes and
/// roles are part of it; tokens, names, times and texts, which differ from run to run, are not. Nor is the expected
/// value, so that a stricter check of the suite changes nothing.
pub fn signature<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> String {
    let steps: Vec<String> = findings
        .into_iter()
        .map(|finding| {
            // Each once and sorted: a list of a thousand wrong items is wrong in one way.
            let way = |mismatch: &Mismatch| format!("{} {}", place(&mismatch.at), kind(mismatch));
            let ways: BTreeSet<String> = finding.mismatches.iter().map(way).collect();
            format!("{}: {}", finding.step, Vec::from_iter(ways).join("; "))
        })
        .collect();
    steps.join(" | ")
}

fn place(at: &Place) -> String {
    match at {
        Place::Pointer(_) => shortened(&at.without_indices()),
        other => other.to_string(),
    }
}

fn kind(mismatch: &Mismatch) -> String {
    let is_content_type = matches!(&mismatch.at, Place::Header(name) if name.eq_ignore_ascii_case("Content-Type"));
    match &mismatch.observed {
        Observed::Absent => "absent".to_owned(),
        Observed::EmptyBody => "an empty body".to_owned(),
        Observed::NotJson(_) => "a body that is no JSON".to_owned(),
        Observed::Status(status) => status.to_string(),
        Observed::Codes(codes, 0) if codes.concat().bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
            format!("code {}", codes.join(", "))
        }
        Observed::Codes(..) | Observed::WholeBody(_) | Observed::More(_) | Observed::Told(_) => "text".to_owned(),
        Observed::NoCode => "no error code".to_owned(),
        Observed::Twice => "the member stands twice".to_owned(),
        Observed::Secret(Secret::Password) => "the password of the request".to_owned(),
        Observed::Secret(Secret::Authorization) => "the Authorization header of the request".to_owned(),
        Observed::Secret(Secret::BodyPassword) => "the password in the body of the request".to_owned(),
        Observed::Secret(Secret::Code) => "the registration code".to_owned(),
        // Which of them are granted differs from run to run.
        Observed::Copies(_) => "copies".to_owned(),
        Observed::Broken(broken) => broken_off(broken),
        // After an empty line, as reports show it.
        Observed::Diff(lines) => format!("{:016x}", fnv1a(format!("\n{lines}").as_bytes())),
        Observed::Text(text) | Observed::Value(Value { shown: text, .. }) if is_content_type => {
            text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
        }
        Observed::Value(value) => kind_of_value(&mismatch.at, value),
        Observed::Instant(value, ..) | Observed::NotAnInstant(value) => kind_of_text(&value.shown).to_owned(),
        // The text may be JSON.
        Observed::Text(text) => match Json::parse(text.as_bytes()) {
            Ok(json) => kind_of_value(&mismatch.at, &(&json).into()),
            Err(_) => kind_of_text(text).to_owned(),
        },
    }
}

fn broken_off(broken: &Broken) -> String {
    let what = match broken.breakage {
        Breakage::Unreachable => "no connection",
        Breakage::Closed => "the connection was closed",
        Breakage::TimedOut => "the time limit passed",
        Breakage::Malformed => "the answer is not HTTP/1.x",
        Breakage::TooLarge => "the answer is larger than what is read",
    };
    let when = match broken.phase {
        Phase::Connecting => "while connecting",
        Phase::Sending => "while the request was being sent",
        Phase::Waiting => "before the first byte of an answer",
        Phase::Head => "inside the head of the answer",
        Phase::Body => "inside the body of the answer",
    };
    format!("{what} {when}")
}

fn kind_of_value(at: &Place, value: &Value) -> String {
    let text = value.shown.trim_matches('"');
    let is_constant = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let is_code = matches!(at, Place::Pointer(pointer) if pointer.ends_with("/code"));
    match value.kind {
        JsonKind::Null | JsonKind::Bool => value.shown.clone(),
        JsonKind::Number if is_code => value.shown.clone(),
        JsonKind::Number => "a number".to_owned(),
        JsonKind::String if is_constant => text.to_owned(),
        JsonKind::String => "a string".to_owned(),
        JsonKind::Array => "an array".to_owned(),
        JsonKind::Object => "an object".to_owned(),
    }
}

fn kind_of_text(text: &str) -> &'static str {
    match text.bytes().next() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        _ => "text",
    }
}

#[cfg(test)]
mod tests;
