//! The report as one JSON document (`wabizspec/report/1`), written at the end of the run.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::judge::{Observation, RequirementVerdict, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, Event, Summary, TargetInfo};

/// The version of the document's shape.
const SCHEMA: &str = "wabizspec/report/1";

/// Collects the cases and writes the document.
pub struct Json {
    out: Box<dyn Write + Send>,
    summary: Summary,
    cases: Vec<CaseReport>,
    notes: Vec<String>,
}

impl Json {
    /// Onto that writer.
    pub fn new(out: Box<dyn Write + Send>) -> Json {
        Json {
            out,
            summary: Summary::default(),
            cases: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Report for Json {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        self.summary.take(event);
        match event {
            Event::Case(case) => {
                let mut case = (**case).clone();
                case.exchanges.clear();
                self.cases.push(case);
            }
            Event::Note(note) => self.notes.push(note.clone()),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.cases.sort_by(|a, b| a.id.cmp(&b.id));
        let Some(started) = self.summary.started() else {
            return Ok(());
        };
        let document = Document {
            schema: SCHEMA,
            suite: SuiteInfo {
                version: &started.version,
                cases: started.cases,
            },
            target: &started.target,
            complete: self.summary.is_complete(),
            summary: Counts::of(&self.summary),
            resets: self.summary.resets(),
            notes: &self.notes,
            requirements: self
                .summary
                .requirements()
                .into_iter()
                .map(RequirementEntry::of)
                .collect(),
            cases: self.cases.iter().map(CaseEntry::of).collect(),
        };
        serde_json::to_writer_pretty(&mut self.out, &document)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    suite: SuiteInfo<'r>,
    target: &'r TargetInfo,
    complete: bool,
    summary: Counts,
    resets: usize,
    notes: &'r [String],
    requirements: Vec<RequirementEntry<'r>>,
    cases: Vec<CaseEntry<'r>>,
}

#[derive(Serialize)]
struct SuiteInfo<'r> {
    version: &'r str,
    cases: usize,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
struct RequirementEntry<'r> {
    id: &'r str,
    level: Level,
    verdict: RequirementVerdict,
    cases: Vec<&'r str>,
}

impl<'r> RequirementEntry<'r> {
    fn of(result: crate::run::RequirementResult<'r>) -> RequirementEntry<'r> {
        let mut cases = result.cases;
        cases.sort_unstable();
        RequirementEntry {
            id: &result.requirement.id,
            level: result.requirement.level,
            verdict: result.verdict,
            cases,
        }
    }
}

#[derive(Serialize)]
struct CaseEntry<'r> {
    id: &'r str,
    title: &'r str,
    file: &'r str,
    line: usize,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    duration_ms: u64,
    findings: Vec<FindingEntry<'r>>,
    observations: &'r [Observation],
    reproduce: &'r [String],
}

#[derive(Serialize)]
struct FindingEntry<'r> {
    requirement: &'r str,
    level: Level,
    step: &'r str,
    expected: String,
    observed: String,
}

impl<'r> CaseEntry<'r> {
    fn of(case: &'r CaseReport) -> CaseEntry<'r> {
        let finding = |finding: &'r crate::judge::Finding| FindingEntry {
            requirement: &finding.requirement,
            level: finding.level,
            step: &finding.step,
            expected: finding.expected(),
            observed: finding.observed(),
        };
        CaseEntry {
            id: &case.id,
            title: &case.title,
            file: &case.file,
            line: case.line,
            verdict: case.verdict,
            reason: case.reason.as_deref(),
            duration_ms: case.duration_ms,
            findings: case.findings.iter().map(finding).collect(),
            observations: &case.observations,
            reproduce: &case.reproduce,
        }
    }
}
