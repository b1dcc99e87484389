//! What the tests about safety share: the program as a child, and the reference client that it is pointed at.

#![allow(dead_code, reason = "no test needs all of it")]

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Output};

use wabizspec::reference::{Registration, Server, Settings};

/// The password that an owner gave the admin.
pub const OWNERS: &str = "Owner-Pass-1!";

/// The reference client with its control endpoints, as just installed.
pub fn fresh_server(registration: &str) -> Server {
    let settings = Settings {
        registration: match registration {
            "sunset" => Registration::Sunset,
            _ => Registration::Open,
        },
        control: true,
        ..Settings::default()
    };
    Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).expect("server")
}

/// The same with the admin's password changed to [`OWNERS`], and no token out.
pub fn initialised_server(registration: &str) -> Server {
    let server = fresh_server(registration);
    let answer = send(
        &server.url(),
        "POST /v1/users/login",
        &[("Authorization", "Basic YWRtaW46c2VjcmV0"), ("Content-Type", "application/json")],
        &format!("{{\"new_password\":\"{OWNERS}\"}}"),
    );
    let json: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("body")).expect("json");
    let bearer = format!("Bearer {}", json["users"][0]["token"].as_str().expect("token"));
    send(&server.url(), "POST /v1/users/logout", &[("Authorization", &bearer)], "");
    assert_eq!(server.dump()["tokens"], serde_json::json!({}));
    server
}

/// One request over a connection of its own; the whole answer as text.
pub fn send(url: &str, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    use std::io::{Read, Write};
    let host = url.strip_prefix("http://").expect("http");
    let mut text = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let mut stream = std::net::TcpStream::connect(host).expect("connect");
    stream.write_all(text.as_bytes()).expect("write");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    answer
}

/// The program, with its state in that folder, that folder its current one, and nothing of the surroundings in its
/// environment.
pub fn wabizspec(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wabizspec"));
    let surroundings = std::env::vars_os().map(|(name, _)| name);
    for name in surroundings {
        let text = name.to_string_lossy();
        if text.starts_with("WABIZSPEC_") || text.starts_with("GITHUB_") || text.starts_with("CI") {
            command.env_remove(&name);
        }
    }
    command.current_dir(folder).env("XDG_STATE_HOME", folder.join("state")).env("HOME", folder);
    command
}

/// Both of its outputs.
pub fn told(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}
