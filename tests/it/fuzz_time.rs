//! `fuzz --time` is the time from start to end: whatever hangs, the run ends, and says what it did not do.
//!
//! No test measures a time. A request that hangs has a limit of ten minutes, so that a run which waits for it fails by
//! the patience of the test support.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{Address, Ended, Program, Proxy, Reaction, accounts, fresh, parallel, respond, rewriting};
use serde_json::{Value, json};
use wabizspec::documented::api::Resource;
use wabizspec::documented::basic::{self, BasicError};

fn fuzz(target: &impl Address, more: &str) -> Ended {
    let line = "fuzz basic-auth --seed 7 --report json=report.json --timeout=600s";
    Program::new(line).at(target).args(more).end()
}

fn report(ended: &Ended) -> Value {
    ended.place().json("report.json")
}

/// From some request on no answer comes: in the login, in the set-up, in what is asked before all inputs, in the inputs.
#[test]
fn the_run_ends_in_its_time_wherever_the_target_hangs() {
    parallel(10, [0, 2, 3, 5, 9, 30, 60, 100, 160, 400], |answered| {
        let server = fresh("open");
        let proxy = Proxy::of(&server, move |number, _| Reaction::Hang.when(number >= answered));
        let ended = fuzz(&proxy, "users-body --time 10s");
        let code = ended.code.expect("a code");
        assert!([0, 1, 3].contains(&code), "{answered}: {}", ended.said());
        // On a busy machine the time may not suffice to get that far; it does to the first ones.
        let hung = proxy.requests() > answered;
        assert!(hung || answered > 9, "{answered}: {}", ended.said());
        if hung {
            let report = report(&ended);
            assert_eq!(report["complete"], false, "{answered}: {}", ended.said());
            let why = report["blocked"].is_string() || report["unfinished"][0].is_string();
            assert!(why, "{answered}: {report}");
            assert!(answered >= 5 || code == 3, "{answered}: nothing was judged: {}", ended.said());
        }
    });
}

#[test]
fn accounts_that_are_made_slowly_leave_time_for_inputs_or_are_said_to_have_not() {
    let server = fresh("open");
    // The first worker gets its accounts; the others never do.
    let created = AtomicUsize::new(0);
    let proxy = Proxy::of(&server, move |_, asked| {
        Reaction::Hang.when(asked.is("POST", "/v1/users") && created.fetch_add(1, Ordering::SeqCst) >= 2)
    });
    let ended = fuzz(&proxy, "--time 10s").says("not all workers got their accounts");
    let report = report(&ended);
    assert_eq!(report["complete"], false);
    assert!(report["answers"].as_object().is_some_and(|answers| !answers.is_empty()), "{report}");
}

#[test]
fn a_clean_up_that_hangs_is_cut_off_and_what_is_left_is_in_the_journal() {
    let server = fresh("open");
    let proxy = Proxy::of(&server, |_, asked| Reaction::Hang.when(asked.method == "DELETE"));
    let ended = fuzz(&proxy, "--time 10s --journal kept.journal").exited(0).says("recover --clean");
    assert_eq!(report(&ended)["complete"], false);
    let kept = ended.file("kept.journal");
    for name in accounts(&server) {
        assert!(kept.contains(&name), "{name} is not in {kept}");
    }
}

#[test]
fn a_healthy_target_is_fuzzed_to_the_end() {
    let server = fresh("open");
    let report = report(&fuzz(&server, "--time 10m --requests 500").exited(0));
    assert_eq!((&report["complete"], &report["unfinished"]), (&Value::Bool(true), &Value::Null), "{report}");
    assert_eq!(accounts(&server), ["admin"]);
}

/// Its answer hangs when the input that broke something is tried again.
#[test]
fn a_finding_that_was_not_tried_again_is_not_reported() {
    let server = rewriting(|handled, answer| {
        static SEEN: AtomicUsize = AtomicUsize::new(0);
        let value = handled.call.authorization.first().copied().unwrap_or_default();
        if handled.resource == Some(Resource::Login) && basic::parse(value) == Err(BasicError::NoColon) {
            match SEEN.fetch_add(1, Ordering::SeqCst) {
                0 => respond(answer, 500, None),
                _ => answer.delivery.delay = std::time::Duration::from_secs(600),
            }
        }
    });
    let ended = fuzz(&server, "--time 10s").exited(3).says("were not tried again, and are not reported");
    let report = report(&ended);
    assert_eq!((&report["complete"], &report["findings"]), (&json!(false), &json!([])), "{report}");
}

/// Where no account can be made, the admin's own is logged in to, again and again.
#[test]
fn tokens_of_the_admin_do_not_pile_up() {
    let server = rewriting(|handled, answer| {
        if handled.resource == Some(Resource::Users) {
            respond(answer, 403, Some(json!({"errors": [{"code": 1005, "title": "Access denied"}]})));
        }
    });
    let proxy = Proxy::watching(&server);
    let ended = fuzz(&proxy, "--requests 4000");
    let logins = proxy.logins().count;
    assert!(logins > 2000, "{logins}: {}", ended.said());
    assert_eq!(server.dump()["tokens"], json!({}), "{}", ended.said());
    // The end of the clean-up is a run of logouts and nothing else.
    let log = proxy.log();
    let at_the_end = log.iter().rev().take_while(|asked| asked.path() == "/v1/users/logout").count();
    assert!(at_the_end < 8, "{at_the_end} logouts at the end, after {logins} logins");
}
