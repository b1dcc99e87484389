//! Reports of what no real run brings: a hundred thousand cases' worth of findings, and texts made to break out.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use wabizspec::judge::{Finding, Mismatch, Observation, Remark, Verdict};
use wabizspec::report::{Format, Reports};
use wabizspec::requirement::Level;
use wabizspec::run::{CaseReport, Cause, Ended, Event, RequirementInfo, Started, TargetInfo};

const HOSTILE: &str =
    "</pre></details><script>pwned()</script> | `x` ```\n~~~\n::error::x\u{0}\u{1b}[2J\u{fffe}]]> @all #1 $x$";

/// A writer whose text can be looked at afterwards.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn format(name: &str) -> Format {
    let (_, format) = Format::ALL.iter().find(|(known, _)| *known == name).expect("a format");
    *format
}

/// What a report of those cases looks like.
fn report(name: &str, cases: impl Iterator<Item = CaseReport>) -> String {
    let text = Shared::default();
    let mut reports = Reports::default();
    reports.add(name, format(name).onto(Box::new(text.clone())));
    let requirement = |id: String| RequirementInfo {
        id,
        level: Level::Must,
        says: "It is `so`.".to_owned(),
        source: "page, section".to_owned(),
        oracle: false,
    };
    reports.take(&Event::Started(Started {
        version: "0.0.0".to_owned(),
        at: "2026-01-02T03:04:05Z".parse().expect("a time"),
        cases: 1,
        part: None,
        planned_resets: 0,
        target: TargetInfo { url: "http://target".to_owned(), embedded: false, registration: None },
        fail_on: Level::Must,
        requirements: (0..50).map(|number| requirement(format!("login.rule-{number}"))).collect(),
    }));
    cases.for_each(|case| reports.take(&Event::Case(Box::new(case))));
    reports.take(&Event::Ended(Ended { complete: true, interrupted: false, password_changed: false, elapsed_ms: 1 }));
    assert!(reports.finish().unwritten.is_empty());
    let bytes = text.0.lock().expect("lock").clone();
    String::from_utf8(bytes).expect("UTF-8")
}

fn case(number: usize, verdict: Verdict, text: &str) -> CaseReport {
    let mismatch = Mismatch::told("/users", "absent", text);
    CaseReport {
        id: format!("login/case-{number}"),
        title: "It is shown".to_owned(),
        file: "scenarios/login/case.toml".to_owned(),
        line: number,
        verdict,
        reason: matches!(verdict, Verdict::Blocked | Verdict::Known).then(|| Cause::SetUp(text.to_owned())),
        not_asked: None,
        duration_ms: 1,
        control: false,
        twin: None,
        cites: vec![format!("login.rule-{}", number % 50)],
        findings: vec![Finding {
            requirement: format!("login.rule-{}", number % 50),
            level: if verdict == Verdict::Fail { Level::Must } else { Level::Should },
            step: "ask".to_owned(),
            mismatches: vec![mismatch],
        }],
        observations: vec![Observation { requirement: None, what: Remark::Told(text.to_owned()) }],
        reproduce: vec![format!("curl '{text}'")],
        exchanges: vec![format!("> GET /\n< {text}\n")],
    }
}

#[test]
fn a_job_summary_stays_below_what_github_takes() {
    let long = "x".repeat(20_000);
    let text = report("markdown", (0..300).map(|number| case(number, Verdict::Fail, &long)));
    assert!(text.len() < 1024 * 1024, "{} bytes", text.len());
    assert!(text.starts_with("## ❌ wabizspec: does not conform\n"), "the verdict stands first");
    assert!(text.contains("| 0 | 300 |"), "{}", &text[..400]);
    let shown = text.matches("<details>").count();
    assert!(shown > 5 && shown == text.matches("</details>").count());
    assert!(text.contains(&format!("and {} more failing cases", 300 - shown)));
}

#[test]
fn annotations_are_as_many_as_github_shows() {
    let failing = (0..200).map(|number| case(number, Verdict::Fail, HOSTILE));
    let warning = (200..400).map(|number| case(number, Verdict::Pass, HOSTILE));
    let blocked = (400..410).map(|number| case(number, Verdict::Blocked, HOSTILE));
    let text = report("github", failing.chain(warning).chain(blocked));
    let of = |kind: &str| text.lines().filter(|line| line.starts_with(&format!("::{kind} "))).count();
    assert_eq!((of("error"), of("warning"), of("notice"), text.lines().count()), (10, 10, 0, 20));
    assert!(text.lines().nth(9).is_some_and(|line| line.contains("and 43 more")), "{text}");
    assert!(text.lines().all(|line| line.len() < 16 * 1024));
}

#[test]
fn no_text_breaks_out_of_its_place() {
    let cases = || [Verdict::Fail, Verdict::Pass, Verdict::Blocked, Verdict::Known].into_iter().enumerate();
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
    // In Markdown, it stands in fences that it cannot close, and escaped elsewhere.
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
    let json: serde_json::Value = serde_json::from_str(&report("json")).expect("JSON");
    // JSON could hold it as it is; whatever prints the document is spared it all the same.
    let harmless = HOSTILE.replace("::error", ":\\u{3a}error");
    let harmless = harmless.replace('\0', "\\u{0}").replace('\u{1b}', "\\u{1b}").replace('\u{fffe}', "\\u{fffe}");
    assert_eq!(json["cases"][0]["observations"][0]["what"], harmless);
    assert_eq!(report("ndjson").lines().count(), 6);
}
