//! Reports as their readers get them: the same run is the same in every format however often it is told, and nothing
//! that is missing, broken or foreign passes for a report.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::report_support::{FORMATS, Folder, Target, WHOLE, cases, json, said, wabizspec};

/// Runs against that target and writes a report in every format.
fn run_in_all_formats(folder: &Folder, target: &Target) {
    let mut args = vec!["run", "login/f*", "users/c*", "--fresh", "--target", target.url()];
    let reports = folder.reports("run");
    args.extend(reports.iter().flat_map(|report| ["--report", report.as_str()]));
    let output = wabizspec(&args);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn a_run_told_again_is_the_same_to_the_byte() {
    let (folder, target) = (Folder::new(), Target::hostile());
    run_in_all_formats(&folder, &target);
    // Whichever case was done first.
    let text = String::from_utf8(folder.read("run.ndjson")).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    lines[1..last].reverse();
    fs::write(folder.path("backwards.ndjson"), lines.join("\n")).expect("written");
    for source in ["run.ndjson", "run.json", "backwards.ndjson"] {
        let source = folder.path(source);
        let again = folder.reports("again");
        let mut args = vec!["merge", source.as_str()];
        args.extend(again.iter().flat_map(|report| ["--report", report.as_str()]));
        let output = wabizspec(&args);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        for format in FORMATS {
            // A document has its cases in another order than the stream that they came in.
            if format != "ndjson" || source.ends_with("run.ndjson") {
                let (first, again) = (folder.read(&format!("run.{format}")), folder.read(&format!("again.{format}")));
                assert!(!first.is_empty() && first == again, "{format} from {source}");
            }
        }
    }
}

#[test]
fn what_is_no_report_is_refused_with_advice() {
    let folder = Folder::new();
    let report = folder.report("good.ndjson");
    let output = wabizspec(&["run", "login/first-login", "--report", &report]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let good = String::from_utf8(folder.read("good.ndjson")).expect("text");
    let (first, rest) = good.split_once('\n').expect("lines");
    let damaged = |rest: String| format!("{first}\n{rest}");
    let wrong = [
        ("empty", String::new(), "it is empty"),
        ("xml", "<testsuites/>".to_owned(), "is no report of a run"),
        ("fuzz", "{\"schema\":\"wabizspec/fuzz/1\"}".to_owned(), "its schema is `wabizspec/fuzz/1`"),
        ("other", "{\"schema\":\"wabizspec/report/1\"}".to_owned(), "missing field"),
        ("headless", rest.to_owned(), "is no report of a run"),
        ("deep", "[".repeat(1_000_000), "is no report of a run"),
        ("hole", damaged(rest.replacen("{\"case\"", "{\"cas", 1)), ":2: this is no event"),
        ("twice", good.repeat(2), "something follows the end"),
        ("two", damaged(good.clone()), ":2: a second run begins here"),
    ];
    for (name, text, why) in wrong {
        let path = folder.path(name);
        fs::write(&path, text).expect("written");
        for args in [&["merge", path.as_str()][..], &["run", "--rerun-failed", path.as_str()]] {
            let output = wabizspec(args);
            assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
            assert!(said(&output).contains(why) && said(&output).contains("help: "), "{name}: {}", said(&output));
        }
    }
    for path in [folder.path("not-there"), folder.path("")] {
        let output = wabizspec(&["merge", &path]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("cannot read the report"), "{}", said(&output));
    }
}

#[test]
fn a_killed_run_leaves_a_stream_that_is_read_as_incomplete() {
    let (folder, target) = (Folder::new(), Target::hostile_until(20));
    let (report, path) = (folder.report("run.ndjson"), folder.path("run.ndjson"));
    let args = [
        "run",
        "login",
        "--fresh",
        "--wrong-logins",
        "1000",
        "--jobs",
        "1",
        "--timeout",
        "10m",
        "--target",
        target.url(),
        "--report",
        &report,
    ];
    let mut run = crate::report_support::start(&args);
    let judged = |text: &str| text.lines().filter(|line| line.contains("\"verdict\":\"fail\"")).count();
    let patience = Instant::now() + Duration::from_secs(60);
    while judged(&fs::read_to_string(&path).unwrap_or_default()) < 3 {
        assert!(Instant::now() < patience, "the run writes nothing");
        std::thread::sleep(Duration::from_millis(10));
    }
    run.kill().expect("killed");
    run.wait().expect("ended");
    let merged = folder.report("merged.json");
    let output = wabizspec(&["merge", &path, "--report", &merged]);
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("the run died"), "{}", said(&output));
    let merged = json(&folder.read("merged.json"));
    assert_eq!((&merged["complete"], &merged["interrupted"]), (&false.into(), &true.into()));
    assert!(cases(&merged).len() >= 3);
}

#[test]
fn wherever_a_stream_breaks_off_it_is_never_taken_for_a_whole_run() {
    let folder = Folder::new();
    let report = folder.report("run.ndjson");
    let output = wabizspec(&["run", "login/first-login", "tokens/logout", "--report", &report]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let whole = folder.read("run.ndjson");
    let mut read = 0;
    let first_line = whole.iter().position(|byte| *byte == b'\n').expect("a line");
    // The end record without its newline is whole.
    for length in (0..first_line).step_by(997).chain((first_line..whole.len() - 1).step_by(11)) {
        let path = folder.path("cut");
        fs::write(&path, &whole[..length]).expect("cut");
        let (mut started, mut ended) = (false, false);
        let result = wabizspec::report::read(Path::new(&path), &mut |event| {
            started |= matches!(event, wabizspec::run::Event::Started(_));
            ended |= matches!(event, wabizspec::run::Event::Ended(_));
        });
        assert!(!ended && result.is_ok() == started, "cut at {length}");
        read += usize::from(started);
    }
    assert!(read > 20, "{read} of the cut streams could be read");
}

#[test]
fn a_disk_that_is_full_is_told_and_makes_a_success_inconclusive() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let folder = Folder::new();
    let good = folder.report("good.json");
    for format in FORMATS {
        let report = format!("{format}=/dev/full");
        let output = wabizspec(&["run", "login/first-login", "--report", &report, "--report", &good]);
        assert_eq!(output.status.code(), Some(3), "{format}: {}", said(&output));
        let told = said(&output);
        assert!(told.contains("a report could not be written: /dev/full: "), "{format}: {told}");
        assert!(told.contains("No space left") && told.contains("help: "), "{format}: {told}");
        assert_eq!(json(&folder.read("good.json"))["complete"], true, "{format}: the other report is whole");
    }
    let target = Target::hostile();
    let args = [
        "run",
        "login/first-login-too-*",
        "login/control",
        "--fresh",
        "--target",
        target.url(),
        "--report",
        "junit=/dev/full",
    ];
    let output = wabizspec(&args);
    assert_eq!(output.status.code(), Some(1), "findings weigh more: {}", said(&output));
    let output = wabizspec(&["run", "--report", &format!("json={}", folder.path("no/such/folder"))]);
    assert_eq!(output.status.code(), Some(2), "noticed before the run: {}", said(&output));
}

#[test]
fn only_what_failed_is_run_again() {
    let (folder, target) = (Folder::new(), Target::hostile());
    run_in_all_formats(&folder, &target);
    let first = json(&folder.read("run.json"));
    let failed: Vec<String> = cases(&first)
        .into_iter()
        .filter(|(_, verdict)| ["fail", "blocked", "error"].contains(&verdict.as_str()))
        .map(|(id, _)| id)
        .collect();
    assert!(failed.len() > 3 && failed.len() < cases(&first).len());
    for source in ["run.json", "run.ndjson"] {
        let (source, again) = (folder.path(source), folder.report("again.json"));
        let output = wabizspec(&["run", "--rerun-failed", &source, "--report", &again]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let again = json(&folder.read("again.json"));
        let ids: Vec<String> = cases(&again).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, failed);
    }
    let again = folder.path("again.json");
    let output = wabizspec(&["run", "--rerun-failed", &again]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("nothing to run again"), "{}", said(&output));
    let gone = String::from_utf8(folder.read("run.ndjson")).expect("text");
    fs::write(folder.path("gone.ndjson"), gone.replace(&failed[0], "login/no-longer-there")).expect("written");
    let output = wabizspec(&["run", "--rerun-failed", &folder.path("gone.ndjson")]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("`login/no-longer-there`"), "{}", said(&output));
}

#[test]
fn junit_has_a_test_case_for_each_case_and_nothing_that_the_schema_does_not_know() {
    let (folder, target) = (Folder::new(), Target::hostile());
    run_in_all_formats(&folder, &target);
    let (document, xml) = (json(&folder.read("run.json")), folder.read("run.junit"));
    let junit = crate::report_support::junit(&xml);
    let summary = &document["summary"];
    let count = |names: &[&str]| names.iter().map(|name| summary[name].as_u64().expect("count")).sum::<u64>() as usize;
    let ids: BTreeSet<String> = cases(&document).into_iter().map(|(id, _)| id).collect();
    assert_eq!(junit.ids.len(), ids.len());
    assert_eq!(junit.ids.into_iter().collect::<BTreeSet<String>>(), ids);
    assert_eq!(junit.elements["failure"], count(&["fail"]));
    assert_eq!(junit.elements["error"], count(&["blocked", "error"]));
    assert_eq!(junit.elements["skipped"], count(&["skipped", "known"]));
    assert!(WHOLE.iter().all(|name| junit.elements[*name] > 0), "{:?}", junit.elements);
}
