//! A plan against a target, as a stream of events.
//!
//! The runner does not know who listens: it emits [`Event`]s and nothing else. Cases of a concurrent stage run at the
//! same time; all others one after another.

mod case;
mod compose;
mod event;
mod harness;
mod kit;
mod ready;
mod summary;
mod witness;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::{Timestamp, Unit};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use event::{CaseReport, Ended, Event, RequirementInfo, Started, TargetInfo};
pub use summary::{Conclusion, RequirementResult, Summary};
pub use witness::{Witness, Witnessed};

use crate::judge::{Oracles, Verdict};
use crate::plan::{Case, Part, Plan, Stage, Start};
use crate::requirement::{Level, Register};
use crate::scenario::{Given, Registration};
use crate::snapshot::{self, Store};
use crate::target::Target;
use crate::target::givens::Registrable;
use crate::target::journal::Journal;
use case::{Ran, blank_report, run_case};
use harness::Harness;
use kit::{Kit, Kits};
use ready::ready;

/// How a run goes about its plan.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the admin account.
    pub admin_name: String,
    /// Its password, where the owner gave one.
    pub admin_password: Option<String>,
    /// The default password may still be in place.
    pub fresh: bool,
    /// The level from which on a finding fails its case.
    pub fail_on: Level,
    /// How many cases are in flight at most; at least 1.
    pub jobs: usize,
    /// After so many failed cases the rest is not tried. Whoever listens to the run counts them: what fails is for the
    /// owner's baseline to say as well.
    pub max_fail: Option<FailuresLeft>,
    /// What is registered where a case registers something.
    pub account: Registrable,
    /// What the target answered before, where it is to be held to that.
    pub snapshots: Option<Arc<Store>>,
    /// Which part of the selected cases the plan holds; absent where it holds them all.
    pub part: Option<Part>,
    /// Keep the exchanges of passing cases too; they take memory, and only an explanation needs them.
    pub keep_exchanges: bool,
    /// Who looks on.
    pub witness: Option<Witness>,
    /// Where passwords are kept that the run gives to accounts; none where the target ends with the run.
    pub journal: Option<Arc<Journal>>,
}

/// How many cases may still fail.
#[derive(Debug, Clone)]
pub struct FailuresLeft(Arc<AtomicUsize>);

impl FailuresLeft {
    /// So many, at least 1.
    pub fn new(count: usize) -> FailuresLeft {
        FailuresLeft(Arc::new(AtomicUsize::new(count)))
    }

    /// Takes in one event of the run, as it is reported.
    pub fn take(&self, event: &Event) {
        if let Event::Case(case) = event
            && case.verdict == Verdict::Fail
        {
            let less = |left: usize| Some(left.saturating_sub(1));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    fn are_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

impl Settings {
    /// For a just installed target whose whole state may be used up: the embedded reference client, an instance of a
    /// trial.
    pub fn disposable(jobs: usize) -> Settings {
        Settings {
            admin_name: "admin".to_owned(),
            admin_password: None,
            fresh: true,
            fail_on: Level::Must,
            jobs,
            max_fail: None,
            account: Registrable::default(),
            snapshots: None,
            part: None,
            keep_exchanges: false,
            witness: None,
            journal: None,
        }
    }
}

/// Runs the plan and emits what happens. Returns when everything is judged or `stop` turns true; either way what the
/// run made on the target has been removed, and what could not be has been told.
pub async fn run(
    register: &Register,
    plan: Plan,
    target: Arc<Target>,
    info: TargetInfo,
    settings: &Settings,
    stop: watch::Receiver<bool>,
    emit: &mut (dyn FnMut(Event) + Send),
) {
    let begun = Instant::now();
    let oracles = Oracles::of(register);
    let registration = info.registration;
    emit(Event::Started(Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now(),
        cases: plan.cases().count() + plan.skipped.len(),
        part: settings.part,
        planned_resets: plan.resets,
        target: info,
        fail_on: settings.fail_on,
        requirements: requirements(register, &plan, &oracles, settings.snapshots.is_some()),
    }));
    for (case, why) in &plan.skipped {
        let mut report = blank_report(case, Verdict::Skipped);
        report.reason = Some(why.clone());
        emit(Event::Case(Box::new(report)));
    }
    let mut runner = Runner {
        harness: Arc::new(Harness::new(target, oracles, settings, registration, stop.clone())),
        jobs: settings.jobs.max(1),
        no_longer_fresh: None,
        stop,
        emit,
    };
    let mut given_up = None;
    if plan.cases().next().is_some() {
        let (target, mut stop) = (Arc::clone(&runner.harness.target), runner.stop.clone());
        let canary = tokio::select! {
            canary = target.canary() => canary,
            () = turned_true(&mut stop) => Ok(()),
        };
        given_up = canary.err().map(|why| format!("the target does not answer: {why}"));
    }
    for stage in &plan.stages {
        if !runner.is_stopped() {
            runner.stage(stage, given_up.as_deref()).await;
        }
    }
    if let Some(state) = runner.harness.found_registration() {
        (runner.emit)(Event::Registration(state));
    }
    let left = runner.harness.givens.lock().await.clean_up().await;
    let interrupted = runner.is_stopped();
    if let Some(pending) = settings
        .snapshots
        .as_ref()
        .map(|store| store.pending())
        .filter(|pending| *pending > 0)
    {
        let note =
            format!("{pending} transcripts are pending as .snap.new files; look at them, then run with --accept");
        (runner.emit)(Event::Note(note));
    }
    for note in left.into_iter().chain(runner.harness.target.remarks()) {
        (runner.emit)(Event::Note(runner.harness.secrets.apply(&note)));
    }
    (runner.emit)(Event::Ended(Ended {
        complete: !interrupted,
        interrupted,
        elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    }));
}

/// The time of day, to the second: for people who look at a report later.
fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}

/// Runs the plan to its end and returns all its events: for callers that judge a few cases and look at them afterwards.
pub async fn collect(
    register: &Register,
    plan: Plan,
    target: Target,
    registration: Option<Registration>,
    settings: &Settings,
) -> Vec<Event> {
    let info = TargetInfo {
        url: target.origin().to_string(),
        embedded: target.is_embedded(),
        registration,
    };
    let (_never, stop) = watch::channel(false);
    let mut events = Vec::new();
    run(register, plan, Arc::new(target), info, settings, stop, &mut |event| {
        events.push(event)
    })
    .await;
    events
}

fn requirements(register: &Register, plan: &Plan, oracles: &Oracles, snapshots: bool) -> Vec<RequirementInfo> {
    let planned = plan.cases().chain(plan.skipped.iter().map(|(case, _)| case));
    let scenarios: std::collections::BTreeMap<&str, &Case> =
        planned.map(|case| (case.scenario.id.as_str(), case)).collect();
    let cited: std::collections::BTreeSet<&str> = scenarios
        .values()
        .flat_map(|case| case.scenario.requirements())
        .collect();
    let of_oracles: std::collections::BTreeSet<&str> = oracles.requirements().collect();
    let wanted = register
        .iter()
        .filter(|requirement| cited.contains(requirement.id.as_str()) || of_oracles.contains(requirement.id.as_str()));
    let info = |requirement: &crate::requirement::Requirement| RequirementInfo {
        id: requirement.id.clone(),
        level: requirement.level,
        says: requirement.says.clone(),
        source: requirement.source(),
        oracle: of_oracles.contains(requirement.id.as_str()),
    };
    let snapshot = snapshots.then(|| RequirementInfo {
        id: snapshot::REQUIREMENT.to_owned(),
        level: Level::Must,
        says: "The target answers as it did when its snapshots were accepted.".to_owned(),
        source: "the owner's snapshots, `--snapshots`".to_owned(),
        oracle: true,
    });
    wanted.map(info).chain(snapshot).collect()
}

struct Runner<'e> {
    harness: Arc<Harness>,
    jobs: usize,
    /// Why the target is not known to be just installed where the plan has it so.
    no_longer_fresh: Option<String>,
    stop: watch::Receiver<bool>,
    emit: &'e mut (dyn FnMut(Event) + Send),
}

impl Runner<'_> {
    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    async fn stage(&mut self, stage: &Stage, given_up: Option<&str>) {
        let mut obstacle = given_up.map(str::to_owned);
        if stage.start == Start::Reset && obstacle.is_none() && !self.harness.target.is_gone() {
            obstacle = self.reset().await.err();
        }
        if let Some(why) = obstacle {
            for case in &stage.cases {
                self.block(case, &self.harness.secrets.apply(&why));
            }
            return;
        }
        let shares_fresh = stage.cases.iter().any(|case| case.given() == Given::Fresh);
        if stage.concurrent && self.jobs > 1 {
            if !shares_fresh {
                return self.at_once(&stage.cases).await;
            }
            if self.harness.target.can_reset() {
                return self.at_once_if_all_hold(&stage.cases).await;
            }
        }
        self.in_turn(&stage.cases).await;
    }

    /// Cases that share a fresh state disturb each other only where one of them finds something. So they are tried
    /// at once, and if any may have spoilt the state, the target is reset, nothing of the attempt counts and they are
    /// tried in turn.
    async fn at_once_if_all_hold(&mut self, cases: &[Case]) {
        let mut attempt = Vec::new();
        let (harness, jobs) = (Arc::clone(&self.harness), self.jobs);
        let stopped = many(&harness, jobs, &mut self.stop, cases, &mut |ran| attempt.push(ran)).await;
        let dirty: Vec<String> = attempt
            .iter()
            .filter(|ran| ran.dirty)
            .map(|ran| ran.report.id.clone())
            .collect();
        if dirty.is_empty() {
            return attempt.into_iter().for_each(|ran| self.report(ran.report));
        }
        if stopped {
            return;
        }
        // A failed reset shows itself again, case by case, where the cases run in turn.
        let _ = self.reset().await;
        if self.in_turn(cases).await {
            let (count, first) = (dirty.len(), &dirty[0]);
            (self.emit)(Event::Note(format!(
                "{count} cases went wrong when {jobs} were in flight and right when they were tried in turn, `{first}` \
                 among them: does the target bear several requests at the same time?"
            )));
        }
    }

    async fn at_once(&mut self, cases: &[Case]) {
        let mut dirty = false;
        let (harness, jobs) = (Arc::clone(&self.harness), self.jobs);
        let mut stop = self.stop.clone();
        many(&harness, jobs, &mut stop, cases, &mut |ran| {
            dirty |= ran.dirty;
            self.report(ran.report);
        })
        .await;
        if dirty {
            self.log_in_anew().await;
        }
    }

    /// Tries the cases one after another; true if every one of them passed.
    async fn in_turn(&mut self, cases: &[Case]) -> bool {
        let mut all_passed = true;
        let (harness, mut kits) = (Arc::clone(&self.harness), Kits::of(cases));
        while let Some((case, kit)) = kits.next(&harness).await {
            if self.is_stopped() {
                return false;
            }
            if let Some(why) = self.no_longer_fresh.clone().filter(|_| case.given() == Given::Fresh) {
                self.block(case, &why);
                all_passed = false;
                continue;
            }
            let ran = tokio::select! {
                ran = one(&harness, case, kit) => ran,
                () = turned_true(&mut self.stop) => return false,
            };
            if ran.cut_short {
                return false;
            }
            let dirty = ran.dirty;
            all_passed &= ran.report.verdict == Verdict::Pass;
            self.report(ran.report);
            if dirty {
                self.after_dirt(case).await;
            }
        }
        all_passed
    }

    /// After a case that may have left anything behind: a fresh state is made anew, logins are taken anew.
    async fn after_dirt(&mut self, case: &Case) {
        if case.given() != Given::Fresh {
            self.log_in_anew().await;
        } else if !self.harness.target.can_reset() || self.reset().await.is_err() {
            let id = &case.id;
            self.no_longer_fresh = Some(format!(
                "after `{id}` the target is no longer known to be just installed"
            ));
        }
    }

    /// Logins and accounts that cases share may be spoilt. Where the admin is lost as well, and with it all that
    /// follows, the target is reset.
    async fn log_in_anew(&mut self) {
        let mut givens = self.harness.givens.lock().await;
        givens.forget_accounts();
        let can_help = self.harness.target.can_reset() && !self.harness.target.is_gone();
        let lost = can_help && givens.admin().await.is_err() && givens.can_be_helped();
        drop(givens);
        if lost {
            // A reset that fails shows itself case by case.
            let _ = self.reset().await;
        }
    }

    async fn reset(&mut self) -> Result<(), String> {
        let done = self.harness.givens.lock().await.reset().await;
        self.no_longer_fresh = done.clone().err();
        if done.is_ok() {
            (self.emit)(Event::Reset);
        }
        done
    }

    fn report(&mut self, report: CaseReport) {
        (self.emit)(Event::Case(Box::new(report)));
    }

    fn block(&mut self, case: &Case, why: &str) {
        (self.emit)(Event::Case(Box::new(blocked(case, why.to_owned()).report)));
    }
}

/// Runs the cases, so many at a time, and hands each over as it ends. True if the run was stopped.
async fn many(
    harness: &Arc<Harness>,
    jobs: usize,
    stop: &mut watch::Receiver<bool>,
    cases: &[Case],
    done: &mut (dyn FnMut(Ran) + Send),
) -> bool {
    let mut waiting = Kits::of(cases);
    let mut running = JoinSet::new();
    loop {
        while running.len() < jobs
            && !harness.is_stopping()
            && let Some((case, kit)) = waiting.next(harness).await
        {
            let (harness, case) = (Arc::clone(harness), case.clone());
            running.spawn(async move { one(&harness, &case, kit).await });
        }
        tokio::select! {
            ended = running.join_next() => match ended {
                None => return harness.is_stopping(),
                Some(Ok(ran)) if ran.cut_short => {}
                Some(Ok(ran)) => done(ran),
                // `one` answers for panics itself; what is left is a task that was cut off.
                Some(Err(_)) => {}
            },
            () = turned_true(stop) => return true,
        }
    }
}

/// How long requests that are under way may take when the run is told to stop. A login that is cut off gives a token that
/// nobody can log out.
const GRACE: Duration = Duration::from_secs(2);

/// Waits until the run is told to stop, and then a little, in which no new step is begun.
async fn turned_true(stop: &mut watch::Receiver<bool>) {
    // Nobody is left who could stop the run: wait for ever, and let the work end.
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(GRACE).await;
}

/// Gets one case ready, runs it, and removes what was made for it alone.
async fn one(harness: &Arc<Harness>, case: &Case, kit: Kit) -> Ran {
    if harness.failures_left.as_ref().is_some_and(FailuresLeft::are_used_up) {
        return blocked(case, "the run was told to stop after that many failures".to_owned());
    }
    if harness.target.is_gone() {
        return blocked(case, "the target is gone: it answers no request any more".to_owned());
    }
    if let Some(needed) = case.scenario.registration {
        match harness.registration().await {
            Ok(state) if state == needed => {}
            Ok(state) => {
                let mut report = blank_report(case, Verdict::Skipped);
                report.reason = Some(format!(
                    "not applicable: it is about targets whose registration is {needed}, not {state}"
                ));
                return Ran {
                    report,
                    dirty: false,
                    cut_short: false,
                };
            }
            Err(why) => return blocked(case, harness.secrets.apply(&why)),
        }
    }
    // In a task of its own: a panic of ours costs one case, and what it had made is removed at the end.
    let task = {
        let (harness, case) = (Arc::clone(harness), case.clone());
        tokio::spawn(async move {
            let ready = match ready(&harness, &case, kit).await {
                Ok(ready) => ready,
                Err(why) => return blocked(&case, harness.secrets.apply(&why)),
            };
            let own = ready.own.clone();
            let ran = run_case(&harness, &case, ready).await;
            ready::tear_down(&harness, own).await;
            ran
        })
    };
    match AbortOnDrop(task).await {
        Ok(ran) => ran,
        Err(error) => {
            let mut report = blank_report(case, Verdict::Error);
            report.reason = Some(harness.secrets.apply(&format!("a defect of wabizspec: {error}")));
            Ran {
                report,
                dirty: true,
                cut_short: false,
            }
        }
    }
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn blocked(case: &Case, why: String) -> Ran {
    let mut report = blank_report(case, Verdict::Blocked);
    report.reason = Some(why);
    Ran {
        report,
        dirty: false,
        cut_short: false,
    }
}
