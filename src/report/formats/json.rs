//! The report as one JSON document (`wabizspec/report/1`). It says all that the events say, so it can be read back.

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::causes::{Cause, causes};
use super::view::View;
use super::wire::members;
use crate::documented::api::Operation;
use crate::plan::Part;
use crate::requirement::Level;
use crate::run::{
    CaseReport, Coverage, Ended, Event, RequirementInfo, RequirementResult, Share, Started, TargetInfo, WholeSuite,
};

pub(super) const SCHEMA: &str = "wabizspec/report/1";

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let summary = &view.summary;
    let Some(started) = &summary.started else { return Ok(()) };
    let ended = summary.ended.as_ref();
    let causes = causes(view);
    let document = members(json!({
        "schema": SCHEMA,
        "suite": members(json!({
            "version": started.version, "cases": started.cases, "part": started.part,
            "digest": started.suite.as_ref().map(|suite| &suite.digest),
            "whole": started.suite.as_ref().map(|suite| suite.cases),
        })),
        "target": started.target,
        "started_at": started.at,
        "elapsed_ms": ended.map(|ended| ended.elapsed_ms),
        "complete": summary.is_complete(),
        "interrupted": ended.is_none_or(|ended| ended.interrupted),
        "password_changed": ended.filter(|ended| ended.password_changed).map(|_| true),
        "fail_on": started.fail_on,
        "summary": view.counts().into_iter().map(|(name, count)| (name, count.into())).collect::<Map<String, Value>>(),
        "proven": summary.shares().into_iter().map(share).collect::<Vec<Value>>(),
        "planned_resets": started.planned_resets,
        "resets": summary.resets,
        "notes": view.notes,
        "coverage": view.coverage,
        "requirements": summary.requirements().into_iter().map(requirement).collect::<Vec<Value>>(),
        "causes": causes.iter().map(Cause::to_json).collect::<Vec<Value>>(),
        "missing": causes.iter().filter_map(|cause| cause.missing).chain(view.needed.keys().copied()).collect::<BTreeSet<Operation>>(),
        "cases": view.sorted(),
    }));
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn share(((area, level), share): ((&str, Level), Share)) -> Value {
    let Share { proven, of } = share;
    json!({ "area": area, "level": level, "proven": proven, "of": of, "percent": share.percent() })
}

fn requirement(result: RequirementResult<'_>) -> Value {
    let RequirementInfo { id, level, says, source, oracle } = result.requirement;
    let mut cases = result.cases;
    cases.sort_unstable();
    json!({
        "id": id, "level": level, "verdict": result.verdict, "says": says, "source": source, "oracle": oracle,
        "cases": cases,
    })
}

/// What is read back; the rest follows from it.
#[derive(Deserialize)]
pub(super) struct Document {
    suite: SuiteInfo,
    target: TargetInfo,
    started_at: Timestamp,
    /// Absent where the run died.
    elapsed_ms: Option<u64>,
    complete: bool,
    interrupted: bool,
    #[serde(default)]
    password_changed: bool,
    fail_on: Level,
    planned_resets: usize,
    resets: usize,
    notes: Vec<String>,
    coverage: Option<Coverage>,
    requirements: Vec<RequirementInfo>,
    cases: Vec<CaseReport>,
}

#[derive(Deserialize)]
struct SuiteInfo {
    version: String,
    cases: usize,
    part: Option<Part>,
    /// Of the whole suite. Absent as in [`Started::suite`].
    digest: Option<String>,
    /// How many cases the whole suite has.
    whole: Option<usize>,
}

impl Document {
    /// The events of the run, as far as the document has them.
    pub fn into_events(self) -> impl Iterator<Item = Event> {
        let started = Event::Started(Started {
            version: self.suite.version,
            suite: self.suite.digest.zip(self.suite.whole).map(|(digest, cases)| WholeSuite { digest, cases }),
            at: self.started_at,
            cases: self.suite.cases,
            part: self.suite.part,
            planned_resets: self.planned_resets,
            target: self.target,
            fail_on: self.fail_on,
            requirements: self.requirements,
        });
        let Document { complete, interrupted, password_changed, .. } = self;
        let ended = |elapsed_ms| Event::Ended(Ended { complete, interrupted, password_changed, elapsed_ms });
        let resets = std::iter::repeat_n(Event::Reset, self.resets);
        let cases = self.cases.into_iter().map(|case| Event::Case(Box::new(case)));
        let notes = self.notes.into_iter().map(Event::Note);
        let coverage = self.coverage.map(Event::Coverage);
        std::iter::once(started)
            .chain(resets)
            .chain(cases)
            .chain(notes)
            .chain(coverage)
            .chain(self.elapsed_ms.map(ended))
    }
}
