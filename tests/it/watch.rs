//! `--watch`: another run after each restart of the target and each change of a file, and none without.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Asked, Program, Proxy, Reaction, Rules, Running, answer, eventually, faulty, fresh, write};

/// What a run sends to have an account, and no ping does.
fn is_of_a_run(asked: &Asked) -> bool {
    asked.head.contains("Basic ")
}

/// A program that watches, and the report that each of its runs writes.
struct Watching {
    program: Running,
    report: PathBuf,
}

impl Watching {
    fn start(program: Program) -> Watching {
        let report = program.place().join("r.json");
        Watching { program: program.start(), report }
    }

    /// How many cases failed in the next run that ends.
    #[track_caller]
    fn failed(&mut self) -> u64 {
        let mut failed = None;
        let report = self.report.clone();
        self.program.still_runs_until(|| {
            let document: Option<Value> = serde_json::from_slice(&fs::read(&report).unwrap_or_default()).ok();
            // It is also written before the clean-up.
            let whole = document.filter(|document| document["complete"] == true);
            failed = whole.and_then(|document| document["summary"]["fail"].as_u64());
            failed.is_some()
        });
        fs::remove_file(&self.report).expect("the report can be removed");
        failed.expect("a number")
    }
}

fn watching(proxy: &Proxy) -> Watching {
    Watching::start(
        Program::new("run login/control tokens/logout --fresh --allow users --watch --report json=r.json").at(proxy),
    )
}

/// Waits until the program has seen the target as it is now.
fn one_ping_more(proxy: &Proxy) {
    let before = proxy.requests();
    eventually("a ping", || proxy.requests() > before);
}

#[test]
fn a_restart_runs_again_however_short_it_is() {
    let (right, wrong) = (fresh("open"), faulty(&["tokens.logout.token-lives-on"]));
    let mut proxy = Proxy::watching(&right);
    let mut watching = watching(&proxy);
    assert_eq!(watching.failed(), 0);
    let address = proxy.address;
    for (server, failed) in [(&wrong, 1), (&right, 0), (&wrong, 1)] {
        one_ping_more(&proxy);
        drop(proxy);
        let rules = Rules { listen: address, ..Rules::default() };
        proxy = Proxy::open(server, rules).expect("the same port");
        assert_eq!(watching.failed(), failed);
    }
    one_ping_more(&proxy);
    watching.program.signal("INT");
    let ended = watching.program.end().exited(1);
    ended.says("the target was restarted: running again").says("Ctrl-C ends");
}

#[test]
fn a_restart_of_a_server_that_keeps_no_connection_is_seen_while_nothing_listens() {
    let server = fresh("open");
    let closing = || {
        Proxy::scripted(&server, |_, asked, stream| {
            // As HTTP/1.0: the pings, which alone come without credentials and a body, are answered and closed.
            match asked.is("GET", "/v1/users/admin") && !asked.head.contains("Bearer ") {
                true => {
                    write(stream, answer("401 Unauthorized", "Connection: close\r\n", ""));
                    Reaction::Drop
                }
                false => Reaction::Forward,
            }
        })
    };
    let proxy = closing();
    let mut watching = watching(&proxy);
    watching.failed();
    one_ping_more(&proxy);
    let of_runs = proxy.count(is_of_a_run);
    let mut away = Duration::from_millis(50);
    // Nothing shows that the program has seen it down. It is so for longer each time, until that starts a run.
    while proxy.count(is_of_a_run) == of_runs {
        proxy.go_down();
        std::thread::sleep(away);
        proxy.come_back();
        away *= 2;
        let before = proxy.requests();
        eventually("two pings, or a run", || proxy.requests() > before + 1);
    }
    watching.failed();
    watching.program.signal("INT");
    watching.program.end();
}

#[test]
fn a_target_that_is_away_for_a_while_runs_again_when_it_is_ready() {
    let server = fresh("open");
    let is_away = Arc::new(AtomicBool::new(false));
    let away = Arc::clone(&is_away);
    let proxy = Proxy::scripted(&server, move |_, _, stream| match away.load(Ordering::SeqCst) {
        true => {
            write(stream, answer("503 Service Unavailable", "", ""));
            Reaction::Keep
        }
        false => Reaction::Forward,
    });
    let mut watching = watching(&proxy);
    assert_eq!(watching.failed(), 0);
    one_ping_more(&proxy);
    is_away.store(true, Ordering::SeqCst);
    let of_runs = proxy.count(is_of_a_run);
    for _ in 0..3 {
        one_ping_more(&proxy);
    }
    assert_eq!(proxy.count(is_of_a_run), of_runs, "it waits until the target is ready");
    is_away.store(false, Ordering::SeqCst);
    assert_eq!(watching.failed(), 0);
    // Without a change there is no run.
    let of_runs = proxy.count(is_of_a_run);
    for _ in 0..3 {
        one_ping_more(&proxy);
    }
    assert_eq!(proxy.count(is_of_a_run), of_runs);
    watching.program.signal("TERM");
    watching.program.end().exited(0);
}

/// A case that expects this status, which is 200.
fn expecting(status: &str) -> String {
    format!(
        "given = \"admin\"\n[[steps]]\nname = \"read\"\nsend = \"GET /v1/users/${{admin}}\"\nbearer = \"${{admin_token}}\"\n\
         [steps.expect]\n\"login.one\" = {{ status = {status} }}\n"
    )
}

#[test]
fn a_change_of_a_scenario_runs_again_and_a_broken_one_does_not_end_it() {
    let program =
        Program::new("next --embedded --scenarios suite --watch --report json=r.json").suite(&expecting("200"));
    let (scenario, errors) = (program.place().join("suite/login/one.toml"), program.place().join("errors"));
    let mut watching = Watching::start(program.through("exec \"$@\" 2>errors"));
    let edit = |status: &str| {
        let waiting = |text: &str| text.trim_end().ends_with("Ctrl-C ends");
        eventually("it waits", || waiting(&fs::read_to_string(&errors).unwrap_or_default()));
        fs::write(
            &scenario,
            format!(
                "title = \"One\"
{}",
                expecting(status)
            ),
        )
        .expect("written");
    };
    assert_eq!(watching.failed(), 0);
    edit("201");
    assert_eq!(watching.failed(), 1);
    edit("\"soon\"");
    eventually("the error", || fs::read_to_string(&errors).expect("text").contains("error: suite/login/one.toml"));
    edit("200");
    assert_eq!(watching.failed(), 0);
    watching.program.signal("INT");
    watching.program.end().exited(0);
}

#[test]
fn what_cannot_change_is_not_watched() {
    for (line, says) in [
        ("run --embedded --watch", "--watch waits for a target to change, but none is named"),
        ("run --target http://127.0.0.1:1 --watch --plan", "cannot be used with"),
        ("run --target http://127.0.0.1:1 --watch --write-baseline b.toml", "cannot be used with"),
        ("next r.json --watch", "r.json is of an earlier run"),
    ] {
        Program::new(line).file("r.json", "{}").end().exited(2).says(says);
    }
}
