//! A target that takes the admin's login and gives no token: it is told so once, and not asked again for each case.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::safety_support::{OWNERS, told, wabizspec};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Takes logins of the admin with 200 and an empty list of users, and refuses everything else.
struct Tokenless {
    url: String,
    /// What the admin has logged in with, each request's body behind it.
    logins: Arc<Mutex<Vec<String>>>,
}

fn tokenless() -> Tokenless {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listener");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let logins = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&logins);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || answer(stream, &kept));
        }
    });
    Tokenless { url, logins }
}

fn answer(mut stream: TcpStream, logins: &Mutex<Vec<String>>) {
    let mut buffer = [0; 65536];
    let Ok(read) = stream.read(&mut buffer) else { return };
    let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
    let basic =
        request.split("Authorization: Basic ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap_or_default();
    let credentials = String::from_utf8(STANDARD.decode(basic).unwrap_or_default()).unwrap_or_default();
    let known = [format!("admin:{OWNERS}"), "admin:secret".to_owned()];
    let accepted = request.starts_with("POST /v1/users/login ") && known.contains(&credentials);
    if accepted {
        let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
        logins.lock().expect("logins").push(format!("{credentials} {body}"));
    }
    let (status, body) = match accepted {
        true => ("200 OK", r#"{"users":[]}"#),
        false => ("401 Unauthorized", r#"{"errors":[{"code":1005,"title":"x","details":"x"}]}"#),
    };
    let head = "Content-Type: application/json\r\nWWW-Authenticate: Basic\r\nConnection: close";
    let answer = format!("HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes());
}

#[test]
fn a_login_that_gives_no_token_is_final_for_the_run() {
    for fresh in [true, false] {
        let folder = tempfile::tempdir().expect("folder");
        let target = tokenless();
        let mut command = wabizspec(folder.path());
        command.args(["run", "--target", &target.url, "--allow", "users,passwords", "--registration", "open"]);
        // None of these logs in as admin itself.
        command.args(["users/*", "tokens/made-up-*", "login/unknown-user*"]);
        match fresh {
            true => command.arg("--fresh"),
            false => command.env("WABIZSPEC_ADMIN_PASSWORD", OWNERS),
        };
        let output = command.args(["--report", "json"]).output().expect("run");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        let cases = report["cases"].as_array().expect("cases");
        let why = "the login gave no token: status 200";
        let blocked = |case: &&serde_json::Value| {
            case["verdict"] == "blocked" && case["reason"].as_str().is_some_and(|reason| reason.contains(why))
        };
        assert!(cases.iter().filter(blocked).count() > 100, "{}", told(&output));
        let logins = target.logins.lock().expect("logins");
        // One when the first case needs it, and one more when the run tidies up.
        assert!((1..=2).contains(&logins.len()), "{} logins: {logins:#?}", logins.len());
    }
}
