//! A target that thinks a quarter of a second about each login, as one does that hashes passwords with care.
//!
//! No test depends on a clock, so what is held is what the time follows from: logins wait for an answer side by side, and
//! none is made that an earlier one could have spared. The times themselves are measured on demand:
//!
//! ```text
//! cargo test --release --test it slow_login:: -- --ignored --nocapture --test-threads 1
//! ```
//!
//! The login area is to take less than 20 s and the suite less than 45 s.

use std::time::Duration;

use crate::harness::{Asked, Ended, Program, Proxy, Reaction, reference, reset_of};
use wabizspec::reference::Server;

const LOGIN: &str = "/v1/users/login";

/// As many cases are in flight unless `--jobs` says otherwise.
const AT_ONCE: usize = 12;

#[track_caller]
fn judge(server: &Server, proxy: &Proxy, filters: &[&str]) -> Ended {
    let (url, reset) = (proxy.url(), reset_of(server));
    let mut args = vec!["--target", &url, "--reset", &reset, "--registration", "open", "-q"];
    args.extend(filters);
    let ended = Program::judge(args).end().exited(0);
    assert_eq!(ended.report().count("blocked"), 0);
    ended
}

fn measure(filters: &[&str]) {
    let server = reference(|_| {});
    let proxy = Proxy::of(server.address(), |_, head| match head.path() {
        LOGIN => Reaction::After(Duration::from_millis(250)),
        _ => Reaction::Forward,
    });
    let ended = judge(&server, &proxy, filters);
    let (logins, report) = (proxy.logins(), ended.report());
    println!("{filters:?}: {:?} for {logins:?}; {}", ended.took, report.0["summary"]);
}

#[test]
#[ignore = "a measurement of wall time, quarter of a minute long"]
fn how_long_the_login_area_takes() {
    measure(&["login"]);
}

#[test]
#[ignore = "a measurement of wall time, quarter of a minute long"]
fn how_long_the_suite_takes() {
    measure(&[]);
}

/// Whether the request brings a body other than `{}`, as cases of a first login do and the harness does not.
fn brings_a_password(head: &Asked) -> bool {
    let length = head.header("content-length");
    length.is_some_and(|length| length != "2")
}

/// Whether the request is a login as `admin`.
fn as_admin(head: &Asked) -> bool {
    // The base64 of "admin:".
    let credentials = head.header("authorization");
    credentials.is_some_and(|credentials| credentials.starts_with("Basic YWRtaW46"))
}

#[test]
fn refusals_on_a_fresh_client_wait_side_by_side() {
    let server = reference(|_| {});
    let proxy = Proxy::of(server.address(), |_, head| match head.path() {
        LOGIN if as_admin(head) && brings_a_password(head) => Reaction::Together(AT_ONCE),
        _ => Reaction::Forward,
    });
    let ended = judge(&server, &proxy, &["login/first-login-too-*", "login/first-login-without-*"]);
    assert_eq!(proxy.logins().most_at_once, AT_ONCE);
    // Another reset would mean that they were tried once more, in turn.
    assert_eq!(ended.report().0["resets"], 1);
}

#[test]
fn cases_on_accounts_of_their_own_wait_side_by_side() {
    // The first by the user that each case is given, the second by accounts that the case makes itself.
    let given: &[&str] = &["login/password-special-characters"];
    let made: &[&str] =
        &["login/header-name-in-other-case::*", "login/scheme-in-other-case::*", "login/other-scheme::*"];
    for filters in [given, made] {
        let server = reference(|_| {});
        let proxy = Proxy::of(server.address(), |_, head| match head.path() {
            LOGIN if !as_admin(head) && head.header("authorization").is_some() => Reaction::Together(6),
            _ => Reaction::Forward,
        });
        judge(&server, &proxy, filters);
    }
}

#[test]
fn the_sessions_of_the_harness_are_used_again() {
    let server = reference(|_| {});
    let proxy = Proxy::of(server.address(), |_, _| Reaction::Forward);
    let ended = judge(&server, &proxy, &["users/read*", "tokens/no-token-*"]);
    assert!(ended.report().count("pass") > 20, "{}", ended.report().0["summary"]);
    // One to see whether the target answers, one of the admin's (its first), one of the user's; one to see that the reset
    // at the beginning did reset, two for the one at the end.
    assert!(proxy.logins().count <= 6, "{:?}", proxy.logins());
}
