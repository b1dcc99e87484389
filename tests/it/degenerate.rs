//! Servers that do one thing whatever they are asked: the run ends soon, is not green, and proves no rule that is a must.

use crate::harness::{Address, Ended, Program, Server, answering, once, parallel, serve, silent};

/// Answers every request with the same, each on a connection of its own.
fn always(status: &'static str, content_type: &'static str, body: &'static str) -> Server {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n", body.len());
    answering(move |_| format!("{head}Connection: close\r\n\r\n{body}"))
}

/// Runs the whole suite with everything allowed that a flag allows, as before the sunset and after it, with this exit code.
#[track_caller]
fn judge(server: &Server, more: &str, code: i32) -> Vec<Ended> {
    let states = ["open", "sunset"];
    parallel(2, states, |state| judge_as(server, &format!("--registration {state} {more}")).exited(code))
}

#[track_caller]
fn judge_as(server: &dyn Address, more: &str) -> Ended {
    let args = "--fresh --allow users,passwords --wrong-logins 1000 -q";
    let ended = Program::judge(args).at(server).args(more).end().ends_not_green().counts("error", 0);
    assert_eq!(ended.proven(), [""; 0], "{}", ended.stdout);
    ended.is_whole();
    println!("{:?}: {}", ended.took, ended.summary());
    ended
}

const ERROR: &str =
    r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1005,"title":"Access denied"}]}"#;
const INTERNAL: &str =
    r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1014,"title":"Internal error"}]}"#;
const LOGIN: &str = r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"users":[{"token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln","expires_after":"2099-01-01 00:00:00+00:00"}]}"#;

#[test]
fn a_server_that_gives_everybody_the_same_answer() {
    for (status, content_type, body, code) in [
        // It looks like a server in use, on which `--fresh` was given by mistake: nothing is found, and nothing is green.
        ("401 Unauthorized", "application/json", ERROR, 3),
        // The challenge makes its refusals as right as a refusal can be.
        ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", "application/json", ERROR, 3),
        ("200 OK", "application/json", LOGIN, 1),
        ("404 Not Found", "application/json", ERROR, 1),
        ("500 Internal Server Error", "application/json", INTERNAL, 1),
        ("500 Internal Server Error", "text/plain", "boom", 1),
        ("200 OK", "text/html", "<!doctype html><title>It works!</title>", 1),
        ("403 Forbidden", "text/html", "<!doctype html><title>Forbidden</title>", 1),
    ] {
        judge(&always(status, content_type, body), "", code);
    }
}

#[test]
fn a_server_that_hangs_up_before_it_is_asked_or_after() {
    // It takes connections, so it is judged: that it answers nothing is a finding.
    for server in [serve(|_, stream| drop(stream)), once("")] {
        for ended in judge(&server, "--wait 1s", 1) {
            assert_eq!(ended.broken("envelope/challenge-to-a-login"), ["envelope.answered"]);
        }
    }
}

#[test]
fn a_server_that_never_answers() {
    let server = silent();
    judge(&server, "--timeout 1s", 3);
    // The run gives it up after a few requests, and does not ask case by case.
    assert!(server.accepted() < 50, "{} connections", server.accepted());
    // The default limit, too, ends the wait.
    judge_as(&silent(), "--registration auto").exited(3);
}
