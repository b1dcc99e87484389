//! `wabizspec compare`: one plan on two targets, and what they differ in.

use std::path::Path;
use std::process::Command;

use crate::harness::*;
use serde_json::Value;
use wabizspec::documented::errors::ErrorCode;
use wabizspec::reference::{Refusal, Server};

/// Compares two reference clients that can be reset.
fn compare(a: &Server, b: &Server, line: &str) -> Ended {
    let program = Program::new("compare --report json=diff.json").args(line);
    program.at(a).at(b).resetting(a).resetting(b).end()
}

fn differences(ended: &Ended) -> Vec<Value> {
    ended.place().json("diff.json")["differences"].as_array().expect("differences").clone()
}

#[test]
fn two_that_answer_alike_do_not_differ() {
    for registration in ["open", "sunset"] {
        let ended =
            compare(&fresh(registration), &fresh(registration), "").exited(0).says("no difference that matters");
        assert_eq!(differences(&ended), [Value::Null; 0]);
    }
}

/// What both do wrong in the same way is no difference, and what only one does is one, whichever it is.
#[test]
fn a_rule_that_only_one_breaks_is_a_difference() {
    const BOTH: &str = "envelope.error-shape.without-title";
    const ONE: &str = "login.first.default-password-accepted";
    let some = "login users/control tokens/control";
    let ended = compare(&faulty(&[BOTH]), &faulty(&[BOTH]), some).exited(0);
    ended.says("no difference that matters");
    for (a, b, only) in [(&[BOTH][..], &[BOTH, ONE][..], "b"), (&[BOTH, ONE], &[BOTH], "a")] {
        let ended = compare(&faulty(a), &faulty(b), some).exited(1).says("the targets differ");
        let found = differences(&ended);
        assert_eq!(found[0]["only"], only, "{found:#?}");
        let rules = found[0]["cause"]["requirements"].as_array().expect("rules");
        assert!(rules.contains(&"login.first.refused".into()), "{rules:?}");
        assert!(found.iter().all(|it| it["only"] == only), "{found:#?}");
        let answers = format!("{only}: {}", found[0][only].as_str().expect("an answer"));
        assert!(answers.contains("status 200"), "{answers}");
    }
}

/// Where the documents allow both, clients that were written for the one may not expect the other.
#[test]
fn another_code_and_another_shape_are_differences_although_both_are_allowed() {
    let code = reference(|settings| settings.behaviour.refusals[Refusal::WrongPassword].code = ErrorCode::UserInvalid);
    let found = differences(&compare(&fresh("open"), &code, "login/wrong-password").exited(1));
    let says: Vec<&str> = found.iter().map(|it| text(it, "headline")).collect();
    assert!(says.iter().any(|it| it.contains("code")), "{says:?}");
    let shape = rewriting(|_, answer| {
        if let wabizspec::reference::AnswerBody::Json(body) = &mut answer.body {
            body["more"] = true.into();
            body["S3cret-Name"] = true.into();
        }
    });
    let ended = compare(&fresh("open"), &shape, "users/read-admin").exited(1).says("/more (a boolean)");
    ended.says("both as documented").never_says("S3cret");
}

#[test]
fn what_was_judged_on_one_only_is_no_success() {
    let (a, b) = (fresh("open"), fresh("open"));
    let config = format!("[target]\nurl = \"{}\"\n[state]\nreset = \"{}\"\n", a.url(), reset_of(&a));
    let place = Place::with(&[("a.toml", &config), ("b.toml", &format!("[target]\nurl = \"{}\"\n", b.url()))]);
    let ended = place.program("compare --config a.toml --config b.toml login/control login/first-login").end();
    ended.exited(3).says("judged on A only").says("not everything was judged on both");
    let ended = Program::new("compare login/control").at(&a).at(&nobody()).resetting(&a).resetting(&a).end();
    ended.exited(3).says("does not answer");
}

#[test]
fn what_is_about_one_target_is_given_for_each() {
    let (a, b) = (fresh("open"), fresh("open"));
    let line = |line: &str| {
        let line = line.replace("A_URL", &a.url()).replace("B_URL", &b.url());
        Program::new("compare").args(&line).end().exited(2).says("\n  help: ")
    };
    line("").says("two targets are needed");
    line("--target A_URL").says("--target is given 1 times");
    line("--target A_URL --target B_URL --target B_URL").says("--target is given 3 times");
    line("--target A_URL --target A_URL/").says("both targets are");
    line("--target A_URL --target B_URL --journal j").says("--journal is given 1 times");
    line("--target A_URL --target B_URL --journal j --journal ./j").says("the same journal");
    line("--target A_URL --target B_URL nothing/at-all").says("nothing/at-all");
    let one = Program::new("compare").at(&a).at(&b).resetting(&a).end().exited(2);
    one.says("--reset is given 1 times");
    assert_eq!(
        [a, b].map(|server| server.requests().load(std::sync::atomic::Ordering::Relaxed)),
        [0, 0],
        "nothing was sent"
    );
}

/// Written from the documents in another language: it differs only where they leave something open.
#[test]
fn a_server_of_another_making_differs_only_in_what_is_open() {
    let script = repository("tests/python_server/server.py");
    if Command::new("python3").arg("--version").output().is_err() || !Path::new(&script).exists() {
        return;
    }
    let mut command = Command::new("python3");
    command.arg(script).args(["--registration", "open"]).env("PYTHONDONTWRITEBYTECODE", "1");
    let (a, b) = (fresh("open"), Served::start(command));
    let resets = ["--reset".to_owned(), reset_of(&a), "--reset".to_owned(), format!("POST {}/__reset", b.url)];
    let ended = Program::new("compare --report json=diff.json").at(&a).at(&b.url).list(resets).end();
    assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.said());
    for found in differences(&ended) {
        let is_open = found["only"].is_null() || found["cause"]["level"] == "may";
        assert!(is_open, "{found:#}");
    }
}
