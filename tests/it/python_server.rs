//! A server that shares nothing with the reference client: Python's `http.server`, written from the documents.
//!
//! Right, it is judged green in both registration states. With a mistake, the findings name the rule that the mistake
//! breaks and no other. Needs `python3`; where there is none the tests say so and judge nothing, unless
//! `REQUIRE_PYTHON` is set, as `.ci/extra` does.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Five mistakes of an implementer, and the rules that each must be found to break.
///
/// | mistake | rules |
/// | --- | --- |
/// | split at the last colon | the credentials part at the first colon; a password whose only special character is a colon cannot log in after its change |
/// | stored before judged | a refused change leaves the old password, said of the login and of the update |
/// | 63 characters at most | the longest password is taken, at login and at creation |
/// | ISO expiry | the form of `expires_after` |
/// | token for the default password | the first login is refused without a new password |
const FIVE: [(&str, &[&str]); 5] = [
    ("last-colon", &["login.credentials.first-colon", "login.password.changed-works"]),
    (
        // A weak password that was refused and yet logs in is a weak password in force.
        "stored-before-judged",
        &["login.password.on-change", "login.password.refusal-keeps-old", "users.update.refused-keeps"],
    ),
    ("sixty-three", &["login.password.longest", "users.password.longest"]),
    ("iso-expiry", &["login.answer.expires-after"]),
    (
        // Code 1024 belongs to the refusal that did not come; another spelling of `new_password` is no new password.
        "default-token",
        &["login.first.refused", "login.first.code", "login.first.member-name"],
    ),
];

/// More mistakes: two that only a should forbids, and two that take tokens from others or leave them to nobody.
const MORE: [(&str, &[&str]); 4] = [
    ("duplicate-conflict", &["users.duplicate.status"]),
    ("weak-new-user", &["users.password.classes"]),
    ("logout-everywhere", &["tokens.logout.others-live"]),
    ("tokens-outlive-user", &["tokens.deleted-user.dead", "tokens.recreated-user.dead", "tokens.bearer.code"]),
];

/// A server that runs until it is dropped.
struct PythonServer {
    process: Child,
    url: String,
}

impl PythonServer {
    fn start(registration: &str, mistakes: &[&str]) -> PythonServer {
        let mut command = Command::new("python3");
        command.arg(folder().join("server.py"));
        command.args(["--registration", registration]);
        command.args(mistakes.iter().flat_map(|mistake| ["--mistake", mistake]));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let said = process.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).expect("its first line");
        let url = line.trim().strip_prefix("listening on ").expect("its address");
        PythonServer { url: url.to_owned(), process }
    }

    /// Runs the whole suite against it; the exit code and the report.
    fn judge(&self, config: &str) -> (Option<i32>, Value) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("wabizspec.toml"), config).expect("the configuration");
        let reset = format!("POST {}/__reset", self.url);
        let mut command = Command::new(env!("CARGO_BIN_EXE_wabizspec"));
        for name in ["WABIZSPEC_TARGET", "WABIZSPEC_ADMIN_USERNAME", "WABIZSPEC_ADMIN_PASSWORD"] {
            command.env_remove(name);
        }
        command.current_dir(folder.path()).env("XDG_STATE_HOME", folder.path().join("state"));
        command.args(["run", "--quiet", "--target", &self.url, "--reset", &reset]);
        command.args(["--allow", "registration", "--report", "json=report.json"]);
        let ended = command.output().expect("the program runs");
        let report = std::fs::read(folder.path().join("report.json"));
        let report = report.unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&ended.stderr)));
        (ended.status.code(), serde_json::from_slice(&report).expect("JSON"))
    }
}

impl Drop for PythonServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python_server")
}

/// Moves the server's clock and fetches its registration codes, as an owner would configure it.
fn hooks() -> String {
    let hooks = folder().join("hooks.py");
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

fn count(report: &Value, what: &str) -> u64 {
    report["summary"][what].as_u64().expect("a count")
}

fn found(report: &Value) -> BTreeSet<&str> {
    let cases = report["cases"].as_array().expect("cases").iter();
    let findings = cases.flat_map(|case| case["findings"].as_array().expect("findings"));
    findings.map(|finding| finding["requirement"].as_str().expect("an id")).collect()
}

#[test]
fn a_server_of_another_making_is_found_to_conform() {
    if python_is_missing() {
        return;
    }
    for (registration, least) in [("open", 700), ("sunset", 600)] {
        let (exit, report) = PythonServer::start(registration, &[]).judge(&hooks());
        assert_eq!(found(&report), BTreeSet::new());
        assert_eq!(exit, Some(0), "{}", report["summary"]);
        assert_eq!(report["target"]["registration"], registration);
        assert_eq!(count(&report, "blocked"), 0, "{}", report["summary"]);
        assert!(count(&report, "pass") >= least, "{}", report["summary"]);
        // Skipped is what the other registration state is about, and nothing else.
        for case in report["cases"].as_array().expect("cases") {
            let reason = case["reason"].as_str().unwrap_or_default();
            assert!(case["verdict"] == "pass" || reason.contains("registration is"), "{case}");
        }
    }
}

#[test]
fn five_mistakes_are_found_as_the_rules_they_break() {
    mistakes_are_found(&FIVE);
}

#[test]
fn mistakes_that_reach_beyond_their_own_user_are_blamed_on_no_other_rule() {
    mistakes_are_found(&MORE);
}

fn mistakes_are_found(mistakes: &[(&str, &[&str])]) {
    if python_is_missing() {
        return;
    }
    let names: Vec<&str> = mistakes.iter().map(|(name, _)| *name).collect();
    let (exit, report) = PythonServer::start("open", &names).judge("");
    let rules: BTreeSet<&str> = mistakes.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
    assert_eq!(found(&report), rules);
    assert_eq!(exit, Some(1), "{}", report["summary"]);
    assert_eq!(count(&report, "blocked"), 0, "{}", report["summary"]);
}
