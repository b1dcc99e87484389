//! Where reports may go: to streams that a person names, and never over what the run reads.

use std::fs;

use super::{differs, place, program};
use crate::harness::{Place, none, repository};

type Name = fn(&Place, &str) -> String;

const NAMES: [(&str, Name); 4] = [
    ("its name", |_, input| input.to_owned()),
    ("a way round", |_, input| format!("./state/../{input}")),
    ("a hard link", |place, input| {
        fs::hard_link(place.join(input), place.join("hard")).expect("link");
        "hard".to_owned()
    }),
    ("a folder that is a link", |place, input| {
        place.link("here", ".");
        format!("here/{input}")
    }),
];

/// The file that is read or kept, and the command line. Every file of [`set_up`] is there.
const INPUTS: [(&str, &str); 12] = [
    ("wabizspec.toml", "run"),
    ("other.toml", "run --config other.toml"),
    ("password", "run"),
    ("known.toml", "run --baseline known.toml"),
    ("failed.ndjson", "run --rerun-failed failed.ndjson"),
    ("suite/requirements.toml", "run --scenarios suite"),
    ("suite/login/control.toml", "run --scenarios suite"),
    ("a.journal", "run --journal a.journal"),
    ("other.toml", "fuzz path --config other.toml"),
    ("password", "fuzz path"),
    ("suite/requirements.toml", "prove --scenarios suite"),
    ("failed.ndjson", "merge failed.ndjson"),
];

fn set_up(place: &Place) {
    let config = "[target]\nurl = \"http://127.0.0.1:1\"\n[credentials]\npassword_file = \"password\"\n";
    let opened = r#"{"opened":{"schema":"wabizspec/journal/1","target":"http://127.0.0.1:1","admin":"admin"}}"#;
    for (name, text) in [
        ("wabizspec.toml", config),
        ("other.toml", config),
        ("password", "Owner-Pass-1!\n"),
        ("known.toml", ""),
        ("a.journal", &format!("{opened}\n")),
    ] {
        place.write(name, text);
    }
    place.folder("state");
    for file in ["requirements.toml", "login/control.toml"] {
        let text = fs::read(repository("scenarios").join(file)).expect("a file of the suite");
        place.write(&format!("suite/{file}"), text);
    }
}

#[test]
fn a_report_never_overwrites_what_the_command_reads() {
    // A run of a target that is not there has cases that are blocked, and so to be run again.
    let source = place();
    set_up(&source);
    program(&source, "run login/control --report ndjson=failed.ndjson").end();
    let failed = source.read("failed.ndjson");
    let mut wrong = Vec::new();
    for (input, line) in INPUTS {
        for (named, name) in NAMES {
            let place = place();
            set_up(&place);
            place.write("failed.ndjson", &failed);
            let before = place.read(input);
            let report = format!("json={}", name(&place, input));
            let ended = program(&place, line).list(["--report", &report]).end();
            let advised = ended.said().contains("help: give the report another name");
            if differs(&ended, 2, "would overwrite").is_some() || !advised || place.read(input) != before {
                wrong.push(format!("{line} with a report at {named} of {input}: {:?} {}", ended.code, ended.said()));
            }
        }
    }
    none(wrong);
}

#[test]
fn a_new_journal_is_no_place_for_a_report() {
    let place = place();
    let line = "run --target http://127.0.0.1:1 --journal new.journal --report json=./new.journal";
    program(&place, line).end().exited(2).says("would overwrite");
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
        program(&place, "run envelope/control").through(script).end().exited(0);
        let text = place.read("out.json");
        let start = text.find("{\"schema\"").or_else(|| text.find('{')).unwrap_or_else(|| panic!("{what}: {text}"));
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<serde_json::Value>();
        let report = values.next().expect("a value").unwrap_or_else(|error| panic!("{what}: {error}: {text}"));
        assert_eq!(report["complete"], true, "{what}");
    }
}
