//! The report as one JSON document (`wabizspec/report/1`), written at the end of the run.
//!
//! The document says all that the events of the run say, so it can be read back into them.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Report;
use crate::judge::{Finding, Mismatch, Observation, RequirementVerdict, Verdict};
use crate::plan::Part;
use crate::requirement::Level;
use crate::run::{
    CaseReport, Ended, Event, NotAsked, RequirementInfo, RequirementResult, Started, Summary, TargetInfo,
};

/// The version of the document's shape.
pub(super) const SCHEMA: &str = "wabizspec/report/1";

/// Collects the cases and writes the document.
pub struct Json {
    out: Box<dyn Write + Send>,
    cases: Vec<CaseReport>,
    notes: Vec<String>,
}

impl Json {
    /// Onto that writer.
    pub fn new(out: Box<dyn Write + Send>) -> Json {
        Json { out, cases: Vec::new(), notes: Vec::new() }
    }
}

impl Report for Json {
    fn take(&mut self, event: &Event, _: &Summary) -> io::Result<()> {
        match event {
            Event::Case(case) => self.cases.push((**case).clone()),
            Event::Note(note) => self.notes.push(note.clone()),
            _ => {}
        }
        Ok(())
    }

    fn draft(&mut self, summary: &Summary) -> io::Result<bool> {
        self.finish(summary).map(|()| true)
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let Some(started) = summary.started() else {
            return Ok(());
        };
        self.cases.sort_by(|a, b| a.id.cmp(&b.id));
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
            summary: Counts::of(summary),
            planned_resets: started.planned_resets,
            resets: summary.resets(),
            notes: self.notes.clone(),
            requirements: summary.requirements().into_iter().map(RequirementEntry::of).collect(),
            cases: self.cases.iter().cloned().map(CaseEntry::of).collect(),
        };
        serde_json::to_writer_pretty(&mut self.out, &document)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

/// The document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    summary: Counts,
    planned_resets: usize,
    resets: usize,
    notes: Vec<String>,
    requirements: Vec<RequirementEntry>,
    cases: Vec<CaseEntry>,
}

impl Document {
    /// The events of a run that this is the report of.
    pub fn into_events(self) -> impl Iterator<Item = Event> {
        let started = Event::Started(Started {
            version: self.suite.version,
            at: self.started_at,
            cases: self.suite.cases,
            part: self.suite.part,
            planned_resets: self.planned_resets,
            target: self.target,
            fail_on: self.fail_on,
            requirements: self.requirements.into_iter().map(RequirementEntry::into_info).collect(),
        });
        let ended = self.elapsed_ms.map(|elapsed_ms| {
            Event::Ended(Ended {
                complete: self.complete,
                interrupted: self.interrupted,
                password_changed: self.password_changed,
                elapsed_ms,
            })
        });
        std::iter::once(started)
            .chain(std::iter::repeat_n(Event::Reset, self.resets))
            .chain(self.cases.into_iter().map(CaseEntry::into_event))
            .chain(self.notes.into_iter().map(Event::Note))
            .chain(ended)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteInfo {
    version: String,
    cases: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl Counts {
    fn of(summary: &Summary) -> Counts {
        Counts {
            pass: summary.count(Verdict::Pass),
            fail: summary.count(Verdict::Fail),
            blocked: summary.count(Verdict::Blocked),
            skipped: summary.count(Verdict::Skipped),
            known: summary.count(Verdict::Known),
            error: summary.count(Verdict::Error),
            warnings: summary.warnings(),
            observations: summary.observations(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

    fn into_info(self) -> RequirementInfo {
        RequirementInfo { id: self.id, level: self.level, says: self.says, source: self.source, oracle: self.oracle }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEntry {
    id: String,
    title: String,
    file: String,
    line: usize,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_asked: Option<NotAsked>,
    duration_ms: u64,
    control: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<String>,
    cites: Vec<String>,
    findings: Vec<FindingEntry>,
    observations: Vec<Observation>,
    reproduce: Vec<String>,
    exchanges: Vec<String>,
}

impl CaseEntry {
    fn of(case: CaseReport) -> CaseEntry {
        CaseEntry {
            id: case.id,
            title: case.title,
            file: case.file,
            line: case.line,
            verdict: case.verdict,
            reason: case.reason,
            not_asked: case.not_asked,
            duration_ms: case.duration_ms,
            control: case.control,
            twin: case.twin,
            cites: case.cites,
            findings: case.findings.into_iter().map(FindingEntry::of).collect(),
            observations: case.observations,
            reproduce: case.reproduce,
            exchanges: case.exchanges,
        }
    }

    fn into_event(self) -> Event {
        Event::Case(Box::new(CaseReport {
            id: self.id,
            title: self.title,
            file: self.file,
            line: self.line,
            verdict: self.verdict,
            reason: self.reason,
            not_asked: self.not_asked,
            duration_ms: self.duration_ms,
            control: self.control,
            twin: self.twin,
            cites: self.cites,
            findings: self.findings.into_iter().map(FindingEntry::into_finding).collect(),
            observations: self.observations,
            reproduce: self.reproduce,
            exchanges: self.exchanges,
        }))
    }
}

/// A finding with its mismatches in one line each way, for readers who want no more, and one by one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingEntry {
    requirement: String,
    level: Level,
    step: String,
    expected: String,
    observed: String,
    mismatches: Vec<Mismatch>,
}

impl FindingEntry {
    fn of(finding: Finding) -> FindingEntry {
        FindingEntry {
            expected: finding.expected(),
            observed: finding.observed(),
            requirement: finding.requirement,
            level: finding.level,
            step: finding.step,
            mismatches: finding.mismatches,
        }
    }

    fn into_finding(self) -> Finding {
        Finding { requirement: self.requirement, level: self.level, step: self.step, mismatches: self.mismatches }
    }
}
