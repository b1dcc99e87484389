//! `recover`: few wrong logins, and what interrupted runs left is removed on request, and nothing else.

use crate::harness::*;
use serde_json::{Value, json};
use wabizspec::custody::lock::RunLock;
use wabizspec::reference::Server;

fn journal(url: &str, entries: &[Value]) -> String {
    let opened = json!({"opened": {"schema": "wabizspec/journal/1", "target": url, "admin": "admin"}});
    [opened].iter().chain(entries).map(|line| format!("{line}\n")).collect()
}

fn password(account: &str, password: &str) -> Value {
    json!({"password": {"account": account, "password": password}})
}

fn made(account: &str) -> Value {
    json!({"made": {"account": account}})
}

fn recover(url: &str, journal: &str, more: &str) -> Program {
    let place = Place::with(&[("kept.journal", journal)]);
    place.program("recover --journal kept.journal").at(url).args(more)
}

fn make(server: &Server, names: &[&str]) {
    let token = log_in(server, OWNERS, "");
    for name in names {
        target::make(server, &token, name);
    }
    ask(&server.url(), "POST /v1/users/logout", &[("Authorization", &format!("Bearer {token}"))], "");
    assert_eq!(server.dump()["tokens"], json!({}));
}

#[test]
fn wrong_logins_are_few_and_the_rest_is_for_another_time() {
    let server = in_use("open");
    let proxy = Proxy::watching(&server);
    let wrong: Vec<Value> = (0..64).map(|number| password("admin", &format!("Wrong-Pass-{number}"))).collect();
    let entries: Vec<Value> = [password("admin", OWNERS)].into_iter().chain(wrong).collect();
    let text = journal(&proxy.url(), &entries);
    let first = recover(&proxy.url(), &text, "").end().exited(3);
    assert_eq!(proxy.logins().count, 20, "{}", first.said());
    assert_eq!(first.file("kept.journal"), text, "nothing is lost");
    first.says("46 more").says("--skip 20").says("--wrong-logins");
    let second = recover(&proxy.url(), &text, "--skip 20").end().exited(3);
    assert_eq!(proxy.logins().count, 40);
    second.says("--skip 40");
    // The oldest entry is number 65; the default password is one more.
    let last = recover(&proxy.url(), &text, "--skip 60 --show").end().exited(0);
    assert_eq!(proxy.logins().count, 45);
    last.says(OWNERS);

    let many = recover(&proxy.url(), &text, "--wrong-logins 65");
    many.end().exited(0).says("entry 65");
    let few = recover(&proxy.url(), &text, "").file("wabizspec.toml", "[target]\nwrong_logins = 3\n");
    let before = proxy.logins().count;
    few.end().exited(3).says("--skip 3");
    assert_eq!(proxy.logins().count, before + 3);
}

#[test]
fn the_newest_entry_is_tried_first_then_what_the_owner_gave_then_other_spellings() {
    let server = in_use("open");
    let proxy = Proxy::watching(&server);
    let spelt = format!("{OWNERS} ");
    let entries = [password("admin", &spelt), password("admin", "Wrong-Pass-1")];
    let text = journal(&proxy.url(), &entries);
    recover(&proxy.url(), &text, "").password().end().exited(0).says("found: the password that was given works");
    assert_eq!(proxy.logins().count, 3);
    recover(&proxy.url(), &text, "").end().exited(0).says("without blanks at its ends");
    assert_eq!(proxy.logins().count, 3 + 4, "two entries, the default password, the spelling");
}

/// Long and short names that runs make up, and one that no run makes up.
const LEFT: [&str; 3] = ["wab1cd0001", "wab1cd0002u", "wx7k"];

#[test]
fn what_killed_runs_left_is_listed_and_removed_on_request() {
    let server = in_use("open");
    make(&server, &LEFT);
    make(&server, &["alice", "wab1cd0009"]);
    let url = server.url();
    let mut entries = vec![password("admin", "Older-Pass-1!"), password("admin", OWNERS)];
    entries.extend([password(LEFT[0], "Abcdef1!"), made(LEFT[1]), password(LEFT[2], "Abcdef1!")]);
    // One that is gone already, and one that is somebody's: whatever the journal says.
    entries.extend([made("wab1cd0003"), made("alice")]);
    let text = journal(&url, &entries);

    let listed = recover(&url, &text, "").end().exited(0).says("--clean").says("`alice`");
    let listed = listed.never_says("wab1cd0003");
    assert_eq!(listed.file("kept.journal"), text, "who only looks changes nothing");
    assert_eq!(accounts(&server).len(), 6);

    let mut cleaned = recover(&url, &text, "--clean").end().exited(3);
    assert_eq!(accounts(&server), ["admin", "alice", "wab1cd0009"]);
    assert_eq!(server.dump()["tokens"], json!({}), "its token is logged out");
    for name in LEFT {
        cleaned = cleaned.says(&format!("removed: `{name}`"));
    }
    let cleaned = cleaned.says("`alice`").never_says("removed: `alice`");
    let kept = cleaned.file("kept.journal");
    assert!(kept.contains(OWNERS) && kept.contains("alice"), "{kept}");
    for name in LEFT.iter().chain(&["Older-Pass-1!", "wab1cd0003"]) {
        assert!(!kept.contains(name), "{name} is not needed any more: {kept}");
    }
}

#[test]
fn after_a_whole_clean_up_a_known_password_is_not_kept() {
    let server = in_use("open");
    make(&server, &LEFT[..1]);
    let text = journal(&server.url(), &[password("admin", OWNERS), made(LEFT[0])]);
    let cleaned = recover(&server.url(), &text, "--clean").password().end().exited(0);
    assert_eq!(accounts(&server), ["admin"]);
    assert!(!cleaned.place().has("kept.journal"));
}

#[test]
fn an_account_that_cannot_be_removed_stays_in_the_journal() {
    let server = in_use("open");
    make(&server, &LEFT[..2]);
    let proxy =
        Proxy::of(&server, |_, asked| Reaction::Drop.when(asked.method == "DELETE" && asked.path().ends_with(LEFT[0])));
    let text = journal(&proxy.url(), &[password("admin", OWNERS), password(LEFT[0], "Abcdef1!"), made(LEFT[1])]);
    let cleaned = recover(&proxy.url(), &text, "--clean").end().exited(3).says("-X DELETE");
    assert_eq!(accounts(&server), ["admin", LEFT[0]]);
    let kept = cleaned.file("kept.journal");
    assert!(kept.contains(LEFT[0]) && !kept.contains(LEFT[1]), "{kept}");
}

#[test]
fn nothing_is_removed_while_a_run_is_at_work() {
    let server = in_use("open");
    make(&server, &LEFT[..1]);
    let text = journal(&server.url(), &[password("admin", OWNERS), made(LEFT[0])]);
    let program = recover(&server.url(), &text, "--clean");
    let lock = program.place().join(format!("state/wabizspec/localhost-{}.lock", server.address().port()));
    let _held = RunLock::take(&[lock]).expect("a lock");
    program.end().exited(2);
    assert_eq!(accounts(&server), ["admin", LEFT[0]]);
}

#[test]
fn a_target_that_is_just_installed_is_reported_as_such() {
    let server = fresh("open");
    let text = journal(&server.url(), &[password("admin", "Wrong-Pass-1")]);
    recover(&server.url(), &text, "--clean").end().exited(0).says("default password is still in place");
}
