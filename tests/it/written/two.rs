//! What is said of two reports, and of two targets.

use super::Shape;
use crate::harness::*;

const STILL: &str = "envelope.error-shape.without-title";
const NEW: &str = "login.first.default-password-accepted";

#[test]
fn reports() {
    let place = Place::new();
    for (name, faults) in [("one.json", &[STILL][..]), ("two.json", &[STILL, NEW]), ("none.json", &[])] {
        let server = faulty(faults);
        let line = format!(
            "run login/control login/default-password-alone login/first-login users/control tokens/control --report json={name}"
        );
        place.program(&line).at(&server).resetting(&server).end();
    }
    let pairs = ["one.json two.json", "two.json one.json", "none.json two.json", "none.json none.json"];
    let documents = pairs.map(|pair| {
        place.program("diff --report json=diff.json").args(pair).end();
        place.json("diff.json")
    });
    for (document, list) in [(&documents[0], "new"), (&documents[0], "still"), (&documents[1], "gone")] {
        assert_ne!(document["causes"][list], serde_json::json!([]), "{list}");
    }
    Shape::named("diff").holds(&documents);
}

#[test]
fn targets() {
    let more = rewriting(|_, answer| {
        if let wabizspec::reference::AnswerBody::Json(body) = &mut answer.body {
            body["more"] = true.into();
        }
    });
    let documents = [faulty(&[NEW]), more].map(|other| {
        let (one, place) = (faulty(&[STILL]), Place::new());
        let program = place.program("compare login users/read-admin --report json=it.json").at(&one).at(&other);
        program.resetting(&one).resetting(&other).end().exited(1);
        place.json("it.json")
    });
    let all = documents.iter().flat_map(|it| it["differences"].as_array().expect("differences"));
    let (of_rules, open): (Vec<_>, Vec<_>) = all.partition(|it| it["only"].is_string());
    assert!(!of_rules.is_empty() && !open.is_empty(), "{documents:#?}");
    Shape::named("compare").holds(&documents);
}
