//! What a fuzz run has done, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::finding::Found;
use super::probe::{Kind, Probed};
use super::{Class, Surface};
use crate::requirement::Level;

/// All that is counted of a run.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    pub(crate) seed: u64,
    /// Whether the run came to its end.
    pub complete: bool,
    pub(crate) interrupted: bool,
    /// Requests that were sent, those that looked at the state included.
    pub requests: u64,
    /// Inputs that were tried.
    pub inputs: u64,
    pub(crate) elapsed: Duration,
    /// Answers to inputs, by kind.
    pub answers: BTreeMap<Kind, u64>,
    /// Inputs by surface, class and kind of answer.
    pub table: BTreeMap<(Surface, Class, Kind), u64>,
    /// Rows of the catalogue that were covered.
    pub rows: BTreeSet<&'static str>,
    pub(crate) skipped: BTreeMap<&'static str, u64>,
    /// Findings and warnings, those that were not confirmed included.
    pub found: Vec<Found>,
    /// How many of them were not tried again.
    pub(crate) doubted: usize,
    /// What the documents leave open: what was seen, and how often.
    pub observed: BTreeMap<String, u64>,
    /// Why the run could not go on, or could not judge.
    pub blocked: Option<String>,
    pub(crate) unfinished: Vec<String>,
    /// Operations that the target does not have, each with the status that says so.
    pub(crate) missing: Vec<(String, u16)>,
    pub(crate) corpus: usize,
}

/// How many different observations are kept.
const OBSERVATIONS: usize = 200;

impl Summary {
    pub(super) fn take(&mut self, surface: Surface, row: Option<&'static str>, probed: &Probed) {
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
                self.observed_once(observation.clone());
            }
        }
    }

    pub(super) fn observed_once(&mut self, what: String) {
        *self.observed.entry(what).or_default() += 1;
    }

    /// The confirmed findings by their causes, in the order in which they were seen; of each cause the least input first.
    pub(crate) fn causes(&self) -> Vec<Vec<&Found>> {
        let mut causes: Vec<Vec<&Found>> = Vec::new();
        for found in self.found.iter().filter(|found| found.confirmed) {
            match causes.iter_mut().find(|cause| cause[0].signature.cause() == found.signature.cause()) {
                Some(cause) => cause.push(found),
                None => causes.push(vec![found]),
            }
        }
        causes.iter_mut().for_each(|cause| cause.sort_by_key(|found| found.input.len()));
        causes
    }

    /// The findings of level must, one for each cause.
    pub fn findings(&self) -> impl Iterator<Item = &Found> {
        self.causes().into_iter().map(|cause| cause[0]).filter(|found| found.violation.level == Level::Must)
    }

    /// The findings of level should, one for each cause.
    pub fn warnings(&self) -> impl Iterator<Item = &Found> {
        self.causes().into_iter().map(|cause| cause[0]).filter(|found| found.violation.level != Level::Must)
    }

    pub(crate) fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        // Exact up to 2⁵³ requests.
        let requests = self.requests as f64;
        if seconds > 0.0 { (requests / seconds * 10.0).round() / 10.0 } else { 0.0 }
    }
}
