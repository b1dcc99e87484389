//! Nothing is changed on a target that did not allow it, and what a run makes it removes: after a failure, a panic of ours,
//! Ctrl-C, and as far as anybody can on a target that dies.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::safety_support::{OWNERS, initialised_server, told, wabizspec};
use serde_json::{Value, json};
use wabizspec::custody::journal::Journal;
use wabizspec::reference::Server;

/// Passes bytes on, keeps the head of every request, and can be told to stop after so many.
struct Tap {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

fn tap(target: &str, stop_after: usize, on_request: impl Fn(usize) + Send + Sync + 'static) -> Tap {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listener");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let (target, kept) = (target.strip_prefix("http://").expect("http").to_owned(), Arc::clone(&heads));
    let (count, on_request) = (Arc::new(AtomicUsize::new(0)), Arc::new(on_request));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (target, kept, count) = (target.clone(), Arc::clone(&kept), Arc::clone(&count));
            let on_request = Arc::clone(&on_request);
            std::thread::spawn(move || {
                let Ok(server) = TcpStream::connect(&target) else {
                    return;
                };
                relay(client, server, &|head| {
                    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                    kept.lock().expect("heads").push(head);
                    on_request(number);
                    number <= stop_after
                });
            });
        }
    });
    Tap { url, heads }
}

/// Nobody pipelines here: a request is what comes before the next answer.
fn relay(mut client: TcpStream, mut server: TcpStream, may_pass: &(dyn Fn(String) -> bool + Sync)) {
    let (Ok(mut to_client), Ok(mut from_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let answered = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 65536];
            while let Ok(read @ 1..) = from_server.read(&mut buffer) {
                answered.store(true, Ordering::SeqCst);
                if to_client.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            let _ = to_client.shutdown(std::net::Shutdown::Both);
        });
        let mut buffer = [0; 65536];
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            let head = String::from_utf8_lossy(&buffer[..read]).into_owned();
            if answered.swap(false, Ordering::SeqCst) && !may_pass(head) {
                break;
            }
            if server.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(std::net::Shutdown::Both);
        let _ = client.shutdown(std::net::Shutdown::Both);
    });
}

fn run(folder: &std::path::Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = wabizspec(folder);
    command.args(["run", "--target", url]).args(arguments);
    command.env("WABIZSPEC_ADMIN_PASSWORD", OWNERS);
    command
}

/// The whole state with the owner's token in it, so that logging out too much shows as well.
fn in_use() -> (Server, Value) {
    in_use_as("open")
}

fn in_use_as(registration: &str) -> (Server, Value) {
    let server = initialised_server(registration);
    let login = json!({}).to_string();
    let basic = format!("Basic {}", base64(&format!("admin:{OWNERS}")));
    let headers = [("Authorization", basic.as_str()), ("Content-Type", "application/json")];
    let answer = crate::safety_support::send(&server.url(), "POST /v1/users/login", &headers, &login);
    let token = answer.split("\"token\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("token");
    let bearer = format!("Bearer {token}");
    let body = r#"{"username":"keepme","password":"Keep-Me-1!"}"#;
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let answer = crate::safety_support::send(&server.url(), "POST /v1/users", &headers, body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let state = server.dump();
    assert_eq!(state["tokens"].as_object().expect("tokens").len(), 1);
    (server, state)
}

fn base64(text: &str) -> String {
    use std::fmt::Write as _;
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place) & 63) as usize;
            let character = if place <= group.len() { char::from(ALPHABET[index]) } else { '=' };
            write!(encoded, "{character}").expect("text");
        }
    }
    encoded
}

/// The whole state, tokens included, as anybody sees it who asks for it.
fn dump(server: &Server) -> Value {
    let answer = crate::safety_support::send(&server.url(), "GET /__control/dump", &[], "");
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("body")).expect("json")
}

#[test]
fn without_permission_nothing_at_all_is_changed() {
    let folder = tempfile::tempdir().expect("folder");
    for (state, registration) in [("open", "auto"), ("open", "open"), ("sunset", "auto"), ("sunset", "sunset")] {
        let (server, _) = in_use_as(state);
        let before = dump(&server);
        let output = run(folder.path(), &server.url(), &["--registration", registration]).output().expect("run");
        let said = told(&output);
        assert!(said.contains("the plan changes nothing on the target"), "{said}");
        assert!(said.contains(" pass, "), "{said}");
        assert_eq!(dump(&server), before, "{said}");
        assert!(!keeps_a_journal(folder.path()), "a run that changes no password keeps no journal");
    }
}

fn keeps_a_journal(folder: &std::path::Path) -> bool {
    let mut files = folder.join("state/wabizspec").read_dir().expect("state").flatten();
    files.any(|file| file.file_name().to_string_lossy().ends_with(".journal"))
}

#[test]
fn allowed_users_means_accounts_of_the_run_and_no_others() {
    let folder = tempfile::tempdir().expect("folder");
    for allow in ["users", "users,passwords"] {
        let (server, before) = in_use();
        let tap = tap(&server.url(), usize::MAX, |_| ());
        let output = run(folder.path(), &tap.url, &["--allow", allow]).output().expect("run");
        let said = told(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert_eq!(server.dump(), before, "{said}");
        assert!(!keeps_a_journal(folder.path()), "no password of the run is left");
        let heads = tap.heads.lock().expect("heads");
        assert!(heads[0].starts_with("POST ") || heads[0].starts_with("GET "), "{}", heads[0]);
        let deleted: BTreeSet<&str> =
            heads.iter().filter_map(|head| head.strip_prefix("DELETE /v1/users/")?.split(' ').next()).collect();
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
    let folder = tempfile::tempdir().expect("folder");
    for is_reset in [false, true] {
        let (server, _) = in_use();
        let tap = tap(&server.url(), usize::MAX, |_| ());
        let reset = format!("POST {}/__control/reset", server.url());
        let more: &[&str] = match is_reset {
            true => &["--reset", &reset, "login/first-login"],
            false => &["--allow", "users"],
        };
        let mut command = run(folder.path(), &tap.url, &["users/username-of-four-characters"]);
        let output = command.args(more).output().expect("run");
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let heads = tap.heads.lock().expect("heads");
        let made = heads.iter().position(|head| head.starts_with("POST /v1/users "));
        let before = heads.iter().take(made.expect("an account is made"));
        let looks = before.filter(|head| head.starts_with("GET /v1/users/w")).count();
        assert_eq!(looks, if is_reset { 0 } else { 2 }, "{is_reset}: {heads:#?}");
    }
}

#[test]
fn ctrl_c_leaves_nothing_behind_at_any_moment() {
    let folder = tempfile::tempdir().expect("folder");
    for moment in [1, 5, 12, 30, 60, 100, 160, 240] {
        let (server, before) = in_use();
        let child: Arc<Mutex<Option<u32>>> = Arc::default();
        let pid = Arc::clone(&child);
        let tap = tap(&server.url(), usize::MAX, move |number| {
            if number == moment {
                let pid = loop {
                    if let Some(pid) = *pid.lock().expect("pid") {
                        break pid;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                };
                let killed = Command::new("kill").args(["-INT", &pid.to_string()]).status().expect("kill");
                assert!(killed.success());
            }
        });
        let mut command = run(folder.path(), &tap.url, &["--allow", "users,passwords", "--report", "ndjson"]);
        let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("run");
        *child.lock().expect("pid") = Some(running.id());
        let output = running.wait_with_output().expect("wait");
        let said = told(&output);
        assert_eq!(output.status.code(), Some(130), "at request {moment}: {said}");
        assert!(said.contains("\"ended\""), "the report is whole: {said}");
        assert_eq!(server.dump(), before, "at request {moment}: {said}");
        // Nothing is in the way of the next run.
        let next = run(folder.path(), &tap.url, &["login/standard-login"]).output().expect("run");
        assert_eq!(next.status.code(), Some(0), "{}", told(&next));
    }
}

#[test]
fn of_two_runs_at_once_the_second_refuses() {
    let folder = tempfile::tempdir().expect("folder");
    let (server, before) = in_use();
    let (held, release) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (seen, go_on) = (Arc::clone(&held), Arc::clone(&release));
    // Every request from there on is held: the canary sends two and waits for one of them only, so that any single one
    // may be a request which the run has given up.
    let tap = tap(&server.url(), usize::MAX, move |number| {
        if number >= 3 {
            seen.store(true, Ordering::SeqCst);
            while !go_on.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    // Longer than anything here takes: it ends when it is released, not when it has lost patience.
    let patient = ["login/standard-login", "users/read", "--timeout", "10m"];
    let mut command = run(folder.path(), &tap.url, &patient);
    let first = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("first");
    while !held.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // With a journal of its own too: what they would disturb is the target.
    for journal in [&[][..], &["--journal", "other.journal"]] {
        let second = run(folder.path(), &tap.url, journal).output().expect("second");
        let said = told(&second);
        assert_eq!(second.status.code(), Some(2), "{said}");
        assert!(said.contains("another run") && said.contains(&format!("process {}", first.id())), "{said}");
    }
    let fuzz = ["fuzz", "login-body", "--requests", "100", "--target", &tap.url];
    let mut fuzzer = wabizspec(folder.path());
    let fuzzer = fuzzer.args(fuzz).env("WABIZSPEC_ADMIN_PASSWORD", OWNERS).output().expect("fuzzer");
    assert_eq!(fuzzer.status.code(), Some(2), "{}", told(&fuzzer));
    release.store(true, Ordering::SeqCst);
    let output = first.wait_with_output().expect("wait");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(server.dump(), before);
}

#[test]
fn passwords_of_many_cases_reach_the_disk_at_once() {
    let folder = tempfile::tempdir().expect("folder");
    let (server, before) = in_use();
    let journal = folder.path().join("kept.journal");
    let (file, most) = (journal.clone(), Arc::new(AtomicUsize::new(0)));
    let ahead = Arc::clone(&most);
    let tap = tap(&server.url(), usize::MAX, move |number| {
        let known = Journal::read(&file).expect("journal").unwrap_or_default();
        ahead.fetch_max(known.other_accounts().len().saturating_sub(number), Ordering::SeqCst);
    });
    let mut command = run(folder.path(), &tap.url, &["--allow", "users", "users", "--jobs", "2"]);
    let output = command.arg("--journal").arg(&journal).output().expect("run");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(server.dump(), before);
    // One at a time, no more accounts would be known than requests were sent, and two that are just about to be.
    let most = most.load(Ordering::SeqCst);
    assert!(most > 20, "at most {most} accounts ahead of the requests");
}

#[test]
fn a_reader_that_goes_away_costs_neither_verdict_nor_tidiness() {
    let folder = tempfile::tempdir().expect("folder");
    let (server, before) = in_use();
    for more in [&[][..], &["--report", "ndjson"], &["--report", "json", "-q"], &["-v"]] {
        let mut command = run(folder.path(), &server.url(), &["--allow", "users,passwords"]);
        let mut running = command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("run");
        let mut first = [0; 1];
        let mut out = running.stdout.take().expect("pipe");
        out.read_exact(&mut first).expect("a byte");
        drop(out);
        let output = running.wait_with_output().expect("wait");
        let said = told(&output);
        assert_eq!(output.status.code(), Some(0), "{more:?}: {said}");
        for word in ["error:", "help:", "panicked"] {
            assert!(!said.contains(word), "{more:?}: {said}");
        }
        assert_eq!(server.dump(), before, "{more:?}");
    }
}

#[test]
fn a_target_that_dies_midway_costs_a_list_of_what_is_left() {
    let folder = tempfile::tempdir().expect("folder");
    let (server, before) = in_use();
    let tap = tap(&server.url(), 60, |_| ());
    let output = run(folder.path(), &tap.url, &["--allow", "users", "users"]).output().expect("run");
    let said = told(&output);
    assert!([Some(1), Some(3)].contains(&output.status.code()), "{said}");
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

/// Accepts everything, and says of every account that it was made.
fn accepting() -> Tap {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listener");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&heads);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || {
                let mut buffer = [0; 65536];
                let Ok(read) = stream.read(&mut buffer) else { return };
                kept.lock().expect("heads").push(String::from_utf8_lossy(&buffer[..read]).into_owned());
                let body = r#"{"users":[{"token":"t","expires_after":"2999-01-01 00:00:00+00:00"}]}"#;
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
                let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    Tap { url, heads }
}

#[test]
fn a_target_that_accepts_everything_gets_no_foreign_account_deleted() {
    let folder = tempfile::tempdir().expect("folder");
    let target = accepting();
    let output =
        run(folder.path(), &target.url, &["--allow", "users,passwords", "users", "login"]).output().expect("run");
    let said = told(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let heads = target.heads.lock().expect("heads");
    let names = heads.iter().filter_map(|head| head.strip_prefix("DELETE /v1/users/")?.split(' ').next());
    let names: BTreeSet<String> = names.map(str::to_ascii_lowercase).collect();
    let run_word = &names.first().expect("accounts are removed")[..6];
    assert!(names.iter().all(|name| name.starts_with(run_word)), "{names:?}");
    assert!(said.contains("is left on the target") && said.contains("nobody deletes it unasked"), "{said}");
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

    let server = Arc::new(crate::safety_support::fresh_server("open"));
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
    let answer = crate::safety_support::send(&url, "GET /__control/dump", &[], "");
    let dump: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("body")).expect("json");
    let users: Vec<&String> = dump["users"].as_object().expect("users").keys().collect();
    assert_eq!(users, ["admin"]);
    assert_eq!(dump["tokens"], json!({}));
}
