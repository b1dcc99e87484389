//! The runs of a proof, each against a reference client of its own, and what they show.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::{Broken, FaultVerdict, Row};
use crate::custody::Target;
use crate::judge::{Oracles, RequirementVerdict, Verdict};
use crate::parallel;
use crate::plan::{Capabilities, Case, plan};
use crate::reference::{Fault, Kind, Registration, Server, Settings as ServerSettings};
use crate::requirement::{Level, Requirement};
use crate::run::{Event, Settings, Summary, Witness, run};
use crate::scenario::Suite;
use crate::transport::Limits;

/// The time limit for faults that answer late. No other answer over loopback takes that long.
const SLOW: Duration = Duration::from_secs(5);

/// What one run of the suite showed.
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
        let cases = self.cases.iter().map(|(case, (verdict, _))| (case, verdict));
        let bad = cases.filter(|(_, verdict)| !matches!(verdict, Verdict::Pass | Verdict::Skipped));
        let bad: Vec<Broken> = bad.map(|(case, verdict)| Broken::new(case, registration, verdict)).collect();
        if !bad.is_empty() {
            return bad;
        }
        let proven = |verdict| matches!(verdict, RequirementVerdict::Pass | RequirementVerdict::Skipped);
        let unproven = self.musts().filter(|(_, verdict)| !proven(*verdict));
        unproven.map(|(id, verdict)| Broken::new(id, registration, verdict)).collect()
    }

    fn musts(&self) -> impl Iterator<Item = (&str, RequirementVerdict)> {
        let requirements = self.summary.requirements().into_iter();
        let musts = requirements.filter(|result| result.requirement.level == Level::Must);
        musts.map(|result| (result.requirement.id.as_str(), result.verdict))
    }

    /// The cases that noticed something of a requirement.
    fn noticing(&self, requirement: &str) -> BTreeSet<&String> {
        let noticed = self.cases.iter().filter(|(_, (_, noticed))| noticed.contains(requirement));
        noticed.map(|(case, _)| case).collect()
    }
}

/// What all runs of a proof share.
pub(super) struct Bench<'s> {
    pub suite: &'s Suite,
    pub cases: Vec<Case>,
    pub stop: &'s watch::Receiver<bool>,
}

impl Bench<'_> {
    /// One run of the suite against the faultless client.
    pub fn run_faultless(&self, registration: Registration) -> std::io::Result<Ran> {
        self.run(ServerSettings { registration, ..ServerSettings::default() }, Limits::default(), |_| None)
    }

    /// One run of the suite, case after case, against a client of its own. The witness is made with the counter of the
    /// requests that the client has answered.
    pub fn run(
        &self,
        client: ServerSettings,
        limits: Limits,
        witness: impl FnOnce(Arc<AtomicU64>) -> Option<Witness>,
    ) -> std::io::Result<Ran> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let registration = client.registration;
        // Client and server on one thread: a proof is some 800 000 exchanges, and each would wake a thread twice.
        let server = Server::start_on(runtime.handle(), (Ipv4Addr::LOCALHOST, 0).into(), client)?;
        let witness = witness(server.requests());
        let target = Target::embedded(server, limits).map_err(std::io::Error::other)?;
        let plan = plan(self.cases.clone(), &Capabilities::embedded(registration));
        let settings = Settings { fail_on: Level::Should, witness, ..Settings::disposable(1) };
        let mut ran = Ran::default();
        let (target, stop, emit) = (Arc::new(target), self.stop.clone(), &mut |event| ran.take(&event));
        runtime.block_on(run(&self.suite.register, plan, target, Some(registration), &settings, stop, emit));
        Ok(ran)
    }

    /// Does the work for each item on all cores. Ends early when told to stop, without the items in work.
    pub fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> std::io::Result<R> + Sync,
        done: impl Fn(&R) + Sync,
    ) -> std::io::Result<Vec<R>> {
        let results = parallel::each(items, |item| {
            let result = work(item);
            let stopped = *self.stop.borrow();
            result.iter().filter(|_| !stopped).for_each(&done);
            (!stopped).then_some(result)
        });
        results.into_iter().collect()
    }

    /// One fault on a client of its own, compared with the faultless one.
    pub fn try_one(&self, fault: &Fault, baseline: &Ran) -> std::io::Result<Row> {
        let level = self.suite.register.find(&fault.requirement).map(|requirement| requirement.level);
        let mut row =
            Row { fault: fault.clone(), level, verdict: FaultVerdict::Dead, cases: Vec::new(), killers: Vec::new() };
        let mut limits = Limits::default();
        if fault.keeps_waiting(SLOW) {
            (limits.first_byte, limits.whole) = (SLOW, SLOW);
        }
        // Set once an answer differs from that of the faultless client.
        let differs = Arc::new(AtomicBool::new(false));
        let client = ServerSettings {
            registration: fault.registration,
            behaviour: fault.behaviour(),
            differs: Some(Arc::clone(&differs)),
            ..ServerSettings::default()
        };
        let ran = self.run(client, limits, |_| None)?;
        if !differs.load(Ordering::Relaxed) {
            return Ok(row);
        }
        let usual = baseline.noticing(&fault.requirement);
        let killers: BTreeSet<&String> = ran.noticing(&fault.requirement).difference(&usual).copied().collect();
        let killed = match fault.kind {
            Kind::Degenerate => ran.musts().all(|(_, verdict)| verdict != RequirementVerdict::Pass),
            Kind::Rule | Kind::Robustness => !killers.is_empty(),
        };
        row.verdict = if killed { FaultVerdict::Killed } else { FaultVerdict::Silent };
        let failed = ran.cases.iter().filter(|(_, (verdict, _))| *verdict == Verdict::Fail);
        let red: BTreeSet<&String> = failed.map(|(case, _)| case).chain(killers.iter().copied()).collect();
        row.cases = red.into_iter().cloned().collect();
        row.killers = killers.into_iter().cloned().collect();
        Ok(row)
    }

    /// Requirements that no scenario cites and that say no reason why not.
    pub fn unchecked(&self) -> Vec<Broken> {
        let oracles = Oracles::of(&self.suite.register);
        let cited = self.suite.cited();
        let checked = |id: &str| cited.contains(id) || oracles.requirements().any(|oracle| oracle == id);
        let tested = self.suite.register.iter().filter(|requirement| requirement.untested.is_none());
        let unchecked = tested.filter(|requirement| !checked(&requirement.id));
        let broken = |it: &Requirement| Broken::new(&it.id, Registration::Open, "cited by no scenario");
        unchecked.map(broken).collect()
    }

    /// Cases that kill no fault whose requirement they cite.
    pub fn unneeded(&self, rows: &[Row]) -> Vec<String> {
        let killing = rows.iter().filter(|row| row.fault.kind != Kind::Degenerate);
        let kills = killing.flat_map(|row| row.killers.iter().map(|case| (case.as_str(), &*row.fault.requirement)));
        let kills: BTreeSet<(&str, &str)> = kills.collect();
        let is_idle = |case: &&Case| {
            let mut cited = case.scenario.requirements().into_iter();
            case.scenario.keep.is_none() && !cited.any(|requirement| kills.contains(&(&*case.id, requirement)))
        };
        self.cases.iter().filter(is_idle).map(|case| case.id.clone()).collect()
    }
}
