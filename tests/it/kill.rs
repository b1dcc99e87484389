//! No password is ever lost: the run is killed at every request in turn, before the target has seen the request and after
//! it has answered, and each time the journal holds every password that the target then has.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use crate::harness::*;
use wabizspec::custody::journal::Journal;
use wabizspec::reference::Server;

/// Where a run is killed; requests are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The request has left the run, and the target has not seen it.
    Before(usize),
    /// The target has done what it was asked, and the run has not heard of it.
    After(usize),
    Never,
}

/// Kills a process, and waits until it runs no more.
fn kill(process: u32) {
    signal(process, "KILL");
    let status = || fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    eventually("its end", || {
        status().lines().find(|line| line.starts_with("State:")).is_none_or(|line| line.contains('Z'))
    });
}

struct Story {
    name: &'static str,
    fresh: bool,
    reset: bool,
    arguments: &'static str,
    /// The only files of the suite that are read: reading costs most here. Without any, [`ADMIN_CHANGES`].
    scenarios: &'static str,
}

const STORIES: [Story; 3] = [
    Story {
        name: "a first login, then accounts and their passwords",
        fresh: true,
        reset: false,
        arguments: "--fresh --allow users,passwords",
        scenarios: "login/first-login login/first-login-wrong-default-password login/later-login-new-password \
            login/later-login-weak-password login/password-change login/wrong-password users/create users/update \
            users/recreate users/delete users/read login/standard-login login/ordinary-account",
    },
    Story {
        name: "first logins on a target that is reset between them",
        fresh: true,
        reset: true,
        arguments: "",
        scenarios: "login/first-login login/first-login-after-a-refused-one login/first-login-longest-password",
    },
    Story {
        name: "the password of an admin in use, changed and set back",
        fresh: false,
        reset: false,
        arguments: "--allow users,passwords",
        scenarios: "",
    },
];

/// Changes the password of the admin of a target in use, both ways.
const ADMIN_CHANGES: &str = include_str!("kill/admin-changes.toml");

fn write_suite(story: &Story, place: &Place) {
    let copy = |file: &str| {
        place.write(&format!("suite/{file}"), fs::read(repository("scenarios").join(file)).expect(file));
    };
    for area in ["login", "users", "tokens", "account", "envelope"] {
        place.folder(&format!("suite/{area}"));
    }
    copy("requirements.toml");
    story.scenarios.split_whitespace().for_each(|scenario| copy(&format!("{scenario}.toml")));
    if story.scenarios.is_empty() {
        place.write("suite/login/admin-changes.toml", ADMIN_CHANGES);
    }
}

/// Runs the story once, killed there; the number of requests that came by.
fn run(story: &Story, at: At) -> usize {
    let place = Place::new();
    write_suite(story, &place);
    let server = if story.fresh { fresh("open") } else { in_use("open") };
    let (started, process) = channel();
    let process = Mutex::new(process);
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let proxy = Proxy::of(&server, move |number, _| {
        let victim = || process.lock().expect("a process").recv().expect("a process");
        match at {
            _ if over.load(Ordering::SeqCst) => Reaction::Forward,
            At::Before(here) if here == number => {
                kill(victim());
                Reaction::Drop
            }
            At::After(here) if here == number => {
                let victim = victim();
                Reaction::Then(Box::new(move || kill(victim)))
            }
            _ => Reaction::Forward,
        }
    });
    let program = place.program("run -q --journal kept.journal --scenarios suite").at(&proxy).args(story.arguments);
    let program = if story.reset { program.resetting(&server) } else { program };
    let program = if story.fresh { program } else { program.password() };
    let running = program.start();
    started.send(running.id()).expect("the proxy");
    // The order of requests differs from run to run, so the last few may not come at all.
    let ended = running.end();
    assert!(ended.code == Some(0) || (ended.code.is_none() && at != At::Never), "{}", ended.said());
    is_over.store(true, Ordering::SeqCst);
    let requests = proxy.requests();
    nothing_is_lost(story, at, &server, &proxy.url(), &place);
    requests
}

fn nothing_is_lost(story: &Story, at: At, server: &Server, url: &str, folder: &Place) {
    let place = format!("{}, killed {at:?}", story.name);
    let known = Journal::read(&folder.join("kept.journal")).unwrap_or_else(|error| panic!("{place}: {error}"));
    let known = known.unwrap_or_default();
    let dump = server.dump();
    for (account, state) in dump["users"].as_object().expect("users") {
        let passwords = state["passwords"].as_array().expect("passwords");
        let is_known = |password: &str| {
            let default = state["must_change"] == true;
            let owners = !story.fresh && known.passwords_of("admin").is_empty() && password == OWNERS;
            default
                || (account == "admin" && owners)
                || known.passwords_of(account).iter().any(|known| known == password)
        };
        let lost = !passwords.iter().any(|password| is_known(password.as_str().expect("text")));
        assert!(!lost, "{place}: the password of {account} is in no journal");
    }
    // Without the owner's password in its environment: the journal must do, once a change has begun.
    let mut recover = folder.program("recover --show --journal kept.journal").at(url);
    if known.passwords_of("admin").is_empty() {
        recover = recover.env(PASSWORD, OWNERS);
    }
    let ended = recover.end();
    let said = ended.said();
    assert_eq!(ended.code, Some(0), "{place}: {said}");
    // What was under way when the run was killed has arrived by now.
    let admin = &server.dump()["users"]["admin"];
    let password = admin["passwords"][0].as_str().expect("password");
    match admin["must_change"] == true {
        true => assert!(said.contains("default password is still in place"), "{place}: {said}"),
        false => assert!(said.lines().any(|line| line == password), "{place}: {said}"),
    }
}

#[test]
fn a_run_that_is_killed_at_any_request_loses_no_password() {
    let mut points = Vec::new();
    for (index, story) in STORIES.iter().enumerate() {
        let requests = run(story, At::Never);
        assert!(requests > 10, "{}: only {requests} requests", story.name);
        points.extend((0..requests).flat_map(|number| [(index, At::Before(number)), (index, At::After(number))]));
    }
    assert!(points.len() > 200, "only {} points", points.len());
    parallel(4, points, |(story, at)| run(&STORIES[story], at));
}
