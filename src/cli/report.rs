//! `--report` and what goes with it, wherever events are turned into reports.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, ColorChoice};
use serde_json::Value;

use super::{CONFORMS, Failure};
use crate::exchange::harmless_text;
use crate::report::{Format, Report, Reports, Verbosity, Wanted, WantedError};

/// The flags that say what is written of a run, and where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(super) struct ReportArgs {
    /// Write a report to PATH or to standard output; may be given several times. Formats:
    /// json, ndjson (streamed), junit, html, markdown (for a job summary), github (annotations), sarif,
    /// har (every exchange; of a run only)
    #[arg(long, value_name = "FORMAT[=PATH]")]
    report: Vec<Wanted>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Print only findings and the totals
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Also print the exchanges of failing cases, and every observation
    #[arg(short, long)]
    verbose: bool,
    /// Set by `wabizspec next`.
    #[arg(skip)]
    pub next: bool,
}

impl ReportArgs {
    /// Opens every report that was asked for, and the one for people: at standard output, or at standard error if another
    /// report is there. It is as verbose as `usual` unless a flag says otherwise. No report may overwrite the `inputs`.
    pub fn open(&self, usual: Verbosity, inputs: &[PathBuf]) -> Result<Reports, Failure> {
        let mut reports = Reports::open(&self.report, inputs).map_err(Failure::usage)?;
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => usual,
        };
        let choice = match self.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        let (stdout, stderr, is_taken) = (std::io::stdout(), std::io::stderr(), self.stdout_is_taken());
        let live = stderr.is_terminal() && (is_taken || stdout.is_terminal()) && verbosity == Verbosity::Normal;
        let out: Box<dyn Write + Send> = match is_taken {
            true => Box::new(anstream::AutoStream::new(stderr, choice)),
            false => Box::new(anstream::AutoStream::new(stdout, choice)),
        };
        let for_people = if self.next { Report::of_next(out) } else { Report::for_people(out, verbosity, live) };
        reports.add("the console", for_people);
        Ok(reports)
    }

    /// Text at the end of the report for people.
    pub fn say_after(&self, text: &str) {
        let text = harmless_text(text);
        // A reader that has gone away is no error, and the exit code has been settled.
        let _ = match self.stdout_is_taken() {
            true => std::io::stderr().write_all(text.as_bytes()),
            false => std::io::stdout().write_all(text.as_bytes()),
        };
    }

    fn stdout_is_taken(&self) -> bool {
        self.report.iter().any(|wanted| wanted.path.is_none())
    }

    /// Refuses a report that only a run can write.
    pub fn without_traffic(&self) -> Result<(), Failure> {
        match self.report.iter().any(Wanted::is_traffic) {
            false => Ok(()),
            true => Err(Failure::usage(
                "har is a report of the exchanges, and this command makes none\n  help: give it to `wabizspec run`",
            )),
        }
    }

    /// A line at standard error, so that it is not part of the report.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }
}

/// A line at standard error. If it cannot be written, there is no other place to say it.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", harmless_text(text));
}

/// `--report json[=PATH]`, of the commands that write nothing else, beside what they print for people.
#[derive(Debug, Args)]
pub(super) struct JsonArgs {
    /// Write the result as json, to PATH or to standard output
    #[arg(long, value_name = "json[=PATH]", value_parser = json)]
    report: Option<Wanted>,
}

fn json(text: &str) -> Result<Wanted, String> {
    let wanted: Wanted = text.parse().map_err(|error: WantedError| error.to_string())?;
    match wanted.format {
        Format::Json => Ok(wanted),
        _ => Err("this command writes json only: json or json=PATH".to_owned()),
    }
}

impl JsonArgs {
    /// Makes the file, and refuses one of the `inputs`. What is returned prints the text for people, and the document.
    pub fn open(
        &self,
        inputs: &[PathBuf],
    ) -> Result<impl FnOnce(&[u8], &Value) -> Result<(), Failure> + use<>, Failure> {
        let is_taken = self.report.as_ref().is_some_and(|wanted| wanted.path.is_none());
        let place = self.report.as_ref().map(Wanted::place).unwrap_or_default();
        let opened = self.report.as_ref().map(|wanted| wanted.sink(inputs)).transpose();
        let mut report = opened.map_err(Failure::usage)?;
        Ok(move |text: &[u8], document: &Value| {
            // A reader that has gone away has read what it wanted.
            let _ = if is_taken { anstream::stderr().write_all(text) } else { anstream::stdout().write_all(text) };
            let Some(report) = &mut report else { return Ok(()) };
            let written = writeln!(report, "{document:#}").and_then(|()| report.flush());
            written.map_err(|error| {
                Failure::inconclusive(format!(
                    "the report could not be written: {place}: {error}\n  help: give another place"
                ))
            })
        })
    }
}

/// How a run ends.
pub(super) struct Concluded {
    pub code: u8,
    /// What it would be if all reports could have been written.
    pub verdict: u8,
}

/// Finishes the reports. One that could not be written is reported, and makes a success inconclusive, as its readers would
/// not see the verdict. A reader that has gone away (`| head`) has read what it wanted.
pub(super) fn conclude(reports: Reports) -> Concluded {
    let finished = reports.finish();
    let verdict = finished.summary.conclusion().exit_code();
    let mut code = verdict;
    for (place, error) in finished.unwritten {
        if error.kind() != std::io::ErrorKind::BrokenPipe {
            let help = "help: what is there of it is not whole; make room or give another place, and run again";
            let failure = Failure::inconclusive(format!("a report could not be written: {place}: {error}\n  {help}"));
            let told = failure.tell();
            code = if code == CONFORMS { told } else { code };
        }
    }
    Concluded { code, verdict }
}

#[cfg(test)]
mod tests {
    use crate::judge::Verdict;
    use crate::run::{CaseReport, Ended, Event, Summary};
    use crate::vectors::vectors;

    #[test]
    fn the_worst_thing_that_happened_decides() {
        for (verdicts, end, code) in vectors::<(Vec<Verdict>, String, u8)>("exit_codes") {
            let mut summary = Summary::default();
            let cases = verdicts.iter().map(|verdict| Event::Case(Box::new(CaseReport::new("login/x", *verdict))));
            cases.for_each(|case| summary.take(&case));
            if end != "died" {
                let (complete, interrupted) = (end == "whole", end == "interrupted");
                summary.take(&Event::Ended(Ended { complete, interrupted, password_changed: false, elapsed_ms: 0 }));
            }
            assert_eq!(summary.conclusion().exit_code(), code, "{verdicts:?}, {end}");
        }
    }
}
