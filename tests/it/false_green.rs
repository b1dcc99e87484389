//! How other suites fooled their users, and that this one does not: each test is named after what happened there.
//! Filters that match nothing and misread flags (1 and 2) are in `exit_codes`, a target that dies (4) in `circuit_breaker`.

use std::sync::{Arc, Mutex};

use crate::harness::server::{hold, read_head, serve, write};
use crate::harness::{Program, Proxy, Reaction, Report, eventually, nobody, reference};
use serde_json::Value;
use wabizspec::reference::{Refusal, Server};
use wabizspec::scenario::{Change, Suite};
use wabizspec::trials::Trials;

/// One GET, of which a 200 is expected.
const GET: &str = r#"
[[steps]]
name = "ask"
send = "GET /v1/users/x"
[steps.expect]
"login.one" = { status = 200 }
"#;

/// One GET, of which a refusal without a payload is expected.
const REFUSED: &str = r#"
positive = "login/two"
[[steps]]
name = "ask"
send = "GET /v1/users/x"
[steps.expect]
"login.one" = { status = "4xx", absent = ["/users"] }
"#;

const TWO: &str = r#"
title = "Two"
[[steps]]
name = "ask"
send = "GET /v1/users/y"
[steps.expect]
"login.one" = { status = 200 }
"#;

fn unarmed() -> Server {
    reference(|_| {})
}

#[test]
fn mistake_03_an_error_of_configuration_or_set_up_is_green() {
    let server = unarmed();
    let url = server.url();
    let ended = Program::new(["run"]).file("wabizspec.toml", "[target]\nurl = 1\n").end();
    ended.exited(2);
    // The reset fails; the first login is refused, because somebody else had it; the password is wrong.
    Program::judge(["--target", &url, "--reset", "false"]).end().exited(3);
    let taken = unarmed();
    let _ = Program::judge(["--target", &taken.url(), "--fresh"]).end().exited(0);
    let ended = Program::judge(["--target", &taken.url(), "--fresh", "users"]).end().exited(3);
    assert_eq!(ended.report().count("pass"), 0);
    let ended = Program::judge(["--target", &taken.url(), "--allow", "users", "users"]);
    let ended = ended.env("WABIZSPEC_ADMIN_PASSWORD", "Wr0ng!password").end().exited(3);
    assert_eq!(ended.report().count("pass"), 0);
}

#[test]
fn mistake_05_a_failure_without_its_name_or_reason() {
    let server = reference(|settings| settings.behaviour.refusals[Refusal::PasswordChangeRequired].status = 200);
    let args = ["--target", &server.url(), "--fresh", "--report", "ndjson=stream", "login/default-password-*"];
    let ended = Program::judge(args).end().exited(1);
    let failed: Vec<&Value> = ended.cases().iter().filter(|case| case["verdict"] == "fail").collect();
    assert!(!failed.is_empty());
    for case in failed {
        let id = case["id"].as_str().expect("an id");
        let findings = case["findings"].as_array().expect("findings");
        assert!(!findings.is_empty(), "{id}");
        for finding in findings {
            let text = |member: &str| finding[member].as_str().is_some_and(|text| !text.is_empty());
            assert!(
                ["requirement", "level", "step", "expected", "observed"].iter().all(|name| text(name)),
                "{finding}"
            );
            assert!(ended.stdout.contains(finding["requirement"].as_str().expect("an id")));
        }
        assert!(case["reproduce"][0].as_str().is_some_and(|line| line.contains(id)), "{case}");
        assert!(ended.stdout.contains(&format!("FAIL {id}")), "{}", ended.stdout);
        assert!(ended.file("stream").lines().any(|line| line.contains(id) && line.contains(r#""verdict":"fail""#)));
    }
}

#[test]
fn mistake_06_what_was_never_executed_counts_as_passed() {
    let server = unarmed();
    let proxy = Proxy::of(server.address(), |_, _| Reaction::Forward);
    let ended = Program::judge(["--target", &proxy.url()]).end().exited(0);
    let report = ended.report();
    let skipped = report.count("skipped");
    assert!(skipped > 500 && ended.stdout.contains("skipped: it "), "{}", report.0["summary"]);
    assert!(report.count("pass") <= proxy.requests() as u64, "as many passed as were asked");
    for requirement in report.requirements() {
        let cases = requirement["cases"].as_array().expect("cases");
        let only_skipped = !cases.is_empty()
            && cases.iter().all(|id| report.case(id.as_str().expect("an id"))["verdict"] == "skipped");
        assert!(!only_skipped || requirement["verdict"] != "pass", "{requirement}");
    }
    // Where all is skipped, nothing was judged.
    let ended = Program::judge(["--target", &proxy.url(), "login/first-login"]).end().exited(3);
    assert_eq!(ended.report().count("skipped"), 1);
}

#[test]
fn mistake_07_a_missing_prerequisite_skips_to_green() {
    // Logs in, but makes no accounts: what needs one cannot be judged.
    let server = reference(|settings| {
        settings.behaviour.permissions.create = wabizspec::reference::Who::SelfOrAdmin;
        settings.behaviour.rewrites = vec![|handled, answer| {
            if handled.call.path == "/v1/users" {
                answer.status = 503;
            }
        }];
    });
    let ended = Program::judge(["--target", &server.url(), "--fresh", "--allow", "users", "login/ordinary-account"])
        .end()
        .exited(3);
    assert_eq!(ended.case("login/ordinary-account")["verdict"], "blocked");
    let reason = ended.case("login/ordinary-account")["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.contains("503"), "{reason}");
}

#[test]
fn mistake_08_a_refusal_for_the_wrong_reason_passes() {
    // It refuses all alike, as well as a refusal can be written.
    let body =
        r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1005,"title":"Access denied"}]}"#;
    let server = serve(move |_, mut stream| {
        while read_head(&mut stream).is_some() {
            let head =
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Type: application/json";
            write(&mut stream, format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
            let _ = stream.shutdown(std::net::Shutdown::Write);
            hold(&mut stream);
        }
    });
    let report = Program::judge(["--target", &server.url(), "--allow", "users", "--wrong-logins", "1000", "login"])
        .env("WABIZSPEC_ADMIN_PASSWORD", "Owner!pass1")
        .end()
        .exited(3)
        .report();
    // Its refusals stand, and prove nothing: neither the control nor the twins were accepted.
    assert!(report.count("pass") > 30, "{}", report.0["summary"]);
    assert_eq!(report.proven(), [""; 0]);
    assert_eq!(report.requirement("login.refused.no-credentials"), "unproven");
    // A crash, an end of the connection and a pause are no refusals either.
    for answer in ["HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1 404 Not Found\r\nContent-Le"] {
        let server = answering(&["/v1/users/x"], answer);
        let ended = judge_one(&server, REFUSED, &[]);
        assert_eq!(ended.case("login/one")["verdict"], "fail", "{answer}");
    }
}

/// Gives these bytes to requests for that target, and a plain answer to others; one request a connection.
fn answering(targets: &'static [&'static str], answer: &'static str) -> crate::harness::Server {
    serve(move |_, mut stream| {
        let Some(head) = read_head(&mut stream) else { return };
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        match targets.contains(&target.as_str()) {
            true => write(&mut stream, answer),
            false => write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"),
        }
    })
}

/// Judges a server by a suite of `login/one` with these steps.
fn judge_one(server: &crate::harness::Server, steps: &str, more: &[&str]) -> Report {
    let args = ["--target", &server.url(), "--scenarios", "suite"];
    let program = Program::judge(args.iter().chain(more)).suite(steps).file("suite/login/two.toml", TWO);
    let program = program.file("reqwest.toml", "[target]\nclient = \"reqwest\"\n");
    program.end().report()
}

/// Both clients, as arguments.
const CLIENTS: [&[&str]; 2] = [&[], &["--config", "reqwest.toml"]];

#[test]
fn mistake_12_a_partial_report_is_published_as_complete() {
    let server = unarmed();
    let start = || {
        let proxy = Proxy::of(server.address(), |number, head| match number {
            _ if head.method == "DELETE" || head.path() == "/v1/users/logout" => Reaction::Forward,
            0..50 => Reaction::Forward,
            _ => Reaction::Hang,
        });
        let args = [
            "--target",
            &proxy.url(),
            "--fresh",
            "--allow",
            "users,passwords",
            "--wrong-logins",
            "1000",
            "--timeout",
            "10m",
            "--report",
            "ndjson=stream",
        ];
        let running = Program::judge(args).start();
        eventually("51 requests", || proxy.requests() >= 51);
        (proxy, running)
    };
    let (_front, running) = start();
    running.interrupt();
    let ended = running.end().exited(130).says("interrupted: the report is complete up to here");
    assert!(!ended.report().is_complete());
    // One that was killed has no report that could be taken for one, and a stream without its end.
    let (_front, mut running) = start();
    running.kill();
    let ended = running.end();
    assert_eq!(ended.code, None);
    assert_eq!(ended.file("report.json"), "");
    assert!(!ended.file("stream").contains("\"ended\""));
}

#[test]
fn mistake_13_the_default_target_is_somebodys_server() {
    let ended = Program::judge(["login/control"]).end().exited(0);
    let target = &ended.report().0["target"];
    assert_eq!(target["embedded"], true);
    assert!(target["url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")), "{target}");
    assert!(ended.stdout.contains("on the embedded reference client, not on your server"), "{}", ended.stdout);
}

#[test]
fn mistake_16_the_suite_is_not_run_on_its_own_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    Program::new(["check"]).end().exited(0);
    Program::new(["check", folder]).end().exited(0);
    let judge = |more: &[&str]| Program::judge(["-q"].iter().chain(more)).end().exited(0).report();
    let (embedded, from_folder) = (judge(&[]), judge(&["--scenarios", folder]));
    assert_eq!(embedded.verdicts(), from_folder.verdicts());
    assert_eq!(embedded.count("blocked") + embedded.count("error"), 0);
    let suite = Suite::embedded().expect("a suite");
    let rows: usize = suite.scenarios.iter().map(|scenario| scenario.rows.len()).sum();
    assert_eq!(embedded.cases().len(), rows);
}

#[test]
fn mistake_17_the_client_retries_redirects_or_decompresses_behind_the_suites_back() {
    for client in CLIENTS {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        for (answer, observed) in [
            ("HTTP/1.1 302 Found\r\nLocation: /v1/users/y\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", "302"),
            (
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: /v1/users/y\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
                "307",
            ),
            (
                "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
                "503",
            ),
            ("", "closed"),
        ] {
            seen.lock().expect("no holder panics").clear();
            let log = Arc::clone(&seen);
            let server = serve(move |_, mut stream| {
                let Some(head) = read_head(&mut stream) else { return };
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let asked = target == "/v1/users/x";
                log.lock().expect("no holder panics").push(target);
                match asked {
                    true => write(&mut stream, answer),
                    false => write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"),
                }
            });
            let report = judge_one(&server, GET, &[client, &["login/one"]].concat());
            assert_eq!(report.case("login/one")["verdict"], "fail", "{client:?} {answer}");
            let finding = report.case("login/one")["findings"].to_string();
            assert!(finding.contains(observed), "{finding}");
            let seen = seen.lock().expect("no holder panics");
            assert_eq!(seen.iter().filter(|target| *target == "/v1/users/x").count(), 1, "{client:?} {seen:?}");
            assert!(!seen.contains(&"/v1/users/y".to_owned()), "{client:?} {seen:?}");
        }
        // A body that nobody asked to be packed, and is: what came is judged, not what was in it. The JSON is `{}`.
        let packed = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\
                      Content-Length: 22\r\n\r\n";
        let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
        let server = serve(move |_, mut stream| {
            read_head(&mut stream);
            write(&mut stream, [packed.as_bytes(), gzip].concat());
        });
        let report = judge_one(&server, GET, &[client, &["login/one"]].concat());
        assert_eq!(report.case("login/one")["findings"][0]["requirement"], "envelope.json", "{client:?}");
    }
}

#[test]
fn mistake_18_a_trial_that_could_not_be_judged_shows_as_passed() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = libtest_mimic::Arguments {
        filter: Some("users/read".to_owned()),
        // Failed trials are what is wanted here, and nothing to show.
        logfile: Some(folder.path().join("log").display().to_string()),
        ..Default::default()
    };
    let suite = || Suite::embedded().expect("a suite");
    // Nobody is there, so every case is blocked; the admin cannot log in, so every case is again.
    let taken = unarmed();
    for url in [nobody(), taken.url()] {
        let password = Some("Wr0ng!password".to_owned());
        let trials = Trials::at(url, password, Change::ALL).trials(suite());
        let conclusion = libtest_mimic::run(&arguments, trials);
        assert!(conclusion.num_failed > 5, "{conclusion:?}");
        assert_eq!((conclusion.num_passed, conclusion.num_ignored), (0, 0), "{conclusion:?}");
    }
    // What is known beforehand not to apply is shown as what it is.
    let trials = Trials::at(taken.url(), None, []).trials(suite());
    let conclusion = libtest_mimic::run(&arguments, trials);
    assert_eq!((conclusion.num_passed, conclusion.num_failed), (0, 0), "{conclusion:?}");
    assert!(conclusion.num_ignored > 5, "{conclusion:?}");
}

#[test]
fn mistake_19_a_body_that_failed_to_arrive_is_judged_as_an_empty_one() {
    for client in CLIENTS {
        for answer in [
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"errors\":",
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        ] {
            let server = answering(&["/v1/users/x"], answer);
            let report = judge_one(&server, REFUSED, client);
            assert_eq!(report.case("login/one")["verdict"], "fail", "{client:?} {answer}");
            assert_eq!(report.case("login/one")["findings"][0]["requirement"], "envelope.answered", "{client:?}");
        }
        // The whole of it, though empty, is a refusal.
        let server = answering(&["/v1/users/x"], "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(judge_one(&server, REFUSED, client).case("login/one")["verdict"], "pass", "{client:?}");
    }
}

#[test]
fn mistake_20_equal_members_and_big_numbers_are_read_as_something_else() {
    let steps = r#"
[[steps]]
name = "ask"
send = "GET /v1/users/x"
[steps.expect]
"login.one" = { status = 200, body = { "/n" = 9007199254740993 } }
"#;
    for (body, broken, says) in [
        (r#"{"n":9007199254740993}"#, None, ""),
        (r#"{"n":9007199254740993,"n":9007199254740993}"#, Some("envelope.unique-members"), "n"),
        (r#"{"n":1,"n":9007199254740993}"#, Some("envelope.unique-members"), "n"),
        (r#"{"n":9007199254740993,"deep":[{"a":1,"\u0061":2}]}"#, Some("envelope.unique-members"), "a"),
        (r#"{"n":9007199254740992}"#, Some("login.one"), "9007199254740992"),
        (r#"{"n":9007199254740993.1}"#, Some("login.one"), "9007199254740993.1"),
        (r#"{"n":99999999999999999999999999}"#, Some("login.one"), "99999999999999999999999999"),
        (r#"{"n":1e400}"#, Some("login.one"), "1e400"),
    ] {
        let server = serve(move |_, mut stream| {
            read_head(&mut stream);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length";
            write(&mut stream, format!("{head}: {}\r\n\r\n{body}", body.len()));
        });
        let report = judge_one(&server, steps, &["login/one"]);
        let case = report.case("login/one");
        let requirements: Vec<&str> = case["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .filter_map(|finding| finding["requirement"].as_str())
            .collect();
        match broken {
            None => assert_eq!(case["verdict"], "pass", "{body}"),
            Some(broken) => assert!(requirements.contains(&broken), "{body}: {case}"),
        }
        assert!(case["findings"].to_string().contains(says), "{body}: {case}");
    }
}
