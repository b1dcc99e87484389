//! `wabizspec export`: the suite comes back as it was, and cases for other programs stand alone. `tests/exported/` runs them
//! with Hurl and newman.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::harness::{Ended, Place, Program, files_below, files_of, none, repository};
use crate::schema::validator;

/// What the user of an export sets.
const VARIABLES: [&str; 7] = ["target", "admin_password", "reset", "cc", "phone_number", "cert", "vname"];

const SECRET: &str = "Not-f0r-a-file!";

fn export(line: &str) -> Ended {
    Program::new(&format!("export there {line}")).env("WABIZSPEC_ADMIN_PASSWORD", SECRET).end().exited(0)
}

#[test]
fn the_suite_comes_back_as_it_was() {
    let place = export("").place().clone();
    for file in place.files() {
        let name = file.strip_prefix(place.join("there")).expect("only that folder is written");
        let ours = fs::read(repository("scenarios").join(name)).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        assert!(fs::read(&file).expect("a file") == ours, "{name:?}");
    }
    assert_eq!(place.files().len(), files_below(&repository("scenarios")).len(), "all are there");
    place.program("check there").end().exited(0).says("there is well formed");
    let [theirs, ours] = ["--scenarios there", ""].map(|suite| {
        let listed = place.program(&format!("list cases --json {suite}")).end().exited(0).stdout;
        let cases: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
        cases.iter().map(|case| case["id"].as_str().expect("an id").to_owned()).collect::<Vec<String>>()
    });
    assert_eq!(theirs, ours);
    let [theirs, ours] = ["--scenarios there", ""].map(|suite| {
        let ended = place.judge(&format!("--embedded --quiet {suite}")).end().exited(0);
        ended.summary().clone()
    });
    assert_eq!(theirs, ours);
}

#[test]
fn what_is_there_stays_as_it_is() {
    let place = Place::with(&[("full/mine", "mine"), ("taken.half/mine", "mine")]);
    place.folder("empty");
    place.link("link", "empty");
    let before = place.files();
    for (folder, says) in [
        ("full", "cannot write full: the folder is not empty"),
        ("full/mine", "cannot write full/mine"),
        ("link", "is a symbolic link"),
        ("taken", "taken.half"),
        (".", "needs a name of its own"),
    ] {
        for format in ["suite", "hurl", "postman"] {
            place.program(&format!("export {folder} --format {format}")).end().exited(2).says(says);
        }
    }
    assert_eq!(place.files(), before);
    assert!(!place.has("taken"));
    for folder in ["empty", "new/in/new/"] {
        place.program(&format!("export {folder}")).end().exited(0);
        place.program(&format!("check {folder}")).end().exited(0);
    }
    assert!(!place.has("empty.half") && !place.has("new/in/new.half"), "nothing is left next to them");
}

#[test]
fn every_case_is_exported_or_left_out_for_a_reason() {
    let all = Program::new("list cases").end().exited(0).stdout.lines().count();
    for (format, level) in [("hurl", "must"), ("hurl", "should"), ("postman", "must")] {
        let ended = export(&format!("--format {format} --fail-on {level}"));
        let readme = ended.place().read("there/README.md");
        let left_out: usize = readme.lines().filter_map(|line| line.strip_prefix("* ")).map(last_number).sum();
        let exported: usize =
            readme.lines().filter(|line| line.starts_with("| `") && line.contains("` | ")).filter_map(second).sum();
        assert_eq!(exported + left_out, all, "{readme}");
        assert!(exported > all / 2 && readme.contains(&format!("{exported} of {all} cases")), "{readme}");
        assert!(ended.stderr.contains(&format!("left out: {left_out} of {all} cases")), "{}", ended.stderr);
        if format == "hurl" {
            assert_eq!(files_of(&ended.place().join("there"), "hurl").len(), exported);
        }
    }
}

fn last_number(line: &str) -> usize {
    line.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

/// The number in the second cell of a row.
fn second(row: &str) -> Option<usize> {
    row.split('|').nth(2)?.trim().parse().ok()
}

#[test]
fn a_hurl_file_stands_alone() {
    let place = export("--format hurl").place().clone();
    assert!(!place.has("there/live/users/created-at-once.hurl") && place.has("there/live/users/read.hurl"));
    let files = files_of(&place.join("there"), "hurl");
    none(files.iter().filter_map(|file| {
        let text = fs::read_to_string(file).expect("a file");
        let mut known: BTreeSet<&str> = VARIABLES.into();
        // An entry uses what earlier ones captured; its own captures come last.
        let unknown = text.lines().find_map(|line| {
            let unknown = variables(line).into_iter().find(|name| !known.contains(name));
            known.extend(line.split_once(": jsonpath ").map(|(name, _)| name));
            unknown
        });
        let resets = text.matches("POST {{reset}}\n").count();
        let in_place = if file.starts_with(place.join("there/reset")) { resets == 2 } else { resets != 1 };
        (unknown.is_some() || !in_place || text.contains(SECRET))
            .then(|| format!("{file:?}: {unknown:?}, {resets} resets"))
    }));
}

/// The names between double braces. A password may be `{{7*7}}`.
fn variables(text: &str) -> Vec<&str> {
    let names = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name);
    names.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).collect()
}

#[test]
fn a_collection_has_the_form_of_postman() {
    let place = export("--format postman").place().clone();
    let collection = place.json("there/wabizspec.postman_collection.json");
    let schema = serde_json::from_str(include_str!("export/collection.schema.json")).expect("JSON");
    let validator = validator(&schema);
    let wrong = validator.iter_errors(&collection).map(|error| {
        let text = error.to_string();
        format!("{}: {}", error.instance_path(), text.chars().take(300).collect::<String>())
    });
    none(wrong.collect::<Vec<String>>());
    let mut known: BTreeSet<String> = VARIABLES.map(str::to_owned).into();
    let (requests, unknown) = unknown_variables(&collection, &mut known);
    assert!(requests > 4000, "{requests}");
    none(unknown);
    let environment = place.json("there/wabizspec.postman_environment.json");
    let values = environment["values"].as_array().expect("values");
    assert!(values.len() == 3 && values.iter().all(|value| value["value"] == ""), "{environment}");
    assert!(!collection.to_string().contains(SECRET));
}

/// How many requests there are, and the variables that nothing sets before they are used.
fn unknown_variables(item: &Value, known: &mut BTreeSet<String>) -> (usize, Vec<String>) {
    if let Some(items) = item["item"].as_array() {
        let all = items.iter().map(|item| unknown_variables(item, known));
        return all.fold((0, Vec::new()), |(count, all), (more, unknown)| (count + more, [all, unknown].concat()));
    }
    let text = item["request"].to_string();
    let unknown = variables(&text).into_iter().filter(|name| !known.contains(*name));
    let unknown = unknown.map(|name| format!("{name} in {}", item["name"])).collect();
    let lines = item["event"][0]["script"]["exec"].as_array();
    let set =
        lines.into_iter().flatten().filter_map(|line| line.as_str()?.strip_prefix("pm.collectionVariables.set(\""));
    known.extend(set.filter_map(|rest| rest.split_once('"')).map(|(name, _)| name.to_owned()));
    (1, unknown)
}

#[test]
fn filters_select_what_is_exported() {
    let place = export("--format hurl users/update* login.first.refused").place().clone();
    let files = files_of(&place.join("there"), "hurl");
    let name = |file: &std::path::PathBuf| file.strip_prefix(place.join("there")).expect("below").display().to_string();
    let names: Vec<String> = files.iter().map(name).collect();
    let has = |part: &str| names.iter().any(|name| name.contains(part));
    let expected = has("live/users/update") && has("reset/login/default-password-alone.hurl");
    assert!(expected && !has("/users/read") && !has("/tokens/"), "{names:?}");
    let suite = "[[steps]]\nname = \"read\"\nsend = \"GET /v1/users/${unique}\"\n[steps.expect]\n\"login.one\" = { status = 200 }\n";
    let own = Program::new("export there --format hurl --scenarios suite").suite(suite).end().exited(0);
    assert!(
        own.place().read("there/live/login/one.hurl").contains("# login.one (must)\nstatus toString matches /^(200)$/")
    );
}
