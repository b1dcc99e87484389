//! The report as one JSON document (`wabizspec/report/1`). It says all that the events say, so it can be read back.

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::causes::{Cause, CauseEntry, causes};
use super::view::View;
use crate::documented::api::Operation;
use crate::judge::{RequirementVerdict, Verdict};
use crate::plan::Part;
use crate::requirement::Level;
use crate::run::{
    CaseReport, Coverage, Ended, Event, RequirementInfo, RequirementResult, Share, Started, TargetInfo, WholeSuite,
};

pub(super) const SCHEMA: &str = "wabizspec/report/1";

/// The report of a run, of merged runs, or of judged traffic.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RunReport<'v> {
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    suite: SuiteInfo,
    target: &'v TargetInfo,
    /// By the clock of the machine it ran on.
    started_at: Timestamp,
    /// Absent where the run died.
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
    /// Every planned case has its verdict.
    complete: bool,
    /// The run was stopped, or died.
    interrupted: bool,
    /// The admin's password could not be set back to the owner's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    password_changed: bool,
    /// The lowest level at which a finding fails its case.
    fail_on: Level,
    summary: Counts,
    /// By area and level.
    proven: Vec<Proven<'v>>,
    planned_resets: usize,
    resets: usize,
    /// Remarks for the owner.
    notes: &'v [String],
    /// Of judged traffic only.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'v Coverage>,
    /// In the order of their ids.
    requirements: Vec<Requirement<'v>>,
    /// The most telling first.
    causes: Vec<CauseEntry<'v>>,
    /// The operations that the target does not have.
    missing: BTreeSet<Operation>,
    /// In the order of their ids.
    cases: Vec<&'v CaseReport>,
}

/// What was run.
#[derive(Serialize, Deserialize, JsonSchema)]
struct SuiteInfo {
    /// Of wabizspec.
    version: String,
    /// How many cases are planned, including skipped ones.
    cases: usize,
    /// Which part of the selected cases these are, in a sharded run.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
    /// Of the whole suite. Absent as in [`Started::suite`].
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// How many cases the whole suite has.
    #[serde(skip_serializing_if = "Option::is_none")]
    whole: Option<usize>,
}

/// How many cases have each verdict, and how many warnings and observations there are.
#[derive(Serialize, JsonSchema)]
struct Counts {
    pass: usize,
    fail: usize,
    blocked: usize,
    skipped: usize,
    known: usize,
    error: usize,
    warnings: usize,
    observations: usize,
}

/// How many requirements of an area and a level the run proves.
#[derive(Serialize, JsonSchema)]
struct Proven<'v> {
    area: &'v str,
    level: Level,
    proven: usize,
    /// Those that can be proven on a target of this kind.
    of: usize,
    /// Rounded down: 100 is all of them.
    #[schemars(range(max = 100))]
    percent: Option<usize>,
}

/// A requirement and its verdict.
#[derive(Serialize, JsonSchema)]
struct Requirement<'v> {
    id: &'v str,
    level: Level,
    verdict: RequirementVerdict,
    /// The rule in our words.
    says: &'v str,
    /// Page and section.
    source: &'v str,
    /// Whether an oracle checks it in every exchange.
    oracle: bool,
    /// The cases that cite it.
    cases: Vec<&'v str>,
}

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let Some(started) = &view.summary.started else { return Ok(()) };
    serde_json::to_writer_pretty(&mut *out, &report(view, started))?;
    out.write_all(b"\n")
}

fn report<'v>(view: &'v View, started: &'v Started) -> RunReport<'v> {
    let summary = &view.summary;
    let ended = summary.ended.as_ref();
    let causes = causes(view);
    let count = |verdict| summary.count(verdict);
    RunReport {
        schema: SCHEMA,
        suite: SuiteInfo {
            version: started.version.clone(),
            cases: started.cases,
            part: started.part,
            digest: started.suite.as_ref().map(|suite| suite.digest.clone()),
            whole: started.suite.as_ref().map(|suite| suite.cases),
        },
        target: &started.target,
        started_at: started.at,
        elapsed_ms: ended.map(|ended| ended.elapsed_ms),
        complete: summary.is_complete(),
        interrupted: ended.is_none_or(|ended| ended.interrupted),
        password_changed: ended.is_some_and(|ended| ended.password_changed),
        fail_on: started.fail_on,
        summary: Counts {
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            blocked: count(Verdict::Blocked),
            skipped: count(Verdict::Skipped),
            known: count(Verdict::Known),
            error: count(Verdict::Error),
            warnings: summary.warnings,
            observations: summary.observations,
        },
        proven: summary.shares().into_iter().map(proven).collect(),
        planned_resets: started.planned_resets,
        resets: summary.resets,
        notes: &view.notes,
        coverage: view.coverage.as_ref(),
        requirements: summary.requirements().into_iter().map(requirement).collect(),
        missing: causes.iter().filter_map(|cause| cause.missing).chain(view.needed.keys().copied()).collect(),
        causes: causes.iter().map(Cause::entry).collect(),
        cases: view.sorted(),
    }
}

fn proven<'v>(((area, level), share): ((&'v str, Level), Share)) -> Proven<'v> {
    let Share { proven, of } = share;
    Proven { area, level, proven, of, percent: share.percent() }
}

fn requirement(result: RequirementResult<'_>) -> Requirement<'_> {
    let RequirementInfo { id, level, says, source, oracle } = result.requirement;
    let mut cases = result.cases;
    cases.sort_unstable();
    Requirement { id, level: *level, verdict: result.verdict, says, source, oracle: *oracle, cases }
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
