//! Every change of a claim, and of the report that it is about, is seen.

use serde_json::{Value, json};

use super::claimed;
use crate::harness::*;

/// Every way to change one member, one entry or one value of a document, or to leave it out; of a list only at its start.
fn changes(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let mut without = members.clone();
                without.remove(name);
                found.push(without.into());
                found.extend(changes(member).into_iter().map(|changed| {
                    let mut members = members.clone();
                    members[name] = changed;
                    Value::from(members)
                }));
            }
            let mut more = members.clone();
            more.insert("more".to_owned(), json!(true));
            found.push(more.into());
        }
        Value::Array(entries) => {
            found.push([&entries[..], &[json!("login.first.refused")]].concat().into());
            if let [first, rest @ ..] = &entries[..] {
                found.push(rest.into());
                found.push([std::slice::from_ref(first), &entries[..]].concat().into());
                found.extend(changes(first).into_iter().map(|changed| [&[changed], rest].concat().into()));
            }
        }
        Value::String(text) => found.extend([json!(format!("{text}x")), Value::Null]),
        Value::Number(_) => found.push(json!(value.as_u64().expect("a count") + 1)),
        Value::Bool(is_so) => found.push(json!(!is_so)),
        Value::Null => found.push(json!("open")),
    }
    found
}

#[test]
fn every_change_of_a_claim_is_seen() {
    let place = Place::new();
    place.program("run login/control --embedded --report json=report.json").end().exited(0);
    let (claim, _) = claimed(&place, "report.json");
    let verify = |text: String| {
        place.write("changed.json", text);
        place.program("claim --verify changed.json report.json").end()
    };
    let changed = changes(&claim);
    assert!(changed.len() > 80, "{}", changed.len());
    for changed in changed {
        let ended = verify(changed.to_string());
        assert!(matches!(ended.code, Some(1 | 2)), "{}\n{changed:#}", ended.said());
    }
    // What differs is named, also where only the order does; what says the same in other spaces does not differ.
    verify(claim.to_string()).exited(0);
    let mut other = claim.clone();
    (other["outcome"], other["target"]["versions"]) = (json!("conforms"), json!(["v9.9"]));
    verify(other.to_string())
        .exited(1)
        .says("outcome: the claim says conforms, and the report gives partial")
        .says("target.versions: only the claim has v9.9; only the report gives v2.53.1");
    let mut turned = claim.clone();
    turned["limits"].as_array_mut().expect("limits").reverse();
    verify(turned.to_string()).exited(1).says("limits: the claim has the same entries in another order, or twice");
    let twice = claim.to_string().replacen("{", "{\"outcome\":\"conforms\",", 1);
    verify(twice).exited(2).says("duplicate field").says("help: ");
    verify("{}".to_owned()).exited(2).says("is not a claim");
    place.program("claim --verify none.json report.json").end().exited(2).says("none.json");
    place.program("claim --verify claim.json none.json").end().exited(2).says("none.json");
}

#[test]
fn a_report_that_was_changed_is_seen() {
    let place = Place::new();
    let server = faulty(&["login.first.default-password-accepted"]);
    place.program("run --report json=report.json").at(&server).resetting(&server).end().exited(1);
    claimed(&place, "report.json");
    let report = place.json("report.json");
    let cases = |report: &mut Value| report["cases"].as_array_mut().expect("cases").clone();
    let failing = report["cases"].as_array().expect("cases").iter().position(|case| case["verdict"] == "fail");
    let failing = failing.expect("a case that fails");
    // Each with what is said of it when a new claim is to be made of it, if it does not even fit the suite.
    let without_the_case = |report: &mut Value| drop(report["cases"].as_array_mut().expect("cases").remove(failing));
    type Edit<'e> = &'e dyn Fn(&mut Value);
    let edits: [(Edit<'_>, &str); 9] = [
        (&|report| report["cases"][failing]["verdict"] = json!("pass"), ""),
        (&without_the_case, ""),
        (&|report| report["summary"]["fail"] = json!(0), ""),
        (&|report| report["suite"]["whole"] = json!(1), "it counts 1 cases in all"),
        (&|report| report["suite"]["digest"] = json!("sha256:0"), ""),
        (&|report| report["requirements"][0]["level"] = json!("may"), "the suite has no requirement "),
        (&|report| report["cases"][failing]["cites"] = json!([]), "the suite has no case "),
        (&|report| drop(report["requirements"].as_array_mut().expect("rules").remove(0)), "it does not list "),
        (
            &|report| {
                let first = cases(report)[0].clone();
                report["cases"][failing] = first;
            },
            "it has a case twice",
        ),
    ];
    for (edit, misfit) in edits {
        let mut changed = report.clone();
        edit(&mut changed);
        place.write("changed.json", changed.to_string());
        let ended = place.program("claim --verify claim.json changed.json").end();
        assert!(matches!(ended.code, Some(1 | 3)), "{}", ended.said());
        let made = place.program("claim changed.json").end();
        match misfit {
            "" => drop(made.exited(0)),
            misfit => drop(made.exited(2).says(misfit).says("help: ")),
        }
    }
    // Not a byte of it may differ.
    place.write("changed.json", place.read("report.json") + "\n");
    place.program("claim --verify claim.json changed.json").end().exited(1).says("report.digest: ");
}
