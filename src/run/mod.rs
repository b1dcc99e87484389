//! A plan against a target, as a stream of events.
//!
//! The runner does not know who listens: it emits [`Event`]s and nothing else.

mod cause;
mod aftermath;
mod compose;
mod event;
mod summary;
mod witness;
mod settings;
mod harness;
mod fixture;
mod ready;
mod case;
mod attempt;
mod stages;

use std::sync::Arc;
use std::time::Instant;

use jiff::{Timestamp, Unit};
use tokio::sync::watch;

pub use cause::{Cause, Excuse};
pub use event::{CaseReport, Ended, Event, NotAsked, RequirementInfo, Started, TargetInfo};
pub use settings::{FailuresLeft, Settings};
pub use summary::{Conclusion, RequirementResult, Summary};
pub use witness::{Witness, Witnessed};

use crate::custody::Target;
use crate::judge::{Oracles, Verdict};
use crate::plan::{Case, Plan};
use crate::requirement::{Level, Register};
use crate::scenario::Registration;
use crate::snapshot;
use attempt::turned_true;
use case::blank_report;
use harness::Harness;
use stages::Runner;

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
    let requirements = requirements(register, &plan, &oracles, settings.snapshots.is_some());
    let harness = Harness::new(target, oracles, settings, registration, &plan, stop.clone());
    emit(Event::Started(Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now(),
        cases: plan.cases().count() + plan.skipped.len(),
        part: settings.part,
        planned_resets: plan.resets,
        target: TargetInfo { url: harness.secrets.apply(&info.url), ..info },
        fail_on: settings.fail_on,
        requirements,
    }));
    for (case, why) in &plan.skipped {
        let mut report = blank_report(case, Verdict::Skipped);
        report.reason = Some(Cause::Skipped(*why));
        emit(Event::Case(Box::new(report)));
    }
    let mut runner = Runner {
        harness: Arc::new(harness),
        jobs: settings.jobs.max(1),
        no_longer_fresh: None,
        resets_left: settings.max_resets.unwrap_or(usize::MAX),
        used: false,
        stop,
        emit,
    };
    let mut given_up = None;
    if plan.cases().next().is_some() {
        let (target, mut stop) = (Arc::clone(&runner.harness.target), runner.stop.clone());
        let canary = tokio::select! {
            canary = target.transport.canary() => canary,
            () = turned_true(&mut stop) => Ok(()),
        };
        given_up = canary.err().map(|none| Cause::NoAnswer((&none).into()));
    }
    let mut stop = runner.stop.clone();
    // Whatever is waited for, a reset or a target that gets ready: the stop is heard.
    tokio::select! {
        () = judge(&mut runner, &plan, given_up.as_ref()) => {}
        () = turned_true(&mut stop) => {}
    }
    if let Some(state) = runner.harness.found_registration() {
        (runner.emit)(Event::Registration(state));
    }
    (runner.emit)(Event::Judged);
    let left = runner.harness.givens.lock().await.clean_up().await;
    let password_changed = runner.harness.givens.lock().await.leaves_another_password();
    let interrupted = runner.is_stopped();
    if let Some(pending) = settings.snapshots.as_ref().map(|store| store.pending()).filter(|pending| *pending > 0) {
        let note =
            format!("{pending} transcripts are pending as .snap.new files; look at them, then run with --accept");
        (runner.emit)(Event::Note(note));
    }
    for note in left.into_iter().chain(runner.harness.target.transport.remarks()) {
        (runner.emit)(Event::Note(runner.harness.secrets.apply(&note)));
    }
    (runner.emit)(Event::Ended(Ended {
        complete: !interrupted,
        interrupted,
        password_changed,
        elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    }));
}

/// Everything that is to be judged, and the state that is to be left.
async fn judge(runner: &mut Runner<'_>, plan: &Plan, given_up: Option<&Cause>) {
    if given_up.is_none() && !runner.is_stopped() {
        runner.check_fresh(plan).await;
    }
    for stage in &plan.stages {
        if !runner.is_stopped() {
            runner.stage(stage, given_up).await;
        }
    }
    runner.leave_just_installed().await;
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
    let info = TargetInfo { url: target.transport.origin().to_string(), embedded: target.is_embedded(), registration };
    let (_never, stop) = watch::channel(false);
    let mut events = Vec::new();
    run(register, plan, Arc::new(target), info, settings, stop, &mut |event| events.push(event)).await;
    events
}

fn requirements(register: &Register, plan: &Plan, oracles: &Oracles, snapshots: bool) -> Vec<RequirementInfo> {
    let planned = plan.cases().chain(plan.skipped.iter().map(|(case, _)| case));
    let scenarios: std::collections::BTreeMap<&str, &Case> =
        planned.map(|case| (case.scenario.id.as_str(), case)).collect();
    let cited: std::collections::BTreeSet<&str> =
        scenarios.values().flat_map(|case| case.scenario.requirements()).collect();
    let of_oracles: std::collections::BTreeSet<&str> = oracles.requirements().collect();
    let wanted = register
        .iter()
        .filter(|requirement| cited.contains(requirement.id.as_str()) || of_oracles.contains(requirement.id.as_str()));
    let info = |requirement: &crate::requirement::Requirement| RequirementInfo {
        id: requirement.id.clone(),
        level: requirement.level,
        says: requirement.statement.clone(),
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
