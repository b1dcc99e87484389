//! What `fuzz` and `replay` may do to a target, and what they owe to it: no password is lost, and no account is deleted
//! that is not their own.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::fuzzing::{block_on, ground, register, target};
use crate::harness::{
    OWNERS, Place, Program, Proxy, Reaction, accounts, admins, answer, answering, fresh, in_use, reference,
};
use serde_json::json;
use wabizspec::custody::accounts::Account;
use wabizspec::custody::journal::Journal;
use wabizspec::custody::lock::RunLock;
use wabizspec::documented::api::Resource;
use wabizspec::exchange::Header;
use wabizspec::fuzz::RequestParts;
use wabizspec::fuzz::Surface;
use wabizspec::fuzz::drive::once;
use wabizspec::fuzz::session::FuzzSession;
use wabizspec::reference::{AnswerBody, Behaviour, Server};

fn fuzz(url: &str, more: &[&str]) -> Program {
    fuzz_in(&Place::new(), url, more)
}

fn fuzz_in(place: &Place, url: &str, more: &[&str]) -> Program {
    let arguments =
        ["fuzz", "users-body", "--target", url, "--requests", "300", "--seed", "7", "--journal", "kept.journal"];
    place.program(arguments.iter().chain(more))
}

fn passwords(folder: &Path) -> Vec<String> {
    let known = Journal::read(&folder.join("kept.journal")).expect("a journal");
    known.unwrap_or_default().passwords_of("admin")
}

/// Where an earlier version kept the password that it gave to the admin.
fn kept_file(server: &Server) -> String {
    format!("wabizspec-fuzz/admin-password-http---127-0-0-1-{}", server.address().port())
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
        let url = target.url();
        let port = url.rsplit(':').next().expect("a port");
        let file = format!("wabizspec-fuzz/admin-password-http---127-0-0-1-{port}");
        let ended = fuzz(&url, &[]).file(&file, "Kept-Pass-1!\n").end().exited(3);
        let sent: String = target.log().iter().map(|asked| asked.text()).collect();
        assert!(sent.contains("/v1/users/login"), "{status}");
        assert!(!sent.contains("new_password"), "{status}: a first login was sent");
        assert_eq!(ended.file(&file), "Kept-Pass-1!\n", "{status}");
        assert_eq!(passwords(ended.folder()), [""; 0], "{status}");
    }
}

#[test]
fn a_first_login_is_in_the_journal_and_nothing_secret_below_the_folder() {
    let server = fresh("open");
    let ended = fuzz(&server.url(), &[]).end().exited(0).says("wabizspec recover");
    let password = admins(&server);
    assert_eq!(passwords(ended.folder()), [password.as_str()]);
    assert!(!ended.said().contains(&password));
    for path in ended.place().files().iter().filter(|path| !path.ends_with("kept.journal")) {
        let bytes = std::fs::read(path).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains(&password), "{}", path.display());
    }
    // The next run finds it there, and so does `recover`.
    let kept = ended.file("kept.journal");
    let again = fuzz(&server.url(), &[]).file("kept.journal", &kept).end().exited(0);
    assert_eq!((admins(&server), passwords(again.folder())), (password.clone(), vec![password.clone()]));
    let arguments = ["recover", "--show", "--target", &server.url(), "--journal", "kept.journal"];
    Program::new(arguments).file("kept.journal", &kept).end().exited(0).says(&password);
    // Only the admin is left, and nobody is logged in.
    assert_eq!((accounts(&server), server.dump()["tokens"].clone()), (vec!["admin".to_owned()], json!({})));
}

#[test]
fn a_first_login_that_is_refused_leaves_no_password_in_the_journal() {
    let server = in_use("open");
    let url = server.url();
    let earlier = format!(
        "{}\n{}\n",
        json!({"opened": {"schema": "wabizspec/journal/1", "target": url, "admin": "admin"}}),
        json!({"password": {"account": "admin", "password": "Older-Pass-1!"}})
    );
    let ended = fuzz(&url, &["--fresh"]).file("kept.journal", &earlier).end().exited(3);
    assert_eq!(passwords(ended.folder()), ["Older-Pass-1!"], "{}", ended.said());
    let kept = ended.file("kept.journal");
    let with_password = kept.lines().filter(|line| line.contains("\"password\""));
    assert_eq!(with_password.count(), 1, "not in a line of the file either: {kept}");
    assert_eq!(admins(&server), OWNERS);
}

/// A faulty target may refuse the first login and take the password all the same: then it is used, and kept.
#[test]
fn a_first_login_that_is_refused_and_done_is_kept() {
    let refused = reference(|settings| {
        settings.behaviour.rewrites.push(|handled, answer| {
            let first = String::from_utf8_lossy(handled.call.body).contains("new_password");
            if handled.resource == Some(Resource::Login) && first {
                answer.status = 400;
                answer.body =
                    AnswerBody::Json(json!({"errors": [{"code": 1009, "title": "Parameter value is not valid"}]}));
            }
        });
    });
    let ended = fuzz(&refused.url(), &[]).end();
    assert_eq!(passwords(ended.folder()), [admins(&refused)], "{}", ended.said());
}

#[test]
fn the_file_of_an_earlier_version_is_read_and_never_written() {
    let server = in_use("open");
    let file = kept_file(&server);
    let ended = fuzz(&server.url(), &[]).file(&file, &format!("{OWNERS}\n")).end().exited(0);
    assert_eq!(ended.file(&file), format!("{OWNERS}\n"));
    assert_eq!(admins(&server), OWNERS);
    // What somebody else's link points at is not read.
    let program = fuzz(&server.url(), &[]).file("wabizspec-fuzz/elsewhere", OWNERS);
    symlink("elsewhere", program.path().join(&file)).expect("a link");
    program.end().exited(3);
}

#[test]
fn replay_keeps_to_the_same_journal_and_the_same_lock() {
    let server = fresh("open");
    let replay = || {
        let arguments = ["replay", "findings", "--target", &server.url(), "--journal", "kept.journal"];
        Program::new(arguments).file("findings/basic-auth/input", "aaaaaa${user}:x")
    };
    let held = replay();
    let lock = held.path().join(format!("state/wabizspec/localhost-{}.lock", server.address().port()));
    let lock = RunLock::take(&[lock]).expect("a lock");
    held.end().exited(2).says("at work");
    drop(lock);
    let ended = replay().end().exited(0);
    assert_eq!(passwords(ended.folder()), [admins(&server)]);
    assert_eq!((accounts(&server), server.dump()["tokens"].clone()), (vec!["admin".to_owned()], json!({})));
}

/// Killed at a deletion, when it has accounts of every kind: the journal names what is there.
#[test]
fn what_a_killed_fuzzer_leaves_recover_removes() {
    let server = fresh("open");
    let killed = Arc::<AtomicBool>::default();
    let (reached, is_reached) = std::sync::mpsc::channel();
    let open = Arc::clone(&killed);
    let proxy = Proxy::of(server.address(), move |_, parts| {
        if parts.method == "DELETE" && !open.load(Ordering::SeqCst) {
            let _ = reached.send(());
            return Reaction::Hang;
        }
        Reaction::Forward
    });
    let place = Place::new();
    let mut fuzz = fuzz_in(&place, &proxy.url(), &["session", "password"]).start();
    is_reached.recv().expect("a deletion");
    fuzz.kill();
    killed.store(true, Ordering::SeqCst);
    assert!(accounts(&server).len() > 20, "{:?}", accounts(&server));
    let arguments = ["recover", "--clean", "--target", &proxy.url(), "--journal", "kept.journal"];
    place.program(arguments).end().exited(0).says("removed");
    assert_eq!(accounts(&server), ["admin"]);
}

/// Makes an account that is somebody else's.
async fn make_alice(ground: &FuzzSession) {
    let admin = &ground.admin;
    let made = ground
        .send(RequestParts {
            method: "POST",
            path: "/v1/users".to_owned(),
            headers: vec![
                Header::new("Authorization", format!("Bearer {}", admin.token)),
                Header::new("Content-Type", "application/json"),
            ],
            body: Some(br#"{"username":"alice","password":"Alices-Pw-1"}"#.to_vec()),
        })
        .await;
    assert_eq!(made.response().map(|response| response.status), Some(201));
}

/// Whether alice is still there after that creation, and what is left in the end.
fn after(behaviour: Behaviour, input: &[u8]) -> (bool, Vec<String>) {
    let (register, target) = (register(), target(behaviour));
    block_on(async {
        let (mut givens, ground) = ground(&target, &register).await;
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
    let claiming = |behaviour: &mut Behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if handled.resource == Some(Resource::Users) {
                answer.status = 201;
                answer.body = AnswerBody::Json(json!({"users": [{"username": "alice"}]}));
            }
        });
    };
    for input in [
        &br#"aaaa{"username":"alice","password":"Abcdef1!"}"#[..],
        br#"aaaa{"username":"${unique}","password":"Abcdef1!"}"#,
        br#"aaaa{"username":"${unique}","username":"alice","password":"Abcdef1!"}"#,
        br#"aaaa{"username":["alice"],"password":"Abcdef1!"}"#,
        b"aaaa[]",
    ] {
        let mut behaviour = Behaviour::default();
        claiming(&mut behaviour);
        let (is_there, left) = after(behaviour, input);
        let input = input.escape_ascii();
        assert!(is_there, "{input}");
        assert!(left.len() == 1 && left[0].contains("`alice`"), "{input}: {left:?}");
    }
}

#[test]
fn an_account_under_a_name_that_was_free_is_removed() {
    for name in ["ab cd", "carol", "caf\u{e9}", "a/bcd", "%2e%2e"] {
        let (register, target) = (register(), target(Behaviour::default()));
        block_on(async {
            let (mut givens, ground) = ground(&target, &register).await;
            let input = format!(r#"aaaa{{"username":"{name}","password":"Abcdef1!"}}"#);
            once(&ground, Surface::UsersBody, input.as_bytes()).await.expect("tried");
            let admin = &ground.admin;
            assert_eq!(ground.accounts.exists(admin, name).await, Some(false), "{name}");
            assert_eq!(givens.clean_up().await, [""; 0], "{name}");
        });
    }
}
