//! Where reports may go: to streams that a person names, and never over what the run reads.

use std::fs;

use super::{differs, place, program, run};
use crate::harness::Place;

/// How the file is named for which the report is meant.
type Name = fn(&Place, &str) -> String;

const NAMES: [(&str, Name); 4] = [
    ("its name", |_, input| input.to_owned()),
    ("a way round", |_, input| format!("./state/../{input}")),
    ("a hard link", |place, input| {
        fs::hard_link(place.path().join(input), place.path().join("hard")).expect("link");
        "hard".to_owned()
    }),
    ("a folder that is a link", |place, input| {
        place.link("here", ".");
        format!("here/{input}")
    }),
];

/// The arguments, and the file that is read or kept. Every file of [`set_up`] is there.
const INPUTS: &[(&str, &[&str])] = &[
    ("wabizspec.toml", &["run"]),
    ("other.toml", &["run", "--config", "other.toml"]),
    ("password", &["run"]),
    ("known.toml", &["run", "--baseline", "known.toml"]),
    ("failed.ndjson", &["run", "--rerun-failed", "failed.ndjson"]),
    ("suite/requirements.toml", &["run", "--scenarios", "suite"]),
    ("suite/login/control.toml", &["run", "--scenarios", "suite"]),
    ("a.journal", &["run", "--journal", "a.journal"]),
    ("other.toml", &["fuzz", "path", "--config", "other.toml"]),
    ("password", &["fuzz", "path"]),
    ("suite/requirements.toml", &["prove", "--scenarios", "suite"]),
    ("failed.ndjson", &["merge", "failed.ndjson"]),
];

fn set_up(place: &Place) {
    let config = "[target]\nurl = \"http://127.0.0.1:1\"\n[credentials]\npassword_file = \"password\"\n";
    place.write("wabizspec.toml", config);
    place.write("other.toml", config);
    place.write("password", "Owner-Pass-1!\n");
    place.write("known.toml", "");
    place.write(
        "a.journal",
        "{\"opened\":{\"schema\":\"wabizspec/journal/1\",\"target\":\"http://127.0.0.1:1\",\"admin\":\"admin\"}}\n",
    );
    fs::create_dir_all(place.path().join("state")).expect("folder");
    let suite = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    place.write("suite/requirements.toml", fs::read_to_string(suite.join("requirements.toml")).expect("register"));
    place.write("suite/login/control.toml", fs::read_to_string(suite.join("login/control.toml")).expect("scenario"));
}

#[test]
fn a_report_never_overwrites_what_the_command_reads() {
    // A run of a target that is not there has cases that are blocked, and so to be run again.
    let source = place();
    set_up(&source);
    run(&source, &["run", "login/control", "--report", "ndjson=failed.ndjson"]);
    let failed = source.read("failed.ndjson");
    let mut wrong = Vec::new();
    for (input, args) in INPUTS {
        for (named, name) in NAMES {
            let place = place();
            set_up(&place);
            place.write("failed.ndjson", &failed);
            let before = place.read(input);
            let report = format!("json={}", name(&place, input));
            let what = format!("{args:?} with a report at {named} of {input}");
            let ended = run(&place, &[args, ["--report", report.as_str()].as_slice()].concat());
            let advised = ended.said().contains("help: give the report another name");
            if differs(&ended, 2, "would overwrite").is_some() || !advised || place.read(input) != before {
                wrong.push(format!("{what}: {:?} {}", ended.code, ended.said()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_journal_that_is_not_there_yet_is_no_place_for_a_report() {
    let place = place();
    let target = ["run", "--target", "http://127.0.0.1:1"];
    let args = ["--journal", "new.journal", "--report", "json=./new.journal"];
    run(&place, &[target.as_slice(), &args].concat()).exited(2).says("would overwrite");
    assert!(!place.has("new.journal"));
}

#[test]
fn a_report_goes_to_a_stream_that_is_named() {
    for (what, script) in [
        ("a pipe at standard output", "\"$@\" --quiet --report json=/dev/stdout 2>&1 | cat > out.json"),
        ("a file behind a number", "\"$@\" --report json=/dev/fd/3 3> out.json"),
        ("a pipe behind a number", "{ \"$@\" --report json=/dev/fd/3 3>&1 > said; } | cat > out.json"),
        ("a named pipe", "mkfifo pipe && { cat pipe > out.json & } && \"$@\" --report json=pipe && wait"),
        ("nowhere", "\"$@\" --report ndjson=/dev/null --report json=out.json --report html=/dev/null"),
    ] {
        let place = place();
        program(&place, &["run", "envelope/control"]).through(script).end().exited(0);
        let text = place.read("out.json");
        let start = text.find("{\"schema\"").or_else(|| text.find('{')).unwrap_or_else(|| panic!("{what}: {text}"));
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<serde_json::Value>();
        let report = values.next().expect("a value").unwrap_or_else(|error| panic!("{what}: {error}: {text}"));
        assert_eq!(report["complete"], true, "{what}");
    }
}
