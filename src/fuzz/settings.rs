//! How a run goes about it.

use std::path::PathBuf;

use super::surface::Surface;
use super::timetable::Timetable;

/// How a run goes about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is fuzzed.
    pub surfaces: Vec<Surface>,
    /// Decides all inputs.
    pub seed: u64,
    /// Inputs in flight at most.
    pub jobs: usize,
    /// When to end.
    pub timetable: Timetable,
    /// After how many requests to end; the batch in flight is finished.
    pub requests: Option<u64>,
    /// Where findings and the corpus go, if anywhere.
    pub out: Option<PathBuf>,
    /// The target's URL, for lines that people copy.
    pub url: String,
}
