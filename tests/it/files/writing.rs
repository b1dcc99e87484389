//! Nothing is written through a link.

use super::{Row, VICTIM, each, place, program};
use crate::harness::{OWNERS, Place, in_use};

const A_LINK: &str = "a symbolic link, which is not followed";

fn report_is_the_victim(place: &Place) {
    place.link("r.json", "victim");
}

/// Every name that half a snapshot could have leads to the victim.
fn half_snapshots(place: &Place) {
    for ending in ["snap.half", "snap.snap.half", "snap.new.half", "snap.new"] {
        place.link(&format!("shots/envelope/control.{ending}"), "victim");
    }
}

const REPORT: &str = "run envelope/control --report json=r.json";
const FUZZ: &str = "fuzz path --requests 20 --report json=r.json";
const PROVE: &str = "prove login.default-account.deletable --report json=r.json";
const SLASH: &str = "run envelope/control --target URL --snapshots shots/";
const SNAPSHOTS: &str = "run envelope/control --target URL --snapshots shots";
const RUN: &str = "run --target http://127.0.0.1:1";
const JOURNAL: &str = "run --target http://127.0.0.1:1 --journal a.journal";
const DEVICE: &str = "run --target http://127.0.0.1:1 --journal /dev/null";

const ROWS: &[Row] = &[
    ("a report", report_is_the_victim, REPORT, 2, A_LINK),
    ("the report of the fuzzer", report_is_the_victim, FUZZ, 2, A_LINK),
    ("the report of a proof", report_is_the_victim, PROVE, 3, A_LINK),
    ("a new report", |place| place.link("r.json", "new"), REPORT, 2, A_LINK),
    ("half a snapshot", half_snapshots, SNAPSHOTS, 0, ""),
    ("a snapshot", |place| place.link("shots/envelope/control.snap", "new"), SNAPSHOTS, 3, A_LINK),
    ("the folder of an area", |place| place.link("shots/envelope", "elsewhere"), SNAPSHOTS, 3, A_LINK),
    ("the folder of snapshots", |place| place.link("shots", "elsewhere"), SLASH, 2, A_LINK),
    ("the corpus", |place| place.link("out/corpus/path", "elsewhere"), "fuzz path --requests 20 --out out", 0, A_LINK),
    ("the fuzzer's folder", |place| place.link("wabizspec-fuzz", "elsewhere"), "fuzz path --requests 20", 2, A_LINK),
    ("a man page", |place| place.link("man/wabizspec.1", "victim"), "man man", 0, ""),
    ("a configuration", |place| place.link("wabizspec.toml", "new"), "init", 2, "already exists"),
    ("the journal", |place| place.link("a.journal", "victim"), JOURNAL, 2, A_LINK),
    ("a new journal", |place| place.link("a.journal", "new"), JOURNAL, 2, A_LINK),
    ("a device as the journal", |_| {}, DEVICE, 2, "it is a device, not a regular file"),
    ("the lock", |place| place.link("state/wabizspec/localhost-1.lock", "victim"), RUN, 3, ""),
    ("the lock of an old version", |place| place.link("state/wabizspec/127.0.0.1-1.lock", "victim"), RUN, 3, ""),
];

#[test]
fn nothing_is_written_through_a_link() {
    each(ROWS, &in_use("open"), |place| match () {
        () if place.read("victim") != VICTIM => Some("overwrites the victim"),
        () if place.has("new") => Some("creates a file through a link"),
        () if elsewhere(place) > 0 => Some("writes into a folder behind a link"),
        () => None,
    });
}

/// How many things are in the folder behind a link.
fn elsewhere(place: &Place) -> usize {
    place.join("elsewhere").read_dir().expect("folder").count()
}

#[test]
fn a_link_is_replaced_where_a_file_is_written_whole() {
    let place = place();
    place.link("shots/envelope/control.snap.new", "victim");
    program(&place, "run envelope/control --snapshots shots").at(&in_use("open")).password().end();
    assert!(!place.join("shots/envelope/control.snap.new").is_symlink());
    assert!(place.read("shots/envelope/control.snap.new").contains("source: wabizspec"));
}

#[test]
fn a_recovered_password_goes_to_a_file_that_is_new_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let (place, server) = (place(), in_use("open"));
    place.link("link", "new");
    let recover = |out: &str| program(&place, "recover").at(&server).list(["--out", out]).password().end();
    recover("link").exited(2).says("cannot write link");
    recover("victim").exited(2).says("cannot write victim");
    assert_eq!(place.read("victim"), VICTIM);
    assert!(!place.has("new"));
    recover("mine").exited(0).says("only you can read");
    assert_eq!(place.read("mine").trim_end(), OWNERS);
    let mode = place.join("mine").metadata().expect("file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
