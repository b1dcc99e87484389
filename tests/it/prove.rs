//! The suite finds faults: what `wabizspec prove` shows of all is tested here with a few, and with the faults' own data.

use std::collections::BTreeSet;

use crate::harness::suite::embedded as suite;
use crate::harness::{Place, files_below, none, repository};
use tokio::sync::watch;
use wabizspec::prove::pairs::{self, Pair, Request};
use wabizspec::prove::{FaultVerdict, Progress, Proof, Row, prove};
use wabizspec::reference::{Fault, Kind};
use wabizspec::requirement::Level;
use wabizspec::scenario::{Suite, SuiteError};

struct Silence;

impl Progress for Silence {
    fn begins(&self, _: usize, _: usize) {}

    fn tried(&self, _: &Row) {}

    fn case_done(&self) {}
}

fn proven(suite: &Suite, faults: &[&Fault]) -> Proof {
    let (_keep, stop) = watch::channel(false);
    prove(suite, faults, false, &stop, &Silence).expect("the reference client starts")
}

fn planted(id: &str) -> &'static Fault {
    Fault::find(id).unwrap_or_else(|| panic!("there is no fault {id}"))
}

#[test]
fn faults_of_every_kind_are_killed_for_their_own_requirement() {
    let ids = [
        "login.first.default-password-accepted",
        // Nothing but a closed connection shows it: no expectation is met by one.
        "login.http.chunks-refused",
        // Once a case has spoilt the state, the harness itself cannot log in any more.
        "login.answer.token-is-a-number",
        "account.sunset.overlooked",
        "login.robustness.empty-json-hangs",
        "login.password.bytes-counted",
        "degenerate.hangs-up",
    ];
    let proof = proven(&suite(), &ids.map(planted));
    assert_eq!(proof.baseline, []);
    for row in &proof.rows {
        assert_eq!(row.verdict, FaultVerdict::Killed, "{}", row.fault.id);
        assert!(row.fault.kind == Kind::Degenerate || !row.killers.is_empty(), "{}", row.fault.id);
    }
    assert!(proof.holds());
}

#[test]
fn a_fault_that_no_scenario_sees_is_silent() {
    let mut suite = suite();
    suite.scenarios.retain(|scenario| scenario.id != "login/first-login-shortest-password");
    let proof = proven(&suite, &[planted("login.first.nine-are-needed")]);
    assert_eq!(proof.baseline, []);
    assert_eq!(proof.rows[0].verdict, FaultVerdict::Silent);
    assert!(!proof.holds());
}

#[test]
fn a_fault_under_which_no_exchange_differs_is_dead() {
    // The first changes nothing, the second only what no case asks.
    let faults = r#"
        [[fault]]
        id = "login.harmless.same-password"
        requirement = "login.default-account.exists"
        description = "the documented default password is set once more"
        edit.login.default_password = "secret"

        [[fault]]
        id = "login.harmless.other-path"
        requirement = "envelope.no-crash"
        description = "a path that no case asks for is an internal error"
        edit.answers = [{ when = { path.is = ["/v1/nobody/asks/for/this"] }, crash = true }]
    "#;
    let faults = Fault::read("harmless.toml", faults).expect("faults");
    let faults: Vec<&Fault> = faults.iter().collect();
    let proof = proven(&suite(), &faults);
    let verdicts: Vec<FaultVerdict> = proof.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [FaultVerdict::Dead, FaultVerdict::Dead]);
    assert!(!proof.holds());
}

#[test]
fn every_requirement_that_a_server_can_break_has_a_fault() {
    let suite = suite();
    let planted: BTreeSet<&str> = Fault::all().map(|fault| fault.requirement.as_str()).collect();
    let tested = suite.register.iter().filter(|requirement| requirement.untested.is_none());
    let ids = tested.map(|requirement| requirement.id.as_str());
    let without = ids.filter(|id| !planted.contains(id) && *id != EXCUSED);
    none(without.map(|id| format!("no fault breaks {id}")));
    let excused = suite.register.find(EXCUSED);
    assert!(excused.is_some_and(|requirement| requirement.level == Level::May), "{EXCUSED}");
    assert!(!planted.contains(EXCUSED), "{EXCUSED} has a fault and needs no excuse");
    for fault in Fault::all() {
        let requirement = suite.register.find(&fault.requirement);
        assert!(requirement.is_some(), "{} breaks {}, which is no requirement", fault.id, fault.requirement);
    }
}

fn copied() -> Place {
    let place = Place::new();
    for file in files_below(&repository("scenarios")) {
        let name = file.strip_prefix(repository("")).expect("inside").to_str().expect("UTF-8");
        place.write(name, std::fs::read(&file).expect("a file"));
    }
    place
}

#[test]
fn a_deleted_scenario_lets_a_fault_survive_and_the_program_names_it() {
    const FAULT: &str = "tokens.expiry.swept-by-a-login";
    let place = copied();
    let proven = || place.program(&format!("prove {FAULT} --scenarios scenarios")).end();
    proven().exited(0).says("some faults only");
    // Nobody's twin, and no control: the suite can be read without it.
    std::fs::remove_file(place.join("scenarios/tokens/six-days-old.toml")).expect("the file");
    proven().exited(1).says(&format!("dead  {FAULT}"));
}

#[test]
fn without_a_scenario_that_others_name_as_their_twin_nothing_is_proven() {
    const TWIN: &str = "users/create";
    let place = copied();
    std::fs::remove_file(place.join(format!("scenarios/{TWIN}.toml"))).expect("the file");
    let told = |line: &str| {
        let ended = place.program(line).args("--scenarios scenarios").end();
        (ended.code, ended.stdout, ended.stderr)
    };
    let (code, markdown, proving) = told("prove --report=markdown --report=json=proof.json");
    assert_eq!(code, Some(1), "{proving}");
    let conclusion = "refusals without their accepted positive prove nothing; no fault was tried\n";
    let errors = proving.strip_suffix(conclusion).expect(&proving);
    assert!(errors.contains(&format!("there is no scenario \"{TWIN}\"\n  help: ")), "{errors}");
    assert!(markdown.contains(&format!("* `{TWIN}`: missing")), "{markdown}");
    let json = place.json("proof.json");
    assert_eq!(json["complete"], false);
    assert_eq!(json["faults"], serde_json::json!([]));
    assert_eq!(json["baseline"][0]["id"], TWIN);
    // For all other commands these are files that they cannot use.
    for command in ["check", "list cases", "run --plan"] {
        assert_eq!(told(command), (Some(2), String::new(), errors.to_owned()), "{command}");
    }
    // A wrong flag is reported first.
    assert_eq!(told("prove no-such-fault").0, Some(2));
}

#[test]
fn a_suite_without_any_one_of_the_twins_is_incomplete() {
    let place = copied();
    let (folder, aside, suite) = (place.join("scenarios"), place.join("aside"), suite());
    let twins: BTreeSet<&str> = suite.scenarios.iter().filter_map(|one| one.positive.as_deref()).collect();
    assert!(twins.len() > 10, "{twins:?}");
    for twin in twins {
        let file = folder.join(format!("{twin}.toml"));
        std::fs::rename(&file, &aside).expect("a file");
        let Err(SuiteError::Incomplete(missing)) = Suite::from_folder(&folder) else {
            panic!("{twin} is not missed");
        };
        assert!(missing.iter().all(|missing| missing.positive == twin), "{missing:?}");
        std::fs::rename(&aside, &file).expect("a file");
    }
}

/// The reference client itself takes such names, as the documents leave it open.
const EXCUSED: &str = "users.username.charset";

#[test]
fn a_trait_that_hides_a_fault_is_reported() {
    let planted = r#"
        [[fault]]
        id = "x.trait"
        requirement = "tokens.logout.answered"
        description = "a logout is answered 302, 202 becomes 201, and 299 becomes a crash"
        edit.answers = [
            { when.granted = ["logged_out"], status = 302 },
            { statuses = { start = 202, end = 202 }, when.at = ["POST /v1/users"], status = 201 },
            { statuses = { start = 299, end = 299 }, crash = true },
        ]

        [[fault]]
        id = "x.behind-a-redirection"
        requirement = "tokens.logout.token-dead"
        description = "a logout ends no token"
        edit.tokens.on_logout = "nothing"

        [[fault]]
        id = "x.made-good"
        requirement = "users.create.created"
        description = "a creation is answered 202"
        edit.successes.user_created = 202

        [[fault]]
        id = "x.made-good-in-part"
        requirement = "users.create.created"
        description = "a creation is answered 202, with a note"
        edit.answers = [{ when.granted = ["user_created"], status = 202, put = { "/note" = "1" } }]

        [[fault]]
        id = "x.made-worse"
        requirement = "users.delete.answered"
        description = "a deletion is answered 299"
        edit.successes.user_deleted = 299

        [[fault]]
        id = "x.apart"
        requirement = "login.password.digit"
        description = "a new password needs no digit"
        edit.passwords.on_login.digit = false
    "#;
    let planted = Fault::read("pairs.toml", planted).expect("faults");
    let planted: Vec<&Fault> = planted.iter().collect();
    let (_keep, stop) = watch::channel(false);
    let (traits, faults) = planted.split_at(1);
    let (begins, tried) = (|pairs| assert_eq!(pairs, 5), |_: &Pair| {});
    let request = Request { faults, traits, shard: None, all: false, stop: &stop, begins: &begins, tried: &tried };
    let proof = pairs::prove(&suite(), &request).expect("the reference client starts");
    assert!(proof.baseline.is_empty() && proof.complete && !proof.holds(), "{:?}", proof.baseline);
    let shown = proof.pairs.iter().map(|pair| {
        let troubles: BTreeSet<String> = pair.problems.iter().map(|problem| problem.trouble.to_string()).collect();
        format!("{} is {} {}", pair.fault.id, pair.verdict, Vec::from_iter(troubles).join(" "))
    });
    let expected = [
        "x.behind-a-redirection is silent silent",
        "x.made-good is undone ",
        "x.made-good-in-part is silent green silent",
        "x.made-worse is killed accused",
        "x.apart is killed ",
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}
