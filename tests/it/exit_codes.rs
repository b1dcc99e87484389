//! Each exit code, and which of them wins where several hold: 2, then 70, 130, 1, 3, 0.

use crate::harness::server::{hold, read_head, serve, write};
use crate::harness::{Program, Proxy, Reaction, Running, eventually, nobody, reference, reset_of};
use wabizspec::cli::{CONFORMS, DEFECT, FINDINGS, INCONCLUSIVE, INTERRUPTED, USAGE};
use wabizspec::reference::{Refusal, Server};

/// A reference client that answers a refused first login with a success.
fn faulty() -> Server {
    reference(|settings| settings.behaviour.refusals[Refusal::PasswordChangeRequired].status = 200)
}

#[test]
fn the_codes_are_the_documented_ones() {
    let codes = [CONFORMS, FINDINGS, USAGE, INCONCLUSIVE, DEFECT, INTERRUPTED];
    assert_eq!(codes, [0, 1, 2, 3, 70, 130]);
}

#[test]
fn zero_where_everything_that_ran_conforms() {
    Program::new(["run"]).end().exited(0).says("everything that ran conforms");
    let server = reference(|_| {});
    // Most is skipped here, and said to be; something was judged.
    let ended = Program::judge(["--target", &server.url()]).end().exited(0);
    assert!(ended.count("skipped") > 100 && ended.count("pass") > 0, "{}", ended.0["summary"]);
}

#[test]
fn one_where_a_must_is_broken() {
    let server = faulty();
    let ended = Program::judge(["--target", &server.url(), "--fresh", "login/default-password-alone"]).end();
    ended.exited(1).says("does not conform");
}

#[test]
fn a_broken_should_counts_only_where_it_was_asked_to() {
    let server = reference(|settings| {
        settings.behaviour.refusals[Refusal::PasswordChangeRequired].code =
            wabizspec::documented::errors::ErrorCode::AccessDenied;
    });
    let url = server.url();
    let reset = format!("POST {url}/__control/reset");
    let args = ["--target", &url, "--reset", &reset, "login/default-password-alone"];
    let ended = Program::judge(args).end().exited(0);
    assert_eq!(ended.report().count("warnings"), 1);
    let ended = Program::judge(args.iter().chain(&["--fail-on", "should"])).end().exited(1);
    assert_eq!(ended.report().count("fail"), 1);
}

#[test]
fn three_where_nothing_could_be_judged() {
    let url = nobody();
    Program::judge(["--target", &url]).end().exited(3).says("does not answer");
    let server = reference(|_| {});
    let url = server.url();
    for args in [
        // The reset fails, the password is wrong, nothing is allowed that would let a case run.
        vec!["--target", &url, "--reset", "exit 1"],
        vec!["--target", &url, "login/first-login"],
    ] {
        let ended = Program::judge(&args).end().exited(3);
        assert_eq!(ended.report().proven(), [""; 0], "{args:?}");
    }
    let ended = Program::judge(["--target", &url, "users/read"]).env("WABIZSPEC_ADMIN_PASSWORD", "Wr0ng?pass");
    ended.file("wabizspec.toml", "[state]\nallow = [\"users\"]\n").end().exited(3).says("not accepted");
}

#[test]
fn one_wins_over_three() {
    // Answers at first, each time with a failure that no code explains; then is gone.
    let server = serve(|number, mut stream| {
        if number < 20 && read_head(&mut stream).is_some() {
            write(&mut stream, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.shutdown(std::net::Shutdown::Write);
            hold(&mut stream);
        }
    });
    let ended = Program::judge(["--target", &server.url(), "--fresh"]).end().exited(1);
    assert!(ended.report().count("blocked") > 0);
}

/// Waits until the proxy has seen so many requests.
fn until(proxy: &Proxy, requests: usize, running: &mut Running) {
    eventually("so many requests", || {
        assert!(running.is_running(), "it ended before it was interrupted");
        proxy.requests() >= requests
    });
}

#[test]
fn a_hundred_and_thirty_where_it_was_interrupted() {
    // In a stage of cases at once on a fresh client, and in one that makes accounts; with findings and without.
    for (server, requests) in [(reference(|_| {}), 40), (reference(|_| {}), 600), (faulty(), 600)] {
        let proxy = Proxy::of(server.address(), move |number, head| match number {
            number if number < requests => Reaction::Forward,
            // Cleaning up is not held up.
            _ if head.method == "DELETE" || head.path() == "/v1/users/logout" => Reaction::Forward,
            _ => Reaction::Hang,
        });
        let program =
            Program::judge(["--target", &proxy.url(), "--reset", &reset_of(&server), "--report", "ndjson=stream"]);
        let mut running = program.start();
        until(&proxy, requests + 1, &mut running);
        running.interrupt();
        let ended = running.end().exited(130).says("interrupted");
        assert!(!ended.is_complete());
        let planned = ended.0["suite"]["cases"].as_u64().expect("a count");
        assert!((ended.cases().len() as u64) < planned, "{planned}");
        let last = ended.file("stream").lines().last().expect("a line").to_owned();
        assert!(last.contains("\"interrupted\":true"), "{last}");
        // What the run made is gone, but for what was on its way just then.
        let left = server.dump()["users"].as_object().expect("users").len();
        assert!(left <= 1 + 12, "{left} accounts are left");
    }
}

/// Everything that is noticed before a request is sent: what is on the command line, and what is said about it.
#[test]
fn two_for_each_usage_error_and_nothing_is_sent() {
    let server = serve(|_, mut stream| hold(&mut stream));
    let url = server.url();
    let at = |more: &[&'static str]| -> Vec<String> {
        let target = ["run".to_owned(), "--target".to_owned(), url.clone()];
        target.into_iter().chain(more.iter().map(|arg| (*arg).to_owned())).collect()
    };
    let alone = |args: &[&str]| -> Vec<String> { args.iter().map(|arg| (*arg).to_owned()).collect() };
    let wrong: Vec<(Vec<String>, &str)> = vec![
        (at(&["--nonsense"]), "--nonsense"),
        (at(&["--jobs", "0"]), "--jobs"),
        (at(&["--jobs", "many"]), "--jobs"),
        (at(&["--timeout", "soon"]), "soon"),
        (at(&["--timeout", "0s"]), "0s"),
        (at(&["--shard", "3/2"]), "3/2"),
        (at(&["--max-fail", "0"]), "--max-fail"),
        (at(&["--registration", "closed"]), "closed"),
        (at(&["--allow", "everything"]), "everything"),
        (at(&["--fail-on", "may"]), "may"),
        (at(&["--report", "jsn=x"]), "jsn"),
        (at(&["--report", "json="]), "names no file"),
        (at(&["--report", "json=no/such/folder/r.json"]), "cannot write the report"),
        (at(&["--report", "json=."]), "cannot write the report"),
        (at(&["--report", "json", "--report", "ndjson"]), "standard output"),
        (at(&["login/nothing-of-the-kind"]), "matches no case"),
        (at(&["login/*", "nothing/*"]), "matches no case"),
        (at(&["no.such.requirement"]), "matches no case"),
        (at(&["*nothing-of-the-kind*"]), "matches no case"),
        (at(&["--resett"]), "--resett"),
        (at(&["--report", "json=r", "--quiet=yes"]), "--quiet"),
        // A flag that was misread is not swallowed as a filter.
        (alone(&["run", "--targt", "http://127.0.0.1:1"]), "--targt"),
        (alone(&["run", "-target", "http://127.0.0.1:1"]), ""),
        (alone(&["run", "--", "--target", "http://127.0.0.1:1"]), ""),
        (alone(&["run", "target", "http://127.0.0.1:1"]), ""),
        (alone(&["run", "target=http://127.0.0.1:1"]), ""),
        (alone(&["run", "http://127.0.0.1:1"]), ""),
        (alone(&["--target", "http://127.0.0.1:1", "run"]), ""),
        (at(&[""]), "FILTER"),
        (at(&["login/first-login", "--shard", "1/1000000"]), "nothing to run"),
        (at(&["--config", "none.toml"]), "none.toml"),
        (at(&["--config", "broken.toml"]), "broken.toml:1"),
        (at(&["--config", "unknown.toml"]), "did you mean `url`?"),
        (at(&["--config", "headers.toml"]), "NOT_SET"),
        (at(&["--config", "password.toml"]), "no-password"),
        (at(&["--config", "proxy.toml"]), "reqwest"),
        (at(&["--scenarios", "no-folder"]), "no-folder"),
        (at(&["--scenarios", "broken"]), "broken/login/one.toml:"),
        (at(&["--scenarios", "."]), "requirements.toml"),
        (at(&["--reset", ""]), "empty"),
        (at(&["--insecure", "--cacert", "ca.pem"]), "cannot be used with"),
        (at(&["-q", "-v"]), "cannot be used with"),
        (alone(&["run", "--target", ""]), "the target is empty"),
        (alone(&["run", "--target", "  "]), "the target is empty"),
        (alone(&["run", "--target", "ftp://127.0.0.1"]), "ftp"),
        (alone(&["run", "--target", "127.0.0.1:9090"]), "http"),
        (alone(&["run", "--target", "http://user:pass@127.0.0.1"]), ""),
        (alone(&["run", "--target"]), "--target"),
        (alone(&["run", "--target", "https://127.0.0.1:1", "--cacert", "none.pem"]), "none.pem"),
        (alone(&["run", "--target", "https://127.0.0.1:1", "--cacert", "broken.toml"]), "broken.toml"),
        (alone(&["run", "--reset", "true"]), "--reset is about a target"),
        (alone(&["run", "--fresh"]), "--fresh is about a target"),
        (alone(&["run", "--allow", "users"]), "--allow is about a target"),
        (alone(&["run", "--cacert", "ca.pem"]), "--cacert is about a target"),
        (alone(&["run", "--insecure"]), "--insecure is about a target"),
        (alone(&["run", "--snapshots", "snapshots"]), "--snapshots is about a target"),
        (alone(&["run", "--config", "nowhere.toml"]), "names no target"),
        (alone(&["run", "--config", "empty-url.toml"]), "URL is empty"),
        (alone(&[]), "Usage"),
        (alone(&["walk"]), "walk"),
        (alone(&["explain", "login.nothing"]), "login.nothing"),
        (alone(&["check", "no-file.toml"]), "no-file.toml"),
        (alone(&["check", "broken"]), "broken/login/one.toml:"),
    ];
    for (args, says) in wrong {
        let ended = Program::new(&args)
            .file("broken.toml", "[target\n")
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
        assert!(!ended.has("r.json"), "{args:?}");
    }
    let empty = Program::new(["run"]).env("WABIZSPEC_TARGET", "").end().exited(2);
    empty.says("the target is empty");
    let file = Program::new(["run"]).file("wabizspec.toml", "[target]\n").end().exited(2);
    file.says("wabizspec.toml names no target");
    assert_eq!(server.accepted(), 0, "something was sent");
}

#[test]
fn a_usage_error_says_nothing_on_standard_output() {
    let ended = Program::new(["run", "--report", "json", "nothing"]).end().exited(2);
    assert_eq!(ended.stdout, "");
}
