//! The report of the fuzzer, and what it saves of a finding.

use serde_json::Value;

use super::Shape;
use crate::harness::*;
use crate::reports::hostile;

#[test]
fn findings() {
    let place = Place::new();
    let server = faulty(&["login.robustness.no-colon", "login.robustness.null-for-a-body"]);
    let fuzz = "--seed 7 --report json=it.json --out found --fresh";
    place.program("fuzz basic-auth login-body --requests 1500").args(fuzz).at(&server).end().exited(1);
    let mut reports = vec![place.json("it.json")];
    assert!(reports[0]["findings"].as_array().is_some_and(|found| !found.is_empty()), "{:#}", reports[0]);
    // A target that does everything wrong, none at all, and one that is right.
    for (target, code) in [(hostile().url(), 1), (nobody(), 3), (fresh("open").url(), 0)] {
        place.program("fuzz basic-auth session --requests 300").args(fuzz).at(&target).end().exited(code);
        reports.push(place.json("it.json"));
    }
    assert!(reports.iter().any(|report| report["blocked"].is_string()));
    assert!(reports.iter().any(|report| report["warnings"].as_array().is_some_and(|all| !all.is_empty())));
    Shape::named("fuzz").holds(&reports);
    let saved: Vec<Value> = files_of(&place.join("found"), "json")
        .iter()
        .map(|path| serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON"))
        .collect();
    assert!(saved.iter().any(|finding| finding["signature"]["oracle"] == "crash"), "{saved:#?}");
    Shape::named("findings").holds(&saved);
}
