use super::*;
use crate::judge::facts::{Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, Observation, Remark};
use crate::plan::Without;
use crate::vectors::vectors;

/// A case from its id and its verdict, then what else there is about it.
fn case(text: &str) -> CaseReport {
    let mut words = text.split(' ');
    let (id, verdict) = (words.next().expect("an id"), words.next().expect("a verdict"));
    let mut case = CaseReport::new(id, serde_json::from_value(verdict.into()).expect(text));
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("control", _) => case.control = true,
            ("observed", _) => case.observations.push(Observation { requirement: None, what: Remark::BareError }),
            ("twin", id) => case.twin = Some(id.to_owned()),
            ("cites", id) => case.cites.push(id.to_owned()),
            ("breaks", id) => {
                let (at, expected, observed) = (Place::Status, Expected::NoCrash, Observed::Status(500));
                let mismatches = vec![Mismatch { at, expected, observed }];
                case.findings.push(Finding::new(id, Level::Must, "step", mismatches));
            }
            _ => panic!("{text}"),
        }
    }
    case
}

/// The fold of a run with these requirements (an oracle's ends in `!`) and cases.
fn summary(requirements: &[&str], cases: Vec<CaseReport>) -> Summary {
    let info = |id: &&str| RequirementInfo {
        id: id.trim_end_matches('!').to_owned(),
        oracle: id.ends_with('!'),
        ..RequirementInfo::default()
    };
    let mut summary = Summary::default();
    summary.take(&Event::Started(Started {
        cases: cases.len(),
        requirements: requirements.iter().map(info).collect(),
        ..Started::default()
    }));
    for case in cases {
        summary.take(&Event::Case(Box::new(case)));
    }
    summary.take(&Event::Ended(Ended { complete: true, interrupted: false, password_changed: false, elapsed_ms: 0 }));
    summary
}

/// Each row of the table adds cases to these, in any order, and has the verdict on the requirement.
fn assert_verdicts(table: &str, requirement: &str, common: &[&str]) {
    for (what, cases, expected) in vectors::<(String, Vec<String>, RequirementVerdict)>(table) {
        let mut cases: Vec<CaseReport> =
            common.iter().copied().chain(cases.iter().map(String::as_str)).map(case).collect();
        for _ in 0..2 {
            assert_eq!(summary(&[requirement], cases.clone()).requirements()[0].verdict, expected, "{what}");
            cases.reverse();
        }
    }
}

#[test]
fn nothing_passes_unless_the_control_of_its_area_held() {
    assert_verdicts("controls", "login.x", &["login/a pass cites=login.x"]);
    // The area of the requirement counts, not that of the case that cites it.
    assert_verdicts("controls_of_areas", "login.x", &["users/a pass cites=login.x"]);
}

#[test]
fn a_refusal_whose_twin_was_not_accepted_shows_nothing() {
    let refused = "login/refused pass cites=login.x twin=login/good";
    assert_verdicts("twins", "login.x", &["login/control pass control", refused]);
    // A finding counts whatever the twin.
    let broken = "login/refused fail cites=login.x twin=login/good breaks=login.x";
    let cases = [broken, "login/good fail"].map(case).to_vec();
    assert_eq!(summary(&["login.x"], cases).requirements()[0].verdict, RequirementVerdict::Fail);
}

#[test]
fn the_worst_of_findings_and_cases_decides() {
    assert_verdicts("worst", "login.x", &["login/control pass control"]);
}

#[test]
fn an_oracle_is_proven_by_every_judged_case_under_a_control_that_held() {
    assert_verdicts("oracles", "envelope.o!", &[]);
}

#[test]
fn everything_is_counted_once() {
    let cases = [
        "login/a pass cites=login.x observed observed",
        "login/b::r pass cites=login.x breaks=login.x observed",
        "login/c fail cites=login.y breaks=login.y",
        "login/d skipped cites=login.x",
        "login/e blocked",
    ];
    let mut summary = summary(&["login.x", "login.y"], cases.map(case).to_vec());
    summary.take(&Event::Reset);
    summary.take(&Event::Note("said".into()));
    assert_eq!(Verdict::ALL.map(|verdict| summary.count(verdict)), [2, 1, 1, 1, 0, 0]);
    assert_eq!((summary.warnings, summary.observations, summary.resets), (1, 3, 1));
    assert_eq!((summary.conclusion(), summary.judged()), (Conclusion::Findings, 3));
    let requirements = summary.requirements();
    assert_eq!(requirements[0].cases, ["login/a", "login/b::r", "login/d"]);
    assert_eq!(requirements[1].cases, ["login/c"]);
}

#[test]
fn a_share_leaves_out_what_is_not_for_this_target_and_what_is_left_open() {
    let mut cases =
        ["login/control pass control", "login/a pass cites=login.x", "login/b fail cites=login.y breaks=login.y"]
            .map(case)
            .to_vec();
    for (id, why) in [("login.other-state", Skip::Without(Without::Account)), ("login.not-allowed", Skip::Account)] {
        let mut skipped = case(&format!("login/{id} skipped cites={id}"));
        skipped.reason = Some(Reason::Skipped(why));
        cases.push(skipped);
    }
    let mut summary = summary(&["login.x", "login.y", "login.other-state", "login.not-allowed"], cases);
    assert_eq!(summary.share(Level::Must), Share { proven: 1, of: 3 });
    assert_eq!(summary.share(Level::Must).percent(), Some(33));
    assert_eq!(summary.share(Level::Should).percent(), None);
    summary.least_percent = 33;
    assert_eq!(summary.shortfall(), None);
    summary.least_percent = 34;
    assert!(summary.shortfall().is_some());
    for info in summary.started.iter_mut().flat_map(|started| &mut started.requirements) {
        info.level = Level::May;
    }
    assert_eq!(summary.share(Level::Must), Share::default());
}

#[test]
fn a_run_that_died_is_incomplete_and_keeps_what_was_judged() {
    let mut summary = Summary::default();
    assert!(summary.requirements().is_empty() && summary.started.is_none() && summary.ended.is_none());
    assert!(summary.judged() == 0 && !summary.is_complete());
    summary.take(&Event::Case(Box::new(case("login/a pass cites=login.x"))));
    assert!(summary.judged() == 1 && !summary.is_complete());
    assert_eq!(summary.conclusion(), Conclusion::Died);
    summary.take(&Event::Ended(Ended { complete: false, interrupted: true, password_changed: false, elapsed_ms: 1 }));
    assert!(!summary.is_complete() && summary.ended.as_ref().is_some_and(|ended| ended.interrupted));
    assert_eq!(summary.conclusion(), Conclusion::Interrupted);
}
