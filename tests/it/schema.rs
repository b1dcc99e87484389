//! Files that are generated from the sources and kept beside the data: the JSON Schemas of scenario files and of
//! `wabizspec.toml`, and the table of requirements. A stale one fails here;
//! `WABIZSPEC_ACCEPT=1 cargo test --test it schema::` writes them again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use crate::harness::suite::embedded as suite;
use crate::harness::*;
use jsonschema::Validator;
use serde_json::Value;
use wabizspec::custody::config::Config;
use wabizspec::judge::Oracles;
use wabizspec::plan::cases;
use wabizspec::requirement::{AREAS, Requirement};
use wabizspec::scenario::{Suite, schema};

#[test]
fn the_schemas_and_the_table_of_requirements_are_current() {
    let suite = suite();
    let pretty = |schema: &Value| format!("{schema:#}\n");
    assert_current("scenarios/scenario.schema.json", "schema", &pretty(&schema(&suite.register)));
    assert_current("wabizspec.schema.json", "schema", &pretty(&schemars::schema_for!(Config).to_value()));
    assert_current("scenarios/REQUIREMENTS.md", "schema", &requirements(&suite));
}

/// The register as a table, an area each: what people read who do not run anything.
fn requirements(suite: &Suite) -> String {
    let mut checked: BTreeMap<&str, usize> = BTreeMap::new();
    let all = cases(suite);
    for case in &all {
        for id in case.scenario.requirements() {
            *checked.entry(id).or_default() += 1;
        }
    }
    let oracles: Vec<&str> = Oracles::of(&suite.register).requirements().collect();
    let mut text = "# Requirements\n\nGenerated from `requirements.toml` and the scenarios: do not edit. \
        `WABIZSPEC_ACCEPT=1 cargo test --test it schema::` writes it anew.\nA rule checked by \"every exchange\" is an oracle: \
        whatever a case sends, the answer is held to it.\n"
        .to_owned();
    for area in AREAS {
        let of_area: Vec<&Requirement> = suite.register.iter().filter(|found| found.area() == area).collect();
        let _ = writeln!(text, "\n## {area} ({})\n", of_area.len());
        text.push_str("| id | level | rule | source | checked by |\n| --- | --- | --- | --- | --- |\n");
        for requirement in of_area {
            let id = requirement.id.as_str();
            let because = requirement.because.as_ref();
            let lowered = because.map(|why| format!(" *Not a must: {why}*")).unwrap_or_default();
            let cases = checked.get(id).map(|count| match count {
                1 => "1 case".to_owned(),
                count => format!("{count} cases"),
            });
            let every = oracles.contains(&id).then(|| "every exchange".to_owned());
            let excuse = requirement.untested.as_ref().map(|why| format!("not checked: {why}"));
            let by: Vec<String> = every.into_iter().chain(cases).chain(excuse).collect();
            let (level, rule) = (requirement.level.to_string(), format!("{}{lowered}", requirement.statement));
            let cells = [format!("`{id}`"), level, rule, requirement.source(), by.join(", ")];
            let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

fn scenarios() -> Vec<(PathBuf, String, Value)> {
    let files = AREAS.iter().flat_map(|area| files_of(&repository("scenarios").join(area), "toml"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("text");
        let json = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, text, json)
    };
    files.map(read).collect()
}

pub fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap_or_else(|error| panic!("the schema is none: {error}"))
}

#[test]
fn every_scenario_satisfies_the_schema_and_names_it_so_that_editors_find_it() {
    let validator = validator(&schema(&suite().register));
    let files = scenarios();
    assert!(!files.is_empty());
    for (path, text, json) in files {
        if let Err(error) = validator.validate(&json) {
            panic!("{}: {}: {error}", path.display(), error.instance_path());
        }
        assert_eq!(text.lines().next(), Some("#:schema ../scenario.schema.json"), "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = validator(&schema(&suite().register));
    let good = "title = \"t\"\n[[steps]]\nname = \"n\"\nsend = \"GET /\"\n[steps.expect]\n\
        \"login.first.refused\" = { status = 401 }\n";
    let json = |text: &str| toml::from_str::<Value>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert!(validator.is_valid(&json(good)));
    for [what, old, new] in rows::<[String; 3]>(include_str!("schema.toml"), "mistakes") {
        assert!(good.contains(&old), "{what}");
        assert!(!validator.is_valid(&json(&good.replacen(&old, &new, 1))), "{what}");
    }
    assert!(!validator.is_valid(&json("title = \"t\"")), "no steps");
    assert!(!validator.is_valid(&json("title = \"t\"\nsteps = []")), "no step");
}

#[test]
fn a_configuration_that_is_read_satisfies_its_schema() {
    let validator = validator(&schemars::schema_for!(Config).to_value());
    let json = |text: &str| toml::from_str::<Value>(text).expect(text);
    let good = "[target]\nurl = \"http://127.0.0.1:8080\"\nregistration = \"sunset\"\ntimeout = \"5s\"\nrate = 3\n\
        headers = { X-A = \"env:A\" }\n[state]\nallow = [\"users\"]\nfresh = true\n[fuzz]\nallow_hosts = [\"a\"]\n";
    assert!(validator.is_valid(&json(good)));
    assert!(validator.is_valid(&json("")));
    for bad in ["[target]\nurll = \"x\"", "[targets]", "[state]\nallow = [\"all\"]", "[target]\nclient = \"curl\""] {
        assert!(!validator.is_valid(&json(bad)), "{bad}");
    }
}
