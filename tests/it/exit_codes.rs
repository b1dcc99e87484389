//! Each exit code, and which of them wins where several hold: 2, then 70, 130, 1, 3, 0.

use crate::harness::{Address, Asked, Program, Proxy, nobody, read_request, reference, serve, silent, write};
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

/// Everything that is noticed before a request is sent: what is on the command line, and what is said about it.
#[test]
fn two_for_each_usage_error_and_nothing_is_sent() {
    let server = silent();
    let run = |args: &[&str], says: &str| {
        let ended = Program::new("")
            .list(args)
            .file("broken.toml", "[target\n")
            .file("empty.toml", "")
            .file("unknown.toml", "[target]\nurll = \"x\"\n")
            .file("headers.toml", "[target]\nheaders = { X-A = \"env:NOT_SET\" }\n")
            .file("password.toml", "[credentials]\npassword_file = \"no-password\"\n")
            .file("proxy.toml", "[target]\nproxy = \"http://127.0.0.1:1\"\n")
            .file("nowhere.toml", "[target]\njobs = 1\n")
            .file("empty-url.toml", "[target]\nurl = \"\"\n")
            .file("broken/requirements.toml", "")
            .file("broken/login/one.toml", "title = 1\n")
            .end();
        assert_eq!(ended.code, Some(2), "{args:?}\n{}", ended.said());
        assert!(ended.stderr.contains(says), "{args:?} does not say `{says}` but\n{}", ended.stderr);
        assert_eq!((ended.place().has("r.json"), ended.stdout.as_str()), (false, ""), "{args:?}");
    };
    let url = server.url();
    for (line, says) in AT_A_TARGET {
        let args = ["run", "--target", &url].into_iter().chain(line.split(' '));
        run(&args.collect::<Vec<_>>(), says);
    }
    for (line, says) in ALONE {
        run(&line.split_whitespace().collect::<Vec<_>>(), says);
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

/// What is wrong with `run --target URL` and these words, and a part of what is said about it.
const AT_A_TARGET: &[(&str, &str)] = &[
    ("", "FILTER"),
    ("--nonsense", "--nonsense"),
    ("--jobs 0", "--jobs"),
    ("--jobs many", "--jobs"),
    ("--timeout soon", "soon"),
    ("--rate=0", "10/s"),
    ("--shard 3/2", "3/2"),
    ("--max-fail 0", "--max-fail"),
    ("--registration closed", "closed"),
    ("--allow everything", "everything"),
    ("--fail-on may", "may"),
    ("--report jsn=x", "jsn"),
    ("--report json=", "names no file"),
    ("--report json=no/such/folder/r.json", "cannot write the report"),
    ("--report json=.", "cannot write the report"),
    ("--report json --report ndjson", "standard output"),
    ("login/nothing-of-the-kind", "matches no case"),
    ("login/* nothing/*", "matches no case"),
    ("--report html=r.html junit", "each has a --report of its own"),
    ("--report html=r.html report.html", "each has a --report of its own"),
    ("--report html=r.html junit=junit.xml", "each has a --report of its own"),
    ("--report json nothing", "matches no case"),
    ("--resett", "--resett"),
    ("--report json=r --quiet=yes", "--quiet"),
    ("login/first-login --shard 1/1000000", "nothing to run"),
    ("--baseline none.toml", "none.toml"),
    ("--strict-baseline", "--baseline"),
    ("--config none.toml", "none.toml"),
    ("--config broken.toml", "broken.toml:1"),
    ("--config unknown.toml", "did you mean `url`?"),
    ("--config headers.toml", "NOT_SET"),
    ("--config password.toml", "no-password"),
    ("--config proxy.toml", "reqwest"),
    ("--scenarios no-folder", "no-folder"),
    ("--scenarios broken", "broken/login/one.toml:"),
    ("--scenarios .", "requirements.toml"),
    ("--insecure --cacert ca.pem", "cannot be used with"),
    ("-q -v", "cannot be used with"),
];

/// The same of whole command lines.
const ALONE: &[(&str, &str)] = &[
    // A flag that was misread is not swallowed as a filter.
    ("run --targt http://127.0.0.1:1", "--targt"),
    ("run -target http://127.0.0.1:1", ""),
    ("run -- --target http://127.0.0.1:1", ""),
    ("run target http://127.0.0.1:1", ""),
    ("run target=http://127.0.0.1:1", ""),
    ("run http://127.0.0.1:1", ""),
    ("--target http://127.0.0.1:1 run", ""),
    ("run --target ftp://127.0.0.1", "ftp"),
    ("run --target 127.0.0.1:9090", "http"),
    ("run --target http://user:pass@127.0.0.1", ""),
    ("run --target", "--target"),
    ("run --target https://127.0.0.1:1 --cacert none.pem", "none.pem"),
    ("run --target https://127.0.0.1:1 --cacert broken.toml", "broken.toml"),
    ("run --reset true", "--reset is about a target"),
    ("run --fresh", "--fresh is about a target"),
    ("run --allow users", "--allow is about a target"),
    ("run --baseline empty.toml", "--baseline is about a target"),
    ("run --cacert ca.pem", "--cacert is about a target"),
    ("run --insecure", "--insecure is about a target"),
    ("run --snapshots snapshots", "--snapshots is about a target"),
    ("run --config nowhere.toml", "names no target"),
    ("run --config empty-url.toml", "URL is empty"),
    ("", "Usage"),
    ("walk", "walk"),
    ("explain login.nothing", "login.nothing"),
    ("check no-file.toml", "no-file.toml"),
    ("check broken", "broken/login/one.toml:"),
];
