//! Only regular files of bounded size are read.

use std::fs::File;

use super::{Row, each, pipe, place, program};
use crate::harness::{Place, in_use};

const URL: &str = "[target]\nurl = \"https://127.0.0.1:1\"\n";

const REGISTER: &str = include_str!("../../../scenarios/requirements.toml");

const A_PIPE: &str = "it is a pipe, not a regular file";
const A_DEVICE: &str = "it is a device";

/// Nothing but the pipe `odd`, which nobody writes to.
fn odd(place: &Place) {
    pipe(place, "odd");
}

fn large(place: &Place) {
    File::create(place.join("large")).expect("file").set_len(1 << 40).expect("sparse");
}

/// A register, and a scenario that is a pipe.
fn scenario_is_a_pipe(place: &Place) {
    place.write("suite/requirements.toml", REGISTER);
    pipe(place, "suite/login/x.toml");
}

/// A folder whose links lead back to it.
fn circle(place: &Place) {
    place.write("findings/path/x", "GET /");
    place.link("findings/a", "findings");
    place.link("findings/b", "findings");
}

/// A password file that is the pipe `odd`, or a device.
fn password_file(place: &Place, name: &str) {
    odd(place);
    place.write("wabizspec.toml", format!("{URL}[credentials]\npassword_file = \"{name}\"\n"));
}

fn certificate_file(place: &Place) {
    odd(place);
    place.write("wabizspec.toml", format!("{URL}[registration]\ncertificate_file = \"odd\"\n"));
}

const FUZZ: &str = "fuzz path --requests 20 --out out";
const SNAPSHOTS: &str = "run envelope/control --target URL --snapshots shots";

const ROWS: &[Row] = &[
    ("--config", odd, "run --config odd", 2, A_PIPE),
    ("--config", odd, "run --config /dev/zero", 2, A_DEVICE),
    ("--config", odd, "run --config .", 2, "it is a folder"),
    ("a large --config", large, "run --config large", 2, "it is larger than 16 MiB"),
    ("wabizspec.toml", |place| pipe(place, "wabizspec.toml"), "run", 2, A_PIPE),
    ("--baseline", odd, "run --baseline odd", 2, A_PIPE),
    ("--baseline", odd, "run --baseline /dev/zero", 2, A_DEVICE),
    ("--rerun-failed", odd, "run --rerun-failed odd", 2, A_PIPE),
    ("merge", odd, "merge odd", 2, A_PIPE),
    ("merge", odd, "merge /dev/zero", 2, A_DEVICE),
    ("--cacert", odd, "run --target https://127.0.0.1:1 --cacert odd", 2, A_PIPE),
    ("certificate_file", certificate_file, "run", 2, A_PIPE),
    ("password_file", |place| password_file(place, "odd"), "run", 2, A_PIPE),
    ("password_file", |place| password_file(place, "/dev/zero"), "run", 2, A_DEVICE),
    ("the register of --scenarios", |place| pipe(place, "suite/requirements.toml"), "run --scenarios suite", 2, A_PIPE),
    ("a scenario of --scenarios", scenario_is_a_pipe, "run --scenarios suite", 2, A_PIPE),
    ("check", odd, "check odd", 2, A_PIPE),
    ("replay", odd, "replay --surface path odd", 2, A_PIPE),
    ("replay of a folder", |place| pipe(place, "findings/path/x"), "replay findings", 3, A_PIPE),
    ("replay of a circle", circle, "replay --surface path findings", 3, "it is a symbolic link"),
    ("the corpus of a fuzzer", |place| pipe(place, "out/corpus/path/input-1"), FUZZ, 0, "0 findings"),
    ("a snapshot", |place| pipe(place, "shots/envelope/control.snap"), SNAPSHOTS, 3, A_PIPE),
    ("--journal", odd, "recover --target http://127.0.0.1:1 --journal odd", 2, A_PIPE),
];

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    each(ROWS, &in_use("open"), |_| None);
}

#[test]
fn a_link_to_a_configuration_and_a_report_from_standard_input_are_read() {
    let place = place();
    place.write("real.toml", "[target]\nurl = \"ftp://x\"\n");
    place.link("linked.toml", "real.toml");
    program(&place, "run --config linked.toml").end().exited(2).says("ftp");
    program(&place, "run envelope/control --report json=run.json").end().exited(0);
    place.program("merge /dev/stdin").through("exec \"$@\" < run.json").end().exited(0);
}
