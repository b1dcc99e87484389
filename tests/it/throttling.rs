//! Throttling and the limits that a run keeps by itself: patience, the rate, the budget of wrong logins.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::harness::{Asked, Ended, Place, Program, Proxy, answer, parallel};

const TOO_MANY: &str = r#"{"errors":[{"code":1015,"title":"Too many requests"}]}"#;

fn judge(proxy: &Proxy, filters: &str) -> Program {
    Program::judge("--fresh --allow users,passwords").at(proxy).args(filters)
}

/// Throttles that many requests of a kind, then no more.
fn throttling(times: usize, status: &'static str, headers: &'static str, which: fn(&Asked) -> bool) -> Proxy {
    let throttled = AtomicUsize::new(0);
    Proxy::answering(move |asked| {
        let throttles = which(asked) && throttled.fetch_add(1, Ordering::SeqCst) < times;
        throttles.then(|| answer(status, headers, TOO_MANY))
    })
}

const STATUS: &str = "429 Too Many Requests";

fn is_read(asked: &Asked) -> bool {
    asked.is("GET", "/v1/users/admin") && asked.header("authorization").is_some()
}

fn is_login(asked: &Asked) -> bool {
    asked.target == "/v1/users/login" && asked.header("authorization").is_some()
}

/// Everything that ran passes, although a part of it was throttled.
#[track_caller]
fn conforms(program: Program) -> Ended {
    program.end().exited(0).counts("fail", 0).counts("blocked", 0)
}

/// The time from the first request of that kind to the second.
fn between(proxy: &Proxy, which: fn(&Asked) -> bool) -> Duration {
    let log = proxy.log();
    let mut at = log.iter().filter(|asked| which(asked)).map(|asked| asked.at);
    let (first, second) = (at.next().expect("a request"), at.next().expect("a second one"));
    second - first
}

#[test]
fn a_throttled_request_is_sent_again_after_the_seconds_that_were_asked_for() {
    for headers in [
        "Retry-After: 2\r\n",
        // By the target's own clock.
        "Date: Sun, 01 Mar 2020 11:00:00 GMT\r\nRetry-After: Sun, 01 Mar 2020 11:00:02 GMT\r\n",
    ] {
        let proxy = throttling(1, STATUS, headers, is_read);
        let ran = conforms(judge(&proxy, "users/read-admin"));
        assert!(between(&proxy, is_read) >= Duration::from_secs(2), "{headers}");
        assert!(ran.notes().contains("the target throttled once"), "{}", ran.notes());
    }
}

#[test]
fn code_1015_says_the_same_under_another_status() {
    let proxy = throttling(2, "403 Forbidden", "Retry-After: 0\r\n", is_read);
    conforms(judge(&proxy, "users/read-admin"));
    assert_eq!(proxy.count(is_read), 3);
}

#[test]
fn set_up_is_as_patient_as_the_cases() {
    conforms(judge(&throttling(1, STATUS, "Retry-After: 1\r\n", is_login), "users/read-admin"));
    let makes = |asked: &Asked| asked.is("POST", "/v1/users") || asked.method == "DELETE";
    let ran = conforms(judge(&throttling(2, STATUS, "Retry-After: 0\r\n", makes), "users/read-itself"));
    assert!(!ran.notes().contains("left on the target"), "{}", ran.notes());
}

#[test]
fn throttling_that_persists_blocks_and_fails_nothing() {
    let proxy = throttling(usize::MAX, STATUS, "Retry-After: 0\r\n", is_read);
    let ran = judge(&proxy, "users/read-admin users/read-unknown login/control envelope/control").end().exited(3);
    for case in ["users/read-admin", "envelope/control"] {
        assert_eq!(ran.verdict(case), "blocked", "{}", ran.stdout);
        assert!(ran.reason(case).starts_with("throttled: "), "{}", ran.reason(case));
    }
    ran.gives("users/read-unknown", "pass").gives("login/control", "pass");
    // The first case that it blocks tries often, and after that none does. A look around a refusal tries once.
    let tries = proxy.count(is_read);
    assert!((2..=12).contains(&tries), "{tries} tries");
}

#[test]
fn a_longer_wait_than_the_longest_is_not_waited_for() {
    let proxy = throttling(usize::MAX, STATUS, "Retry-After: 900\r\n", is_login);
    let ran = judge(&proxy, "users/* envelope/unknown-path-without-a-token").end().exited(3).counts("fail", 0);
    assert!(ran.reason("users/read-admin").contains("asks to wait 900 s"), "{}", ran.stdout);
    ran.gives("envelope/unknown-path-without-a-token", "pass");
}

#[test]
fn a_target_that_throttles_now_and_then_is_judged_all_the_same() {
    // Thirty at once, and from then on one in forty is told to come back.
    let seen = AtomicUsize::new(0);
    let proxy = Proxy::answering(move |_| {
        let number = seen.fetch_add(1, Ordering::SeqCst);
        let throttles = number > 30 && number.is_multiple_of(40);
        throttles.then(|| answer(STATUS, "Retry-After: 0\r\n", TOO_MANY))
    });
    let ran = conforms(judge(&proxy, "users/read* users/create*"));
    assert!(ran.notes().contains("the target throttled"), "{}", ran.notes());
}

#[test]
fn the_rate_is_kept_by_all_requests_together() {
    let filters = "users/read-admin users/read-unknown users/read-itself login/control login/foreign-scheme*";
    let configured = [("--rate 10/s", ""), ("--rate 10", ""), ("", "[target]\nrate = 10\n")];
    parallel(3, configured, |(flag, file)| {
        let proxy = Proxy::alone();
        let ran = conforms(judge(&proxy, filters).args(flag).file("wabizspec.toml", file));
        // The harness's own requests included.
        let gaps = u32::try_from(proxy.requests()).expect("a few requests") - 1;
        assert!(gaps > 11 && ran.took >= Duration::from_millis(100) * gaps, "{gaps} gaps in {:?}", ran.took);
    });
}

/// A run against an address that is not loopback's own, though it leads there; and the wrong logins.
fn deployed(configuration: &str) -> (Ended, usize) {
    let proxy = Proxy::alone();
    let url = format!("http://0.0.0.0:{}", proxy.address.port());
    let place = Place::with(&[("wabizspec.toml", configuration)]);
    let ran = place.judge("--fresh --allow users,passwords login users").at(&url).end();
    (ran, proxy.logins().refused)
}

#[test]
fn a_deployed_target_is_sent_few_wrong_logins() {
    let (ran, refused) = deployed("");
    assert_eq!(ran.count("fail"), 0, "{}", ran.stdout);
    assert!((10..=20).contains(&refused), "{refused} wrong logins");
    assert_eq!(ran.verdict("login/control"), "pass", "{}", ran.stdout);
    let over = |case: &&serde_json::Value| {
        let reason = case["reason"].as_str().unwrap_or_default();
        reason.starts_with("over budget") && case["verdict"] == "skipped"
    };
    assert!(ran.cases().iter().filter(over).count() > 100, "{}", ran.stdout);
    // The owner may give another budget.
    let (_, few) = deployed("[target]\nwrong_logins = 5\n");
    assert!(few <= 5, "{few}");
    let (ran, many) = deployed("[target]\nwrong_logins = 60\n");
    assert!((40..=60).contains(&many), "{many}: {}", ran.stdout);
}

#[test]
fn wrong_logins_are_few_on_this_machine_too_where_no_reset_undoes_them() {
    let proxy = Proxy::alone();
    let ran = judge(&proxy, "login").end();
    assert!(proxy.logins().refused <= 20, "{}: {}", proxy.logins().refused, ran.stdout);
    for url in ["http://198.51.100.1", "http://127.0.0.1:1"] {
        let plan = |more: &str| Program::judge("--plan").at(url).args(more).end().stdout;
        assert!(plan("--fresh").contains("over budget"));
        assert!(plan("--fresh").contains("of at most 20 wrong logins"));
        assert!(!plan("--reset true").contains("over budget"));
        assert!(!plan("--fresh --wrong-logins 1000").contains("over budget"));
    }
}
