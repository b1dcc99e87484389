//! What a fuzz run has done, counted: for people's table and for the report `wabizspec/fuzz/1`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::finding::Found;
use super::probe::{Kind, Probed};
use super::{Check, Class, Surface};
use crate::exchange::{harmless_line, harmless_text};
use crate::requirement::Level;

/// All that is counted of a run.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// The seed.
    pub seed: u64,
    /// Whether the run came to its end.
    pub complete: bool,
    /// It was interrupted.
    pub interrupted: bool,
    /// Requests that were sent, those that looked at the state included.
    pub requests: u64,
    /// Inputs that were tried.
    pub inputs: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Answers to inputs, by kind.
    pub answers: BTreeMap<Kind, u64>,
    /// Inputs by surface, class and kind of answer.
    pub table: BTreeMap<(Surface, Class, Kind), u64>,
    /// Rows of the catalogue that were covered.
    pub rows: BTreeSet<&'static str>,
    /// Inputs that were not sent, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Findings and warnings.
    pub found: Vec<Found>,
    /// What the documents leave open: what was seen, and how often.
    pub observed: BTreeMap<String, u64>,
    /// Why the run could not go on, or could not judge.
    pub blocked: Option<String>,
    /// What the run had no time for.
    pub unfinished: Vec<String>,
    /// How many inputs are mixed.
    pub corpus: usize,
}

/// How many different observations are kept.
const OBSERVATIONS: usize = 200;

impl Summary {
    /// Takes in one input.
    pub fn take(&mut self, surface: Surface, row: Option<&'static str>, probed: &Probed) {
        self.requests += probed.requests;
        if let Some(why) = probed.skipped {
            *self.skipped.entry(why).or_default() += 1;
            return;
        }
        self.inputs += 1;
        self.rows.extend(row);
        *self.answers.entry(probed.kind).or_default() += 1;
        *self.table.entry((surface, probed.class, probed.kind)).or_default() += 1;
        for observation in &probed.observed {
            if self.observed.len() < OBSERVATIONS || self.observed.contains_key(observation) {
                *self.observed.entry(observation.clone()).or_default() += 1;
            }
        }
    }

    /// The findings of level must.
    pub fn findings(&self) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(|found| found.level == Level::Must)
    }

    /// The findings of level should.
    pub fn warnings(&self) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(|found| found.level != Level::Must)
    }

    /// Requests per second over the whole run.
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        // Exact up to 2⁵³ requests.
        #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
        let requests = self.requests as f64;
        if seconds > 0.0 { (requests / seconds * 10.0).round() / 10.0 } else { 0.0 }
    }

    /// The report as JSON, `wabizspec/fuzz/1`.
    pub fn document(&self) -> serde_json::Value {
        let entry = |found: &Found| Entry {
            id: found.id.clone(),
            oracle: found.signature.check,
            requirement: found.signature.requirement.clone(),
            surface: found.surface.to_string(),
            file: found.file.as_ref().map(|file| file.display().to_string()),
            what: harmless_line(&found.what).into_owned(),
            times: found.times,
            confirmed: found.confirmed,
            reproduce: found.reproduce.clone(),
        };
        let document = Document {
            schema: "wabizspec/fuzz/1",
            complete: self.complete && self.blocked.is_none() && self.unfinished.is_empty(),
            seed: self.seed,
            requests: self.requests,
            elapsed_s: (self.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            requests_per_s: self.rate(),
            answers: self.answers.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
            findings: self.findings().map(entry).collect(),
            warnings: self.warnings().map(entry).collect(),
            observations: self
                .observed
                .iter()
                .map(|(what, times)| Seen { what: harmless_line(what).into_owned(), times: *times })
                .collect(),
            rows: self.rows.iter().copied().collect(),
            blocked: self.blocked.as_deref().map(|why| harmless_text(why).into_owned()),
            unfinished: self.unfinished.iter().map(|why| harmless_text(why).into_owned()).collect(),
        };
        serde_json::to_value(document).unwrap_or_default()
    }
}

#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    complete: bool,
    seed: u64,
    requests: u64,
    elapsed_s: f64,
    requests_per_s: f64,
    answers: BTreeMap<String, u64>,
    findings: Vec<Entry>,
    warnings: Vec<Entry>,
    observations: Vec<Seen>,
    /// Rows of the catalogue of attack classes that were covered.
    rows: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfinished: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    oracle: Check,
    requirement: String,
    surface: String,
    file: Option<String>,
    what: String,
    times: u64,
    /// It was seen again when the input was tried by itself.
    confirmed: bool,
    reproduce: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Seen {
    what: String,
    times: u64,
}
