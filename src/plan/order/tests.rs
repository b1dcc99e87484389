//! Plans of the suite itself: its content changes, the promises of a plan do not.

use super::*;
use crate::plan::tests::{LOG_IN, deployed, embedded as suite, made_up, untouchable};
use crate::vectors::vectors;

const VERIFY: &str = "send = \"POST /v1/account/verify\"\njson = '{\"code\":\"${code}\"}'";
const UPDATE: &str = r#"send = "PUT /v1/users/${user}""#;
const GET: &str = r#"send = "GET /""#;

fn embedded() -> Capabilities {
    Capabilities::embedded(Registration::Open)
}

#[test]
fn every_case_is_planned_or_skipped_once() {
    for capabilities in [embedded(), untouchable()] {
        let plan = plan(suite(), &capabilities);
        let skipped = plan.skipped.iter().map(|(case, _)| case.id.clone());
        let mut placed: Vec<String> = plan.cases().map(|case| case.id.clone()).chain(skipped).collect();
        placed.sort();
        let all: Vec<String> = suite().into_iter().map(|case| case.id).collect();
        assert_eq!(placed, all);
        assert!(plan.stages.iter().all(|stage| !stage.cases.is_empty()));
    }
}

#[test]
fn the_resets_are_as_few_as_the_cases_allow() {
    let plan = plan(suite(), &embedded());
    // Each of these uses up something that only a reset brings back; the first of each finds it new.
    let uses_up = [Group::FreshChanged, Group::Verified, Group::Clock];
    let count = |group| plan.cases().filter(|case| Group::of(case) == group).count();
    let most = uses_up.map(count).into_iter().max();
    assert!(most > Some(1));
    // One that uses up two of them leaves its round without the other.
    let both = plan.cases().filter(|case| case.given() == Given::Fresh && uses_code(case)).count();
    assert_eq!(Some(plan.resets + 1), most.map(|most| most + both));
    let resets = plan.stages.iter().filter(|stage| stage.after_reset).count();
    assert_eq!(resets, plan.resets);
    // Where the target is not known to be new, the first stage makes it so.
    let unknown = Capabilities { fresh: false, ..embedded() };
    assert_eq!(super::plan(suite(), &unknown).resets, plan.resets + 1);
}

#[test]
fn every_case_finds_the_state_that_it_needs() {
    for fresh in [true, false] {
        let plan = plan(suite(), &Capabilities { fresh, ..embedded() });
        let (mut is_fresh, mut is_unregistered, mut is_unmoved) = (fresh, fresh, fresh);
        for stage in &plan.stages {
            if stage.after_reset {
                (is_fresh, is_unregistered, is_unmoved) = (true, true, true);
            }
            for case in &stage.cases {
                let group = Group::of(case);
                assert!(is_fresh || case.given() != Given::Fresh, "{}", case.id);
                assert!(is_unregistered || group != Group::Verified, "{}", case.id);
                assert!(is_unmoved || group != Group::Clock, "{}", case.id);
                is_unregistered &= !matches!(group, Group::Verified | Group::Registered);
                is_unmoved &= group != Group::Clock;
                // Refusals leave it fresh; whatever logs in or is accepted does not.
                is_fresh &= case.given() <= Given::Fresh && case.changes_nothing();
            }
        }
    }
}

#[test]
fn a_reset_comes_before_the_next_case_that_needs_the_state() {
    let first_login = made_up("fresh", r#""passwords""#, &[LOG_IN]);
    let verified = made_up("admin", r#""registration""#, &[VERIFY]);
    let moved = made_up("any", r#""clock""#, &[LOG_IN, "advance = 1"]);
    for one in [first_login.clone(), verified, moved] {
        let plan = plan(vec![one.clone(), one.clone(), one], &embedded());
        let resets: Vec<bool> = plan.stages.iter().map(|stage| stage.after_reset).collect();
        assert_eq!(resets, [false, true, true]);
        assert_eq!(plan.resets, 2);
    }
    // A refusal uses nothing up: it comes before the login that does.
    let refusal = made_up("fresh", "", &[LOG_IN]);
    let plan = plan(vec![first_login, refusal.clone(), refusal], &embedded());
    let stages: Vec<(bool, usize)> = plan.stages.iter().map(|stage| (stage.after_reset, stage.cases.len())).collect();
    assert_eq!(stages, [(false, 2), (false, 1)]);
    assert!(plan.stages[0].cases.iter().all(Case::changes_nothing));
}

#[test]
fn a_case_goes_with_those_that_need_and_leave_the_same_state() {
    for (given, changes, requests, group) in vectors::<(String, String, Vec<String>, String)>("groups") {
        let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
        let case = made_up(&given, &changes, &requests);
        assert_eq!(format!("{:?}", Group::of(&case)), group, "{given}, {changes}, {requests:?}");
    }
}

#[test]
fn changes_are_counted_by_the_cases_that_will_run() {
    let changes = [r#""users""#, r#""users", "passwords""#, r#""users", "clock""#, ""];
    let cases = changes.map(|changes| made_up("admin", changes, &[GET])).to_vec();
    let no_clock = Capabilities { advance: false, ..embedded() };
    let changes = plan(cases, &no_clock).changes();
    assert_eq!(changes, [(Change::Users, 2), (Change::Passwords, 1)].into());
}

#[test]
fn only_what_disturbs_nothing_runs_at_the_same_time() {
    let plan = plan(suite(), &embedded());
    for stage in plan.stages.iter().filter(|stage| stage.concurrent) {
        assert!(stage.cases.iter().all(|case| case.changes_nothing() || case.is_confined()));
    }
    let at_once = |id: &str| {
        let of = |stage: &&Stage| stage.cases.iter().any(|case| case.id == id);
        plan.stages.iter().find(of).map(|stage| stage.concurrent)
    };
    assert_eq!(at_once("login/first-login"), Some(false));
    assert_eq!(at_once("login/new-account"), Some(true), "it makes an account of its own");
    assert_eq!(at_once("login/default-account-not-removable"), Some(false), "it tries the admin's");
    assert_eq!(at_once("users/update-admin-by-a-user"), Some(false), "it tries the admin's");
}

#[test]
fn nothing_is_changed_that_was_not_allowed() {
    let plan = plan(suite(), &untouchable());
    assert!(plan.cases().count() > 0);
    assert!(plan.cases().all(|case| case.changes_nothing() && case.given() == Given::Any));
    assert_eq!((plan.resets, plan.changes().len()), (0, 0));
    for (allow, given) in [(&[][..], Given::Admin), (&[Change::Users], Given::Kept)] {
        let plan = super::plan(suite(), &deployed(allow));
        assert_eq!(plan.cases().map(Case::given).max(), Some(given));
        let allowed = |case: &Case| case.changes().iter().all(|change| allow.contains(change) || case.is_confined());
        assert!(plan.cases().all(allowed));
    }
}

#[test]
fn each_refusal_is_for_what_is_missing() {
    let suite = suite();
    for (credentials, allow, raw, id, expected) in vectors::<(bool, Vec<Change>, bool, String, Vec<Skip>)>("refusals") {
        let capabilities = Capabilities { credentials, raw, ..deployed(&allow) };
        let case = suite.iter().find(|case| case.id.starts_with(&id)).expect(&id);
        assert_eq!(Vec::from_iter(capabilities.refusal(case)), expected, "{id}");
    }
}

#[test]
fn each_change_needs_its_own_permission() {
    for change in Change::ALL {
        let changing = made_up("any", &format!("\"{change}\""), &[GET]);
        let others: Vec<Change> = Change::ALL.into_iter().filter(|other| *other != change).collect();
        assert_eq!(deployed(&others).refusal(&changing), Some(Skip::Change(change)), "{change}");
        let allowed = Capabilities { advance: true, ..deployed(&[change]) };
        assert_eq!(allowed.refusal(&changing), None, "{change}");
        // A disposable target needs it for a registration only, which sends an SMS.
        for (reset, disposable) in [(true, false), (false, true)] {
            let disposable = Capabilities { reset, disposable, advance: true, ..deployed(&others) };
            let refusal = (change == Change::Registration).then_some(Skip::Change(change));
            assert_eq!(disposable.refusal(&changing), refusal, "{change}");
        }
    }
    // The password of an account that the run makes is a matter of accounts.
    let own = made_up("user", r#""passwords""#, &[UPDATE]);
    assert_eq!(deployed(&[Change::Users]).refusal(&own), None);
    assert!(deployed(&[Change::Passwords]).refusal(&own).is_some());
}

#[test]
fn accounts_of_others_are_endangered_only_where_the_state_is_disposable() {
    // That it is just installed allows the first login, not to lose accounts.
    type Row = (String, String, bool, bool, bool, bool);
    for (name, changes, reset, fresh, disposable, allowed) in vectors::<Row>("deletions") {
        let capabilities = Capabilities { reset, fresh, disposable, ..deployed(&Change::ALL) };
        let case = made_up("user", &changes, &[&format!("send = \"DELETE /v1/users/{name}\"")]);
        let refusal = (!allowed).then_some(Skip::EndangersOthers);
        assert_eq!(capabilities.refusal(&case), refusal, "{name} {changes} {capabilities:?}");
    }
}

#[test]
fn a_plan_that_needs_an_unknown_admin_begins_with_a_reset() {
    let known = || suite().into_iter().filter(|case| case.id == "users/read-admin").collect::<Vec<_>>();
    let resettable = Capabilities { reset: true, ..untouchable() };
    assert!(plan(known(), &resettable).stages[0].after_reset);
    let told = Capabilities { credentials: true, ..resettable };
    assert!(!plan(known(), &told).stages[0].after_reset);
}

#[test]
fn without_a_reset_one_of_a_kind_runs_and_the_rest_is_skipped() {
    let once = Capabilities { fresh: true, allow: Change::ALL.into(), advance: true, code: true, ..untouchable() };
    let plan = plan(suite(), &once);
    let first_logins: Vec<&Case> = plan.cases().filter(|case| Group::of(case) == Group::FreshChanged).collect();
    assert_eq!(first_logins.len(), 1);
    assert_eq!(first_logins[0].id, "login/first-login", "the positive of the refusals shows the most");
    assert_eq!(plan.resets, 0);
    assert!(plan.skipped.iter().any(|(_, why)| *why == Skip::JustInstalledAgain));
    let clock = plan.cases().filter(|case| Group::of(case) == Group::Clock).count();
    assert!(clock > 1, "the clock only ever goes on");
}
