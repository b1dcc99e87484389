use super::*;
use crate::judge::facts::{Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, Observation, Remark};
use crate::run::TargetInfo;
use crate::scenario::Registration;

use RequirementVerdict as R;
use Verdict::{Blocked, Error, Fail, Known, Pass, Skipped};

/// A case that cites these requirements.
fn case(id: &str, verdict: Verdict, cites: &[&str]) -> CaseReport {
    CaseReport { cites: cites.iter().map(|id| (*id).to_owned()).collect(), ..CaseReport::new(id, verdict) }
}

fn control(id: &str, verdict: Verdict) -> CaseReport {
    CaseReport { control: true, ..case(id, verdict, &[]) }
}

/// The control of the area that held.
fn held() -> CaseReport {
    control("login/control", Pass)
}

fn with_finding(case: CaseReport, requirement: &str, level: Level) -> CaseReport {
    let mismatch = Mismatch { at: Place::Status, expected: Expected::NoCrash, observed: Observed::Status(500) };
    CaseReport { findings: vec![Finding::new(requirement, level, "step", vec![mismatch])], ..case }
}

/// The fold of a run with these requirements (an oracle's ends in `!`) and cases.
fn summary(requirements: &[&str], cases: Vec<CaseReport>) -> Summary {
    let info = |id: &&str| RequirementInfo {
        id: id.trim_end_matches('!').to_owned(),
        level: Level::Must,
        says: String::new(),
        source: String::new(),
        oracle: id.ends_with('!'),
    };
    let mut summary = Summary::default();
    summary.take(&Event::Started(Started {
        version: String::new(),
        at: Default::default(),
        part: None,
        cases: cases.len(),
        planned_resets: 0,
        target: TargetInfo { url: String::new(), embedded: true, registration: Some(Registration::Open) },
        fail_on: Level::Must,
        requirements: requirements.iter().map(info).collect(),
    }));
    for case in cases {
        summary.take(&Event::Case(Box::new(case)));
    }
    summary.take(&Event::Ended(Ended { complete: true, interrupted: false, password_changed: false, elapsed_ms: 0 }));
    summary
}

/// The verdict on `login.x`.
fn verdict(cases: Vec<CaseReport>) -> RequirementVerdict {
    summary(&["login.x"], cases).requirements()[0].verdict
}

/// The verdict on `login.x`, which does not depend on which of the two comes first.
#[track_caller]
fn verdict_in_any_order(one: &[CaseReport], other: &[CaseReport]) -> RequirementVerdict {
    let found = verdict([one, other].concat());
    assert_eq!(verdict([other, one].concat()), found);
    found
}

#[test]
fn nothing_passes_unless_the_control_of_its_area_held() {
    for (what, controls, expected) in [
        ("held", vec![held()], R::Pass),
        ("missing", vec![], R::Unproven),
        ("failed", vec![control("login/control", Fail)], R::Unproven),
        ("blocked", vec![control("login/control", Blocked)], R::Unproven),
        ("known to fail", vec![control("login/control", Known)], R::Unproven),
        ("skipped", vec![control("login/control", Skipped)], R::Unproven),
        ("of another area", vec![control("users/control", Pass)], R::Unproven),
        ("one of two held", vec![held(), control("login/second", Fail)], R::Unproven),
        ("another area's failed", vec![held(), control("users/control", Fail)], R::Pass),
        ("one does not apply", vec![held(), control("login/second", Skipped)], R::Pass),
    ] {
        let cited = [case("login/a", Pass, &["login.x"])];
        assert_eq!(verdict_in_any_order(&cited, &controls), expected, "{what}");
    }
}

#[test]
fn the_area_of_a_requirement_counts_not_that_of_the_case_that_cites_it() {
    let cited = case("users/a", Pass, &["login.x"]);
    assert_eq!(verdict(vec![cited.clone(), control("users/control", Pass)]), R::Unproven);
    assert_eq!(verdict(vec![cited, held()]), R::Pass);
}

#[test]
fn a_refusal_whose_twin_was_not_accepted_shows_nothing() {
    let refusal = CaseReport { twin: Some("login/good".into()), ..case("login/refused", Pass, &["login.x"]) };
    let good = |row: &str, verdict| case(&format!("login/good{row}"), verdict, &[]);
    for (what, twins, expected) in [
        ("accepted", vec![good("", Pass)], R::Pass),
        ("not accepted", vec![good("", Fail)], R::Unproven),
        ("blocked", vec![good("", Blocked)], R::Unproven),
        ("not tried", vec![good("", Skipped)], R::Pass),
        ("not planned", vec![], R::Pass),
        ("all rows accepted", vec![good("::a", Pass), good("::b", Pass)], R::Pass),
        ("one row not", vec![good("::a", Pass), good("::b", Fail)], R::Unproven),
        ("another file's", vec![case("login/good-too", Fail, &[])], R::Pass),
    ] {
        assert_eq!(verdict_in_any_order(&[held(), refusal.clone()], &twins), expected, "{what}");
    }
    let broken = with_finding(CaseReport { verdict: Fail, ..refusal }, "login.x", Level::Must);
    assert_eq!(verdict(vec![broken, good("", Fail)]), R::Fail, "a finding counts whatever the twin");
}

#[test]
fn the_worst_of_findings_and_cases_decides() {
    let cited = |verdict| case("login/a", verdict, &["login.x"]);
    let broken = |verdict| with_finding(case("login/b", verdict, &["login.x"]), "login.x", Level::Must);
    for (what, cases, expected) in [
        ("failed", vec![cited(Pass), broken(Fail)], R::Fail),
        ("known to fail", vec![cited(Pass), broken(Known)], R::Known),
        ("failed and known to", vec![broken(Known), broken(Fail)], R::Fail),
        ("a warning", vec![broken(Pass)], R::Fail),
        ("failed for another rule", vec![with_finding(cited(Fail), "login.y", Level::Must)], R::Unproven),
        ("an error", vec![cited(Error)], R::Unproven),
        ("blocked", vec![cited(Pass), cited(Blocked)], R::Blocked),
        ("one skipped", vec![cited(Pass), cited(Skipped)], R::Pass),
        ("all skipped", vec![cited(Skipped)], R::Skipped),
        ("not cited", vec![], R::Skipped),
        ("broken, not cited", vec![with_finding(case("users/z", Fail, &[]), "login.x", Level::Must)], R::Fail),
    ] {
        assert_eq!(verdict_in_any_order(&[held()], &cases), expected, "{what}");
    }
}

#[test]
fn an_oracle_is_proven_by_every_judged_case_under_a_control_that_held() {
    let held = || control("envelope/control", Pass);
    let failed = |id: &str| case(id, Fail, &[]);
    for (what, cases, expected) in [
        ("passed", vec![held(), case("login/a", Pass, &[])], R::Pass),
        ("failed", vec![held(), failed("login/a")], R::Pass),
        ("failed without a control", vec![failed("login/a")], R::Unproven),
        ("passed without a control", vec![case("login/a", Pass, &[])], R::Unproven),
        ("control failed", vec![control("envelope/control", Fail), case("login/a", Pass, &[])], R::Unproven),
        ("blocked", vec![case("login/a", Blocked, &[])], R::Skipped),
        ("skipped", vec![case("login/a", Skipped, &[])], R::Skipped),
        ("no case", vec![], R::Skipped),
        ("broken", vec![held(), with_finding(failed("login/a"), "envelope.o", Level::Must)], R::Fail),
        ("cited and blocked", vec![held(), case("envelope/c", Blocked, &["envelope.o"])], R::Blocked),
    ] {
        assert_eq!(summary(&["envelope.o!"], cases).requirements()[0].verdict, expected, "{what}");
    }
}

#[test]
fn everything_is_counted_once() {
    let observed = |case: CaseReport, count| CaseReport {
        observations: vec![Observation { requirement: None, what: Remark::BareError }; count],
        ..case
    };
    let cases = vec![
        observed(case("login/a", Pass, &["login.x"]), 2),
        observed(with_finding(case("login/b::r", Pass, &["login.x"]), "login.x", Level::Should), 1),
        with_finding(case("login/c", Fail, &["login.y"]), "login.y", Level::Must),
        case("login/d", Skipped, &["login.x"]),
        case("login/e", Blocked, &[]),
    ];
    let mut summary = summary(&["login.x", "login.y"], cases);
    summary.take(&Event::Reset);
    summary.take(&Event::Note("said".into()));
    assert_eq!(Verdict::ALL.map(|verdict| summary.count(verdict)), [2, 1, 1, 1, 0, 0]);
    assert_eq!((summary.warnings(), summary.observations(), summary.resets()), (1, 3, 1));
    assert_eq!((summary.conclusion(), summary.judged()), (Conclusion::Findings, 3));
    let requirements = summary.requirements();
    assert_eq!(requirements[0].cases, ["login/a", "login/b::r", "login/d"]);
    assert_eq!(requirements[1].cases, ["login/c"]);
}

#[test]
fn a_run_that_died_is_incomplete_and_keeps_what_was_judged() {
    let mut summary = Summary::default();
    assert!(summary.requirements().is_empty() && summary.started().is_none() && summary.ended().is_none());
    assert!(summary.judged() == 0 && !summary.is_complete());
    summary.take(&Event::Case(Box::new(case("login/a", Pass, &["login.x"]))));
    assert!(summary.judged() == 1 && !summary.is_complete());
    assert_eq!(summary.conclusion(), Conclusion::Died);
    summary.take(&Event::Ended(Ended { complete: false, interrupted: true, password_changed: false, elapsed_ms: 1 }));
    assert!(!summary.is_complete() && summary.ended().is_some_and(|ended| ended.interrupted));
    assert_eq!(summary.conclusion(), Conclusion::Interrupted);
}
