//! The report of a run, and its events.

use serde_json::{Value, json};

use super::Shape;
use crate::harness::*;
use crate::reports::hostile;

/// What runs wrote: their reports, and each line of their streams.
#[derive(Default)]
struct Runs {
    reports: Vec<Value>,
    events: Vec<Value>,
}

/// Both reports that [`Runs`] reads.
const BOTH: &str = "--report json=it.json --report ndjson=it.ndjson";

impl Runs {
    #[track_caller]
    fn run(&mut self, program: Program) -> Ended {
        let ended = program.args(BOTH).end();
        assert!(matches!(ended.code, Some(0 | 1 | 3)), "{}", ended.said());
        self.take(ended.place());
        ended
    }

    fn take(&mut self, place: &Place) {
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        self.reports.push(place.json("it.json"));
        self.events.extend(place.read("it.ndjson").lines().map(line).collect::<Vec<Value>>());
    }

    /// All of them are as the schemas say, and in one of them is each of these words, as a member or as a value.
    #[track_caller]
    fn hold(&self, words: &[&str]) {
        let all = json!([self.reports, self.events]).to_string();
        none(words.iter().filter(|word| !all.contains(&format!("\"{word}\""))).map(|word| format!("no `{word}`")));
        Shape::named("report").holds(&self.reports);
        Shape::named("events").holds(&self.events);
    }
}

/// The whole suite against a client with many faults, and parts of it against servers that do everything wrong.
#[test]
fn faults() {
    let mut runs = Runs::default();
    let faults = [
        "envelope.error-shape.without-title",
        "login.first.default-password-accepted",
        "login.robustness.no-colon",
        "login.robustness.deep-nesting-closes",
    ];
    let server = faulty(&faults);
    runs.run(Program::new("run").at(&server).resetting(&server));
    runs.run(Program::new("run login/f* users/c* tokens/l* --fresh --fail-on should").at(&hostile()));
    runs.run(Program::new("run login/control envelope --fresh").at(&silent()).args("--timeout 300ms"));
    let words =
        ["findings", "causes", "about", "got", "expected", "not_asked", "error-code", "status", "no-crash", "broken"];
    runs.hold(&words);
}

/// Cases that are not judged, each for its reason.
#[test]
fn reasons() {
    let mut runs = Runs::default();
    runs.run(Program::new("run login/control tokens/control envelope/control"));
    runs.run(Program::new("run").at(&in_use("open")).password());
    runs.run(Program::new("run account login --registration sunset --max-fail 1 --fresh").at(&hostile()));
    runs.run(Program::new("run login/control users/control --fresh").at(&nobody()).args("--wait 1s"));
    let moved = answering(|_| "HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n");
    runs.run(Program::new("run login/control users/control --fresh").at(&moved));
    let throttling = Proxy::answering(|asked| {
        (asked.method == "GET").then(|| answer("429 Too Many Requests", "Retry-After: 0\r\n", "{}"))
    });
    runs.run(Program::new("run users/read-admin login/control --fresh --allow users").at(&throttling));
    let words = ["skipped", "no-answer", "not-the-api", "redirect", "throttled", "enough-failures", "proven", "twin"];
    runs.hold(&words);
}

/// Failures that the owner knows.
#[test]
fn known_failures() {
    let mut runs = Runs::default();
    let place = Place::new();
    let server = faulty(&["envelope.error-shape.without-title"]);
    let run =
        |line: &str| place.program("run login/control envelope/control").at(&server).resetting(&server).args(line);
    run("--write-baseline known.toml").end().exited(1);
    let why = "issue = \"https://tracker.example/7\"\nexpires = 2999-12-31\nreason = ";
    place.write("known.toml", place.read("known.toml").replace("reason = ", why));
    runs.run(run("--baseline known.toml")).exited(0);
    runs.hold(&["known", "issue", "until"]);
}

/// Runs that did not come to their end, parts of a run, and parts put together.
#[test]
fn parts() {
    let mut runs = Runs::default();
    let place = Place::new();
    runs.run(place.program("run tokens --shard 1/2"));
    let lines = place.read("it.ndjson");
    place.write("1.ndjson", &lines);
    runs.run(place.program("merge 1.ndjson")).exited(3);
    // The writer died in the middle of a line.
    place.write("1.ndjson", &lines[..lines.len() * 2 / 3]);
    place.program("merge 1.ndjson").args(BOTH).end().exited(130);
    assert!(place.json("it.json").get("elapsed_ms").is_none());
    runs.take(&place);
    let hangs = Proxy::of(&fresh("open"), |index, _| Reaction::Hang.when(index > 20));
    let run = place.program("run --timeout 600s --fresh").args(BOTH).at(&hangs).start();
    eventually("it hangs", || hangs.requests() > 21);
    run.signal("INT");
    run.end().exited(130);
    assert_eq!(place.json("it.json")["interrupted"], true);
    runs.take(&place);
    runs.hold(&["shard", "interrupted", "started"]);
}

/// Recorded traffic, which touches operations, statuses and errors.
#[test]
fn judged_traffic() {
    let mut runs = Runs::default();
    let place = Place::new();
    let server = faulty(&["envelope.error-shape.without-title"]);
    let run = place.program("run login users/control --report har=it.har").at(&server).resetting(&server);
    run.end().exited(1);
    runs.run(place.program("judge it.har"));
    runs.hold(&["coverage", "statuses"]);
}

#[test]
fn claims() {
    let server = faulty(&["envelope.error-shape.without-title", "login.first.default-password-accepted"]);
    let place = Place::new();
    place.program("run login tokens --report json=it.json").at(&server).resetting(&server).end().exited(1);
    place.program("run --embedded --report json=all.json").end().exited(0);
    let documents = ["it.json", "all.json"].map(|report| {
        place.program(&format!("claim {report} --out claim.json")).end().exited(0);
        place.json("claim.json")
    });
    for (document, outcome) in documents.iter().zip(["fails", "conforms"]) {
        assert_eq!(document["outcome"], outcome);
        assert_ne!(document["excused"], serde_json::json!([]));
    }
    Shape::named("claim").holds(&documents);
}
