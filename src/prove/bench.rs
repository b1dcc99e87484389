//! The runs of a proof, each against a reference client of its own, and what they show.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{Broken, FaultVerdict, Progress, Row};
use crate::custody::Target;
use crate::judge::{Oracles, RequirementVerdict, Verdict};
use crate::plan::{Capabilities, Case, plan};
use crate::reference::{Behaviour, Fault, Kind, Registration, Server, Settings as ServerSettings};
use crate::requirement::Level;
use crate::run::{Event, Settings, Summary, TargetInfo, Witness, run};
use crate::scenario::Suite;
use crate::transport::Limits;

/// Faults whose answers come later than this are waited for no longer. No answer over loopback takes that long.
const SLOW: Duration = Duration::from_secs(5);

/// What one run of the whole suite showed.
#[derive(Default)]
pub(super) struct Ran {
    /// The verdict of each case, and the requirements that it found broken or reported.
    cases: BTreeMap<String, (Verdict, BTreeSet<String>)>,
    summary: Summary,
}

impl Ran {
    fn take(&mut self, event: &Event) {
        self.summary.take(event);
        if let Event::Case(case) = event {
            let found = case.findings.iter().map(|finding| finding.requirement.clone());
            let reported = case.observations.iter().filter_map(|observation| observation.requirement.clone());
            let noticed = found.chain(reported).collect();
            self.cases.insert(case.id.clone(), (case.verdict, noticed));
        }
    }

    /// Cases that do not pass, and musts that are not proven although their cases pass.
    pub fn broken(&self, registration: Registration) -> Vec<Broken> {
        let broken = |id: &str, what: String| Broken { id: id.to_owned(), registration, what };
        let bad = |verdict: Verdict| !matches!(verdict, Verdict::Pass | Verdict::Skipped);
        let cases = self.cases.iter().filter(|(_, (verdict, _))| bad(*verdict));
        let mut all: Vec<Broken> = cases.map(|(case, (verdict, _))| broken(case, verdict.to_string())).collect();
        if all.is_empty() {
            let requirements = self.summary.requirements();
            let musts = requirements.iter().filter(|result| result.requirement.level == Level::Must);
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
        let noticed = self.cases.iter().filter(|(_, (_, noticed))| noticed.contains(requirement));
        noticed.map(|(case, _)| case).collect()
    }

    /// Whether some requirement of level must counts as proven.
    fn proves_a_must(&self) -> bool {
        let proven = |verdict: RequirementVerdict| verdict == RequirementVerdict::Pass;
        let requirements = self.summary.requirements();
        requirements.iter().any(|result| result.requirement.level == Level::Must && proven(result.verdict))
    }
}

/// What a run shows beside its verdicts.
#[derive(Default)]
pub(super) struct Look<'w> {
    /// Set once the client answers otherwise than the faultless one.
    pub differs: Option<Arc<AtomicBool>>,
    /// Who looks on, given how many requests the client answered so far.
    pub witness: Option<&'w dyn Fn(Arc<AtomicU64>) -> Witness>,
}

/// What all runs of a proof share.
pub(super) struct Bench<'s> {
    pub suite: &'s Suite,
    pub cases: Vec<Case>,
    pub stop: &'s watch::Receiver<bool>,
}

impl Bench<'_> {
    /// One run of the suite, case after case, against a client of its own.
    pub fn run(
        &self,
        registration: Registration,
        behaviour: Behaviour,
        limits: Limits,
        look: Look<'_>,
    ) -> std::io::Result<Ran> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let settings = ServerSettings { registration, behaviour, differs: look.differs, ..ServerSettings::default() };
        // Client and server on one thread: a proof is some 800 000 exchanges, and each would wake a thread twice.
        let server = Server::start_on(runtime.handle(), (Ipv4Addr::LOCALHOST, 0).into(), settings)?;
        let witness = look.witness.map(|witness| witness(server.requests()));
        let target = Target::embedded(server, limits).map_err(std::io::Error::other)?;
        let info =
            TargetInfo { url: target.transport.origin().to_string(), embedded: true, registration: Some(registration) };
        let plan = plan(self.cases.clone(), &Capabilities::embedded(registration));
        let settings = Settings { fail_on: Level::Should, witness, ..Settings::disposable(1) };
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

    /// Every fault on a client of its own. Ends early when told to stop.
    pub fn try_all(
        &self,
        faults: &[&Fault],
        baseline: &HashMap<Registration, Ran>,
        progress: &dyn Progress,
    ) -> std::io::Result<Vec<Row>> {
        self.each(faults, |fault| self.try_one(fault, &baseline[&fault.registration]), |row| progress.tried(row))
    }

    /// Does something with each item, as many at a time as there are processors. Ends early when told to stop; what was
    /// begun then is left out.
    pub fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> std::io::Result<R> + Sync,
        done: impl Fn(&R) + Sync,
    ) -> std::io::Result<Vec<R>> {
        let next = AtomicUsize::new(0);
        let results: Mutex<BTreeMap<usize, std::io::Result<R>>> = Mutex::default();
        let work = || {
            while let index = next.fetch_add(1, Ordering::Relaxed)
                && let Some(item) = items.get(index)
            {
                let result = work(item);
                if *self.stop.borrow() {
                    return;
                }
                result.iter().for_each(&done);
                results.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
            }
        };
        let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        std::thread::scope(|scope| {
            for _ in 1..workers {
                scope.spawn(work);
            }
            work();
        });
        results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }

    /// One fault on a client of its own, held against what the faultless one shows.
    pub fn try_one(&self, fault: &Fault, baseline: &Ran) -> std::io::Result<Row> {
        let level = self.suite.register.find(&fault.requirement).map(|requirement| requirement.level);
        let mut row =
            Row { fault: fault.clone(), level, verdict: FaultVerdict::Dead, cases: Vec::new(), killers: Vec::new() };
        let mut limits = Limits::default();
        if fault.keeps_waiting(SLOW) {
            (limits.first_byte, limits.whole) = (SLOW, SLOW);
        }
        let differs = Arc::new(AtomicBool::new(false));
        let ran = self.run(
            fault.registration,
            fault.behaviour(),
            limits,
            Look { differs: Some(Arc::clone(&differs)), witness: None },
        )?;
        if !differs.load(Ordering::Relaxed) {
            return Ok(row);
        }
        let usual = baseline.noticing(&fault.requirement);
        let killers: BTreeSet<&String> = ran.noticing(&fault.requirement).difference(&usual).copied().collect();
        let killed = match fault.kind {
            Kind::Degenerate => !ran.proves_a_must(),
            Kind::Rule | Kind::Robustness => !killers.is_empty(),
        };
        row.verdict = if killed { FaultVerdict::Killed } else { FaultVerdict::Silent };
        let red: BTreeSet<&String> = ran.red().chain(killers.iter().copied()).collect();
        row.cases = red.into_iter().cloned().collect();
        row.killers = killers.into_iter().cloned().collect();
        Ok(row)
    }

    /// Requirements that no scenario cites and that say no reason why not.
    pub fn unchecked(&self) -> Vec<Broken> {
        let oracles = Oracles::of(&self.suite.register);
        let cited = self.suite.cited();
        let checked = |id: &str| cited.contains(id) || oracles.requirements().any(|oracle| oracle == id);
        let unchecked = self
            .suite
            .register
            .iter()
            .filter(|requirement| requirement.untested.is_none() && !checked(&requirement.id));
        let broken = unchecked.map(|requirement| Broken {
            id: requirement.id.clone(),
            registration: Registration::Open,
            what: "cited by no scenario".to_owned(),
        });
        broken.collect()
    }

    /// Cases that kill no fault whose requirement they cite.
    pub fn unneeded(&self, rows: &[Row]) -> Vec<String> {
        let killing = rows.iter().filter(|row| row.fault.kind != Kind::Degenerate);
        let mut kills: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for row in killing {
            for case in &row.killers {
                kills.entry(case).or_default().insert(&row.fault.requirement);
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
