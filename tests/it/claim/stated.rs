//! What reports state for claims: the digest of the suite, and the version of the target.

use serde_json::{Value, json};
use wabizspec::reference::{Answer, AnswerBody};
use wabizspec::scenario::Suite;

use crate::harness::suite::embedded;
use crate::harness::*;

/// Only what is a version is noted, and of each target only a few.
#[test]
fn the_report_says_which_version_the_target_states() {
    let versions = |rewrite| {
        let server = rewriting(rewrite);
        let ended = Program::judge("login envelope").at(&server).resetting(&server).end();
        ended.0["target"].get("versions").cloned()
    };
    assert_eq!(versions(|_, answer| version(answer, json!("2.41.2"))), Some(json!(["2.41.2"])));
    assert_eq!(versions(|_, answer| version(answer, json!("<b>"))), None);
    assert_eq!(versions(|_, answer| version(answer, json!(2.1))), None);
    assert_eq!(versions(|_, answer| version(answer, json!("1.".repeat(40) + "1"))), None);
    let many = versions(|handled, answer| {
        let length = format!("{handled:?}").len() % 9;
        version(answer, json!(format!("1.{length}")));
    });
    assert_eq!(many.expect("versions").as_array().map(Vec::len), Some(4));
}

fn version(answer: &mut Answer, version: Value) {
    if let AnswerBody::Json(body) = &mut answer.body {
        body["meta"]["version"] = version;
    }
}

#[test]
fn the_digest_of_a_suite_is_the_same_wherever_it_lies_and_however_its_lines_end() {
    let place = Place::new();
    let copy = |ends: &str| {
        for path in files_of(&repository("scenarios"), "toml").iter().chain(&files_below(&repository("scenarios"))) {
            let name = path.strip_prefix(repository("scenarios")).expect("below").display().to_string();
            let text = std::fs::read_to_string(path).expect("text").replace('\n', ends);
            place.write(&format!("suite/{name}"), text);
        }
        Suite::from_folder(&place.join("suite")).expect("a suite").digest.expect("a digest")
    };
    let digest = embedded().digest.expect("a digest");
    assert_eq!(copy("\n"), digest);
    assert_eq!(copy("\r\n"), digest);
    copy("\n");
    for name in ["suite/requirements.toml", "suite/login/control.toml"] {
        let text = place.read(name);
        place.write(name, format!("{text}# More.\n"));
        assert_ne!(Suite::from_folder(&place.join("suite")).expect("a suite").digest.as_ref(), Some(&digest), "{name}");
        place.write(name, text);
    }
    std::fs::remove_file(place.join("suite/login/control.toml")).expect("removed");
    let without = Suite::from_folder(&place.join("suite")).map(|suite| suite.digest);
    assert_ne!(without.ok().flatten().as_ref(), Some(&digest));
}
