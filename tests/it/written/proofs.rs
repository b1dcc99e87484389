//! The reports of a proof.

use serde_json::Value;

use super::Shape;
use crate::harness::*;

const FAULT: &str = "login.first.default-password-accepted";

/// What a proof writes, and what it writes of a suite of which nothing can be proven.
fn proven(line: &str) -> Vec<Value> {
    let place = Place::new();
    place.program("prove --report json=it.json").args(line).end().exited(0);
    let whole = place.json("it.json");
    let refusal = "positive = \"login/none\"\n[[steps]]\nname = \"n\"\nsend = \"GET /\"\n[steps.expect]\n\
        \"login.one\" = { status = 401 }\n";
    let program = place.program("prove --scenarios suite --report json=it.json").args(line).suite(refusal);
    program.end().exited(1).says("no fault was tried");
    let broken = place.json("it.json");
    assert!(broken["baseline"].as_array().is_some_and(|all| !all.is_empty()), "{broken:#}");
    vec![whole, broken]
}

#[test]
fn of_a_fault() {
    let reports = proven(FAULT);
    assert_eq!(reports[0]["faults"][0]["verdict"], "killed");
    Shape::named("prove").holds(&reports);
}

#[test]
fn of_pairs() {
    let reports = proven(&format!("{FAULT} --pairs --shard 1/6"));
    assert_eq!(reports[0]["pairs"][0]["fault"], FAULT);
    Shape::named("prove-pairs").holds(&reports);
}
