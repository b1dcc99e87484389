//! What the command line says of a plan before anything is sent, and that it keeps to it.

use std::collections::BTreeSet;

use crate::harness::server::{hold, serve};
use crate::harness::{Program, Proxy, Reaction, reference};

/// The ids of the cases that a printed plan runs, and those that it leaves out.
fn ids(printed: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (runs, left_out) = printed.split_once("\nleft out:").unwrap_or((printed, ""));
    let second = |line: &str| Some(line.strip_prefix("  ")?.split_whitespace().nth(1)?.to_owned());
    let first = |line: &str| Some(line.strip_prefix("  ")?.split(": ").next()?.to_owned());
    (runs.lines().filter_map(second).collect(), left_out.lines().filter_map(first).collect())
}

#[test]
fn a_plan_is_printed_and_nothing_is_sent() {
    let server = serve(|_, mut stream| hold(&mut stream));
    let url = server.url();
    let args = ["run", "--plan", "--target", &url, "--reset", "touch reset", "--report", "json=r.json"];
    let ended = Program::new(args).end().exited(0);
    assert!(ended.stdout.contains("nothing has been sent"), "{}", ended.stdout);
    assert!(ended.stdout.contains("the plan changes on the target: passwords"), "{}", ended.stdout);
    let (runs, left_out) = ids(&ended.stdout);
    assert!(runs.len() > 600 && !left_out.is_empty(), "{} and {}", runs.len(), left_out.len());
    assert!(!ended.has("reset") && !ended.has("r.json"));
    assert_eq!(server.accepted(), 0);
    let ended = Program::new(["run", "--plan", "--target", &url]).end().exited(0);
    assert!(ended.stdout.contains("the plan changes nothing on the target"), "{}", ended.stdout);
    assert_eq!(server.accepted(), 0);
}

#[test]
fn a_run_does_what_its_plan_said() {
    let server = reference(|_| {});
    let proxy = Proxy::of(server.address(), |_, head| match head.method.as_str() {
        // Nothing is allowed: the plan holds no request that could change anything.
        "PUT" | "DELETE" => Reaction::Drop,
        _ => Reaction::Forward,
    });
    let before = server.dump();
    let printed = Program::new(["run", "--plan", "--target", &proxy.url()]).end().exited(0).stdout;
    assert_eq!(proxy.requests(), 0);
    let report = Program::judge(["--target", &proxy.url()]).end().exited(0).report();
    let (runs, left_out) = ids(&printed);
    let with = |skipped: bool| -> BTreeSet<String> {
        let wanted = report.verdicts().into_iter().filter(|(_, verdict)| (*verdict == "skipped") == skipped);
        wanted.map(|(id, _)| id.to_owned()).collect()
    };
    assert_eq!((with(false), with(true)), (runs, left_out));
    assert_eq!(server.dump(), before, "the target is as it was");
}

#[test]
fn shards_part_the_cases_between_them() {
    let all = ids(&Program::new(["run", "--plan"]).end().exited(0).stdout);
    let all: BTreeSet<String> = all.0.union(&all.1).cloned().collect();
    let mut seen = BTreeSet::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let (runs, left_out) = ids(&Program::new(["run", "--plan", "--shard", shard]).end().exited(0).stdout);
        for id in runs.union(&left_out) {
            assert!(seen.insert(id.clone()), "`{id}` is in two shards");
        }
        assert!(runs.len() > all.len() / 5, "{shard}: {}", runs.len());
        // A shard can be run by itself, and is the same one each time.
        let report = Program::judge(["-q", "--shard", shard]).end().exited(0).report();
        let judged: BTreeSet<&str> = report.verdicts().into_iter().map(|(id, _)| id).collect();
        assert!(runs.union(&left_out).map(String::as_str).eq(judged));
    }
    assert_eq!(seen, all);
}

#[test]
fn a_report_that_is_taken_for_a_filter_is_told() {
    for odd in ["junit", "report.html", "junit=junit.xml"] {
        let ended = Program::new(["run", "--report", "html=r.html", odd]).end().exited(2);
        ended.says("matches no case").says("each has a --report of its own");
    }
}

#[test]
fn quiet_is_findings_and_the_count() {
    let server = reference(|_| {});
    let run = |more: &[&str]| {
        let args = ["run", "--target", &server.url(), "--registration", "open"];
        Program::new(args.iter().chain(more)).end().exited(0).stdout
    };
    let (usual, quiet) = (run(&[]), run(&["-q"]));
    for part in ["cases skipped: ", "requirements unproven (", "would have been noticed", "pass    "] {
        assert!(usual.contains(part) && !quiet.contains(part), "{part}: {quiet}");
    }
    assert!(
        quiet.contains(" pass, ") && quiet.contains("everything that ran conforms") && quiet.lines().count() < 6,
        "{quiet}"
    );
}
