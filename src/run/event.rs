//! The stream that a run is: every report is a fold over these events, and nothing else leaves a run.
//!
//! All texts in them are free of secrets already.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Cause;
use crate::exchange::{Redaction, harmless_line, harmless_text};
use crate::judge::{Finding, Mismatch, Observation, Remark, Verdict};
use crate::plan::Part;
use crate::requirement::Level;
use crate::scenario::Registration;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// First, once.
    Started(Started),
    /// The target was brought back to just installed.
    Reset,
    /// The target's registration state, which nobody had given, was found out.
    Registration(Registration),
    /// A case was judged, or could not be.
    Case(Box<CaseReport>),
    /// Something that the owner should know.
    Note(String),
    /// Every verdict is known; what the run made on the target is removed now.
    Judged,
    /// Last, once. A stream without it is of a run that died.
    Ended(Ended),
}

impl Event {
    /// The event with texts that no terminal and no CI server obeys. Every report is made of such events, also of those
    /// that were read from a file.
    pub fn harmless(mut self) -> Event {
        match &mut self {
            Event::Started(started) => started.harmless(),
            Event::Case(case) => {
                case.each_text(&mut |text, lines| match lines {
                    Lines::One => replace(text, harmless_line),
                    Lines::Many => replace(text, harmless_text),
                });
            }
            Event::Note(note) => replace(note, harmless_text),
            Event::Reset | Event::Registration(_) | Event::Judged | Event::Ended(_) => {}
        }
        self
    }
}

fn replace(text: &mut String, change: fn(&str) -> Cow<'_, str>) {
    if let Cow::Owned(changed) = change(text) {
        *text = changed;
    }
}

/// What the run is going to do, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The version of the suite.
    pub version: String,
    /// When it began, by the clock of the machine it ran on.
    pub at: Timestamp,
    /// How many cases are planned, the skipped ones included.
    pub cases: usize,
    /// Which part of the selected cases these are; absent where they are all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// How many resets the plan needs.
    pub planned_resets: usize,
    /// Whom it judges.
    pub target: TargetInfo,
    /// The level from which on a finding fails its case.
    pub fail_on: Level,
    /// Every requirement that a planned case or an oracle cites, in the order of their ids.
    pub requirements: Vec<RequirementInfo>,
}

impl Started {
    fn harmless(&mut self) {
        let Started { version, target, requirements, .. } = self;
        let of_requirement = |info: &mut RequirementInfo| {
            let RequirementInfo { id, says, source, .. } = info;
            [id, says, source].into_iter().for_each(|text| replace(text, harmless_line));
        };
        requirements.iter_mut().for_each(of_requirement);
        replace(version, harmless_line);
        replace(&mut target.url, harmless_line);
    }

    /// What there is to say of a requirement, if the run knows it.
    pub fn requirement(&self, id: &str) -> Option<&RequirementInfo> {
        self.requirements.iter().find(|info| info.id == id)
    }
}

/// Whom a run judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// Its address.
    pub url: String,
    /// Whether it is the reference client inside this program: then nothing is said of anybody's server.
    pub embedded: bool,
    /// Its registration state, where known.
    pub registration: Option<Registration>,
}

/// What reports say of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementInfo {
    /// Its id.
    pub id: String,
    /// Its level.
    pub level: Level,
    /// The rule in our words.
    pub says: String,
    /// Page and section.
    pub source: String,
    /// Whether an oracle holds every exchange to it.
    pub oracle: bool,
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReport {
    /// `area/file::row`.
    pub id: String,
    /// What its scenario shows.
    pub title: String,
    /// The scenario's file.
    pub file: String,
    /// The line of its row, 1-based.
    pub line: usize,
    /// Exactly one.
    pub verdict: Verdict,
    /// Why, on blocked, skipped, known and error.
    pub reason: Option<Cause>,
    /// The steps of a failed case that could not be asked any more, and why.
    pub not_asked: Option<NotAsked>,
    /// From its first request to its last answer; set-up by the harness does not count.
    pub duration_ms: u64,
    /// Whether it is its area's control.
    pub control: bool,
    /// The case id or file id whose acceptance shows that its refusal says something.
    pub twin: Option<String>,
    /// The requirements that its expectations cite.
    pub cites: Vec<String>,
    /// Broken requirements; of level should on a passing case, they are warnings.
    pub findings: Vec<Finding>,
    /// What no document forbids.
    pub observations: Vec<Observation>,
    /// Commands that repeat it; on failing cases.
    pub reproduce: Vec<String>,
    /// Its exchanges as text; on failing cases.
    pub exchanges: Vec<String>,
}

/// Steps that could not be asked, because of what an earlier one was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAsked {
    /// Their names; at least one.
    pub steps: Vec<String>,
    /// What stood in the way.
    pub why: Cause,
}

/// How many lines a text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

/// The longest text of a finding or an observation, in bytes: nobody reads more, and every report holds it.
const LONGEST: usize = 64 * 1024;

impl CaseReport {
    /// A case of which nothing is known but its id and what became of it.
    pub fn new(id: impl Into<String>, verdict: Verdict) -> CaseReport {
        CaseReport {
            id: id.into(),
            title: String::new(),
            file: String::new(),
            line: 1,
            verdict,
            reason: None,
            not_asked: None,
            duration_ms: 0,
            control: false,
            twin: None,
            cites: Vec::new(),
            findings: Vec::new(),
            observations: Vec::new(),
            reproduce: Vec::new(),
            exchanges: Vec::new(),
        }
    }

    /// Takes the secrets out of every text that a target has a say in. The others are the suite's own.
    pub fn redact(&mut self, secrets: &Redaction) {
        let words = |text: &mut String| {
            *text = match text.len() <= LONGEST {
                true => secrets.apply(text),
                false => {
                    let shown = secrets.apply_to_cut(&text[..text.floor_char_boundary(LONGEST)]);
                    format!("{shown}… ({} bytes in all)", text.len())
                }
            };
        };
        let causes = self.reason.iter_mut().chain(self.not_asked.iter_mut().map(|not_asked| &mut not_asked.why));
        causes.flat_map(Cause::texts_mut).for_each(words);
        for finding in &mut self.findings {
            finding.mismatches.iter_mut().flat_map(texts_mut).for_each(words);
        }
        for observation in &mut self.observations {
            match &mut observation.what {
                Remark::Mismatches(mismatches) => mismatches.iter_mut().flat_map(texts_mut).for_each(words),
                Remark::Told(text) => words(text),
                Remark::BareError => {}
            }
        }
        let records = self.reproduce.iter_mut().chain(&mut self.exchanges);
        records.for_each(|text| *text = secrets.apply(text));
    }

    /// Shows every text, each with how many lines it may have.
    fn each_text(&mut self, show: &mut dyn FnMut(&mut String, Lines)) {
        let CaseReport {
            id,
            title,
            file,
            line: _,
            verdict: _,
            reason,
            duration_ms: _,
            control: _,
            twin,
            cites,
            findings,
            observations,
            not_asked,
            reproduce,
            exchanges,
        } = self;
        for text in [id, title, file].into_iter().chain(twin).chain(cites).chain(reproduce) {
            show(text, Lines::One);
        }
        for Finding { requirement, level: _, step, mismatches } in findings {
            show(requirement, Lines::One);
            show(step, Lines::One);
            mismatches.iter_mut().for_each(|mismatch| show_mismatch(mismatch, show));
        }
        for Observation { requirement, what } in observations {
            requirement.iter_mut().for_each(|text| show(text, Lines::One));
            match what {
                Remark::Mismatches(mismatches) => {
                    mismatches.iter_mut().for_each(|mismatch| show_mismatch(mismatch, show));
                }
                Remark::Told(text) => show(text, Lines::Many),
                Remark::BareError => {}
            }
        }
        if let Some(NotAsked { steps, why }) = not_asked {
            steps.iter_mut().for_each(|text| show(text, Lines::One));
            why.texts_mut().into_iter().for_each(|text| show(text, Lines::Many));
        }
        reason.iter_mut().flat_map(Cause::texts_mut).chain(exchanges).for_each(|text| show(text, Lines::Many));
    }

    /// The area, by its id.
    pub fn area(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// The id of its scenario, `area/file`.
    pub fn scenario(&self) -> &str {
        self.id.split("::").next().unwrap_or_default()
    }

    /// The finding that it is filed under where cases are grouped by rule: the first of the highest level.
    pub fn chief_finding(&self) -> Option<&Finding> {
        let highest = self.findings.iter().map(|finding| finding.level).max();
        self.findings.iter().find(|finding| Some(finding.level) == highest)
    }

    /// Findings of level should on a passing case.
    pub fn warnings(&self) -> usize {
        match self.verdict {
            Verdict::Pass => self.findings.len(),
            _ => 0,
        }
    }
}

/// Every text of a mismatch.
fn texts_mut(mismatch: &mut Mismatch) -> impl Iterator<Item = &mut String> {
    let Mismatch { at, expected, observed } = mismatch;
    at.text_mut().into_iter().chain(expected.texts_mut()).chain(observed.texts_mut())
}

fn show_mismatch(mismatch: &mut Mismatch, show: &mut dyn FnMut(&mut String, Lines)) {
    mismatch.at.text_mut().into_iter().for_each(|text| show(text, Lines::One));
    texts_mut(mismatch).for_each(|text| show(text, Lines::Many));
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Every planned case has its verdict; of a merged run, every selected case.
    pub complete: bool,
    /// Somebody pressed Ctrl-C.
    pub interrupted: bool,
    /// The admin could not be given the owner's password back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub password_changed: bool,
    /// Wall time of the whole run.
    pub elapsed_ms: u64,
}
