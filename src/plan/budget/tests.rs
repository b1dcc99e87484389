use std::sync::Arc;

use super::*;
use crate::judge::{Check, Expectation, StatusSet};
use crate::plan::tests::{LOG_IN, case, deployed, embedded as all};
use crate::plan::{Capabilities, Plan, Skip, plan};
use crate::scenario::Change;
use crate::vectors::vectors;

fn limited(wrong_logins: Option<u32>) -> Capabilities {
    Capabilities { wrong_logins, ..deployed(&[Change::Users, Change::Passwords]) }
}

fn spent(plan: &Plan) -> u32 {
    plan.cases().map(Case::wrong_logins).sum()
}

fn is_over_budget(plan: &Plan) -> bool {
    plan.skipped.iter().any(|(_, why)| matches!(why, Skip::WrongLogins { .. }))
}

#[test]
fn wrong_logins_are_counted_step_by_step() {
    let cases = all();
    let cost = |id: &str| cases.iter().find(|case| case.id == id).expect(id).wrong_logins();
    assert_eq!(cost("login/control"), 1, "one of its two logins is good");
    assert_eq!(cost("login/standard-login"), 0);
    assert_eq!(cost("users/read-admin"), 0);
    assert_eq!(cost("envelope/unknown-path::below-the-login"), 1, "near enough to be counted by a target");
    assert_eq!(cost("envelope/unknown-path::deep"), 0);
}

#[test]
fn the_budget_holds_and_the_controls_are_within_it() {
    for limit in [0, 1, 2, 3, 20, 21, 100, 100_000] {
        let plan = plan(all(), &limited(Some(limit)));
        let spent = spent(&plan);
        assert!(spent <= limit, "{spent} of {limit}");
        assert!(is_over_budget(&plan) || limit == 100_000, "{limit}");
        if limit >= 20 {
            assert!(spent + OF_THE_HARNESS + 3 >= limit.min(200), "the budget is used: {spent} of {limit}");
            assert!(plan.cases().any(|case| case.id == "login/control"));
        }
    }
    assert!(!is_over_budget(&plan(all(), &limited(None))), "there is no limit");
    let nothing_allowed = Capabilities { wrong_logins: Some(20), ..deployed(&[]) };
    let spent = spent(&plan(all(), &nothing_allowed));
    assert!((15..=20).contains(&spent), "cases that are refused for another reason cost nothing: {spent}");
}

#[test]
fn the_most_informative_come_first() {
    let musts = |cases: &[Case]| {
        let cited = cases.iter().flat_map(cited).filter(|(level, _)| *level == Level::Must);
        cited.collect::<BTreeSet<_>>().len()
    };
    let costly: Vec<Case> = all().into_iter().filter(|case| case.wrong_logins() > 0).collect();
    let (chosen, _) = within(costly.clone(), 20);
    // As many cases, taken in the order of their ids.
    let first = &costly[..chosen.len()];
    assert!(musts(&chosen) > 2 * musts(first), "{} and {}", musts(&chosen), musts(first));
}

fn expectation(level: Level, requirement: &str, status: &str) -> Expectation {
    let checks = vec![Check::Status(StatusSet::parse([status]).expect("a set"))];
    Expectation { requirement: requirement.to_owned(), level, checks }
}

/// A case with so many wrong logins that cites these requirements.
fn made_up(id: &str, wrong_logins: usize, cites: &[(Level, &str)]) -> Case {
    let mut requests = vec![r#"send = "GET /v1/users""#];
    requests.extend(std::iter::repeat_n(LOG_IN, wrong_logins));
    let mut made = case("", &requests);
    let scenario = Arc::make_mut(&mut made.scenario);
    scenario.id = id.to_owned();
    scenario.steps[0].expectations = cites.iter().map(|(level, id)| expectation(*level, id, "4xx")).collect();
    id.clone_into(&mut made.id);
    assert_eq!(made.wrong_logins() as usize, wrong_logins);
    made
}

/// The ids of those that fit the budget, whatever the harness itself needs, and the ids of the rest.
fn split(cases: Vec<Case>, budget: u32) -> (Vec<String>, Vec<String>) {
    let (chosen, rest) = within(cases, budget + OF_THE_HARNESS);
    let ids = |cases: Vec<Case>| cases.into_iter().map(|case| case.id).collect();
    (ids(chosen), ids(rest))
}

#[test]
fn requirements_of_cases_without_cost_are_already_checked() {
    use Level::Must;
    let cases = vec![
        made_up("costly-new", 1, &[(Must, "c")]),
        made_up("costly-old", 1, &[(Must, "a"), (Must, "b")]),
        made_up("free-one", 0, &[(Must, "a")]),
        made_up("free-two", 0, &[(Must, "b")]),
    ];
    let (chosen, rest) = split(cases, 1);
    assert_eq!(chosen, ["costly-new", "free-one", "free-two"]);
    assert_eq!(rest, ["costly-old"]);
}

#[test]
fn controls_come_first_then_musts_then_shoulds_then_what_costs_less() {
    let mut control = made_up("control", 1, &[]);
    Arc::make_mut(&mut control.scenario).control = true;
    let mut cases = vec![control];
    for (id, wrong_logins, cites) in vectors::<(String, usize, Vec<(Level, String)>)>("costly") {
        let cites: Vec<(Level, &str)> = cites.iter().map(|(level, id)| (*level, id.as_str())).collect();
        cases.push(made_up(&id, wrong_logins, &cites));
    }
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    for (budget, expected) in vectors::<(u32, Vec<String>)>("affordable") {
        let (mut chosen, _) = split(cases.clone(), budget);
        chosen.sort();
        assert_eq!(chosen, expected, "{budget}");
    }
    assert_eq!(split(cases.clone(), 8).1, [""; 0]);
    // Of equals the first by id.
    let equals = ["a", "b"].map(|id| made_up(id, 1, &[(Level::Must, "x")])).to_vec();
    assert_eq!(split(equals, 1).0, ["a"]);
}

#[test]
fn a_login_is_wrong_unless_it_must_be_accepted() {
    let cost = |level: Level, status: &str| {
        let mut made = made_up("x", 1, &[]);
        Arc::make_mut(&mut made.scenario).steps[1].expectations = vec![expectation(level, "login.kept", status)];
        made.wrong_logins()
    };
    assert_eq!(cost(Level::Must, "2xx"), 0);
    assert_eq!(cost(Level::Must, "4xx"), 1);
    assert_eq!(cost(Level::Should, "2xx"), 1, "a target may refuse it");
}

#[test]
fn a_login_counts_in_whatever_form_it_is_sent() {
    for (request, cost) in vectors::<(String, u32)>("wrong_logins") {
        assert_eq!(case("", &[&request]).wrong_logins(), cost, "{request}");
    }
    let rows = "cases.one = { x = \"users/login\" }";
    assert_eq!(case(rows, &[r#"send = "POST /v1/${x}""#]).wrong_logins(), 1);
    assert_eq!(case("changes = [\"clock\"]", &["advance = 1", r#"send = "GET /""#]).wrong_logins(), 0);
}
