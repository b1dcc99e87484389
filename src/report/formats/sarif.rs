//! SARIF 2.1.0, for those who collect the findings of many tools in one place.
//!
//! A rule is a requirement. A result is a cause, at the case that shows it best; a known failure, suppressed; or an
//! observation, as a note. What could not be judged is a notification of the invocation.

use std::collections::BTreeMap;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::causes::causes;
use super::view::{View, counted, reason};
use crate::fnv::fnv1a;
use crate::fuzz::summary::Summary;
use crate::judge::{Finding, Verdict};
use crate::report::case_text;
use crate::requirement::{Level, Register};
use crate::run::{CaseReport, Conclusion};
use crate::words;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The rule of what breaks no requirement.
const OBSERVATION: &str = "observation";

/// The most cases that are named in addition to the one that shows a cause best.
const RELATED: usize = 50;

/// One result.
struct Hit<'h> {
    rule: &'h str,
    level: Level,
    text: String,
    /// Where it shows, best first.
    places: Vec<Value>,
    /// The same in every run.
    identity: String,
    /// Why it is suppressed, if it is.
    known: Option<String>,
}

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let Some(started) = &view.summary.started else { return Ok(()) };
    let (cases, causes, mut observed) = (view.sorted(), causes(view), BTreeMap::new());
    let of_causes = causes.iter().map(|cause| {
        let (case, finding) = cause.example;
        let text = format!("{}\n{}\n{}", cause.headline(), cause.extent(), case_text(case, view.rules(), &[]));
        let others = cause.filed.iter().filter(|other| other.id != case.id).take(RELATED);
        let places = std::iter::once(&case).chain(others).map(|case| place(case)).collect();
        Hit { rule: &finding.requirement, level: cause.level, text, places, identity: cause.identity(), known: None }
    });
    let of_known = cases.iter().filter(|case| case.verdict == Verdict::Known).filter_map(|case| {
        let Finding { requirement: rule, level, .. } = case.chief_finding()?;
        let (text, identity) = (case_text(case, view.rules(), &[]), format!("{} {rule}", case.id));
        Some(Hit { rule, level: *level, text, places: vec![place(case)], identity, known: Some(reason(case)) })
    });
    for (case, seen) in cases.iter().flat_map(|case| case.observations.iter().map(move |seen| (case, seen))) {
        let key = (seen.requirement.as_deref().unwrap_or(OBSERVATION), words::remark(&seen.what));
        observed.entry(key).or_insert_with(|| vec![place(case)]);
    }
    let observed = observed.into_iter().map(|((rule, what), places)| observation(rule, what, places));
    let blocked = view.reasons(Verdict::Blocked);
    let blocked = blocked.map(|(why, ids)| ("error", format!("{} blocked: {why}", counted(ids.len(), "case"))));
    let defects = cases.iter().filter(|case| case.verdict == Verdict::Error);
    let defects = defects.map(|case| ("error", format!("{}: {}", case.id, reason(case))));
    let notes = view.notes.iter().map(|note| ("note", note.clone()));
    let document = log(
        view.rules().iter().map(|rule| (&*rule.id, rule.level, &*rule.says, rule.source.clone())),
        of_causes.chain(of_known).chain(observed),
        view.summary.conclusion().exit_code(),
        blocked.chain(defects).chain(notes),
        json!({ "target": started.target.url, "startedAt": started.at }),
    );
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// The report of a fuzz run.
pub(crate) fn of_fuzzing(summary: &Summary, register: &Register, target: &str, exit_code: u8) -> Value {
    let rules = register.iter().filter(|rule| summary.found.iter().any(|found| found.signature.requirement == rule.id));
    let hits = summary.found.iter().map(|found| {
        let places = found.file.iter().map(|file| at(&file.display().to_string(), 1, &found.id)).collect();
        // The command that sends the saved input again; a curl line may be as long as its request.
        let replay = found.reproduce.first().map_or("", String::as_str);
        let (text, level) = (format!("{}\n{replay}", found.violation.what), found.violation.level);
        Hit { rule: &found.signature.requirement, level, text, places, identity: found.id.clone(), known: None }
    });
    log(
        rules.map(|rule| (&*rule.id, rule.level, &*rule.statement, rule.source())),
        hits.chain(summary.observed.keys().map(|what| observation(OBSERVATION, what.clone(), Vec::new()))),
        exit_code,
        summary.blocked.iter().chain(&summary.unfinished).map(|why| ("error", why.clone())),
        json!({ "target": target, "seed": summary.seed, "requests": summary.requests }),
    )
}

fn observation(rule: &str, text: String, places: Vec<Value>) -> Hit<'_> {
    Hit { rule, level: Level::May, identity: format!("{rule} {text}"), text, places, known: None }
}

fn place(case: &CaseReport) -> Value {
    at(&case.file, case.line, &case.id)
}

fn at(file: &str, line: usize, what: &str) -> Value {
    const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let uri = utf8_percent_encode(file, IN_A_PATH).to_string();
    let physical = json!({ "artifactLocation": { "uri": uri }, "region": { "startLine": line } });
    json!({ "physicalLocation": physical, "message": message(what) })
}

fn message(text: impl AsRef<str>) -> Value {
    json!({ "text": text.as_ref() })
}

fn log<'r>(
    rules: impl Iterator<Item = (&'r str, Level, &'r str, String)>,
    hits: impl Iterator<Item = Hit<'r>>,
    exit_code: u8,
    notifications: impl Iterator<Item = (&'static str, String)>,
    properties: Value,
) -> Value {
    let rules = rules.map(|(id, level, says, source)| {
        let (text, help) = (message(says), message(format!("Source: {source}")));
        json!({ "id": id, "fullDescription": text, "help": help, "defaultConfiguration": { "level": word(level) } })
    });
    let results = hits.map(|hit| {
        let suppression = |why| json!({ "kind": "external", "status": "accepted", "justification": why });
        let (first, others) = hit.places.split_at(hit.places.len().min(1));
        json!({
            "ruleId": hit.rule,
            "level": word(hit.level),
            "message": message(&hit.text),
            "locations": first,
            "relatedLocations": others,
            "partialFingerprints": { "wabizspec/v1": format!("{:016x}", fnv1a(hit.identity.as_bytes())) },
            "suppressions": hit.known.into_iter().map(suppression).collect::<Vec<Value>>(),
        })
    });
    let notes = notifications.map(|(level, text)| json!({ "level": level, "message": message(text) }));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wabizspec",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.collect::<Vec<Value>>(),
            } },
            "invocations": [{
                "executionSuccessful": exit_code <= Conclusion::Findings.exit_code(),
                "exitCode": exit_code,
                "toolExecutionNotifications": notes.collect::<Vec<Value>>(),
            }],
            "results": results.collect::<Vec<Value>>(),
            "properties": properties,
        }],
    })
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::May => "note",
    }
}
