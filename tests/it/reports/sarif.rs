//! SARIF reports: held to what the standard says of the properties that we write, and to an approved one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::hostile;
use crate::harness::*;
use crate::schema::validator;

/// The results of a report that is valid.
pub fn results(place: &Place, name: &str) -> Vec<Value> {
    let document = place.json(name);
    let schema = serde_json::from_str(include_str!("sarif.schema.json")).expect("JSON");
    if let Err(error) = validator(&schema).validate(&document) {
        panic!("{}: {error}", error.instance_path());
    }
    let results = document["runs"][0]["results"].as_array().expect("results").clone();
    let (register, rules) = (suite::embedded().register, results.iter().map(|result| text(result, "ruleId")));
    none(rules.filter(|rule| *rule != "observation" && register.find(rule).is_none()).map(str::to_owned));
    let prints: BTreeSet<String> = results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len(), "each result is one of its own");
    results
}

#[test]
fn the_report_is_as_approved_and_its_fingerprints_are_the_same_in_every_run() {
    let prints = [0, 1].map(|number| {
        let (place, target) = (Place::new(), hostile());
        let filters = "login/control login/first-login-too-short users/create";
        let line = format!("run {filters} --fresh --report sarif=run.sarif --report json=run.json");
        place.program(&line).at(&target).end().exited(1);
        let (results, report) = (results(&place, "run.sarif"), place.json("run.json"));
        let of_level = |level| results.iter().filter(|result| result["level"] == level).count();
        let causes = report["causes"].as_array().expect("causes").iter();
        assert_eq!(of_level("error"), causes.filter(|cause| cause["level"] == "must").count());
        assert!(of_level("error") > 1 && results.iter().all(|result| result["locations"][0].is_object()));
        if number == 0 {
            let (url, started) = (target.url(), report["started_at"].as_str().expect("a time"));
            let port = url.rsplit(':').next().expect("a port");
            let text =
                place.read("run.sarif").replace(&place.path().display().to_string(), "PLACE").replace(port, "PORT");
            let text = text.replace(started, "TIME").replace(env!("CARGO_PKG_VERSION"), "VERSION");
            assert_current("snapshots/report.sarif", "reports", &text);
        }
        results.into_iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<Value>>()
    });
    assert_eq!(prints[0], prints[1]);
}

#[test]
fn a_finding_of_the_fuzzer_points_to_its_file() {
    let place = Place::new();
    let line = "fuzz basic-auth --seed 1 --requests 300 --fresh --report sarif=fuzz.sarif";
    place.program(line).at(&faulty(&["login.robustness.no-colon"])).end().exited(1);
    let found = results(&place, "fuzz.sarif").into_iter().find(|result| result["ruleId"] == "envelope.no-crash");
    let found = found.expect("the crash");
    let location = &found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(found["level"] == "error" && place.has(location.as_str().expect("a file")), "{found}");
}
