//! Hostile and broken targets, met by the built program: each gets a true verdict within the limits, without a panic,
//! in little memory, and the cases after it are judged all the same.

mod misbehaviour;
mod heavy;
mod servers;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::harness::{Ended, Program, Proxy, Reaction};
use misbehaviour::Deed;

/// The path on which a deed is done, and the case that reads it.
const SPOT: &str = "/v1/wabizspec-unknown";
const HIT: &str = "envelope/unknown-path::beside-the-users";

/// Cases beside it, before and after, for which the target is a good one.
const BESIDE: [&str; 3] = ["envelope/unknown-path::deep", "login/control", "users/read-unknown"];

/// What a run waits for an answer unless it is told otherwise: no good answer takes that long, however busy the machine.
const LIMIT: &str = "10s";

/// The most memory that the program may take, in KiB.
const MEMORY: u64 = 100 * 1024;

fn arguments<'a>(url: &'a str, filters: &[&'a str]) -> Vec<&'a str> {
    arguments_within(LIMIT, url, filters)
}

fn arguments_within<'a>(limit: &'a str, url: &'a str, filters: &[&'a str]) -> Vec<&'a str> {
    let mut arguments =
        vec!["--target", url, "--fresh", "--wrong-logins", "1000", "--allow", "users,passwords", "--timeout", limit];
    arguments.extend(filters);
    arguments
}

/// What holds whatever a target does.
#[track_caller]
fn sound(ran: &Ended) {
    assert!(matches!(ran.code, Some(0 | 1 | 3)), "exit {:?}: {}", ran.code, ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(ran.peak_kib < MEMORY, "{} KiB", ran.peak_kib);
    assert_eq!(ran.0["complete"], true, "{}", ran.stdout);
    assert_eq!(ran.count("error"), 0, "{}", ran.stdout);
    let drives = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!ran.stdout.contains(drives), "{:?}", ran.stdout);
    assert!(!ran.stdout.contains('\u{202e}'), "{:?}", ran.stdout);
}

/// Does each deed on the spot, some at a time, and holds each run to what is the same for all and to `judge`.
fn each<T: Sync>(rows: &[(&str, T)], deed: impl Fn(&T) -> Deed + Sync, judge: impl Fn(&T, &Ended, usize) + Sync) {
    let waiting = Mutex::new(rows.iter());
    let failures = Mutex::new(Vec::new());
    let peak = AtomicU64::new(0);
    let work = || {
        loop {
            let next = waiting.lock().expect("rows").next();
            let Some((name, row)) = next else { return };
            let deed = deed(row);
            let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let proxy = Proxy::with_client(move |asked, stream| match asked.is("GET", SPOT) {
                    true => deed(asked, stream),
                    false => Reaction::Forward,
                });
                let filters: Vec<&str> = BESIDE.into_iter().chain([HIT]).collect();
                let ran = Program::judge(arguments(&proxy.url(), &filters)).end();
                sound(&ran);
                peak.fetch_max(ran.peak_kib, Ordering::Relaxed);
                for case in BESIDE {
                    assert_eq!(ran.verdict(case), "pass", "{case}: {}", ran.stdout);
                }
                let hits = proxy.log().iter().filter(|asked| asked.is("GET", SPOT)).count();
                judge(row, &ran, hits);
            }));
            if let Err(why) = judged {
                let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
                failures.lock().expect("failures").push(format!("== {name}\n{why}"));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(work);
        }
    });
    assert!(peak.into_inner() > 0, "the memory of no run was looked at");
    let failures = failures.into_inner().expect("failures");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The request was not answered, whole and in time: that is what the finding says, and no more.
fn unanswered(ran: &Ended) {
    assert_eq!(ran.verdict(HIT), "fail", "{}", ran.stdout);
    assert_eq!(ran.broken(HIT), ["envelope.answered"], "{}", ran.stdout);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_slow_target_is_not_waited_for() {
    each(
        &misbehaviour::SLOW,
        |deed| *deed,
        |_, ran, hits| {
            unanswered(ran);
            assert!(ran.stdout.contains("time limit passed"), "{}", ran.stdout);
            assert_eq!(hits, 1, "what was answered in part is not asked again");
        },
    );
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    each(
        &misbehaviour::BROKEN_OFF,
        |deed| *deed,
        |_, ran, hits| {
            unanswered(ran);
            assert!(ran.stdout.contains("the connection was closed"), "{}", ran.stdout);
            assert!(hits <= 2, "{hits}");
        },
    );
}

#[test]
fn an_endless_answer_is_cut_off() {
    each(
        &misbehaviour::ENDLESS,
        |deed| *deed,
        |_, ran, _| {
            unanswered(ran);
            let cut = ["larger than what is read", "time limit passed"];
            assert!(cut.iter().any(|words| ran.stdout.contains(words)), "{}", ran.stdout);
        },
    );
}

#[test]
fn what_is_no_http_is_no_answer() {
    each(
        &misbehaviour::NO_HTTP,
        |deed| *deed,
        |_, ran, _| {
            unanswered(ran);
            assert!(ran.stdout.contains("is not HTTP/1.x"), "{}", ran.stdout);
        },
    );
}

#[test]
fn a_wrong_answer_breaks_the_rule_that_it_breaks() {
    let rows = misbehaviour::WRONG.map(|(name, requirement, deed)| (name, (requirement, deed)));
    each(
        &rows,
        |(_, deed)| *deed,
        |(requirement, _), ran, hits| {
            assert_eq!(ran.verdict(HIT), "fail", "{}", ran.stdout);
            assert!(ran.broken(HIT).contains(requirement), "{:?}: {}", ran.broken(HIT), ran.stdout);
            assert_eq!(hits, 1, "nothing is followed and nothing is asked twice");
        },
    );
}

#[test]
fn a_strange_answer_is_no_failure() {
    each(
        &misbehaviour::STRANGE,
        |deed| *deed,
        |_, ran, _| {
            assert_eq!(ran.verdict(HIT), "pass", "{}", ran.stdout);
            assert_eq!(ran.code, Some(0), "{}", ran.stdout);
        },
    );
}
