//! What the command line says of a plan before anything is sent, and that it keeps to it.

use std::collections::BTreeSet;

use crate::harness::{Address, Program, Proxy, Reaction, reference, silent};

/// The ids of the cases that a printed plan runs, and those that it leaves out.
fn ids(printed: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (runs, left_out) = printed.split_once("\nleft out:").unwrap_or((printed, ""));
    let second = |line: &str| Some(line.strip_prefix("  ")?.split_whitespace().nth(1)?.to_owned());
    let first = |line: &str| Some(line.strip_prefix("  ")?.split(": ").next()?.to_owned());
    (runs.lines().filter_map(second).collect(), left_out.lines().filter_map(first).collect())
}

fn planned(line: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    ids(&Program::new("run --plan").args(line).end().exited(0).stdout)
}

#[test]
fn a_plan_is_printed_and_nothing_is_sent() {
    let server = silent();
    let program = Program::new("run --plan --report json=r.json").at(&server).reset("touch reset");
    let ended = program.end().exited(0).says("nothing has been sent");
    let ended = ended.says("the plan changes on the target: passwords");
    let (runs, left_out) = ids(&ended.stdout);
    assert!(runs.len() > 600 && !left_out.is_empty(), "{} and {}", runs.len(), left_out.len());
    assert!(!ended.place().has("reset") && !ended.place().has("r.json"));
    let ended = Program::new("run --plan").at(&server).end().exited(0);
    ended.says("the plan changes nothing on the target");
    assert_eq!(server.accepted(), 0);
}

#[test]
fn a_run_does_what_its_plan_said() {
    let server = reference(|_| {});
    // Nothing is allowed: the plan has no request that could change anything.
    let proxy = Proxy::of(&server, |_, asked| Reaction::Drop.when(["PUT", "DELETE"].contains(&&*asked.method)));
    let before = server.dump();
    let planned = planned(&format!("--target {}", proxy.url()));
    assert_eq!(proxy.requests(), 0);
    let ended = Program::judge("").at(&proxy).end().exited(0);
    let with = |skipped: bool| -> BTreeSet<String> {
        let wanted = ended.verdicts().into_iter().filter(|(_, verdict)| (*verdict == "skipped") == skipped);
        wanted.map(|(id, _)| id.to_owned()).collect()
    };
    assert_eq!((with(false), with(true)), planned);
    assert_eq!(server.dump(), before, "the target is as it was");
}

#[test]
fn shards_part_the_cases_between_them() {
    let all = planned("");
    let all: BTreeSet<String> = all.0.union(&all.1).cloned().collect();
    let mut seen = BTreeSet::new();
    for shard in ["--shard 1/3", "--shard 2/3", "--shard 3/3"] {
        let (runs, left_out) = planned(shard);
        for id in runs.union(&left_out) {
            assert!(seen.insert(id.clone()), "`{id}` is in two shards");
        }
        assert!(runs.len() > all.len() / 5, "{shard}: {}", runs.len());
        // A shard can be run by itself, and is the same one each time.
        let ended = Program::judge("-q").args(shard).end().exited(0);
        let judged: BTreeSet<&str> = ended.verdicts().into_iter().map(|(id, _)| id).collect();
        assert!(runs.union(&left_out).map(String::as_str).eq(judged));
    }
    assert_eq!(seen, all);
}

#[test]
fn quiet_is_findings_and_the_count() {
    let server = reference(|_| {});
    let run = |more: &str| Program::new("run --registration open").at(&server).args(more).end().exited(0);
    let (usual, quiet) = (run("").stdout, run("-q").says(" pass, ").says("everything that ran conforms").stdout);
    for part in ["skipped: ", "requirements unproven (", "would have been noticed"] {
        assert!(usual.contains(part) && !quiet.contains(part), "{part}: {quiet}");
    }
    assert!(quiet.lines().count() < 6, "{quiet}");
}
