use super::*;
use crate::plan::tests::embedded as all;
use crate::plan::{Capabilities, plan};
use crate::scenario::{Change, Registration};

fn deployed(limit: u32) -> Capabilities {
    Capabilities {
        embedded: false,
        reset: false,
        fresh: false,
        credentials: true,
        allow: [Change::Users, Change::Passwords].into(),
        wrong_logins: Some(limit),
        ..Capabilities::embedded(Registration::Open)
    }
}

#[test]
fn wrong_logins_are_counted_step_by_step() {
    let cases = all();
    let cost = |id: &str| cases.iter().find(|case| case.id == id).expect(id).wrong_logins();
    assert_eq!(cost("login/control"), 1, "one of its two logins is good");
    assert_eq!(cost("login/standard-login"), 0);
    assert_eq!(cost("users/read-admin"), 0);
    assert_eq!(
        cost("envelope/unknown-path::below-the-login"),
        1,
        "near enough to be counted by a target"
    );
    assert_eq!(cost("envelope/unknown-path::deep"), 0);
}

#[test]
fn the_budget_holds_and_the_controls_are_within_it() {
    for limit in [0, 1, 2, 3, 20, 21, 100, 100_000] {
        let plan = plan(all(), &deployed(limit));
        let spent: u32 = plan.cases().map(Case::wrong_logins).sum();
        assert!(spent <= limit, "{spent} of {limit}");
        if limit < 100_000 {
            assert!(
                plan.skipped.iter().any(|(_, why)| why.starts_with("over budget")),
                "{limit}"
            );
        }
        if limit >= 20 {
            assert!(
                spent + OF_THE_HARNESS + 3 >= limit.min(200),
                "the budget is used: {spent} of {limit}"
            );
            assert!(plan.cases().any(|case| case.id == "login/control"));
        }
    }
}

#[test]
fn without_a_limit_nothing_is_over_budget() {
    let unlimited = Capabilities {
        wrong_logins: None,
        ..deployed(0)
    };
    let plan = plan(all(), &unlimited);
    assert!(!plan.skipped.iter().any(|(_, why)| why.contains("budget")));
}

#[test]
fn the_most_telling_come_first() {
    let musts = |cases: &[Case]| -> usize {
        let cited: BTreeSet<&str> = cases
            .iter()
            .flat_map(cited)
            .filter(|(level, _)| *level == Level::Must)
            .map(|(_, id)| id)
            .collect();
        cited.len()
    };
    let costly: Vec<Case> = all().into_iter().filter(|case| case.wrong_logins() > 0).collect();
    let (chosen, _) = within(costly.clone(), 20);
    // As many cases, taken in the order of their ids.
    let first: Vec<Case> = costly.into_iter().take(chosen.len()).collect();
    assert!(
        musts(&chosen) > 2 * musts(&first),
        "{} and {}",
        musts(&chosen),
        musts(&first)
    );
}

#[test]
fn what_is_refused_for_another_reason_costs_nothing() {
    let nothing_allowed = Capabilities {
        allow: Default::default(),
        ..deployed(20)
    };
    let plan = plan(all(), &nothing_allowed);
    let spent: u32 = plan.cases().map(Case::wrong_logins).sum();
    assert!((15..=20).contains(&spent), "{spent}");
}
