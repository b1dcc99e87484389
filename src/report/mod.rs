//! What people and machines read of a run: one file per format, each a fold over the events of the run.
//!
//! A report never asks the run for anything; it only listens.

mod console;
mod json;
mod ndjson;
mod telling;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;

pub use console::{Console, Verbosity};
pub use json::Json;
pub use ndjson::Ndjson;
pub use telling::{tell_case, tell_finding};

use crate::run::Event;

/// Something that listens to a run.
pub trait Report {
    /// Takes in one event.
    ///
    /// # Errors
    /// What it writes to cannot be written.
    fn take(&mut self, event: &Event) -> io::Result<()>;

    /// Writes what is left to be written.
    ///
    /// # Errors
    /// What it writes to cannot be written.
    fn finish(&mut self) -> io::Result<()>;
}

/// A format that `--report` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One document at the end of the run.
    Json,
    /// The stream of events itself, a line each, as they happen.
    Ndjson,
}

impl Format {
    /// All formats by name.
    pub const ALL: [(&'static str, Format); 2] = [("json", Format::Json), ("ndjson", Format::Ndjson)];
}

/// `FORMAT` or `FORMAT=PATH`, as given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The format.
    pub format: Format,
    /// The file; standard output without one.
    pub path: Option<PathBuf>,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Wanted, String> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (name, Some(path)),
            None => (text, None),
        };
        let known = Format::ALL.iter().find(|(known, _)| *known == name);
        let Some((_, format)) = known else {
            let names: Vec<&str> = Format::ALL.iter().map(|(name, _)| *name).collect();
            return Err(format!("`{name}` is no report format; use one of {}", names.join(", ")));
        };
        match path {
            Some("") => Err(format!("`{text}` names no file; write {name}=PATH")),
            path => Ok(Wanted {
                format: *format,
                path: path.map(PathBuf::from),
            }),
        }
    }
}

impl Wanted {
    /// Opens the report. The file is made now, so that a run never ends without a place for its report.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn open(&self) -> io::Result<Box<dyn Report + Send>> {
        let out: Box<dyn Write + Send> = match &self.path {
            Some(path) => Box::new(BufWriter::new(File::create(path)?)),
            None => Box::new(io::stdout()),
        };
        Ok(match self.format {
            Format::Json => Box::new(Json::new(out)),
            Format::Ndjson => Box::new(Ndjson::new(out)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_with_or_without_a_path() {
        let wanted: Wanted = "json=out/report.json".parse().expect("wanted");
        assert_eq!(wanted.path, Some(PathBuf::from("out/report.json")));
        assert_eq!("json".parse::<Wanted>().expect("wanted").path, None);
        for wrong in ["", "jsn", "json=", "=x"] {
            assert!(wrong.parse::<Wanted>().is_err(), "{wrong}");
        }
    }
}
