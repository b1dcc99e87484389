//! A server that shares nothing with the reference client: Python's `http.server`, written from the documents.
//!
//! Right, it is judged green in both registration states. With a mistake, the findings name the rule that the mistake
//! breaks and no other. Needs `python3`; where there is none the tests say so and judge nothing, unless
//! `REQUIRE_PYTHON` is set, as `.ci/extra` does.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::harness::*;

/// The rules that each mistake must be found to break.
type Mistakes = BTreeMap<String, BTreeSet<String>>;

fn start(registration: &str, mistakes: &Mistakes) -> Served {
    let mut command = Command::new("python3");
    command.arg(repository("tests/python_server/server.py")).args(["--registration", registration]);
    command.args(mistakes.keys().flat_map(|mistake| ["--mistake", mistake]));
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
        let report = judge(&start(registration, &Mistakes::new()), &hooks()).exited(0).counts("blocked", 0);
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
fn a_fresh_state_is_not_used_up_to_find_out_whether_numbers_are_registered() {
    if python_is_missing() {
        return;
    }
    let server = start("open", &Mistakes::new());
    let alone = || Program::judge("account/another-number --allow registration,passwords").at(&server.url);
    let reset = format!("POST {}/__reset", server.url);
    alone().reset(&reset).file("wabizspec.toml", &hooks()).end().exited(0).counts("pass", 1);
    // Without a reset it cannot be found out before.
    let ended = alone().args("--fresh").file("wabizspec.toml", &hooks()).end().counts("skipped", 1);
    assert!(ended.reason("account/another-number").contains("--registration open"), "{}", ended.stdout);
    let ended = alone().args("--fresh --registration open").file("wabizspec.toml", &hooks()).end();
    ended.exited(0).counts("pass", 1);
}

#[test]
fn mistakes_are_found_as_the_rules_they_break_and_blamed_on_no_other_rule() {
    if python_is_missing() {
        return;
    }
    for mistakes in rows::<Mistakes>(include_str!("python_server.toml"), "together") {
        let report = judge(&start("open", &mistakes), "").exited(1).counts("blocked", 0);
        let rules: BTreeSet<&str> = mistakes.values().flatten().map(String::as_str).collect();
        assert_eq!(found(&report), rules);
    }
}
