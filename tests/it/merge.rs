//! `wabizspec merge`: shards put together are the whole, what is missing leaves the whole incomplete, and what is not
//! of one run is refused.

use crate::harness::{Ended, Place};
use crate::reports::{hostile, json};

/// Equal, and if not, only what differs is shown.
fn assert_same(merged: &[(&str, &str)], whole: &[(&str, &str)]) {
    let differing: Vec<_> = merged.iter().zip(whole).filter(|(merged, whole)| merged != whole).collect();
    assert!(differing.is_empty() && merged.len() == whole.len(), "{differing:?}");
}

fn merge(place: &Place, reports: &[&str]) -> Ended {
    place.program(["merge", "--report", "json=merged.json"].iter().chain(reports)).end()
}

#[test]
fn the_verdicts_of_merged_shards_are_those_of_the_whole() {
    let target = hostile();
    let (url, place) = (target.url(), Place::new());
    let embedded: &[&str] = &["tokens", "envelope/control", "envelope/e*"];
    // With a reset, as without one it depends on the order which case still finds a fresh target.
    let reset = format!("POST {url}/reset");
    let deployed: &[&str] =
        &["login/first-login-too-*", "login/control", "envelope/u*", "--reset", &reset, "--target", &url];
    for (what, code) in [(embedded, 0), (deployed, 1)] {
        let run = |report: &str, shard: &[&str]| {
            place.program(["run", "--report", report]).args(what).args(shard).end().exited(code);
        };
        run("json=whole.json", &[]);
        run("ndjson=1.ndjson", &["--shard", "1/3"]);
        run("json=2.json", &["--shard", "2/3"]);
        run("ndjson=3.ndjson", &["--shard", "3/3"]);
        merge(&place, &["3.ndjson", "1.ndjson", "2.json"]).exited(code);
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
    for shard in ["1/3", "2/3", "3/3"] {
        let report = format!("ndjson={}.ndjson", &shard[..1]);
        place.program(["run", "tokens", "--shard", shard, "--report", &report]).end().exited(0);
    }
    for (there, missing) in [(&["1.ndjson", "3.ndjson"][..], "no report of shard 2/3"), (&["2.ndjson"], "1/3, 3/3")] {
        merge(&place, there).exited(3).says(missing);
        assert!(!json(&place, "merged.json").is_complete());
    }
    merge(&place, &["1.ndjson", "2.ndjson", "3.ndjson", "2.ndjson"]).exited(2).says("both hold the case tokens/");
    // The last shard was killed in the middle of a line.
    let whole = place.read("3.ndjson");
    place.write("3.ndjson", &whole[..whole.len() * 2 / 3]);
    merge(&place, &["1.ndjson", "2.ndjson", "3.ndjson"]).exited(130).says("3.ndjson has no end: its run died");
    assert!(!json(&place, "merged.json").is_complete());
}

#[test]
fn reports_of_different_runs_are_refused() {
    let (place, target) = (Place::new(), hostile());
    let run = |name: &str, args: &[&str]| {
        let ended = place.program(["run", "--report", &format!("ndjson={name}")]).args(args).end();
        assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.said());
    };
    run("one.ndjson", &["tokens/logout", "--shard", "1/1"]);
    run("target.ndjson", &["login/first-login", "--target", &target.url(), "--fresh", "--shard", "1/1"]);
    run("registration.ndjson", &["login/first-login", "--registration", "sunset", "--shard", "1/1"]);
    run("level.ndjson", &["login/first-login", "--fail-on", "should", "--shard", "1/1"]);
    run("filters.ndjson", &["login", "--shard", "1/4"]);
    run("whole.ndjson", &["login/first-login"]);
    let text =
        place.read("whole.ndjson").replacen("\"cases\":1,", "\"cases\":1,\"part\":{\"shard\":\"1/1\",\"of\":1},", 1);
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    place.write("version.ndjson", text.replacen(&version, "\"version\":\"0.0.1\"", 1));
    let stated = text.replacen("\"says\":\"", "\"says\":\"Not that ", 1);
    place.write("suite.ndjson", stated);
    for (other, why) in [
        ("target", "the targets are the embedded reference client and http://127.0.0.1:"),
        ("registration", "the target's registration was open and sunset"),
        ("level", "they fail from different levels on, must and should"),
        ("filters", "they are a shard of 1 ("),
        ("whole", "cases in all) and no shard"),
        ("version", "the suite's versions are "),
        ("suite", "their suites state the requirement "),
    ] {
        let ended = place.program(["merge", "one.ndjson", &format!("{other}.ndjson")]).end().exited(2);
        ended.says(why).says("help: ");
    }
}
