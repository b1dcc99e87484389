//! No password is ever lost: the run is killed at every request in turn, before the target has seen the request and after
//! it has answered, and each time the journal holds every password that the target then has.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crate::harness::{OWNERS, PASSWORD, Place, Proxy, Reaction, Running, eventually, fresh, in_use, reset_of};
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

/// A run that can be killed from the requests that it sends.
#[derive(Default)]
struct Victim {
    running: Mutex<Option<Running>>,
    started: Condvar,
    killed: AtomicBool,
}

impl Victim {
    fn kill(&self) {
        let running = self.running.lock().expect("a run");
        let mut running = self.started.wait_while(running, |running| running.is_none()).expect("a run");
        running.as_mut().expect("a run").kill();
        self.killed.store(true, Ordering::SeqCst);
    }

    fn react(self: &Arc<Self>, at: At, number: usize) -> Reaction {
        match at {
            _ if self.killed.load(Ordering::SeqCst) => Reaction::Forward,
            At::Before(here) if here == number => {
                self.kill();
                Reaction::Drop
            }
            At::After(here) if here == number => {
                let victim = Arc::clone(self);
                Reaction::Then(Box::new(move || victim.kill()))
            }
            _ => Reaction::Forward,
        }
    }

    fn has_ended(&self) -> bool {
        self.killed.load(Ordering::SeqCst) || !self.running.lock().expect("a run").as_mut().expect("a run").is_running()
    }
}

/// A kind of run that changes passwords.
struct Story {
    name: &'static str,
    fresh: bool,
    reset: bool,
    arguments: &'static [&'static str],
    /// Files of the built-in suite. Only these are read: that is most of what a run costs here.
    scenarios: &'static [&'static str],
    /// Whether [`ADMIN_CHANGES`] is one more.
    admin_changes: bool,
}

const STORIES: [Story; 3] = [
    Story {
        name: "a first login, then accounts and their passwords",
        fresh: true,
        reset: false,
        arguments: &["--fresh", "--allow", "users,passwords"],
        scenarios: &[
            "login/first-login",
            "login/first-login-wrong-default-password",
            "login/later-login-new-password",
            "login/later-login-weak-password",
            "login/password-change",
            "login/wrong-password",
            "users/create",
            "users/update",
            "users/recreate",
            "users/delete",
            "users/read",
            "login/standard-login",
            "login/ordinary-account",
        ],
        admin_changes: false,
    },
    Story {
        name: "first logins on a target that is reset between them",
        fresh: true,
        reset: true,
        arguments: &[],
        scenarios: &[
            "login/first-login",
            "login/first-login-after-a-refused-one",
            "login/first-login-longest-password",
        ],
        admin_changes: false,
    },
    Story {
        name: "the password of an admin in use, changed and set back",
        fresh: false,
        reset: false,
        arguments: &["--allow", "users,passwords"],
        scenarios: &[],
        admin_changes: true,
    },
];

/// Changes the password of the admin of a target in use, both ways.
const ADMIN_CHANGES: &str = r#"
title = "The admin's password changes"
given = "admin"
changes = ["passwords"]

[cases]
one = { more = "" }
two = { more = " " }
three = { more = "-" }

[[steps]]
name = "by an update"
send = "PUT /v1/users/${admin}"
bearer = "${admin_token}"
json = '{"password": "${new_password|json}${more}"}'

[steps.expect]
"users.update.answered" = { status = 200 }

[[steps]]
name = "by a login"
send = "POST /v1/users/login"
basic = "${admin}:${new_password}${more}"
json = '{"new_password": "X${new_password|json}"}'

[steps.expect]
"login.later.accepted" = { status = 200 }
"#;

fn write_suite(story: &Story, place: &Place) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let copy = |file: &str| place.write(&format!("suite/{file}"), fs::read(from.join(file)).expect(file));
    for area in ["login", "users", "tokens", "account", "envelope"] {
        fs::create_dir_all(place.path().join("suite").join(area)).expect("folder");
    }
    copy("requirements.toml");
    for scenario in story.scenarios {
        copy(&format!("{scenario}.toml"));
    }
    if story.admin_changes {
        place.write("suite/login/admin-changes.toml", ADMIN_CHANGES);
    }
}

/// Runs the story once, killed there; the number of requests that came by.
fn run(story: &Story, at: At) -> usize {
    let (place, victim) = (Place::new(), Arc::<Victim>::default());
    let server = if story.fresh { fresh("open") } else { in_use("open") };
    let of_front = Arc::clone(&victim);
    let proxy = Proxy::of(server.address(), move |number, _| of_front.react(at, number));
    write_suite(story, &place);
    let url = proxy.url();
    let arguments = ["run", "--target", &url, "-q", "--journal", "kept.journal", "--scenarios", "suite"];
    let mut program = place.program(arguments.iter().chain(story.arguments));
    if story.reset {
        program = program.args(["--reset", &reset_of(&server)]);
    }
    if !story.fresh {
        program = program.password();
    }
    let running = program.start();
    if at == At::Never {
        running.end().exited(0);
    } else {
        *victim.running.lock().expect("a run") = Some(running);
        victim.started.notify_all();
        // The order of requests differs from run to run, so the last few may not come at all.
        eventually("the end of the run", || victim.has_ended());
    }
    // From here on it only passes on.
    let requests = proxy.requests();
    victim.killed.store(true, Ordering::SeqCst);
    nothing_is_lost(story, at, &server, &url, &place);
    requests
}

fn nothing_is_lost(story: &Story, at: At, server: &Server, url: &str, folder: &Place) {
    let place = format!("{}, killed {at:?}", story.name);
    let known = Journal::read(&folder.path().join("kept.journal")).unwrap_or_else(|error| panic!("{place}: {error}"));
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
    let mut recover = folder.program(["recover", "--target", url, "--show", "--journal", "kept.journal"]);
    if known.passwords_of("admin").is_empty() {
        recover = recover.env(PASSWORD, OWNERS);
    }
    let said = recover.end();
    assert_eq!(said.code, Some(0), "{place}: {}", said.said());
    let said = said.said();
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
    let killed = points.len();
    assert!(killed > 200, "only {killed} points");
    let points = Mutex::new(points);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = points.lock().expect("points").pop();
                    let Some((story, at)) = next else { break };
                    run(&STORIES[story], at);
                }
            });
        }
    });
}
