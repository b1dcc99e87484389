//! What people and machines read of a run: one file per format, each a fold over the events of the run.
//!
//! A report never asks the run for anything; it only listens. So a run that was written down can be told again in any
//! format ([`read`], [`Merged`]), byte for byte as it would have been told then.

mod wire;
mod json;
mod ndjson;
mod read;
mod merge;
mod rendering;
#[cfg(feature = "cli")]
mod console;
#[cfg(feature = "cli")]
mod entries;
mod github;
#[cfg(feature = "cli")]
mod html;
#[cfg(feature = "cli")]
mod junit;
mod markdown;
#[cfg(feature = "cli")]
mod wanted;

use std::fmt;
use std::fs::File;
use std::io::{self, Seek};

#[cfg(feature = "cli")]
pub use console::{Console, Verbosity};
#[cfg(feature = "cli")]
pub use entries::to_paste;
pub use github::Github;
#[cfg(feature = "cli")]
pub use html::Html;
pub use json::Json;
#[cfg(feature = "cli")]
pub use junit::Junit;
pub use markdown::Markdown;
pub use merge::{MergeError, Merged};
pub use ndjson::Ndjson;
pub use read::{ReadError, read};
pub use rendering::{Exchanges, case_text, tell_case, tell_finding};
#[cfg(feature = "cli")]
pub use wanted::{Format, OpenError, Wanted, WantedError, spares};

use crate::run::{Event, Summary};

/// Something that listens to a run.
pub trait Report {
    /// Takes in one event; `summary` counts it already.
    ///
    /// # Errors
    /// What it writes to cannot be written.
    fn take(&mut self, event: &Event, summary: &Summary) -> io::Result<()>;

    /// Writes the whole document as it stands, to be written once more when the run has ended. False where the format has
    /// no document to write: it writes as it goes, or people read it.
    ///
    /// # Errors
    /// What it writes to cannot be written.
    fn draft(&mut self, _: &Summary) -> io::Result<bool> {
        Ok(false)
    }

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
    /// What a document can be written to more than once: a regular file.
    file: Option<File>,
    /// The file holds a document already, which the final one takes the place of.
    is_drafted: bool,
}

impl Placed {
    fn draft(&mut self, summary: &Summary) -> io::Result<()> {
        if self.file.is_some() {
            self.is_drafted = self.report.draft(summary)?;
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if let Some(file) = self.file.as_mut().filter(|_| self.is_drafted) {
            file.set_len(0)?;
            file.rewind()?;
        }
        self.report.finish(summary)
    }
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
    /// One more listener, which writes to that place.
    pub fn add(&mut self, place: &str, report: Box<dyn Report + Send>) {
        self.put(place, report, None);
    }

    fn put(&mut self, place: &str, report: Box<dyn Report + Send>, file: Option<File>) {
        self.reports.push(Placed { place: place.to_owned(), report, file, is_drafted: false });
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
        self.each(|placed, summary| placed.report.take(&event, summary));
        // The clean-up may take its time, and be killed: by then the reports are whole.
        if event == Event::Judged && self.summary.started().is_some_and(|started| !started.target.embedded) {
            self.each(Placed::draft);
        }
    }

    /// Writes what is left to be written.
    pub fn finish(mut self) -> Finished {
        self.each(Placed::finish);
        Finished { summary: self.summary, unwritten: self.unwritten }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Placed, &Summary) -> io::Result<()>) {
        let Reports { summary, reports, unwritten } = self;
        reports.retain_mut(|placed| match act(placed, summary) {
            Ok(()) => true,
            Err(error) => {
                let place = placed.place.clone();
                unwritten.push(Unwritten { place, error });
                false
            }
        });
    }
}
