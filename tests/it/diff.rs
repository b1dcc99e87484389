//! `wabizspec diff`: what is new in a second report, what is gone, and what is still there.

use crate::harness::*;
use serde_json::{Value, json};

const STILL: &str = "envelope.error-shape.without-title";
const NEW: &str = "login.first.default-password-accepted";

/// Writes the report of a run against a client with these faults.
fn report(place: &Place, name: &str, faults: &[&str], more: &str) {
    let server = faulty(faults);
    let line = format!("run --report json={name} {more}");
    let ended = place.program(&line).at(&server).resetting(&server).end();
    assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.said());
}

fn diff(place: &Place, reports: &str) -> Ended {
    place.program("diff --report json=diff.json").args(reports).end()
}

fn ids<'v>(list: &'v Value, member: &str) -> Vec<&'v str> {
    list.as_array().expect("a list").iter().map(|entry| text(entry, member)).collect()
}

#[test]
fn what_is_new_gone_and_still_there() {
    let place = Place::new();
    let some = "login/control login/default-password-alone login/first-login users/control tokens/control";
    report(&place, "good.json", &[], some);
    report(&place, "one.json", &[STILL], some);
    report(&place, "two.json", &[STILL, NEW], some);

    let ended = diff(&place, "one.json two.json").exited(1).says("\nnew (1):").says("\nstill there (1):");
    ended.says("something is new").says("unproven -> fail: ").never_says("\ngone");
    let found = place.json("diff.json");
    assert_eq!(found["new"], true);
    let causes = &found["causes"];
    let counts = ["new", "gone", "still"].map(|list| causes[list].as_array().expect("causes").len());
    assert_eq!(counts, [1, 0, 1], "{causes:#}");
    assert!(causes["new"][0]["requirements"].as_array().expect("ids").contains(&json!("login.first.refused")));
    assert!(ids(&found["findings"]["new"], "requirement").contains(&"login.first.refused"));
    assert!(ids(&found["requirements"], "id").contains(&"login.first.refused"));
    assert_eq!(found["cases"], json!([]), "the case failed before, in another way");

    // The other way round it is gone.
    diff(&place, "two.json one.json").exited(0).says("\ngone (1):").says("nothing is new").never_says("\nnew");
    // A case that passed is new even if its cause is not; one that failed already is not.
    let mut passed = place.json("one.json");
    let case = passed["cases"].as_array_mut().expect("cases").iter_mut().find(|case| case["id"] == "tokens/control");
    let case = case.expect("a case");
    (case["verdict"], case["findings"]) = (json!("pass"), json!([]));
    place.write("passed.json", passed.to_string());
    diff(&place, "passed.json one.json")
        .exited(1)
        .says("\nstill there (1):")
        .never_says("\nnew")
        .says(", 1 of them new)");
    diff(&place, "one.json one.json").exited(0).says("still there (1)").never_says("another verdict");
    assert_eq!(place.json("diff.json")["new"], false);
    diff(&place, "good.json good.json").exited(0).says("nothing is new");
    let piped = place.program("diff --report json good.json two.json").end().exited(1);
    let on_stdout: Value = serde_json::from_str(&piped.stdout).expect("only JSON");
    assert_eq!(on_stdout["causes"]["new"].as_array().map(Vec::len), Some(2));
    assert!(piped.stderr.contains("new (2):"), "{}", piped.stderr);
    assert_eq!(on_stdout["cases"][0], json!({ "id": "login/control", "a": "pass", "b": "fail" }));
}

/// What the older run judged and the newer one did not may be broken: that is no success.
#[test]
fn what_is_no_longer_judged_is_no_success() {
    let place = Place::new();
    report(&place, "whole.json", &[], "login/control login/default-password-alone");
    report(&place, "part.json", &[], "login/control");
    diff(&place, "whole.json part.json").exited(3).says("of 2 cases that A judged, B did not judge 1");
    diff(&place, "part.json whole.json").exited(0);
}

/// A broken should is a warning unless the flags of the runs say otherwise, and what the baseline of the newer run excuses is not
/// new either.
#[test]
fn only_what_fails_a_case_counts() {
    let place = Place::new();
    let edit = |text: &mut Value, edit: &dyn Fn(&mut Value)| {
        text["cases"].as_array_mut().expect("cases").iter_mut().for_each(edit);
    };
    report(&place, "good.json", &[], "login/default-password-alone");
    report(&place, "bad.json", &[NEW], "login/default-password-alone");
    let bad = place.json("bad.json");
    diff(&place, "good.json bad.json").exited(1);
    let mut warned = bad.clone();
    edit(&mut warned, &|case| {
        case["verdict"] = json!("pass");
        case["findings"].as_array_mut().expect("findings").iter_mut().for_each(|it| it["level"] = json!("should"));
    });
    place.write("warned.json", warned.to_string());
    diff(&place, "good.json warned.json").exited(0).says("\nnew (1):");
    let mut known = bad.clone();
    edit(&mut known, &|case| case["verdict"] = json!("known"));
    place.write("known.json", known.to_string());
    diff(&place, "good.json known.json").exited(0);
}

#[test]
fn reports_of_different_suites_are_refused() {
    let place = Place::new();
    report(&place, "one.json", &[], "login/control");
    report(&place, "other.json", &[], "users/control");
    report(&place, "should.json", &[], "login/control --fail-on should");
    let one = place.read("one.json");
    let edited = |name: &str, from: &str, to: &str| {
        assert!(one.contains(from), "{from}");
        place.write(name, one.replacen(from, to, 1));
    };
    edited("version.json", &format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"version\": \"0.0.1\"");
    edited("rule.json", "\"says\": \"", "\"says\": \"Not: ");
    edited("case.json", "\"title\": \"", "\"title\": \"Not: ");
    for (name, says) in [
        ("version.json", "0.0.1"),
        ("rule.json", "differently"),
        ("case.json", "is not the same in both"),
        ("other.json", "no case in common"),
        ("should.json", "cases fail from must on in one"),
    ] {
        let ended = diff(&place, &format!("one.json {name}")).exited(2).says("not reports of the same suite");
        ended.says(says).says("\n  help: ");
    }
    place.write("broken.json", &one[..one.len() / 2]);
    for name in ["broken.json", "none.json"] {
        diff(&place, &format!("one.json {name}")).exited(2).says(name).says("report");
    }
    place.program("diff one.json other.json --report json=one.json").end().exited(2);
    place.program("diff one.json one.json --report html=x.html").end().exited(2).says("json only");
    assert_eq!(place.read("one.json"), one);
}
