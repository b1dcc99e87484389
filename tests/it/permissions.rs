//! Nothing is changed on a target that did not allow it, and what a run makes it removes: after a failure, a panic of ours,
//! Ctrl-C, and as far as anybody can on a target that dies.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use crate::harness::target::{log_in, make};
use crate::harness::{self, OWNERS, Place, Program, Proxy, Reaction, answer, answering, eventually, fresh};
use serde_json::{Value, json};
use wabizspec::custody::journal::Journal;
use wabizspec::reference::Server;

fn run(place: &Place, url: &str, arguments: &[&str]) -> Program {
    place.program(["run", "--target", url].iter().chain(arguments)).password()
}

/// A target in use with an account and a token of the owner's, and its whole state, so that logging out too much shows
/// as well.
fn in_use() -> (Server, Value) {
    in_use_as("open")
}

fn in_use_as(registration: &str) -> (Server, Value) {
    let server = harness::in_use(registration);
    let token = log_in(&server, OWNERS, "{}");
    make(&server, &token, "keepme");
    let state = server.dump();
    assert_eq!(state["tokens"].as_object().expect("tokens").len(), 1);
    (server, state)
}

fn watched(server: &Server) -> Proxy {
    Proxy::of(server.address(), |_, _| Reaction::Forward)
}

/// The names of the accounts that requests have deleted.
fn deleted(log: &[harness::Asked]) -> BTreeSet<&str> {
    let deletions = log.iter().filter(|asked| asked.method == "DELETE");
    deletions.filter_map(|asked| asked.path().strip_prefix("/v1/users/")).collect()
}

#[test]
fn without_permission_nothing_at_all_is_changed() {
    let place = Place::new();
    for (state, registration) in [("open", "auto"), ("open", "open"), ("sunset", "auto"), ("sunset", "sunset")] {
        let (server, _) = in_use_as(state);
        let before = server.dump();
        let said = run(&place, &server.url(), &["--registration", registration]).end().said();
        assert!(said.contains("the plan changes nothing on the target"), "{said}");
        assert!(said.contains(" pass, "), "{said}");
        assert_eq!(server.dump(), before, "{said}");
        assert!(!keeps_a_journal(&place), "a run that changes no password keeps no journal");
    }
}

fn keeps_a_journal(place: &Place) -> bool {
    place.files().iter().any(|file| file.extension().is_some_and(|extension| extension == "journal"))
}

#[test]
fn allowed_users_means_accounts_of_the_run_and_no_others() {
    let place = Place::new();
    for allow in ["users", "users,passwords"] {
        let (server, before) = in_use();
        let proxy = watched(&server);
        let said = run(&place, &proxy.url(), &["--allow", allow]).end().exited(0).said();
        assert_eq!(server.dump(), before, "{said}");
        assert!(!keeps_a_journal(&place), "no password of the run is left");
        let log = proxy.log();
        assert!(["POST", "GET"].contains(&&*log[0].method), "{}", log[0].head);
        let deleted = deleted(&log);
        assert!(deleted.len() > 50, "{} accounts deleted", deleted.len());
        let long = |name: &&&str| name.len() > 4;
        let run_word = deleted.iter().find(long).expect("one")[..6].to_ascii_lowercase();
        for name in deleted.iter().filter(long) {
            assert!(name.to_ascii_lowercase().starts_with(&run_word), "DELETE of {name}, a name of nobody's");
        }
        let short: Vec<&&str> = deleted.iter().filter(|name| name.len() <= 4).collect();
        assert!(short.len() <= 2 && short.iter().all(|name| name.starts_with('w')), "{short:?}");
    }
}

#[test]
fn a_short_name_is_looked_for_first_where_it_may_be_somebody_elses() {
    let place = Place::new();
    for is_reset in [false, true] {
        let (server, _) = in_use();
        let proxy = watched(&server);
        let reset = harness::reset_of(&server);
        let more: &[&str] = match is_reset {
            true => &["--reset", &reset, "login/first-login"],
            false => &["--allow", "users"],
        };
        run(&place, &proxy.url(), &["users/username-of-four-characters"]).args(more).end().exited(0);
        let log = proxy.log();
        let made = log.iter().position(|asked| asked.is("POST", "/v1/users")).expect("an account is made");
        let looks = |asked: &&harness::Asked| asked.method == "GET" && asked.target.starts_with("/v1/users/w");
        let looks = log[..made].iter().filter(looks).count();
        assert_eq!(looks, if is_reset { 0 } else { 2 }, "{is_reset}: {log:#?}");
    }
}

#[test]
fn ctrl_c_leaves_nothing_behind_at_any_moment() {
    let place = Place::new();
    for moment in [1, 5, 12, 30, 60, 100, 160, 240] {
        let (server, before) = in_use();
        let (tell, pid) = channel();
        let pid = std::sync::Mutex::new(pid);
        let proxy = Proxy::of(server.address(), move |number, _| {
            if number + 1 == moment {
                harness::signal(pid.lock().expect("pid").recv().expect("a run"), "INT");
            }
            Reaction::Forward
        });
        let running = run(&place, &proxy.url(), &["--allow", "users,passwords", "--report", "ndjson"]).start();
        tell.send(running.id()).expect("the proxy");
        let said = running.end().exited(130).said();
        assert!(said.contains("\"ended\""), "at request {moment}: the report is whole: {said}");
        assert_eq!(server.dump(), before, "at request {moment}: {said}");
        // Nothing is in the way of the next run.
        run(&place, &proxy.url(), &["login/standard-login"]).end().exited(0);
    }
}

#[test]
fn of_two_runs_at_once_the_second_refuses() {
    let place = Place::new();
    let (server, before) = in_use();
    let (held, release) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (seen, go_on) = (Arc::clone(&held), Arc::clone(&release));
    // Every request from there on is held: the canary sends two and waits for one of them only, so that any single one
    // may be a request which the run has given up.
    let proxy = Proxy::of(server.address(), move |number, _| {
        if number >= 2 {
            seen.store(true, Ordering::SeqCst);
            eventually("released", || go_on.load(Ordering::SeqCst));
        }
        Reaction::Forward
    });
    // Longer than anything here takes: it ends when it is released, not when it has lost patience.
    let patient = ["login/standard-login", "users/read", "--timeout", "10m"];
    let first = run(&place, &proxy.url(), &patient).start();
    eventually("held", || held.load(Ordering::SeqCst));
    // With a journal of its own too: what they would disturb is the target.
    for journal in [&[][..], &["--journal", "other.journal"]] {
        let second = run(&place, &proxy.url(), journal).end().exited(2);
        second.says("another run").says(&format!("process {}", first.id()));
    }
    place.program(["fuzz", "login-body", "--requests", "100", "--target", &proxy.url()]).password().end().exited(2);
    release.store(true, Ordering::SeqCst);
    first.end().exited(0);
    assert_eq!(server.dump(), before);
}

#[test]
fn passwords_of_many_cases_reach_the_disk_at_once() {
    let place = Place::new();
    let (server, before) = in_use();
    let (file, most) = (place.path().join("kept.journal"), Arc::new(AtomicUsize::new(0)));
    let ahead = Arc::clone(&most);
    let proxy = Proxy::of(server.address(), move |number, _| {
        let known = Journal::read(&file).expect("journal").unwrap_or_default();
        ahead.fetch_max(known.other_accounts().len().saturating_sub(number + 1), Ordering::SeqCst);
        Reaction::Forward
    });
    let arguments = ["--allow", "users", "users", "--jobs", "2", "--journal", "kept.journal"];
    run(&place, &proxy.url(), &arguments).end().exited(0);
    assert_eq!(server.dump(), before);
    // One at a time, no more accounts would be known than requests were sent, and two that are just about to be.
    let most = most.load(Ordering::SeqCst);
    assert!(most > 20, "at most {most} accounts ahead of the requests");
}

#[test]
fn a_reader_that_goes_away_costs_neither_verdict_nor_tidiness() {
    let place = Place::new();
    let (server, before) = in_use();
    for more in [&[][..], &["--report", "ndjson"], &["--report", "json", "-q"], &["-v"]] {
        let program = run(&place, &server.url(), &["--allow", "users,passwords"]).args(more);
        let ended = program.through("{ \"$@\"; echo $? > code; } | head -c 1").end();
        let said = ended.said();
        assert_eq!(
            ended.file("code"),
            "0
",
            "{more:?}: {said}"
        );
        for word in ["error:", "help:", "panicked"] {
            assert!(!said.contains(word), "{more:?}: {said}");
        }
        assert_eq!(server.dump(), before, "{more:?}");
    }
}

#[test]
fn a_target_that_dies_midway_costs_a_list_of_what_is_left() {
    let place = Place::new();
    let (server, before) = in_use();
    let proxy = Proxy::of(server.address(), |number, _| if number < 60 { Reaction::Forward } else { Reaction::Drop });
    let ended = run(&place, &proxy.url(), &["--allow", "users", "users"]).end();
    let said = ended.said();
    assert!(matches!(ended.code, Some(1 | 3)), "{said}");
    let left = server.dump();
    let known = before["users"].as_object().expect("users");
    let mut leftovers = 0;
    for name in left["users"].as_object().expect("users").keys() {
        if !known.contains_key(name) {
            leftovers += 1;
            assert!(said.contains(&format!("the account `{name}` is left on the target")), "{name}: {said}");
            assert!(said.contains(&format!("\"$WABIZSPEC_TARGET\"/v1/users/{name}")), "{name}: {said}");
        }
    }
    assert!(leftovers > 0, "the target died too late or too early for this test: {said}");
}

#[test]
fn a_target_that_accepts_everything_gets_no_foreign_account_deleted() {
    let place = Place::new();
    // Accepts everything, and says of every account that it was made.
    let body = r#"{"users":[{"token":"t","expires_after":"2999-01-01 00:00:00+00:00"}]}"#;
    let target = answering(move |_| {
        answer(
            "200 OK",
            "Connection: close
",
            body,
        )
    });
    let said = run(&place, &target.url(), &["--allow", "users,passwords", "users", "login"]).end().exited(1).said();
    let log = target.log();
    let names: BTreeSet<String> = deleted(&log).into_iter().map(str::to_ascii_lowercase).collect();
    let run_word = &names.first().expect("accounts are removed")[..6];
    assert!(names.iter().all(|name| name.starts_with(run_word)), "{names:?}");
    assert!(said.contains("is left on the target") && said.contains("so it is not deleted"), "{said}");
}

/// A reference client whose registration code makes the program panic.
struct Panicking(Arc<Server>);

impl wabizspec::custody::Instance for Panicking {
    fn url(&self) -> String {
        self.0.url()
    }

    fn code(&self) -> Result<String, String> {
        panic!("a defect of ours, for this test")
    }
}

#[test]
fn a_panic_costs_one_case_and_leaves_nothing_behind() {
    use wabizspec::custody::{Controls, Target};
    use wabizspec::judge::Verdict;
    use wabizspec::plan::{Capabilities, Selection, cases, plan};
    use wabizspec::reference::Registration;
    use wabizspec::run::{Event, Settings, collect};
    use wabizspec::scenario::{Change, Suite};
    use wabizspec::transport::wire::Wire;
    use wabizspec::transport::{Client, Limits, Transport};

    let server = Arc::new(fresh("open"));
    let url = server.url();
    let origin: wabizspec::transport::origin::Origin = url.parse().expect("origin");
    let client = Client::Wire(Wire::new(origin.clone(), None, Limits::default()));
    let target = Target::new(
        Transport::new(client, origin, Vec::new()),
        Controls::Instance(Arc::new(Panicking(Arc::clone(&server)))),
    );
    let suite = Suite::embedded().expect("suite");
    let selection = Selection {
        filters: ["account/registration", "users/create", "users/update"].map(str::to_owned).into(),
        shard: None,
        only: None,
    };
    let capabilities = Capabilities {
        disposable: false,
        reset: false,
        fresh: true,
        allow: Change::ALL.into(),
        credentials: false,
        advance: false,
        code: true,
        registration: Some(Registration::Open),
        raw: true,
        wrong_logins: None,
    };
    let plan = plan(selection.apply(cases(&suite)).expect("cases").cases, &capabilities);
    let settings = Settings::disposable(4);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let registration = Some(Registration::Open);
    let events = runtime.block_on(collect(&suite.register, plan, target, registration, &settings));
    let mut verdicts = Vec::new();
    let mut ended = false;
    for event in events {
        match event {
            Event::Case(report) => verdicts.push((report.id, report.verdict)),
            Event::Ended(end) => ended = end.complete,
            _ => {}
        }
    }
    assert!(ended, "the report is whole");
    let errors = verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Error).count();
    let passes = verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Pass).count();
    assert!(errors > 0 && passes > 1, "{verdicts:?}");
    let dump = server.dump();
    let users: Vec<&String> = dump["users"].as_object().expect("users").keys().collect();
    assert_eq!(users, ["admin"]);
    assert_eq!(dump["tokens"], json!({}));
}
