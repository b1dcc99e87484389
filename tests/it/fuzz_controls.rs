//! What the fuzzer says of a target as a whole: one that takes any password, one that goes down for a while, one that
//! answers the same bytes differently or tells by its time; and that it leaves the passwords as it found them.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::harness::fuzzing::{all_but_http, faulty, found, fuzz, fuzzed, in_session, rewritten, settings};
use crate::harness::respond;
use crate::harness::wire::{Pace, pace, run_paced};
use tokio::sync::watch;
use wabizspec::documented::api::Resource;
use wabizspec::documented::basic::{self, BasicError};
use wabizspec::fuzz::drive::{drive, once};
use wabizspec::fuzz::{BasicInput, FIXED, Surface, in_process, summary::Summary};
use wabizspec::reference::{Behaviour, Handled, Refusal, Revokes};

fn credentials<'c>(handled: &Handled<'c>) -> &'c [u8] {
    handled.call.authorization.first().copied().unwrap_or_default()
}

fn observed(summary: &Summary, part: &str) -> bool {
    summary.observed.keys().any(|what| what.contains(part))
}

/// Otherwise every check that rests on a refused login would report the same.
#[test]
fn a_target_that_takes_any_password_is_one_finding() {
    let behaviour = faulty(|behaviour| behaviour.functions.password_matches = |_, _| true);
    let (summary, _) = fuzz(behaviour, &settings(&all_but_http(), 4000), None);
    assert_eq!(found(&summary), ["token login.credentials.whole"]);
    assert!(observed(&summary, "wrong logins get a token"), "{:?}", summary.observed);
}

/// The input is answered as it should be, and after it nobody is, for a while.
#[test]
fn the_culprit_is_named_when_the_target_comes_back() {
    static SILENT: AtomicU32 = AtomicU32::new(0);
    let behaviour = rewritten(|handled, answer| {
        let silent = SILENT.load(Ordering::Relaxed);
        if silent > 0 {
            SILENT.store(silent - 1, Ordering::Relaxed);
            answer.delivery.dropped = true;
        } else if basic::parse(credentials(handled)).err() == Some(BasicError::NoColon) {
            SILENT.store(10, Ordering::Relaxed);
        }
    });
    let is_down = |found: &str| found.starts_with("down ");
    let (summary, _) = fuzz(behaviour, &settings(&[Surface::BasicAuth], 3000), Some(&is_down));
    let named = summary.found.iter().find(|found| found.is_down());
    let named = named.unwrap_or_else(|| panic!("{:?} {:?}", found(&summary), summary.observed));
    assert!(named.confirmed && summary.blocked.is_none(), "{:?}", summary.blocked);
    // Of several headers the first.
    let sent = BasicInput::decode(&named.input).request_parts(&FIXED).headers;
    let first = sent.iter().find(|header| header.name.eq_ignore_ascii_case("Authorization")).expect("a header");
    assert_eq!(basic::parse(&first.value), Err(BasicError::NoColon), "{:?}", String::from_utf8_lossy(&named.input));
}

/// Two spaces after the scheme are now accepted, now refused.
#[test]
fn the_same_bytes_must_be_answered_alike() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let behaviour = rewritten(|handled, answer| {
        if credentials(handled).starts_with(b"Basic  ") && TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            respond(answer, 401, None);
        }
    });
    let fickle = "basic-auth: right: the same bytes are now accepted, now refused";
    let (summary, _) = fuzz(behaviour, &settings(&[Surface::BasicAuth], 1500), None);
    assert!(summary.observed.contains_key(fickle), "{:?}", summary.observed);
    let (summary, _) = fuzz(Behaviour::default(), &settings(&[Surface::BasicAuth], 1500), None);
    assert!(!summary.observed.contains_key(fickle), "{:?}", summary.observed);
}

/// Time passes only where the answer about a known name is made.
#[test]
fn names_that_the_time_tells_are_observed() {
    static PACE: OnceLock<Pace> = OnceLock::new();
    let (pace, paced) = pace();
    PACE.get_or_init(|| pace);
    let behaviour = rewritten(|handled, _| {
        let mut refusals = handled.outcome.as_ref().err().into_iter().flat_map(|refused| &refused.0);
        if refusals.any(|reason| reason.refusal == Refusal::WrongPassword) {
            PACE.get().expect("a pace").pass(Duration::from_millis(250));
        }
    });
    let (summary, _) = run_paced(paced, fuzzed(behaviour, &settings(&[Surface::BasicAuth], 1), None));
    assert!(summary.rows.contains("A32"), "{:?}", summary.rows);
    assert!(observed(&summary, "the time tells which names there are"), "{:?}", summary.observed);
}

#[test]
fn slow_connections_keep_nobody_waiting() {
    let (summary, _) = fuzz(Behaviour::default(), &settings(&[Surface::Http], 1), None);
    assert!(summary.rows.contains("H16"), "{:?}", summary.rows);
    assert!(!observed(&summary, "connections send a byte"), "{:?}", summary.observed);
}

/// Before the clean-up, also where the admin's own account had to be used because no other could be made.
#[test]
fn the_password_that_was_found_is_there_in_the_end() {
    let no_accounts = rewritten(|handled, answer| {
        if handled.resource == Some(Resource::Users) {
            respond(answer, 403, None);
        }
    });
    for behaviour in [Behaviour::default(), no_accounts] {
        in_session(behaviour, async |givens, ground| {
            let ground = Arc::new(ground);
            let admin = ground.admin().account;
            let (_stop, stopped) = watch::channel(false);
            let settings = settings(&[Surface::BasicAuth, Surface::LoginBody, Surface::Password], 1500);
            let summary = drive(Arc::clone(&ground), &settings, stopped, &mut |_| {}).await;
            assert_eq!(found(&summary), Vec::<String>::new());
            assert!(summary.requests >= 1500, "{:?}", summary.blocked);
            assert_eq!(ground.logs_in(&admin.username, &admin.password).await, Some(true));
            assert_eq!(givens.clean_up().await, Vec::<String>::new());
        });
    }
}

/// Log in, log out, and show the token that was logged out.
#[test]
fn one_input_shows_a_fault_on_the_wire_and_in_process() {
    const INPUT: &[u8] = b"aaaamaaalaaa";
    let lives_on = || faulty(|behaviour| behaviour.tokens.on_logout = Revokes::Nothing);
    let on_the_wire = |behaviour: Behaviour| {
        in_session(behaviour, async |_, ground| {
            let (_, signatures) = once(&ground, Surface::Session, INPUT).await.expect("tried");
            signatures.into_iter().map(|signature| signature.requirement).collect::<Vec<_>>()
        })
    };
    assert_eq!(on_the_wire(lives_on()), ["tokens.logout.token-dead"]);
    assert_eq!(on_the_wire(Behaviour::default()), Vec::<String>::new());

    let panic = catch_unwind(|| in_process::session_of(lives_on(), INPUT)).expect_err("in process");
    let told = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(told.contains("tokens.logout.token-dead"), "{told}");
    in_process::session(INPUT);
    in_process::session_of(Behaviour::default(), INPUT);
}

#[test]
fn what_does_not_happen_again_is_flaky_and_no_finding() {
    static CRASHED: AtomicU32 = AtomicU32::new(0);
    let behaviour = rewritten(|handled, answer| {
        let is_odd = basic::parse(credentials(handled)).err() == Some(BasicError::NoColon);
        if is_odd && CRASHED.fetch_add(1, Ordering::Relaxed) == 0 {
            respond(answer, 500, None);
        }
    });
    let (summary, _) = fuzz(behaviour, &settings(&[Surface::BasicAuth], 2000), None);
    assert_eq!((summary.findings().count(), summary.warnings().count()), (0, 0), "{:?}", summary.found);
    assert!(observed(&summary, "flaky: basic-auth: expected status: no 5xx"), "{:?}", summary.observed);
}
