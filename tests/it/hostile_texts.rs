//! A target that puts secrets and commands into every part of its answers: no report, snapshot or finding shows a secret
//! in any encoding, and nothing that is written controls a terminal or the log of a CI server.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{
    Address, Asked, Ended, FORMATS, PASSWORD as VARIABLE, Place, Program, Server, answer, answering, reports,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};

/// The owner's password, a header of the owner's, and a token of the target's: with all that is escaped somewhere.
const PASSWORD: &str = "C4naryPassw0rdOne \"&</é'+%x";
const HEADER: &str = "C4naryHeaderValue\"&<2/'+%y";
const TOKEN: &str = "C4naryT0kenThree\"&<\\/é'+%z";
const SECRETS: [&str; 3] = [PASSWORD, HEADER, TOKEN];

/// What terminals, GitHub, Azure, TeamCity and GitLab would obey.
const COMMANDS: &str = "##vso[task.x]y ##[error]y ::error file=a,line=1::y ::group::y ::stop-commands::y ##teamcity[y \
    section_start:1:y\u{1b}[0K \u{1b}]52;c;aGk=\u{7} \u{9b}2J \u{202e}y \u{7f}";

fn each_char(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn each_byte(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

/// The text in every encoding, each by its name.
fn encodings(text: &str) -> Vec<(&'static str, String)> {
    let go = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        '&' | '<' | '>' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    let python = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_ascii() => c.to_string(),
        c => format!("\\u{:04x}", u32::from(c)),
    };
    let php = |c: char| if c == '/' { "\\/".to_owned() } else { python(c) };
    let html = |c: char| match c {
        '"' => "&quot;".to_owned(),
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '\'' => "&#39;".to_owned(),
        'é' => "&eacute;".to_owned(),
        c => c.to_string(),
    };
    let within = format!("{{\"user\":\"a\",\"password\":\"{text}\"}}");
    vec![
        ("as it is", text.to_owned()),
        ("in upper case", text.to_uppercase()),
        ("in lower case", text.to_lowercase()),
        ("JSON of Go", each_char(text, go)),
        ("JSON of Python", each_char(text, python)),
        ("JSON of PHP", each_char(text, php)),
        ("JSON, escaped whole", each_char(text, |c| format!("\\u{:04X}", u32::from(c)))),
        ("JSON within JSON", each_char(&each_char(text, python), python)),
        ("HTML", each_char(text, html)),
        ("HTML, escaped whole", each_char(text, |c| format!("&#x{:x};", u32::from(c)))),
        ("percent signs", each_byte(text, |byte| format!("%{byte:02X}"))),
        ("percent signs, lower case", each_byte(text, |byte| format!("%{byte:02x}"))),
        ("a form", form_urlencoded::byte_serialize(text.as_bytes()).collect()),
        ("hexadecimal", each_byte(text, |byte| format!("{byte:02x}"))),
        ("hexadecimal, upper case", each_byte(text, |byte| format!("{byte:02X}"))),
        ("hexadecimal escapes", each_byte(text, |byte| format!("\\x{byte:02x}"))),
        ("base64", STANDARD.encode(text)),
        ("base64 for URLs", URL_SAFE.encode(text)),
        ("base64 within something longer", STANDARD.encode(&within)),
        ("base64 of credentials", URL_SAFE.encode(format!("admin:{text}!"))),
    ]
}

/// What is searched for of an encoding: the longest run that no report escapes, from its middle on.
fn telling(encoded: &str) -> String {
    let normal = normal(encoded);
    let plain = |c: char| !c.is_ascii_alphanumeric();
    match normal.split(plain).max_by_key(|run| run.len()) {
        // Base64 depends at its ends on what is beside it.
        Some(run) if run.len() >= 40 => run[run.len() / 2 - 8..run.len() / 2 + 8].to_owned(),
        Some(run) if run.len() >= 12 => run.to_owned(),
        _ => normal.chars().take(24).collect(),
    }
}

/// Case, and what reports escape, taken out.
fn normal(text: &str) -> String {
    let text = text.to_lowercase().replace('\\', "");
    text.replace("&amp;", "&").replace("&amp;", "&").replace("%25", "%")
}

#[track_caller]
fn shows_no_secret(name: &str, text: &str) {
    let text = normal(text);
    for secret in SECRETS {
        for (encoding, encoded) in encodings(secret) {
            let sought = telling(&encoded);
            if let Some(at) = text.find(&sought) {
                let around = text.floor_char_boundary(at.saturating_sub(300))..text.floor_char_boundary(at + 200);
                panic!("{name} shows {secret} ({encoding}, {sought}): {}", &text[around]);
            }
        }
    }
}

#[track_caller]
fn drives_nothing(name: &str, text: &str) {
    for line in text.lines() {
        let drives = |c: char| (c.is_control() && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!line.contains(drives), "{name}: {line:?}");
        for command in ["##vso[", "##[", "##teamcity[", "section_start:", "section_end:"] {
            assert!(!line.contains(command), "{name} gives the command {command}: {line}");
        }
        // The annotations of our own are commands, and only these.
        let ours = ["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start));
        let line = match ours && name.contains("github") {
            true => line.splitn(3, "::").nth(2).unwrap_or_default(),
            false => line,
        };
        for command in ["error", "warning", "notice", "debug", "group", "stop-commands", "add-mask"] {
            let bare = line.contains(&format!("::{command}::"));
            let with = line.split_once(&format!("::{command} ")).is_some_and(|(_, rest)| rest.contains("::"));
            assert!(!bare && !with, "{name} gives the command {command}: {line}");
        }
    }
}

/// Both of a text, and of every text in it where it is JSON.
#[track_caller]
fn is_clean(name: &str, text: &str) {
    shows_no_secret(name, text);
    drives_nothing(name, text);
    for line in text.lines().chain([text]) {
        if let Ok(value) = serde_json::from_str::<Value>(line) {
            each_string(&value, &mut |text| drives_nothing(name, text));
        }
    }
}

fn each_string(value: &Value, look: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(items) => items.iter().for_each(|item| each_string(item, look)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            look(name);
            each_string(value, look);
        }),
        _ => {}
    }
}

const PLACES: usize = 11;

/// The answer to the request of that number: a secret in an encoding of its own and the commands, in a place of its own.
fn hostile(number: usize) -> Vec<u8> {
    let secret = SECRETS[number % SECRETS.len()];
    let encodings = encodings(secret);
    let (_, encoded) = &encodings[number / PLACES % encodings.len()];
    let text = format!("{encoded} {COMMANDS}");
    // Only what RFC 9110 calls a token is the name of a header (§5.6.2).
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let name = match encoded.chars().all(is_token) {
        true => encoded.clone(),
        false => each_byte(secret, |byte| format!("{byte:02x}")),
    };
    // What ends a line ends a header.
    let line = text.replace(['\r', '\n'], " ");
    // Encodings of JSON are JSON already.
    let quoted = match encoded.contains('\\') {
        true => format!("\"{encoded} {}", &json!(COMMANDS).to_string()[1..]),
        false => json!(text).to_string(),
    };
    let (mut reason, mut headers, mut kind) = ("No".to_owned(), String::new(), "application/json".to_owned());
    let mut body = r#"{"errors":[{"code":1000,"title":"x"}]}"#.to_owned();
    match number % PLACES {
        0 => reason = line,
        1 => headers = format!("X-{name}: {line}\r\n"),
        2 => kind = line,
        3 => body = format!("{{{quoted}:1,{quoted}:2}}"),
        4 => body = format!("{{\"errors\":[{{\"code\":{quoted},\"title\":[{quoted}],\"details\":{{{quoted}:1}}}}]}}"),
        5 => body = text,
        6 => body = format!("{{\"meta\":{{\"version\":{quoted},\"api_status\":{quoted}}},\"users\":{quoted}}}"),
        7 => headers = format!("Content-Length: {line}\r\n"),
        8 => body = format!("panicked at {text}"),
        9 => {
            let body = format!("{:x}\r\n{body}\r\n0\r\nX-Trailer: {line}\r\n\r\n", body.len());
            let head = "HTTP/1.1 500 No\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            return format!("{head}{body}{line}").into_bytes();
        }
        _ => body = format!("{{\"errors\":[{{\"code\":1,\"title\":\"x\"}}]}}{text}"),
    }
    if !headers.starts_with("Content-Length") {
        headers += &format!("Content-Length: {}\r\n", body.len());
    }
    format!("HTTP/1.1 500 {reason}\r\nContent-Type: {kind}\r\n{headers}\r\n{body}").into_bytes()
}

/// A target that lets everybody log in and answers all else with something hostile.
fn target() -> Server {
    let count = AtomicUsize::new(0);
    let good = json!({
        "users": [{ "token": TOKEN, "expires_after": "2999-01-01 00:00:00+00:00", "username": "x" }],
        "meta": { "version": "v2.37.1", "api_status": "stable" },
    });
    answering(move |asked: &Asked| {
        let is_good = ["/v1/users/login", "/v1/users"].iter().any(|path| asked.is("POST", path));
        match is_good || asked.method == "DELETE" {
            true => answer("200 OK", "", good.to_string()),
            false => hostile(count.fetch_add(1, Ordering::SeqCst)),
        }
    })
}

fn run(place: &Place, line: &str) -> Ended {
    let headers = format!("[target]\nheaders = {{ X-Api-Key = {} }}\n", json!(HEADER));
    place.program(line).env(VARIABLE, PASSWORD).file("wabizspec.toml", &headers).end()
}

/// Holds all that a program has said and written, but for files that people do not read.
#[track_caller]
fn all_is_clean(what: &str, ended: &Ended) {
    is_clean(&format!("{what}, said"), &ended.said());
    let mut files = 0;
    for path in ended.place().files() {
        let name = path.display().to_string();
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let is_read = FORMATS.contains(&&*ending) || ["snap", "new", "sh", "toml", "txt"].contains(&&*ending);
        if is_read && !name.ends_with("wabizspec.toml") {
            is_clean(&format!("{what}, {name}"), &std::fs::read_to_string(&path).expect("text"));
            files += 1;
        }
    }
    assert!(files > 5, "{what} has written {files} files");
}

#[test]
fn no_report_and_no_snapshot_shows_a_secret_or_drives_anything() {
    let (target, place) = (target(), Place::new());
    let known = "[[known]]\ncase = \"users/x::*\"\nrequirement = \"a\"\nsignature = \"::error::a ##vso[b]\"\nreason = \"##[c]\"\n";
    place.write("known.baseline", known);
    let line = "--allow users --registration open -v --fail-on=should --snapshots snapshots --baseline known.baseline";
    let all =
        format!("run --target {} {line} {} users tokens envelope account", target.url(), reports("out").join(" "));
    let ended = run(&place, &all);
    let failed: usize = ended.said().matches("FAIL ").count();
    assert!(failed > PLACES * 8, "{failed} cases failed: {}", ended.said());
    all_is_clean("run", &ended);
    for format in FORMATS {
        let merged = place.program(&format!("merge out.ndjson --report {format}")).end();
        assert!(merged.stdout.len() > 1000, "{}", merged.said());
        is_clean(&format!("merge to {format}"), &merged.said());
    }
}

#[test]
fn a_changed_snapshot_is_shown_without_secrets_and_commands() {
    let (target, place) = (target(), Place::new());
    let line = format!("run --target {} --registration open -v --snapshots kept envelope users/read*", target.url());
    run(&place, &format!("{line} --accept"));
    let ended = run(&place, &format!("{line} --report=json=out.json")).says("the answers as accepted");
    is_clean("the diff", &ended.said());
    is_clean("the diff in the report", &ended.file("out.json"));
}

#[test]
fn no_finding_of_the_fuzzer_shows_a_secret_or_drives_anything() {
    let (target, place) = (target(), Place::new());
    let line = "--requests 600 --seed 7 --out out --report json=out.json";
    let ended = run(&place, &format!("fuzz all --target {} {line}", target.url()));
    assert!(ended.said().matches("must ").count() > 10, "{}", ended.said());
    all_is_clean("fuzz", &ended);
    let replayed = run(&place, &format!("replay out/findings --target {}", target.url())).says("reproduced ");
    is_clean("replay", &replayed.said());
}

#[test]
fn a_report_that_somebody_else_wrote_drives_nothing() {
    let text = json!(COMMANDS).to_string();
    let stream = include_str!("hostile_texts/report.ndjson").replace("TEXT", text.trim_matches('"'));
    let merge = |line: &str| {
        let merged = Program::new("merge").args(line).file("hostile.ndjson", &stream).end().says("vso[");
        is_clean(line, &merged.said());
        merged
    };
    for format in FORMATS {
        merge(&format!("-v hostile.ndjson --report {format}"));
    }
    merge("hostile.ndjson ./hostile.ndjson").exited(2);
}
