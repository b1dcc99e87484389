//! Hostile and broken targets, tested with the built program: each gets the right verdict within the limits, without a
//! panic, in little memory, and the cases after it are judged all the same.

mod misbehaviour;
mod heavy;
mod servers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::harness::{Address, Ended, Place, Program, Proxy, Reaction, none, parallel};
use misbehaviour::{Deed, Row};

/// The path on which a deed is done, and the case that reads it.
const SPOT: &str = "/v1/wabizspec-unknown";
const HIT: &str = "envelope/unknown-path::beside-the-users";

/// Cases beside it, before and after, for which the target behaves well.
const BESIDE: [&str; 3] = ["envelope/unknown-path::deep", "login/control", "users/read-unknown"];

/// How long a run waits for an answer: no good answer takes that long, however busy the machine.
const LIMIT: &str = "10s";

const MEMORY: u64 = 100 * 1024;

fn judge(place: &Place, url: &str, limit: &str, filters: &str) -> Program {
    let args = "--fresh --wrong-logins 1000 --allow users,passwords --timeout";
    place.judge(args).args(limit).at(url).args(filters)
}

/// What holds whatever a target does.
#[track_caller]
fn sound(ran: &Ended) {
    assert!(matches!(ran.code, Some(0 | 1 | 3)), "exit {:?}: {}", ran.code, ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(ran.peak_kib < MEMORY, "{} KiB", ran.peak_kib);
    ran.is_whole();
    assert_eq!(ran.count("error"), 0, "{}", ran.stdout);
    let drives = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
    assert!(!ran.stdout.contains(drives), "{:?}", ran.stdout);
}

/// A good target, but for one path on which it does that.
fn doing(deed: &Deed) -> Proxy {
    let deed = Arc::clone(deed);
    Proxy::with_client(move |_, asked, stream| match asked.is("GET", SPOT) {
        true => deed(asked, stream),
        false => Reaction::Forward,
    })
}

/// Tests each row, and holds each run to what is the same for all and to `judge`.
fn each(rows: Vec<Row>, judge: impl Fn(&Row, &Ended, usize) + Sync) {
    let tried = parallel(6, rows, |row| {
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let proxy = doing(&row.deed);
            let ran = self::judge(&Place::new(), &proxy.url(), LIMIT, &BESIDE.join(" ")).args(HIT).end();
            sound(&ran);
            for case in BESIDE {
                assert_eq!(ran.verdict(case), "pass", "{case}: {}", ran.stdout);
            }
            judge(&row, &ran, proxy.count(|asked| asked.is("GET", SPOT)));
            ran.peak_kib
        }));
        judged
            .map_err(|why| format!("== {}\n{}\n", row.name, why.downcast_ref::<String>().cloned().unwrap_or_default()))
    });
    assert!(tried.iter().any(|peak| *peak.as_ref().unwrap_or(&0) > 0), "the memory of no run was measured");
    none(tried.into_iter().filter_map(Result::err));
}

/// The request was not answered, whole and in time: the finding says that, why, and no more.
fn unanswered(row: &Row, ran: &Ended) {
    assert_eq!((ran.code, ran.verdict(HIT)), (Some(1), "fail"), "{}", ran.stdout);
    assert_eq!(ran.broken(HIT), ["envelope.answered"], "{}", ran.stdout);
    let findings = ran.case(HIT)["findings"].to_string();
    assert!(row.expected.split('|').any(|words| findings.contains(words)), "{} is not in {findings}", row.expected);
}

#[test]
fn a_slow_target_is_not_waited_for() {
    each(misbehaviour::slow(), |row, ran, hits| {
        unanswered(row, ran);
        assert_eq!(hits, 2, "it is asked again alone, once");
    });
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    each(misbehaviour::broken_off(), |row, ran, hits| {
        unanswered(row, ran);
        assert!(hits <= 4, "once and again alone, each on a new connection if a kept one died: {hits}");
    });
}

#[test]
fn an_endless_answer_is_cut_off() {
    each(misbehaviour::endless(), |row, ran, _| unanswered(row, ran));
}

#[test]
fn an_answer_that_is_not_http_is_no_answer() {
    each(misbehaviour::no_http(), |row, ran, _| unanswered(row, ran));
}

#[test]
fn a_wrong_answer_breaks_the_rule_that_it_breaks() {
    each(misbehaviour::wrong(), |row, ran, hits| {
        assert_eq!(ran.verdict(HIT), "fail", "{}", ran.stdout);
        assert!(ran.broken(HIT).contains(&row.expected), "{:?}: {}", ran.broken(HIT), ran.stdout);
        // Only a crash is asked again: it may have been another request's.
        let asked = if row.expected == "envelope.no-crash" { 2 } else { 1 };
        assert_eq!(hits, asked, "no redirect is followed and nothing else is asked twice");
    });
}

#[test]
fn a_strange_answer_is_no_failure() {
    each(misbehaviour::strange(), |_, ran, _| {
        assert_eq!((ran.code, ran.verdict(HIT)), (Some(0), "pass"), "{}", ran.stdout);
    });
}
