//! Throttling and the limits that a run keeps by itself: patience, the rate, the budget of wrong logins.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::harness::{Asked, Ended, Program, Proxy, Reaction, answer, write};

const TOO_MANY: &str = r#"{"errors":[{"code":1015,"title":"Too many requests"}]}"#;

fn some<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--target", url, "--fresh", "--allow", "users,passwords"];
    arguments.extend(more);
    arguments
}

/// Throttles that many requests that it is asked about, then no more.
fn throttling(times: usize, status: &'static str, headers: &'static str, which: fn(&Asked) -> bool) -> Proxy {
    let throttled = AtomicUsize::new(0);
    Proxy::with_client(move |asked, stream| {
        if which(asked) && throttled.fetch_add(1, Ordering::SeqCst) < times {
            write(stream, answer(status, headers, TOO_MANY));
            return Reaction::Keep;
        }
        Reaction::Forward
    })
}

fn is_read(asked: &Asked) -> bool {
    asked.is("GET", "/v1/users/admin") && asked.header("authorization").is_some()
}

fn is_login(asked: &Asked) -> bool {
    asked.target == "/v1/users/login" && asked.header("authorization").is_some()
}

#[track_caller]
fn conforms(ran: &Ended) {
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    assert_eq!(ran.count("fail") + ran.count("blocked"), 0, "{}", ran.stdout);
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
    let proxy = throttling(1, "429 Too Many Requests", "Retry-After: 2\r\n", is_read);
    let ran = Program::judge(some(&proxy.url(), &["users/read-admin"])).end();
    conforms(&ran);
    assert!(between(&proxy, is_read) >= Duration::from_secs(2));
    assert!(ran.notes().contains("the target throttled once"), "{}", ran.notes());
}

#[test]
fn a_date_to_wait_for_is_waited_for_by_the_targets_own_clock() {
    const HEADERS: &str = "Date: Sun, 01 Mar 2020 11:00:00 GMT\r\nRetry-After: Sun, 01 Mar 2020 11:00:02 GMT\r\n";
    let proxy = throttling(1, "429 Too Many Requests", HEADERS, is_read);
    conforms(&Program::judge(some(&proxy.url(), &["users/read-admin"])).end());
    assert!(between(&proxy, is_read) >= Duration::from_secs(2));
}

#[test]
fn code_1015_says_the_same_under_another_status() {
    let proxy = throttling(2, "403 Forbidden", "Retry-After: 0\r\n", is_read);
    conforms(&Program::judge(some(&proxy.url(), &["users/read-admin"])).end());
    assert_eq!(proxy.log().iter().filter(|asked| is_read(asked)).count(), 3);
}

#[test]
fn set_up_is_as_patient_as_the_cases() {
    let proxy = throttling(1, "429 Too Many Requests", "Retry-After: 1\r\n", is_login);
    conforms(&Program::judge(some(&proxy.url(), &["users/read-admin"])).end());
    let makes = |asked: &Asked| asked.is("POST", "/v1/users") || asked.method == "DELETE";
    let proxy = throttling(2, "429 Too Many Requests", "Retry-After: 0\r\n", makes);
    let ran = Program::judge(some(&proxy.url(), &["users/read-itself"])).end();
    conforms(&ran);
    assert!(!ran.notes().contains("left on the target"), "{}", ran.notes());
}

#[test]
fn throttling_that_persists_blocks_and_fails_nothing() {
    let proxy = throttling(usize::MAX, "429 Too Many Requests", "Retry-After: 0\r\n", is_read);
    let filters = ["users/read-admin", "users/read-unknown", "login/control", "envelope/control"];
    let ran = Program::judge(some(&proxy.url(), &filters)).end();
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    for case in ["users/read-admin", "envelope/control"] {
        assert_eq!(ran.verdict(case), "blocked", "{}", ran.stdout);
        assert!(ran.reason(case).starts_with("throttled: "), "{}", ran.reason(case));
    }
    for case in ["users/read-unknown", "login/control"] {
        assert_eq!(ran.verdict(case), "pass", "{}", ran.stdout);
    }
    // The first case that it blocks tries often, and after that nobody does.
    let tries = proxy.log().iter().filter(|asked| is_read(asked)).count();
    assert!((2..=10).contains(&tries), "{tries} tries");
}

#[test]
fn a_longer_wait_than_the_longest_is_not_waited_for() {
    let proxy = throttling(usize::MAX, "429 Too Many Requests", "Retry-After: 900\r\n", is_login);
    let ran = Program::judge(some(&proxy.url(), &["users/*", "envelope/unknown-path-without-a-token"])).end();
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert_eq!(ran.count("fail"), 0, "{}", ran.stdout);
    assert!(ran.reason("users/read-admin").contains("asks to wait 900 s"), "{}", ran.stdout);
    assert_eq!(ran.verdict("envelope/unknown-path-without-a-token"), "pass");
}

#[test]
fn a_target_that_throttles_now_and_then_is_judged_all_the_same() {
    // Thirty at once, and from then on one in forty is told to come back.
    let seen = AtomicUsize::new(0);
    let proxy = Proxy::with_client(move |_, stream| {
        let number = seen.fetch_add(1, Ordering::SeqCst);
        if number > 30 && number.is_multiple_of(40) {
            write(stream, answer("429 Too Many Requests", "Retry-After: 0\r\n", TOO_MANY));
            return Reaction::Keep;
        }
        Reaction::Forward
    });
    let ran = Program::judge(some(&proxy.url(), &["users/read*", "users/create*"])).end();
    conforms(&ran);
    assert!(ran.notes().contains("the target throttled"), "{}", ran.notes());
}

/// Whether the run took as long as its requests must at ten a second, the harness's own included.
#[track_caller]
fn kept(ran: &Ended, proxy: &Proxy) {
    conforms(ran);
    let gaps = u32::try_from(proxy.requests()).expect("a few requests") - 1;
    assert!(gaps > 11 && ran.took >= Duration::from_millis(100) * gaps, "{gaps} gaps in {:?}", ran.took);
}

#[test]
fn the_rate_is_kept_by_all_requests_together() {
    let filters =
        ["users/read-admin", "users/read-unknown", "users/read-itself", "login/control", "login/foreign-scheme*"];
    let with_flag = |rate| {
        let proxy = Proxy::with_client(|_, _| Reaction::Forward);
        let url = proxy.url();
        let mut arguments = some(&url, &filters);
        arguments.extend(["--rate", rate]);
        kept(&Program::judge(arguments).end(), &proxy);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| with_flag("10/s"));
        scope.spawn(|| with_flag("10"));
        let proxy = Proxy::with_client(|_, _| Reaction::Forward);
        let program = Program::judge(some(&proxy.url(), &filters)).file("wabizspec.toml", "[target]\nrate = 10\n");
        kept(&program.end(), &proxy);
    });
}

#[test]
fn a_rate_that_is_none_is_refused() {
    for wrong in ["0", "fast", "-1/s", "10/m"] {
        let program = Program::judge(["--target", "http://127.0.0.1:1", &format!("--rate={wrong}")]);
        program.end().exited(2).says("10/s");
    }
}

/// A run of the whole login area against a target by an address that is not loopback's own, though it leads there.
fn deployed(configuration: &str, more: &[&str]) -> (Ended, usize) {
    let proxy = Proxy::with_client(|_, _| Reaction::Forward);
    let url = format!("http://0.0.0.0:{}", proxy.address.port());
    let mut arguments = some(&url, &["login", "users"]);
    arguments.extend(more);
    let ran = Program::judge(arguments).file("wabizspec.toml", configuration).end();
    (ran, proxy.logins().refused)
}

#[test]
fn a_deployed_target_is_sent_few_wrong_logins() {
    let (ran, refused) = deployed("", &[]);
    assert_eq!(ran.count("fail"), 0, "{}", ran.stdout);
    assert!((10..=20).contains(&refused), "{refused} wrong logins");
    assert_eq!(ran.verdict("login/control"), "pass", "{}", ran.stdout);
    let cases = ran.0["cases"].as_array().expect("cases");
    let over = |case: &&serde_json::Value| {
        let reason = case["reason"].as_str().unwrap_or_default();
        reason.starts_with("over budget") && case["verdict"] == "skipped"
    };
    assert!(cases.iter().filter(over).count() > 100, "{}", ran.stdout);
}

#[test]
fn the_owner_may_give_another_budget() {
    let (_, few) = deployed("[target]\nwrong_logins = 5\n", &[]);
    assert!(few <= 5, "{few}");
    let (ran, many) = deployed("[target]\nwrong_logins = 60\n", &[]);
    assert!((40..=60).contains(&many), "{many}: {}", ran.stdout);
}

#[test]
fn wrong_logins_are_few_on_this_machine_too_where_no_reset_undoes_them() {
    let proxy = Proxy::with_client(|_, _| Reaction::Forward);
    let ran = Program::judge(some(&proxy.url(), &["login"])).end();
    assert!(proxy.logins().refused <= 20, "{}: {}", proxy.logins().refused, ran.stdout);
    for url in ["http://198.51.100.1", "http://127.0.0.1:1"] {
        let plan = |more: &[&str]| Program::judge([&["--plan", "--target", url], more].concat()).end().stdout;
        assert!(plan(&["--fresh"]).contains("over budget"));
        assert!(plan(&["--fresh"]).contains("of at most 20 wrong logins"));
        assert!(!plan(&["--reset", "true"]).contains("over budget"));
        assert!(!plan(&["--fresh", "--wrong-logins", "1000"]).contains("over budget"));
    }
}
