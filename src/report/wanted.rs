//! `--report FORMAT[=PATH]`: which format, and where to.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::files;

use super::{Github, Html, Json, Junit, Markdown, Ndjson, Report, Reports};

/// A format that `--report` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One document at the end of the run.
    Json,
    /// The stream of events itself, a line each, as they happen.
    Ndjson,
    /// JUnit's XML, as CI servers show it.
    Junit,
    /// One page for a browser.
    Html,
    /// A job summary.
    Markdown,
    /// Workflow commands that GitHub shows as annotations.
    Github,
}

impl Format {
    /// All formats by name.
    pub const ALL: [(&'static str, Format); 6] = [
        ("json", Format::Json),
        ("ndjson", Format::Ndjson),
        ("junit", Format::Junit),
        ("html", Format::Html),
        ("markdown", Format::Markdown),
        ("github", Format::Github),
    ];

    /// A report of this format onto that writer.
    pub fn onto(self, out: Box<dyn Write + Send>) -> Box<dyn Report + Send> {
        match self {
            Format::Json => Box::new(Json::new(out)),
            Format::Ndjson => Box::new(Ndjson::new(out)),
            Format::Junit => Box::new(Junit::new(out)),
            Format::Html => Box::new(Html::new(out)),
            Format::Markdown => Box::new(Markdown::new(out)),
            Format::Github => Box::new(Github::new(out)),
        }
    }
}

/// `FORMAT` or `FORMAT=PATH`, as given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The format.
    pub format: Format,
    /// The file; standard output without one.
    pub path: Option<PathBuf>,
}

/// Why a text names no report.
#[derive(Debug, thiserror::Error)]
pub enum WantedError {
    /// There is no such format.
    #[error("`{0}` is not a report format; use one of {names}", names = Format::ALL.map(|(name, _)| name).join(", "))]
    NoFormat(String),
    /// A path was to follow.
    #[error("`{0}=` names no file; write {0}=PATH")]
    NoFile(String),
}

/// Why reports cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Only one can have it.
    #[error("two reports want standard output\n  help: give all but one a file: --report json=PATH")]
    TwoOnStdout,
    /// Each would overwrite the other.
    #[error("two reports want the file {}\n  help: give each a file of its own", .0.display())]
    TwoInOneFile(PathBuf),
    /// It would overwrite what the run reads.
    #[error("the report {} would overwrite {}, which this command reads or keeps\n  help: give the report another name",
        report.display(), input.display())]
    OverInput {
        /// Where the report was to be.
        report: PathBuf,
        /// The file that is there.
        input: PathBuf,
    },
    /// The file cannot be made.
    #[error("cannot write the report {}: {error}\n  help: the folder must exist and be writable", path.display())]
    NotMade {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Wanted, WantedError> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (name, Some(path)),
            None => (text, None),
        };
        let known = Format::ALL.iter().find(|(known, _)| *known == name);
        let Some((_, format)) = known else {
            return Err(WantedError::NoFormat(name.to_owned()));
        };
        match path {
            Some("") => Err(WantedError::NoFile(name.to_owned())),
            path => Ok(Wanted { format: *format, path: path.map(PathBuf::from) }),
        }
    }
}

impl Wanted {
    /// Where it is written to, as people call it.
    pub fn place(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "standard output".to_owned(),
        }
    }

    /// Opens the report. The file is made now, so that a run never ends without a place for its report.
    ///
    /// # Errors
    /// The file cannot be made.
    fn open(&self) -> Result<(Box<dyn Report + Send>, Option<File>), OpenError> {
        let mut again = None;
        let out: Box<dyn Write + Send> = match &self.path {
            Some(path) => {
                let file = files::open_report(path);
                let file = file.map_err(|error| OpenError::NotMade { path: path.clone(), error })?;
                // One handle writes, the other begins anew.
                again = file.metadata().is_ok_and(|found| found.is_file()).then(|| file.try_clone().ok()).flatten();
                Box::new(BufWriter::new(file))
            }
            None => Box::new(BufWriter::new(io::stdout())),
        };
        Ok((self.format.onto(out), again))
    }

    /// Makes sure that it would overwrite none of these files, under whatever names they are given.
    ///
    /// # Errors
    /// It would.
    pub fn spares(&self, inputs: &[PathBuf]) -> Result<(), OpenError> {
        self.path.as_deref().map_or(Ok(()), |report| spares(report, inputs))
    }

    /// Makes sure that no two of them want one place.
    fn apart(wanted: &[Wanted]) -> Result<(), OpenError> {
        for (number, one) in wanted.iter().enumerate() {
            for other in &wanted[..number] {
                match (&one.path, &other.path) {
                    (None, None) => return Err(OpenError::TwoOnStdout),
                    (Some(one), Some(other)) if files::are_same(one, other) => {
                        return Err(OpenError::TwoInOneFile(one.clone()));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

impl Reports {
    /// Opens every report that was asked for. `inputs` are the files that none of them may overwrite.
    ///
    /// # Errors
    /// Two of them want one place, one would overwrite an input, or a file cannot be made.
    pub fn open(wanted: &[Wanted], inputs: &[PathBuf]) -> Result<Reports, OpenError> {
        Wanted::apart(wanted)?;
        wanted.iter().try_for_each(|wanted| wanted.spares(inputs))?;
        let mut reports = Reports::default();
        for wanted in wanted {
            let (report, file) = wanted.open()?;
            reports.put(&wanted.place(), report, file);
        }
        Ok(reports)
    }
}

/// Makes sure that a report at that path would overwrite none of these files, under whatever names they are given.
///
/// # Errors
/// It would.
pub fn spares(report: &Path, inputs: &[PathBuf]) -> Result<(), OpenError> {
    match inputs.iter().find(|input| files::are_same(report, input)) {
        Some(input) => Err(OpenError::OverInput { report: report.to_owned(), input: input.clone() }),
        None => Ok(()),
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

    #[test]
    fn each_report_has_a_place_of_its_own() {
        let apart = |texts: &[&str]| {
            let wanted: Result<Vec<Wanted>, WantedError> = texts.iter().map(|text| text.parse()).collect();
            Wanted::apart(&wanted.expect("wanted"))
        };
        assert!(apart(&["json=a", "html=b", "junit"]).is_ok());
        assert!(matches!(apart(&["json", "html"]), Err(OpenError::TwoOnStdout)));
        assert!(matches!(apart(&["json=a", "html=./a"]), Err(OpenError::TwoInOneFile(_))));
        assert!(apart(&["json=/dev/null", "html=/dev/null"]).is_ok());
    }
}
