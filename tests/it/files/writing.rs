//! Nothing is written through a link.

use super::{VICTIM, differs, place, program, run_at};
use crate::harness::{OWNERS, Place, in_use};

/// What is set up, the command line, the exit code and a part of what is said. `URL` is the address of a target.
type Row = (&'static str, fn(&Place), &'static str, i32, &'static str);

const A_LINK: &str = "a symbolic link, which is not followed";

const ROWS: &[Row] = &[
    ("a report", |place| place.link("r.json", "victim"), "run envelope/control --report json=r.json", 2, A_LINK),
    (
        "the report of the fuzzer",
        |place| place.link("r.json", "victim"),
        "fuzz path --requests 20 --report json=r.json",
        2,
        A_LINK,
    ),
    (
        "the report of a proof",
        |place| place.link("r.json", "victim"),
        "prove login.default-account.deletable --report json=r.json",
        3,
        A_LINK,
    ),
    (
        "a report to be made",
        |place| place.link("r.json", "new"),
        "run envelope/control --report json=r.json",
        2,
        A_LINK,
    ),
    (
        "half a snapshot",
        |place| {
            place.link("shots/envelope/control.snap.half", "victim");
            place.link("shots/envelope/control.snap.snap.half", "victim");
            place.link("shots/envelope/control.snap.new.half", "victim");
            place.link("shots/envelope/control.snap.new", "victim");
        },
        "run envelope/control --target URL --snapshots shots",
        0,
        "",
    ),
    (
        "a snapshot",
        |place| place.link("shots/envelope/control.snap", "new"),
        "run envelope/control --target URL --snapshots shots",
        3,
        A_LINK,
    ),
    (
        "the folder of an area's snapshots",
        |place| place.link("shots/envelope", "elsewhere"),
        "run envelope/control --target URL --snapshots shots",
        3,
        A_LINK,
    ),
    (
        "the folder of snapshots",
        |place| place.link("shots", "elsewhere"),
        "run envelope/control --target URL --snapshots shots/",
        2,
        A_LINK,
    ),
    ("the corpus", |place| place.link("out/corpus/path", "elsewhere"), "fuzz path --requests 20 --out out", 0, A_LINK),
    ("the fuzzer's folder", |place| place.link("wabizspec-fuzz", "elsewhere"), "fuzz path --requests 20", 2, A_LINK),
    ("a man page", |place| place.link("man/wabizspec.1", "victim"), "man man", 0, ""),
    ("a configuration", |place| place.link("wabizspec.toml", "new"), "init", 2, "already exists"),
    (
        "the journal",
        |place| place.link("a.journal", "victim"),
        "run --target http://127.0.0.1:1 --journal a.journal",
        2,
        A_LINK,
    ),
    (
        "a journal to be made",
        |place| place.link("a.journal", "new"),
        "run --target http://127.0.0.1:1 --journal a.journal",
        2,
        A_LINK,
    ),
    (
        "a device as the journal",
        |_| {},
        "run --target http://127.0.0.1:1 --journal /dev/null",
        2,
        "it is a device, not a regular file",
    ),
    (
        "the lock",
        |place| place.link("state/wabizspec/localhost-1.lock", "victim"),
        "run --target http://127.0.0.1:1",
        3,
        "",
    ),
    (
        "the lock as it was called before",
        |place| place.link("state/wabizspec/127.0.0.1-1.lock", "victim"),
        "run --target http://127.0.0.1:1",
        3,
        "",
    ),
];

#[test]
fn nothing_is_written_through_a_link() {
    let server = in_use("open");
    let mut wrong = Vec::new();
    for (what, set_up, args, code, part) in ROWS {
        let place = place();
        std::fs::create_dir(place.path().join("elsewhere")).expect("folder");
        set_up(&place);
        let differs = differs(&run_at(&place, &server.url(), args), *code, part);
        wrong.extend(differs.map(|differs| format!("{what} {differs}")));
        if place.read("victim") != VICTIM {
            wrong.push(format!("{what} overwrites the victim"));
        }
        if place.has("new") {
            wrong.push(format!("{what} makes a file through a link"));
        }
        if place.path().join("elsewhere").read_dir().expect("folder").count() > 0 {
            wrong.push(format!("{what} writes into a folder behind a link"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_is_replaced_where_a_file_is_written_whole() {
    let place = place();
    place.link("shots/envelope/control.snap.new", "victim");
    let server = in_use("open");
    run_at(&place, &server.url(), "run envelope/control --target URL --snapshots shots");
    assert!(!place.path().join("shots/envelope/control.snap.new").is_symlink());
    assert!(place.read("shots/envelope/control.snap.new").contains("source: wabizspec"));
}

#[test]
fn a_recovered_password_goes_to_a_file_that_is_new_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let (place, server) = (place(), in_use("open"));
    place.link("link", "new");
    let recover = |out: &str| program(&place, &["recover", "--target", &server.url(), "--out", out]).password().end();
    recover("link").exited(2).says("cannot write link");
    recover("victim").exited(2).says("cannot write victim");
    assert_eq!(place.read("victim"), VICTIM);
    assert!(!place.has("new"));
    recover("mine").exited(0).says("only you can read");
    assert_eq!(place.read("mine").trim_end(), OWNERS);
    let mode = place.path().join("mine").metadata().expect("file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
