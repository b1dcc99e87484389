//! What the fuzzer keeps: a scenario and a script for each finding, which show it to anybody who has a suite or a shell.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use crate::harness::fuzzing::{fuzz, settings};
use crate::harness::suite::{embedded, judged};
use crate::harness::{Place, none, parallel};
use wabizspec::fuzz::Surface::{
    self, AccountBody, BasicAuth, Bearer, Http, LoginBody, Password, Path, Session, TwoStepBody, UsersBody,
};
use wabizspec::fuzz::drive::Settings as Fuzzing;
use wabizspec::judge::Verdict;
use wabizspec::located::SourceText;
use wabizspec::plan::cases;
use wabizspec::reference::{Behaviour, Fault, Registration};
use wabizspec::requirement::Level;
use wabizspec::run::Settings;
use wabizspec::scenario::Scenario;

/// For each surface and each kind of check: a fault, the most requests that it takes to find it, and the finding.
const KEPT: [(Surface, &str, u64, &str); 19] = [
    (BasicAuth, "login.robustness.no-colon", 1000, "crash envelope.no-crash"),
    (BasicAuth, "login.refused.scheme-left-out", 1000, "token login.refused.no-scheme"),
    (BasicAuth, "login.credentials.scheme-to-the-letter", 1000, "refused login.credentials.scheme-case"),
    (BasicAuth, "login.refused.takeover", 2000, "refused-change login.refused.nothing-taken-over"),
    (BasicAuth, "envelope.one-answer.answered-twice", 1000, "one-answer envelope.one-answer"),
    (BasicAuth, "envelope.error-shape.without-title", 1000, "envelope envelope.error-shape"),
    (LoginBody, "login.robustness.empty-json-hangs", 40, "answered envelope.answered"),
    (LoginBody, "login.later.set-before-judged", 2000, "accepted-change login.password.on-change"),
    (LoginBody, "envelope.no-trace.of-malformed-json", 1000, "trace envelope.no-trace"),
    (Password, "envelope.no-secret-echoed.new-password", 3000, "echo envelope.no-secret-echoed"),
    (Password, "login.credentials.seventy-two-bytes-count", 4000, "accepted-change login.credentials.whole"),
    (UsersBody, "users.create.stored-before-judged", 2000, "refused-change users.create.refused-leaves-nothing"),
    (UsersBody, "users.create.role-on-request", 2000, "state users.create.no-promotion"),
    (AccountBody, "account.request.name-in-latin-1", 1500, "state account.request.vname"),
    (TwoStepBody, "account.two-step.any-body", 1500, "state account.two-step.form"),
    (Bearer, "tokens.bearer.any-form-to-read", 1500, "token tokens.bearer.scheme"),
    (Path, "users.robustness.odd-name-in-the-path", 1500, "crash envelope.no-crash"),
    (Session, "tokens.logout.token-lives-on", 1500, "state tokens.logout.token-dead"),
    (Http, "login.robustness.no-base64", 1500, "crash envelope.no-crash"),
];

/// The checks of the findings that have a scenario, or what is wrong with one of them.
fn kept(surface: Surface, fault: &str, requests: u64, wanted: &str) -> Result<BTreeSet<String>, String> {
    let place = Place::new();
    let settings = Fuzzing { out: Some(place.path().to_owned()), ..settings(&[surface], requests) };
    let fault = Fault::find(fault).expect("a fault");
    let (summary, _) = fuzz(fault.behaviour(), &settings, Some(&|found| found == wanted));
    let (mut suite, mut shown, mut findings) = (embedded(), BTreeSet::new(), Vec::new());
    suite.scenarios.clear();
    for found in &summary.found {
        let file = found.file.as_ref().expect("a file").with_file_name(format!("{}.toml", found.id));
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let id = format!("login/{}", found.id);
        let source = SourceText { file: &id, text: &text };
        let scenario = Scenario::parse(&id, source, &suite.register).map_err(|error| format!("{error}\n{text}"))?;
        suite.scenarios.push(Arc::new(scenario));
        shown.insert(format!("{} {}", found.signature.check, found.signature.requirement));
        findings.push((id, found.signature.requirement.clone(), text));
    }
    if !shown.contains(wanted) {
        return Err(format!("{} keeps {shown:?}, not {wanted}: {:?}", fault.id, summary.blocked));
    }
    for (behaviour, is_faulty) in [(fault.behaviour(), true), (Behaviour::default(), false)] {
        let settings = Settings { fail_on: Level::Should, ..Settings::disposable(4) };
        for report in judged(&suite, cases(&suite), Registration::Open, behaviour, &settings) {
            let (_, requirement, text) = findings.iter().find(|(id, ..)| *id == report.id).expect("one of them");
            let shows_it = report.findings.iter().any(|finding| finding.requirement == *requirement);
            let is_right = if is_faulty { shows_it } else { report.verdict == Verdict::Pass };
            if !is_right {
                let why = (&report.findings, &report.reason);
                return Err(format!("{}, faulty: {is_faulty}: {:?} {why:?}\n{text}", fault.id, report.verdict));
            }
        }
    }
    Ok(shown)
}

#[test]
fn what_is_kept_fails_on_its_fault_and_passes_on_the_reference() {
    let (mut checks, mut wrong) = (BTreeSet::new(), Vec::new());
    for result in parallel(2, KEPT, |(surface, fault, requests, wanted)| kept(surface, fault, requests, wanted)) {
        match result {
            Ok(shown) => checks.extend(shown.iter().filter_map(|shown| Some(shown.split_once(' ')?.0.to_owned()))),
            Err(why) => wrong.push(why),
        }
    }
    none(wrong);
    assert_eq!(checks.len(), 11, "every check but that for a target that is down: {checks:?}");
    assert_eq!(BTreeSet::from(KEPT.map(|(surface, ..)| surface)).len(), Surface::ALL.len());
}
