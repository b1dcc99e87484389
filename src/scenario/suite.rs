//! A register and all its scenarios: the ones built into the program, or those of a folder.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Scenario, is_segment};
use crate::files;
use crate::judge::StatusSet;
use crate::located::{self, LocatedError, SourceText};
use crate::requirement::{AREAS, Register};

include!(concat!(env!("OUT_DIR"), "/embedded_suite.rs"));

/// The name of the register's file inside a suite's folder.
const REGISTER: &str = "requirements.toml";

/// A register and its scenarios.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Every requirement.
    pub register: Register,
    /// In the order of their ids.
    pub scenarios: Vec<Arc<Scenario>>,
}

/// Why a suite cannot be used. There is one error a file at most.
#[derive(Debug)]
pub enum SuiteError {
    /// A file or folder cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The operating system's reason.
        why: std::io::Error,
    },
    /// Files that are wrong, each with its place.
    Broken(Vec<LocatedError>),
    /// Every file is right by itself, but scenarios are missing that others name as their positives.
    Incomplete(Vec<MissingTwin>),
}

/// A positive that the suite does not have, whether its file is gone or its name was written wrongly.
#[derive(Debug)]
pub struct MissingTwin {
    /// The id of the scenario that is missing.
    pub positive: String,
    /// Where it is named.
    pub named: LocatedError,
}

impl fmt::Display for SuiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SuiteError::Unreadable { path, why } => write!(
                f,
                "cannot read {}: {why}\n  help: a suite is a folder with {REGISTER} and {}/*.toml",
                path.display(),
                AREAS.join("/*.toml, ")
            ),
            SuiteError::Broken(errors) => write_lines(f, errors.iter()),
            SuiteError::Incomplete(missing) => write_lines(f, missing.iter().map(|missing| &missing.named)),
        }
    }
}

fn write_lines<'e>(f: &mut fmt::Formatter<'_>, errors: impl Iterator<Item = &'e LocatedError>) -> fmt::Result {
    let lines: Vec<String> = errors.map(LocatedError::to_string).collect();
    f.write_str(&lines.join("\n"))
}

impl std::error::Error for SuiteError {}

impl Suite {
    /// The suite that is built into the program.
    ///
    /// # Errors
    /// Only where the program was built from broken files, which its tests would have shown.
    pub fn embedded() -> Result<Suite, SuiteError> {
        let files = EMBEDDED_SCENARIOS.iter().map(|(id, text)| (*id, format!("scenarios/{id}.toml"), *text));
        let register = format!("scenarios/{REGISTER}");
        read((&register, EMBEDDED_REGISTER), files)
    }

    /// The suite of a folder: its `requirements.toml` and the files `<area>/<name>.toml`.
    ///
    /// # Errors
    /// A folder or file that cannot be read, or all files that are wrong.
    pub fn from_folder(folder: &Path) -> Result<Suite, SuiteError> {
        let register = folder.join(REGISTER);
        let register_text = read_file(&register)?;
        let mut files = Vec::new();
        no_other_folder(folder)?;
        for area in AREAS {
            let area_folder = folder.join(area);
            if !area_folder.is_dir() {
                continue;
            }
            for path in toml_files(&area_folder)? {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let (id, file) = (format!("{area}/{stem}"), path.display().to_string());
                if !is_segment(&stem) {
                    let source = SourceText { file: &file, text: "" };
                    let advice = "name the file in lower case, digits and hyphens";
                    let error = source.error(0..0, format!("`{id}` is not a valid scenario id"), advice);
                    return Err(SuiteError::Broken(vec![error]));
                }
                let text = read_file(&path)?;
                files.push((id, file, text));
            }
        }
        files.sort();
        let listed = files.iter().map(|(id, file, text)| (id.as_str(), file.clone(), text.as_str()));
        read((&register.display().to_string(), &register_text), listed)
    }

    /// The files of the suite in that folder, as far as they can be listed.
    pub fn files(folder: &Path) -> Vec<PathBuf> {
        let areas = AREAS.iter().map(|area| toml_files(&folder.join(area)));
        let scenarios = areas.flat_map(Result::unwrap_or_default);
        scenarios.chain([folder.join(REGISTER)]).collect()
    }

    /// The scenario of that id.
    pub fn scenario(&self, id: &str) -> Option<&Arc<Scenario>> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// Every requirement id that some scenario of the suite cites.
    pub fn cited(&self) -> std::collections::BTreeSet<&str> {
        self.scenarios.iter().flat_map(|scenario| scenario.requirements()).collect()
    }
}

fn read_file(path: &Path) -> Result<String, SuiteError> {
    let bytes = files::read(path, files::TEXT).map_err(|why| SuiteError::Unreadable { path: path.to_owned(), why })?;
    located::text(&path.display().to_string(), bytes).map_err(|error| SuiteError::Broken(vec![error]))
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    Ok(listed(folder)?.into_iter().filter(is_toml).collect())
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let unreadable = |why| SuiteError::Unreadable { path: folder.to_owned(), why };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// Scenarios in a folder that is no area would be passed over in silence.
fn no_other_folder(suite: &Path) -> Result<(), SuiteError> {
    for path in listed(suite)?.into_iter().filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if AREAS.contains(&name.as_ref()) {
            continue;
        }
        let Some(file) = toml_files(&path)?.into_iter().next() else {
            continue;
        };
        let file = file.display().to_string();
        let advice = match located::nearest(&name, AREAS.into_iter()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("scenarios lie in {}", AREAS.join(", ")),
        };
        let source = SourceText { file: &file, text: "" };
        let what = format!("the folder `{name}` is not a valid area");
        return Err(SuiteError::Broken(vec![source.error(0..0, what, advice)]));
    }
    Ok(())
}

/// One scenario file: its id, its name as the user knows it, and its text.
type Source<'t> = (&'t str, String, &'t str);

fn read<'t>(register: (&str, &str), files: impl Iterator<Item = Source<'t>>) -> Result<Suite, SuiteError> {
    let source = SourceText { file: register.0, text: register.1 };
    let register = Register::parse(source).map_err(|error| SuiteError::Broken(vec![error]))?;
    let files: Vec<Source<'t>> = files.collect();
    let mut errors = Vec::new();
    let mut scenarios = Vec::new();
    let mut texts = Vec::new();
    for (parsed, (_, _, text)) in parse_all(&files, &register).into_iter().zip(&files) {
        match parsed {
            Ok(scenario) => {
                scenarios.push(Arc::new(scenario));
                texts.push(*text);
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(SuiteError::Broken(errors));
    }
    twins_are_there_and_accepted(&scenarios, &texts)?;
    Ok(Suite { register, scenarios })
}

/// Reads the files on all cores: it is most of the time between the start of the program and its first request.
fn parse_all(files: &[Source<'_>], register: &Register) -> Vec<Result<Scenario, LocatedError>> {
    // Each reader takes the next file, since files differ much in length.
    let next = AtomicUsize::new(0);
    let read = || {
        let indices = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let mine = indices.map_while(|index| Some((index, files.get(index)?)));
        mine.map(|(index, (id, file, text))| (index, Scenario::parse(id, SourceText { file, text }, register)))
            .collect::<Vec<_>>()
    };
    let others = std::thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
    let mut parsed = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..others).map(|_| scope.spawn(read)).collect();
        let mut parsed = read();
        for reader in readers {
            // A panic of a reader is a defect: it goes on where it would have gone without threads.
            parsed.extend(reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        parsed
    });
    parsed.sort_unstable_by_key(|(index, _)| *index);
    parsed.into_iter().map(|(_, scenario)| scenario).collect()
}

/// A positive that is never accepted is a file that is wrong; one that is missing leaves all others right.
fn twins_are_there_and_accepted(scenarios: &[Arc<Scenario>], texts: &[&str]) -> Result<(), SuiteError> {
    let (mut missing, mut refused) = (Vec::new(), Vec::new());
    let accepted = |positive: &Scenario| positive.steps.iter().any(|step| step.expects(StatusSet::accepts));
    for (scenario, text) in scenarios.iter().zip(texts) {
        let Some(positive) = &scenario.positive else { continue };
        let file = &scenario.file;
        let located = |what, advice| SourceText { file, text }.error(twin_span(text).unwrap_or_default(), what, advice);
        match scenarios.iter().find(|other| other.id == *positive) {
            None => {
                let known = scenarios.iter().map(|scenario| scenario.id.as_str());
                let advice = match located::nearest(positive, known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => "a positive is named by area and file: \"login/first-login\"".to_owned(),
                };
                missing.push(MissingTwin {
                    positive: positive.clone(),
                    named: located(format!("there is no scenario \"{positive}\""), advice),
                });
            }
            Some(found) if !accepted(found) => refused.push(located(
                format!("no step of the positive \"{positive}\" expects to be accepted"),
                "name a scenario in which the request is answered 2xx".to_owned(),
            )),
            Some(_) => {}
        }
    }
    match (refused.is_empty(), missing.is_empty()) {
        (false, _) => {
            refused.extend(missing.into_iter().map(|missing| missing.named));
            Err(SuiteError::Broken(refused))
        }
        (true, false) => Err(SuiteError::Incomplete(missing)),
        (true, true) => Ok(()),
    }
}

/// Where the value of `positive` stands in a file that was read without error.
fn twin_span(text: &str) -> Option<std::ops::Range<usize>> {
    let table = toml::de::DeTable::parse(text).ok()?;
    Some(table.get_ref().get("positive")?.span())
}
