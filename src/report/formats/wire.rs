//! Events in the JSON reports: each fact with its words, for people, and its `kind` and values, for programs.
//!
//! Only `kind` and the values are read back. Unknown members are ignored, so that a report of a later version can be read.

use std::borrow::Cow;
use std::io::{self, Write};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::judge::facts::{About, Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, Observation, Remark, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, Event, NotAsked, Reason};
use crate::words;

pub(super) fn write(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// What is written of a type, and so its schema, is another type.
macro_rules! written_as {
    ($($type:ident: $entry:ident,)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $entry::from(self).serialize(serializer)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $entry::schema_name()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                $entry::json_schema(generator)
            }
        }
    )*};
}

written_as! {
    CaseReport: CaseEntry,
    NotAsked: NotAskedEntry,
    Finding: FindingEntry,
    Mismatch: MismatchEntry,
    Observation: ObservationEntry,
}

/// A case and its verdict. With `reason` there are the `kind` of the reason and its `facts`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Case", extend("dependentRequired" = { "kind": ["reason"] }))]
struct CaseEntry {
    /// `area/file::row`.
    id: String,
    /// What its scenario shows.
    title: String,
    /// The scenario's file.
    file: String,
    /// The line of its row, 1-based.
    line: usize,
    verdict: Verdict,
    /// Why, in words, if it is blocked, skipped, known or an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    kind: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(flatten, with = "Option<Reason>")]
    facts: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_asked: Option<NotAsked>,
    /// From its first request to its last answer, without set-up by the harness.
    duration_ms: u64,
    /// Whether it is its area's control.
    control: bool,
    /// The case id or file id whose acceptance gives its refusal a meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<String>,
    /// The requirements that its expectations cite.
    cites: Vec<String>,
    /// Broken requirements; on a passing case they are warnings of level should.
    findings: Vec<Finding>,
    /// What no document forbids.
    observations: Vec<Observation>,
    /// Commands that repeat it, if it did not pass.
    reproduce: Vec<String>,
    /// Its exchanges as text, if it did not pass.
    exchanges: Vec<String>,
}

/// The steps of a failed case that could not be tried, and why.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NotAsked")]
struct NotAskedEntry {
    /// At least one.
    steps: Vec<String>,
    /// In words.
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    kind: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(flatten, with = "Option<Reason>")]
    facts: Option<Value>,
}

/// A requirement that an answer breaks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct FindingEntry<'f> {
    /// The requirement's id.
    requirement: &'f str,
    level: Level,
    /// The step of the case, by name.
    step: &'f str,
    /// Of all mismatches, in one line.
    expected: String,
    /// Of all mismatches, in one line.
    observed: String,
    /// Every way in which the answer breaks it.
    mismatches: &'f [Mismatch],
    /// Absent for what is not about one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<About>,
}

/// One difference between what must hold and what came. `kind` and `facts` say what must hold.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Mismatch")]
struct MismatchEntry {
    at: Place,
    /// In words.
    expected: String,
    /// In words.
    observed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    kind: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(flatten, with = "Option<Expected>")]
    facts: Option<Value>,
    /// What came.
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<Observed>,
}

/// Something notable that no document forbids.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Observation")]
struct ObservationEntry {
    /// The requirement of level may that it belongs to, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    requirement: Option<String>,
    /// In words.
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    kind: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(flatten, with = "Option<Remark>")]
    mismatches: Option<Value>,
}

impl From<&CaseReport> for CaseEntry {
    fn from(case: &CaseReport) -> CaseEntry {
        let (kind, facts) = case.reason.as_ref().map(|reason| parts(reason, "facts")).unwrap_or_default();
        let case = case.clone();
        CaseEntry {
            id: case.id,
            title: case.title,
            file: case.file,
            line: case.line,
            verdict: case.verdict,
            reason: case.reason.as_ref().map(words::reason),
            kind,
            facts,
            not_asked: case.not_asked,
            duration_ms: case.duration_ms,
            control: case.control,
            twin: case.twin,
            cites: case.cites,
            findings: case.findings,
            observations: case.observations,
            reproduce: case.reproduce,
            exchanges: case.exchanges,
        }
    }
}

impl From<&NotAsked> for NotAskedEntry {
    fn from(NotAsked { steps, why }: &NotAsked) -> NotAskedEntry {
        let (kind, facts) = parts(why, "facts");
        NotAskedEntry { steps: steps.clone(), why: words::reason(why), kind, facts }
    }
}

impl<'f> From<&'f Finding> for FindingEntry<'f> {
    fn from(finding: &'f Finding) -> FindingEntry<'f> {
        let Finding { requirement, level, step, mismatches, about } = finding;
        let (expected, observed) = (words::all_expected(finding), words::all_observed(finding));
        FindingEntry { requirement, level: *level, step, expected, observed, mismatches, about: *about }
    }
}

impl From<&Mismatch> for MismatchEntry {
    fn from(Mismatch { at, expected, observed }: &Mismatch) -> MismatchEntry {
        let (kind, facts) = parts(expected, "facts");
        let got = Some(observed).filter(|observed| !matches!(observed, Observed::Told(_))).cloned();
        let (expected, observed) = (words::expected(expected), words::observed(observed));
        MismatchEntry { at: at.clone(), expected, observed, kind, facts, got }
    }
}

impl From<&Observation> for ObservationEntry {
    fn from(Observation { requirement, what }: &Observation) -> ObservationEntry {
        let (kind, mismatches) = parts(what, "mismatches");
        ObservationEntry { requirement: requirement.clone(), what: words::remark(what), kind, mismatches }
    }
}

/// The kind of a fact, and the values in that member; a fact that was read back as words has neither.
fn parts(fact: &impl Serialize, member: &str) -> (Option<Value>, Option<Value>) {
    let Ok(Value::Object(mut tagged)) = serde_json::to_value(fact) else { return (None, None) };
    (tagged.remove("kind"), tagged.remove(member))
}

impl<'de> Deserialize<'de> for CaseReport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CaseReport, D::Error> {
        let entry = CaseEntry::deserialize(deserializer)?;
        let (kind, facts) = (entry.kind, entry.facts);
        let reason = entry.reason.map(|words| fact(kind, "facts", facts, || Reason::Told(words)));
        Ok(CaseReport {
            id: entry.id,
            title: entry.title,
            file: entry.file,
            line: entry.line,
            verdict: entry.verdict,
            reason: reason.transpose()?,
            not_asked: entry.not_asked,
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

impl<'de> Deserialize<'de> for NotAsked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NotAsked, D::Error> {
        let NotAskedEntry { steps, why, kind, facts } = NotAskedEntry::deserialize(deserializer)?;
        Ok(NotAsked { steps, why: fact(kind, "facts", facts, || Reason::Told(why))? })
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
    kind: Option<Value>,
    member: &str,
    values: Option<Value>,
    told: impl FnOnce() -> T,
) -> Result<T, E> {
    let Some(kind) = kind else { return Ok(told()) };
    let values = values.map(|values| (member.to_owned(), values));
    let tagged: Value = std::iter::once(("kind".to_owned(), kind)).chain(values).collect();
    serde_json::from_value(tagged).map_err(E::custom)
}
