//! The suite bites: what `wabizspec prove` shows of all faults is held here by a few, and by the faults' own data.

use std::collections::BTreeSet;

use tokio::sync::watch;
use wabizspec::prove::{FaultVerdict, Progress, Proof, Row, prove};
use wabizspec::reference::{Fault, Kind};
use wabizspec::requirement::Level;
use wabizspec::scenario::Suite;

struct Silence;

impl Progress for Silence {
    fn begins(&self, _: usize) {}

    fn tried(&self, _: &Row) {}
}

fn suite() -> Suite {
    Suite::embedded().unwrap_or_else(|error| panic!("\n{error}"))
}

fn proven(suite: &Suite, ids: &[&str]) -> Proof {
    let found = |id: &&str| Fault::find(id).unwrap_or_else(|| panic!("there is no fault {id}"));
    let faults: Vec<&'static Fault> = ids.iter().map(found).collect();
    let (_keep, stop) = watch::channel(false);
    prove(suite, &faults, false, &stop, &Silence).expect("the reference client starts")
}

#[test]
fn faults_of_every_kind_are_killed_for_their_own_requirement() {
    let ids = [
        "login.first.default-password-accepted",
        // Nothing but a closed connection tells it: no expectation is fulfilled by one.
        "login.http.chunks-refused",
        // Once a case has spoilt the state, the harness itself cannot log in any more.
        "login.answer.token-is-a-number",
        "account.sunset.overlooked",
        "login.robustness.empty-json-hangs",
        "login.password.bytes-counted",
        "degenerate.hangs-up",
    ];
    let proof = proven(&suite(), &ids);
    assert_eq!(proof.baseline, []);
    for row in &proof.rows {
        assert_eq!(row.verdict, FaultVerdict::Killed, "{}", row.fault.id);
        assert!(
            row.fault.kind == Kind::Degenerate || !row.killers.is_empty(),
            "{}",
            row.fault.id
        );
    }
    assert!(proof.holds());
}

#[test]
fn a_fault_that_no_scenario_sees_is_silent() {
    let mut suite = suite();
    suite
        .scenarios
        .retain(|scenario| scenario.id != "login/first-login-shortest-password");
    let proof = proven(&suite, &["login.first.nine-are-needed"]);
    assert_eq!(proof.baseline, []);
    assert_eq!(proof.rows[0].verdict, FaultVerdict::Silent);
    assert!(!proof.holds());
}

#[test]
fn every_requirement_that_a_server_can_break_has_a_fault() {
    let suite = suite();
    let planted: BTreeSet<&str> = Fault::all().map(|fault| fault.requirement).collect();
    let without: Vec<&str> = suite
        .register
        .iter()
        .filter(|requirement| requirement.excuse.is_none() && !planted.contains(requirement.id.as_str()))
        .filter(|requirement| !EXCUSED.iter().any(|(excused, _)| requirement.id == *excused))
        .map(|requirement| requirement.id.as_str())
        .collect();
    assert!(without.is_empty(), "no fault breaks {without:#?}");
    for (excused, why) in EXCUSED {
        let requirement = suite.register.find(excused);
        assert!(
            requirement.is_some_and(|requirement| requirement.level == Level::May),
            "{excused}: {why}"
        );
        assert!(!planted.contains(excused), "{excused} has a fault and needs no excuse");
    }
    for fault in Fault::all() {
        let requirement = suite.register.find(fault.requirement);
        assert!(
            requirement.is_some(),
            "{} breaks {}, which is no requirement",
            fault.id,
            fault.requirement
        );
    }
}

/// Requirements of level may that no fault breaks, and why.
const EXCUSED: [(&str, &str); 1] = [(
    "users.username.charset",
    "the reference client itself takes such names, as the documents leave it open",
)];
