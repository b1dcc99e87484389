//! `--report FORMAT[=PATH]`: which format, and where to.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;

use super::har::{Har, Out};
use super::{Kind, Report, Reports, github, html, json, junit, markdown, sarif};
use crate::files;

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
    /// SARIF 2.1.0, for collections of findings.
    Sarif,
    /// HAR 1.2: every exchange, as it happens. Only a run has them.
    Har,
}

impl Format {
    /// All formats by name.
    pub const ALL: [(&'static str, Format); 8] = [
        ("json", Format::Json),
        ("ndjson", Format::Ndjson),
        ("junit", Format::Junit),
        ("html", Format::Html),
        ("markdown", Format::Markdown),
        ("github", Format::Github),
        ("sarif", Format::Sarif),
        ("har", Format::Har),
    ];

    /// A report of this format, written to `out`.
    pub fn onto(self, out: Box<dyn Write + Send>) -> Report {
        let kind = match self {
            Format::Json => Kind::Document(json::write),
            Format::Ndjson => Kind::Stream,
            Format::Junit => Kind::Document(junit::write),
            Format::Html => Kind::Document(html::write),
            Format::Markdown => Kind::Document(markdown::write),
            Format::Github => Kind::Document(github::write),
            Format::Sarif => Kind::Document(sarif::write),
            Format::Har => return Report::new(Box::new(io::sink()), Kind::Traffic(Har::new(Out::Stream(out)))),
        };
        Report::new(out, kind)
    }
}

/// `FORMAT` or `FORMAT=PATH`, as given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub format: Format,
    /// The file; standard output without one.
    pub path: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum WantedError {
    #[error("`{0}` is not a report format; use one of {names}", names = Format::ALL.map(|(name, _)| name).join(", "))]
    NoFormat(String),
    #[error("`{0}=` names no file; write {0}=PATH")]
    NoFile(String),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("two reports want standard output\n  help: give all but one a file: --report json=PATH")]
    TwoOnStdout,
    #[error("two reports want the file {}\n  help: give each a file of its own", .0.display())]
    TwoInOneFile(PathBuf),
    #[error("the report {} would overwrite {}, which this command reads or keeps\n  help: give the report another name",
        report.display(), input.display())]
    OverInput { report: PathBuf, input: PathBuf },
    #[error("cannot write the report {}: {error}\n  help: the folder must exist and be writable", path.display())]
    NotMade { path: PathBuf, error: io::Error },
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Wanted, WantedError> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let known = Format::ALL.into_iter().find(|(known, _)| *known == name);
        let (_, format) = known.ok_or_else(|| WantedError::NoFormat(name.to_owned()))?;
        match path {
            Some("") => Err(WantedError::NoFile(name.to_owned())),
            path => Ok(Wanted { format, path: path.map(PathBuf::from) }),
        }
    }
}

impl Wanted {
    /// Where it is written to, as messages name it.
    pub fn place(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
    }

    /// What one document is written to, once it is known. The file is created now; it may be none of these.
    pub fn sink(&self, inputs: &[PathBuf]) -> Result<Box<dyn Write>, OpenError> {
        self.spares(inputs)?;
        let Some(path) = &self.path else { return Ok(Box::new(io::stdout())) };
        let file = files::open_report(path).map_err(|error| OpenError::NotMade { path: path.clone(), error })?;
        Ok(Box::new(BufWriter::new(file)))
    }

    /// Opens the report. The file is created now, so that a run never ends without a place for its report.
    fn open(&self) -> Result<Report, OpenError> {
        let Some(path) = &self.path else { return Ok(self.format.onto(Box::new(BufWriter::new(io::stdout())))) };
        let not_made = |error| OpenError::NotMade { path: path.clone(), error };
        let file = files::open_report(path).map_err(not_made)?;
        if self.format == Format::Har && file.metadata().is_ok_and(|found| found.is_file()) {
            return Ok(Report::new(Box::new(io::sink()), Kind::Traffic(Har::new(Out::File(file)))));
        }
        // One handle writes, the other starts again.
        let has_drafts = !matches!(self.format, Format::Ndjson | Format::Github | Format::Har);
        let is_regular = file.metadata().is_ok_and(|found| found.is_file());
        let again = (has_drafts && is_regular).then(|| file.try_clone().ok()).flatten();
        Ok(Report { file: again, ..self.format.onto(Box::new(BufWriter::new(file))) })
    }

    /// Whether it is made of the exchanges themselves, which only a run has.
    pub fn is_traffic(&self) -> bool {
        self.format == Format::Har
    }

    /// Checks that it would overwrite none of these files, under any of their names.
    pub fn spares(&self, inputs: &[PathBuf]) -> Result<(), OpenError> {
        let Some(report) = &self.path else { return Ok(()) };
        let Some(input) = inputs.iter().find(|input| files::are_same(report, input)) else { return Ok(()) };
        Err(OpenError::OverInput { report: report.clone(), input: input.clone() })
    }
}

/// Checks that no two reports have the same place and that none would overwrite an input.
pub(crate) fn check_places(wanted: &[Wanted], inputs: &[PathBuf]) -> Result<(), OpenError> {
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
    wanted.iter().try_for_each(|wanted| wanted.spares(inputs))
}

impl Reports {
    /// Opens every report that was asked for. `inputs` are the files that none of them may overwrite.
    pub(crate) fn open(wanted: &[Wanted], inputs: &[PathBuf]) -> Result<Reports, OpenError> {
        check_places(wanted, inputs)?;
        let mut reports = Reports::default();
        for wanted in wanted {
            reports.add(&wanted.place(), wanted.open()?);
        }
        Ok(reports)
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
            check_places(&wanted.expect("wanted"), &[])
        };
        assert!(apart(&["json=a", "html=b", "junit"]).is_ok());
        assert!(matches!(apart(&["json", "html"]), Err(OpenError::TwoOnStdout)));
        assert!(matches!(apart(&["json=a", "html=./a"]), Err(OpenError::TwoInOneFile(_))));
        assert!(apart(&["json=/dev/null", "html=/dev/null"]).is_ok());
    }
}
