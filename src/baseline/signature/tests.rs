use serde::Deserialize;

use super::*;
use crate::judge::facts::Expected;
use crate::requirement::Level;

/// What was observed, and where, written as reports write it.
#[derive(Deserialize)]
struct Vectors {
    /// Two observations at a place that are the same way of failing.
    same: Vec<(Place, Observed, Observed)>,
    /// Two that are not.
    different: Vec<(Place, Observed, Observed)>,
    /// One with its signature.
    written: Vec<(Place, Observed, String)>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("observed.json")).expect("vectors")
}

fn finding(step: &str, observed: impl IntoIterator<Item = (Place, Observed)>) -> Finding {
    let mismatch = |(at, observed)| Mismatch { at, expected: Expected::Absent, observed };
    let mismatches = observed.into_iter().map(mismatch).collect();
    Finding::new("login.x", Level::Must, step, mismatches)
}

fn of(at: &Place, observed: Observed) -> String {
    signature([&finding("s", [(at.clone(), observed)])])
}

#[test]
fn values_that_differ_from_run_to_run_are_not_part_of_it() {
    for (at, one, other) in vectors().same {
        assert_eq!(of(&at, one), of(&at, other), "{at}");
    }
    let [first, eighth] = ["/users/0/token", "/users/7/token"].map(Place::at);
    assert_eq!(of(&first, Observed::Absent), of(&eighth, Observed::Absent));
}

#[test]
fn another_way_of_failing_is_another_signature() {
    for (at, one, other) in vectors().different {
        assert_ne!(of(&at, one), of(&at, other), "{at}");
    }
    assert_ne!(of(&Place::at("/a"), Observed::Absent), of(&Place::at("/b"), Observed::Absent));
    let [first, second] = ["first", "second"].map(|step| finding(step, [(Place::Status, Observed::Status(200))]));
    assert_ne!(signature([&first]), signature([&second]));
    assert_ne!(signature([&first]), signature([&first, &second]));
}

/// Existing baselines contain these, so none may ever change.
#[test]
fn signatures_of_existing_baselines_are_unchanged() {
    for (at, observed, written) in vectors().written {
        assert_eq!(of(&at, observed), format!("s: {written}"));
    }
}

#[test]
fn it_is_readable_and_short() {
    let users = Json::parse(br#"[{"token":"x"}]"#).expect("JSON");
    let two = [(Place::Status, Observed::Status(200)), (Place::at("/users"), Observed::value(Some(&users)))];
    assert_eq!(signature([&finding("log in", two)]), "log in: /users an array; status 200");
    let many = (0..1000).map(|index| (Place::at(&format!("/errors/{index}/code")), Observed::Absent));
    assert_eq!(signature([&finding("s", many)]), "s: /errors/*/code absent");
}
