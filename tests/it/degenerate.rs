//! Servers that do one thing whatever they are asked: the run ends soon, is not green, and proves no rule that is a must.

use std::net::TcpStream;

use crate::harness::server::{Server, hold, read_head, serve};
use crate::harness::{Ended, Program, answering};

/// Answers every request alike, each on a connection of its own.
fn always(status: &'static str, content_type: &'static str, body: &'static str) -> Server {
    answering(move |_| {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    })
}

fn silent() -> Server {
    serve(|_, mut stream: TcpStream| {
        stream.set_read_timeout(None).expect("no read timeout");
        hold(&mut stream);
    })
}

/// Runs the whole suite with everything allowed that a flag allows, as for a client before the sunset and after it;
/// gives the latter.
#[track_caller]
fn judge(server: &Server, more: &[&str]) -> Ended {
    std::thread::scope(|scope| {
        let open = scope.spawn(|| judge_as("open", server, more));
        let sunset = judge_as("sunset", server, more);
        open.join().expect("the same where registration is open");
        sunset
    })
}

#[track_caller]
fn judge_as(registration: &str, server: &Server, more: &[&str]) -> Ended {
    let url = server.url();
    let mut args = vec!["--target", &url, "--fresh", "--allow", "users,passwords", "--wrong-logins", "1000", "-q"];
    args.extend(["--registration", registration]);
    args.extend(more);
    let ended = Program::judge(args).end();
    assert!(matches!(ended.code, Some(1 | 3)), "{:?}\n{}", ended.code, ended.said());
    assert_eq!(ended.proven(), [""; 0], "{}", ended.stdout);
    assert!(ended.is_complete());
    let judged: u64 =
        ["pass", "fail", "blocked", "skipped", "known", "error"].map(|verdict| ended.count(verdict)).iter().sum();
    assert_eq!(judged, ended.cases().len() as u64);
    assert_eq!(ended.count("error"), 0, "{}", ended.stdout);
    println!("{:?}: {}", ended.took, ended.0["summary"]);
    ended
}

const ERROR: &str =
    r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1005,"title":"Access denied"}]}"#;
const INTERNAL: &str =
    r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1014,"title":"Internal error"}]}"#;
const LOGIN: &str = r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"users":[{"token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln","expires_after":"2099-01-01 00:00:00+00:00"}]}"#;

// It cannot be told from a server in use, on which `--fresh` was given by mistake: nothing is found, and nothing is green.
#[test]
fn a_server_that_refuses_everything() {
    judge(&always("401 Unauthorized", "application/json", ERROR), &[]).exited(3);
}

#[test]
fn a_server_that_refuses_everything_and_says_how_to_log_in() {
    // The challenge makes its refusals as right as a refusal can be.
    let status = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"";
    judge(&always(status, "application/json", ERROR), &[]).exited(3);
}

#[test]
fn a_server_that_grants_everything() {
    judge(&always("200 OK", "application/json", LOGIN), &[]).exited(1);
}

#[test]
fn a_server_that_finds_nothing() {
    judge(&always("404 Not Found", "application/json", ERROR), &[]).exited(1);
}

#[test]
fn a_server_that_always_fails() {
    judge(&always("500 Internal Server Error", "application/json", INTERNAL), &[]).exited(1);
    judge(&always("500 Internal Server Error", "text/plain", "boom"), &[]).exited(1);
}

#[test]
fn a_server_of_pages_for_people() {
    judge(&always("200 OK", "text/html", "<!doctype html><title>It works!</title>"), &[]).exited(1);
    judge(&always("403 Forbidden", "text/html", "<!doctype html><title>Forbidden</title>"), &[]).exited(1);
}

#[test]
fn a_server_that_hangs_up() {
    let ended = judge(&serve(|_, stream| drop(stream)), &[]).exited(3);
    assert!(ended.said().contains("does not answer"), "{}", ended.said());
}

#[test]
fn a_server_that_hangs_up_once_it_was_asked() {
    let server = serve(|_, mut stream| {
        read_head(&mut stream);
    });
    judge(&server, &[]).exited(3);
}

#[test]
fn a_server_that_never_answers() {
    let server = silent();
    judge(&server, &["--timeout", "1s"]).exited(3);
    // It is given up after a few, and not asked case by case.
    assert!(server.accepted() < 50, "{} connections", server.accepted());
}

#[test]
fn a_server_that_never_answers_and_a_limit_that_nobody_shortened() {
    judge_as("auto", &silent(), &[]).exited(3);
}
