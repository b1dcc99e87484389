//! The first signal is heard at once wherever a command is, the second ends it at once.

use std::time::Duration;

use crate::harness::{Asked, Program, Proxy, Reaction, Running, accounts, eventually, fresh};
use wabizspec::reference::Server;

const SIGNALS: [&str; 3] = ["HUP", "TERM", "INT"];

/// Starts the command against a target that never answers the requests that are chosen, and returns it when the first of
/// these has come. The limit is far longer than a test may take: a program that waits for an answer has not heard the
/// signal.
fn held_up(line: &str, chosen: impl Fn(&Asked) -> bool + Clone + Send + Sync + 'static) -> (Running, Server, Proxy) {
    let server = fresh("open");
    let hangs = chosen.clone();
    let proxy = Proxy::of(&server, move |_, asked| Reaction::Hang.when(hangs(asked)));
    let program = Program::new(line).at(&proxy).args("--timeout=600s");
    let program = program.file("findings/basic-auth/input", "aaaaaa${user}:x").start();
    eventually("the request comes", || proxy.count(&chosen) > 0);
    (program, server, proxy)
}

#[test]
fn every_command_that_waits_for_a_target_ends_with_the_first_signal() {
    for signal in SIGNALS {
        for line in
            ["fuzz basic-auth --requests 1000", "replay findings", "recover", "doctor", "run login/* --allow users"]
        {
            let (program, _server, _front) = held_up(line, |_| true);
            program.signal(signal);
            program.end().exited(130);
        }
    }
}

#[test]
fn the_fuzzer_hears_it_in_its_set_up_and_in_its_inputs() {
    let (program, _server, _front) = held_up("fuzz path --requests 100000", |asked| asked.is("POST", "/v1/users"));
    program.signal("HUP");
    program.end().exited(130);
    // Only the path surface asks for this; the accounts are made by then.
    let (program, server, _front) = held_up("fuzz path --requests 100000", |asked| asked.method == "OPTIONS");
    program.signal("HUP");
    program.end().exited(130);
    assert_eq!(accounts(&server), ["admin"], "it cleans up");
}

#[test]
fn the_second_signal_ends_the_clean_up_at_once() {
    let line = "fuzz basic-auth --requests 50 --jobs 2";
    let (mut program, _server, _front) = held_up(line, |asked| asked.method == "DELETE");
    // Two that come together count as one.
    while program.is_running() {
        program.signal("HUP");
        std::thread::sleep(Duration::from_millis(20));
    }
    // The clean-up would go on for a minute, and then say what is left.
    program.end().exited(130).never_says("clean-up");
}

#[test]
fn the_reference_client_and_the_proof_end_with_it_too() {
    for (line, code) in [("serve --listen 127.0.0.1:0", 0), ("prove", 130)] {
        for signal in SIGNALS {
            let program = Program::new(line).start();
            wait_for_handlers(&program);
            program.signal(signal);
            program.end().exited(code);
        }
    }
}

#[test]
fn a_signal_that_is_ignored_from_the_start_stays_ignored() {
    let server = fresh("open");
    let proxy = Proxy::of(&server, |_, _| Reaction::Hang);
    let program = Program::new("recover --timeout=600s").at(&proxy).through("trap '' HUP; exec \"$@\"").start();
    eventually("the request comes", || proxy.requests() > 0);
    program.signal("HUP");
    // It handles the one and still ignores the other, so no signal that has come can end it.
    let (ignored, caught) = (signals(program.id(), "SigIgn:"), signals(program.id(), "SigCgt:"));
    assert_eq!((ignored & HUP, caught & (HUP | TERM)), (HUP, TERM));
    program.signal("TERM");
    program.end().exited(130);
}

/// Waits until the program handles the signals that would end it (proc(5), `SigCgt`).
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
