//! The report as one JSON document (`wabizspec/report/1`). It says all that the events of the run say, so it can be read
//! back into them.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::causes::{Cause, causes};
use super::view::View;
use crate::documented::api::Operation;
use crate::judge::RequirementVerdict;
use crate::plan::Part;
use crate::requirement::Level;
use crate::run::{CaseReport, Ended, Event, RequirementInfo, RequirementResult, Started, TargetInfo};

/// The version of the document's shape.
pub(super) const SCHEMA: &str = "wabizspec/report/1";

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let summary = &view.summary;
    let Some(started) = summary.started() else {
        return Ok(());
    };
    let causes = causes(view);
    let document = Document {
        schema: SCHEMA.to_owned(),
        suite: SuiteInfo { version: started.version.clone(), cases: started.cases, part: started.part },
        target: started.target.clone(),
        started_at: started.at,
        elapsed_ms: summary.ended().map(|ended| ended.elapsed_ms),
        complete: summary.is_complete(),
        interrupted: summary.ended().is_none_or(|ended| ended.interrupted),
        password_changed: summary.ended().is_some_and(|ended| ended.password_changed),
        fail_on: started.fail_on,
        summary: view.counts().into_iter().map(|(name, count)| (name, count.into())).collect(),
        planned_resets: started.planned_resets,
        resets: summary.resets(),
        notes: view.notes.clone(),
        requirements: summary.requirements().into_iter().map(RequirementEntry::of).collect(),
        causes: causes.iter().map(Cause::to_json).collect(),
        missing: causes.iter().filter_map(|cause| cause.missing).collect(),
        cases: view.sorted().into_iter().cloned().collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    schema: String,
    suite: SuiteInfo,
    target: TargetInfo,
    started_at: Timestamp,
    /// Absent where the run died.
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
    complete: bool,
    interrupted: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    password_changed: bool,
    fail_on: Level,
    /// For readers; not read back.
    summary: Map<String, Value>,
    planned_resets: usize,
    resets: usize,
    notes: Vec<String>,
    requirements: Vec<RequirementEntry>,
    /// For readers; not read back.
    #[serde(default)]
    causes: Vec<Value>,
    /// For readers; not read back.
    #[serde(default)]
    missing: Vec<Operation>,
    cases: Vec<CaseReport>,
}

impl Document {
    /// The events of the run, as far as the document has them.
    pub fn into_events(self) -> impl Iterator<Item = Event> {
        let rule = |RequirementEntry { id, level, says, source, oracle, .. }| RequirementInfo {
            id,
            level,
            says,
            source,
            oracle,
        };
        let started = Event::Started(Started {
            version: self.suite.version,
            at: self.started_at,
            cases: self.suite.cases,
            part: self.suite.part,
            planned_resets: self.planned_resets,
            target: self.target,
            fail_on: self.fail_on,
            requirements: self.requirements.into_iter().map(rule).collect(),
        });
        let Document { complete, interrupted, password_changed, .. } = self;
        let ended = |elapsed_ms| Event::Ended(Ended { complete, interrupted, password_changed, elapsed_ms });
        let resets = std::iter::repeat_n(Event::Reset, self.resets);
        let cases = self.cases.into_iter().map(|case| Event::Case(Box::new(case)));
        let notes = self.notes.into_iter().map(Event::Note);
        std::iter::once(started).chain(resets).chain(cases).chain(notes).chain(self.elapsed_ms.map(ended))
    }
}

#[derive(Serialize, Deserialize)]
struct SuiteInfo {
    version: String,
    cases: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
}

#[derive(Serialize, Deserialize)]
struct RequirementEntry {
    id: String,
    level: Level,
    verdict: RequirementVerdict,
    says: String,
    source: String,
    oracle: bool,
    cases: Vec<String>,
}

impl RequirementEntry {
    fn of(result: RequirementResult<'_>) -> RequirementEntry {
        let mut cases: Vec<String> = result.cases.into_iter().map(str::to_owned).collect();
        cases.sort_unstable();
        let RequirementInfo { id, level, says, source, oracle } = result.requirement.clone();
        RequirementEntry { id, level, verdict: result.verdict, says, source, oracle, cases }
    }
}
