//! A server that shares nothing with the reference client: Python's `http.server`, written from the documents.
//!
//! Right, it is judged green in both registration states. With a mistake, the findings name the rule that the mistake
//! breaks and no other. Needs `python3`; where there is none the tests say so and judge nothing, unless
//! `REQUIRE_PYTHON` is set, as `.ci/extra` does.

use std::collections::BTreeSet;
use std::process::Command;

use crate::harness::*;

/// Five mistakes of an implementer, and the rules that each must be found to break.
const FIVE: [(&str, &[&str]); 5] = [
    // The credentials are split at the last colon: a password whose only special character is a colon does not log in.
    ("last-colon", &["login.credentials.first-colon", "login.password.changed-works"]),
    // A weak password that was refused and yet logs in is a weak password in force; said of the login and of the update.
    (
        "stored-before-judged",
        &["login.password.on-change", "login.password.refusal-keeps-old", "users.update.refused-keeps"],
    ),
    // 63 characters at most, at login and at creation.
    ("sixty-three", &["login.password.longest", "users.password.longest"]),
    ("iso-expiry", &["login.answer.expires-after"]),
    // Code 1024 belongs to the refusal that did not come; another spelling of `new_password` is no new password.
    ("default-token", &["login.first.refused", "login.first.code", "login.first.member-name"]),
];

/// More mistakes: two that only a should forbids, and two that take tokens from others or leave them to nobody.
const MORE: [(&str, &[&str]); 4] = [
    ("duplicate-conflict", &["users.duplicate.status"]),
    ("weak-new-user", &["users.password.classes"]),
    ("logout-everywhere", &["tokens.logout.others-live"]),
    ("tokens-outlive-user", &["tokens.deleted-user.dead", "tokens.recreated-user.dead", "tokens.bearer.code"]),
];

fn start(registration: &str, mistakes: &[&str]) -> Served {
    let mut command = Command::new("python3");
    command.arg(repository("tests/python_server/server.py")).args(["--registration", registration]);
    command.args(mistakes.iter().flat_map(|mistake| ["--mistake", mistake]));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Served::start(command)
}

fn judge(server: &Served, config: &str) -> Ended {
    let program = Program::judge("--quiet --allow registration").at(&server.url);
    program.reset(&format!("POST {}/__reset", server.url)).file("wabizspec.toml", config).end()
}

/// Moves the server's clock and fetches its registration codes, as an owner would configure it.
fn hooks() -> String {
    let hooks = repository("tests/python_server/hooks.py");
    let hooks = hooks.display();
    format!(
        "[state]\nadvance = 'python3 \"{hooks}\" advance'\n[registration]\ncode_command = 'python3 \"{hooks}\" code'\n"
    )
}

fn python_is_missing() -> bool {
    let missing = Command::new("python3").arg("--version").output().is_err();
    assert!(!missing || std::env::var_os("REQUIRE_PYTHON").is_none(), "python3 is required and is not there");
    if missing {
        eprintln!("NOT TESTED: python3 is not there, so the server written in Python was not judged");
    }
    missing
}

fn found(report: &Report) -> BTreeSet<&str> {
    report.cases().iter().flat_map(broken_by).collect()
}

#[test]
fn a_server_of_another_making_is_found_to_conform() {
    if python_is_missing() {
        return;
    }
    for (registration, least) in [("open", 700), ("sunset", 600)] {
        let report = judge(&start(registration, &[]), &hooks()).exited(0).counts("blocked", 0);
        assert_eq!(found(&report), BTreeSet::new());
        assert_eq!(report.0["target"]["registration"], registration);
        assert!(report.count("pass") >= least, "{}", report.summary());
        // Skipped is what the other registration state is about, and nothing else.
        for case in report.cases() {
            let reason = case["reason"].as_str().unwrap_or_default();
            assert!(case["verdict"] == "pass" || reason.contains("registration is"), "{case}");
        }
    }
}

#[test]
fn mistakes_are_found_as_the_rules_they_break_and_blamed_on_no_other_rule() {
    if python_is_missing() {
        return;
    }
    [&FIVE[..], &MORE].into_iter().for_each(mistakes_are_found);
}

fn mistakes_are_found(mistakes: &[(&str, &[&str])]) {
    let names: Vec<&str> = mistakes.iter().map(|(name, _)| *name).collect();
    let report = judge(&start("open", &names), "").exited(1).counts("blocked", 0);
    let rules: BTreeSet<&str> = mistakes.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
    assert_eq!(found(&report), rules);
}
