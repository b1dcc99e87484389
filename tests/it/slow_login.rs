//! A target that takes a quarter of a second for each login, as one does that hashes passwords with care.
//!
//! No test depends on a clock, so what is tested is what the time follows from: logins wait for an answer side by side, and
//! none is made that an earlier one could have spared. The times themselves are measured on demand:
//!
//! ```text
//! cargo test --release --test it slow_login:: -- --ignored --nocapture --test-threads 1
//! ```
//!
//! The login area is to take less than 20 s and the suite less than 45 s.

use std::time::Duration;

use crate::harness::{Asked, Ended, Program, Proxy, Reaction, reference};
use wabizspec::reference::Server;

const LOGIN: &str = "/v1/users/login";

/// As many cases are in flight unless `--jobs` says otherwise.
const AT_ONCE: usize = 12;

#[track_caller]
fn judge(server: &Server, proxy: &Proxy, filters: &str) -> Ended {
    let program = Program::judge("--registration open -q").at(proxy).resetting(server).args(filters);
    program.end().exited(0).counts("blocked", 0)
}

fn measure(filters: &str) {
    let server = reference(|_| {});
    let slow = || Reaction::After(Duration::from_millis(250));
    let proxy = Proxy::of(&server, move |_, asked| slow().when(asked.path() == LOGIN));
    let ended = judge(&server, &proxy, filters);
    println!("{filters:?}: {:?} for {:?}; {}", ended.took, proxy.logins(), ended.summary());
}

#[test]
#[ignore = "a measurement of wall time, half a minute long"]
fn how_long_the_login_area_and_the_suite_take() {
    ["login", ""].into_iter().for_each(measure);
}

/// Whether the request has a body other than `{}`, as cases of a first login have and the harness's own have not.
fn brings_a_password(asked: &Asked) -> bool {
    asked.header("content-length").is_some_and(|length| length != "2")
}

/// Whether the request is a login as `admin`.
fn as_admin(asked: &Asked) -> bool {
    // The base64 of "admin:".
    asked.path() == LOGIN && asked.header("authorization").is_some_and(|value| value.starts_with("Basic YWRtaW46"))
}

#[test]
fn refusals_on_a_fresh_client_wait_side_by_side() {
    let server = reference(|_| {});
    let proxy =
        Proxy::of(&server, |_, asked| Reaction::Together(AT_ONCE).when(as_admin(asked) && brings_a_password(asked)));
    let ended = judge(&server, &proxy, "login/first-login-too-* login/first-login-without-*");
    assert_eq!(proxy.logins().most_at_once, AT_ONCE);
    // Another reset would mean that they were tried once more, in turn.
    assert_eq!(ended.0["resets"], 1);
}

#[test]
fn cases_on_accounts_of_their_own_wait_side_by_side() {
    for filters in [
        // By the user that each case is given.
        "login/password-special-characters",
        // By accounts that the case makes itself.
        "login/header-name-in-other-case::* login/scheme-in-other-case::* login/other-scheme::*",
    ] {
        let server = reference(|_| {});
        let proxy = Proxy::of(&server, |_, asked| {
            let by_another = asked.path() == LOGIN && asked.header("authorization").is_some() && !as_admin(asked);
            Reaction::Together(6).when(by_another)
        });
        judge(&server, &proxy, filters);
    }
}

#[test]
fn the_sessions_of_the_harness_are_used_again() {
    let server = reference(|_| {});
    let proxy = Proxy::watching(&server);
    judge(&server, &proxy, "users/read* tokens/no-token-*").counts_over("pass", 20);
    // One to see whether the target answers, one of the admin's (its first), one of the user's; one to see that the reset
    // at the beginning did reset, two for the one at the end.
    assert!(proxy.logins().count <= 6, "{:?}", proxy.logins());
}
