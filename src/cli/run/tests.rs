//! Programs read facts. Whatever words a report uses for them, a baseline, a merge and a second run do the same.

use std::fs::File;

use serde_json::{Map, Value};
use tempfile::TempDir;

use super::*;
use crate::judge::facts::{Expected, Observed, Place};
use crate::judge::{Mismatch, Observation, Remark};
use crate::report::{Format, Merged, Reports};
use crate::run::{CaseReport, NotAsked, Reason, Started, TargetInfo};
use crate::words::tests::{Facts, finding, in_other_words};

/// The cases of a run in which everything was seen that there are words for.
fn cases_of_all_facts() -> Vec<CaseReport> {
    let mismatch = |expected, observed| Mismatch { at: Place::at("/users/0"), expected, observed };
    let Facts { expected, observed, reasons } = Facts::all();
    let expected = expected.into_iter().map(|(fact, _)| mismatch(fact, Observed::Absent));
    let observed = observed.into_iter().map(|(fact, _)| mismatch(Expected::Absent, fact));
    let failing = expected.chain(observed).enumerate().map(|(number, mismatch)| {
        let finding = finding("ask", vec![mismatch.clone()]);
        let remarks = [Remark::Mismatches(vec![mismatch]), Remark::BareError];
        CaseReport {
            findings: vec![finding],
            observations: remarks.map(|what| Observation { requirement: None, what }).into(),
            not_asked: Some(NotAsked { steps: vec!["next".to_owned()], why: Reason::NoReset }),
            ..CaseReport::new(format!("login/failing-{number}"), Verdict::Fail)
        }
    });
    let blocked = reasons.into_iter().enumerate().map(|(number, (cause, _))| CaseReport {
        reason: Some(cause),
        ..CaseReport::new(format!("login/blocked-{number}"), Verdict::Blocked)
    });
    failing.chain(blocked).collect()
}

/// The events of a run of these cases; a part of them is the first shard of two, or the second.
fn events(cases: &[CaseReport], part: Option<(u64, usize)>) -> Vec<Event> {
    let part = part.map(|(shard, of)| crate::plan::Part { shard: format!("{shard}/2").parse().expect("a shard"), of });
    let target = TargetInfo { url: "http://target".to_owned(), ..TargetInfo::default() };
    let started = Started { cases: cases.len(), part, target, ..Started::default() };
    let ended = Ended { complete: true, interrupted: false, password_changed: false, elapsed_ms: 1 };
    let cases = cases.iter().cloned().map(|case| Event::Case(Box::new(case)));
    std::iter::once(Event::Started(started)).chain(cases).chain([Event::Ended(ended)]).collect()
}

fn write(folder: &TempDir, name: &str, format: Format, events: &[Event]) -> PathBuf {
    let path = folder.path().join(name);
    let mut reports = Reports::default();
    reports.add(name, format.onto(Box::new(File::create(&path).expect("a file"))));
    events.iter().for_each(|event| reports.take(event));
    assert!(reports.finish().unwritten.is_empty());
    path
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("text")
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

/// Takes the events through a baseline: the cases that fail, and entries for what it does not know.
fn held_to(baseline: &str, events: Vec<Event>) -> (Vec<String>, String) {
    let source = SourceText { file: "known.toml", text: baseline };
    let baseline = Baseline::parse(source).unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<String> = cases_of_all_facts().into_iter().map(|case| case.id).collect();
    let mut ledger = Ledger::new(baseline, Default::default(), ids.iter().map(String::as_str));
    let failing = events.into_iter().flat_map(|event| ledger.take(event)).filter_map(|event| match event {
        Event::Case(case) if case.verdict == Verdict::Fail => Some(case.id),
        _ => None,
    });
    (failing.collect(), to_paste(&ledger.new, ""))
}

/// Runs the test with a folder of its own and all cases, once for each format that can be read back.
fn each_format(test: impl Fn(&TempDir, &str, Format, &[CaseReport])) {
    for (name, format) in [("json", Format::Json), ("ndjson", Format::Ndjson)] {
        test(&tempfile::tempdir().expect("a folder"), name, format, &cases_of_all_facts());
    }
}

#[test]
fn other_words_change_no_baseline() {
    let cases = cases_of_all_facts();
    let (failing, entries) = held_to("", events(&cases, None));
    assert_eq!(entries.matches("[[known]]").count(), failing.len());
    let baseline = entries.replace("reason = \"\"", "reason = \"old\"");
    let (_, same_entries) = in_other_words(|| held_to("", events(&cases, None)));
    let unsaid = |entries: &str| entries.lines().filter(|line| !line.contains('#')).collect::<Vec<_>>().join("\n");
    assert_ne!(same_entries, entries, "the comments are words");
    assert_eq!(unsaid(&same_entries), unsaid(&entries), "the rest is not");
    let nothing: Vec<String> = Vec::new();
    assert_eq!(in_other_words(|| held_to(&baseline, events(&cases, None))).0, nothing, "the baseline knows everything");
    each_format(|folder, name, format, cases| {
        // Written in some words, compared with a baseline in others.
        let path = in_other_words(|| write(folder, name, format, &events(cases, None)));
        assert_eq!(held_to(&baseline, read_back(&path)).0, nothing, "{name}");
    });
}

#[test]
fn other_words_change_no_merge_and_no_rerun() {
    each_format(|folder, name, format, cases| {
        let (one, two) = cases.split_at(cases.len() / 2);
        let shards = [events(one, Some((1, cases.len()))), events(two, Some((2, cases.len())))];
        let plain = [0, 1].map(|shard| write(folder, &format!("{shard}.{name}"), format, &shards[shard]));
        let other = in_other_words(|| write(folder, &format!("other.{name}"), format, &shards[1]));
        assert_ne!(text(&plain[1]), text(&other), "it is in other words");
        assert_eq!(read_back(&plain[1]), read_back(&other), "and says the same");
        assert_eq!(to_run_again(&plain[1]).expect("ids"), to_run_again(&other).expect("ids"));
        let mixed = [plain[0].clone(), other];
        assert_eq!(merged(&plain), merged(&mixed));
        // A merged report has the words of the program that merged it, not those of its shards.
        let again = |paths: &[PathBuf], name: &str| text(&write(folder, name, format, &merged(paths)));
        assert_eq!(again(&plain, "plain"), again(&mixed, "mixed"));
    });
}

#[test]
fn what_is_read_back_is_what_happened() {
    each_format(|folder, name, format, cases| {
        let mut all = events(cases, None);
        let back = read_back(&write(folder, name, format, &all));
        if format == Format::Json {
            // A document sorts its cases.
            all.sort_by_key(|event| match event {
                Event::Case(case) => (1, case.id.clone()),
                Event::Ended(_) => (2, String::new()),
                _ => (0, String::new()),
            });
        }
        assert_eq!(back, all, "{name}");
    });
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

/// Changes every object of the report. A line of the stream is an event, whose one member is its name.
fn rewrite(path: &Path, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let mut changed = String::new();
    for value in serde_json::Deserializer::from_str(&text(path)).into_iter() {
        let mut value: Value = value.expect("JSON");
        match value.as_object_mut() {
            Some(event) if event.len() == 1 => event.values_mut().for_each(|inner| each_object(inner, change)),
            _ => each_object(&mut value, change),
        }
        changed.push_str(&format!("{value}\n"));
    }
    std::fs::write(path, changed).expect("written");
}

#[test]
fn unknown_members_are_ignored() {
    each_format(|folder, name, format, cases| {
        let path = write(folder, &format!("x.{name}"), format, &events(cases, None));
        let before = read_back(&path);
        let mut added = 0;
        rewrite(&path, &mut |members| {
            added += 1;
            members.insert("of-a-later-version".to_owned(), Value::Bool(true));
        });
        assert!(added > cases.len() * 4, "{added}");
        assert_eq!(read_back(&path), before);
    });
}

#[test]
fn a_report_that_holds_only_words_is_shown_again_in_them() {
    each_format(|folder, name, format, cases| {
        let path = write(folder, &format!("x.{name}"), format, &events(cases, None));
        let junit = || text(&write(folder, "told.xml", Format::Junit, &read_back(&path)));
        let told = junit();
        rewrite(&path, &mut |members| {
            members.retain(|name, _| !["kind", "facts", "got"].contains(&name.as_str()));
            if members.contains_key("what") {
                members.remove("mismatches");
            }
            // Causes follow from the facts.
            members.remove("causes");
        });
        assert!(junit() == told, "{name}");
        let again = write(folder, &format!("again.{name}"), format, &read_back(&path));
        rewrite(&again, &mut |members| drop(members.remove("causes")));
        assert_eq!(text(&again), text(&path));
    });
}

#[test]
fn an_unknown_kind_is_not_taken_for_another() {
    each_format(|folder, name, format, cases| {
        let path = write(folder, &format!("x.{name}"), format, &events(cases, None));
        rewrite(&path, &mut |members| {
            if let Some(kind) = members.get_mut("kind").filter(|kind| **kind == "no-crash") {
                *kind = "of-a-later-version".into();
            }
        });
        let error = read(&path, &mut |_| {}).expect_err("it cannot be read").to_string();
        assert!(error.contains("of-a-later-version"), "{error}");
    });
}
