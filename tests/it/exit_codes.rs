//! Each exit code, and which of them wins where several hold: 2, then 70, 130, 1, 3, 0.

use std::collections::BTreeMap;

use crate::harness::{Address, Asked, Program, Proxy, nobody, read_request, reference, serve, silent, write};
use serde::Deserialize;
use wabizspec::cli::{CONFORMS, DEFECT, FINDINGS, INCONCLUSIVE, INTERRUPTED, USAGE};
use wabizspec::documented::errors::ErrorCode;
use wabizspec::reference::{Refusal, Server};

/// A reference client that answers a refused first login with a success.
fn faulty() -> Server {
    reference(|settings| settings.behaviour.refusals[Refusal::PasswordChangeRequired].status = 200)
}

#[test]
fn zero_where_everything_that_ran_conforms_and_one_where_a_must_is_broken() {
    let codes = [CONFORMS, FINDINGS, USAGE, INCONCLUSIVE, DEFECT, INTERRUPTED];
    assert_eq!(codes, [0, 1, 2, 3, 70, 130], "the documented ones");
    Program::new("run").end().exited(0).says("everything that ran conforms");
    // Most is skipped here, and reported as such; something was judged.
    let ended = Program::judge("").at(&reference(|_| {})).end().exited(0);
    ended.counts_over("skipped", 100).counts_over("pass", 0);
    let ended = Program::judge("--fresh login/default-password-alone").at(&faulty()).end().exited(1);
    ended.says("does not conform");
}

#[test]
fn a_broken_should_counts_only_where_it_was_asked_to() {
    let server = reference(|settings| {
        settings.behaviour.refusals[Refusal::PasswordChangeRequired].code = ErrorCode::AccessDenied;
    });
    let judge = || Program::judge("login/default-password-alone").at(&server).resetting(&server);
    judge().end().exited(0).counts("warnings", 1);
    judge().args("--fail-on should").end().exited(1).counts("fail", 1);
}

#[test]
fn three_where_nothing_could_be_judged() {
    Program::judge("").at(&nobody()).end().exited(3).says("does not answer");
    let server = reference(|_| {});
    // The reset fails, nothing is allowed that would let a case run, the password is wrong.
    for program in [Program::judge("").reset("exit 1"), Program::judge("login/first-login")] {
        assert_eq!(program.at(&server).end().exited(3).proven(), [""; 0]);
    }
    let wrong = Program::judge("users/read").at(&server).env("WABIZSPEC_ADMIN_PASSWORD", "Wr0ng?pass");
    wrong.file("wabizspec.toml", "[state]\nallow = [\"users\"]\n").end().exited(3).says("not accepted");
}

#[test]
fn one_wins_over_three() {
    // Answers at first, each time with a failure that no code explains; then is gone.
    let server = serve(move |number, mut stream| {
        if number < 20 && read_request(&mut stream).is_some() {
            write(&mut stream, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    Program::judge("--fresh").at(&server).end().exited(1).counts_over("blocked", 0);
}

#[test]
fn a_hundred_and_thirty_where_it_was_interrupted() {
    // In a stage of cases at once on a fresh client, and in one that makes accounts; with findings and without.
    for (server, requests) in [(reference(|_| {}), 40), (reference(|_| {}), 600), (faulty(), 600)] {
        let proxy = Proxy::until(&server, requests, Asked::hangs_unless_it_cleans_up);
        let mut running = Program::judge("--report ndjson=stream").at(&proxy).resetting(&server).start();
        running.still_runs_until(|| proxy.requests() > requests);
        running.signal("INT");
        let ended = running.end().exited(130).says("interrupted: the report is complete up to here");
        assert!(!ended.is_complete());
        let planned = ended.0["suite"]["cases"].as_u64().expect("a count");
        assert!((ended.cases().len() as u64) < planned, "{planned}");
        let stream = ended.file("stream");
        assert!(stream.lines().last().is_some_and(|last| last.contains("\"interrupted\":true")), "{stream}");
        // What the run made is gone, but for what was on its way just then.
        let left = server.dump()["users"].as_object().expect("users").len();
        assert!(left <= 1 + 12, "{left} accounts are left");
    }
}

/// Everything that is noticed before a request is sent.
#[derive(Deserialize)]
struct UsageErrors {
    at_a_target: BTreeMap<String, String>,
    alone: BTreeMap<String, String>,
    configured: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

#[test]
fn two_for_each_usage_error_and_nothing_is_sent() {
    let errors: UsageErrors = toml::from_str(include_str!("exit_codes.toml")).expect("usage errors");
    assert!(errors.at_a_target.len() > 40 && errors.alone.len() > 25 && errors.configured.len() > 10);
    let server = silent();
    let run = |args: &[&str], says: &str| {
        let program = errors.files.iter().fold(Program::new(""), |program, (name, text)| program.file(name, text));
        let ended = program.list(args).end();
        assert_eq!(ended.code, Some(2), "{args:?}\n{}", ended.said());
        assert!(ended.stderr.contains(says), "{args:?} does not say `{says}` but\n{}", ended.stderr);
        assert_eq!((ended.place().has("r.json"), ended.stdout.as_str()), (false, ""), "{args:?}");
    };
    let url = server.url();
    for (line, says) in &errors.at_a_target {
        let args = ["run", "--target", &url].into_iter().chain(line.split(' '));
        run(&args.collect::<Vec<_>>(), says);
    }
    for (line, says) in &errors.alone {
        let line = line.replace("URL", &url);
        run(&line.split_whitespace().collect::<Vec<_>>(), says);
    }
    for (line, says) in &errors.configured {
        let file = format!("[target]\nurl = \"{url}\"\n{line}\n");
        Program::new("run").file("wabizspec.toml", &file).end().exited(2).says(says).says("help: ");
    }
    run(&["run", "--target", &url, "--reset", ""], "empty");
    for empty in ["", "  "] {
        run(&["run", "--target", empty], "the target is empty");
    }
    let empty = Program::new("run").env("WABIZSPEC_TARGET", "").end().exited(2);
    empty.says("the target is empty");
    let file = Program::new("run").file("wabizspec.toml", "[target]\n").end().exited(2);
    file.says("wabizspec.toml names no target");
    assert_eq!(server.accepted(), 0, "something was sent");
}
