//! What stays the same when a case fails the same way again.

use std::collections::BTreeSet;

use crate::exchange::Json;
use crate::fnv::fnv1a;
use crate::judge::{Finding, Mismatch, shortened};
use crate::snapshot;

/// How the findings of one requirement break it: the step, and at each place what kind of thing stands there. Statuses,
/// error codes and roles belong to it; tokens, names, times and texts, which are others in every run, do not. What was
/// expected does not either, so that a new wording of the suite changes nothing.
pub fn signature<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> String {
    let steps: Vec<String> = findings
        .into_iter()
        .map(|finding| {
            // Once each and in order: a list of a thousand wrong items is wrong in one way.
            let ways: BTreeSet<String> = finding.mismatches.iter().map(way).collect();
            let ways: Vec<String> = ways.into_iter().collect();
            format!("{}: {}", finding.step, ways.join("; "))
        })
        .collect();
    steps.join(" | ")
}

fn way(mismatch: &Mismatch) -> String {
    format!("{} {}", place(&mismatch.at), kind(mismatch))
}

/// The place, with `*` for the index of a list.
fn place(at: &str) -> String {
    let is_index = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let segment = |segment| if is_index(segment) { "*" } else { segment };
    let segments: Vec<&str> = at.split('/').map(segment).collect();
    shortened(&segments.join("/"))
}

fn kind(mismatch: &Mismatch) -> String {
    let (at, observed) = (mismatch.at.as_str(), mismatch.observed.as_str());
    if at == snapshot::REQUIREMENT || at == "transcript" {
        return format!("{:016x}", fnv1a(observed.as_bytes()));
    }
    let plain = |word: &str| ["absent", "an empty body", "no error code", "the member stands twice"].contains(&word);
    if at == "status" || plain(observed) || is_codes(observed) {
        return observed.to_owned();
    }
    if let Some(told) =
        ["the ", "no connection", "a body that is no JSON"].into_iter().find(|words| observed.starts_with(words))
    {
        // The operating system's or the parser's own words follow in brackets.
        let end = observed.find(" (").unwrap_or(observed.len());
        return observed[..end.max(told.len())].to_owned();
    }
    if at.eq_ignore_ascii_case("header Content-Type") {
        return observed.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    }
    match Json::parse(observed.as_bytes()) {
        Ok(value) => kind_of_value(at, &value),
        Err(_) => kind_of_text(observed).to_owned(),
    }
}

/// `code 1005, 1006`, as expectations of error codes tell it.
fn is_codes(observed: &str) -> bool {
    let codes = observed.strip_prefix("code ");
    codes.is_some_and(|codes| codes.bytes().all(|byte| byte.is_ascii_digit() || b", -".contains(&byte)))
}

fn kind_of_value(at: &str, value: &Json) -> String {
    let is_constant =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    match value {
        Json::Null | Json::Bool(_) => value.to_string(),
        Json::Number(_) if at.ends_with("/code") => value.to_string(),
        Json::String(text) if is_constant(text) => text.clone(),
        other => other.kind().to_owned(),
    }
}

/// A value that was too long to be shown whole is known by how it begins.
fn kind_of_text(observed: &str) -> &str {
    match observed.bytes().next() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        _ => "text",
    }
}

#[cfg(test)]
mod tests;
