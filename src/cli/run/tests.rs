//! Programs read facts. Whatever words a report says them in, a baseline, a merge and a second run do the same.

use std::fs::File;

use serde_json::{Map, Value};

use super::*;
use crate::judge::facts::{Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, Observation, Remark};
use crate::report::{Format, Merged, Reports};
use crate::run::{CaseReport, Cause, NotAsked, Started, TargetInfo};
use crate::words::tests::{all_causes, all_that_is_expected, all_that_is_observed, in_other_words};

/// A folder with reports of a run in which everything was seen that there are words for.
struct Desk {
    folder: tempfile::TempDir,
}

fn mismatch(expected: Expected, observed: Observed) -> Mismatch {
    Mismatch { at: Place::at("/users/0"), expected, observed }
}

fn cases_of_all_facts() -> Vec<CaseReport> {
    let expected = all_that_is_expected().into_iter().map(|(fact, _)| mismatch(fact, Observed::Absent));
    let observed = all_that_is_observed().into_iter().map(|(fact, _)| mismatch(Expected::Absent, fact));
    let failing = expected.chain(observed).enumerate().map(|(number, mismatch)| {
        let finding = Finding {
            requirement: "login.x".to_owned(),
            level: Level::Must,
            step: "ask".to_owned(),
            mismatches: vec![mismatch.clone()],
        };
        let remarks = [Remark::Mismatches(vec![mismatch]), Remark::BareError];
        CaseReport {
            findings: vec![finding],
            observations: remarks.map(|what| Observation { requirement: None, what }).into(),
            not_asked: Some(NotAsked { steps: vec!["next".to_owned()], why: Cause::NoReset }),
            ..CaseReport::new(format!("login/failing-{number}"), Verdict::Fail)
        }
    });
    let blocked = all_causes().into_iter().enumerate().map(|(number, (cause, _))| CaseReport {
        reason: Some(cause),
        ..CaseReport::new(format!("login/blocked-{number}"), Verdict::Blocked)
    });
    failing.chain(blocked).collect()
}

/// The events of a run of these cases; a part of them is the first shard of two, or the second.
fn events(cases: &[CaseReport], part: Option<(u64, usize)>) -> Vec<Event> {
    let part = part.map(|(shard, of)| crate::plan::Part { shard: format!("{shard}/2").parse().expect("a shard"), of });
    let started = Started {
        version: "0.0.0".to_owned(),
        at: Default::default(),
        cases: cases.len(),
        part,
        planned_resets: 0,
        target: TargetInfo { url: "http://target".to_owned(), embedded: false, registration: None },
        fail_on: Level::Must,
        requirements: Vec::new(),
    };
    let ended = Ended { complete: true, interrupted: false, password_changed: false, elapsed_ms: 1 };
    let cases = cases.iter().cloned().map(|case| Event::Case(Box::new(case)));
    std::iter::once(Event::Started(started)).chain(cases).chain([Event::Ended(ended)]).collect()
}

impl Desk {
    fn new() -> Desk {
        Desk { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a report of the events in that format.
    fn write(&self, name: &str, format: Format, events: &[Event]) -> PathBuf {
        let path = self.path(name);
        let mut reports = Reports::default();
        reports.add(name, format.onto(Box::new(File::create(&path).expect("a file"))));
        events.iter().for_each(|event| reports.take(event));
        assert!(reports.finish().unwritten.is_empty());
        path
    }
}

fn read_back(path: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    read(path, &mut |event| events.push(event)).unwrap_or_else(|error| panic!("{error}"));
    events
}

fn merged(paths: &[PathBuf]) -> Vec<Event> {
    let mut events = Vec::new();
    let merged = Merged::of(paths).unwrap_or_else(|error| panic!("{error}"));
    merged.events(&mut |event| events.push(event)).expect("read again");
    events
}

/// Holds the events to a baseline: the verdicts, and entries for what it does not know.
fn held_to(baseline: &str, events: Vec<Event>) -> (Vec<(String, Verdict)>, String) {
    let source = SourceText { file: "known.toml", text: baseline };
    let baseline = Baseline::parse(source).unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<String> = cases_of_all_facts().into_iter().map(|case| case.id).collect();
    let mut ledger = Ledger::new(baseline, Default::default(), ids.iter().map(String::as_str));
    let mut verdicts = Vec::new();
    for event in events.into_iter().flat_map(|event| ledger.take(event)) {
        if let Event::Case(case) = event {
            verdicts.push((case.id, case.verdict));
        }
    }
    (verdicts, to_paste(ledger.new_entries()))
}

const FORMATS: [(&str, Format); 2] = [("json", Format::Json), ("ndjson", Format::Ndjson)];

#[test]
fn other_words_move_no_baseline() {
    let (desk, cases) = (Desk::new(), cases_of_all_facts());
    let (before, entries) = held_to("", events(&cases, None));
    let failing = before.iter().filter(|(_, verdict)| *verdict == Verdict::Fail).count();
    assert_eq!(entries.matches("[[known]]").count(), failing);
    let baseline = entries.replace("reason = \"\"", "reason = \"old\"");
    let (_, same_entries) = in_other_words(|| held_to("", events(&cases, None)));
    let unsaid = |entries: &str| entries.lines().filter(|line| !line.contains('#')).collect::<Vec<_>>().join("\n");
    assert_ne!(same_entries, entries, "the comments are words");
    assert_eq!(unsaid(&same_entries), unsaid(&entries), "the rest is not");
    let is_known = |verdicts: Vec<(String, Verdict)>| {
        let failing: Vec<_> = verdicts.into_iter().filter(|(_, verdict)| *verdict == Verdict::Fail).collect();
        assert_eq!(failing, [], "the baseline knows everything");
    };
    is_known(in_other_words(|| held_to(&baseline, events(&cases, None))).0);
    for (name, format) in FORMATS {
        // Written in one language, held to a baseline in another.
        let path = in_other_words(|| desk.write(name, format, &events(&cases, None)));
        is_known(held_to(&baseline, read_back(&path)).0);
    }
}

#[test]
fn other_words_move_no_merge_and_no_rerun() {
    let (desk, cases) = (Desk::new(), cases_of_all_facts());
    let (one, two) = cases.split_at(cases.len() / 2);
    let shards = [events(one, Some((1, cases.len()))), events(two, Some((2, cases.len())))];
    for (name, format) in FORMATS {
        let plain = [0, 1].map(|shard| desk.write(&format!("{shard}.{name}"), format, &shards[shard]));
        let other = in_other_words(|| desk.write(&format!("other.{name}"), format, &shards[1]));
        let text = |path: &Path| std::fs::read_to_string(path).expect("text");
        assert_ne!(text(&plain[1]), text(&other), "it is in other words");
        assert_eq!(read_back(&plain[1]), read_back(&other), "and says the same");
        assert_eq!(to_run_again(&plain[1]).expect("ids"), to_run_again(&other).expect("ids"));
        let mixed = [plain[0].clone(), other];
        assert_eq!(merged(&plain), merged(&mixed));
        // A merged report is in the words of whoever merged it, whatever its shards were written in.
        let again = |paths: &[PathBuf], name: &str| text(&desk.write(name, format, &merged(paths)));
        assert_eq!(again(&plain, "plain"), again(&mixed, "mixed"));
    }
}

#[test]
fn what_is_read_back_is_what_happened() {
    let (desk, cases) = (Desk::new(), cases_of_all_facts());
    let mut all = events(&cases, None);
    assert_eq!(read_back(&desk.write("x.ndjson", Format::Ndjson, &all)), all);
    // A document sorts its cases.
    let id = |event: &Event| match event {
        Event::Case(case) => (1, case.id.clone()),
        Event::Ended(_) => (2, String::new()),
        _ => (0, String::new()),
    };
    all.sort_by_key(id);
    assert_eq!(read_back(&desk.write("x.json", Format::Json, &all)), all);
}

/// Changes every object of a report but those of facts, which are enums with values of their own.
fn each_object(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Object(members) => {
            let inner = members.iter_mut().filter(|(name, _)| !["facts", "got"].contains(&name.as_str()));
            inner.for_each(|(_, member)| each_object(member, change));
            change(members);
        }
        _ => {}
    }
}

/// The report with every object of it changed. A line of the stream is an event, whose one member is its name.
fn rewritten(path: &Path, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let text = std::fs::read_to_string(path).expect("text");
    let changed = |text: &str, change: &mut dyn FnMut(&mut Map<String, Value>)| {
        let mut value: Value = serde_json::from_str(text).expect("JSON");
        match value.as_object_mut() {
            Some(event) if event.len() == 1 => event.values_mut().for_each(|inner| each_object(inner, change)),
            _ => each_object(&mut value, change),
        }
        format!("{value}\n")
    };
    let text = match path.extension().is_some_and(|extension| extension == "ndjson") {
        true => text.lines().map(|line| changed(line, change)).collect(),
        false => changed(&text, change),
    };
    std::fs::write(path, text).expect("written");
}

#[test]
fn members_that_nobody_knows_yet_are_passed_over() {
    let (desk, cases) = (Desk::new(), cases_of_all_facts());
    for (name, format) in FORMATS {
        let path = desk.write(&format!("x.{name}"), format, &events(&cases, None));
        let before = read_back(&path);
        let mut added = 0;
        rewritten(&path, &mut |members| {
            added += 1;
            members.insert("of-a-later-version".to_owned(), Value::Bool(true));
        });
        assert!(added > cases.len() * 4, "{added}");
        assert_eq!(read_back(&path), before);
    }
}

#[test]
fn a_report_that_holds_words_alone_is_told_again_in_them() {
    let (desk, cases) = (Desk::new(), cases_of_all_facts());
    for (name, format) in FORMATS {
        let path = desk.write(&format!("x.{name}"), format, &events(&cases, None));
        let mut wordy = |members: &mut Map<String, Value>| {
            members.retain(|name, _| !["kind", "facts", "got"].contains(&name.as_str()));
            if members.contains_key("what") {
                members.remove("mismatches");
            }
        };
        let junit = |path: &Path| {
            let told = desk.write("told.xml", Format::Junit, &read_back(path));
            std::fs::read_to_string(told).expect("text")
        };
        let told = junit(&path);
        rewritten(&path, &mut wordy);
        assert!(junit(&path) == told, "{name}");
        let before = std::fs::read_to_string(&path).expect("text");
        let again = desk.write(&format!("again.{name}"), format, &read_back(&path));
        rewritten(&again, &mut |_| {});
        assert_eq!(std::fs::read_to_string(again).expect("text"), before);
    }
}

#[test]
fn a_kind_that_nobody_knows_is_not_taken_for_another() {
    let (desk, cases) = (Desk::new(), cases_of_all_facts());
    for (name, format) in FORMATS {
        let path = desk.write(&format!("x.{name}"), format, &events(&cases, None));
        rewritten(&path, &mut |members| {
            if let Some(kind) = members.get_mut("kind").filter(|kind| **kind == "no-crash") {
                *kind = "of-a-later-version".into();
            }
        });
        let error = read(&path, &mut |_| {}).expect_err("it cannot be read").to_string();
        assert!(error.contains("of-a-later-version"), "{error}");
    }
}
