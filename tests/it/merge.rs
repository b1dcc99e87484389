//! `wabizspec merge`: shards put together are the whole, what is missing leaves the whole incomplete, and reports of
//! different runs are refused.

use crate::harness::{Address, Ended, Place};
use crate::reports::{hostile, json};

/// Equal, and if not, only what differs is shown.
fn assert_same(merged: &[(&str, &str)], whole: &[(&str, &str)]) {
    let differing: Vec<_> = merged.iter().zip(whole).filter(|(merged, whole)| merged != whole).collect();
    assert!(differing.is_empty() && merged.len() == whole.len(), "{differing:?}");
}

fn merge(place: &Place, reports: &str) -> Ended {
    place.program("merge --report json=merged.json").args(reports).end()
}

#[test]
fn the_verdicts_of_merged_shards_are_those_of_the_whole() {
    let target = hostile();
    let (url, place) = (target.url(), Place::new());
    // With a reset, as without one it depends on the order which case still finds a fresh target.
    let reset = format!("POST {url}/reset");
    // Only one case needs the administrator: the first that cannot log in fails for it, and in each shard one is the first.
    let fresh = ["login/first-login-too-*", "login/without-credentials*", "envelope/unknown-path-without-a-token"];
    let deployed = [&["--reset", &reset, "--target", &url, "login/control"], &fresh[..]].concat();
    for (what, code) in [(&["tokens", "envelope/control", "envelope/e*"][..], 0), (&deployed, 1)] {
        let run = |line: &str| place.program("run").args(line).list(what).end().exited(code);
        run("--report json=whole.json");
        run("--report ndjson=1.ndjson --shard 1/3");
        run("--report json=2.json --shard 2/3");
        run("--report ndjson=3.ndjson --shard 3/3");
        merge(&place, "3.ndjson 1.ndjson 2.json").exited(code);
        let (whole, merged) = (json(&place, "whole.json"), json(&place, "merged.json"));
        assert_same(&merged.verdicts(), &whole.verdicts());
        assert_same(&merged.requirement_verdicts(), &whole.requirement_verdicts());
        for same in ["summary", "suite", "complete"] {
            assert_eq!(merged.0[same], whole.0[same], "{same}");
        }
    }
}

#[test]
fn a_shard_that_got_lost_leaves_the_merged_run_incomplete() {
    let place = Place::new();
    for shard in 1..=3 {
        let line = format!("run tokens --shard {shard}/3 --report ndjson={shard}.ndjson");
        place.program(&line).end().exited(0);
    }
    for (there, missing) in [("1.ndjson 3.ndjson", "no report of shard 2/3"), ("2.ndjson", "1/3, 3/3")] {
        merge(&place, there).exited(3).says(missing);
        assert!(!json(&place, "merged.json").is_complete());
    }
    merge(&place, "1.ndjson 2.ndjson 3.ndjson 2.ndjson").exited(2).says("both hold the case tokens/");
    // The last shard was killed in the middle of a line.
    let whole = place.read("3.ndjson");
    place.write("3.ndjson", &whole[..whole.len() * 2 / 3]);
    merge(&place, "1.ndjson 2.ndjson 3.ndjson").exited(130).says("3.ndjson has no end: its run died");
    assert!(!json(&place, "merged.json").is_complete());
}

#[test]
fn reports_of_different_runs_are_refused() {
    let (place, target) = (Place::new(), hostile());
    for (name, line) in [
        ("one", "tokens/logout --shard 1/1".to_owned()),
        ("target", format!("login/first-login --target {} --fresh --shard 1/1", target.url())),
        ("registration", "login/first-login --registration sunset --shard 1/1".to_owned()),
        ("level", "login/first-login --fail-on should --shard 1/1".to_owned()),
        ("filters", "login --shard 1/4".to_owned()),
        ("whole", "login/first-login".to_owned()),
    ] {
        let ended = place.program(&format!("run --report ndjson={name}.ndjson {line}")).end();
        assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.said());
    }
    let text =
        place.read("whole.ndjson").replacen("\"cases\":1,", "\"cases\":1,\"part\":{\"shard\":\"1/1\",\"of\":1},", 1);
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    place.write("version.ndjson", text.replacen(&version, "\"version\":\"0.0.1\"", 1));
    place.write("suite.ndjson", text.replacen("\"says\":\"", "\"says\":\"Not that ", 1));
    place.write("digest.ndjson", text.replacen("\"digest\":\"sha256:", "\"digest\":\"sha256:0", 1));
    for (other, why) in [
        ("digest", "the suites are sha256:"),
        ("target", "the targets are the embedded reference client and http://127.0.0.1:"),
        ("registration", "the target's registration was open and sunset"),
        ("level", "they fail from different levels on, must and should"),
        ("filters", "they are a shard of 1 ("),
        ("whole", "cases in all) and no shard"),
        ("version", "the suite's versions are "),
        ("suite", "their suites state the requirement "),
    ] {
        let ended = place.program(&format!("merge one.ndjson {other}.ndjson")).end().exited(2);
        ended.says(why).says("help: ");
    }
}
