//! Two reports of one suite: what is new in the second, what is gone, and what is still there. Nothing is judged again.

mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstyle::Style;
pub(crate) use document::DiffReport;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::causes::{Cause, causes};
use super::read::{ReadError, read};
use super::view::{View, counted, grouped, named};
use crate::baseline::signature;
use crate::judge::{Finding, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, Conclusion, RequirementResult, Started};

/// How many ids are named in a line.
const NAMED: usize = 4;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DiffError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{} and {} are not reports of the same suite: {why}\n  help: give reports that were written by the same version of \
        wabizspec, with the same --scenarios, --fail-on and filters", one.display(), other.display())]
    Different { one: PathBuf, other: PathBuf, why: String },
}

/// Two reports that can be compared.
pub(crate) struct Diff {
    a: Side,
    b: Side,
}

struct Side {
    path: PathBuf,
    view: View,
    started: Started,
}

/// How a case breaks a requirement; the same in every run in which it breaks it in that way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way<'v> {
    case: &'v str,
    requirement: &'v str,
    signature: String,
}

impl<'v> Way<'v> {
    fn of(case: &'v str, requirement: &'v str, findings: &[&Finding]) -> Way<'v> {
        Way { case, requirement, signature: signature(findings.iter().copied()) }
    }
}

/// What only the second of two lists has, what only the first has, and what both have.
#[derive(Serialize, JsonSchema)]
struct Split<T> {
    new: Vec<T>,
    gone: Vec<T>,
    still: Vec<T>,
}

impl<T> Split<T> {
    /// What both have is taken from the second list.
    fn of<K: Ord>(a: Vec<T>, b: Vec<T>, key: impl Fn(&T) -> K) -> Split<T> {
        let (of_a, of_b): (BTreeSet<K>, BTreeSet<K>) = (a.iter().map(&key).collect(), b.iter().map(&key).collect());
        let (still, new) = b.into_iter().partition(|one| of_a.contains(&key(one)));
        Split { new, gone: a.into_iter().filter(|one| !of_b.contains(&key(one))).collect(), still }
    }

    fn map<U>(self, one: impl Fn(T) -> U) -> Split<U> {
        let all = |list: Vec<T>| list.into_iter().map(&one).collect();
        Split { new: all(self.new), gone: all(self.gone), still: all(self.still) }
    }
}

/// Something that has another verdict in the second report; without one, that report does not have it.
#[derive(Serialize, JsonSchema)]
struct Turned<'v> {
    id: &'v str,
    /// Its verdict in the first report.
    a: String,
    /// Its verdict in the second report.
    b: String,
}

impl Diff {
    /// Reads both reports; `a` is the older one.
    pub fn of(a: &Path, b: &Path) -> Result<Diff, DiffError> {
        let (a, b) = (Side::read(a)?, Side::read(b)?);
        match a.differs_from(&b) {
            None => Ok(Diff { a, b }),
            Some(why) => Err(DiffError::Different { one: a.path, other: b.path, why }),
        }
    }

    /// Findings if something is new that fails its case. Otherwise inconclusive if it could not be seen everywhere.
    pub fn conclusion(&self) -> Conclusion {
        match () {
            () if !self.failing().is_empty() => Conclusion::Findings,
            () if !self.no_longer_judged().is_empty() || self.b.view.summary.judged() == 0 => Conclusion::Inconclusive,
            () => Conclusion::Conforms,
        }
    }

    fn causes(&self) -> Split<Cause<'_>> {
        Split::of(causes(&self.a.view), causes(&self.b.view), Cause::identity)
    }

    fn ways(&self) -> Split<(Way<'_>, Vec<&Finding>)> {
        Split::of(self.a.ways(), self.b.ways(), |(way, _)| way.clone())
    }

    /// What is new and fails its case: of a new cause, or in a case that passed. A case that failed before may show more of
    /// an old cause now, because something in front of it is mended.
    fn failing(&self) -> Vec<Way<'_>> {
        let fails = self.b.judged(|verdict| verdict == Verdict::Fail);
        let passed = self.a.judged(|verdict| verdict == Verdict::Pass);
        let causes = self.causes();
        let is_new = |(way, findings): &(Way<'_>, Vec<&Finding>)| {
            let has_it =
                |cause: &Cause<'_>| cause.cases.contains(way.case) && cause.requirements.contains(way.requirement);
            fails.contains(way.case)
                && findings.iter().any(|finding| finding.level >= self.b.started.fail_on)
                && (passed.contains(way.case) || !causes.still.iter().any(has_it))
        };
        self.ways().new.into_iter().filter(is_new).map(|(way, _)| way).collect()
    }

    fn no_longer_judged(&self) -> BTreeSet<&str> {
        let still = self.b.judged(is_judged);
        self.a.judged(is_judged).into_iter().filter(|id| !still.contains(id)).collect()
    }

    fn cases(&self) -> Vec<Turned<'_>> {
        turned(self.a.verdicts(), self.b.verdicts())
    }

    fn requirements(&self) -> Vec<Turned<'_>> {
        turned(self.a.requirements(), self.b.requirements())
    }

    /// For people.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.a.write(out, "A")?;
        self.b.write(out, "B")?;
        let (causes, failing) = (self.causes(), self.failing());
        list(out, "new", &causes.new, &self.b.view)?;
        list(out, "gone", &causes.gone, &self.a.view)?;
        if !causes.still.is_empty() {
            writeln!(out, "\nstill there ({}):", causes.still.len())?;
        }
        let new_cases: BTreeSet<&str> = failing.iter().map(|way| way.case).collect();
        for cause in &causes.still {
            let more = cause.cases.intersection(&new_cases).count();
            let more = if more > 0 { format!(", {more} of them new") } else { String::new() };
            writeln!(out, "  {} ({}{more})", cause.headline(), cause.extent())?;
        }
        for (what, turned) in [("cases", self.cases()), ("requirements", self.requirements())] {
            if !turned.is_empty() {
                writeln!(out, "\n{what} with another verdict ({}):", turned.len())?;
            }
            for (verdicts, ids) in grouped(turned.into_iter().map(|it| ((it.a, it.b), it.id))) {
                writeln!(out, "  {} -> {}: {}", verdicts.0, verdicts.1, named(ids, NAMED))?;
            }
        }
        let says = match self.conclusion() {
            Conclusion::Findings => format!(
                "something is new: {} in {}",
                counted(failing.len(), "broken requirement"),
                counted(new_cases.len(), "case")
            ),
            Conclusion::Conforms => "nothing is new".to_owned(),
            _ => format!(
                "inconclusive: nothing is new, but of {} that A judged, B did not judge {}",
                counted(self.a.view.summary.judged(), "case"),
                self.no_longer_judged().len()
            ),
        };
        let bold = Style::new().bold();
        writeln!(out, "\n{bold}{says}{bold:#}")
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!(self.document())
    }
}

/// Causes with what they break and an example.
fn list(out: &mut dyn Write, title: &str, causes: &[Cause<'_>], view: &View) -> io::Result<()> {
    if !causes.is_empty() {
        writeln!(out, "\n{title} ({}):", causes.len())?;
    }
    for (index, cause) in causes.iter().enumerate() {
        cause.write(out, &format!("{:3}. ", index + 1), view)?;
    }
    Ok(())
}

fn is_judged(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Known)
}

/// What has different verdicts in both, in the order of their ids.
fn turned<'v>(a: BTreeMap<&'v str, String>, b: BTreeMap<&'v str, String>) -> Vec<Turned<'v>> {
    let of = |side: &BTreeMap<&str, String>, id: &str| side.get(id).cloned().unwrap_or_else(|| "not there".to_owned());
    let ids: BTreeSet<&str> = a.keys().chain(b.keys()).copied().collect();
    let all = ids.into_iter().map(|id| Turned { id, a: of(&a, id), b: of(&b, id) });
    all.filter(|turned| turned.a != turned.b).collect()
}

impl Side {
    fn read(path: &Path) -> Result<Side, ReadError> {
        let mut view = View::of_all_cases();
        read(path, &mut |event| view.take(&event))?;
        let path = path.to_owned();
        match view.summary.started.clone() {
            Some(started) => Ok(Side { path, view, started }),
            None => Err(ReadError::Foreign { path, why: "it does not say what was to be run".to_owned() }),
        }
    }

    /// Why the other is not the report of the same suite.
    fn differs_from(&self, other: &Side) -> Option<String> {
        let (one, two) = (&self.started, &other.started);
        if one.version != two.version {
            return Some(format!("they are of the versions {} and {}", one.version, two.version));
        }
        if one.fail_on != two.fail_on {
            return Some(format!(
                "cases fail from {} on in one, and from {} on in the other",
                one.fail_on, two.fail_on
            ));
        }
        let mut rules = one.requirements.iter().filter_map(|rule| Some((rule, other.view.rule(&rule.id)?)));
        if let Some((rule, _)) = rules.find(|(rule, other)| rule != other) {
            return Some(format!("they state the requirement {} differently", rule.id));
        }
        let cases: BTreeMap<&str, &CaseReport> = other.view.cases.iter().map(|case| (case.id.as_str(), case)).collect();
        let mut pairs =
            self.view.cases.iter().filter_map(|case| Some((case, *cases.get(case.id.as_str())?))).peekable();
        if pairs.peek().is_none() {
            return Some("they have no case in common".to_owned());
        }
        let (case, _) = pairs.find(|(one, two)| (&one.title, &one.cites) != (&two.title, &two.cites))?;
        Some(format!("the case {} is not the same in both", case.id))
    }

    fn judged(&self, is_wanted: fn(Verdict) -> bool) -> BTreeSet<&str> {
        let cases = self.view.cases.iter().filter(|case| is_wanted(case.verdict));
        cases.map(|case| case.id.as_str()).collect()
    }

    fn verdicts(&self) -> BTreeMap<&str, String> {
        self.view.cases.iter().map(|case| (case.id.as_str(), case.verdict.to_string())).collect()
    }

    fn requirements(&self) -> BTreeMap<&str, String> {
        let results = self.view.summary.requirements().into_iter().filter(|it| it.requirement.level > Level::May);
        results
            .map(|RequirementResult { requirement, verdict, .. }| (requirement.id.as_str(), verdict.to_string()))
            .collect()
    }

    fn ways(&self) -> Vec<(Way<'_>, Vec<&Finding>)> {
        let judged = self.view.sorted().into_iter().filter(|case| is_judged(case.verdict));
        let broken = judged.flat_map(|case| {
            grouped(
                case.findings.iter().map(move |finding| ((case.id.as_str(), finding.requirement.as_str()), finding)),
            )
        });
        broken.map(|((case, requirement), found)| (Way::of(case, requirement, &found), found)).collect()
    }

    fn write(&self, out: &mut dyn Write, name: &str) -> io::Result<()> {
        let Started { target, at, .. } = &self.started;
        let summary = &self.view.summary;
        let (failed, judged) = (summary.count(Verdict::Fail), counted(summary.judged(), "case"));
        let end = if summary.is_complete() { "" } else { "; the run was not completed" };
        let causes = counted(causes(&self.view).len(), "cause");
        let path = self.path.display();
        writeln!(out, "{name}: {path}, {} at {at}: {failed} of {judged} failed, {causes}{end}", target.url)
    }
}
