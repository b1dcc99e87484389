//! A target that dies in the middle: the rest is blocked, the report is whole, and the run ends soon. One that only
//! stumbles is judged to the end.

use std::io::Write;
use std::time::Duration;

use crate::harness::server::{hold, read_head, serve, write};
use crate::harness::{Ended, Program, Proxy, Reaction, Report, reference, reset_of};
use wabizspec::reference::Server;

/// Judges the reference client behind that front, with little patience.
fn judge(server: &Server, proxy: &Proxy, more: &[&str]) -> Ended {
    let (url, reset) = (proxy.url(), reset_of(server));
    let mut args = vec!["--target", &url, "--reset", &reset, "--registration", "open"];
    args.extend(more);
    Program::judge(args).end()
}

/// Every planned case has one verdict, and those that could not be judged say why.
#[track_caller]
fn is_whole(report: &Report, cases: usize) {
    assert!(report.is_complete());
    assert_eq!(report.cases().len(), cases);
    let verdicts = ["pass", "fail", "blocked", "skipped", "known", "error"];
    let counted: u64 = verdicts.map(|verdict| report.count(verdict)).iter().sum();
    assert_eq!(counted, cases as u64);
    for case in report.cases() {
        let needs_reason = matches!(case["verdict"].as_str(), Some("blocked" | "skipped"));
        assert_eq!(case["reason"].is_string(), needs_reason, "{case}");
    }
}

fn cases() -> usize {
    let ended = Program::new(["list", "cases", "--json"]).end().exited(0);
    let cases: Vec<serde_json::Value> = serde_json::from_str(&ended.stdout).expect("JSON");
    cases.len()
}

#[test]
fn a_target_that_dies_in_the_middle() {
    // While refusals share a fresh client, and while accounts are made for cases.
    for requests in [40, 700] {
        let server = reference(|_| {});
        let proxy = Proxy::of(server.address(), move |number, _| match number {
            number if number < requests => Reaction::Forward,
            _ => Reaction::Die,
        });
        let ended = judge(&server, &proxy, &[]);
        is_whole(&ended, cases());
        assert!(matches!(ended.code, Some(1 | 3)), "{}", ended.said());
        assert!(ended.count("blocked") > 50, "{}", ended.0["summary"]);
        assert!(ended.stdout.contains("blocked"), "{}", ended.stdout);
        assert!(ended.count("fail") <= 12, "at most what was in flight: {}", ended.0["summary"]);
        assert!(proxy.requests() <= requests + 12, "{} requests", proxy.requests());
        // What needs a login was not proven by a target that died before the first one.
        assert!(requests > 40 || ended.proven().is_empty(), "{:?}", ended.proven());
        for case in ended.cases().iter().filter(|case| case["verdict"] == "blocked") {
            let ids = |requirement: &&serde_json::Value| {
                requirement["cases"].as_array().expect("cases").contains(&case["id"])
            };
            let mut cited = ended.requirements().iter().filter(ids);
            assert!(cited.all(|requirement| requirement["verdict"] != "pass"), "{case}");
        }
    }
}

#[test]
fn a_target_that_falls_silent_in_the_middle() {
    for requests in [40, 700] {
        let server = reference(|_| {});
        let proxy = Proxy::of(server.address(), move |number, _| match number {
            number if number < requests => Reaction::Forward,
            _ => Reaction::Hang,
        });
        let ended = judge(&server, &proxy, &["--timeout", "500ms"]);
        is_whole(&ended, cases());
        assert!(matches!(ended.code, Some(1 | 3)), "{}", ended.said());
        assert!(ended.count("blocked") > 50, "{}", ended.0["summary"]);
        // Not one after another: what was in flight, three in a row, the canary while it is waited for, and the cleaning up.
        assert!(proxy.requests() <= requests + 120, "{} requests", proxy.requests());
    }
}

#[test]
fn a_target_that_stumbles_and_comes_back() {
    let server = reference(|_| {});
    let proxy = Proxy::of(server.address(), |number, head| match number {
        // Whatever asks what is there is answered.
        _ if head.path() == "/v1/users/admin" => Reaction::Forward,
        300..306 => Reaction::Drop,
        _ => Reaction::Forward,
    });
    let ended = judge(&server, &proxy, &[]);
    is_whole(&ended, cases());
    assert!(ended.count("fail") <= 6, "{}", ended.said());
    assert!(ended.count("blocked") <= 6, "{}", ended.said());
    assert!(ended.count("pass") > 600, "{}", ended.0["summary"]);
}

#[test]
fn each_limit_ends_the_wait_and_says_which_it_was() {
    let rows = [
        ("", "", "the time limit passed before the first byte"),
        ("HTTP/1.1 200 OK\r\nX-A: ", "b", "the time limit passed inside the head"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "", "the time limit passed inside the body"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1\r\n{\r\n",
            "the time limit passed inside the body",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", "{", "larger than what is read"),
    ];
    std::thread::scope(|scope| {
        for (answer, more, why) in rows {
            scope.spawn(move || ends_the_wait(answer, more, why));
        }
    });
}

/// A target that answers like that, and then with more again and again, is not waited for any longer.
fn ends_the_wait(answer: &'static str, more: &'static str, why: &str) {
    let server = serve(move |_, mut stream| {
        let Some(head) = read_head(&mut stream) else { return };
        if !head.starts_with("GET /v1/users/x ") {
            return write(&mut stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
        }
        write(&mut stream, answer);
        while !more.is_empty() && stream.write_all(more.as_bytes()).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        hold(&mut stream);
    });
    let steps =
        "[[steps]]\nname = \"a\"\nsend = \"GET /v1/users/x\"\n[steps.expect]\n\"login.one\" = { status = 200 }\n";
    let args = ["--target", &server.url(), "--scenarios", "suite", "--timeout", "10s"];
    let ended = Program::judge(args).suite(steps).end().exited(1);
    let finding = &ended.case("login/one")["findings"][0];
    assert_eq!(finding["requirement"], "envelope.answered", "{finding}");
    assert!(finding["observed"].as_str().is_some_and(|what| what.contains(why)), "{finding}");
}
