//! Proof that the suite bites: the suite against the faultless reference client, and against each planted fault.
//!
//! A fault is *killed* when a case finds its requirement broken, *silent* when none does, *dead* when the fault shows
//! nowhere. A case is needed when it kills a fault whose requirement it cites. Here suite and faults meet; neither
//! knows of the other. How a proof is shown is not decided here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use crate::judge::{Oracles, RequirementVerdict, Verdict};
use crate::plan::{Capabilities, Case, cases, plan};
use crate::reference::{Behaviour, Fault, Kind, Registration, Server, Settings as ServerSettings};
use crate::requirement::Level;
use crate::run::{Event, Settings, Summary, TargetInfo, run};
use crate::scenario::{MissingTwin, Suite};
use crate::target::{Limits, Target};

/// Faults whose answers come later than this are not waited for as long as others.
const SLOW: Duration = Duration::from_secs(5);

/// The limit for the answers of such a fault: far beyond what an answer over loopback takes.
const SHORT: Duration = Duration::from_millis(500);

/// What became of one fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultVerdict {
    /// A case found the fault's requirement broken; a degenerate target proved nothing.
    Killed,
    /// No case did: the suite does not see it.
    Silent,
    /// Its witness shows no difference: it is no fault.
    Dead,
}

impl std::fmt::Display for FaultVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            FaultVerdict::Killed => "killed",
            FaultVerdict::Silent => "silent",
            FaultVerdict::Dead => "dead",
        })
    }
}

/// One row of the matrix.
#[derive(Debug, Clone)]
pub struct Row {
    /// The fault.
    pub fault: &'static Fault,
    /// The level of its requirement; absent where the suite's register does not know it.
    pub level: Option<Level>,
    /// What became of it.
    pub verdict: FaultVerdict,
    /// The cases that went red, by id, in order. A requirement of level may turns no case red: there they are the
    /// cases that report it.
    pub cases: Vec<String>,
    /// Those among them that find the fault's own requirement broken.
    pub killers: Vec<String>,
}

/// Something that keeps the faultless client from being proven to conform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The id of a case, of a requirement, or of a scenario that is missing.
    pub id: String,
    /// In which registration state.
    pub registration: Registration,
    /// What came of it, or what is missing.
    pub what: String,
}

/// All that a proof shows.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// Every fault that was asked for has its row.
    pub complete: bool,
    /// All faults there are were asked for; only then a case can be seen to be unneeded.
    pub whole: bool,
    /// What keeps the faultless client from being all green and proven so; with it, no fault was tried.
    pub baseline: Vec<Broken>,
    /// In the order of the faults.
    pub rows: Vec<Row>,
    /// Cases that kill no fault and do not say why they are kept.
    pub unneeded: Vec<String>,
}

impl Proof {
    /// Of a suite that lacks scenarios which others name as their twins: nothing is tried, since a refusal proves
    /// nothing unless the same request made good is accepted.
    pub fn of_incomplete(missing: &[MissingTwin]) -> Proof {
        let twins: BTreeSet<&str> = missing.iter().map(|missing| missing.twin.as_str()).collect();
        let broken = |twin: &str| Broken {
            id: twin.to_owned(),
            registration: Registration::Open,
            what: "missing, though named as a twin".to_owned(),
        };
        Proof {
            baseline: twins.into_iter().map(broken).collect(),
            ..Proof::default()
        }
    }

    /// How many faults came to that verdict.
    pub fn count(&self, verdict: FaultVerdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// Whether the suite was shown to bite.
    pub fn holds(&self) -> bool {
        let killed = self.count(FaultVerdict::Killed) == self.rows.len();
        self.complete && self.baseline.is_empty() && killed && self.unneeded.is_empty()
    }
}

/// What is told while a proof is made.
pub trait Progress: Sync {
    /// So many faults will be tried.
    fn begins(&self, faults: usize);

    /// One more has its row. Faults end in any order.
    fn tried(&self, row: &Row);
}

/// Tries the suite against the faultless client in both registration states, and then against each of the faults.
/// `all` says that they are all faults there are; only then a case can be said to be unneeded.
///
/// # Errors
/// The reference client could not be started.
pub fn prove(
    suite: &Suite,
    faults: &[&'static Fault],
    all: bool,
    stop: &watch::Receiver<bool>,
    progress: &dyn Progress,
) -> std::io::Result<Proof> {
    let bench = Bench {
        suite,
        cases: cases(suite),
        stop,
    };
    let mut proof = Proof {
        whole: all,
        ..Proof::default()
    };
    let mut baseline = HashMap::new();
    proof.baseline = bench.unchecked();
    for registration in [Registration::Open, Registration::Sunset] {
        let ran = bench.run(registration, Behaviour::default(), Limits::default())?;
        proof.baseline.extend(ran.broken(registration));
        baseline.insert(registration, ran);
    }
    if !proof.baseline.is_empty() || *stop.borrow() {
        return Ok(proof);
    }
    progress.begins(faults.len());
    proof.rows = bench.try_all(faults, &baseline, progress)?;
    proof.complete = proof.rows.len() == faults.len();
    if all && proof.complete {
        proof.unneeded = bench.unneeded(&proof.rows);
    }
    Ok(proof)
}

/// Tries some cases, by their ids, against one fault: whether they are enough to kill it.
///
/// # Errors
/// The reference client could not be started.
pub fn try_on(suite: &Suite, fault: &'static Fault, only: &BTreeSet<&str>) -> std::io::Result<Row> {
    let (_keep, stop) = watch::channel(false);
    let chosen = |case: &Case| only.contains(case.id.as_str());
    let bench = Bench {
        suite,
        cases: cases(suite).into_iter().filter(chosen).collect(),
        stop: &stop,
    };
    let usual = bench.run(fault.registration, Behaviour::default(), Limits::default())?;
    bench.try_one(fault, &usual)
}

/// What one run of the whole suite showed.
#[derive(Default)]
struct Ran {
    /// The verdict of each case, and the requirements that it found broken or reported.
    cases: BTreeMap<String, (Verdict, BTreeSet<String>)>,
    summary: Summary,
}

impl Ran {
    fn take(&mut self, event: &Event) {
        self.summary.take(event);
        if let Event::Case(case) = event {
            let found = case.findings.iter().map(|finding| finding.requirement.clone());
            let reported = case
                .observations
                .iter()
                .filter_map(|observation| observation.requirement.clone());
            let noticed = found.chain(reported).collect();
            self.cases.insert(case.id.clone(), (case.verdict, noticed));
        }
    }

    /// Cases that do not pass, and musts that are not proven although their cases pass.
    fn broken(&self, registration: Registration) -> Vec<Broken> {
        let broken = |id: &str, what: String| Broken {
            id: id.to_owned(),
            registration,
            what,
        };
        let bad = |verdict: Verdict| !matches!(verdict, Verdict::Pass | Verdict::Skipped);
        let cases = self.cases.iter().filter(|(_, (verdict, _))| bad(*verdict));
        let mut all: Vec<Broken> = cases
            .map(|(case, (verdict, _))| broken(case, verdict.to_string()))
            .collect();
        if all.is_empty() {
            let requirements = self.summary.requirements();
            let musts = requirements
                .iter()
                .filter(|result| result.requirement.level == Level::Must);
            let proven = |verdict| matches!(verdict, RequirementVerdict::Pass | RequirementVerdict::Skipped);
            let unproven = musts.filter(|result| !proven(result.verdict));
            all.extend(unproven.map(|result| broken(&result.requirement.id, result.verdict.to_string())));
        }
        all
    }

    /// The cases that failed.
    fn red(&self) -> impl Iterator<Item = &String> {
        let failed = self.cases.iter().filter(|(_, (verdict, _))| *verdict == Verdict::Fail);
        failed.map(|(case, _)| case)
    }

    /// The cases that noticed something of a requirement.
    fn noticing(&self, requirement: &str) -> BTreeSet<&String> {
        let noticed = self
            .cases
            .iter()
            .filter(|(_, (_, noticed))| noticed.contains(requirement));
        noticed.map(|(case, _)| case).collect()
    }

    /// Whether some requirement of level must counts as proven.
    fn proves_a_must(&self) -> bool {
        let proven = |verdict: RequirementVerdict| verdict == RequirementVerdict::Pass;
        let requirements = self.summary.requirements();
        requirements
            .iter()
            .any(|result| result.requirement.level == Level::Must && proven(result.verdict))
    }
}

/// What all runs of a proof share.
struct Bench<'s> {
    suite: &'s Suite,
    cases: Vec<Case>,
    stop: &'s watch::Receiver<bool>,
}

impl Bench<'_> {
    /// One run of the suite, case after case, against a client of its own.
    fn run(&self, registration: Registration, behaviour: Behaviour, limits: Limits) -> std::io::Result<Ran> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let settings = ServerSettings {
            registration,
            behaviour,
            ..ServerSettings::default()
        };
        // Client and server on one thread: a proof is some 800 000 exchanges, and each would wake a thread twice.
        let server = Server::start_on(runtime.handle(), (Ipv4Addr::LOCALHOST, 0).into(), settings)?;
        let target = Target::embedded(server, limits).map_err(std::io::Error::other)?;
        let info = TargetInfo {
            url: target.origin().to_string(),
            embedded: true,
            registration: Some(registration),
        };
        let plan = plan(self.cases.clone(), &Capabilities::embedded(registration));
        let settings = Settings {
            fail_on: Level::Should,
            ..Settings::disposable(1)
        };
        let mut ran = Ran::default();
        runtime.block_on(run(
            &self.suite.register,
            plan,
            Arc::new(target),
            info,
            &settings,
            self.stop.clone(),
            &mut |event| ran.take(&event),
        ));
        Ok(ran)
    }

    /// Every fault on a client of its own, as many at a time as there are processors. Ends early when told to stop.
    fn try_all(
        &self,
        faults: &[&'static Fault],
        baseline: &HashMap<Registration, Ran>,
        progress: &dyn Progress,
    ) -> std::io::Result<Vec<Row>> {
        let next = AtomicUsize::new(0);
        let rows: Mutex<BTreeMap<usize, std::io::Result<Row>>> = Mutex::default();
        let work = || {
            while let index = next.fetch_add(1, Ordering::Relaxed)
                && let Some(fault) = faults.get(index)
            {
                let row = self.try_one(fault, &baseline[&fault.registration]);
                if *self.stop.borrow() {
                    return;
                }
                row.iter().for_each(|row| progress.tried(row));
                rows.lock().unwrap_or_else(PoisonError::into_inner).insert(index, row);
            }
        };
        let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        std::thread::scope(|scope| {
            for _ in 1..workers {
                scope.spawn(work);
            }
            work();
        });
        rows.into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .into_values()
            .collect()
    }

    fn try_one(&self, fault: &'static Fault, baseline: &Ran) -> std::io::Result<Row> {
        let level = self
            .suite
            .register
            .find(fault.requirement)
            .map(|requirement| requirement.level);
        let mut row = Row {
            fault,
            level,
            verdict: FaultVerdict::Dead,
            cases: Vec::new(),
            killers: Vec::new(),
        };
        if !fault.is_alive() {
            return Ok(row);
        }
        let mut limits = Limits::default();
        if fault.keeps_waiting(SLOW) {
            (limits.first_byte, limits.whole) = (SHORT, SHORT);
        }
        let ran = self.run(fault.registration, fault.behaviour(), limits)?;
        let usual = baseline.noticing(fault.requirement);
        let killers: BTreeSet<&String> = ran.noticing(fault.requirement).difference(&usual).copied().collect();
        let killed = match fault.kind {
            Kind::Degenerate => !ran.proves_a_must(),
            Kind::Rule | Kind::Robustness => !killers.is_empty(),
        };
        row.verdict = if killed {
            FaultVerdict::Killed
        } else {
            FaultVerdict::Silent
        };
        let red: BTreeSet<&String> = ran.red().chain(killers.iter().copied()).collect();
        row.cases = red.into_iter().cloned().collect();
        row.killers = killers.into_iter().cloned().collect();
        Ok(row)
    }

    /// Requirements that no scenario cites and that say no reason why not.
    fn unchecked(&self) -> Vec<Broken> {
        let oracles = Oracles::of(&self.suite.register);
        let cited = self.suite.cited();
        let checked = |id: &str| cited.contains(id) || oracles.requirements().any(|oracle| oracle == id);
        let unchecked = self
            .suite
            .register
            .iter()
            .filter(|requirement| requirement.excuse.is_none() && !checked(&requirement.id));
        let broken = unchecked.map(|requirement| Broken {
            id: requirement.id.clone(),
            registration: Registration::Open,
            what: "cited by no scenario".to_owned(),
        });
        broken.collect()
    }

    /// Cases that kill no fault whose requirement they cite.
    fn unneeded(&self, rows: &[Row]) -> Vec<String> {
        let killing = rows.iter().filter(|row| row.fault.kind != Kind::Degenerate);
        let mut kills: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for row in killing {
            for case in &row.killers {
                kills.entry(case).or_default().insert(row.fault.requirement);
            }
        }
        let needed = |case: &&Case| {
            let cited = case.scenario.requirements();
            let kills = kills.get(case.id.as_str());
            kills.is_some_and(|kills| cited.iter().any(|requirement| kills.contains(requirement)))
        };
        let kept = |case: &&Case| case.scenario.keep.is_some();
        let idle = self.cases.iter().filter(|case| !needed(case) && !kept(case));
        idle.map(|case| case.id.clone()).collect()
    }
}
