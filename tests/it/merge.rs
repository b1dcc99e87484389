//! `wabizspec merge`: shards put together are the whole, what is missing leaves the whole incomplete, and what is not
//! of one run is refused.

use std::fs;

use crate::report_support::{Folder, Target, cases, json, requirements, said, wabizspec};

/// Equal, and if not, only what differs is shown.
fn assert_same(merged: &[(String, String)], whole: &[(String, String)]) {
    let differing: Vec<_> = merged.iter().zip(whole).filter(|(merged, whole)| merged != whole).collect();
    assert!(differing.is_empty() && merged.len() == whole.len(), "{differing:?}");
}

#[test]
fn the_verdicts_of_merged_shards_are_those_of_the_whole() {
    let target = Target::hostile();
    let embedded: &[&str] = &["tokens", "envelope/control", "envelope/e*"];
    // With a reset, as without one it depends on the order which case still finds a fresh target.
    let reset = format!("POST {}/reset", target.url());
    let deployed: &[&str] =
        &["login/first-login-too-*", "login/control", "envelope/u*", "--reset", &reset, "--target", target.url()];
    for (what, code) in [(embedded, 0), (deployed, 1)] {
        let folder = Folder::new();
        let run = |name: &str, shard: &[&str]| {
            let report = folder.report(name);
            let args = [&["run", "--report", report.as_str()], what, shard].concat();
            let output = wabizspec(&args);
            assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        };
        run("whole.json", &[]);
        run("1.ndjson", &["--shard", "1/3"]);
        run("2.json", &["--shard", "2/3"]);
        run("3.ndjson", &["--shard", "3/3"]);
        let merged = folder.report("merged.json");
        let shards = ["3.ndjson", "1.ndjson", "2.json"].map(|name| folder.path(name));
        let mut args = vec!["merge", "--report", merged.as_str()];
        args.extend(shards.iter().map(String::as_str));
        let output = wabizspec(&args);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        let (whole, merged) = (json(&folder.read("whole.json")), json(&folder.read("merged.json")));
        assert_same(&cases(&merged), &cases(&whole));
        assert_same(&requirements(&merged), &requirements(&whole));
        for same in ["summary", "suite", "complete"] {
            assert_eq!(merged[same], whole[same], "{same}");
        }
    }
}

#[test]
fn a_shard_that_got_lost_leaves_the_merged_run_incomplete() {
    let folder = Folder::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let report = folder.report(&format!("{}.ndjson", &shard[..1]));
        let output = wabizspec(&["run", "tokens", "--shard", shard, "--report", &report]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let merge = |names: &[&str]| {
        let paths: Vec<String> = names.iter().map(|name| folder.path(name)).collect();
        let merged = folder.report("merged.json");
        let mut args = vec!["merge", "--report", merged.as_str()];
        args.extend(paths.iter().map(String::as_str));
        wabizspec(&args)
    };
    for (there, missing) in [(&["1.ndjson", "3.ndjson"][..], "no report of shard 2/3"), (&["2.ndjson"], "1/3, 3/3")] {
        let output = merge(there);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains(missing), "{}", said(&output));
        assert_eq!(json(&folder.read("merged.json"))["complete"], false);
    }
    let output = merge(&["1.ndjson", "2.ndjson", "3.ndjson", "2.ndjson"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("both hold the case tokens/"), "{}", said(&output));
    // The last shard was killed in the middle of a line.
    let whole = folder.read("3.ndjson");
    fs::write(folder.path("3.ndjson"), &whole[..whole.len() * 2 / 3]).expect("cut");
    let output = merge(&["1.ndjson", "2.ndjson", "3.ndjson"]);
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("3.ndjson has no end: its run died"), "{}", said(&output));
    assert_eq!(json(&folder.read("merged.json"))["complete"], false);
}

#[test]
fn reports_of_different_runs_are_refused() {
    let (folder, target) = (Folder::new(), Target::hostile());
    let run = |name: &str, args: &[&str]| {
        let report = folder.report(name);
        let output = wabizspec(&[&["run", "--report", report.as_str()], args].concat());
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", said(&output));
    };
    run("one.ndjson", &["tokens/logout", "--shard", "1/1"]);
    run("target.ndjson", &["login/first-login", "--target", target.url(), "--fresh", "--shard", "1/1"]);
    run("registration.ndjson", &["login/first-login", "--registration", "sunset", "--shard", "1/1"]);
    run("level.ndjson", &["login/first-login", "--fail-on", "should", "--shard", "1/1"]);
    run("filters.ndjson", &["login", "--shard", "1/4"]);
    run("whole.ndjson", &["login/first-login"]);
    let one = folder.path("one.ndjson");
    let text = String::from_utf8(folder.read("whole.ndjson")).expect("text");
    let text = text.replacen("\"cases\":1,", "\"cases\":1,\"part\":{\"shard\":\"1/1\",\"of\":1},", 1);
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    fs::write(folder.path("version.ndjson"), text.replacen(&version, "\"version\":\"0.0.1\"", 1)).expect("version");
    let stated = text.replacen("\"says\":\"", "\"says\":\"Not that ", 1);
    fs::write(folder.path("suite.ndjson"), stated).expect("suite");
    for (other, why) in [
        ("target", "the targets are the embedded reference client and http://127.0.0.1:"),
        ("registration", "the target's registration was open and sunset"),
        ("level", "they fail from different levels on, must and should"),
        ("filters", "they are a shard of 1 ("),
        ("whole", "cases in all) and no shard"),
        ("version", "the suite's versions are "),
        ("suite", "their suites state the requirement "),
    ] {
        let output = wabizspec(&["merge", &one, &folder.path(&format!("{other}.ndjson"))]);
        assert_eq!(output.status.code(), Some(2), "{other}: {}", said(&output));
        assert!(said(&output).contains(why) && said(&output).contains("help: "), "{other}: {}", said(&output));
    }
}

#[test]
fn a_report_does_not_overwrite_what_it_is_made_of() {
    let folder = Folder::new();
    let (report, path) = (folder.report("run.ndjson"), folder.path("run.ndjson"));
    let output = wabizspec(&["run", "login/first-login", "--report", &report]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let before = folder.read("run.ndjson");
    std::os::unix::fs::symlink(&path, folder.path("alias.ndjson")).expect("another name");
    let output = wabizspec(&["merge", &path, "--report", &folder.report("alias.ndjson")]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(folder.read("run.ndjson"), before);
    let two = format!("json={path}");
    let output = wabizspec(&["run", "login/first-login", "--report", &two, "--report", &report]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(folder.read("run.ndjson"), before);
}
