//! Merges the reports of shards: the events of the run that they would be without shards.
//!
//! Nothing is judged again. Reports that cannot be of one run are refused, and missing cases make the merged run incomplete,
//! so that a lost shard never looks like a green one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::read::{ReadError, read};
use super::view::named;
use crate::plan::Shard;
use crate::run::{Ended, Event, RequirementInfo, Started, Summary, WholeSuite};
use crate::snapshot;

#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{} and {} are not of one run: {why}\n  help: merge the shards of one run: same suite, same filters, same target", one.display(), other.display())]
    Different { one: PathBuf, other: PathBuf, why: String },
    #[error("there is no report to merge\n  help: name the reports of the shards")]
    Nothing,
    #[error("{} and {} both hold the case {case}\n  help: give each shard's report once", one.display(), other.display())]
    Twice { one: PathBuf, other: PathBuf, case: String },
}

/// Reports that fit together. They are read again, event by event, so that only the ids of the cases are in memory.
#[derive(Debug)]
pub(crate) struct Merged {
    paths: Vec<PathBuf>,
    started: Started,
    notes: Vec<String>,
    /// Absent if one of the runs died.
    ended: Option<Ended>,
}

/// What must be known of a report before it is merged.
struct Source {
    path: PathBuf,
    summary: Summary,
    started: Started,
}

impl Merged {
    /// Reads the reports for the first time.
    pub fn of(paths: &[PathBuf]) -> Result<Merged, MergeError> {
        let mut holders = HashMap::new();
        let mut sources: Vec<Source> = Vec::new();
        for path in paths {
            let source = Source::read(path, &mut holders)?;
            if let Some(first) = sources.first() {
                first.fits(&source)?;
            }
            sources.push(source);
        }
        let held = holders.len();
        let started = started(&sources)?;
        let died = sources.iter().filter(|source| source.summary.ended.is_none());
        let mut notes: Vec<String> =
            died.map(|source| format!("{} has no end: its run died", source.path.display())).collect();
        let missing = started.cases.saturating_sub(held);
        // A single run that was interrupted says so itself.
        let sharded = sources.iter().any(|source| source.started.part.is_some());
        if missing > 0 && (sharded || sources.iter().all(|source| source.summary.is_complete())) {
            notes.push(missing_note(&sources, held, started.cases));
        }
        let ended = ended(&sources).map(|ended| Ended { complete: ended.complete && missing == 0, ..ended });
        Ok(Merged { paths: paths.to_vec(), started, notes, ended })
    }

    /// Hands over the events of the merged run.
    pub fn events(&self, each: &mut dyn FnMut(Event)) -> Result<(), ReadError> {
        each(Event::Started(self.started.clone()));
        let mut registration_told = false;
        for path in &self.paths {
            read(path, &mut |event| match event {
                Event::Started(_) | Event::Versions(_) | Event::Ended(_) => {}
                Event::Registration(_) if registration_told => {}
                event => {
                    registration_told |= matches!(event, Event::Registration(_));
                    each(event);
                }
            })?;
        }
        let notes = self.notes.iter().cloned().map(Event::Note);
        notes.chain(self.ended.clone().map(Event::Ended)).for_each(each);
        Ok(())
    }
}

impl Source {
    fn read(path: &Path, holders: &mut HashMap<String, PathBuf>) -> Result<Source, MergeError> {
        let mut summary = Summary::default();
        let (mut twice, mut started) = (None, None);
        read(path, &mut |event| {
            summary.take(&event);
            match event {
                Event::Started(first) => started = Some(first),
                Event::Case(case) => {
                    if let Some(one) = holders.insert(case.id.clone(), path.to_owned()) {
                        let (other, case) = (path.to_owned(), case.id);
                        twice.get_or_insert(MergeError::Twice { one, other, case });
                    }
                }
                _ => {}
            }
        })?;
        if let Some(twice) = twice {
            return Err(twice);
        }
        let path = path.to_owned();
        match started {
            Some(started) => Ok(Source { path, summary, started }),
            None => Err(ReadError::Foreign { path, why: "it does not say what was to be run".to_owned() }.into()),
        }
    }

    /// Refuses reports that cannot be of the same run.
    fn fits(&self, other: &Source) -> Result<(), MergeError> {
        for ((what, a), (_, b)) in self.facts().into_iter().zip(other.facts()) {
            if let (Some(a), Some(b)) = (a, b)
                && a != b
            {
                let (one, other) = (self.path.clone(), other.path.clone());
                return Err(MergeError::Different { one, other, why: format!("{what} {a} and {b}") });
            }
        }
        Ok(())
    }

    /// What all reports of one run agree on, as far as it is known.
    fn facts(&self) -> [(&'static str, Option<String>); 6] {
        let Started { version, suite, fail_on, target, part, .. } = &self.started;
        // The embedded client gets a new port at each start but is always the same target.
        let target = if target.embedded { "the embedded reference client" } else { &target.url };
        let registration = self.summary.started.as_ref().and_then(|started| started.target.registration);
        let suite = suite.as_ref().map(|WholeSuite { digest, cases }| format!("{digest} ({cases} cases)"));
        let part = match part {
            Some(part) => format!("a shard of {} ({} cases in all)", part.shard.count, part.of),
            None => "no shard".to_owned(),
        };
        [
            ("the suite's versions are", Some(version.clone())),
            ("the suites are", Some(suite.unwrap_or_else(|| "one that its report does not name".to_owned()))),
            ("they fail from different levels on,", Some(fail_on.to_string())),
            ("the targets are", Some(target.to_owned())),
            ("the target's registration was", registration.map(|state| state.to_string())),
            ("they are", Some(part)),
        ]
    }
}

/// What the run as one was going to do.
fn started(sources: &[Source]) -> Result<Started, MergeError> {
    let planned = sources.iter().map(|source| source.started.cases).fold(0, usize::saturating_add);
    let mut merged = sources.first().ok_or(MergeError::Nothing)?.started.clone();
    merged.cases = merged.part.map_or(planned, |part| part.of);
    merged.part = None;
    merged.at = sources.iter().map(|source| source.started.at).min().unwrap_or(merged.at);
    merged.planned_resets = sources.iter().map(|source| source.started.planned_resets).sum();
    let stated = sources.iter().filter_map(|source| source.summary.started.as_ref()).flat_map(|it| &it.target.versions);
    merged.target.versions = stated.cloned().collect::<BTreeSet<String>>().into_iter().collect();
    merged.requirements = requirements(sources)?;
    Ok(merged)
}

fn requirements(sources: &[Source]) -> Result<Vec<RequirementInfo>, MergeError> {
    // Snapshots are no rule of the documents and come after them, as in a run.
    let mut by_id: BTreeMap<(bool, &str), (&Path, &RequirementInfo)> = BTreeMap::new();
    for source in sources {
        for info in &source.started.requirements {
            let key = (info.id == snapshot::REQUIREMENT, info.id.as_str());
            let (path, known) = by_id.entry(key).or_insert((&source.path, info));
            if *known != info {
                let (one, other) = (path.to_path_buf(), source.path.clone());
                let why = format!("their suites state the requirement {} differently", info.id);
                return Err(MergeError::Different { one, other, why });
            }
        }
    }
    Ok(by_id.into_values().map(|(_, info)| info.clone()).collect())
}

/// How the run as one ended; the shards ran at the same time.
fn ended(sources: &[Source]) -> Option<Ended> {
    let ends = sources.iter().map(|source| source.summary.ended.as_ref()).collect::<Option<Vec<&Ended>>>()?;
    Some(Ended {
        complete: ends.iter().all(|ended| ended.complete),
        interrupted: ends.iter().any(|ended| ended.interrupted),
        password_changed: ends.iter().any(|ended| ended.password_changed),
        elapsed_ms: ends.iter().map(|ended| ended.elapsed_ms).max().unwrap_or_default(),
    })
}

fn missing_note(sources: &[Source], held: usize, planned: usize) -> String {
    let there: BTreeSet<Shard> = sources.iter().filter_map(|source| Some(source.started.part?.shard)).collect();
    let siblings = there.first().into_iter().flat_map(|shard| shard.siblings());
    let missing: Vec<Shard> = siblings.filter(|shard| !there.contains(shard)).collect();
    let named = match missing.is_empty() {
        true => String::new(),
        false => format!("; no report of shard {}", named(&missing, 20)),
    };
    format!("{held} of {planned} cases have a verdict{named}")
}
