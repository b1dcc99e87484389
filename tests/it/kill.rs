//! No password is ever lost: the run is killed at every request in turn, before the target has seen the request and after
//! it has answered, and each time the journal holds every password that the target then has.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crate::safety_support::{OWNERS, fresh_server, initialised_server, told, wabizspec};
use wabizspec::custody::journal::Journal;
use wabizspec::reference::Server;

/// Where a run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The request has left the run, and the target has not seen it.
    Before(usize),
    /// The target has done what it was asked, and the run has not heard of it.
    After(usize),
    Never,
}

/// Passes bytes between a run and its target, counts requests, and kills the run at one of them.
struct Proxy {
    url: String,
    state: Arc<State>,
}

struct State {
    target: String,
    at: At,
    requests: AtomicUsize,
    killed: AtomicBool,
    child: Mutex<Option<Child>>,
    started: Condvar,
}

impl State {
    fn kill(&self) {
        let mut child = self.child.lock().expect("child");
        while child.is_none() {
            child = self.started.wait(child).expect("child");
        }
        let child = child.as_mut().expect("child");
        // SIGKILL: no handler runs, nothing is flushed.
        child.kill().expect("kill");
        child.wait().expect("wait");
        self.killed.store(true, Ordering::SeqCst);
    }
}

impl Proxy {
    fn start(target: &str, at: At) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listener");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let state = Arc::new(State {
            target: target.strip_prefix("http://").expect("http").to_owned(),
            at,
            requests: AtomicUsize::new(0),
            killed: AtomicBool::new(false),
            child: Mutex::new(None),
            started: Condvar::new(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.connection(client));
            }
        });
        Proxy { url, state }
    }
}

impl State {
    /// Nobody pipelines here: a request is what comes before the next answer.
    fn connection(&self, mut client: TcpStream) {
        let Ok(mut server) = TcpStream::connect(&self.target) else {
            return;
        };
        let (Ok(mut to_client), Ok(mut from_server)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        let answered = AtomicBool::new(true);
        let deadly = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut buffer = [0; 65536];
                while let Ok(read @ 1..) = from_server.read(&mut buffer) {
                    answered.store(true, Ordering::SeqCst);
                    if deadly.load(Ordering::SeqCst) {
                        self.kill();
                        break;
                    }
                    if to_client.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                let _ = to_client.shutdown(Shutdown::Both);
            });
            let mut buffer = [0; 65536];
            while let Ok(read @ 1..) = client.read(&mut buffer) {
                let number = match answered.swap(false, Ordering::SeqCst) && !self.killed.load(Ordering::SeqCst) {
                    true => self.requests.fetch_add(1, Ordering::SeqCst) + 1,
                    false => 0,
                };
                if self.at == At::Before(number) {
                    self.kill();
                    break;
                }
                deadly.fetch_or(self.at == At::After(number), Ordering::SeqCst);
                if server.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            let _ = server.shutdown(Shutdown::Both);
        });
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

fn suite(story: &Story, folder: &Path) -> PathBuf {
    let (suite, from) = (folder.join("suite"), Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"));
    for area in ["login", "users", "tokens", "account", "envelope"] {
        std::fs::create_dir_all(suite.join(area)).expect("folder");
    }
    std::fs::copy(from.join("requirements.toml"), suite.join("requirements.toml")).expect("register");
    for scenario in story.scenarios {
        let file = format!("{scenario}.toml");
        std::fs::copy(from.join(&file), suite.join(&file)).expect("scenario");
    }
    if story.admin_changes {
        std::fs::write(suite.join("login/admin-changes.toml"), ADMIN_CHANGES).expect("scenario");
    }
    suite
}

/// Runs the story once, killed there; the number of requests that came by.
fn run(story: &Story, at: At) -> usize {
    let folder = tempfile::tempdir().expect("folder");
    let server = match story.fresh {
        true => fresh_server("open"),
        false => initialised_server("open"),
    };
    let proxy = Proxy::start(&server.url(), at);
    let journal = folder.path().join("kept.journal");
    let mut command = wabizspec(folder.path());
    command.args(["run", "--target", &proxy.url, "-q"]).args(story.arguments);
    command.arg("--journal").arg(&journal);
    if story.reset {
        command.args(["--reset", &format!("POST {}/__control/reset", server.url())]);
    }
    command.arg("--scenarios").arg(suite(story, folder.path()));
    if !story.fresh {
        command.env("WABIZSPEC_ADMIN_PASSWORD", OWNERS);
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("run");
    *proxy.state.child.lock().expect("child") = Some(child);
    proxy.state.started.notify_all();
    if at == At::Never {
        let child = proxy.state.child.lock().expect("child").take().expect("child");
        let output = child.wait_with_output().expect("wait");
        assert_eq!(output.status.code(), Some(0), "{}: {}", story.name, told(&output));
    } else {
        // The order of requests differs from run to run, so the last few may not come at all.
        loop {
            if proxy.state.killed.load(Ordering::SeqCst) {
                break;
            }
            let mut child = proxy.state.child.lock().expect("child");
            if child.as_mut().expect("child").try_wait().expect("wait").is_some() {
                break;
            }
            drop(child);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    // From here on it only passes on.
    let requests = proxy.state.requests.load(Ordering::SeqCst);
    proxy.state.killed.store(true, Ordering::SeqCst);
    nothing_is_lost(story, at, &server, &proxy.url, &journal, folder.path());
    requests
}

fn nothing_is_lost(story: &Story, at: At, server: &Server, url: &str, journal: &Path, folder: &Path) {
    let place = format!("{}, killed {at:?}", story.name);
    let known = Journal::read(journal).unwrap_or_else(|error| panic!("{place}: {error}"));
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
    let mut recover = wabizspec(folder);
    recover.args(["recover", "--target", url, "--show", "--journal"]).arg(journal);
    if known.passwords_of("admin").is_empty() {
        recover.env("WABIZSPEC_ADMIN_PASSWORD", OWNERS);
    }
    let output = recover.output().expect("recover");
    let said = told(&output);
    assert_eq!(output.status.code(), Some(0), "{place}: {said}");
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
        points.extend((1..=requests).flat_map(|number| [(index, At::Before(number)), (index, At::After(number))]));
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
