//! What a run does to the state of a target, and what it relies on: that nothing an earlier case left behind counts for a
//! later one, that a reset did reset, that wrong logins are few, and that what the run makes is gone at its end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::suite::runtime;
use crate::harness::{
    Ended, OWNERS, Place, Program, Proxy, Reaction, Running, accounts, admins, faulty, hold, in_use, read_head,
    reference, reset_of, serve, take, write,
};
use wabizspec::custody::journal::{Account, Journal};
use wabizspec::reference::{AnswerBody, Fault, Server};

/// The passwords of the admin in all journals that the program kept in its state folder.
fn kept(ended: &Ended) -> Vec<String> {
    let files = ended.place().files().into_iter();
    let journals = files.filter(|path| path.extension().is_some_and(|extension| extension == "journal"));
    let known = journals.filter_map(|path| Journal::read(&path).expect("a journal"));
    known.flat_map(|known| known.passwords_of("admin")).collect()
}

#[test]
fn what_a_passing_case_left_behind_does_not_count_for_the_next() {
    // The misspelt member is a should: its case passes, but the first login is used up.
    let faults = ["login.first.member-in-any-spelling", "login.password.no-longest"];
    let server = faulty(&faults);
    let (url, reset) = (server.url(), reset_of(&server));
    let ended = Program::judge(["--target", &url, "--reset", &reset, "login/first-login*"]).end().exited(1);
    assert_eq!(ended.requirement("login.password.too-long"), "fail");
    assert_eq!(ended.case("login/first-login-member-in-other-case::capitals")["verdict"], "pass");
    // Without a reset the first login is gone, and what needs it says so.
    let server = faulty(&faults);
    let filter = ["login/first-login-member-in-other-case", "login/first-login-too-long"];
    let args = ["--target", &server.url(), "--fresh", "--wrong-logins", "1000"];
    let report = Program::judge(args.iter().chain(&filter)).end().exited(3).report();
    let why = report.reason("login/first-login-too-long::sixty-five");
    assert!(why.contains("no longer freshly installed"), "{why}");
}

#[test]
fn a_finding_of_an_oracle_does_not_end_the_case() {
    // A server with an error body of its own is asked all the same whether a stranger takes the first login over.
    for faults in [&["login.refused.takeover"][..], &["login.refused.takeover", "envelope.error-shape.singular"]] {
        let server = faulty(faults);
        let report =
            Program::judge(["--target", &server.url(), "--reset", &reset_of(&server)]).end().exited(1).report();
        let broken = &Fault::find(faults[0]).expect("a fault").requirement;
        assert_eq!(report.requirement(broken), "fail", "{faults:?}");
    }
}

#[test]
fn what_a_failed_case_could_not_ask_is_said_with_the_reason() {
    let server = faulty(&["login.first.default-password-accepted"]);
    let ended = Program::judge(["--target", &server.url(), "--reset", &reset_of(&server)]).end().exited(1);
    let cut = ended.cases().iter().find(|case| case["not_asked"].is_object()).expect("a case that was cut short");
    let (steps, why) = (&cut["not_asked"]["steps"], cut["not_asked"]["why"].as_str().expect("a reason"));
    assert!(steps.as_array().is_some_and(|steps| !steps.is_empty()), "{cut}");
    assert!(why.contains("was answered 200"), "{why}");
    assert!(ended.stdout.contains("not asked: `"), "{}", ended.stdout);
}

#[test]
fn a_reset_that_resets_nothing_blocks_and_accuses_nobody() {
    for password in [None, Some(OWNERS)] {
        let server = in_use("open");
        let before = server.dump();
        let mut program = Program::judge(["--target", &server.url(), "--reset", "true"]);
        if let Some(password) = password {
            program = program.env("WABIZSPEC_ADMIN_PASSWORD", password);
        }
        let ended = program.end().exited(3).says("the reset did not reset this target");
        assert_eq!(ended.count("fail"), 0, "{}", ended.stdout);
        assert_eq!(ended.count("pass"), 0, "nothing runs in the belief that the state can be thrown away");
        assert_eq!(server.dump()["users"], before["users"]);
        assert_eq!(kept(&ended), [""; 0], "no password was changed");
    }
}

/// A hook's address that resets the server a number of times, and after that only says so.
fn resets_only(server: &Arc<Server>, times: usize) -> (crate::harness::Server, Arc<AtomicUsize>) {
    let (server, asked) = (Arc::clone(server), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    let hook = serve(move |_, mut stream| {
        if read_head(&mut stream).is_none() {
            return;
        }
        if count.fetch_add(1, Ordering::SeqCst) < times {
            server.reset();
        }
        write(&mut stream, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    });
    (hook, asked)
}

#[test]
fn what_was_made_before_a_reset_that_failed_is_removed() {
    // Two first logins need a reset each; the second one does nothing.
    let server = Arc::new(reference(|_| {}));
    let (hook, _) = resets_only(&server, 1);
    let ended = Program::judge([
        "--target",
        &server.url(),
        "--reset",
        &format!("POST {}/", hook.url()),
        "login/first-login*",
        "users",
    ])
    .end();
    let ended = ended.exited(3).says("the reset did not reset this target");
    assert_eq!(ended.report().count("fail"), 0, "{}", ended.stdout);
    assert!(ended.report().count("pass") > 50, "what ran before counts");
    assert_eq!(accounts(&server), ["admin"], "{}", ended.stdout);
    assert!(ended.report().0["notes"].to_string().contains("wabizspec recover"), "the password is known");
    assert_eq!(kept(&ended).first(), Some(&admins(&server)));
}

#[test]
fn a_server_without_error_codes_shows_by_its_first_login_that_it_was_reset() {
    let server = reference(|settings| {
        settings.behaviour.rewrites = vec![|_, answer| {
            if answer.status >= 400 {
                answer.body = AnswerBody::Bytes(br#"{"message":"no"}"#.to_vec());
            }
        }];
    });
    let ended = Program::judge([
        "--target",
        &server.url(),
        "--reset",
        &reset_of(&server),
        "login/first-login",
        "login/control",
    ])
    .end();
    assert_eq!(ended.count("blocked"), 0, "{}", ended.stdout);
    // One is used up by looking: more are needed than where the answers show it.
    assert!(ended.0["resets"].as_u64() > ended.0["planned_resets"].as_u64(), "{}", ended.stdout);
    let accepted = ended.requirement("login.first.accepted");
    assert_eq!(accepted, "unproven", "its cases fail by their error bodies alone");
}

#[test]
fn fresh_given_by_mistake_says_so_and_leaves_no_trace() {
    let server = in_use("open");
    let before = server.dump();
    let url = server.url();
    let ended = Program::judge(["--target", &url, "--fresh", "--allow", "users,passwords"]).end().exited(3);
    let ended = ended.says("--fresh was given, but the target is in use");
    let report = ended.report();
    assert_eq!(report.count("fail"), 0, "{}", ended.stdout);
    assert!(!ended.said().contains("has changed the admin's password"), "{}", ended.said());
    assert_eq!(server.dump()["users"], before["users"]);
    assert_eq!(kept(&ended), [""; 0]);
    // With the owner's password everything else runs.
    let ended = Program::judge(["--target", &url, "--fresh", "--allow", "users", "users"]);
    let ended = ended.password().end().exited(0);
    assert!(ended.report().count("pass") > 50, "{}", ended.stdout);
}

#[test]
fn a_first_login_that_is_refused_leaves_no_password_in_the_journal() {
    // Its answers do not show whether it is just installed, so the owner's word counts, and the first login is tried.
    let server = reference(|settings| {
        settings.behaviour.rewrites = vec![|_, answer| {
            if answer.status >= 400 {
                answer.body = AnswerBody::Bytes(br#"{"message":"no"}"#.to_vec());
            }
        }];
    });
    take(&server, OWNERS);
    let ended = Program::judge(["--target", &server.url(), "--fresh", "users/read-admin"]).end().exited(3);
    assert!(!ended.said().contains("has changed the admin's password"), "{}", ended.said());
    assert_eq!(kept(&ended), [""; 0]);
}

#[test]
fn fresh_allows_the_first_login_and_nothing_else() {
    let server = reference(|_| {});
    let ended = Program::judge(["--target", &server.url(), "--fresh"]).password().end().exited(0);
    assert_eq!(accounts(&server), ["admin"]);
    assert_eq!(admins(&server), OWNERS, "the first login sets the owner's");
    let of = |case: &str| ended.reason(case);
    assert!(of("users/create").contains("--allow users"), "{}", of("users/create"));
    assert!(of("login/default-account-not-removable").contains("--allow users"));
    assert_eq!(ended.case("login/first-login")["verdict"], "pass");
}

/// Puts credentials of the admin into a journal.
fn record(path: &Path, url: &str, passwords: impl Iterator<Item = String>) {
    let journal = Journal::open(path, url, "admin").expect("a journal");
    let all: Vec<Account> = passwords.map(|password| Account { username: "admin".to_owned(), password }).collect();
    runtime().block_on(journal.record(&all)).expect("recorded");
}

#[test]
fn a_lost_password_is_not_guessed_at_length() {
    let server = in_use("open");
    // A gateway that fails once in a while, and at the second try too, must not be taken for a password that does not work either.
    let logins = AtomicUsize::new(0);
    let proxy = Proxy::of(server.address(), move |_, head| match head.path() {
        "/v1/users/login" if logins.fetch_add(1, Ordering::SeqCst) % 5 > 2 => Reaction::Drop,
        _ => Reaction::Forward,
    });
    let (url, place) = (proxy.url(), Place::new());
    record(&place.path().join("kept.journal"), &url, (0..60).map(|number| format!("Wr0ng!pass{number}")));
    let args = ["--target", &url, "--allow", "users,passwords", "--journal", "kept.journal"];
    let ended = place.judge(args).env("WABIZSPEC_ADMIN_PASSWORD", "Wr0ng!given").end();
    assert!(matches!(ended.code, Some(1 | 3)), "{}", ended.said());
    // Of every login, right or wrong: there is no right one. Those that were dropped were sent twice.
    assert!(proxy.logins().count <= 28, "{:?}", proxy.logins());
}

#[test]
fn an_account_is_removed_also_after_the_clock_was_moved() {
    let server = in_use("open");
    let url = server.url();
    let advance = "[state]\nadvance = '''curl -sf -d \"{\\\"seconds\\\":$WABIZSPEC_SECONDS}\" \"$WABIZSPEC_TARGET/__control/advance\"'''\n";
    let args = ["--config", "moves.toml", "--target", &url, "--allow", "users,clock", "tokens/expired*"];
    let program = Program::judge(args).file("moves.toml", &format!("[target]\nurl = \"{url}\"\n{advance}"));
    let ended = program.password().end().exited(0);
    assert!(ended.report().count("pass") > 1, "{}", ended.stdout);
    assert_eq!(accounts(&server), ["admin"], "{}", ended.stdout);
    assert!(!ended.stdout.contains("is left on the target"), "{}", ended.stdout);
}

#[test]
fn an_account_is_removed_although_the_token_of_the_run_has_died() {
    // Every login ends all earlier tokens, those of the harness too.
    let server = faulty(&["login.token.one-at-a-time"]);
    take(&server, OWNERS);
    let args = ["--target", &server.url(), "--allow", "users", "users/create", "login/ordinary-account"];
    let ended = Program::judge(args).password().end();
    assert!(ended.report().cases().len() > 1);
    assert_eq!(accounts(&server), ["admin"], "{}", ended.stdout);
}

#[test]
fn a_disposable_target_is_left_just_installed() {
    let server = reference(|_| {});
    let before = server.dump()["users"].clone();
    let ended =
        Program::judge(["--target", &server.url(), "--reset", &reset_of(&server), "login", "users"]).end().exited(0);
    assert_eq!(server.dump()["users"], before, "{}", ended.stdout);
    assert!(!ended.said().contains("wabizspec recover"), "{}", ended.said());
    // As many resets as were announced: none of its refusals was accepted.
    assert!(
        ended.0["resets"].as_u64().is_some() && ended.0["resets"] == ended.0["planned_resets"],
        "{}",
        ended.0["resets"]
    );
    assert!(ended.stdout.contains("and one for each first login that should have been refused"), "{}", ended.stdout);
}

#[test]
fn resets_are_at_most_as_many_as_allowed() {
    // Each first login that should be refused needs one.
    let server = Arc::new(faulty(&["login.password.no-longest"]));
    let (hook, asked) = resets_only(&server, usize::MAX);
    let args = [
        "--target",
        &server.url(),
        "--reset",
        &format!("POST {}/", hook.url()),
        "--max-resets",
        "3",
        "login/first-login*",
    ];
    let ended = Program::judge(args).end().exited(1);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert!(ended.count("blocked") > 0 && ended.stdout.contains("--max-resets N"), "{}", ended.stdout);
}

#[test]
fn no_reset_happens_after_the_stop() {
    let server = Arc::new(reference(|_| {}));
    let (hook, asked) = resets_only(&server, usize::MAX);
    let proxy = Proxy::of(server.address(), |number, head| match number {
        0..300 => Reaction::Forward,
        _ if head.method == "DELETE" || head.path() == "/v1/users/logout" => Reaction::Forward,
        _ => Reaction::Hang,
    });
    let mut running = Program::judge(["--target", &proxy.url(), "--reset", &format!("POST {}/", hook.url())]).start();
    while proxy.requests() < 301 {
        assert!(running.is_running(), "it ended before it was interrupted");
        std::thread::yield_now();
    }
    let before = asked.load(Ordering::SeqCst);
    running.interrupt();
    running.end().exited(130);
    assert_eq!(asked.load(Ordering::SeqCst), before);
}

#[test]
fn a_run_begins_no_case_after_its_time() {
    let server = reference(|_| {});
    let args = ["--target", &server.url(), "--reset", &reset_of(&server), "--max-time", "1ns", "users"];
    let ended = Program::judge(args).end().exited(3).says("--max-time allows more");
    assert_eq!(ended.report().count("pass"), 0, "{}", ended.stdout);
}

/// A hook that never ends and a target that never gets ready keep the run as long as they can.
#[test]
fn the_stop_is_heard_while_the_run_waits() {
    let starting = serve(|_, mut stream| {
        while read_head(&mut stream).is_some() {
            write(&mut stream, "HTTP/1.1 503 Starting\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let target = starting.url();
    let silent = serve(|_, mut stream| hold(&mut stream));
    let hanging = format!("POST {}/", silent.url());
    for reset in ["true", "sleep 1000", &hanging] {
        let before = starting.accepted();
        let running = Program::judge(["--target", &target, "--reset", reset, "login/first-login"]).start();
        // Once the target has been asked whether it answers, the reset is waited for, and then the target.
        while starting.accepted() == before {
            std::thread::yield_now();
        }
        running.interrupt();
        let ended = running.end().exited(130);
        assert!(!ended.report().is_complete());
    }
}

/// A proxy that answers until it has seen some requests of a kind, and nothing to do with accounts after that.
fn hanging_clean_up(server: &Server) -> (Proxy, Arc<AtomicUsize>) {
    let deletions = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&deletions);
    let proxy = Proxy::of(server.address(), move |number, head| {
        if head.method == "DELETE" && number >= 60 {
            count.fetch_add(1, Ordering::SeqCst);
        }
        match number {
            0..60 => Reaction::Forward,
            _ => Reaction::Hang,
        }
    });
    (proxy, deletions)
}

/// A run on a target that hangs as soon as the accounts of the run are to be removed: interrupted, and seen removing.
fn interrupted_while_it_cleans_up(args: &[&str]) -> (Server, Proxy, Running) {
    let server = in_use("open");
    let (proxy, deletions) = hanging_clean_up(&server);
    let all = ["--target", &proxy.url(), "--allow", "users", "--timeout", "30s", "users"];
    let mut running = Program::judge(all.iter().chain(args)).password().start();
    while proxy.requests() < 61 {
        assert!(running.is_running(), "it ended before it was interrupted");
        std::thread::yield_now();
    }
    running.interrupt();
    while deletions.load(Ordering::SeqCst) == 0 {
        assert!(running.is_running(), "it ended before it removed anything");
        std::thread::yield_now();
    }
    (server, proxy, running)
}

#[test]
fn the_second_signal_ends_the_run_with_its_report_whole() {
    let (_server, _front, running) = interrupted_while_it_cleans_up(&[]);
    running.interrupt();
    let report = running.end().exited(130).report();
    assert!(!report.is_complete() && report.count("pass") > 0, "{}", report.0["summary"]);
    assert!(report.0["notes"].to_string().contains("recover --clean"), "{}", report.0["notes"]);
}

#[test]
fn a_run_that_is_killed_while_it_cleans_up_leaves_whole_reports() {
    let (_server, _front, mut running) = interrupted_while_it_cleans_up(&["--report", "junit=run.xml"]);
    running.kill();
    let ended = running.end();
    assert!(!ended.is_complete() && ended.count("pass") > 0, "{}", ended.0["summary"]);
    assert!(ended.file("run.xml").trim_end().ends_with("</testsuites>"));
}

/// A scenario that gives the admin another password, in so many steps.
fn changing(steps: usize) -> String {
    let step = |number: usize| {
        let json = format!("json = '{{\"password\":\"An0ther!pass{number}\"}}'");
        let send = "send = \"PUT /v1/users/${admin}\"\nbearer = \"${admin_token}\"";
        format!(
            "[[steps]]\nname = \"change {number}\"\n{send}\n{json}\n[steps.expect]\n\"login.one\" = {{ status = 200 }}\n"
        )
    };
    let steps: String = (0..steps).map(step).collect();
    format!("given = \"admin\"\nchanges = [\"passwords\"]\n{steps}")
}

const CHANGING: [&str; 6] = ["--scenarios", "suite", "--allow", "passwords", "--registration", "open"];

#[test]
fn the_owners_password_is_set_back_also_on_a_full_disk() {
    let server = in_use("open");
    let program = Program::new(["run", "-q", "--target", &server.url()].iter().chain(&CHANGING)).suite(&changing(10));
    let ended = program.password().on_a_disk_of(1).end().exited(3);
    let ended = ended.says("cannot be written");
    assert_eq!(admins(&server), OWNERS, "{}", ended.said());
}

#[test]
fn the_password_of_an_earlier_run_is_set_back_where_none_is_given() {
    let server = in_use("open");
    let url = server.url();
    let program = Program::new(["run", "-q", "--target", &url, "--journal", "kept.journal"].iter().chain(&CHANGING));
    let program = program.suite(&changing(1));
    record(&program.path().join("kept.journal"), &url, [OWNERS.to_owned()].into_iter());
    let ended = program.end().exited(0);
    assert_eq!(admins(&server), OWNERS, "{}", ended.said());
    let known = Journal::read(&ended.folder().join("kept.journal")).expect("read").expect("a journal");
    assert_eq!(known.passwords_of("admin").first().map(String::as_str), Some(OWNERS));
}

#[test]
fn a_password_that_cannot_be_set_back_is_no_success() {
    let server = in_use("open");
    let updates = AtomicUsize::new(0);
    let proxy = Proxy::of(server.address(), move |_, head| match head.method.as_str() {
        "PUT" if updates.fetch_add(1, Ordering::SeqCst) > 0 => Reaction::Drop,
        _ => Reaction::Forward,
    });
    let program = Program::judge(["--target", &proxy.url()].iter().chain(&CHANGING)).suite(&changing(1));
    let ended = program.password().end().exited(3);
    let ended = ended.says("could not be set back");
    assert_eq!(ended.report().count("pass"), 1);
    assert_eq!(kept(&ended).first(), Some(&admins(&server)));
}

#[test]
fn a_password_that_no_target_would_take_back_is_refused_before_anything_is_sent() {
    let server = serve(|_, mut stream| hold(&mut stream));
    for more in [&["--fresh"][..], &["--allow", "users,passwords"], &["--reset", "true"]] {
        let program = Program::new(["run", "--target", &server.url()].iter().chain(more));
        let ended = program.env("WABIZSPEC_ADMIN_PASSWORD", "weak").end().exited(2);
        assert!(ended.stderr.contains("breaks the documented rule"), "{}", ended.stderr);
    }
    assert_eq!(server.accepted(), 0);
}
