//! Reports of what no real run brings: a great many findings, and texts made to break out.

use crate::harness::Program;
use serde_json::{Value, json};

const HOSTILE: &str =
    "</pre></details><script>pwned()</script> | `x` ```\n~~~\n::error::x\u{0}\u{1b}[2J\u{fffe}]]> @all #1 $x$";

/// The report of a run with those cases.
fn report(format: &str, cases: impl Iterator<Item = Value>) -> String {
    let requirement = |number| json!({ "id": format!("login.rule-{number}"), "level": "must", "says": "It is `so`.", "source": "page, section", "oracle": false });
    let requirements: Vec<Value> = (0..50).map(requirement).collect();
    let started = json!({ "started": {
        "version": "0.0.0", "at": "2026-01-02T03:04:05Z", "cases": 1, "planned_resets": 0, "fail_on": "must",
        "target": { "url": "http://target", "embedded": false, "registration": null }, "requirements": requirements,
    }});
    let ended = json!({ "ended": { "complete": true, "interrupted": false, "elapsed_ms": 1 } });
    let events = [started].into_iter().chain(cases).chain([ended]);
    let stream: String = events.map(|event| format!("{event}\n")).collect();
    Program::new("merge run.ndjson --report").args(format).file("run.ndjson", &stream).end().stdout
}

fn case(number: usize, verdict: &str, text: &str) -> Value {
    let rule = format!("login.rule-{}", number % 50);
    let level = if verdict == "fail" { "must" } else { "should" };
    let reason = if ["blocked", "known"].contains(&verdict) { json!(text) } else { Value::Null };
    let mismatch = json!({ "at": "/users", "expected": format!("no {level} of {rule}"), "observed": text });
    json!({ "case": {
        "id": format!("login/case-{number}"), "title": "It is shown", "file": "scenarios/login/case.toml", "line": number,
        "verdict": verdict, "reason": reason, "duration_ms": 1, "control": false, "twin": null, "cites": [rule],
        "findings": [{ "requirement": rule, "level": level, "step": "ask", "mismatches": [mismatch] }],
        "observations": [{ "requirement": null, "what": text }], "reproduce": [format!("curl '{text}'")],
        "exchanges": [format!("> GET /\n< {text}\n")],
    }})
}

#[test]
fn a_job_summary_stays_below_what_github_takes() {
    let long = "x".repeat(20_000);
    let text = report("markdown", (0..300).map(|number| case(number, "fail", &long)));
    assert!(text.len() < 1024 * 1024, "{} bytes", text.len());
    assert!(text.starts_with("## ❌ wabizspec: does not conform\n"), "the verdict comes first");
    assert!(text.contains("| 0 | 300 |"), "{}", &text[..400]);
    let shown = text.matches("<details>").count();
    assert!(shown > 5 && shown == text.matches("</details>").count());
    assert!(text.contains(&format!("and {} more failing cases", 300 - shown)));
}

#[test]
fn annotations_are_as_many_as_github_shows() {
    let failing = (0..200).map(|number| case(number, "fail", HOSTILE));
    let warning = (200..400).map(|number| case(number, "pass", HOSTILE));
    let blocked = (400..410).map(|number| case(number, "blocked", HOSTILE));
    let text = report("github", failing.chain(warning).chain(blocked));
    let of = |kind: &str| text.lines().filter(|line| line.starts_with(&format!("::{kind} "))).count();
    assert_eq!((of("error"), of("warning"), of("notice"), text.lines().count()), (10, 10, 0, 20));
    assert!(text.lines().nth(9).is_some_and(|line| line.contains("and 43 more")), "{text}");
    assert!(text.lines().all(|line| line.len() < 16 * 1024));
}

#[test]
fn no_text_breaks_out_of_its_place() {
    let cases = || ["fail", "pass", "blocked", "known"].into_iter().enumerate();
    let report = |name| report(name, cases().map(|(number, verdict)| case(number, verdict, HOSTILE)));
    let html = report("html");
    assert_eq!(html.matches("<script").count(), 1, "only our own");
    assert!(html.contains("&lt;script&gt;pwned()"));
    for line in report("github").lines() {
        assert!(line.starts_with("::error ") || line.starts_with("::warning "), "{line}");
    }
    let junit = report("junit");
    assert!(!junit.contains(['\u{0}', '\u{1b}', '\u{fffe}']) && !junit.contains("<script"));
    assert!(junit.contains("\\u{0}\\u{1b}[2J\\u{fffe}]]&gt;"), "{junit}");
    // In Markdown, it is in fences that it cannot close, and escaped elsewhere.
    let mut fence: Option<&str> = None;
    let markdown = report("markdown");
    for line in markdown.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks.len() > 2 => fence = Some(ticks),
            None => assert!(!line.contains("<script") && !line.starts_with("::"), "{line}"),
        }
    }
    assert_eq!(fence, None);
    let json: Value = serde_json::from_str(&report("json")).expect("JSON");
    // JSON could have it as it is; a program that prints the document is spared it all the same.
    let harmless = HOSTILE.replace("::error", ":\\u{3a}error");
    let harmless = harmless.replace('\0', "\\u{0}").replace('\u{1b}', "\\u{1b}").replace('\u{fffe}', "\\u{fffe}");
    assert_eq!(json["cases"][0]["observations"][0]["what"], harmless);
    assert_eq!(report("ndjson").lines().count(), 6);
}
