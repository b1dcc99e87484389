//! One case, or several at once, and all that can end them: a stop, a limit, a target that is gone, our own panics.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::aftermath::Aftermath;
use super::case::{Ran, blank_report, run_case};
use super::harness::Harness;
use super::ready::{Fixture, Fixtures, ready, tear_down};
use super::watcher::Watch;
use super::{CaseReport, NotAsked, Reason};
use crate::custody::Failure;
use crate::custody::effect::Asked;
use crate::documented::api::Operation;
use crate::exchange::Exchange;
use crate::judge::facts::{About, Condition, Expected, Observed, Place};
use crate::judge::{LOGIN_TOKEN, Mismatch, Pattern, Placeholder, Verdict};
use crate::plan::{Case, Skip};

/// Runs the cases, `jobs` at a time, and passes each to `done` as it ends. No more start once that returns false.
pub(super) async fn many(
    harness: &Arc<Harness>,
    waiting: &mut Fixtures<'_>,
    done: &mut (dyn FnMut(Case, Ran) -> bool + Send),
) {
    let mut running = JoinSet::new();
    let mut paused = false;
    loop {
        while running.len() < harness.settings.jobs
            && !paused
            && !harness.is_stopping()
            && let Some((case, fixture)) = waiting.next(harness).await
        {
            let (harness, case) = (Arc::clone(harness), case.clone());
            running.spawn(async move { one(&harness, &case, fixture, Watch::Sampled).await.map(|ran| (case, ran)) });
        }
        tokio::select! {
            ended = running.join_next() => match ended {
                None => return,
                Some(Ok(Some((case, ran)))) => paused |= !done(case, ran),
                // `one` handles panics itself; here a task was cut off.
                Some(Ok(None) | Err(_)) => {}
            },
            () = harness.stopped() => return,
        }
    }
}

/// Gets one case ready, runs it, and removes what was made for it alone. `None` if the run is stopped meanwhile.
pub(super) async fn one(harness: &Arc<Harness>, case: &Case, fixture: Fixture, watch: Watch) -> Option<Ran> {
    if let Some(ran) = without_operation(harness, case) {
        return Some(ran);
    }
    if let Err(why) = may_be_tried(harness, case).await {
        return Some(untried(harness, case, why));
    }
    // In its own task, so that a panic of ours costs one case only. The set aborts the task when it is dropped.
    let mut task = JoinSet::new();
    let (shared, own_case) = (Arc::clone(harness), case.clone());
    task.spawn(async move {
        let mut own = None;
        let ran = match ready(&shared, &own_case, fixture, &mut own).await {
            Ok(ready) => run_case(&shared, &own_case, ready, own.is_some(), watch).await,
            Err(why) => Some(match why.invalid_login() {
                Some(login) => invalid_login(&shared, &own_case, &why, login),
                None => untried(&shared, &own_case, why.into()),
            }),
        };
        tear_down(&shared, own).await;
        ran
    });
    match task.join_next().await {
        Some(Ok(ran)) => ran,
        ended => {
            let panic = ended.and_then(Result::err).map(|error| error.to_string());
            Some(untried(harness, case, Reason::Defect(panic.unwrap_or_default())))
        }
    }
}

/// Whether the limits of the run allow another case, and the target is registered as this one needs it.
async fn may_be_tried(harness: &Harness, case: &Case) -> Result<(), Reason> {
    if harness.is_stopping() {
        return Err(Reason::Stopped);
    }
    if harness.settings.max_fail.as_ref().is_some_and(|left| left.are_used_up()) {
        return Err(Reason::EnoughFailures);
    }
    if let Some(why) = harness.target.transport.given_up() {
        return Err(Reason::GivenUp(why.to_owned()));
    }
    if harness.begun.elapsed() > harness.max_time {
        return Err(Reason::OverTime { seconds: harness.max_time.as_secs() });
    }
    let Some(needed) = case.scenario.registration else { return Ok(()) };
    let found = harness.registration().await?;
    if found == needed { Ok(()) } else { Err(Reason::Skipped(Skip::Registration { needed, found })) }
}

/// The result of a case that was not tried for this reason.
pub(super) fn untried(harness: &Harness, case: &Case, why: Reason) -> Ran {
    if let Some(ran) = without_operation(harness, case) {
        return ran;
    }
    let (verdict, aftermath) = match why {
        Reason::Skipped(_) => (Verdict::Skipped, Aftermath::Clean),
        Reason::Defect(_) => (Verdict::Error, Aftermath::Spoilt),
        _ => (Verdict::Blocked, Aftermath::Clean),
    };
    let mut report = CaseReport { reason: Some(why), ..blank_report(case, verdict) };
    report.redact(&harness.secrets);
    Ran::untried(report, aftermath)
}

/// The result of a case whose state was not reached because the target answered a right login of the harness without a
/// token, or not at all. The first such case fails for it, the others are blocked.
fn invalid_login(harness: &Harness, case: &Case, why: &Failure, login: &Exchange) -> Ran {
    let why = Reason::from(why.clone());
    if harness.judges_set_up.get_or_init(|| case.id.clone()) != &case.id {
        return untried(harness, case, why);
    }
    let step = "log in as the case needs it";
    let mut judgement = harness.oracles.judge(step, login);
    if let (Some(level), Some(response)) = (harness.login_token, login.response()) {
        let json = response.json();
        let at = Place::at("/users/0/token");
        let observed = match &json {
            None if response.body.is_empty() => Observed::EmptyBody,
            json => Observed::value(json.as_ref().and_then(|json| json.at("/users/0/token"))),
        };
        let expected = Expected::Value(Pattern::Placeholder(Placeholder::Token));
        judgement.file(LOGIN_TOKEN, level, step, vec![Mismatch { at, expected, observed }]);
    }
    judgement.is_about(About { operation: Some(Operation::LogIn), condition: Condition::Valid });
    if judgement.findings.is_empty() {
        return untried(harness, case, why);
    }
    let reproduce = vec![harness.run_line(&case.id)];
    let mut report = CaseReport { reproduce, ..blank_report(case, Verdict::Fail) };
    let steps = case.scenario.steps.iter().map(|step| step.name.clone()).collect();
    report.not_asked = Some(NotAsked { steps, why });
    (report.findings, report.observations) = (judgement.findings, judgement.observations);
    let mut secrets = harness.secrets.clone();
    for password in Asked::of(&login.request, harness.target.transport.origin().base_path()).passwords {
        secrets.add(&password, "$NEW_PASSWORD");
    }
    report.redact(&secrets);
    Ran::untried(report, Aftermath::Clean)
}

/// The result of a case that needs an operation which the target does not have.
fn without_operation(harness: &Harness, case: &Case) -> Option<Ran> {
    let (missing, level) = (harness.missing.get()?, harness.oracles.operations()?);
    let reason = Some(Reason::Skipped(Skip::Needs(missing.needed_by(case)?)));
    let findings = missing.findings(case, level);
    let report = match findings.is_empty() {
        true => CaseReport { reason, ..blank_report(case, Verdict::Skipped) },
        false => {
            let reproduce = vec![harness.run_line(&case.id)];
            CaseReport { findings, reproduce, ..blank_report(case, Verdict::Fail) }
        }
    };
    Some(Ran::untried(report, Aftermath::Clean))
}
