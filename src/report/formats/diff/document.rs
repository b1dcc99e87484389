//! What is different in two reports, as JSON.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::causes::{Cause, CauseEntry};
use super::{Diff, Side, Split, Turned, Way};
use crate::judge::Finding;
use crate::requirement::Level;
use crate::run::{Started, TargetInfo};
use crate::words;

const SCHEMA: &str = "wabizspec/diff/1";

/// What is new in a second report, what is gone, and what is still there.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DiffReport<'v> {
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    a: SideEntry<'v>,
    b: SideEntry<'v>,
    /// Whether something is new that fails its case.
    new: bool,
    causes: Split<CauseEntry<'v>>,
    findings: Split<Broken<'v>>,
    /// The cases with another verdict.
    cases: Vec<Turned<'v>>,
    /// The requirements with another verdict.
    requirements: Vec<Turned<'v>>,
    /// The cases that the first report judged, and the second did not.
    no_longer_judged: BTreeSet<&'v str>,
}

/// One of the two reports.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Side")]
struct SideEntry<'v> {
    /// Its file.
    report: String,
    /// Of wabizspec.
    version: &'v str,
    target: &'v TargetInfo,
    started_at: Timestamp,
    /// Every planned case has its verdict.
    complete: bool,
}

/// How a case breaks a requirement.
#[derive(Serialize, JsonSchema)]
struct Broken<'v> {
    case: &'v str,
    requirement: &'v str,
    /// The same in every run in which it breaks it in that way.
    signature: String,
    /// The highest of its findings.
    level: Option<Level>,
    /// In words.
    expected: String,
    /// In words.
    observed: String,
}

impl Diff {
    pub(super) fn document(&self) -> DiffReport<'_> {
        DiffReport {
            schema: SCHEMA,
            a: self.a.entry(),
            b: self.b.entry(),
            new: !self.failing().is_empty(),
            causes: self.causes().map(|cause| Cause::entry(&cause)),
            findings: self.ways().map(broken),
            cases: self.cases(),
            requirements: self.requirements(),
            no_longer_judged: self.no_longer_judged(),
        }
    }
}

fn broken<'v>((Way { case, requirement, signature }, findings): (Way<'v>, Vec<&'v Finding>)) -> Broken<'v> {
    let joined = |say: fn(&Finding) -> String| findings.iter().map(|it| say(it)).collect::<Vec<String>>().join("; ");
    Broken {
        case,
        requirement,
        signature,
        level: findings.iter().map(|it| it.level).max(),
        expected: joined(words::all_expected),
        observed: joined(words::all_observed),
    }
}

impl Side {
    fn entry(&self) -> SideEntry<'_> {
        let Started { target, at, version, .. } = &self.started;
        SideEntry {
            report: self.path.display().to_string(),
            version,
            target,
            started_at: *at,
            complete: self.view.summary.is_complete(),
        }
    }
}
