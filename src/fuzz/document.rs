//! The report of a fuzz run as JSON.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::finding::Found;
use super::summary::Summary;
use super::{Check, Surface};
use crate::exchange::{harmless_line, harmless_text};
use crate::requirement::Level;

const SCHEMA: &str = "wabizspec/fuzz/1";

/// What a fuzz run did and found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FuzzReport<'s> {
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The run came to its end, and could judge.
    complete: bool,
    seed: u64,
    /// Requests that were sent, those that looked at the state included.
    requests: u64,
    elapsed_s: f64,
    requests_per_s: f64,
    /// How many answers of each kind came to inputs.
    answers: BTreeMap<String, u64>,
    /// Of level must, one for each cause.
    findings: Vec<Finding<'s>>,
    /// Of level should, one for each cause.
    warnings: Vec<Finding<'s>>,
    /// What the documents leave open.
    observations: Vec<Observation>,
    /// Rows of the catalogue that were covered.
    rows: &'s BTreeSet<&'static str>,
    /// Operations that the target does not have.
    missing: Vec<&'s str>,
    /// Why the run could not go on, or could not judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<String>,
    /// What could not be done at the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfinished: Vec<String>,
}

/// A finding, with the least input that shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FuzzFinding")]
struct Finding<'s> {
    id: &'s str,
    /// Which kind of check saw it.
    oracle: Check,
    requirement: &'s str,
    surface: Surface,
    /// The file with the input, if it was saved.
    file: Option<String>,
    /// What is wrong, in words.
    what: String,
    /// How often it was seen.
    times: u64,
    /// It was seen again when the input was tried alone.
    confirmed: bool,
    /// The kinds of inputs that show it.
    inputs: Vec<String>,
    /// Commands that repeat it.
    reproduce: &'s [String],
}

/// What was seen, and how often.
#[derive(Serialize, JsonSchema)]
struct Observation {
    what: String,
    times: u64,
}

impl<'s> Finding<'s> {
    fn of(cause: &[&'s Found]) -> Finding<'s> {
        let found = cause[0];
        Finding {
            id: &found.id,
            oracle: found.signature.check,
            requirement: &found.signature.requirement,
            surface: found.surface,
            file: found.file.as_ref().map(|file| file.display().to_string()),
            what: harmless_line(&found.violation.what).into_owned(),
            times: cause.iter().map(|found| found.times).sum(),
            confirmed: found.confirmed,
            inputs: cause.iter().map(|found| found.kind_of_input()).collect(),
            reproduce: &found.reproduce,
        }
    }
}

impl Summary {
    /// The report as JSON.
    pub fn document(&self) -> Value {
        let observation = |(what, times): (&String, &u64)| {
            let what = harmless_line(what).into_owned();
            Observation { what, times: *times }
        };
        let (musts, others): (Vec<_>, Vec<_>) =
            self.causes().into_iter().partition(|cause| cause[0].violation.level == Level::Must);
        json!(FuzzReport {
            schema: SCHEMA,
            complete: self.complete && self.blocked.is_none() && self.unfinished.is_empty(),
            seed: self.seed,
            requests: self.requests,
            elapsed_s: (self.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            requests_per_s: self.rate(),
            answers: self.answers.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
            findings: musts.iter().map(|cause| Finding::of(cause)).collect(),
            warnings: others.iter().map(|cause| Finding::of(cause)).collect(),
            observations: self.observed.iter().map(observation).collect(),
            rows: &self.rows,
            missing: self.missing.iter().map(|(operation, _)| operation.as_str()).collect(),
            blocked: self.blocked.as_deref().map(|why| harmless_text(why).into_owned()),
            unfinished: self.unfinished.iter().map(|why| harmless_text(why).into_owned()).collect(),
        })
    }
}
