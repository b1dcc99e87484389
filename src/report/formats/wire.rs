//! Events in the JSON reports: each fact with its words, for people, and its `kind` and values, for programs.
//!
//! Only `kind` and the values are read back. Unknown members are ignored, so that a report of a later version can be read.

use std::io::{self, Write};

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::judge::facts::{About, Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, Observation, Remark, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, Event, NotAsked, Reason};
use crate::words;

/// Writes the event as a line.
pub(super) fn write(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    out.write_all(b"\n")?;
    out.flush()
}

impl Serialize for CaseReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        case_entry(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CaseReport {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<CaseReport, D::Error> {
        case(CaseEntry::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
struct CaseEntry {
    id: String,
    title: String,
    file: String,
    line: usize,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_asked: Option<NotAskedEntry>,
    duration_ms: u64,
    control: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<String>,
    cites: Vec<String>,
    findings: Vec<FindingEntry>,
    observations: Vec<ObservationEntry>,
    reproduce: Vec<String>,
    exchanges: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct NotAskedEntry {
    steps: Vec<String>,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct FindingEntry {
    requirement: String,
    level: Level,
    step: String,
    /// Of all mismatches, in one line; not read back.
    #[serde(default)]
    expected: String,
    #[serde(default)]
    observed: String,
    mismatches: Vec<MismatchEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<About>,
}

#[derive(Serialize, Deserialize)]
struct MismatchEntry {
    at: Place,
    expected: String,
    observed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<Observed>,
}

#[derive(Serialize, Deserialize)]
struct ObservationEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    requirement: Option<String>,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<ObservationKind>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mismatches: Vec<MismatchEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ObservationKind {
    Mismatches,
    Flaky,
    BareError,
}

/// The kind of a fact and its values; a fact that was read back as words has none.
fn parts(fact: &impl Serialize) -> (Option<String>, Option<Value>) {
    let mut written = serde_json::to_value(fact).unwrap_or_default();
    let kind = written.get("kind").and_then(Value::as_str).map(str::to_owned);
    (kind, written.get_mut("facts").map(Value::take))
}

fn fact<T: DeserializeOwned>(kind: &str, facts: Option<Value>) -> serde_json::Result<T> {
    serde_json::from_value(match facts {
        Some(facts) => json!({ "kind": kind, "facts": facts }),
        None => json!({ "kind": kind }),
    })
}

fn reason(kind: Option<String>, facts: Option<Value>, words: String) -> serde_json::Result<Reason> {
    kind.map_or(Ok(Reason::Told(words)), |kind| fact(&kind, facts))
}

fn case_entry(case: &CaseReport) -> CaseEntry {
    let (kind, facts) = case.reason.as_ref().map(parts).unwrap_or_default();
    CaseEntry {
        id: case.id.clone(),
        title: case.title.clone(),
        file: case.file.clone(),
        line: case.line,
        verdict: case.verdict,
        reason: case.reason.as_ref().map(words::reason),
        kind,
        facts,
        not_asked: case.not_asked.as_ref().map(not_asked_entry),
        duration_ms: case.duration_ms,
        control: case.control,
        twin: case.twin.clone(),
        cites: case.cites.clone(),
        findings: case.findings.iter().map(finding_entry).collect(),
        observations: case.observations.iter().map(observation_entry).collect(),
        reproduce: case.reproduce.clone(),
        exchanges: case.exchanges.clone(),
    }
}

fn case(entry: CaseEntry) -> serde_json::Result<CaseReport> {
    let CaseEntry { reason: words, kind, facts, .. } = entry;
    Ok(CaseReport {
        id: entry.id,
        title: entry.title,
        file: entry.file,
        line: entry.line,
        verdict: entry.verdict,
        reason: words.map(|words| reason(kind, facts, words)).transpose()?,
        not_asked: entry.not_asked.map(not_asked).transpose()?,
        duration_ms: entry.duration_ms,
        control: entry.control,
        twin: entry.twin,
        cites: entry.cites,
        findings: entry.findings.into_iter().map(finding).collect::<Result<_, _>>()?,
        observations: entry.observations.into_iter().map(observation).collect::<Result<_, _>>()?,
        reproduce: entry.reproduce,
        exchanges: entry.exchanges,
    })
}

fn not_asked_entry(not_asked: &NotAsked) -> NotAskedEntry {
    let (kind, facts) = parts(&not_asked.why);
    NotAskedEntry { steps: not_asked.steps.clone(), why: words::reason(&not_asked.why), kind, facts }
}

fn not_asked(NotAskedEntry { steps, why, kind, facts }: NotAskedEntry) -> serde_json::Result<NotAsked> {
    Ok(NotAsked { steps, why: reason(kind, facts, why)? })
}

fn finding_entry(finding: &Finding) -> FindingEntry {
    FindingEntry {
        requirement: finding.requirement.clone(),
        level: finding.level,
        step: finding.step.clone(),
        expected: words::all_expected(finding),
        observed: words::all_observed(finding),
        mismatches: finding.mismatches.iter().map(mismatch_entry).collect(),
        about: finding.about,
    }
}

fn finding(entry: FindingEntry) -> serde_json::Result<Finding> {
    let FindingEntry { requirement, level, step, mismatches, about, .. } = entry;
    Ok(Finding { requirement, level, step, mismatches: read(mismatches)?, about })
}

fn mismatch_entry(Mismatch { at, expected, observed }: &Mismatch) -> MismatchEntry {
    let (kind, facts) = parts(expected);
    let got = Some(observed.clone()).filter(|observed| !matches!(observed, Observed::Told(_)));
    let (expected, observed) = (words::expected(expected), words::observed(observed));
    MismatchEntry { at: at.clone(), expected, observed, kind, facts, got }
}

fn read(mismatches: Vec<MismatchEntry>) -> serde_json::Result<Vec<Mismatch>> {
    let mismatch = |MismatchEntry { at, expected, observed, kind, facts, got }| {
        let expected = kind.map_or(Ok(Expected::Told(expected)), |kind: String| fact(&kind, facts))?;
        Ok(Mismatch { at, expected, observed: got.unwrap_or(Observed::Told(observed)) })
    };
    mismatches.into_iter().map(mismatch).collect()
}

fn observation_entry(observation: &Observation) -> ObservationEntry {
    let (kind, mismatches) = match &observation.what {
        Remark::Mismatches(mismatches) => (Some(ObservationKind::Mismatches), mismatches.as_slice()),
        Remark::Flaky(mismatches) => (Some(ObservationKind::Flaky), mismatches.as_slice()),
        Remark::BareError => (Some(ObservationKind::BareError), &[][..]),
        Remark::Told(_) => (None, &[][..]),
    };
    ObservationEntry {
        requirement: observation.requirement.clone(),
        what: words::remark(&observation.what),
        kind,
        mismatches: mismatches.iter().map(mismatch_entry).collect(),
    }
}

fn observation(entry: ObservationEntry) -> serde_json::Result<Observation> {
    let what = match entry.kind {
        Some(ObservationKind::Mismatches) => Remark::Mismatches(read(entry.mismatches)?),
        Some(ObservationKind::Flaky) => Remark::Flaky(read(entry.mismatches)?),
        Some(ObservationKind::BareError) => Remark::BareError,
        None => Remark::Told(entry.what),
    };
    Ok(Observation { requirement: entry.requirement, what })
}
