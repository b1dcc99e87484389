//! The server over real sockets.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use jiff::SignedDuration;

use super::*;
use crate::documented::basic::{Credentials, render};
use crate::documented::token::ExpiresAfter;
use crate::vectors::vectors;

fn start(edit: fn(&mut Settings)) -> Server {
    let mut settings = Settings { control: true, ..Settings::default() };
    edit(&mut settings);
    Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).unwrap()
}

/// An answer: its status, its head as text, and its body as it came.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The status and the code of the first error.
    fn refusal(&self) -> (u16, i64) {
        (self.status, self.json()["errors"][0]["code"].as_i64().unwrap_or(0))
    }
}

/// Sends bytes on a new connection, and reads until it is closed.
fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A reset after the answer takes nothing from it.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn send(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    let answer = raw(server, request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

fn login(server: &Server, password: &str, body: &str) -> Reply {
    let basic = render(&Credentials::new("admin", password));
    send(server, "POST", "/v1/users/login", &format!("authorization: {basic}\r\n"), body)
}

const NEW: &str = r#"{"new_password":"Sesame:1!"}"#;

/// Logs in for the first time; the header with the token.
fn first_login(server: &Server) -> String {
    let token = login(server, "secret", NEW).json()["users"][0]["token"].as_str().unwrap().to_owned();
    format!("authorization: Bearer {token}\r\n")
}

#[test]
fn the_date_follows_the_clock_and_the_token_follows_the_date() {
    let server = start(|settings| settings.behaviour.dialect.clock_ahead = SignedDuration::from_secs(90));
    server.advance(Duration::from_secs(1_000_000));
    let granted = login(&server, "secret", NEW);
    let date = jiff::fmt::rfc2822::parse(granted.header("date").unwrap()).unwrap().timestamp();
    let ahead = date.as_second() - jiff::Timestamp::now().as_second();
    assert!((1_000_088..=1_000_091).contains(&ahead), "{ahead}");
    let expires: ExpiresAfter = granted.json()["users"][0]["expires_after"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires.timestamp().as_second() - date.as_second(), 604_800);
}

#[test]
fn control_endpoints_only_on_request() {
    let server = start(|_| {});
    let fresh = server.dump();
    let bearer = first_login(&server);
    let dump = send(&server, "GET", "/__control/dump", "", "");
    assert_eq!((dump.status, dump.json()), (200, server.dump()));
    assert!(dump.json()["tokens"].as_object().is_some_and(|tokens| tokens.keys().any(|token| bearer.contains(token))));
    let status = || send(&server, "GET", "/v1/users/admin", &bearer, "").status;
    assert_eq!(status(), 200);
    for (call, body, expected) in vectors::<(String, String, u16)>("control_requests") {
        let (method, path) = call.split_once(' ').unwrap();
        assert_eq!(send(&server, method, path, "", &body).status, expected, "{call} {body}");
        assert_eq!(status(), 401);
    }
    assert_eq!(send(&server, "POST", "/__control/reset", "", "").status, 200);
    assert_eq!(server.dump(), fresh);

    let server = start(|settings| settings.control = false);
    assert_eq!(send(&server, "GET", "/__control/dump", "", "").refusal(), (404, 1006));
}

#[test]
fn the_code_is_known_in_process_and_by_control() {
    let server = start(|_| {});
    let bearer = first_login(&server);
    assert_eq!(send(&server, "GET", "/__control/code", "", "").json()["code"], Value::Null);
    let cert = crate::documented::certificate::SampleCertificate::new("Acme").to_base64();
    let body = format!(r#"{{"cc":"49","phone_number":"151","method":"voice","cert":"{cert}"}}"#);
    assert_eq!(send(&server, "POST", "/v1/account", &bearer, &body).status, 202);
    let code = server.code().unwrap();
    assert_eq!(send(&server, "GET", "/__control/code", "", "").json()["code"], code.as_str());
    let body = format!(r#"{{"code":"{code}"}}"#);
    assert_eq!(send(&server, "POST", "/v1/account/verify", &bearer, &body).status, 201);
}

#[test]
fn hostile_requests_are_answered_and_the_next_one_too() {
    let server = start(|_| {});
    for (request, status) in [
        (&b"POST /v1/users/login HTTP/1.1\r\nauthorization: Basic \xff\xfe"[..], "401"),
        (b"POST /v1/users/login HTTP/1.1\r\nauthorization: \x80\x81", "401"),
        (b"POST /v1/users/login HTTP/1.1\r\nauthorization: Bearer \xc3\xa9", "401"),
        (b"POST /v1/users/login HTTP/1.1\r\nauthorization: Basic", "401"),
        (b"garbage", "400"),
        (b"GET /v1/users/%00 HTTP/1.1", "401"),
        (b"OPTIONS * HTTP/1.1", "404"),
        (b"POST http://x/v1/users/login HTTP/1.1", "401"),
    ] {
        let answer = raw(&server, &[request, b"\r\nhost: x\r\nconnection: close\r\n\r\n"].concat());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {answer}", request.escape_ascii());
    }
    let large = "x".repeat((1 << 20) + 1);
    assert_eq!(login(&server, "secret", &large).refusal(), (413, 1025));
    assert_eq!(login(&server, "secret", NEW).status, 200);
}

#[test]
fn requests_are_answered_in_order_on_one_connection() {
    let server = start(|_| {});
    let one = "POST /v1/nothing HTTP/1.1\r\nhost: x\r\n\r\n";
    let other = "GET /v1/users/login HTTP/1.1\r\nhost: x\r\n\r\n";
    let last = "POST /v1/users/logout HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answers = raw(&server, format!("{one}{other}{last}").as_bytes());
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["404", "405", "401"]);
}

#[test]
fn answers_can_be_chunked_closed_dropped_or_late() {
    let server = start(|settings| {
        settings.behaviour.dialect.chunked = true;
        settings.behaviour.dialect.close = true;
    });
    let answer = raw(&server, b"GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("transfer-encoding: chunked") && head.contains("connection: close"), "{head}");
    assert!(body.starts_with("10\r\n") && body.ends_with("\r\n0\r\n\r\n"), "{body}");

    let dropping = start(|settings| settings.behaviour.rewrites = vec![|_, answer| answer.delivery.dropped = true]);
    assert_eq!(raw(&dropping, b"GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n"), "");

    let late = start(|settings| {
        settings.behaviour.rewrites = vec![|_, answer| answer.delivery.delay = Duration::from_millis(60)];
    });
    let before = std::time::Instant::now();
    assert_eq!(send(&late, "GET", "/v1/x", "", "").status, 404);
    assert!(before.elapsed() >= Duration::from_millis(60));
}

#[test]
fn a_panicking_rewrite_costs_one_connection() {
    let server = start(|settings| {
        settings.behaviour.rewrites = vec![|handled, _| assert_ne!(handled.call.path, "/v1/panic", "planted")];
    });
    assert_eq!(send(&server, "GET", "/v1/panic", "", "").head, "");
    assert_eq!(send(&server, "GET", "/v1/x", "", "").status, 404);
}

#[test]
fn a_dropped_server_is_gone_and_a_taken_address_is_an_error() {
    let server = start(|_| {});
    let address = server.address();
    assert!(Server::start(address, Settings::default()).is_err());
    let idle = TcpStream::connect(address).unwrap();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    drop(idle);
    drop(Server::start(address, Settings::default()).unwrap());
}

#[test]
fn the_documented_client_beside_another_shows_whether_that_differs() {
    let differs_under = |edit: fn(&mut Behaviour)| {
        let differs = Arc::new(AtomicBool::new(false));
        let mut settings = Settings { differs: Some(Arc::clone(&differs)), ..Settings::default() };
        edit(&mut settings.behaviour);
        let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).unwrap();
        // Two tokens: the randomness of both clients has to stay alike.
        for _ in 0..2 {
            login(&server, "secret", NEW);
            server.reset();
        }
        assert_eq!(server.requests().load(std::sync::atomic::Ordering::Relaxed), 2);
        differs.load(std::sync::atomic::Ordering::Relaxed)
    };
    assert!(!differs_under(|_| {}));
    assert!(!differs_under(|behaviour| behaviour.users.update_ignored = true));
    assert!(differs_under(|behaviour| behaviour.login.default_password = "other".into()));
    assert!(differs_under(
        |behaviour| behaviour.functions.reading = Some(|_| crate::behaviour::Reading::WithoutAuthorization)
    ));
    assert!(differs_under(|behaviour| behaviour.tokens.mint = crate::behaviour::Mint::Counter));
}
