//! What can be claimed of a target by the report of a run: a small document, and a badge.
//!
//! A claim follows from its report and from nothing else, so that anybody can make it again and compare. It cannot show
//! that the report itself is true: for that the run must be repeated.

mod limit;
mod excused;
mod fit;
mod differences;
mod badge;

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::read::{ReadError, read};
use super::view::{View, counted};
use crate::digest::Hasher;
use crate::exchange::shortened;
use crate::files;
use crate::judge::{RequirementVerdict, Verdict};
use crate::requirement::Level;
use crate::run::{Share, Started, WholeSuite};
use crate::scenario::{Registration, Suite};
use excused::{Excused, excused};
use limit::{Limit, limits};

/// What a claim says, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// The whole suite was judged, nothing failed, and everything that binds such a target is proven.
    Conforms,
    /// Nothing failed, but something limits what that shows.
    Partial,
    Fails,
}

crate::located::shown_by_name!(Outcome);

/// The document. Every member is always there, and no other.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    schema: Schema,
    pub outcome: Outcome,
    /// Why it is not more.
    limits: Vec<Limit>,
    suite: OfSuite,
    report: OfReport,
    target: OfTarget,
    /// The lowest level at which a finding fails its case.
    fail_on: Level,
    musts: Musts,
    requirements: ByVerdict,
    excused: Vec<Excused>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Schema {
    #[serde(rename = "wabizspec/claim/1")]
    First,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfSuite {
    version: String,
    digest: String,
    cases: usize,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfReport {
    /// Of the file, byte for byte.
    digest: String,
    started_at: Timestamp,
}

/// Without its address, which its owner may not want to publish.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfTarget {
    embedded: bool,
    registration: Option<Registration>,
    versions: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Musts {
    proven: usize,
    of: usize,
    percent: usize,
}

/// The ids of all requirements of the run.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ByVerdict {
    fail: ByLevel,
    known: ByLevel,
    unproven: ByLevel,
    blocked: ByLevel,
    skipped: ByLevel,
    pass: ByLevel,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ByLevel {
    must: Vec<String>,
    should: Vec<String>,
    may: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("nothing can be claimed by {}: it does not say of which suite it is, because an older version of wabizspec has written \
        it\n  help: run again with this version", .0.display())]
    Old(PathBuf),
    #[error("nothing can be claimed by {}: it is of recorded traffic, which shows only what somebody happened to send\n  help: give \
        the report of `wabizspec run`", .0.display())]
    Traffic(PathBuf),
    #[error("nothing can be claimed by {}: it does not fit the suite that it names: {why}\n  help: the report was changed after its \
        run; run again", path.display())]
    Misfit { path: PathBuf, why: String },
}

impl Claim {
    /// What the report shows. `suite` is the one built into this program.
    pub fn of(path: &Path, suite: &Suite) -> Result<Claim, ClaimError> {
        let digest = digest(path).map_err(|error| ReadError::Unreadable { path: path.to_owned(), error })?;
        let mut view = View::of_all_cases();
        read(path, &mut |event| view.take(&event))?;
        if view.coverage.is_some() {
            return Err(ClaimError::Traffic(path.to_owned()));
        }
        let Some((started, whole)) = view.summary.started.as_ref().and_then(|it| Some((it, it.suite.as_ref()?))) else {
            return Err(ClaimError::Old(path.to_owned()));
        };
        let is_ours = Some(&whole.digest) == suite.digest.as_ref();
        if let Some(why) = is_ours.then(|| fit::misfit(&view, started, whole, suite)).flatten() {
            return Err(ClaimError::Misfit { path: path.to_owned(), why });
        }
        Ok(Claim::made(&view, started, whole, is_ours, digest))
    }

    fn made(view: &View, started: &Started, whole: &WholeSuite, is_ours: bool, digest: String) -> Claim {
        let Started { version, at, target, fail_on, .. } = started;
        let limits = limits(view, started, whole, is_ours);
        let outcome = match () {
            () if view.summary.count(Verdict::Fail) > 0 => Outcome::Fails,
            () if limits.is_empty() => Outcome::Conforms,
            () => Outcome::Partial,
        };
        let share @ Share { proven, of } = view.summary.share(Level::Must);
        Claim {
            schema: Schema::First,
            outcome,
            limits,
            suite: OfSuite { version: version.clone(), digest: whole.digest.clone(), cases: whole.cases },
            report: OfReport { digest, started_at: *at },
            target: OfTarget {
                embedded: target.embedded,
                registration: target.registration,
                versions: target.versions.iter().map(shortened).collect(),
            },
            fail_on: *fail_on,
            musts: Musts { proven, of, percent: share.percent().unwrap_or(0) },
            requirements: ByVerdict::of(view),
            excused: excused(view),
        }
    }

    /// Whether a program of this version, with this suite, can make the claim again.
    pub fn can_be_checked(&self, suite: &Suite) -> bool {
        self.suite.version == env!("CARGO_PKG_VERSION") && suite.digest.as_ref() == Some(&self.suite.digest)
    }

    /// The version of the suite, and its digest.
    pub fn suite(&self) -> String {
        format!("{} ({})", self.suite.version, self.suite.digest)
    }

    /// The claim in one line.
    pub fn says(&self) -> String {
        let Musts { proven, of, percent } = self.musts;
        let failed = self.failed();
        let failed = if failed > 0 { format!("{} broken; ", counted(failed, "rule")) } else { String::new() };
        let whom = if self.target.embedded { " (the embedded reference client)" } else { "" };
        let limits = self.limits.iter().map(|limit| format!("; {}", limit.says())).collect::<String>();
        format!("{}{whom}: {failed}musts proven: {percent} % ({proven} of {of}){limits}", self.outcome)
    }

    /// How many requirements are broken of those that fail their cases.
    fn failed(&self) -> usize {
        let ByLevel { must, should, .. } = &self.requirements.fail;
        must.len() + if self.fail_on <= Level::Should { should.len() } else { 0 }
    }
}

impl ByVerdict {
    fn of(view: &View) -> ByVerdict {
        let mut all = ByVerdict::default();
        for result in view.summary.requirements() {
            let levels = match result.verdict {
                RequirementVerdict::Fail => &mut all.fail,
                RequirementVerdict::Known => &mut all.known,
                RequirementVerdict::Unproven => &mut all.unproven,
                RequirementVerdict::Blocked => &mut all.blocked,
                RequirementVerdict::Skipped => &mut all.skipped,
                RequirementVerdict::Pass => &mut all.pass,
            };
            let ids = match result.requirement.level {
                Level::Must => &mut levels.must,
                Level::Should => &mut levels.should,
                Level::May => &mut levels.may,
            };
            ids.push(result.requirement.id.clone());
        }
        all
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Hasher::new();
    io::copy(&mut files::open(path, files::REPORT)?, &mut hasher)?;
    Ok(hasher.digest())
}
