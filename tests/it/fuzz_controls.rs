//! What the fuzzer makes of a target as a whole: one that takes any password, one that goes down for a while, one that
//! is of two minds or tells by its time; and that it leaves the passwords as it found them.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::harness::fuzzing::{block_on, found, fuzz, fuzz_until, fuzzed, ground, register, settings, target};
use crate::harness::wire::{Pace, pace, run_paced};
use tokio::sync::watch;
use wabizspec::documented::api::Resource;
use wabizspec::documented::basic::{self, BasicError};
use wabizspec::fuzz::BasicInput;
use wabizspec::fuzz::FIXED;
use wabizspec::fuzz::Surface;
use wabizspec::fuzz::drive::{drive, once};
use wabizspec::fuzz::in_process;
use wabizspec::reference::{AnswerBody, Behaviour, Call, Refusal, Revokes};

fn without_http() -> Vec<Surface> {
    Surface::ALL.into_iter().filter(|surface| *surface != Surface::Http).collect()
}

/// Whether a login's credentials have no colon.
fn has_no_colon(call: &Call<'_>) -> bool {
    let value = call.authorization.first().copied().unwrap_or_default();
    matches!(basic::parse(value), Err(BasicError::NoColon))
}

/// Otherwise every check that rests on a refused login would tell the same.
#[test]
fn a_target_that_takes_any_password_is_one_finding() {
    let mut behaviour = Behaviour::default();
    behaviour.functions.password_matches = |_, _| true;
    let (summary, _) = fuzz(behaviour, &settings(&without_http(), 4000));
    assert_eq!(found(&summary), ["token login.credentials.whole"]);
    let told = |what: &&String| what.starts_with("wrong logins get a token");
    assert!(summary.observed.keys().any(|what| told(&what)), "{:?}", summary.observed);
}

/// The input is answered as it should be, and after it nobody is, for a while.
#[test]
fn the_culprit_is_named_when_the_target_comes_back() {
    static SILENT: AtomicU32 = AtomicU32::new(0);
    let mut behaviour = Behaviour::default();
    behaviour.rewrites.push(|handled, answer| {
        let silent = SILENT.load(Ordering::Relaxed);
        if silent > 0 {
            SILENT.store(silent - 1, Ordering::Relaxed);
            answer.delivery.dropped = true;
        } else if has_no_colon(handled.call) {
            SILENT.store(10, Ordering::Relaxed);
        }
    });
    let is_down = |found: &str| found.starts_with("down ");
    let (summary, _) = fuzz_until(behaviour, &settings(&[Surface::BasicAuth], 3000), Some(&is_down));
    let named = summary.found.iter().find(|found| found.is_down());
    let named = named.unwrap_or_else(|| panic!("{:?} {:?}", found(&summary), summary.observed));
    assert!(named.confirmed && summary.blocked.is_none(), "{:?}", summary.blocked);
    let value = BasicInput::decode(&named.input).value(&FIXED);
    assert_eq!(basic::parse(&value), Err(BasicError::NoColon));
}

/// Now accepted, now refused: two spaces after the scheme.
#[test]
fn the_same_bytes_must_come_to_the_same() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let mut behaviour = Behaviour::default();
    behaviour.rewrites.push(|handled, answer| {
        let value = handled.call.authorization.first().copied().unwrap_or_default();
        if value.starts_with(b"Basic  ") && TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            answer.status = 401;
            answer.body = AnswerBody::Empty;
        }
    });
    let fickle = "basic-auth: right: the same bytes are now accepted, now refused";
    let (summary, _) = fuzz(behaviour, &settings(&[Surface::BasicAuth], 1500));
    assert!(summary.observed.contains_key(fickle), "{:?}", summary.observed);
    let (summary, _) = fuzz(Behaviour::default(), &settings(&[Surface::BasicAuth], 1500));
    assert!(!summary.observed.contains_key(fickle), "{:?}", summary.observed);
}

/// Time passes only where the answer about a known name is made.
#[test]
fn names_that_the_time_tells_are_observed() {
    static PACE: OnceLock<Pace> = OnceLock::new();
    let (pace, paced) = pace();
    PACE.get_or_init(|| pace);
    let mut behaviour = Behaviour::default();
    behaviour.rewrites.push(|handled, _| {
        let known = |refused: &wabizspec::reference::Refused| {
            refused.0.iter().any(|reason| reason.refusal == Refusal::WrongPassword)
        };
        if handled.outcome.as_ref().is_err_and(known) {
            PACE.get().expect("a pace").pass(Duration::from_millis(250));
        }
    });
    let (summary, _) = run_paced(paced, fuzzed(behaviour, &settings(&[Surface::BasicAuth], 1), None));
    assert!(summary.rows.contains("A32"), "{:?}", summary.rows);
    let told = |what: &&String| what.contains("the time tells which names there are");
    assert!(summary.observed.keys().any(|what| told(&what)), "{:?}", summary.observed);
}

#[test]
fn those_who_dawdle_keep_nobody_waiting() {
    let (summary, _) = fuzz(Behaviour::default(), &settings(&[Surface::Http], 1));
    assert!(summary.rows.contains("H16"), "{:?}", summary.rows);
    let told = |what: &&String| what.contains("connections send a byte");
    assert!(!summary.observed.keys().any(|what| told(&what)), "{:?}", summary.observed);
}

/// After the run, before anything is cleaned up, the admin has the password that was found; also where the admin's own
/// account had to stand in, because no other could be made.
#[test]
fn the_password_that_was_found_is_there_in_the_end() {
    let no_accounts = |behaviour: &mut Behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if handled.resource == Some(Resource::Users) {
                answer.status = 403;
                answer.body = AnswerBody::Empty;
            }
        });
    };
    for own in [true, false] {
        let mut behaviour = Behaviour::default();
        if !own {
            no_accounts(&mut behaviour);
        }
        let (register, target) = (register(), target(behaviour));
        block_on(async {
            let (mut givens, ground) = ground(&target, &register).await;
            let ground = Arc::new(ground);
            let admin = ground.admin.account.clone();
            let (_stop, stopped) = watch::channel(false);
            let surfaces = [Surface::BasicAuth, Surface::LoginBody, Surface::Password];
            let settings = settings(&surfaces, 1500);
            let summary = drive(Arc::clone(&ground), &settings, stopped, &mut |_| {}).await;
            assert_eq!(found(&summary), Vec::<String>::new());
            assert!(summary.requests >= 1500, "{:?}", summary.blocked);
            assert!(ground.logs_in(&admin.username, &admin.password).await, "own accounts: {own}");
            assert_eq!(givens.clean_up().await, Vec::<String>::new());
        });
    }
}

/// Log in, log out, and show the token that was logged out.
#[test]
fn one_input_shows_a_fault_on_the_wire_and_in_process() {
    const INPUT: &[u8] = b"aaaamaaalaaa";
    let faulty = || {
        let mut behaviour = Behaviour::default();
        behaviour.tokens.on_logout = Revokes::Nothing;
        behaviour
    };
    let on_the_wire = |behaviour: Behaviour| {
        let (register, target) = (register(), target(behaviour));
        block_on(async {
            let (_givens, ground) = ground(&target, &register).await;
            let tried = once(&ground, Surface::Session, INPUT).await;
            let (_, signatures) = tried.expect("tried");
            signatures.into_iter().map(|signature| signature.requirement).collect::<Vec<_>>()
        })
    };
    assert_eq!(on_the_wire(faulty()), ["tokens.logout.token-dead"]);
    assert_eq!(on_the_wire(Behaviour::default()), Vec::<String>::new());

    let told = catch_unwind(|| in_process::session_of(faulty(), INPUT)).expect_err("in process");
    let told = told.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(told.contains("tokens.logout.token-dead"), "{told}");
    in_process::session(INPUT);
    in_process::session_of(Behaviour::default(), INPUT);
}
