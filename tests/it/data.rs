//! What must hold of the register and the scenarios as data, whatever a server answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use crate::harness::suite::embedded as suite;
use crate::harness::*;
use wabizspec::documented::api::Operation;
use wabizspec::judge::{Check, Expectation, Oracles, StatusSet};
use wabizspec::plan::cases;
use wabizspec::requirement::{AREAS, Level};
use wabizspec::scenario::{Action, Registration, Scenario, Step};

/// Every value that is there more than once, with its places.
fn repeated(values: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (value, place) in values {
        places.entry(value).or_default().push(place);
    }
    let repeated = places.into_iter().filter(|(_, places)| places.len() > 1);
    repeated.map(|(value, places)| format!("{}: {value}", places.join(", "))).collect()
}

#[test]
fn ids_are_unique_and_as_approved() {
    let suite = suite();
    let ids: Vec<String> = cases(&suite).into_iter().map(|case| case.id).collect();
    none(repeated(ids.iter().map(|id| (id.clone(), "case".to_owned()))));
    let head =
        "# Every id that reports, baselines and filters may name. One that vanishes breaks somebody's: think twice.\n";
    let requirements = suite.register.iter().map(|requirement| format!("requirement {}\n", requirement.id));
    let cases = ids.iter().map(|id| format!("case {id}\n"));
    let list: String = [head.to_owned()].into_iter().chain(requirements).chain(cases).collect();
    assert_current("snapshots/ids.txt", "data", &list);
}

#[test]
fn every_requirement_is_a_sentence_and_is_checked_or_excused_and_not_both() {
    let suite = suite();
    let cited = suite.cited();
    let oracles: BTreeSet<&str> = Oracles::of(&suite.register).requirements().collect();
    assert_eq!(oracles.len(), 18, "every oracle is bound to a requirement of the register");
    let words = |text: &String| text.split_whitespace().count();
    none(suite.register.iter().flat_map(|requirement| {
        let id = requirement.id.as_str();
        let checked = cited.contains(id) || oracles.contains(id);
        let (excuse, because) = (requirement.untested.as_ref(), requirement.because.as_ref());
        let open = requirement.open.as_ref().map(words);
        let sentence = requirement.statement.ends_with('.') && words(&requirement.statement) >= 4;
        let may_be_open = requirement.basis.level() != Level::Should;
        let complaints = [
            (excuse.is_some() && checked, "is checked, and excused all the same"),
            (excuse.is_none() && !checked, "is neither checked nor excused"),
            (excuse.is_some_and(|excuse| words(excuse) < 8), "has too short an excuse for a stranger"),
            (!sentence, "is no sentence"),
            (open.is_some_and(|words| words < 8), "has too short an answer to who could be accused"),
            (because.is_some_and(|why| words(why) < 5), "has too short a reason for its level"),
            (because.is_none() && requirement.level == Level::May, "does not say why it is only observed"),
            (because.is_some() && !may_be_open, "needs no `because`: its level is not lowered"),
        ];
        complaints.into_iter().filter(|(is_so, _)| *is_so).map(move |(_, what)| format!("{id} {what}"))
    }));
}

fn expectations(scenario: &Scenario) -> impl Iterator<Item = (&Step, &Expectation)> {
    scenario.steps.iter().flat_map(|step| step.expectations.iter().map(move |expectation| (step, expectation)))
}

#[test]
fn no_scenario_says_anything_twice() {
    let suite = suite();
    none(repeated(suite.register.iter().map(|found| (found.statement.to_lowercase(), found.id.clone()))));
    // What is expanded for each operation has one title.
    let files = suite.scenarios.chunk_by(|one, next| one.id == next.id).map(|file| &file[0]);
    none(repeated(files.map(|found| (found.title.to_lowercase(), found.id.clone()))));
    let mut twice = Vec::new();
    for scenario in &suite.scenarios {
        let rows = scenario.rows.iter();
        twice.extend(repeated(rows.map(|row| {
            let name = row.name.clone().unwrap_or_default();
            (format!("{:?}", row.bindings), format!("{}::{name}", scenario.id))
        })));
        for (step, expectation) in expectations(scenario) {
            let place = format!("{}, `{}`, {}", scenario.id, step.name, expectation.requirement);
            let checks = expectation.checks.iter();
            twice.extend(repeated(checks.map(|check| (format!("{check:?}"), place.clone()))));
        }
    }
    // Two stories may begin with the same request; told to the same end they are one.
    let whole = |scenario: &Arc<Scenario>| {
        let steps: Vec<_> = scenario.steps.iter().map(|step| &step.action).collect();
        let rows: Vec<_> = scenario.rows.iter().map(|row| &row.bindings).collect();
        let expected: Vec<_> = expectations(scenario).map(|(_, found)| (&found.requirement, &found.checks)).collect();
        format!("{:?} {:?} {steps:?} {rows:?} {expected:?}", scenario.given, scenario.registration)
    };
    twice.extend(repeated(suite.scenarios.iter().map(|found| (whole(found), found.id.clone()))));
    none(twice);
}

/// Method and endpoint of a step in HTTP form, whatever user it is about; raw bytes have none.
fn endpoint(step: &Step) -> Option<(String, String)> {
    let Action::Send(draft) = &step.action else { return None };
    let path = draft.path.to_string();
    let path = path.split('?').next().unwrap_or_default();
    let endpoint = match path.strip_prefix("/v1/users/") {
        Some("login" | "logout") | None => path,
        Some(_) => "/v1/users/{username}",
    };
    Some((draft.method.clone(), endpoint.to_owned()))
}

/// A twin makes the refused request good. So for each requirement that a scenario expects refusals by, one of those
/// requests is made good beside it or by its twin: the same method to the same endpoint. Only where the documents have
/// no such method or path, that itself is what is wrong, and one of the two is the same.
#[test]
fn every_refusal_has_its_request_accepted_by_its_twin() {
    let suite = suite();
    let mut lonely = Vec::new();
    for scenario in &suite.scenarios {
        let twins = suite.scenarios.iter().filter(|twin| Some(&twin.id) == scenario.positive.as_ref());
        let beside = scenario.steps.iter().chain(twins.flat_map(|twin| &twin.steps));
        let accepting = beside.filter(|step| step.expects(StatusSet::accepts));
        let accepted: Vec<(String, String)> = accepting.filter_map(endpoint).collect();
        let made_good = |step: &Step| {
            let Some((method, path)) = endpoint(step) else {
                return true;
            };
            match Operation::of(&method, &path).is_some() {
                true => accepted.contains(&(method, path)),
                false => accepted.iter().any(|(good, at)| *good == method || *at == path),
            }
        };
        let mut shown: BTreeMap<&str, bool> = BTreeMap::new();
        for (step, expectation) in expectations(scenario) {
            let refuses = |check: &Check| matches!(check, Check::Status(set) if set.refuses());
            if expectation.checks.iter().any(refuses) {
                *shown.entry(&expectation.requirement).or_default() |= made_good(step);
            }
        }
        let unshown = shown.into_iter().filter(|(_, shown)| !shown);
        lonely.extend(unshown.map(|(id, _)| format!("{} (twin {:?}): {id}", scenario.id, scenario.positive)));
    }
    none(lonely);
}

#[test]
fn every_area_has_a_control_in_each_state_that_accepts_and_refuses() {
    let suite = suite();
    let mut lacking = Vec::new();
    for area in AREAS {
        for state in [Registration::Open, Registration::Sunset] {
            let applies = |scenario: &&Arc<Scenario>| {
                let state_fits = scenario.registration.is_none_or(|needed| needed == state);
                scenario.area() == area && scenario.control && state_fits
            };
            let controls: Vec<_> = suite.scenarios.iter().filter(applies).collect();
            let musts = |kind: fn(&StatusSet) -> bool| {
                let steps = controls.iter().flat_map(|scenario| &scenario.steps);
                let expectations = steps.flat_map(|step| &step.expectations);
                let mut musts = expectations.filter(|expectation| expectation.level == Level::Must);
                musts.any(|must| must.checks.iter().any(|check| matches!(check, Check::Status(set) if kind(set))))
            };
            if !musts(StatusSet::accepts) || !musts(StatusSet::refuses) {
                lacking.push(format!("{area} ({state}): {} controls", controls.len()));
            }
        }
    }
    none(lacking);
}

#[test]
fn only_what_the_documents_leave_open_may_be_refused_without_a_finding() {
    const OPEN: [&str; 6] = [
        "account.cert.crafted",
        "account.exists.other-number",
        "account.request.by-voice",
        "login.body.unknown-members",
        "login.password.beyond-ascii",
        "users.username.apart",
    ];
    let suite = suite();
    let excused = |step: &&Step| step.may_refuse.is_some();
    let open = |step: &&Step| step.expectations.iter().any(|found| OPEN.contains(&&*found.requirement));
    let steps = || suite.scenarios.iter().flat_map(|scenario| &scenario.steps);
    assert!(steps().any(|step| excused(&step)));
    none(steps().filter(|step| excused(step) && !open(step)).map(|step| step.name.clone()));
}

/// Each test that `SECURITY.md` names as showing a promise is there.
#[test]
fn the_promises_of_security_have_their_tests() {
    let files = ["src", "tests/it", "tests/trials"].map(|folder| files_of(&repository(folder), "rs"));
    let all: String = files.iter().flatten().map(|path| fs::read_to_string(path).expect("a source")).collect();
    let security = fs::read_to_string(repository("SECURITY.md")).expect("SECURITY.md");
    let is_test =
        |name: &&str| name.contains('_') && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    // Promises are in tables; other words in code style are not tests.
    let rows = security.lines().filter(|line| line.starts_with('|'));
    let named: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).filter(is_test).collect();
    assert!(named.len() > 40, "{}", named.len());
    for name in named {
        assert!(all.contains(&format!("fn {name}(")), "there is no test `{name}`");
    }
}
