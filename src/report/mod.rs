//! What people and machines read of a run: one file per format, each a fold over the events of the run.
//!
//! A report never asks the run for anything; it only listens. So a run that was written down can be told again in any
//! format ([`read`], [`Merged`]), byte for byte as it would have been told then.

mod console;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod merge;
mod ndjson;
mod read;
mod telling;
mod wanted;

use std::fmt;
use std::io;

pub use console::{Console, Verbosity};
pub use github::Github;
pub use html::Html;
pub use json::Json;
pub use junit::Junit;
pub use markdown::Markdown;
pub use merge::{MergeError, Merged};
pub use ndjson::Ndjson;
pub use read::{ReadError, read};
pub use telling::{tell_case, tell_finding};
pub use wanted::{Format, OpenError, Wanted};

use crate::run::{Event, Summary};

/// Something that listens to a run.
pub trait Report {
    /// Takes in one event; `summary` counts it already.
    ///
    /// # Errors
    /// What it writes to cannot be written.
    fn take(&mut self, event: &Event, summary: &Summary) -> io::Result<()>;

    /// Writes what is left to be written, all the way through.
    ///
    /// # Errors
    /// What it writes to cannot be written.
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}

/// The reports of one run, with the one count that they share.
#[derive(Default)]
pub struct Reports {
    summary: Summary,
    reports: Vec<Placed>,
    unwritten: Vec<Unwritten>,
}

struct Placed {
    place: String,
    report: Box<dyn Report + Send>,
}

/// A report that could not be written.
#[derive(Debug)]
pub struct Unwritten {
    /// Where it was to be, as people call it.
    pub place: String,
    /// Why.
    pub error: io::Error,
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a report could not be written: {}: {}\n  help: what is there of it is not whole; make room or give another place, and run again",
            self.place, self.error
        )
    }
}

/// What is left of a run when its reports are written.
#[derive(Debug)]
pub struct Finished {
    /// The count.
    pub summary: Summary,
    /// The reports that could not be written.
    pub unwritten: Vec<Unwritten>,
}

impl Reports {
    /// Opens every report that was asked for.
    ///
    /// # Errors
    /// Two of them want one place, or a file cannot be made.
    pub fn open(wanted: &[Wanted]) -> Result<Reports, OpenError> {
        Wanted::apart(wanted)?;
        let mut reports = Reports::default();
        for wanted in wanted {
            reports.add(&wanted.place(), wanted.open()?);
        }
        Ok(reports)
    }

    /// One more listener, which writes to that place.
    pub fn add(&mut self, place: &str, report: Box<dyn Report + Send>) {
        let place = place.to_owned();
        self.reports.push(Placed { place, report });
    }

    /// With fewer judged cases than that the run is inconclusive, and every report says so.
    pub fn require(&mut self, least: usize) {
        self.summary.require(least);
    }

    /// Takes in one event, of which nothing reaches a report but what is harmless. A report that cannot be written hears
    /// no more, and the others go on.
    pub fn take(&mut self, event: &Event) {
        if let (Event::Ended(_), Some(shortfall)) = (event, self.summary.shortfall()) {
            self.take(&Event::Note(shortfall));
        }
        let event = event.clone().harmless();
        self.summary.take(&event);
        self.each(|report, summary| report.take(&event, summary));
    }

    /// Writes what is left to be written.
    pub fn finish(mut self) -> Finished {
        self.each(|report, summary| report.finish(summary));
        Finished {
            summary: self.summary,
            unwritten: self.unwritten,
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut dyn Report, &Summary) -> io::Result<()>) {
        let Reports {
            summary,
            reports,
            unwritten,
        } = self;
        reports.retain_mut(|placed| match act(&mut *placed.report, summary) {
            Ok(()) => true,
            Err(error) => {
                let place = placed.place.clone();
                unwritten.push(Unwritten { place, error });
                false
            }
        });
    }
}
