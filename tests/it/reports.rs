//! Reports as their readers get them: the same run is the same in every format however often it is told, and nothing
//! that is missing, broken or foreign passes for a report.

mod junit;
pub mod sarif;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::*;

const HOSTILE: &str =
    "</script><script>pwned()</script>\u{0}\u{1b}[31m\u{85}\u{fffe}]]>&amp;\n::error::x\n```\n# out\n</details>%0A";

fn said_to_everything() -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{HOSTILE}", HOSTILE.len())
}

pub fn hostile() -> Server {
    answering(|_| said_to_everything())
}

pub fn json(place: &Place, name: &str) -> Report {
    Report(place.json(name))
}

/// Runs against that target and writes a report in every format.
fn run_in_all_formats(place: &Place, target: &Server) {
    place.program("run login/f* users/c* --fresh").at(target).list(reports("run")).end().exited(1);
}

#[test]
fn a_run_told_again_is_the_same_to_the_byte() {
    let (place, target) = (Place::new(), hostile());
    run_in_all_formats(&place, &target);
    // Whichever case was done first.
    let text = place.read("run.ndjson");
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    lines[1..last].reverse();
    place.write("backwards.ndjson", lines.join("\n"));
    for source in ["run.ndjson", "run.json", "backwards.ndjson"] {
        place.program("merge").args(source).list(reports("again")).end().exited(1);
        for format in FORMATS {
            // A document has its cases in another order than the stream that they came in.
            if format != "ndjson" || source == "run.ndjson" {
                let (first, again) = (place.read(&format!("run.{format}")), place.read(&format!("again.{format}")));
                assert!(!first.is_empty() && first == again, "{format} from {source}");
            }
        }
    }
}

#[test]
fn what_is_no_report_is_refused_with_advice() {
    let place = Place::new();
    place.program("run login/first-login --report ndjson=good.ndjson").end().exited(0);
    let good = place.read("good.ndjson");
    let (first, rest) = good.split_once('\n').expect("lines");
    let damaged = |rest: String| format!("{first}\n{rest}");
    let wrong = [
        ("empty", String::new(), "it is empty"),
        ("xml", "<testsuites/>".to_owned(), "is not the report of a run"),
        ("fuzz", "{\"schema\":\"wabizspec/fuzz/1\"}".to_owned(), "its schema is `wabizspec/fuzz/1`"),
        ("other", "{\"schema\":\"wabizspec/report/1\"}".to_owned(), "missing field"),
        ("headless", rest.to_owned(), "is not the report of a run"),
        ("deep", "[".repeat(1_000_000), "is not the report of a run"),
        ("hole", damaged(rest.replacen("{\"case\"", "{\"cas", 1)), ":2: this is not an event"),
        ("twice", good.repeat(2), "something follows the end"),
        ("two", damaged(good.clone()), ":2: a second run begins here"),
    ];
    for (name, text, why) in wrong {
        place.write(name, text);
        for command in ["merge", "run --rerun-failed"] {
            place.program(command).args(name).end().exited(2).says(why).says("help: ");
        }
    }
    for path in ["not-there", "."] {
        place.program("merge").args(path).end().exited(2).says("cannot read the report");
    }
}

#[test]
fn a_killed_run_leaves_a_stream_that_is_read_as_incomplete() {
    // Twenty requests are answered, and no more.
    let (place, asked) = (Place::new(), AtomicUsize::new(0));
    let target = serve(move |_, mut stream| {
        while read_request(&mut stream).is_some() && asked.fetch_add(1, Ordering::SeqCst) < 20 {
            write(&mut stream, said_to_everything());
        }
        hold(&mut stream);
    });
    let line = "login --fresh --wrong-logins 1000 --jobs 1 --timeout 10m --report ndjson=run.ndjson";
    let mut run = place.judge(line).at(&target).start();
    let judged = |text: String| text.lines().filter(|line| line.contains("\"verdict\":\"fail\"")).count();
    eventually("three cases", || place.has("run.ndjson") && judged(place.read("run.ndjson")) >= 3);
    run.kill();
    assert_eq!(run.end().file("report.json"), "", "no report that could be taken for one");
    place.program("merge run.ndjson --report json=merged.json").end().exited(130).says("the run died");
    let merged = json(&place, "merged.json");
    assert_eq!((&merged.0["complete"], &merged.0["interrupted"]), (&false.into(), &true.into()));
    assert!(merged.cases().len() >= 3);
}

#[test]
fn wherever_a_stream_breaks_off_it_is_never_taken_for_a_whole_run() {
    let place = Place::new();
    place.program("run login/first-login tokens/logout --report ndjson=run.ndjson").end().exited(0);
    let whole = place.read("run.ndjson").into_bytes();
    let mut read = 0;
    let first_line = whole.iter().position(|byte| *byte == b'\n').expect("a line");
    // The end record without its newline is whole.
    for length in (0..first_line).step_by(997).chain((first_line..whole.len() - 1).step_by(11)) {
        place.write("cut", &whole[..length]);
        let (mut started, mut ended) = (false, false);
        let result = wabizspec::report::read(&place.join("cut"), &mut |event| {
            started |= matches!(event, wabizspec::run::Event::Started(_));
            ended |= matches!(event, wabizspec::run::Event::Ended(_));
        });
        assert!(!ended && result.is_ok() == started, "cut at {length}");
        read += usize::from(started);
    }
    assert!(read > 20, "{read} of the cut streams could be read");
}

#[test]
fn a_full_disk_is_reported_and_makes_a_success_inconclusive() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let place = Place::new();
    for format in FORMATS {
        let line = format!("run login/first-login --report={format}=/dev/full --report=json=good.json");
        let ended = place.program(&line).end().exited(3).says("a report could not be written: /dev/full: ");
        ended.says("No space left").says("help: ");
        assert!(json(&place, "good.json").is_complete(), "{format}: the other report is whole");
    }
    // Findings weigh more.
    let target = hostile();
    let line = "run login/first-login-too-* login/control --fresh --report junit=/dev/full";
    place.program(line).at(&target).end().exited(1);
    // Noticed before the run.
    place.program("run --report json=no/such/place").end().exited(2);
}

#[test]
fn only_what_failed_is_run_again() {
    let (place, target) = (Place::new(), hostile());
    run_in_all_formats(&place, &target);
    let first = json(&place, "run.json");
    let failed = first.verdicts().into_iter().filter(|(_, verdict)| ["fail", "blocked", "error"].contains(verdict));
    let failed: Vec<&str> = failed.map(|(id, _)| id).collect();
    assert!(failed.len() > 3 && failed.len() < first.cases().len());
    for source in ["run.json", "run.ndjson"] {
        place.program(&format!("run --rerun-failed {source} --report json=again.json")).end().exited(0);
        let again = json(&place, "again.json");
        let ids: Vec<&str> = again.verdicts().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, failed);
    }
    place.program("run --rerun-failed again.json").end().exited(2).says("nothing to run again");
    place.write("gone.ndjson", place.read("run.ndjson").replace(failed[0], "login/no-longer-there"));
    place.program("run --rerun-failed gone.ndjson").end().exited(2).says("`login/no-longer-there`");
}

#[test]
fn junit_has_a_test_case_for_each_case_and_nothing_that_the_schema_does_not_know() {
    let (place, target) = (Place::new(), hostile());
    run_in_all_formats(&place, &target);
    let document = json(&place, "run.json");
    let junit = junit::read(&place.read("run.junit"));
    let count = |names: &[&str]| names.iter().map(|name| document.count(name)).sum::<u64>() as usize;
    let ids: BTreeSet<&str> = document.verdicts().into_iter().map(|(id, _)| id).collect();
    assert_eq!(junit.ids.len(), ids.len());
    assert_eq!(junit.ids.iter().map(String::as_str).collect::<BTreeSet<&str>>(), ids);
    assert_eq!(junit.elements["failure"], count(&["fail"]));
    assert_eq!(junit.elements["error"], count(&["blocked", "error"]));
    assert_eq!(junit.elements["skipped"], count(&["skipped", "known"]));
    assert!(["failure", "error", "skipped"].iter().all(|name| junit.elements[*name] > 0), "{:?}", junit.elements);
}
