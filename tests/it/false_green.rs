//! How other suites fooled their users, and that this one does not: each test is named after what happened there.
//! Filters that match nothing, misread flags and errors of configuration and set-up (1 to 3) are in `exit_codes`, a target
//! that dies (4) in `circuit_breaker`, and reports that are cut off (12) in `exit_codes` and `reports`.

use std::sync::{Arc, Mutex};

use crate::harness::*;
use serde_json::Value;
use wabizspec::reference::{Refusal, Who};
use wabizspec::scenario::{Change, Suite};
use wabizspec::trials::Trials;

/// A scenario of one GET to `x` or `y`, of which this is expected.
fn get(target: &str, expected: &str) -> String {
    format!(
        "[[steps]]\nname = \"ask\"\nsend = \"GET /v1/users/{target}\"\n[steps.expect]\n\"login.one\" = {expected}\n"
    )
}

const ACCEPTED: &str = "{ status = 200 }";

/// A refusal without a payload.
const REFUSED: &str = r#"{ status = "4xx", absent = ["/users"] }"#;

fn target() -> wabizspec::reference::Server {
    reference(|_| {})
}

#[test]
fn mistake_05_a_failure_without_its_name_or_reason() {
    let server = reference(|settings| settings.behaviour.refusals[Refusal::PasswordChangeRequired].status = 200);
    let args = "--fresh --report ndjson=stream login/default-password-*";
    let ended = Program::judge(args).at(&server).end().exited(1);
    let failed: Vec<&Value> = ended.cases().iter().filter(|case| case["verdict"] == "fail").collect();
    assert!(!failed.is_empty());
    for case in failed {
        let id = text(case, "id");
        let findings = case["findings"].as_array().expect("findings");
        assert!(!findings.is_empty(), "{id}");
        for finding in findings {
            let members = ["requirement", "level", "step", "expected", "observed"];
            assert!(members.iter().all(|member| !text(finding, member).is_empty()), "{finding}");
            assert!(ended.stdout.contains(text(finding, "requirement")));
        }
        assert!(case["reproduce"][0].as_str().is_some_and(|line| line.contains(id)), "{case}");
        assert!(ended.stdout.contains(&format!("FAIL {id}")), "{}", ended.stdout);
        assert!(ended.file("stream").lines().any(|line| line.contains(id) && line.contains(r#""verdict":"fail""#)));
    }
}

#[test]
fn mistake_06_what_was_never_executed_counts_as_passed() {
    let server = target();
    let proxy = Proxy::watching(&server);
    let ended = Program::judge("").at(&proxy).end().exited(0).counts_over("skipped", 500).says("skipped: it ");
    assert!(ended.count("pass") <= proxy.requests() as u64, "as many passed as were asked");
    for requirement in ended.requirements() {
        let cases = requirement["cases"].as_array().expect("cases");
        let skipped = |id: &Value| ended.verdict(id.as_str().expect("an id")) == "skipped";
        let only_skipped = !cases.is_empty() && cases.iter().all(skipped);
        assert!(!only_skipped || requirement["verdict"] != "pass", "{requirement}");
    }
    // Where all is skipped, nothing was judged.
    Program::judge("login/first-login").at(&proxy).end().exited(3).counts("skipped", 1);
}

#[test]
fn mistake_07_a_missing_prerequisite_skips_to_green() {
    // Logs in, but makes no accounts: what needs one cannot be judged.
    let server = reference(|settings| {
        settings.behaviour.permissions.create = Who::SelfOrAdmin;
        settings.behaviour.rewrites = vec![|handled, answer| {
            if handled.call.path == "/v1/users" {
                answer.status = 503;
            }
        }];
    });
    let ended = Program::judge("--fresh --allow users login/ordinary-account").at(&server).end().exited(3);
    let ended = ended.gives("login/ordinary-account", "blocked");
    assert!(ended.reason("login/ordinary-account").contains("503"), "{}", ended.said());
}

#[test]
fn mistake_08_a_refusal_for_the_wrong_reason_passes() {
    // It refuses all alike, as well as a refusal can be written.
    let body =
        r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1005,"title":"Access denied"}]}"#;
    let challenge = "WWW-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\n";
    let server = answering(move |_| answer("401 Unauthorized", challenge, body));
    let program = Program::judge("--allow users --wrong-logins 1000 login").at(&server).password();
    // Its refusals stand, and prove nothing: neither the control nor the twins were accepted.
    let ended = program.end().exited(3).counts_over("pass", 30);
    assert_eq!(ended.proven(), [""; 0]);
    assert_eq!(ended.requirement("login.refused.no-credentials"), "unproven");
    // A crash, an end of the connection and a pause are no refusals either.
    for bytes in ["HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1 404 Not Found\r\nContent-Le"] {
        judge_one(&answering_x(bytes), REFUSED, "").gives("login/one", "fail");
    }
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

/// Gives these bytes to requests for `x`, and a plain answer to others; one request a connection.
fn answering_x(bytes: &'static str) -> Server {
    serve(move |_, mut stream| {
        let Some(asked) = read_request(&mut stream) else { return };
        write(&mut stream, if asked.target == "/v1/users/x" { bytes } else { GOOD });
    })
}

/// Judges a server by a suite of `login/one`, which expects this of `x`, and its twin, which expects `y` to be accepted.
fn judge_one(server: &Server, expected: &str, more: &str) -> Ended {
    let one = format!("positive = \"login/two\"\n{}", get("x", expected));
    let two = format!("title = \"Two\"\n{}", get("y", ACCEPTED));
    let program = Program::judge("--scenarios suite").at(server).args(more).suite(&one);
    program.file("suite/login/two.toml", &two).file("reqwest.toml", "[target]\nclient = \"reqwest\"\n").end()
}

const CLIENTS: [&str; 2] = ["", "--config reqwest.toml"];

#[test]
fn mistake_13_the_default_target_is_somebodys_server() {
    let ended = Program::judge("login/control").end().exited(0);
    let ended = ended.says("on the embedded reference client, not on your server");
    let target = &ended.0["target"];
    assert_eq!(target["embedded"], true);
    assert!(text(target, "url").starts_with("http://127.0.0.1:"), "{target}");
}

#[test]
fn mistake_16_the_suite_is_not_run_on_its_own_corpus() {
    let folder = repository("scenarios").display().to_string();
    Program::new("check").end().exited(0);
    Program::new("check").list([&folder]).end().exited(0);
    let embedded = Program::judge("-q").end().exited(0).counts("blocked", 0).counts("error", 0);
    let from_folder = Program::judge("-q --scenarios").list([&folder]).end().exited(0);
    assert_eq!(embedded.verdicts(), from_folder.verdicts());
    let suite = Suite::embedded().expect("a suite");
    let rows: usize = suite.scenarios.iter().map(|scenario| scenario.rows.len()).sum();
    assert_eq!(embedded.cases().len(), rows);
}

#[test]
fn mistake_17_the_client_retries_redirects_or_decompresses_behind_the_suites_back() {
    for client in CLIENTS {
        for (head, observed) in [
            ("302 Found\r\nLocation: /v1/users/y", "302"),
            ("307 Temporary Redirect\r\nLocation: /v1/users/y", "307"),
            ("503 Service Unavailable\r\nRetry-After: 0", "503"),
            ("", "closed"),
        ] {
            let bytes = match head {
                "" => String::new(),
                head => format!("HTTP/1.1 {head}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"),
            };
            let seen = Arc::<Mutex<Vec<String>>>::default();
            let log = Arc::clone(&seen);
            let server = serve(move |_, mut stream| {
                let Some(asked) = read_request(&mut stream) else { return };
                write(&mut stream, if asked.target == "/v1/users/x" { &bytes } else { GOOD });
                log.lock().expect("no holder panics").push(asked.target);
            });
            let ended = judge_one(&server, ACCEPTED, &format!("{client} login/one")).gives("login/one", "fail");
            let finding = ended.case("login/one")["findings"].to_string();
            assert!(finding.contains(observed), "{client} {finding}");
            let seen = seen.lock().expect("no holder panics");
            // What may have been another request's doing is asked again alone, openly.
            let asked = if matches!(observed, "503" | "closed") { 2 } else { 1 };
            assert_eq!(seen.iter().filter(|target| *target == "/v1/users/x").count(), asked, "{client} {seen:?}");
            assert!(!seen.contains(&"/v1/users/y".to_owned()), "{client} {seen:?}");
        }
        // A body that is compressed although no request asked for it: the plain body is judged, and a note says so.
        let packed = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\
                      Content-Length: 22\r\n\r\n";
        let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
        let server = once([packed.as_bytes(), gzip].concat());
        let ended = judge_one(&server, ACCEPTED, &format!("{client} login/one"));
        assert!(ended.notes().contains("compressed although no request asked for it"), "{client} {}", ended.said());
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
    let taken = target();
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
        for bytes in [
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"errors\":",
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        ] {
            let ended = judge_one(&answering_x(bytes), REFUSED, client).gives("login/one", "fail");
            assert_eq!(broken_by(ended.case("login/one"))[0], "envelope.answered", "{client} {bytes}");
        }
        // The whole of it, though empty, is a refusal.
        let server = answering_x("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        judge_one(&server, REFUSED, client).gives("login/one", "pass");
    }
}

#[test]
fn mistake_20_equal_members_and_big_numbers_are_read_as_something_else() {
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
        let server = once(answer("200 OK", "Connection: close\r\n", body));
        let ended = judge_one(&server, r#"{ status = 200, body = { "/n" = 9007199254740993 } }"#, "login/one");
        match broken {
            None => assert_eq!(ended.verdict("login/one"), "pass", "{body}"),
            Some(broken) => assert!(ended.broken("login/one").contains(&broken), "{body}: {}", ended.said()),
        }
        assert!(ended.case("login/one")["findings"].to_string().contains(says), "{body}: {}", ended.said());
    }
}
