//! An admin whose password is not given: by a token, or by a command that prints one. The run does with it what it can,
//! and says what it cannot.

use crate::harness::*;
use wabizspec::reference::Server;

const TOKEN: &str = "WABIZSPEC_ADMIN_TOKEN";

/// Whether the target takes the token.
fn is_good(server: &Server, token: &str) -> bool {
    let authorization = format!("Bearer {token}");
    ask(&server.url(), "GET /v1/users/admin", &[("Authorization", &authorization)], "").starts_with("HTTP/1.1 200")
}

#[test]
fn a_token_serves_every_case_that_needs_no_password_and_outlives_the_run() {
    let server = in_use("sunset");
    let token = log_in(&server, OWNERS, "{}");
    let place = Place::new();
    place.program("doctor").at(&server).env(TOKEN, &token).end().exited(0).says("the token is accepted");
    let ended = place.judge("--allow users").at(&server).env(TOKEN, &token).end().exited(0);
    let ended = ended.counts("blocked", 0).counts("fail", 0).counts_over("pass", 300);
    assert!(ended.reason("login/control").contains("only a token is given"));
    assert!(!ended.said().contains(&token) && !place.read("report.json").contains(&token));
    assert!(is_good(&server, &token));
    assert_eq!(accounts(&server), ["admin"]);
    // The same cases and no others pass with the password, apart from those that need it.
    let with_password = Place::new().judge("--allow users").at(&server).password().end().exited(0);
    for case in ended.cases() {
        let (id, verdict) = (text(case, "id"), text(case, "verdict"));
        let is_over = |reason: &str| reason.contains("only a token is given") || reason.contains("over budget");
        let expected = with_password.verdict(id);
        assert!(
            verdict == expected || is_over(&case["reason"].to_string()) || is_over(with_password.reason(id)),
            "{id}"
        );
    }
}

#[test]
fn a_token_that_does_not_work_blocks_and_accuses_nobody() {
    let server = in_use("sunset");
    for token in ["x".repeat(40), log_in(&server, OWNERS, "{}") + "x"] {
        let doctor = Program::new("doctor").at(&server).env(TOKEN, &token).end().exited(3);
        doctor.says("bad   credentials").says("WABIZSPEC_ADMIN_TOKEN");
        let ended = Program::judge("--allow users").at(&server).env(TOKEN, &token).end().exited(3).counts("fail", 0);
        ended.counts_over("blocked", 300).says("does not accept the token");
    }
    for token in ["", "two words", "Bearer x"] {
        Program::new("run").at(&server).env(TOKEN, token).end().exited(2).says(TOKEN);
    }
}

#[test]
fn a_command_logs_in_and_its_token_is_logged_out() {
    let server = in_use("sunset");
    let token = log_in(&server, OWNERS, "{}");
    let config =
        |command: &str| format!("[target]\nurl = \"{}\"\n[credentials]\nlogin_command = '{command}'\n", server.url());
    let place = Place::with(&[("wabizspec.toml", &config("cat token")), ("token", &token)]);
    place.judge("--plan").end().exited(0).says("login_command");
    let ended = place.judge("").end().exited(0).counts("blocked", 0).counts_over("pass", 80);
    assert!(ended.says("this run may execute login_command").never_says(&token).code == Some(0));
    assert!(!is_good(&server, &token), "it is logged out");
    for (command, says) in [
        ("exit 4", "the login command failed"),
        ("echo", "printed no token"),
        ("echo two words", "printed no token"),
        ("cat token", "does not accept the token"),
    ] {
        let place = Place::with(&[("wabizspec.toml", &config(command)), ("token", &token)]);
        place.judge("").end().exited(3).counts("fail", 0).counts_over("blocked", 50).says(says);
        place.program("doctor").end().exited(3).says("bad   credentials").says(says);
    }
    let without = Place::with(&[("wabizspec.toml", &config("cat token"))]);
    without.judge("--no-hooks").end().exited(0).says("set WABIZSPEC_ADMIN_PASSWORD");
}

#[test]
fn a_password_or_a_first_login_does_more_and_comes_first() {
    let server = in_use("sunset");
    let with = Program::judge("--allow users").at(&server).password().env(TOKEN, "x".repeat(40)).end().exited(0);
    assert_eq!(with.verdict("login/control"), "pass");
    let server = fresh("sunset");
    let with = Program::judge("login/control --fresh --allow users").at(&server).env(TOKEN, "x".repeat(40));
    with.end().exited(0).counts("pass", 1);
}

#[test]
fn the_fuzzer_says_that_it_needs_the_password() {
    let server = in_use("sunset");
    let token = log_in(&server, OWNERS, "{}");
    let ended = Program::new("fuzz bearer --requests 10").at(&server).env(TOKEN, &token).end().exited(3);
    ended.says("needs the admin's password");
    assert!(is_good(&server, &token));
}

#[test]
fn passwords_that_cannot_be_tried_are_kept_but_do_not_pile_up() {
    let server = in_use("sunset");
    let token = log_in(&server, OWNERS, "{}");
    let place = Place::new();
    let lengths = [(); 3].map(|()| {
        let run = place.program("run --allow users --journal j").at(&server).env(TOKEN, &token);
        run.end().exited(0).never_says("changed the admin's password");
        place.read("j").lines().count()
    });
    assert!((2..=65).contains(&lengths[0]) && lengths[2] <= 65, "{lengths:?}");
}

#[test]
fn no_case_can_give_the_admin_another_password() {
    let server = faulty(&["users.update.the-admin-by-any-user", "users.update.the-others-by-any-user"]);
    take(&server, OWNERS);
    let token = log_in(&server, OWNERS, "{}");
    let run = Program::judge("--allow users").at(&server).env(TOKEN, &token).end().exited(1);
    run.gives("users/update-admin-by-a-user", "skipped").never_says("changed the admin's password");
    log_in(&server, OWNERS, "{}");
}
