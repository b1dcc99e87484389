//! The report as one JSON document (`wabizspec/report/1`), written at the end of the run.
//!
//! The document says all that the events of the run say, so it can be read back into them.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Report;
use super::wire::CaseEntry;
use crate::judge::{RequirementVerdict, Verdict};
use crate::plan::Part;
use crate::requirement::Level;
use crate::run::{CaseReport, Ended, Event, RequirementInfo, RequirementResult, Started, Summary, TargetInfo};

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
            cases: self.cases.iter().map(CaseEntry::from).collect(),
        };
        serde_json::to_writer_pretty(&mut self.out, &document)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

/// The document.
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
    summary: Counts,
    planned_resets: usize,
    resets: usize,
    notes: Vec<String>,
    requirements: Vec<RequirementEntry>,
    cases: Vec<CaseEntry>,
}

impl Document {
    /// The events of a run that this is the report of.
    ///
    /// # Errors
    /// A kind of fact that is not known.
    pub fn into_events(self) -> serde_json::Result<Vec<Event>> {
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
        let mut events = vec![started];
        events.extend(std::iter::repeat_n(Event::Reset, self.resets));
        for case in self.cases {
            events.push(Event::Case(Box::new(case.try_into()?)));
        }
        events.extend(self.notes.into_iter().map(Event::Note).chain(ended));
        Ok(events)
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
