//! What `fuzz` and `replay` may do to a target, and what they must not: no password is lost, and no account is deleted that
//! is not their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::fuzzing::{in_session, rewritten};
use crate::harness::*;
use serde_json::{Value, json};
use wabizspec::custody::accounts::Account;
use wabizspec::custody::journal::Journal;
use wabizspec::custody::lock::RunLock;
use wabizspec::documented::api::Resource;
use wabizspec::exchange::Header;
use wabizspec::fuzz::drive::once;
use wabizspec::fuzz::session::FuzzSession;
use wabizspec::fuzz::{RequestParts, Surface};
use wabizspec::reference::{Behaviour, Server};

fn fuzz(place: &Place, target: &impl Address, more: &str) -> Program {
    place.program("fuzz users-body --requests 300 --seed 7 --journal kept.journal").at(target).args(more)
}

/// The passwords of the admin in the journal.
fn passwords(ended: &Ended) -> Vec<String> {
    let known = Journal::read(&ended.place().join("kept.journal")).expect("a journal");
    known.unwrap_or_default().passwords_of("admin")
}

/// Where an earlier version kept the password that it gave to the admin.
fn kept_file(target: &impl Address) -> String {
    let url = target.url();
    format!("wabizspec-fuzz/admin-password-http---127-0-0-1-{}", url.rsplit(':').next().expect("a port"))
}

/// Only the admin is left, and nobody is logged in.
fn is_tidy(server: &Server) {
    assert_eq!((accounts(server), server.dump()["tokens"].clone()), (vec!["admin".to_owned()], json!({})));
}

#[test]
fn a_login_that_fails_is_no_reason_for_a_first_login() {
    for (status, body) in [
        ("503 Service Unavailable", r#"{"errors":[{"code":1011,"title":"Service not ready"}]}"#),
        ("429 Too Many Requests", r#"{"errors":[{"code":1015,"title":"Too many requests"}]}"#),
        ("401 Unauthorized", r#"{"errors":[{"code":1005,"title":"Access denied"}]}"#),
        ("500 Internal Server Error", "{}"),
    ] {
        let target = answering(move |_| answer(status, "", body));
        let file = kept_file(&target);
        let place = Place::with(&[(&file, "Kept-Pass-1!\n")]);
        let ended = fuzz(&place, &target, "").end().exited(3);
        let sent = target.sent();
        assert!(sent.contains("/v1/users/login"), "{status}");
        assert!(!sent.contains("new_password"), "{status}: a first login was sent");
        assert_eq!(place.read(&file), "Kept-Pass-1!\n", "{status}");
        assert_eq!(passwords(&ended), [""; 0], "{status}");
    }
}

#[test]
fn a_first_login_is_in_the_journal_and_nothing_secret_below_the_folder() {
    let (server, place) = (fresh("open"), Place::new());
    let ended = fuzz(&place, &server, "").end().exited(0).says("wabizspec recover");
    let password = admins(&server);
    let ended = ended.never_says(&password);
    assert_eq!(passwords(&ended), [password.as_str()]);
    for path in place.files().iter().filter(|path| !path.ends_with("kept.journal")) {
        let bytes = std::fs::read(path).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains(&password), "{}", path.display());
    }
    // The next run finds it there, and so does `recover`.
    let again = Place::with(&[("kept.journal", &place.read("kept.journal"))]);
    let again = fuzz(&again, &server, "").end().exited(0);
    assert_eq!((admins(&server), passwords(&again)), (password.clone(), vec![password.clone()]));
    let recover = place.program("recover --show --journal kept.journal").at(&server);
    recover.end().exited(0).says(&password);
    is_tidy(&server);
}

#[test]
fn a_first_login_that_is_refused_leaves_no_password_in_the_journal() {
    let server = in_use("open");
    let opened = json!({"opened": {"schema": "wabizspec/journal/1", "target": server.url(), "admin": "admin"}});
    let older = json!({"password": {"account": "admin", "password": "Older-Pass-1!"}});
    let place = Place::with(&[("kept.journal", &format!("{opened}\n{older}\n"))]);
    let ended = fuzz(&place, &server, "--fresh").end().exited(3);
    assert_eq!(passwords(&ended), ["Older-Pass-1!"], "{}", ended.said());
    let kept = place.read("kept.journal");
    let with_password = kept.lines().filter(|line| line.contains("\"password\""));
    assert_eq!(with_password.count(), 1, "not in a line of the file either: {kept}");
    assert_eq!(admins(&server), OWNERS);
}

/// A faulty target may refuse the first login and take the password all the same: then it is used, and kept.
#[test]
fn a_first_login_that_is_refused_and_done_is_kept() {
    let server = rewriting(|handled, answer| {
        let first = String::from_utf8_lossy(handled.call.body).contains("new_password");
        if handled.resource == Some(Resource::Login) && first {
            let errors = json!({"errors": [{"code": 1009, "title": "Parameter value is not valid"}]});
            respond(answer, 400, Some(errors));
        }
    });
    let ended = fuzz(&Place::new(), &server, "").end();
    assert_eq!(passwords(&ended), [admins(&server)], "{}", ended.said());
}

#[test]
fn the_file_of_an_earlier_version_is_read_and_never_written() {
    let server = in_use("open");
    let (file, kept) = (kept_file(&server), format!("{OWNERS}\n"));
    let place = Place::with(&[(&file, &kept)]);
    fuzz(&place, &server, "").end().exited(0);
    assert_eq!(place.read(&file), kept);
    assert_eq!(admins(&server), OWNERS);
    // The target of a foreign link is not read.
    let place = Place::with(&[("wabizspec-fuzz/elsewhere", OWNERS)]);
    place.link(&file, "wabizspec-fuzz/elsewhere");
    fuzz(&place, &server, "").end().exited(3);
}

#[test]
fn replay_keeps_to_the_same_journal_and_the_same_lock() {
    let server = fresh("open");
    let place = Place::with(&[("findings/basic-auth/input", "aaaaaa${user}:x")]);
    let replay = || place.program("replay findings --journal kept.journal").at(&server).end();
    let lock = place.join(format!("state/wabizspec/localhost-{}.lock", server.address().port()));
    let lock = RunLock::take(&[lock]).expect("a lock");
    replay().exited(2).says("at work");
    drop(lock);
    assert_eq!(passwords(&replay().exited(0)), [admins(&server)]);
    is_tidy(&server);
}

/// Killed at a deletion, when it has accounts of every kind: the journal names what is there.
#[test]
fn what_a_killed_fuzzer_leaves_recover_removes() {
    let server = fresh("open");
    let killed = Arc::<AtomicBool>::default();
    let open = Arc::clone(&killed);
    let proxy = Proxy::of(&server, move |_, asked| {
        Reaction::Hang.when(asked.method == "DELETE" && !open.load(Ordering::SeqCst))
    });
    let place = Place::new();
    let mut fuzz = fuzz(&place, &proxy, "session password").start();
    eventually("a deletion", || proxy.count(|asked| asked.method == "DELETE") > 0);
    fuzz.kill();
    killed.store(true, Ordering::SeqCst);
    assert!(accounts(&server).len() > 20, "{:?}", accounts(&server));
    place.program("recover --clean --journal kept.journal").at(&proxy).end().exited(0).says("removed");
    assert_eq!(accounts(&server), ["admin"]);
}

/// Makes a foreign account.
async fn make_alice(ground: &FuzzSession) {
    let bearer = format!("Bearer {}", ground.admin().token);
    let headers = vec![Header::new("Authorization", bearer), Header::new("Content-Type", "application/json")];
    let body = Some(br#"{"username":"alice","password":"Alices-Pw-1"}"#.to_vec());
    let made = ground.send(RequestParts { method: "POST", path: "/v1/users".to_owned(), headers, body }).await;
    assert_eq!(made.expect("not throttled").response().map(|response| response.status), Some(201));
}

/// Whether alice is still there after that creation, and what is left in the end.
fn after(behaviour: Behaviour, input: &[u8]) -> (bool, Vec<String>) {
    in_session(behaviour, async |givens, ground| {
        make_alice(&ground).await;
        once(&ground, Surface::UsersBody, input).await.expect("tried");
        let left = givens.clean_up().await;
        let accounts = ground.accounts;
        let account = Account { username: "alice".to_owned(), password: "Alices-Pw-1".to_owned() };
        (accounts.log_in(&account, None).await.is_ok(), left)
    })
}

#[test]
fn an_account_that_was_there_is_not_deleted_whatever_the_answer_says() {
    let claiming = rewritten(|handled, answer| {
        if handled.resource == Some(Resource::Users) {
            respond(answer, 201, Some(json!({"users": [{"username": "alice"}]})));
        }
    });
    for input in [
        &br#"aaaa{"username":"alice","password":"Abcdef1!"}"#[..],
        br#"aaaa{"username":"${unique}","password":"Abcdef1!"}"#,
        br#"aaaa{"username":"${unique}","username":"alice","password":"Abcdef1!"}"#,
        br#"aaaa{"username":["alice"],"password":"Abcdef1!"}"#,
        b"aaaa[]",
    ] {
        let (is_there, left) = after(claiming.clone(), input);
        let input = input.escape_ascii();
        assert!(is_there, "{input}");
        assert!(left.len() == 1 && left[0].contains("`alice`"), "{input}: {left:?}");
    }
}

#[test]
fn an_account_under_a_name_that_was_free_is_removed() {
    for name in ["ab cd", "carol", "caf\u{e9}", "a/bcd", "%2e%2e"] {
        in_session(Behaviour::default(), async |givens, ground| {
            let input = format!(r#"aaaa{{"username":"{name}","password":"Abcdef1!"}}"#);
            once(&ground, Surface::UsersBody, input.as_bytes()).await.expect("tried");
            let admin = &ground.admin().into();
            assert_eq!(ground.accounts.exists(admin, name).await, Some(false), "{name}");
            assert_eq!(givens.clean_up().await, [""; 0], "{name}");
        });
    }
}

#[test]
fn a_login_without_a_token_is_the_first_finding_and_the_rest_is_fuzzed() {
    let server = rewriting(|handled, answer| {
        if let (Some(Resource::Login), Some(json)) = (handled.resource, answer.json_mut())
            && json["users"].is_array()
        {
            json["users"][0]["token"] = Value::Null;
        }
    });
    let ended = Program::new("fuzz all --requests 300 --fresh --report json=out.json --seed 7").at(&server).end();
    let ended = ended.exited(1).says("surfaces that need a login were not fuzzed");
    let report = ended.place().json("out.json");
    assert_eq!(report["findings"][0]["requirement"], "login.answer.token", "{report}");
    assert!(report["answers"].as_object().is_some_and(|answers| answers.len() > 2), "{}", ended.said());
}

#[test]
fn throttling_ends_a_run_and_is_no_finding() {
    let seen = AtomicUsize::new(0);
    let proxy = Proxy::answering(move |_| {
        let is_throttled = seen.fetch_add(1, Ordering::SeqCst) > 120;
        is_throttled.then(|| answer("429 Too Many Requests", "Retry-After: 60\r\n", ""))
    });
    let ended = Program::new("fuzz all --requests 5000 --fresh --report json=out.json --seed 7").at(&proxy).end();
    let ended = ended.exited(3).says("throttled: the target asks to wait 60 s");
    assert_eq!(ended.place().json("out.json")["findings"], json!([]));
}
