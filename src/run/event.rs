//! The events of a run: every report is a fold over them, and nothing else leaves a run. They contain no secrets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::exchange::{Redaction, harmless_line, harmless_text};
use crate::judge::{Finding, Mismatch, Observation, Remark, Verdict};
use crate::plan::Part;
use crate::requirement::Level;
use crate::scenario::Registration;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "cli", derive(Serialize, Deserialize), serde(rename_all = "kebab-case"))]
pub enum Event {
    /// First, once.
    Started(Started),
    /// The target was reset to just installed.
    Reset,
    /// The target's registration state was probed.
    Registration(Registration),
    /// The versions that the target states, if it states any: one, unless several servers answer or it was replaced.
    Versions(Vec<String>),
    /// A case has its verdict.
    Case(Box<CaseReport>),
    /// A remark for the owner.
    Note(String),
    /// What recorded traffic touched.
    Coverage(Coverage),
    /// Every verdict is known; the run now removes what it made on the target.
    Judged,
    /// Last, once. Without it the run died.
    Ended(Ended),
}

impl Event {
    /// The event without characters that a terminal or a CI server would interpret. Reports are made of such events.
    pub(crate) fn harmless(mut self) -> Event {
        match &mut self {
            Event::Started(Started { version, suite, target, requirements, .. }) => {
                let infos = requirements.iter_mut();
                let of_infos = infos.flat_map(|info| [&mut info.id, &mut info.says, &mut info.source]);
                let of_suite = suite.iter_mut().map(|suite| &mut suite.digest);
                let others = of_suite.chain(&mut target.versions).chain([version, &mut target.url]);
                of_infos.chain(others).for_each(|text| replace(text, harmless_line));
            }
            Event::Case(case) => case.each_text(&mut |text, kind| match kind {
                Text::Own | Text::Place | Text::Command => replace(text, harmless_line),
                Text::Target | Text::Transcript => replace(text, harmless_text),
            }),
            Event::Versions(versions) => versions.iter_mut().for_each(|text| replace(text, harmless_line)),
            Event::Note(note) => replace(note, harmless_text),
            Event::Coverage(_) | Event::Reset | Event::Registration(_) | Event::Judged | Event::Ended(_) => {}
        }
        self
    }
}

fn replace(text: &mut String, change: fn(&str) -> Cow<'_, str>) {
    if let Cow::Owned(changed) = change(text) {
        *text = changed;
    }
}

/// What the run is going to do, and against which target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Started {
    pub version: String,
    /// The suite as a whole. Earlier versions did not say, and recorded traffic is not held to cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<WholeSuite>,
    /// By the clock of the machine it ran on.
    pub at: Timestamp,
    /// How many cases are planned, including skipped ones.
    pub cases: usize,
    /// Which part of the selected cases these are, in a sharded run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    pub planned_resets: usize,
    pub target: TargetInfo,
    /// The lowest level at which a finding fails its case.
    pub fail_on: Level,
    /// Every requirement that a planned case or an oracle cites, sorted by id.
    pub requirements: Vec<RequirementInfo>,
}

/// What reports say about the suite from which the cases were selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct WholeSuite {
    /// SHA-256 over all its files.
    pub digest: String,
    /// How many cases it has.
    pub cases: usize,
}

/// What reports say about the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct TargetInfo {
    pub url: String,
    /// It is the reference client inside this program, so the run says nothing about anybody's server.
    pub embedded: bool,
    /// If known.
    pub registration: Option<Registration>,
    /// The versions that it states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

/// What reports say about a requirement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct RequirementInfo {
    pub id: String,
    pub level: Level,
    /// The rule in our words.
    pub says: String,
    /// Page and section.
    pub source: String,
    /// Whether an oracle checks it in every exchange.
    pub oracle: bool,
}

/// The result of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseReport {
    /// `area/file::row`.
    pub id: String,
    /// What its scenario shows.
    pub title: String,
    /// The scenario's file.
    pub file: String,
    /// The line of its row, 1-based.
    pub line: usize,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why, if it is blocked, skipped, known or an error.
    pub reason: Option<Reason>,
    /// The steps of a failed case that could not be tried, and why.
    pub not_asked: Option<NotAsked>,
    /// From its first request to its last answer, without set-up by the harness.
    pub duration_ms: u64,
    /// Whether it is its area's control.
    pub control: bool,
    /// The case id or file id whose acceptance gives its refusal a meaning.
    pub twin: Option<String>,
    /// The requirements that its expectations cite.
    pub cites: Vec<String>,
    /// Broken requirements; on a passing case they are warnings of level should.
    pub findings: Vec<Finding>,
    /// What no document forbids.
    pub observations: Vec<Observation>,
    /// Commands that repeat it, if it did not pass.
    pub reproduce: Vec<String>,
    /// Its exchanges as text, if it did not pass.
    pub exchanges: Vec<String>,
}

/// Steps that could not be tried because of an earlier answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAsked {
    /// At least one.
    pub steps: Vec<String>,
    pub why: Reason,
}

/// The kinds of text in a case report.
#[derive(Clone, Copy)]
enum Text {
    /// The suite's own, one line.
    Own,
    /// A place in an answer, one line.
    Place,
    /// Partly from the target.
    Target,
    /// One line that repeats a request.
    Command,
    Transcript,
}

/// The limit for texts of a target, in bytes: nobody reads more, and every report contains them.
const LONGEST: usize = 64 * 1024;

impl CaseReport {
    pub(crate) fn new(id: impl Into<String>, verdict: Verdict) -> CaseReport {
        CaseReport { id: id.into(), line: 1, verdict, ..CaseReport::default() }
    }

    /// Removes the secrets from every text that is not the suite's own.
    pub(crate) fn redact(&mut self, secrets: &Redaction) {
        self.each_text(&mut |text, kind| match kind {
            Text::Own => {}
            Text::Place | Text::Target if text.len() > LONGEST => {
                let shown = secrets.apply_to_cut(&text[..text.floor_char_boundary(LONGEST)]);
                *text = format!("{shown}… ({} bytes in all)", text.len());
            }
            Text::Place | Text::Target | Text::Command | Text::Transcript => *text = secrets.apply(text),
        });
    }

    /// Lets `change` edit every text.
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String, Text)) {
        let CaseReport {
            id,
            title,
            file,
            line: _,
            verdict: _,
            reason,
            not_asked,
            duration_ms: _,
            control: _,
            twin,
            cites,
            findings,
            observations,
            reproduce,
            exchanges,
        } = self;
        for text in [id, title, file].into_iter().chain(twin).chain(cites) {
            change(text, Text::Own);
        }
        let mut mismatches = Vec::new();
        for Finding { requirement, level: _, step, mismatches: broken, about: _ } in findings {
            change(requirement, Text::Own);
            change(step, Text::Own);
            mismatches.extend(broken);
        }
        for Observation { requirement, what } in observations {
            requirement.iter_mut().for_each(|text| change(text, Text::Own));
            match what {
                Remark::Mismatches(seen) | Remark::Flaky(seen) => mismatches.extend(seen),
                Remark::Told(text) => change(text, Text::Target),
                Remark::BareError => {}
            }
        }
        for Mismatch { at, expected, observed } in mismatches {
            at.text_mut().into_iter().for_each(|text| change(text, Text::Place));
            expected.texts_mut().into_iter().chain(observed.texts_mut()).for_each(|text| change(text, Text::Target));
        }
        let mut causes: Vec<&mut Reason> = reason.iter_mut().collect();
        if let Some(NotAsked { steps, why }) = not_asked {
            steps.iter_mut().for_each(|text| change(text, Text::Own));
            causes.push(why);
        }
        causes.into_iter().flat_map(Reason::texts_mut).for_each(|text| change(text, Text::Target));
        reproduce.iter_mut().for_each(|text| change(text, Text::Command));
        exchanges.iter_mut().for_each(|text| change(text, Text::Transcript));
    }

    pub(crate) fn area(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// The id of its scenario, `area/file`.
    pub(crate) fn scenario(&self) -> &str {
        self.id.split("::").next().unwrap_or_default()
    }

    /// The finding under which reports list it: the first of the highest level.
    pub(crate) fn chief_finding(&self) -> Option<&Finding> {
        // Of equal ones `max_by_key` gives the last.
        self.findings.iter().rev().max_by_key(|finding| finding.level)
    }

    /// The number of findings on a passing case.
    pub(crate) fn warnings(&self) -> usize {
        if self.verdict == Verdict::Pass { self.findings.len() } else { 0 }
    }
}

/// How often recorded traffic has each operation, each status, and each documented error. What it never has is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Coverage {
    pub operations: BTreeMap<String, u64>,
    pub statuses: BTreeMap<String, u64>,
    pub errors: BTreeMap<String, u64>,
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Ended {
    /// Every planned case has its verdict; of a merged run, every selected case.
    pub complete: bool,
    /// By Ctrl-C.
    pub interrupted: bool,
    /// The admin's password could not be set back to the owner's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub password_changed: bool,
    pub elapsed_ms: u64,
}
