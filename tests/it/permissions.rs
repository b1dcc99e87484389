//! Nothing is changed on a target that did not allow it, and what a run creates it removes: after a failure, a panic of
//! ours, Ctrl-C, and as far as possible on a target that dies.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use crate::harness::suite::runtime;
use crate::harness::{self, *};
use serde_json::{Value, json};
use wabizspec::custody::journal::Journal;
use wabizspec::custody::{Controls, Target};
use wabizspec::judge::Verdict;
use wabizspec::plan::{Capabilities, Selection, cases, plan};
use wabizspec::reference::{Registration, Server};
use wabizspec::run::{Event, Settings, collect};
use wabizspec::scenario::Suite;
use wabizspec::transport::wire::Wire;
use wabizspec::transport::{Client, Limits, Transport};

fn run(place: &Place, target: &impl Address, arguments: &str) -> Program {
    place.program("run").at(target).args(arguments).password()
}

/// A target in use with an account and a token of the owner's, and its whole state.
fn in_use(registration: &str) -> (Server, Value) {
    let server = harness::in_use(registration);
    let token = log_in(&server, OWNERS, "{}");
    make(&server, &token, "keepme");
    let state = server.dump();
    assert_eq!(state["tokens"].as_object().expect("tokens").len(), 1);
    (server, state)
}

fn deleted(log: &[Asked]) -> BTreeSet<&str> {
    let deletions = log.iter().filter(|asked| asked.method == "DELETE");
    deletions.filter_map(|asked| asked.path().strip_prefix("/v1/users/")).collect()
}

#[test]
fn without_permission_nothing_at_all_is_changed() {
    let place = Place::new();
    for (state, registration) in [("open", "auto"), ("open", "open"), ("sunset", "auto"), ("sunset", "sunset")] {
        let (server, before) = in_use(state);
        let ended = run(&place, &server, &format!("--registration {registration}")).end();
        let ended = ended.says("the plan changes nothing on the target").says(" pass, ");
        assert_eq!(server.dump(), before, "{}", ended.said());
        assert!(!keeps_a_journal(&place), "a run that changes no password keeps no journal");
    }
}

fn keeps_a_journal(place: &Place) -> bool {
    !files_of(place.path(), "journal").is_empty()
}

/// The names as the run made them up: a case puts `admin` in front of one, and nothing else.
fn own<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<String> {
    let lower = names.into_iter().map(str::to_ascii_lowercase);
    lower.map(|name| name.strip_prefix("admin").map(str::to_owned).unwrap_or(name)).collect()
}

#[test]
fn allowed_users_means_accounts_of_the_run_and_no_others() {
    let place = Place::new();
    for allow in ["--allow users", "--allow users,passwords"] {
        let (server, before) = in_use("open");
        let proxy = Proxy::watching(&server);
        let ended = run(&place, &proxy, allow).end().exited(0);
        assert_eq!(server.dump(), before, "{}", ended.said());
        assert!(!keeps_a_journal(&place), "no password of the run is left");
        let log = proxy.log();
        assert!(["POST", "GET"].contains(&&*log[0].method), "{}", log[0].head);
        let (long, short): (Vec<&str>, Vec<&str>) = deleted(&log).into_iter().partition(|name| name.len() > 4);
        assert!(long.len() > 50, "{} accounts deleted", long.len());
        let long = own(long);
        let run_word = &long.first().expect("some")[..6];
        for name in &long {
            assert!(name.starts_with(run_word), "DELETE of {name}, which no run created");
        }
        assert!(short.len() <= 2 && short.iter().all(|name| name.starts_with('w')), "{short:?}");
    }
}

#[test]
fn a_short_name_is_looked_for_first_where_it_may_be_somebody_elses() {
    let place = Place::new();
    for (is_reset, expected) in [(false, 2), (true, 0)] {
        let (server, _) = in_use("open");
        let proxy = Proxy::watching(&server);
        let program = run(&place, &proxy, "users/username-of-four-characters");
        let program = match is_reset {
            true => program.resetting(&server).args("login/first-login"),
            false => program.args("--allow users"),
        };
        program.end().exited(0);
        let log = proxy.log();
        let makes = |asked: &Asked| asked.is("POST", "/v1/users") && asked.header("authorization").is_some();
        let made = log.iter().position(makes).expect("an account is made");
        let looks = |asked: &&Asked| asked.method == "GET" && asked.target.starts_with("/v1/users/w");
        assert_eq!(log[..made].iter().filter(looks).count(), expected, "{is_reset}: {log:#?}");
    }
}

#[test]
fn ctrl_c_leaves_nothing_behind_at_any_moment() {
    let place = Place::new();
    for moment in [1, 5, 12, 30, 60, 100, 160, 240] {
        let (server, before) = in_use("open");
        let (tell, pid) = channel();
        let pid = std::sync::Mutex::new(pid);
        let proxy = Proxy::of(&server, move |number, _| {
            if number + 1 == moment {
                harness::signal(pid.lock().expect("pid").recv().expect("a run"), "INT");
            }
            Reaction::Forward
        });
        let running = run(&place, &proxy, "--allow users,passwords --report ndjson").start();
        tell.send(running.id()).expect("the proxy");
        let said = running.end().exited(130).said();
        assert!(said.contains("\"ended\""), "at request {moment}: the report is whole: {said}");
        assert_eq!(server.dump(), before, "at request {moment}: {said}");
        // Nothing is in the way of the next run.
        run(&place, &proxy, "login/standard-login").end().exited(0);
    }
}

#[test]
fn of_two_runs_at_once_the_second_refuses() {
    let place = Place::new();
    let (server, before) = in_use("open");
    let release = Arc::new(AtomicBool::new(false));
    let go_on = Arc::clone(&release);
    // Every request from there on is held: the canary sends two and waits for one of them only, so that any single one
    // may be a request which the run has given up.
    let proxy = Proxy::of(&server, move |number, _| {
        if number >= 2 {
            eventually("released", || go_on.load(Ordering::SeqCst));
        }
        Reaction::Forward
    });
    // Longer than anything here takes: it ends when it is released, not when it has lost patience.
    let first = run(&place, &proxy, "login/standard-login users/read --timeout 10m").start();
    eventually("held", || proxy.requests() > 2);
    // With a journal of its own too: what they would disturb is the target.
    for journal in ["", "--journal other.journal"] {
        let second = run(&place, &proxy, journal).end().exited(2);
        second.says("another run").says(&format!("process {}", first.id()));
    }
    place.program("fuzz login-body --requests 100").at(&proxy).password().end().exited(2);
    release.store(true, Ordering::SeqCst);
    first.end().exited(0);
    assert_eq!(server.dump(), before);
}

#[test]
fn passwords_of_many_cases_reach_the_disk_at_once() {
    let place = Place::new();
    let (server, before) = in_use("open");
    let (file, most) = (place.join("kept.journal"), Arc::new(AtomicUsize::new(0)));
    let (ahead, sent) = (Arc::clone(&most), AtomicUsize::new(0));
    let proxy = Proxy::of(&server, move |_, asked| {
        let known = Journal::read(&file).expect("journal").unwrap_or_default();
        let creates = asked.head.starts_with("POST /v1/users ");
        let sent = sent.fetch_add(usize::from(creates), Ordering::SeqCst);
        ahead.fetch_max(known.other_accounts().len().saturating_sub(sent + 1), Ordering::SeqCst);
        Reaction::Forward
    });
    run(&place, &proxy, "--allow users users --jobs 2 --journal kept.journal").end().exited(0);
    assert_eq!(server.dump(), before);
    // One at a time, no more accounts would be known than creations were sent, and two that are just about to be.
    let most = most.load(Ordering::SeqCst);
    assert!(most > 20, "at most {most} accounts ahead of their creations");
}

#[test]
fn a_reader_that_goes_away_costs_neither_verdict_nor_tidiness() {
    let place = Place::new();
    let (server, before) = in_use("open");
    for more in ["", "--report ndjson", "--report json -q", "-v"] {
        let program = run(&place, &server, "--allow users,passwords").args(more);
        let ended = program.through("{ \"$@\"; echo $? > code; } | head -c 1").end();
        assert_eq!(ended.file("code"), "0\n", "{more}: {}", ended.said());
        let ended = ["error:", "help:", "panicked"].iter().fold(ended, |ended, word| ended.never_says(word));
        assert_eq!(server.dump(), before, "{more}: {}", ended.said());
    }
}

#[test]
fn a_target_that_dies_midway_costs_a_list_of_what_is_left() {
    let (server, before) = in_use("open");
    let proxy = Proxy::until(&server, 60, |_| Reaction::Drop);
    let mut ended: Ended = run(&Place::new(), &proxy, "--allow users users").end().ends_not_green();
    let mut left = accounts(&server);
    left.retain(|name| before["users"].get(name).is_none());
    assert!(!left.is_empty(), "the target died too late or too early for this test: {}", ended.said());
    for name in left {
        ended = ended.says(&format!("the account `{name}` is left on the target"));
        ended = ended.says(&format!("\"$WABIZSPEC_TARGET\"/v1/users/{name}"));
    }
}

#[test]
fn a_target_that_accepts_everything_gets_no_foreign_account_deleted() {
    // Accepts everything, and says of every account that it was made.
    let body = r#"{"users":[{"token":"t","expires_after":"2999-01-01 00:00:00+00:00"}]}"#;
    let target = answering(move |_| answer("200 OK", "Connection: close\r\n", body));
    let ended = run(&Place::new(), &target, "--allow users,passwords users login").end().exited(1);
    let log = target.log();
    let names = own(deleted(&log));
    let run_word = &names.first().expect("accounts are removed")[..6];
    assert!(names.iter().all(|name| name.starts_with(run_word)), "{names:?}");
    ended.says("is left on the target").says("so it is not deleted");
}

/// A reference client whose registration code makes the program panic.
struct Panicking(Arc<Server>);

impl wabizspec::custody::Instance for Panicking {
    fn url(&self) -> String {
        self.0.url()
    }

    fn code(&self) -> Result<String, wabizspec::custody::InstanceError> {
        panic!("a defect of ours, for this test")
    }
}

#[test]
fn a_panic_costs_one_case_and_leaves_nothing_behind() {
    let server = Arc::new(fresh("open"));
    let origin: wabizspec::transport::origin::Origin = server.url().parse().expect("origin");
    let client = Client::Wire(Wire::new(origin.clone(), None, Limits::default()));
    let instance = Controls::Instance(Arc::new(Panicking(Arc::clone(&server))));
    let target = Target::new(Transport::new(client, origin, Vec::new()), instance);
    let suite = Suite::embedded().expect("suite");
    let filters = ["account/registration", "users/create", "users/update"].map(str::to_owned).into();
    let selection = Selection { filters, ..Selection::default() };
    let embedded = Capabilities::embedded(Registration::Open);
    let capabilities = Capabilities { disposable: false, reset: false, advance: false, ..embedded };
    let plan = plan(selection.apply(cases(&suite)).expect("cases").0, &capabilities);
    let (settings, registration) = (Settings::disposable(4), Some(Registration::Open));
    let events = runtime().block_on(collect(&suite.register, plan, target, registration, &settings));
    assert!(events.iter().any(|event| matches!(event, Event::Ended(end) if end.complete)), "the report is whole");
    let count = |verdict| {
        let of_verdict = |event: &&Event| matches!(event, Event::Case(report) if report.verdict == verdict);
        events.iter().filter(of_verdict).count()
    };
    assert!(count(Verdict::Error) > 0 && count(Verdict::Pass) > 1);
    assert_eq!(accounts(&server), ["admin"]);
    assert_eq!(server.dump()["tokens"], json!({}));
}
