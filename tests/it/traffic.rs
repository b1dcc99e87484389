//! Traffic: what a run writes down as HAR 1.2, and what the judge says of recordings, its own and others'.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::*;

/// Every member of HAR 1.2 by its object, with whether it must be there. An object that holds others names them by a dot.
const MEMBERS: &str = include_str!("traffic/har-1.2.txt");

/// Checks an object against the list: it has every member that it must have, of that type, and none of another name.
fn check(place: &str, object: &Value) {
    let mut known = BTreeSet::new();
    for line in MEMBERS.lines().filter_map(|line| line.strip_prefix(place)?.strip_prefix(' ')) {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, kind, must] = words[..] else { panic!("{place} {line}") };
        known.insert(name);
        let Some(value) = object.get(name) else {
            assert_eq!(must, "optional", "{place} has no {name}: {object}");
            continue;
        };
        match kind {
            "text" => assert!(value.is_string(), "{place}.{name}: {value}"),
            "number" => assert!(value.as_f64().is_some_and(|number| number >= -1.0), "{place}.{name}: {value}"),
            "instant" => drop(value.as_str().expect(name).parse::<jiff::Timestamp>().expect("ISO 8601")),
            other => match other.strip_suffix("[]") {
                Some(item) => value.as_array().expect(name).iter().for_each(|value| check(item, value)),
                None => check(other, value),
            },
        }
    }
    assert!(!known.is_empty(), "{place} is in the list");
    for (name, _) in object.as_object().expect(place) {
        assert!(known.contains(name.as_str()) || name.starts_with('_'), "{place}.{name} is in no list");
    }
}

fn entries(har: &Value) -> &[Value] {
    har["log"]["entries"].as_array().expect("entries")
}

#[test]
fn a_run_is_written_down_with_the_members_of_the_format_and_no_others() {
    let cases =
        "run login/control users/control tokens/several-blanks login/not-utf8 login/without-* envelope/hostile-*";
    let run = Program::new(cases).args("--embedded --report har=run.har").end().exited(0);
    let har = run.place().json("run.har");
    check("document", &har);
    assert_eq!((&har["log"]["version"], &har["log"]["creator"]["name"]), (&json!("1.2"), &json!("wabizspec")));
    let of_case = |id: &str| entries(&har).iter().filter(|entry| text(entry, "comment").starts_with(id)).count();
    assert!(of_case("login/control › ") >= 2 && of_case("set-up") >= 2);
    for entry in entries(&har) {
        let parts = ["send", "wait", "receive"].map(|part| entry["timings"][part].as_f64().expect(part));
        assert!((parts.iter().sum::<f64>() - entry["time"].as_f64().expect("time")).abs() < 1e-6, "{entry}");
    }
}

#[test]
fn a_body_that_is_no_text_is_in_base64() {
    let target = answering(|_| answer("200 OK", "Content-Type: application/json\r\n", b"\xff\xfe{}"));
    let run = Program::new("run login/control --fresh --report har=run.har").at(&target).end();
    let har = run.place().json("run.har");
    check("document", &har);
    let content = &entries(&har)[0]["response"]["content"];
    assert_eq!(
        (&content["text"], &content["encoding"], &content["size"]),
        (&json!("//57fQ=="), &json!("base64"), &json!(4))
    );
}

#[test]
fn a_recording_is_whole_when_the_run_is_killed() {
    let (place, target) = (Place::new(), Served::reference());
    let run = place.program("run --report har=run.har --fresh --allow users,passwords").list(["--target", &target.url]);
    let mut run = run.start();
    let length = || std::fs::metadata(place.join("run.har")).map_or(0, |file| file.len());
    run.still_runs_until(|| length() > 20_000);
    run.kill();
    let har = place.json("run.har");
    check("document", &har);
    assert!(entries(&har).len() > 5);
}

#[test]
fn a_recording_holds_no_secret_of_the_run() {
    let (place, target) = (Place::new(), Served::reference());
    let line = "run login/control login/first-login tokens/control --fresh --allow users,passwords --journal journal";
    place.program(line).args("--report har=run.har").list(["--target", &target.url]).end();
    let (text, journal) = (place.read("run.har"), place.read("journal"));
    let har = place.json("run.har");
    let mut tokens = 0;
    for entry in entries(&har) {
        let body = entry["response"]["content"]["text"].as_str().unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        if let Some(token) = body["users"][0]["token"].as_str() {
            tokens += 1;
            assert!(token.strip_prefix("redacted-").is_some_and(|name| name.len() == 16), "{token}");
        }
    }
    assert!(tokens > 3);
    let mut passwords = 0;
    for line in journal.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_default();
        let (name, password) = (entry["password"]["account"].as_str(), entry["password"]["password"].as_str());
        if let (Some("admin"), Some(password)) = (name, password) {
            passwords += 1;
            assert!(password == "secret" || !text.contains(password), "{password}");
        }
    }
    assert!(passwords > 0, "{journal}");
}

/// Takes out what the run says of its own requests.
fn without_comments(place: &Place, name: &str) {
    let mut har = place.json(name);
    for entry in har["log"]["entries"].as_array_mut().expect("entries") {
        entry.as_object_mut().expect("an entry").remove("comment");
    }
    place.write(name, har.to_string());
}

fn judge(place: &Place, line: &str) -> Ended {
    place.program("judge --report json=judged.json").args(line).end()
}

#[test]
fn the_recording_of_a_conforming_run_is_not_accused_and_says_what_it_touched() {
    let place = Place::new();
    place.program("run login users tokens account --embedded --report har=run.har").end().exited(0);
    without_comments(&place, "run.har");
    for options in ["", " --complete"] {
        let judged = judge(&place, &format!("run.har --fail-on should{options}")).exited(0);
        let report = Report(judged.place().json("judged.json"));
        assert_eq!(report.requirement("login.answer.token"), "pass");
        // Nobody waited for seven days without a request, and nothing moved a clock behind the recording.
        assert_eq!(report.requirement("envelope.unknown-path"), "skipped");
        assert!(report.0["coverage"]["operations"]["POST /v1/users/login"].as_u64() > Some(100));
        assert_eq!(report.0["coverage"]["errors"]["1026"], 0);
        assert!(report.0["coverage"]["statuses"]["401"].as_u64() > Some(10));
    }
}

#[test]
fn the_commands_of_the_documents_work() {
    let page = include_str!("../../docs/traffic.md");
    let commands = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("commands");
    let place = Place::new();
    for line in commands.lines() {
        let words = line.split('#').next().and_then(|line| line.strip_prefix("wabizspec ")).expect("a command");
        place.program(words).end().exited(0);
    }
    assert!(place.has("report.html") && place.has("report.json"));
}

#[test]
fn faults_are_found_in_recordings_of_a_run_against_them() {
    for (fault, cases, requirement) in [
        (
            "login.refused.wrong-password-forbidden",
            "login/wrong-password login/control",
            "login.refused.wrong-password",
        ),
        ("tokens.logout.token-lives-on", "tokens/logout* tokens/control", "tokens.logout.token-dead"),
        ("tokens.deleted-user.live-on", "tokens/each-of-a-deleted-user* tokens/control", "tokens.deleted-user.dead"),
        ("users.username.no-longest", "users/username-too-long users/control", "users.username.too-long"),
        ("users.create.role-on-request", "users/create* users/control", "users.create.no-promotion"),
    ] {
        let place = Place::new();
        let target = Served::with_fault(fault);
        let reset = format!("POST {}/__control/reset", target.url);
        place
            .program("run")
            .args(cases)
            .reset(&reset)
            .args("--report har=run.har")
            .list(["--target", &target.url])
            .end()
            .exited(1);
        without_comments(&place, "run.har");
        let judged = judge(&place, "run.har").exited(1);
        assert_eq!(Report(judged.place().json("judged.json")).requirement(requirement), "fail", "{fault}");
    }
}

/// A request with its method, path, `Authorization` and body, and the status and body of its answer.
type Recorded<'e> = (&'e str, &'e str, Option<&'e str>, &'e str, u16, &'e str);

/// A recording of others.
fn recording(exchanges: &[Recorded<'_>]) -> String {
    let mut entries = Vec::new();
    for (second, (method, path, authorization, body, status, answer)) in exchanges.iter().enumerate() {
        let mut headers = vec![json!({ "name": "host", "value": "api.example" })];
        headers.extend(authorization.map(|value| json!({ "value": value, "name": "authorization" })));
        headers.push(json!({ "name": "content-type", "value": "application/json" }));
        entries.push(json!({
            "response": {
                "status": status, "httpVersion": "h2", "cookies": [{ "name": "a", "value": "b" }],
                "headers": [
                    { "name": "content-type", "value": "application/json" },
                    { "name": "date", "value": format!("Sat, 28 Nov 2026 04:00:{second:02} GMT") },
                    { "name": "www-authenticate", "value": if path.ends_with("login") { "Basic" } else { "Bearer" } },
                ],
                "content": { "text": STANDARD.encode(answer), "encoding": "base64", "size": answer.len() },
            },
            "request": {
                "postData": if body.is_empty() { Value::Null } else { json!({ "text": body }) },
                "url": format!("https://api.example{path}"), "headers": headers, "method": method, "httpVersion": "h2",
            },
            "time": 12.5, "startedDateTime": format!("2026-11-28T04:00:{second:02}.000Z"), "_custom": { "a": [1] },
        }));
    }
    json!({ "log": { "entries": entries } }).to_string()
}

const LOGIN: &str = "/v1/users/login";

fn token(token: &str) -> String {
    format!("{{\"users\":[{{\"token\":\"{token}\",\"expires_after\":\"2026-12-05 04:00:00+00:00\"}}]}}")
}

/// What the judge finds of level must in such a recording.
fn broken(exchanges: &[Recorded<'_>], options: &str) -> Vec<String> {
    let place = Place::new();
    place.write("others.har", recording(exchanges));
    let judged = judge(&place, &format!("others.har {options}"));
    let report = Report(judged.place().json("judged.json"));
    let failed = report.cases().iter().filter(|case| case["verdict"] == "fail");
    failed.flat_map(broken_by).map(str::to_owned).collect()
}

#[test]
fn what_is_known_is_held_against_a_target_and_what_is_unknown_is_not() {
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let (right, wrong) = (basic("anna:Kq7#vTzp2W"), basic("anna:Another-1x"));
    let error = r#"{"errors":[{"code":1005,"title":"Access denied"}]}"#;
    let first = ("POST", LOGIN, Some(&*right), "{}", 200, &*token("tok-one"));
    let nothing: [String; 0] = [];
    let out = ("POST", "/v1/users/logout", Some("Bearer tok-one"), "", 200, "{}");
    let shown = r#"{"users":[{"username":"anna","ROLES":"ROLE_USER"}]}"#;
    let read = |authorization| ("GET", "/v1/users/anna", authorization, "", 200, shown);
    // A password that was just right is refused: it may have been changed elsewhere, or the target was reset.
    let refused = ("POST", LOGIN, Some(&*right), "{}", 401, error);
    assert_eq!(broken(&[first, refused], ""), nothing);
    // Unless what was there before is still there.
    assert_eq!(broken(&[first, refused, read(Some("Bearer tok-one"))], ""), ["login.credentials.accepted"]);
    // Another one is taken too.
    let taken = ("POST", LOGIN, Some(&*wrong), "{}", 200, &*token("tok-two"));
    assert_eq!(broken(&[first, taken], ""), ["login.refused.wrong-password"]);
    assert_eq!(broken(&[taken], ""), nothing);
    // A token that was given back works.
    assert_eq!(broken(&[first, out, read(Some("Bearer tok-one"))], ""), ["tokens.logout.token-dead"]);
    assert_eq!(broken(&[out, read(Some("Bearer tok-one"))], ""), nothing);
    // Without a token, where the recorder kept the others.
    assert_eq!(broken(&[first, read(None)], ""), ["tokens.bearer.required"]);
    assert_eq!(broken(&[read(None)], ""), nothing);
    // Recorders that hide secrets write the same for all of them.
    let masked = ("POST", LOGIN, Some("[REDACTED]"), "{}", 200, &*token("[REDACTED]"));
    let masked_out = ("POST", "/v1/users/logout", Some("Bearer [REDACTED]"), "", 200, "{}");
    assert_eq!(broken(&[masked, masked, masked_out, read(Some("Bearer [REDACTED]"))], "--complete"), nothing);
}

#[test]
fn what_is_no_recording_is_refused_with_the_number_of_the_entry() {
    let good = recording(&[("POST", LOGIN, None, "{}", 401, "")]);
    let with = |find: &str, replace: &str| {
        assert!(good.contains(find), "{find}: {good}");
        good.replacen(find, replace, 1)
    };
    let mut huge = String::new();
    write!(huge, "\"text\":\"{}\"", "a".repeat(70 << 20)).expect("text");
    for (text, says) in [
        (String::new(), "EOF"),
        ("[]".to_owned(), "expected an object with the member `log`"),
        ("{}".to_owned(), "no `log`"),
        (r#"{"log":{"entries":7}}"#.to_owned(), "an array of entries"),
        (good[..good.len() - 9].to_owned(), "cannot be judged"),
        (with("\"method\":\"POST\"", "\"method\":7"), "entry 1: invalid type"),
        (with("\"status\":401", "\"status\":70000"), "entry 1: invalid value"),
        (with("\"status\":401", "\"status\":\"401\""), "entry 1: invalid type"),
        (with("2026-11-28T04:00:00.000Z", "yesterday"), "entry 1: "),
        (with("https://api.example/v1", "api.example"), "entry 1: `url` is not a URL"),
        (with("\"encoding\":\"base64\"", "\"encoding\":\"gzip\""), "entry 1: `gzip` is not an encoding"),
        (with("\"_custom\":{\"a\":[1]}", &format!("\"_custom\":{}", "[".repeat(1_000_000))), "entry 1: "),
        (with("\"method\":\"POST\"", &format!("\"method\":{}", "[".repeat(1_000_000))), "entry 1: invalid type"),
        (with("\"text\":\"{}\"", &huge), "entry 1: an entry has more than 64 MiB"),
    ] {
        let place = Place::new();
        place.write("x.har", &text);
        let shown: String = text.chars().take(60).collect();
        assert!(judge(&place, "x.har").exited(2).said().contains(says), "{says}: {shown}");
    }
    // Odd, and no error.
    for text in
        [with("\"time\":12.5", "\"time\":1e300"), with("\"time\":12.5", "\"time\":-4"), with("\"time\":12.5,", "")]
    {
        let place = Place::new();
        place.write("x.har", &text);
        judge(&place, "x.har").exited(0);
    }
}

#[test]
fn without_a_call_of_the_api_nothing_is_judged() {
    let place = Place::new();
    place.write("x.har", recording(&[("GET", "/favicon.ico", None, "", 200, "x"), ("GET", "/", None, "", 200, "x")]));
    judge(&place, "x.har").exited(3);
    place.write("x.har", recording(&[("POST", LOGIN, None, "{}", 401, "")]));
    judge(&place, "x.har --target https://other.example").exited(3);
    judge(&place, "x.har --report har=y.har").exited(2).says("wabizspec run");
    place.program("merge x.har --report har=y.har").end().exited(2).says("wabizspec run");
}
