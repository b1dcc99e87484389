//! Events in the JSON reports: each fact with its words, for people, and its `kind` and values, for programs.
//!
//! Only `kind` and the values are read back. Unknown members are ignored, so that a report of a later version can be read.

use std::io::{self, Write};

use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::judge::facts::{Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, Observation, Remark, Verdict};
use crate::run::{CaseReport, Event, NotAsked, Reason};
use crate::words;

pub(super) fn write(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    out.write_all(b"\n")?;
    out.flush()
}

impl Serialize for CaseReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, facts) = self.reason.as_ref().map(parts).unwrap_or_default();
        let not_asked = self.not_asked.as_ref().map(|NotAsked { steps, why }| {
            let (kind, facts) = parts(why);
            members(json!({ "steps": steps, "why": words::reason(why), "kind": kind, "facts": facts }))
        });
        let entry = members(json!({
            "id": self.id, "title": self.title, "file": self.file, "line": self.line, "verdict": self.verdict,
            "reason": self.reason.as_ref().map(words::reason), "kind": kind, "facts": facts, "not_asked": not_asked,
            "duration_ms": self.duration_ms, "control": self.control, "twin": self.twin, "cites": self.cites,
            "findings": self.findings, "observations": self.observations, "reproduce": self.reproduce,
            "exchanges": self.exchanges,
        }));
        entry.serialize(serializer)
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Finding { requirement, level, step, mismatches, about } = self;
        // All mismatches in one line; not read back.
        let (expected, observed) = (words::all_expected(self), words::all_observed(self));
        let entry = members(json!({
            "requirement": requirement, "level": level, "step": step, "expected": expected, "observed": observed,
            "mismatches": mismatches, "about": about,
        }));
        entry.serialize(serializer)
    }
}

impl Serialize for Mismatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Mismatch { at, expected, observed } = self;
        let (kind, facts) = parts(expected);
        let got = Some(observed).filter(|observed| !matches!(observed, Observed::Told(_)));
        let (expected, observed) = (words::expected(expected), words::observed(observed));
        let entry = members(json!({
            "at": at, "expected": expected, "observed": observed, "kind": kind, "facts": facts, "got": got,
        }));
        entry.serialize(serializer)
    }
}

impl Serialize for Observation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = members(json!({ "requirement": self.requirement, "what": words::remark(&self.what) }));
        entry.extend(tagged(&self.what));
        entry.serialize(serializer)
    }
}

/// The kind of a fact and its values; a fact that was read back as words has none.
fn tagged(fact: &impl Serialize) -> Map<String, Value> {
    serde_json::to_value(fact).map(members).unwrap_or_default()
}

fn parts(fact: &impl Serialize) -> (Option<Value>, Option<Value>) {
    let mut tagged = tagged(fact);
    (tagged.remove("kind"), tagged.remove("facts"))
}

/// The members of an object that have a value.
pub(super) fn members(object: Value) -> Map<String, Value> {
    let Value::Object(mut members) = object else { return Map::new() };
    members.retain(|_, value| !value.is_null());
    members
}

#[derive(Deserialize)]
struct CaseEntry {
    id: String,
    title: String,
    file: String,
    line: usize,
    verdict: Verdict,
    reason: Option<String>,
    kind: Option<String>,
    facts: Option<Value>,
    not_asked: Option<NotAskedEntry>,
    duration_ms: u64,
    control: bool,
    twin: Option<String>,
    cites: Vec<String>,
    findings: Vec<Finding>,
    observations: Vec<Observation>,
    reproduce: Vec<String>,
    exchanges: Vec<String>,
}

#[derive(Deserialize)]
struct NotAskedEntry {
    steps: Vec<String>,
    why: String,
    kind: Option<String>,
    facts: Option<Value>,
}

#[derive(Deserialize)]
struct MismatchEntry {
    at: Place,
    expected: String,
    observed: String,
    kind: Option<String>,
    facts: Option<Value>,
    got: Option<Observed>,
}

#[derive(Deserialize)]
struct ObservationEntry {
    requirement: Option<String>,
    what: String,
    kind: Option<String>,
    mismatches: Option<Value>,
}

impl<'de> Deserialize<'de> for CaseReport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CaseReport, D::Error> {
        let entry = CaseEntry::deserialize(deserializer)?;
        let (kind, facts) = (entry.kind, entry.facts);
        let reason = entry.reason.map(|words| fact(kind, "facts", facts, || Reason::Told(words)));
        let not_asked = entry.not_asked.map(|NotAskedEntry { steps, why, kind, facts }| {
            Ok(NotAsked { steps, why: fact(kind, "facts", facts, || Reason::Told(why))? })
        });
        Ok(CaseReport {
            id: entry.id,
            title: entry.title,
            file: entry.file,
            line: entry.line,
            verdict: entry.verdict,
            reason: reason.transpose()?,
            not_asked: not_asked.transpose()?,
            duration_ms: entry.duration_ms,
            control: entry.control,
            twin: entry.twin,
            cites: entry.cites,
            findings: entry.findings,
            observations: entry.observations,
            reproduce: entry.reproduce,
            exchanges: entry.exchanges,
        })
    }
}

impl<'de> Deserialize<'de> for Mismatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Mismatch, D::Error> {
        let MismatchEntry { at, expected, observed, kind, facts, got } = MismatchEntry::deserialize(deserializer)?;
        let expected = fact(kind, "facts", facts, || Expected::Told(expected))?;
        Ok(Mismatch { at, expected, observed: got.unwrap_or(Observed::Told(observed)) })
    }
}

impl<'de> Deserialize<'de> for Observation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Observation, D::Error> {
        let ObservationEntry { requirement, what, kind, mismatches } = ObservationEntry::deserialize(deserializer)?;
        Ok(Observation { requirement, what: fact(kind, "mismatches", mismatches, || Remark::Told(what))? })
    }
}

/// The fact of that kind with the values in that member, or its words where a report has nothing else.
fn fact<T: DeserializeOwned, E: Error>(
    kind: Option<String>,
    member: &str,
    values: Option<Value>,
    told: impl FnOnce() -> T,
) -> Result<T, E> {
    let Some(kind) = kind else { return Ok(told()) };
    let entry = members(json!({ "kind": kind, member: values }));
    serde_json::from_value(entry.into()).map_err(E::custom)
}
