//! Throttling and the limits that a run keeps by itself: patience, the rate, the budget of wrong logins.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::live_support::{Asked, Next, Proxy, Ran, answer, run, run_in, write};

const TOO_MANY: &str = r#"{"errors":[{"code":1015,"title":"Too many requests"}]}"#;

fn some<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--target", url, "--fresh", "--allow", "users,passwords"];
    arguments.extend(more);
    arguments
}

/// Throttles that many requests that it is asked about, then no more.
fn throttling(times: usize, status: &'static str, headers: &'static str, which: fn(&Asked) -> bool) -> Proxy {
    let throttled = AtomicUsize::new(0);
    Proxy::new(move |asked, stream| {
        if which(asked) && throttled.fetch_add(1, Ordering::SeqCst) < times {
            write(stream, answer(status, headers, TOO_MANY));
            return Next::Keep;
        }
        Next::Forward
    })
}

fn is_read(asked: &Asked) -> bool {
    asked.is("GET", "/v1/users/admin") && asked.header("authorization").is_some()
}

fn is_login(asked: &Asked) -> bool {
    asked.target == "/v1/users/login" && asked.header("authorization").is_some()
}

#[track_caller]
fn conforms(ran: &Ran) {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.count("fail") + ran.count("blocked"), 0, "{}", ran.out);
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
    let ran = run(&some(&proxy.url(), &["users/read-admin"]));
    conforms(&ran);
    assert!(between(&proxy, is_read) >= Duration::from_secs(2));
    assert!(ran.notes().contains("the target throttled once"), "{}", ran.notes());
}

#[test]
fn a_date_to_wait_for_is_waited_for_by_the_targets_own_clock() {
    const HEADERS: &str = "Date: Sun, 01 Mar 2020 11:00:00 GMT\r\nRetry-After: Sun, 01 Mar 2020 11:00:02 GMT\r\n";
    let proxy = throttling(1, "429 Too Many Requests", HEADERS, is_read);
    conforms(&run(&some(&proxy.url(), &["users/read-admin"])));
    assert!(between(&proxy, is_read) >= Duration::from_secs(2));
}

#[test]
fn code_1015_says_the_same_under_another_status() {
    let proxy = throttling(2, "403 Forbidden", "Retry-After: 0\r\n", is_read);
    conforms(&run(&some(&proxy.url(), &["users/read-admin"])));
    assert_eq!(proxy.log().iter().filter(|asked| is_read(asked)).count(), 3);
}

#[test]
fn set_up_is_as_patient_as_the_cases() {
    let proxy = throttling(1, "429 Too Many Requests", "Retry-After: 1\r\n", is_login);
    conforms(&run(&some(&proxy.url(), &["users/read-admin"])));
    let makes = |asked: &Asked| asked.is("POST", "/v1/users") || asked.method == "DELETE";
    let proxy = throttling(2, "429 Too Many Requests", "Retry-After: 0\r\n", makes);
    let ran = run(&some(&proxy.url(), &["users/read-itself"]));
    conforms(&ran);
    assert!(!ran.notes().contains("left on the target"), "{}", ran.notes());
}

#[test]
fn throttling_that_persists_blocks_and_fails_nothing() {
    let proxy = throttling(usize::MAX, "429 Too Many Requests", "Retry-After: 0\r\n", is_read);
    let filters = ["users/read-admin", "users/read-unknown", "login/control", "envelope/control"];
    let ran = run(&some(&proxy.url(), &filters));
    assert_eq!(ran.code, 3, "{}", ran.out);
    for case in ["users/read-admin", "envelope/control"] {
        assert_eq!(ran.verdict(case), "blocked", "{}", ran.out);
        assert!(ran.reason(case).starts_with("throttled: "), "{}", ran.reason(case));
    }
    for case in ["users/read-unknown", "login/control"] {
        assert_eq!(ran.verdict(case), "pass", "{}", ran.out);
    }
    // The first case that it blocks tries often, and after that nobody does.
    let tries = proxy.log().iter().filter(|asked| is_read(asked)).count();
    assert!((2..=10).contains(&tries), "{tries} tries");
}

#[test]
fn a_longer_wait_than_the_longest_is_not_waited_for() {
    let proxy = throttling(usize::MAX, "429 Too Many Requests", "Retry-After: 900\r\n", is_login);
    let ran = run(&some(&proxy.url(), &["users/*", "envelope/unknown-path-without-a-token"]));
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert_eq!(ran.count("fail"), 0, "{}", ran.out);
    assert!(ran.reason("users/read-admin").contains("asks to wait 900 s"), "{}", ran.out);
    assert_eq!(ran.verdict("envelope/unknown-path-without-a-token"), "pass");
}

#[test]
fn a_target_that_throttles_now_and_then_is_judged_all_the_same() {
    // Thirty at once, and from then on one in forty is told to come back.
    let seen = AtomicUsize::new(0);
    let proxy = Proxy::new(move |_, stream| {
        let number = seen.fetch_add(1, Ordering::SeqCst);
        if number > 30 && number.is_multiple_of(40) {
            write(stream, answer("429 Too Many Requests", "Retry-After: 0\r\n", TOO_MANY));
            return Next::Keep;
        }
        Next::Forward
    });
    let ran = run(&some(&proxy.url(), &["users/read*", "users/create*"]));
    conforms(&ran);
    assert!(ran.notes().contains("the target throttled"), "{}", ran.notes());
}

/// Whether the run took as long as its requests must at ten a second, the harness's own included.
#[track_caller]
fn kept(ran: &Ran, proxy: &Proxy) {
    conforms(ran);
    let gaps = u32::try_from(proxy.requests()).expect("a few requests") - 1;
    assert!(gaps > 11 && ran.elapsed >= Duration::from_millis(100) * gaps, "{gaps} gaps in {:?}", ran.elapsed);
}

#[test]
fn the_rate_is_kept_by_all_requests_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let filters =
        ["users/read-admin", "users/read-unknown", "users/read-itself", "login/control", "login/foreign-scheme*"];
    let with_flag = |rate| {
        let proxy = Proxy::new(|_, _| Next::Forward);
        let url = proxy.url();
        let mut arguments = some(&url, &filters);
        arguments.extend(["--rate", rate]);
        kept(&run(&arguments), &proxy);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| with_flag("10/s"));
        scope.spawn(|| with_flag("10"));
        let proxy = Proxy::new(|_, _| Next::Forward);
        std::fs::write(folder.path().join("wabizspec.toml"), "[target]\nrate = 10\n").expect("a file");
        kept(&run_in(folder.path(), &some(&proxy.url(), &filters)), &proxy);
    });
}

#[test]
fn a_rate_that_is_none_is_refused() {
    for wrong in ["0", "fast", "-1/s", "10/m"] {
        let ran = run(&["--target", "http://127.0.0.1:1", &format!("--rate={wrong}")]);
        assert_eq!(ran.code, 2, "{wrong}: {}", ran.err);
        assert!(ran.err.contains("10/s"), "{}", ran.err);
    }
}

/// A run of the whole login area against a target by an address that is not loopback's own, though it leads there.
fn deployed(configuration: &str, more: &[&str]) -> (Ran, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("wabizspec.toml"), configuration).expect("a file");
    let proxy = Proxy::new(|_, _| Next::Forward);
    let url = format!("http://0.0.0.0:{}", proxy.address.port());
    let mut arguments = some(&url, &["login", "users"]);
    arguments.extend(more);
    let ran = run_in(folder.path(), &arguments);
    (ran, proxy.refused_logins())
}

#[test]
fn a_deployed_target_is_sent_few_wrong_logins() {
    let (ran, refused) = deployed("", &[]);
    assert_eq!(ran.count("fail"), 0, "{}", ran.out);
    assert!((10..=20).contains(&refused), "{refused} wrong logins");
    assert_eq!(ran.verdict("login/control"), "pass", "{}", ran.out);
    let cases = ran.report["cases"].as_array().expect("cases");
    let over = |case: &&serde_json::Value| {
        let reason = case["reason"].as_str().unwrap_or_default();
        reason.starts_with("over budget") && case["verdict"] == "skipped"
    };
    assert!(cases.iter().filter(over).count() > 100, "{}", ran.out);
}

#[test]
fn the_owner_may_give_another_budget() {
    let (_, few) = deployed("[target]\nwrong_logins = 5\n", &[]);
    assert!(few <= 5, "{few}");
    let (ran, many) = deployed("[target]\nwrong_logins = 60\n", &[]);
    assert!((40..=60).contains(&many), "{many}: {}", ran.out);
}

#[test]
fn wrong_logins_are_few_on_this_machine_too_where_no_reset_undoes_them() {
    let proxy = Proxy::new(|_, _| Next::Forward);
    let ran = run(&some(&proxy.url(), &["login"]));
    assert!(proxy.refused_logins() <= 20, "{}: {}", proxy.refused_logins(), ran.out);
    for url in ["http://198.51.100.1", "http://127.0.0.1:1"] {
        let plan = |more: &[&str]| run(&[&["--plan", "--target", url], more].concat()).out;
        assert!(plan(&["--fresh"]).contains("over budget"));
        assert!(plan(&["--fresh"]).contains("of at most 20 wrong logins"));
        assert!(!plan(&["--reset", "true"]).contains("over budget"));
        assert!(!plan(&["--fresh", "--wrong-logins", "1000"]).contains("over budget"));
    }
}
