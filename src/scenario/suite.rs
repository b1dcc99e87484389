//! A register and all its scenarios: the ones built into the program, or those of a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Scenario;
use crate::digest::Hasher;
use crate::judge::StatusSet;
use crate::located::{self, LocatedError, SourceText};
use crate::requirement::{AREAS, Register, is_segment};
use crate::{files, parallel};

include!(concat!(env!("OUT_DIR"), "/embedded_suite.rs"));

const REGISTER: &str = "requirements.toml";

/// The files next to it, for those who write scenarios.
#[cfg(feature = "cli")]
const FOR_AUTHORS: [(&str, &str); 3] = [
    ("README.md", include_str!("../../scenarios/README.md")),
    ("REQUIREMENTS.md", include_str!("../../scenarios/REQUIREMENTS.md")),
    ("scenario.schema.json", include_str!("../../scenarios/scenario.schema.json")),
];

/// A register and its scenarios.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Every requirement.
    pub register: Register,
    /// In the order of their ids.
    pub scenarios: Vec<Arc<Scenario>>,
    /// Of all its files: the same wherever they lie, and however their lines end. None if it was made up.
    pub digest: Option<String>,
}

/// Why a suite cannot be used. There is at most one error for each file.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A file or folder cannot be read.
    #[error(
        "cannot read {}: {}\n  help: a suite is a folder with {REGISTER} and {}/*.toml",
        .0.display(), .1, AREAS.join("/*.toml, ")
    )]
    Unreadable(PathBuf, std::io::Error),
    /// Files that are wrong.
    #[error("{}", lines(.0))]
    Broken(Vec<LocatedError>),
    /// Every file is right by itself, but scenarios are missing that others name as their positives.
    #[error("{}", lines(.0))]
    Incomplete(Vec<MissingPositive>),
}

/// A positive that the suite does not have: its file is gone, or its name is misspelled.
#[derive(Debug, thiserror::Error)]
#[error("{named}")]
pub struct MissingPositive {
    pub positive: String,
    pub named: LocatedError,
}

fn lines<E: ToString>(errors: &[E]) -> String {
    errors.iter().map(E::to_string).collect::<Vec<_>>().join("\n")
}

impl Suite {
    /// The suite that is built into the program. It fails only if the program was built from broken files.
    pub fn embedded() -> Result<Suite, SuiteError> {
        let files = EMBEDDED_SCENARIOS.iter().map(|(id, text)| (*id, format!("scenarios/{id}.toml"), *text));
        let register = format!("scenarios/{REGISTER}");
        read((&register, EMBEDDED_REGISTER), files)
    }

    /// The files of the suite that is built in, each with its path in the folder of a suite.
    #[cfg(feature = "cli")]
    pub(crate) fn embedded_files() -> impl Iterator<Item = (PathBuf, &'static str)> {
        let scenarios = EMBEDDED_SCENARIOS.iter().map(|(id, text)| (format!("{id}.toml").into(), *text));
        let beside = FOR_AUTHORS.iter().chain(&[(REGISTER, EMBEDDED_REGISTER)]);
        scenarios.chain(beside.map(|(name, text)| (name.into(), *text)))
    }

    /// The suite of a folder: its `requirements.toml` and the files `<area>/<name>.toml`.
    pub fn from_folder(folder: &Path) -> Result<Suite, SuiteError> {
        let register = folder.join(REGISTER);
        let register_text = read_file(&register)?;
        let mut files = Vec::new();
        for folder in listed(folder)?.into_iter().filter(|path| path.is_dir()) {
            let area = folder.file_name().unwrap_or_default().to_string_lossy();
            for path in toml_files(&folder)? {
                let file = path.display().to_string();
                let wrong = |what, advice| {
                    let source = SourceText { file: &file, text: "" };
                    Err(SuiteError::Broken(vec![source.error(0..0, what, advice)]))
                };
                // Otherwise its scenarios would be ignored.
                if !AREAS.contains(&area.as_ref()) {
                    let near = located::nearest(&area, AREAS.into_iter());
                    let advice = near.map(|near| format!("did you mean `{near}`?"));
                    let advice = advice.unwrap_or_else(|| format!("scenarios lie in {}", AREAS.join(", ")));
                    return wrong(format!("the folder `{area}` is not a valid area"), advice);
                }
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let id = format!("{area}/{stem}");
                if !is_segment(&stem) {
                    let advice = "name the file in lower case, digits and hyphens".to_owned();
                    return wrong(format!("`{id}` is not a valid scenario id"), advice);
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
    pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
        let areas = AREAS.iter().map(|area| toml_files(&folder.join(area)));
        let scenarios = areas.flat_map(Result::unwrap_or_default);
        scenarios.chain([folder.join(REGISTER)]).collect()
    }

    /// The scenario of that id.
    pub fn scenario(&self, id: &str) -> Option<&Arc<Scenario>> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// Every requirement id that some scenario of the suite cites.
    pub fn cited(&self) -> BTreeSet<&str> {
        self.scenarios.iter().flat_map(|scenario| scenario.requirements()).collect()
    }
}

fn read_file(path: &Path) -> Result<String, SuiteError> {
    let bytes = files::read(path, files::TEXT).map_err(|why| SuiteError::Unreadable(path.to_owned(), why))?;
    located::text(&path.display().to_string(), bytes).map_err(|error| SuiteError::Broken(vec![error]))
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    Ok(listed(folder)?.into_iter().filter(is_toml).collect())
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let unreadable = |why| SuiteError::Unreadable(folder.to_owned(), why);
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// The id, the path as the user knows it, and the text of a scenario file.
type Source<'t> = (&'t str, String, &'t str);

fn read<'t>(register: (&str, &str), files: impl Iterator<Item = Source<'t>>) -> Result<Suite, SuiteError> {
    let files: Vec<Source<'t>> = files.collect();
    let digest = digest(register.1, &files);
    let source = SourceText { file: register.0, text: register.1 };
    let register = Register::parse(source).map_err(|error| SuiteError::Broken(vec![error]))?;
    // This is most of the time between the start of the program and its first request.
    let parsed =
        parallel::each(&files, |(id, file, text)| Some(Scenario::parse_each(id, SourceText { file, text }, &register)));
    let (mut scenarios, mut errors) = (Vec::new(), Vec::new());
    for (result, (_, _, text)) in parsed.into_iter().zip(&files) {
        match result {
            Ok(expanded) => scenarios.extend(expanded.into_iter().map(|scenario| (Arc::new(scenario), *text))),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(SuiteError::Broken(errors));
    }
    positives_are_accepted(&scenarios)?;
    let scenarios = scenarios.into_iter().map(|(scenario, _)| scenario).collect();
    Ok(Suite { register, scenarios, digest: Some(digest) })
}

/// The digest of a register and of files in the order of their ids.
fn digest(register: &str, files: &[Source<'_>]) -> String {
    let mut hasher = Hasher::new();
    let scenarios = files.iter().map(|(id, _, text)| (*id, *text));
    for (name, text) in std::iter::once((REGISTER, register)).chain(scenarios) {
        // A checkout may have turned the line ends.
        let text = text.replace("\r\n", "\n");
        hasher.take(format!("{name} {}\n", text.len()).as_bytes());
        hasher.take(text.as_bytes());
    }
    hasher.digest()
}

/// A positive that is never accepted makes its file wrong; a missing one leaves all other files right.
fn positives_are_accepted(scenarios: &[(Arc<Scenario>, &str)]) -> Result<(), SuiteError> {
    let (mut missing, mut refused) = (Vec::new(), Vec::new());
    let accepted = |positive: &Scenario| positive.steps.iter().any(|step| step.expects(StatusSet::accepts));
    // The scenarios of one file have the same positive.
    for (scenario, text) in scenarios.chunk_by(|(one, _), (next, _)| one.id == next.id).map(|file| &file[0]) {
        let Some(positive) = &scenario.positive else { continue };
        let file = &scenario.file;
        let span = || Some(toml::de::DeTable::parse(text).ok()?.get_ref().get("positive")?.span());
        let located = |what, advice| SourceText { file, text }.error(span().unwrap_or_default(), what, advice);
        match scenarios.iter().find(|(other, _)| other.id == *positive) {
            None => {
                let known = scenarios.iter().map(|(scenario, _)| scenario.id.as_str());
                let advice = match located::nearest(positive, known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => "a positive is named by area and file: \"login/first-login\"".to_owned(),
                };
                missing.push(MissingPositive {
                    positive: positive.clone(),
                    named: located(format!("there is no scenario \"{positive}\""), advice),
                });
            }
            Some((found, _)) if !accepted(found) => refused.push(located(
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
