//! Each planted fault is compared with the reference client without it: the first difference has to name its requirement.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::*;
use crate::custody::Target;
use crate::parallel;
use crate::plan::{Capabilities, cases, plan};
use crate::reference::{Behaviour, Fault, Registration, Server, Settings as ServerSettings};
use crate::run::{Settings, run};
use crate::scenario::Suite;
use crate::transport::Limits;

/// The time limit for faults that answer late.
const SLOW: Duration = Duration::from_secs(5);

fn ran(suite: &Suite, registration: Registration, behaviour: Behaviour, limits: Limits) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = ServerSettings { registration, behaviour, ..ServerSettings::default() };
    let server = Server::start_on(runtime.handle(), (Ipv4Addr::LOCALHOST, 0).into(), client).expect("a server");
    let target = Arc::new(Target::embedded(server, limits).expect("a target"));
    let answers = Answers::default();
    let settings = Settings { witness: Some(answers.witness()), ..Settings::disposable(1) };
    let plan = plan(cases(suite), &Capabilities::embedded(registration));
    let (_keep, stop) = watch::channel(false);
    let mut ran = Ran::new(answers);
    let emit = &mut |event: Event| ran.take(&event);
    runtime.block_on(run(&suite.register, plan, target, Some(registration), &settings, stop, emit));
    ran
}

/// Of each fault: how many differences there are, and which of them names the requirement that the fault breaks, from 0.
fn places(faults: &[&Fault]) -> Vec<(usize, Option<usize>)> {
    let suite = Suite::embedded().expect("the suite");
    let good = [Registration::Open, Registration::Sunset]
        .map(|state| (state, ran(&suite, state, Behaviour::default(), Limits::default())));
    parallel::each(faults, |fault| {
        let mut limits = Limits::default();
        if fault.keeps_waiting(SLOW) {
            (limits.first_byte, limits.whole) = (SLOW, SLOW);
        }
        let (_, good) = good.iter().find(|(state, _)| *state == fault.registration)?;
        let bad = ran(&suite, fault.registration, fault.behaviour(), limits);
        let compared = Compared::of(good, &bad);
        let named = compared.requirements();
        let differ = compared.conclusion() == Conclusion::Findings;
        assert_eq!(differ, !named.is_empty(), "{}", fault.id);
        Some((named.len(), named.iter().position(|requirements| requirements.contains(&fault.requirement))))
    })
}

/// In both registration states, in each area, of each level; one that shows in two operations, and one that crashes.
#[test]
fn a_fault_is_the_first_difference() {
    let ids = [
        "login.first.default-password-accepted",
        "login.password.classes-unchecked",
        "login.robustness.null-for-a-body",
        "users.username.any-case",
        "tokens.bearer.refusal-of-another-code",
        "account.admin-only.of-another-code-after-the-sunset",
        "envelope.meta-present.left-out",
    ];
    let faults = ids.map(|id| Fault::find(id).expect(id));
    for (id, (_, place)) in ids.iter().zip(places(&faults)) {
        assert_eq!(place, Some(0), "{id}");
    }
}

/// What a fault breaks besides is a difference as well, and now and then the first.
#[test]
#[ignore = "some minutes with --release: every planted fault"]
fn every_fault_that_the_suite_sees_is_among_the_first_differences() {
    let faults: Vec<&Fault> = Fault::all().collect();
    let places = places(&faults);
    let within = |most: usize| places.iter().filter(|(_, place)| place.is_some_and(|place| place < most)).count();
    for (fault, (all, place)) in faults.iter().zip(&places).filter(|(_, (_, place))| *place != Some(0)) {
        println!("{}: {} is in {place:?} of {all}", fault.id, fault.requirement);
    }
    println!("{} faults, {} first, {} in the first three", faults.len(), within(1), within(3));
    // One that never answers cannot be compared.
    let unseen: Vec<&str> =
        faults.iter().zip(&places).filter(|(_, it)| it.1.is_none()).map(|it| it.0.id.as_str()).collect();
    assert_eq!(unseen, ["degenerate.never-answers"]);
    assert!(100 * within(1) >= 90 * faults.len() && 100 * within(3) >= 98 * faults.len());
}
