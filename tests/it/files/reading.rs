//! Only regular files of bounded size are read.

use std::fs::File;

use super::{differs, pipe, place, run, run_at};
use crate::harness::{Place, in_use};

/// A configuration with that line in that section.
fn configured(place: &Place, section: &str, line: &str) {
    let text = format!("[target]\nurl = \"https://127.0.0.1:1\"\n[{section}]\n{line}\n");
    place.write("wabizspec.toml", text.replace("[target]\n[target]", "[target]"));
}

const REGISTER: &str = include_str!("../../../scenarios/requirements.toml");

/// What is set up, the command line, the exit code and a part of what is said. `URL` is the address of a target. `odd` is a pipe that nobody writes to.
type Row = (&'static str, fn(&Place), &'static str, i32, &'static str);

const A_PIPE: &str = "it is a pipe, not a regular file";

const ROWS: &[Row] = &[
    ("--config", |_| {}, "run --config odd", 2, A_PIPE),
    ("--config", |_| {}, "run --config /dev/zero", 2, "it is a device"),
    ("--config", |_| {}, "run --config .", 2, "it is a folder"),
    (
        "a large --config",
        |place| {
            let file = File::create(place.path().join("large")).expect("file");
            file.set_len(1 << 40).expect("sparse");
        },
        "run --config large",
        2,
        "it is larger than 16 MiB",
    ),
    ("wabizspec.toml", |place| pipe(place, "wabizspec.toml"), "run", 2, A_PIPE),
    ("--baseline", |_| {}, "run --baseline odd", 2, A_PIPE),
    ("--baseline", |_| {}, "run --baseline /dev/zero", 2, "it is a device"),
    ("--rerun-failed", |_| {}, "run --rerun-failed odd", 2, A_PIPE),
    ("merge", |_| {}, "merge odd", 2, A_PIPE),
    ("merge", |_| {}, "merge /dev/zero", 2, "it is a device"),
    ("--cacert", |_| {}, "run --target https://127.0.0.1:1 --cacert odd", 2, A_PIPE),
    ("certificate_file", |place| configured(place, "registration", "certificate_file = \"odd\""), "run", 2, A_PIPE),
    ("password_file", |place| configured(place, "credentials", "password_file = \"odd\""), "run", 2, A_PIPE),
    (
        "password_file",
        |place| configured(place, "credentials", "password_file = \"/dev/zero\""),
        "run",
        2,
        "it is a device",
    ),
    ("the register of --scenarios", |place| pipe(place, "suite/requirements.toml"), "run --scenarios suite", 2, A_PIPE),
    (
        "a scenario of --scenarios",
        |place| {
            place.write("suite/requirements.toml", REGISTER);
            pipe(place, "suite/login/x.toml");
        },
        "run --scenarios suite",
        2,
        A_PIPE,
    ),
    ("check", |_| {}, "check odd", 2, A_PIPE),
    ("replay", |_| {}, "replay --surface path odd", 2, A_PIPE),
    ("replay of a folder", |place| pipe(place, "findings/path/x"), "replay findings", 3, A_PIPE),
    (
        "replay of a folder that leads back to itself",
        |place| {
            place.write("findings/path/x", "GET /");
            place.link("findings/a", "findings");
            place.link("findings/b", "findings");
        },
        "replay --surface path findings",
        3,
        "it is a symbolic link",
    ),
    (
        "the corpus of a fuzzer",
        |place| pipe(place, "out/corpus/path/input-1"),
        "fuzz path --requests 20 --out out",
        0,
        "0 findings",
    ),
    (
        "a snapshot",
        |place| pipe(place, "shots/envelope/control.snap"),
        "run envelope/control --target URL --snapshots shots",
        3,
        A_PIPE,
    ),
    ("--journal", |_| {}, "recover --target http://127.0.0.1:1 --journal odd", 2, A_PIPE),
];

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let server = in_use("open");
    let mut wrong = Vec::new();
    for (what, set_up, args, code, part) in ROWS {
        let place = place();
        pipe(&place, "odd");
        set_up(&place);
        let differs = differs(&run_at(&place, &server.url(), args), *code, part);
        wrong.extend(differs.map(|differs| format!("{what} {differs}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_to_a_configuration_and_a_report_from_standard_input_are_read() {
    let place = place();
    place.write("real.toml", "[target]\nurl = \"ftp://x\"\n");
    place.link("linked.toml", "real.toml");
    run(&place, &["run", "--config", "linked.toml"]).exited(2).says("ftp");
    run(&place, &["run", "envelope/control", "--report", "json=run.json"]).exited(0);
    let file = File::open(place.path().join("run.json")).expect("report");
    place.program(["merge", "/dev/stdin"]).stdin(file).end().exited(0);
}
