//! Reference clients to be judged: as just installed or in use, right or with faults; and what became of them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use wabizspec::reference::{Answer, AnswerBody, Fault, Handled, Registration, Server, Settings};

pub const PASSWORD: &str = "WABIZSPEC_ADMIN_PASSWORD";

/// The password that an owner gave the admin.
pub const OWNERS: &str = "Owner-Pass-1!";

/// The reference client with its control endpoints, as just installed, with an edit to what it is like.
pub fn reference(edit: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = Settings { control: true, ..Settings::default() };
    edit(&mut settings);
    Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).expect("the loopback address can be listened on")
}

pub fn fresh(registration: &str) -> Server {
    let registration = match registration {
        "sunset" => Registration::Sunset,
        _ => Registration::Open,
    };
    reference(|settings| settings.registration = registration)
}

pub fn faulty(faults: &[&str]) -> Server {
    reference(|settings| {
        for id in faults {
            Fault::find(id).expect(id).plant(&mut settings.behaviour);
        }
    })
}

/// Whose answers are changed like this.
pub fn rewriting(rewrite: fn(&Handled<'_>, &mut Answer)) -> Server {
    reference(|settings| settings.behaviour.rewrites = vec![rewrite])
}

/// Makes an answer of the reference client one of this status, with a JSON body or without any.
pub fn respond(answer: &mut Answer, status: u16, body: Option<Value>) {
    answer.status = status;
    answer.body = body.map_or(AnswerBody::Empty, AnswerBody::Json);
}

/// The same as [`fresh`] with [`OWNERS`] as the admin's password, and no token out.
pub fn in_use(registration: &str) -> Server {
    let server = fresh(registration);
    take(&server, OWNERS);
    server
}

/// Uses the first login up with that password, and logs out again.
pub fn take(server: &Server, password: &str) {
    let body = json!({ "new_password": password }).to_string();
    let token = log_in(server, "secret", &body);
    ask(&server.url(), "POST /v1/users/logout", &[("Authorization", &format!("Bearer {token}"))], "");
    assert_eq!(server.dump()["tokens"], json!({}));
}

#[track_caller]
pub fn log_in(server: &Server, password: &str, body: &str) -> String {
    let basic = basic(password);
    let headers = [("Authorization", basic.as_str()), ("Content-Type", "application/json")];
    let answer = ask(&server.url(), "POST /v1/users/login", &headers, body);
    let json: Value = serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1)
        .unwrap_or_else(|_| panic!("no login: {answer}"));
    json["users"][0]["token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
}

/// The credentials of the admin, as a header has them.
pub fn basic(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("admin:{password}")))
}

#[track_caller]
pub fn make(server: &Server, token: &str, name: &str) {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = json!({ "username": name, "password": "Abcdef1!" }).to_string();
    let answer = ask(&server.url(), "POST /v1/users", &headers, &body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

/// One request over a connection of its own; the whole answer as text.
pub fn ask(url: &str, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let host = url.strip_prefix("http://").expect("http");
    let mut text = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(host).expect("a connection");
    stream.write_all(text.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

pub fn accounts(server: &Server) -> Vec<String> {
    server.dump()["users"].as_object().expect("users").keys().cloned().collect()
}

pub fn admins(server: &Server) -> String {
    server.dump()["users"]["admin"]["passwords"][0].as_str().expect("a password").to_owned()
}

pub fn reset_of(server: &Server) -> String {
    format!("POST {}/__control/reset", server.url())
}
