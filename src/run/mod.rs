//! Runs a plan against a target, as a stream of [`Event`]s. The runner does not know who listens.

mod reason;
mod aftermath;
mod compose;
mod event;
mod summary;
mod settings;
mod missing;
mod sample;
mod harness;
mod readiness;
mod ready;
mod watcher;
mod case;
mod attempt;
mod runner;
mod stages;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use jiff::{Timestamp, Unit};
use tokio::sync::watch;

#[cfg(feature = "fuzz")]
pub(crate) use compose::compose;
pub use event::{CaseReport, Event};
pub(crate) use event::{Coverage, Ended, NotAsked, RequirementInfo, Started, TargetInfo, WholeSuite};
pub(crate) use reason::Excuse;
pub use reason::Reason;
pub(crate) use settings::FailuresLeft;
pub use settings::{Settings, Witness, Witnessed};
pub use summary::Summary;
pub(crate) use summary::{Conclusion, RequirementResult, Share};

use crate::custody::Target;
use crate::judge::Oracles;
use crate::plan::Plan;
use crate::requirement::{Level, Register, Requirement};
use crate::scenario::Registration;
use crate::snapshot;
use attempt::untried;
use harness::Harness;
use runner::{REVIVALS, Runner};

/// Runs the plan and emits what happens. Returns when everything is judged or `stop` turns true. Either way the run has
/// removed what it made on the target, or has reported what it could not remove.
pub async fn run(
    register: &Register,
    plan: Plan,
    target: Arc<Target>,
    registration: Option<Registration>,
    settings: &Settings,
    stop: watch::Receiver<bool>,
    emit: &mut (dyn FnMut(Event) + Send),
) {
    let begun = Instant::now();
    let oracles = Oracles::of(register);
    let requirements = requirements(register, &plan, &oracles, settings.snapshots.is_some());
    let (url, embedded) = (target.transport.origin().to_string(), target.is_embedded());
    let harness = Arc::new(Harness::new(target, register, settings, registration, &plan, stop));
    let now = Timestamp::now();
    emit(Event::Started(Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        suite: settings.suite.clone(),
        at: now.round(Unit::Second).unwrap_or(now),
        cases: plan.cases().count() + plan.skipped.len(),
        part: settings.part,
        planned_resets: plan.resets,
        target: TargetInfo { url: harness.secrets.apply(&url), embedded, registration, versions: Vec::new() },
        fail_on: settings.fail_on,
        requirements,
    }));
    for (case, why) in &plan.skipped {
        emit(Event::Case(Box::new(untried(&harness, case, Reason::Skipped(*why)).report)));
    }
    let mut runner = Runner {
        harness: Arc::clone(&harness),
        no_longer_fresh: None,
        resets_left: settings.max_resets.unwrap_or(usize::MAX),
        used: false,
        fruitless: BTreeMap::new(),
        revivals: REVIVALS,
        emit: &mut *emit,
    };
    // A stop also ends what `judge` waits for: an answer, a reset, or a target that gets ready.
    tokio::select! {
        () = judge(&mut runner, &plan) => {}
        () = harness.stopped() => {}
    }
    if let (None, Some(probed)) = (registration, harness.registration.get()) {
        emit(Event::Registration(*probed));
    }
    let versions = harness.versions();
    if !versions.is_empty() {
        emit(Event::Versions(versions));
    }
    emit(Event::Judged);
    let left = harness.givens.lock().await.clean_up().await;
    let password_changed = harness.givens.lock().await.leaves_another_password();
    let interrupted = harness.is_stopping();
    let pending = settings.snapshots.as_ref().map_or(0, |store| store.pending());
    if pending > 0 {
        let note =
            format!("{pending} transcripts are pending as .snap.new files; look at them, then run with --accept");
        emit(Event::Note(note));
    }
    for note in left.into_iter().chain(harness.target.transport.remarks()) {
        emit(Event::Note(harness.secrets.apply(&note)));
    }
    emit(Event::Ended(Ended {
        complete: !interrupted,
        interrupted,
        password_changed,
        elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    }));
}

/// Judges all stages, and leaves the target as the plan promises.
async fn judge(runner: &mut Runner<'_>, plan: &Plan) {
    let begun = if plan.stages.is_empty() { Ok(None) } else { readiness::begin(&runner.harness, plan).await };
    if runner.harness.is_stopping() {
        return;
    }
    match begun {
        Ok(doubt) => doubt.into_iter().for_each(|doubt| (runner.emit)(Event::Note(doubt.to_string()))),
        Err(why) => return plan.cases().for_each(|case| runner.block(case, &why)),
    }
    runner.check_fresh(plan).await;
    for stage in &plan.stages {
        if !runner.harness.is_stopping() {
            runner.stage(stage).await;
        }
    }
    runner.leave_just_installed().await;
}

/// Runs the plan to its end and returns all its events: for callers with few cases.
pub async fn collect(
    register: &Register,
    plan: Plan,
    target: Target,
    registration: Option<Registration>,
    settings: &Settings,
) -> Vec<Event> {
    let (_never, stop) = watch::channel(false);
    let mut events = Vec::new();
    run(register, plan, Arc::new(target), registration, settings, stop, &mut |event| events.push(event)).await;
    events
}

fn requirements(register: &Register, plan: &Plan, oracles: &Oracles, snapshots: bool) -> Vec<RequirementInfo> {
    let planned = plan.cases().chain(plan.skipped.iter().map(|(case, _)| case));
    let cited: BTreeSet<&str> = planned.flat_map(|case| case.scenario.requirements()).collect();
    let of_oracles: BTreeSet<&str> = oracles.requirements().collect();
    let info = |requirement: &Requirement| {
        let oracle = of_oracles.contains(requirement.id.as_str());
        (oracle || cited.contains(requirement.id.as_str())).then(|| RequirementInfo {
            id: requirement.id.clone(),
            level: requirement.level,
            says: requirement.statement.clone(),
            source: requirement.source(),
            oracle,
        })
    };
    let snapshot = snapshots.then(|| RequirementInfo {
        id: snapshot::REQUIREMENT.to_owned(),
        level: Level::Must,
        says: "The target answers as it did when its snapshots were accepted.".to_owned(),
        source: "the owner's snapshots, `--snapshots`".to_owned(),
        oracle: true,
    });
    register.iter().filter_map(info).chain(snapshot).collect()
}
