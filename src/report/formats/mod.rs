//! The reports of the program: one file per format. A run that was written down can be read back and shown in any of them,
//! with the same bytes as at the time.

mod view;
mod causes;
mod wire;
mod json;
mod read;
mod merge;
mod diff;
mod claim;
mod console;
mod compared;
mod next;
mod entries;
mod github;
mod html;
mod junit;
mod markdown;
mod sarif;
mod har;
mod wanted;

use std::fs::File;
use std::io::{self, Seek, Write};

pub(crate) use claim::{Claim, ClaimError};
pub(crate) use compared::{Compared, ComparedReport, Ran};
pub(crate) use console::Verbosity;
pub(crate) use diff::{Diff, DiffReport};
pub(crate) use entries::to_paste;
pub(crate) use har::Har;
pub(crate) use json::RunReport;
pub(crate) use merge::Merged;
pub(crate) use read::ReadError;
pub use read::read;
pub(crate) use sarif::of_fuzzing;
pub use wanted::Format;
pub(crate) use wanted::{Wanted, WantedError, check_places};

use crate::run::{Event, Summary};
use console::Console;
use view::View;

/// One report and what it is written to.
pub struct Report {
    out: Box<dyn Write + Send>,
    kind: Kind,
    /// Where a draft can be written and replaced: a regular file.
    file: Option<File>,
}

enum Kind {
    Console(Console),
    /// The events themselves, a line of JSON each, as they happen. Without its `ended` line the run died.
    Stream,
    /// Of the exchanges, not of the events.
    Traffic(Har),
    /// Written as a whole.
    Document(fn(&View, &mut dyn Write) -> io::Result<()>),
}

impl Report {
    /// The report for people; `out` decides about colours. `live` shows progress on standard error, not a line per case.
    pub(crate) fn for_people(out: Box<dyn Write + Send>, verbosity: Verbosity, live: bool) -> Report {
        Report::new(out, Kind::Console(Console::new(verbosity, live)))
    }

    /// The report for people who mend the target: what to do next.
    pub(crate) fn of_next(out: Box<dyn Write + Send>) -> Report {
        Report::new(out, Kind::Document(next::write))
    }

    fn new(out: Box<dyn Write + Send>, kind: Kind) -> Report {
        Report { out, kind, file: None }
    }

    fn take(&mut self, event: &Event, view: &View) -> io::Result<()> {
        match &mut self.kind {
            Kind::Console(console) => console.take(&mut self.out, event, view),
            Kind::Stream => wire::write(&mut self.out, event),
            Kind::Traffic(_) | Kind::Document(_) => Ok(()),
        }
    }

    fn draft(&mut self, view: &View) -> io::Result<()> {
        if self.file.is_some() { self.write(view) } else { Ok(()) }
    }

    /// Writes what is written as a whole, in the place of a draft.
    fn write(&mut self, view: &View) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.set_len(0)?;
            file.rewind()?;
        }
        match &mut self.kind {
            Kind::Console(console) => console.finish(&mut self.out, view)?,
            Kind::Stream => {}
            Kind::Traffic(har) => har.finish()?,
            Kind::Document(write) => write(view, &mut self.out)?,
        }
        self.out.flush()
    }
}

/// The reports of one run.
#[derive(Default)]
pub struct Reports {
    view: View,
    /// Each with its place, as messages name it.
    reports: Vec<(String, Report)>,
    unwritten: Vec<(String, io::Error)>,
}

/// What is left of a run when its reports are written.
#[derive(Debug)]
pub struct Finished {
    /// The counts.
    pub summary: Summary,
    /// The places of the reports that could not be written, and why.
    pub unwritten: Vec<(String, io::Error)>,
}

impl Reports {
    /// Adds a report, which writes to that place.
    pub fn add(&mut self, place: &str, report: Report) {
        self.view.keeps_all |= matches!(report.kind, Kind::Document(_));
        self.reports.push((place.to_owned(), report));
    }

    /// Those that are made of the exchanges with a target.
    pub(crate) fn traffic(&self) -> impl Iterator<Item = &Har> {
        self.reports.iter().filter_map(|(_, report)| match &report.kind {
            Kind::Traffic(har) => Some(har),
            _ => None,
        })
    }

    /// With fewer judged cases, or fewer musts proven, the run is inconclusive, and every report says so.
    pub(crate) fn require(&mut self, cases: usize, percent: u8) {
        self.view.summary.least = cases;
        self.view.summary.least_percent = percent.into();
    }

    /// Takes one event, made harmless, to all reports. One that cannot be written gets no more, and the others go on.
    pub fn take(&mut self, event: &Event) {
        if let (Event::Ended(_), Some(shortfall)) = (event, self.view.summary.shortfall()) {
            self.take(&Event::Note(shortfall));
        }
        let event = event.clone().harmless();
        self.view.take(&event);
        self.each(|report, view| report.take(&event, view));
        // The clean-up may take long, and be killed: by then the reports are complete.
        if event == Event::Judged && !self.view.is_embedded() {
            self.each(Report::draft);
        }
    }

    /// Writes what is left to be written.
    pub fn finish(mut self) -> Finished {
        self.each(Report::write);
        Finished { summary: self.view.summary, unwritten: self.unwritten }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Report, &View) -> io::Result<()>) {
        let Reports { view, reports, unwritten } = self;
        reports.retain_mut(|(place, report)| match act(report, view) {
            Ok(()) => true,
            Err(error) => {
                unwritten.push((std::mem::take(place), error));
                false
            }
        });
    }
}
