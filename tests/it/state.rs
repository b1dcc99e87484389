//! What a run does to the state of a target, and what it relies on: that nothing an earlier case left behind counts for a
//! later one, that a reset did reset, that wrong logins are few, and that what the run creates is gone at its end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::suite::runtime;
use crate::harness::{self, *};
use wabizspec::custody::journal::{Account, Journal};
use wabizspec::reference::{AnswerBody, Fault, Server};

/// The passwords of the admin in all journals that the program kept in its state folder.
fn kept(ended: &Ended) -> Vec<String> {
    let journals = files_of(ended.place().path(), "journal").into_iter();
    let known = journals.filter_map(|path| Journal::read(&path).expect("a journal"));
    known.flat_map(|known| known.passwords_of("admin")).collect()
}

#[test]
fn what_a_passing_case_left_behind_does_not_count_for_the_next() {
    // The misspelt member is a should: its case passes, but the first login is used up.
    let faults = ["login.first.member-in-any-spelling", "login.password.no-longest"];
    let server = faulty(&faults);
    let ended = Program::judge("login/first-login*").at(&server).resetting(&server).end().exited(1);
    assert_eq!(ended.requirement("login.password.too-long"), "fail");
    ended.gives("login/first-login-member-in-other-case::capitals", "pass");
    // Without a reset the first login is gone, and what needs it says so.
    let filter = "login/first-login-member-in-other-case login/first-login-too-long";
    let ended = Program::judge("--fresh --wrong-logins 1000").args(filter).at(&faulty(&faults)).end().exited(3);
    let why = ended.reason("login/first-login-too-long::sixty-five");
    assert!(why.contains("no longer freshly installed"), "{why}");
}

#[test]
fn a_finding_of_an_oracle_does_not_end_the_case() {
    // A server with an error body of its own is asked all the same whether a stranger takes the first login over.
    for faults in [&["login.refused.takeover"][..], &["login.refused.takeover", "envelope.error-shape.singular"]] {
        let server = faulty(faults);
        let ended = Program::judge("").at(&server).resetting(&server).end().exited(1);
        let broken = &Fault::find(faults[0]).expect("a fault").requirement;
        assert_eq!(ended.requirement(broken), "fail", "{faults:?}");
    }
}

#[test]
fn what_a_failed_case_could_not_ask_is_said_with_the_reason() {
    let server = faulty(&["login.first.default-password-accepted"]);
    let ended = Program::judge("-v").at(&server).resetting(&server).end().exited(1).says("not asked: `");
    let cut = ended.cases().iter().find(|case| case["not_asked"].is_object()).expect("a case that was cut short");
    let (steps, why) = (&cut["not_asked"]["steps"], cut["not_asked"]["why"].as_str().expect("a reason"));
    assert!(steps.as_array().is_some_and(|steps| !steps.is_empty()), "{cut}");
    assert!(why.contains("was answered 200"), "{why}");
}

#[test]
fn a_reset_that_resets_nothing_blocks_and_accuses_nobody() {
    for has_password in [false, true] {
        let server = in_use("open");
        let before = server.dump();
        let program = Program::judge("--reset true").at(&server);
        let ended = if has_password { program.password().end() } else { program.end() };
        // Nothing runs in the belief that the state can be thrown away.
        let ended = ended.exited(3).says("the reset did not reset this target").counts("fail", 0).counts("pass", 0);
        assert_eq!(server.dump()["users"], before["users"]);
        assert_eq!(kept(&ended), [""; 0], "no password was changed");
    }
}

/// A hook that resets the server a number of times, and after that only says so.
fn resets_only(server: &Arc<Server>, times: usize) -> harness::Server {
    let (server, asked) = (Arc::clone(server), AtomicUsize::new(0));
    answering(move |_| {
        if asked.fetch_add(1, Ordering::SeqCst) < times {
            server.reset();
        }
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    })
}

fn post(hook: &harness::Server) -> String {
    format!("POST {}/", hook.url())
}

#[test]
fn what_was_made_before_a_reset_that_failed_is_removed() {
    // Two first logins need a reset each; the second one does nothing.
    let server = Arc::new(reference(|_| {}));
    let hook = resets_only(&server, 1);
    let ended = Program::judge("login/first-login* users").at(&*server).reset(&post(&hook)).end();
    let ended = ended.exited(3).says("the reset did not reset this target").counts("fail", 0);
    let ended = ended.counts_over("pass", 50);
    assert_eq!(accounts(&server), ["admin"], "{}", ended.stdout);
    assert!(ended.notes().contains("wabizspec recover"), "the password is known");
    assert_eq!(kept(&ended).first(), Some(&admins(&server)));
}

/// A server whose refusals have no error codes.
fn without_codes() -> Server {
    rewriting(|_, answer| {
        if answer.status >= 400 {
            answer.body = AnswerBody::Bytes(br#"{"message":"no"}"#.to_vec());
        }
    })
}

#[test]
fn a_server_without_error_codes_shows_by_its_first_login_that_it_was_reset() {
    let server = without_codes();
    let ended = Program::judge("login/first-login login/control").at(&server).resetting(&server).end();
    let ended = ended.counts("blocked", 0);
    // The check uses one up: more are needed than where the answers show it.
    assert!(ended.0["resets"].as_u64() > ended.0["planned_resets"].as_u64(), "{}", ended.stdout);
    // Its cases fail by their error bodies alone.
    assert_eq!(ended.requirement("login.first.accepted"), "unproven");
}

#[test]
fn fresh_given_by_mistake_says_so_and_leaves_no_trace() {
    let server = in_use("open");
    let before = server.dump();
    let ended = Program::judge("--fresh --allow users,passwords").at(&server).end().exited(3);
    let ended = ended.says("--fresh was given, but the target is in use").counts("fail", 0);
    let ended = ended.never_says("has changed the admin's password");
    assert_eq!(server.dump()["users"], before["users"]);
    assert_eq!(kept(&ended), [""; 0]);
    // With the owner's password everything else runs.
    let excluded = "--exclude users/update-admin --exclude users/name-like-the-administrators*";
    let ended = Program::judge(&format!("--fresh --allow users users {excluded}")).at(&server).password().end();
    ended.exited(0).counts_over("pass", 50);
}

#[test]
fn a_first_login_that_is_refused_leaves_no_password_in_the_journal() {
    // Its answers do not show whether it is just installed, so the owner's word counts, and the first login is tried.
    let server = without_codes();
    take(&server, OWNERS);
    let ended = Program::judge("--fresh users/read-admin").at(&server).end().exited(3);
    let ended = ended.never_says("has changed the admin's password");
    assert_eq!(kept(&ended), [""; 0]);
}

#[test]
fn fresh_allows_the_first_login_and_nothing_else() {
    let server = reference(|_| {});
    let ended = Program::judge("--fresh").at(&server).password().end().exited(0);
    assert_eq!(accounts(&server), ["admin"]);
    assert_eq!(admins(&server), OWNERS, "the first login sets the owner's");
    for case in ["users/create", "login/default-account-not-removable"] {
        assert!(ended.reason(case).contains("--allow users"), "{}", ended.reason(case));
    }
    ended.gives("login/first-login", "pass");
}

fn record(path: &Path, url: &str, passwords: impl Iterator<Item = String>) {
    let journal = Journal::open(path, Vec::new(), url, "admin").expect("a journal");
    let credentials = |password| Account { username: "admin".to_owned(), password };
    let all: Vec<Account> = passwords.map(credentials).collect();
    runtime().block_on(journal.record(&all)).expect("recorded");
}

#[test]
fn a_lost_password_is_not_guessed_at_length() {
    let server = in_use("open");
    // A gateway that fails once in a while, and at the second try too, must not look like a password that does not work either.
    let logins = AtomicUsize::new(0);
    let proxy = Proxy::of(&server, move |_, asked| {
        let is_login = asked.path() == "/v1/users/login";
        Reaction::Drop.when(is_login && logins.fetch_add(1, Ordering::SeqCst) % 5 > 2)
    });
    let place = Place::new();
    record(&place.join("kept.journal"), &proxy.url(), (0..60).map(|number| format!("Wr0ng!pass{number}")));
    let program = place.judge("--allow users,passwords --journal kept.journal").at(&proxy);
    program.env(PASSWORD, "Wr0ng!given").end().ends_not_green();
    // Every login counts, since there is no right one. Those that were dropped were sent twice.
    assert!(proxy.logins().count <= 28, "{:?}", proxy.logins());
}

#[test]
fn an_account_is_removed_also_after_the_clock_was_moved() {
    let server = in_use("open");
    let config = format!(
        "[target]\nurl = \"{}\"\n[state]\nadvance = '''curl -sf -d \"{{\\\"seconds\\\":$WABIZSPEC_SECONDS}}\" \
         \"$WABIZSPEC_TARGET/__control/advance\"'''\n",
        server.url()
    );
    let program = Program::judge("--config moves.toml --allow users,clock tokens/expired*").at(&server);
    let ended = program.file("moves.toml", &config).password().end().exited(0).counts_over("pass", 1);
    assert_eq!(accounts(&server), ["admin"], "{}", ended.stdout);
    ended.never_says("is left on the target");
}

#[test]
fn an_account_is_removed_although_the_token_of_the_run_has_died() {
    // Every login ends all earlier tokens, those of the harness too.
    let server = faulty(&["login.token.one-at-a-time"]);
    take(&server, OWNERS);
    let ended = Program::judge("--allow users users/create login/ordinary-account").at(&server).password().end();
    assert!(ended.cases().len() > 1);
    assert_eq!(accounts(&server), ["admin"], "{}", ended.stdout);
}

#[test]
fn a_disposable_target_is_left_just_installed() {
    let server = reference(|_| {});
    let before = server.dump()["users"].clone();
    let ended = Program::judge("login users").at(&server).resetting(&server).end().exited(0);
    assert_eq!(server.dump()["users"], before, "{}", ended.stdout);
    // As many resets as were announced: none of its refusals was accepted.
    assert!(ended.0["resets"].is_u64() && ended.0["resets"] == ended.0["planned_resets"], "{}", ended.0["resets"]);
    let ended = ended.never_says("wabizspec recover");
    ended.says("and one for each first login that should have been refused");
}

#[test]
fn resets_are_at_most_as_many_as_allowed() {
    // Each first login that should be refused needs one.
    let server = Arc::new(faulty(&["login.password.no-longest"]));
    let hook = resets_only(&server, usize::MAX);
    let program = Program::judge("--max-resets 3 login/first-login*").at(&*server).reset(&post(&hook));
    program.end().exited(1).counts_over("blocked", 0).says("--max-resets N");
    assert_eq!(hook.accepted(), 3);
}

#[test]
fn no_reset_happens_after_the_stop() {
    let server = Arc::new(reference(|_| {}));
    let hook = resets_only(&server, usize::MAX);
    let proxy = Proxy::until(&server, 300, Asked::hangs_unless_it_cleans_up);
    let mut running = Program::judge("").at(&proxy).reset(&post(&hook)).start();
    running.still_runs_until(|| proxy.requests() > 300);
    let before = hook.accepted();
    running.signal("INT");
    running.end().exited(130);
    assert_eq!(hook.accepted(), before);
}

#[test]
fn a_run_begins_no_case_after_its_time() {
    let server = reference(|_| {});
    let ended = Program::judge("--max-time 1ns users").at(&server).resetting(&server).end();
    ended.exited(3).says("--max-time allows more").counts("pass", 0);
}

/// A hook that never ends and a target that never gets ready keep the run as long as they can.
#[test]
fn the_stop_is_heard_while_the_run_waits() {
    let starting = answering(|_| answer("503 Starting", "", ""));
    let silent = silent();
    let hanging = format!("POST {}/", silent.url());
    for reset in ["true", "sleep 1000", &hanging] {
        let before = starting.accepted();
        let running = Program::judge("login/first-login").reset(reset).at(&starting).start();
        // Once the target has been asked whether it answers, the reset is waited for, and then the target.
        eventually("asked", || starting.accepted() > before);
        running.signal("INT");
        assert!(!running.end().exited(130).is_complete());
    }
}

/// A run on a target that hangs as soon as the accounts of the run are to be removed: interrupted, and seen removing.
fn interrupted_while_it_cleans_up(args: &str) -> (Server, Proxy, Running) {
    let server = in_use("open");
    let proxy = Proxy::until(&server, 90, |_| Reaction::Hang);
    let program = Program::judge("--allow users --timeout 30s users").at(&proxy).args(args);
    let mut running = program.password().start();
    running.still_runs_until(|| proxy.requests() > 90);
    running.signal("INT");
    running.still_runs_until(|| proxy.log().iter().skip(90).any(|asked| asked.method == "DELETE"));
    (server, proxy, running)
}

#[test]
fn the_second_signal_ends_the_run_with_its_report_whole() {
    let (_server, _front, running) = interrupted_while_it_cleans_up("");
    running.signal("INT");
    let ended = running.end().exited(130).counts_over("pass", 0);
    assert!(!ended.is_complete() && ended.notes().contains("recover --clean"), "{}", ended.notes());
}

#[test]
fn a_run_that_is_killed_while_it_cleans_up_leaves_whole_reports() {
    let (_server, _front, mut running) = interrupted_while_it_cleans_up("--report junit=run.xml");
    running.kill();
    let ended = running.end().counts_over("pass", 0);
    assert!(!ended.is_complete() && ended.file("run.xml").trim_end().ends_with("</testsuites>"));
}

/// Lets it run a scenario that gives the admin another password, in so many steps.
fn changing(program: Program, steps: usize) -> Program {
    let step = |number: usize| {
        format!(
            "[[steps]]\nname = \"change {number}\"\nsend = \"PUT /v1/users/${{admin}}\"\nbearer = \"${{admin_token}}\"\n\
             json = '{{\"password\":\"An0ther!pass{number}\"}}'\n[steps.expect]\n\"login.one\" = {{ status = 200 }}\n"
        )
    };
    let steps: String = (0..steps).map(step).collect();
    let program = program.args("-q --scenarios suite --allow passwords --registration open");
    program.suite(&format!("given = \"admin\"\nchanges = [\"passwords\"]\n{steps}"))
}

#[test]
fn the_owners_password_is_set_back_also_on_a_full_disk() {
    let server = in_use("open");
    let program = changing(Program::new("run"), 10).at(&server).password();
    // No file may become larger than 512 bytes: to the program, the disk is full then.
    let full = program.through("trap '' XFSZ; ulimit -f 1; exec \"$@\"");
    let ended = full.end().exited(3).says("cannot be written");
    assert_eq!(admins(&server), OWNERS, "{}", ended.said());
}

#[test]
fn the_password_of_an_earlier_run_is_set_back_where_none_is_given() {
    let server = in_use("open");
    let program = changing(Program::new("run"), 1).args("--journal kept.journal").at(&server);
    let journal = program.place().join("kept.journal");
    record(&journal, &server.url(), [OWNERS.to_owned()].into_iter());
    let ended = program.end().exited(0);
    assert_eq!(admins(&server), OWNERS, "{}", ended.said());
    let known = Journal::read(&journal).expect("read").expect("a journal");
    assert_eq!(known.passwords_of("admin").first().map(String::as_str), Some(OWNERS));
}

#[test]
fn a_password_that_cannot_be_set_back_is_no_success() {
    let server = in_use("open");
    let updates = AtomicUsize::new(0);
    let proxy = Proxy::of(&server, move |_, asked| {
        Reaction::Drop.when(asked.method == "PUT" && updates.fetch_add(1, Ordering::SeqCst) > 0)
    });
    let ended = changing(Program::judge(""), 1).at(&proxy).password().end();
    let ended = ended.exited(3).says("could not be set back").counts("pass", 1);
    assert_eq!(kept(&ended).first(), Some(&admins(&server)));
}

#[test]
fn a_password_that_no_target_would_take_back_is_refused_before_anything_is_sent() {
    let server = silent();
    for more in ["--fresh", "--allow users,passwords", "--reset true"] {
        let program = Program::new("run").at(&server).args(more).env(PASSWORD, "weak");
        program.end().exited(2).says("breaks the documented rule");
    }
    assert_eq!(server.accepted(), 0);
}
