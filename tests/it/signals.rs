//! The first signal is heard at once wherever a command is, the second ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::harness::{Program, Proxy, Reaction, Running, eventually, fresh};
use wabizspec::reference::Server;

/// Far longer than a test may take: whoever waits for an answer has not heard the signal.
const LIMIT: &str = "--timeout=600s";

/// Signals that ask a program to end.
const SIGNALS: [&str; 3] = ["HUP", "TERM", "INT"];

/// Starts the command against a target that never answers the requests that are chosen, and returns it when the first of
/// these has come.
fn held_up(
    arguments: &[&str],
    chosen: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
) -> (Running, Server, Proxy) {
    let server = fresh("open");
    let (come, has_come) = channel();
    let proxy = Proxy::of(server.address(), move |_, parts| {
        match chosen(parts.method.as_str(), parts.path()) {
            true => {
                // Only the first is waited for.
                let _ = come.send(());
                Reaction::Hang
            }
            false => Reaction::Forward,
        }
    });
    let more = ["--target", &proxy.url(), LIMIT];
    let arguments = arguments.iter().chain(&more);
    let program = Program::new(arguments).file("findings/basic-auth/input", "aaaaaa${user}:x").start();
    has_come.recv().expect("the request comes");
    (program, server, proxy)
}

#[test]
fn every_command_that_waits_for_a_target_ends_with_the_first_signal() {
    for signal in SIGNALS {
        for arguments in [
            &["fuzz", "basic-auth", "--requests", "1000"][..],
            &["replay", "findings"],
            &["recover"],
            &["doctor"],
            &["run", "login/*", "--allow", "users"],
        ] {
            let (program, _server, _front) = held_up(arguments, |_, _| true);
            program.signal(signal);
            let ended = program.end();
            assert_eq!(ended.code, Some(130), "{arguments:?}, {signal}: {}", ended.said());
        }
    }
}

#[test]
fn the_fuzzer_hears_it_in_its_set_up_and_in_its_inputs() {
    let in_set_up = |method: &str, path: &str| method == "POST" && path == "/v1/users";
    // Only the path surface asks for this; the accounts are made by then.
    let in_inputs = |method: &str, _: &str| method == "OPTIONS";
    let (program, server, _front) = held_up(&["fuzz", "path", "--requests", "100000"], in_set_up);
    program.signal("HUP");
    assert_eq!(program.end().code, Some(130));
    drop(server);
    let (program, server, _front) = held_up(&["fuzz", "path", "--requests", "100000"], in_inputs);
    program.signal("HUP");
    assert_eq!(program.end().code, Some(130));
    assert_eq!(server.dump()["users"].as_object().expect("users").len(), 1, "it cleans up");
}

#[test]
fn the_second_signal_ends_the_clean_up_at_once() {
    static CLEANS_UP: AtomicBool = AtomicBool::new(false);
    let (mut program, _server, _front) =
        held_up(&["fuzz", "basic-auth", "--requests", "50", "--jobs", "2"], |method, _| {
            let deletes = method == "DELETE";
            CLEANS_UP.fetch_or(deletes, Ordering::SeqCst);
            deletes
        });
    assert!(CLEANS_UP.load(Ordering::SeqCst));
    // Two that come together count as one.
    while program.is_running() {
        program.signal("HUP");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = program.end();
    assert_eq!(ended.code, Some(130), "{}", ended.said());
    // The clean-up would go on for a minute, and then say what is left.
    assert!(!ended.said().contains("clean-up"), "{}", ended.said());
}

#[test]
fn the_reference_client_and_the_proof_end_with_it_too() {
    for (arguments, code) in [(&["serve", "--listen", "127.0.0.1:0"][..], 0), (&["prove"], 130)] {
        for signal in SIGNALS {
            let program = Program::new(arguments).start();
            wait_for_handlers(&program);
            program.signal(signal);
            let ended = program.end();
            assert_eq!(ended.code, Some(code), "{arguments:?}, {signal}: {}", ended.said());
        }
    }
}

#[test]
fn who_ignores_it_from_the_start_goes_on_ignoring_it() {
    let server = fresh("open");
    let (come, has_come) = channel();
    let proxy = Proxy::of(server.address(), move |_, _| {
        let _ = come.send(());
        Reaction::Hang
    });
    let program =
        Program::new(["recover", LIMIT, "--target", &proxy.url()]).through("trap '' HUP; exec \"$@\"").start();
    has_come.recv().expect("the request comes");
    program.signal("HUP");
    // It hears the one and still ignores the other, and so no signal that has come can end it.
    let (ignored, caught) = (signals(program.id(), "SigIgn:"), signals(program.id(), "SigCgt:"));
    assert_eq!((ignored & HUP, caught & (HUP | TERM)), (HUP, TERM));
    program.signal("TERM");
    program.end().exited(130);
}

/// Waits until a signal does not end the program by itself any more (proc(5), `SigCgt`).
fn wait_for_handlers(program: &Running) {
    let wanted = HUP | INT | TERM;
    eventually("handlers", || signals(program.id(), "SigCgt:") & wanted == wanted);
}

const HUP: u64 = 1;
const INT: u64 = 1 << 1;
const TERM: u64 = 1 << 14;

/// Signals of a process, as a mask (proc(5)).
fn signals(process: u32, which: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let mask = text.lines().find_map(|line| line.strip_prefix(which)).expect("a mask");
    u64::from_str_radix(mask.trim(), 16).expect("hexadecimal")
}
