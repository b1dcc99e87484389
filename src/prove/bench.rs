//! The runs of a proof, each against a reference client of its own, and what they show.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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
use crate::reference::{Behaviour, Fault, Kind, Registration, Server, Settings as ServerSettings};
use crate::requirement::{Level, Requirement};
use crate::run::{Event, Settings, Summary, Witness, run};
use crate::scenario::Suite;
use crate::transport::Limits;

/// The time limit for faults that answer late. No other answer over loopback takes that long.
const SLOW: Duration = Duration::from_secs(5);

/// What one run of the suite showed.
#[derive(Default)]
pub(super) struct Ran {
    cases: BTreeMap<String, Shown>,
    summary: Summary,
}

/// What one case showed.
struct Shown {
    verdict: Verdict,
    /// The requirements that it found broken or reported.
    noticed: BTreeSet<String>,
    /// Every step was sent.
    whole: bool,
}

impl Ran {
    fn take(&mut self, event: &Event) {
        self.summary.take(event);
        if let Event::Case(case) = event {
            let found = case.findings.iter().map(|finding| finding.requirement.clone());
            let reported = case.observations.iter().filter_map(|observation| observation.requirement.clone());
            let noticed = found.chain(reported).collect();
            let whole = matches!(case.verdict, Verdict::Pass | Verdict::Fail) && case.not_asked.is_none();
            self.cases.insert(case.id.clone(), Shown { verdict: case.verdict, noticed, whole });
        }
    }

    /// Cases that do not pass, and musts that are not proven although their cases pass.
    pub fn broken(&self, registration: Registration) -> Vec<Broken> {
        let cases = self.cases.iter().map(|(case, shown)| (case, shown.verdict));
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

    /// Musts that it shows to hold.
    pub fn green(&self) -> BTreeSet<&str> {
        self.musts().filter(|(_, verdict)| *verdict == RequirementVerdict::Pass).map(|(id, _)| id).collect()
    }

    /// Requirements that it finds broken.
    pub fn red(&self) -> BTreeSet<&str> {
        let red = self.summary.requirements().into_iter().filter(|it| it.verdict == RequirementVerdict::Fail);
        red.map(|result| result.requirement.id.as_str()).collect()
    }

    /// The cases that noticed something of a requirement, and did not in any of the other runs.
    pub fn noticing(&self, requirement: &str, others: &[&Ran]) -> BTreeSet<&String> {
        let noticed = |ran: &Ran, case: &String| ran.cases.get(case).is_some_and(|it| it.noticed.contains(requirement));
        let is_new = |case: &&String| noticed(self, case) && !others.iter().any(|other| noticed(other, case));
        self.cases.keys().filter(is_new).collect()
    }

    /// Whether it shows the fault, unlike each of the other runs.
    pub fn kills(&self, fault: &Fault, others: &[&Ran]) -> bool {
        match fault.kind {
            Kind::Degenerate => self.green().is_empty(),
            Kind::Rule | Kind::Robustness => !self.noticing(&fault.requirement, others).is_empty(),
        }
    }

    /// Whether every step of the case was sent.
    pub fn is_whole(&self, case: &str) -> bool {
        self.cases.get(case).is_some_and(|shown| shown.whole)
    }

    /// Whether the case could be tried, even if not to its end.
    pub fn is_tried(&self, case: &str) -> bool {
        self.cases.get(case).is_some_and(|shown| !matches!(shown.verdict, Verdict::Skipped | Verdict::Blocked))
    }
}

/// What all runs of a proof share.
pub(super) struct Bench<'s> {
    pub suite: &'s Suite,
    pub cases: Vec<Case>,
    /// Whether it looks around refusals.
    pub looks: bool,
    pub stop: &'s watch::Receiver<bool>,
}

impl Bench<'_> {
    /// Runs against the faultless client in both registration states. What is wrong with them goes to `broken`.
    pub fn faultless(&self, broken: &mut Vec<Broken>) -> std::io::Result<HashMap<Registration, Ran>> {
        broken.extend(self.unchecked());
        let mut baseline = HashMap::new();
        for registration in [Registration::Open, Registration::Sunset] {
            let ran = self.run_faultless(registration)?;
            broken.extend(ran.broken(registration));
            baseline.insert(registration, ran);
        }
        Ok(baseline)
    }

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
        let settings = Settings { fail_on: Level::Should, looks: self.looks, witness, ..Settings::disposable(1) };
        let mut ran = Ran::default();
        let (target, stop, emit) = (Arc::new(target), self.stop.clone(), &mut |event| ran.take(&event));
        runtime.block_on(run(&self.suite.register, plan, target, Some(registration), &settings, stop, emit));
        Ok(ran)
    }

    /// Does the work for each item on all cores, two at a time on each: a run also waits, between the pieces of a request.
    /// Ends early when told to stop, without the items in work.
    pub fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> std::io::Result<R> + Sync,
        done: impl Fn(&R) + Sync,
    ) -> std::io::Result<Vec<R>> {
        let results = parallel::each_waiting(items, |item| {
            let result = work(item);
            let stopped = *self.stop.borrow();
            result.iter().filter(|_| !stopped).for_each(&done);
            (!stopped).then_some(result)
        });
        results.into_iter().collect()
    }

    /// One run with the limits that the fault needs, and whether an answer differed from those of the usual client.
    pub fn run_beside(
        &self,
        fault: &Fault,
        registration: Registration,
        behaviour: Behaviour,
        usual: Behaviour,
    ) -> std::io::Result<(Ran, bool)> {
        let mut limits = Limits::default();
        if fault.keeps_waiting(SLOW) {
            (limits.first_byte, limits.whole) = (SLOW, SLOW);
        }
        let differs = Arc::new(AtomicBool::new(false));
        let watched = Some(Arc::clone(&differs));
        let client = ServerSettings { registration, behaviour, differs: watched, usual, ..ServerSettings::default() };
        let ran = self.run(client, limits, |_| None)?;
        Ok((ran, differs.load(Ordering::Relaxed)))
    }

    /// One fault on a client of its own, compared with the faultless one.
    pub fn try_one(&self, fault: &Fault, baseline: &Ran) -> std::io::Result<Row> {
        let level = self.suite.register.find(&fault.requirement).map(|requirement| requirement.level);
        let mut row =
            Row { fault: fault.clone(), level, verdict: FaultVerdict::Dead, cases: Vec::new(), killers: Vec::new() };
        let (ran, differs) = self.run_beside(fault, fault.registration, fault.behaviour(), Behaviour::default())?;
        if !differs {
            return Ok(row);
        }
        let killers = ran.noticing(&fault.requirement, &[baseline]);
        row.verdict = if ran.kills(fault, &[baseline]) { FaultVerdict::Killed } else { FaultVerdict::Silent };
        let failed = ran.cases.iter().filter(|(_, shown)| shown.verdict == Verdict::Fail);
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
