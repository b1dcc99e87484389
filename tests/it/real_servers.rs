//! What makes real servers hard to judge: operations that are missing, a slow start, crashes, answers that go wrong once. None of
//! it accuses a rule that is kept.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::harness::tls::Stream;
use crate::harness::*;
use wabizspec::reference::{AnswerBody, Server};

const USERS: &str = "users/read* users/update* users/delete* users/control";

/// The must causes of a report: operation, condition, what was observed, and in how many cases.
fn causes(report: &Report) -> Vec<Value> {
    let causes = report.0["causes"].as_array().expect("causes").iter();
    let musts = causes.filter(|cause| cause["level"] == "must");
    musts.map(|it| json!([it["operation"], it["condition"], it["observed"], it["cases"]])).collect()
}

#[test]
fn a_missing_operation_is_one_finding_and_breaks_no_other_rule() {
    let server = faulty(&["envelope.operations.no-read", "envelope.operations.no-update"]);
    let ran =
        Program::judge(USERS).at(&server).resetting(&server).end().exited(1).counts("fail", 2).counts("blocked", 0);
    let broken: Vec<&str> = ran.cases().iter().flat_map(broken_by).collect();
    assert_eq!(broken, ["envelope.operations"; 2]);
    assert_eq!(ran.0["missing"], json!(["GET /v1/users/{username}", "PUT /v1/users/{username}"]));
    assert_eq!(ran.reason("users/read"), "needs GET /v1/users/{username}");
    assert!(ran.count("skipped") > 20, "{}", ran.summary());
    let missing = |operation: &str, status: u16| json!([operation, "any request", format!("status: {status}"), 1]);
    // More cases need the update.
    let expected = [missing("PUT /v1/users/{username}", 501), missing("GET /v1/users/{username}", 405)];
    assert_eq!(causes(&ran)[..2], expected);
    let failed = ran.cases().iter().find(|case| case["verdict"] == "fail").expect("a failed case");
    let again = format!("--target {} --reset 'POST {}/__control/reset'", server.url(), server.url());
    assert!(failed["reproduce"][0].as_str().is_some_and(|line| line.ends_with(&again)), "{failed}");
    ran.says("GET /v1/users/{username} is missing: answered 405");
}

#[test]
fn an_operation_that_looks_for_the_account_first_is_not_missing() {
    // Without a token, nobody's account is unknown, and is answered as an unknown path is.
    let server = faulty(&["users.update.by-anybody"]);
    let ran = Program::judge(USERS).at(&server).resetting(&server).end().exited(1);
    assert_eq!(ran.0["missing"], json!([]));
    assert_eq!(
        ran.broken("users/update-by-nobody"),
        ["tokens.bearer.code", "tokens.bearer.required", "users.update.unauthorized"]
    );
}

#[test]
fn what_is_left_out_on_purpose_does_not_count() {
    let server = faulty(&["envelope.operations.no-account", "envelope.operations.no-verify"]);
    let run = |configuration: &str, more: &str| {
        let place = Place::with(&[("wabizspec.toml", configuration)]);
        place.judge(more).at(&server).resetting(&server).end()
    };
    let filters = "account users/read tokens/each-of-a-deleted-user::register";
    run("", filters).exited(1);
    let without = run("[target]\nwithout = [\"account\"]\n", filters).exited(0).counts("fail", 0);
    let why = "left out on purpose: the configuration says without = [\"account\"]";
    assert_eq!(
        (without.reason("account/control"), without.reason("tokens/each-of-a-deleted-user::register")),
        (why, why)
    );
    run("", &format!("{filters} --exclude account/* --exclude tokens/each-of-a-deleted-user::register"))
        .exited(0)
        .counts("fail", 0);
    run("", &format!("{filters} --exclude nothing/*")).exited(2).says("matches no case");
}

#[test]
fn a_missing_operation_is_seen_where_bodies_are_read_before_paths() {
    let server = faulty(&["envelope.operations.no-create", "envelope.operations.no-update"]);
    let proxy = Proxy::scripted(&server, |_, asked, stream| {
        if asked.body != b"{" {
            return Reaction::Forward;
        }
        write(stream, answer("400 Bad Request", "", r#"{"error":"Invalid JSON"}"#));
        Reaction::Keep
    });
    let ran = judged(&proxy, USERS).exited(1);
    assert_eq!(ran.0["missing"], json!(["POST /v1/users", "PUT /v1/users/{username}"]));
}

/// A proxy whose reaction knows how many requests came since the last reset, and how many in all.
fn troubled(react: impl Fn(usize, usize, &Asked, &mut Stream) -> Reaction + Send + Sync + 'static) -> (Server, Proxy) {
    let server = reference(|_| {});
    let (since, all) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let proxy = Proxy::scripted(&server, move |_, asked, stream| {
        if asked.path() == "/__control/reset" {
            since.store(0, Ordering::SeqCst);
            return Reaction::Forward;
        }
        react(since.fetch_add(1, Ordering::SeqCst), all.fetch_add(1, Ordering::SeqCst), asked, stream)
    });
    (server, proxy)
}

/// All cases of some areas, with a reset.
fn judged(proxy: &Proxy, filters: &str) -> Ended {
    Program::judge(filters).at(proxy).reset(&format!("POST {}/__control/reset", proxy.url())).end()
}

#[test]
fn a_slow_start_and_a_passing_trouble_leave_the_verdict_as_it_is() {
    // Three in all, as one in 300 would be: more might meet the repetition of one before. No look around a refusal is a PUT.
    let odd = AtomicUsize::new(0);
    let (_server, proxy) = troubled(move |since, all, asked, stream| match since {
        // A container that starts takes connections before anything listens behind them.
        0..4 => Reaction::Drop,
        _ if since < 8 || (all % 3 == 2 && asked.method == "PUT" && odd.fetch_add(1, Ordering::SeqCst) < 3) => {
            write(stream, answer("502 Bad Gateway", "", "bad gateway"));
            Reaction::Keep
        }
        _ => Reaction::Forward,
    });
    let ran = judged(&proxy, "users login/first-login*").exited(0).counts("fail", 0).counts("blocked", 0);
    let observations = ran.cases().iter().flat_map(|case| case["observations"].as_array().expect("observations"));
    let flaky = observations.filter(|it| text(it, "what").starts_with("flaky: status: 502")).count();
    assert!(flaky > 0 && ran.count("pass") > 150, "{flaky} {}", ran.summary());
}

#[test]
fn who_crashes_is_accused_and_not_who_was_in_flight_with_it() {
    let is_down = AtomicBool::new(false);
    let (_server, proxy) = troubled(move |since, _, asked, _| {
        if since == 0 {
            is_down.store(false, Ordering::SeqCst);
        }
        if asked.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            is_down.store(true, Ordering::SeqCst);
        }
        Reaction::Drop.when(is_down.load(Ordering::SeqCst))
    });
    let ran =
        judged(&proxy, "login/connection-close login/wrong-password* login/standard-login* users/read*").exited(1);
    let failed: Vec<&str> =
        ran.verdicts().into_iter().filter(|(_, verdict)| *verdict != "pass").map(|(id, _)| id).collect();
    assert_eq!(failed, ["login/connection-close"], "{}", ran.stdout);
    assert_eq!(ran.broken("login/connection-close"), ["envelope.answered"]);
}

#[test]
fn what_answers_in_place_of_the_api_is_named() {
    let page = |status: &str, headers: &str| {
        format!("HTTP/1.1 {status}\r\n{headers}Content-Type: text/html\r\nContent-Length: 4\r\n\r\npage")
    };
    for (answer, code, says) in [
        (
            page("301 Moved Permanently", "Location: https://api.example/v1\r\n"),
            3,
            "redirects every request to https://api.example/v1",
        ),
        (
            page("407 Proxy Authentication Required", "Proxy-Authenticate: Basic\r\n"),
            3,
            "a proxy answers in place of the target",
        ),
        (page("200 OK", ""), 1, "the first answers are HTML (status 200), not JSON"),
    ] {
        let server = answering(move |_| answer.clone());
        let run = Program::judge("users/read* users/control envelope/control").at(&server).password().end();
        let run = run.exited(code).says(says);
        let is_why = run.case("envelope/control")["reason"].as_str().is_some_and(|why| why.contains(says));
        assert_eq!(is_why, code == 3, "{}", run.stdout);
        Program::new("doctor").at(&server).password().end().exited(3).says(says);
    }
}

#[test]
fn compressed_answers_are_judged_and_said_once() {
    let server = rewriting(|_, answer| {
        let Some(json) = answer.json() else { return };
        let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
        zipped.write_all(json.to_string().as_bytes()).expect("memory");
        answer.body = AnswerBody::Bytes(zipped.finish().expect("memory"));
        answer.headers.push(("Content-Encoding".into(), "gzip".into()));
    });
    let ran = Program::judge("login users").at(&server).resetting(&server).end().exited(0).counts("fail", 0);
    assert_eq!(ran.notes().matches("were compressed although no request asked for it").count(), 1, "{}", ran.notes());
}

#[test]
fn the_next_thing_to_do_is_one_case_with_its_exchanges() {
    let server = faulty(&["login.password.seven-are-enough", "users.read.bare-object"]);
    let next =
        Program::new("next login users --report json=report.json").at(&server).resetting(&server).end().exited(1);
    let told = ["  1. ", "  2. ", "work on the first:", "< HTTP/1.1 ", "reproduce:", "login      9"];
    told.iter().for_each(|part| assert!(next.stdout.contains(part), "{part}: {}", next.stdout));
    assert_eq!(next.stdout.matches("FAIL ").count(), 1, "{}", next.stdout);
    let read = next.place().program("next report.json").end().exited(1);
    assert_eq!(read.stdout, next.stdout, "the same without a run");
    Program::new("next login --embedded").end().exited(0).says("everything that ran conforms");
}

#[test]
fn a_case_is_written_as_a_script() {
    let write = |case: &str| Program::new("reproduce").list([case]).list(["--target", "http://127.0.0.1:9"]).end();
    let script = write("users/update-with-a-weak-password::of-65").exited(0).stdout;
    let parts =
        ["#!/usr/bin/env bash\n", "ADMIN_TOKEN=$(member token)\n", "\"$USER_TOKEN\"", "-X DELETE", "# must, users."];
    parts.iter().for_each(|part| assert!(script.contains(part), "{part}: {script}"));
    write("users/update-with-a-weak-password")
        .exited(2)
        .says("it has several cases: users/update-with-a-weak-password::");
    write("users/reed").exited(2).says("did you mean `users/read`?");
}
