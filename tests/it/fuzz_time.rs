//! `fuzz --time` is the time from start to end: whatever hangs, the run ends, and says what it did not do.
//!
//! No test measures a time. A request that hangs has a limit of ten minutes, so that a run which waits for it fails by
//! the patience of the test support.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{Ended, Program, Proxy, Reaction, fresh, reference};
use serde_json::Value;
use wabizspec::documented::api::Resource;
use wabizspec::reference::AnswerBody;

const LIMIT: &str = "--timeout=600s";

fn fuzz(url: &str, more: &[&str]) -> Ended {
    let arguments = ["fuzz", "--target", url, "--seed", "7", "--report", "json=report.json", LIMIT];
    Program::new(arguments.iter().chain(more)).end()
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.file("report.json")).expect("a report")
}

/// From some request on no answer comes: in the login, in the set-up, in what is asked before all inputs, in the inputs.
#[test]
fn the_run_ends_in_its_time_wherever_the_target_hangs() {
    let hangs_after = |answered: usize| {
        let server = fresh("open");
        let proxy = Proxy::of(server.address(), move |number, _| match number < answered {
            true => Reaction::Forward,
            false => Reaction::Hang,
        });
        let ended = fuzz(&proxy.url(), &["basic-auth", "users-body", "--time", "10s"]);
        let code = ended.code.expect("a code");
        assert!([0, 1, 3].contains(&code), "{answered}: {}", ended.said());
        // A machine that is busy may not come that far in the time; to the first ones it does.
        let hung = proxy.requests() > answered;
        assert!(hung || answered > 9, "{answered}: {}", ended.said());
        if !hung {
            return;
        }
        let report = report(&ended);
        assert_eq!(report["complete"], false, "{answered}: {}", ended.said());
        let why = report["blocked"].is_string() || report["unfinished"][0].is_string();
        assert!(why, "{answered}: {report}");
        if answered < 5 {
            assert_eq!(code, 3, "{answered}: nothing was judged: {}", ended.said());
        }
    };
    std::thread::scope(|scope| {
        for answered in [0, 2, 3, 5, 9, 30, 60, 100, 160, 400] {
            scope.spawn(move || hangs_after(answered));
        }
    });
}

#[test]
fn accounts_that_are_made_slowly_leave_time_for_inputs_or_are_said_to_have_not() {
    let server = fresh("open");
    // The first worker gets its accounts; the others never do.
    let created = Arc::<AtomicUsize>::default();
    let proxy = Proxy::of(server.address(), move |_, parts| {
        let creates = parts.method == "POST" && parts.path() == "/v1/users";
        match creates && created.fetch_add(1, Ordering::SeqCst) >= 2 {
            true => Reaction::Hang,
            false => Reaction::Forward,
        }
    });
    let ended = fuzz(&proxy.url(), &["basic-auth", "--time", "10s"]).says("not all workers got their accounts");
    let report = report(&ended);
    assert_eq!(report["complete"], false);
    assert!(report["answers"].as_object().is_some_and(|answers| !answers.is_empty()), "{report}");
}

#[test]
fn a_clean_up_that_hangs_is_cut_off_and_what_is_left_is_in_the_journal() {
    let server = fresh("open");
    let proxy = Proxy::of(server.address(), |_, parts| match parts.method == "DELETE" {
        true => Reaction::Hang,
        false => Reaction::Forward,
    });
    let ended = fuzz(&proxy.url(), &["basic-auth", "--time", "10s", "--journal", "kept.journal"]);
    assert_eq!(report(&ended)["complete"], false);
    let ended = ended.exited(0).says("recover --clean");
    let kept = ended.file("kept.journal");
    let dump = server.dump();
    for name in dump["users"].as_object().expect("users").keys() {
        assert!(kept.contains(name), "{name} is not in {kept}");
    }
}

#[test]
fn a_healthy_target_is_fuzzed_to_the_end() {
    let server = fresh("open");
    let ended = fuzz(&server.url(), &["basic-auth", "--time", "10m", "--requests", "500"]).exited(0);
    let report = report(&ended);
    assert_eq!((&report["complete"], &report["unfinished"]), (&Value::Bool(true), &Value::Null), "{report}");
    assert_eq!(server.dump()["users"].as_object().expect("users").len(), 1);
}

/// Its answer hangs whenever the input that broke something is tried again.
#[test]
fn a_finding_that_was_not_tried_again_is_told_as_such() {
    let server = reference(|settings| {
        settings.behaviour.rewrites.push(|handled, answer| {
            let value = handled.call.authorization.first().copied().unwrap_or_default();
            let no_colon = wabizspec::documented::basic::BasicError::NoColon;
            if handled.resource == Some(Resource::Login) && wabizspec::documented::basic::parse(value) == Err(no_colon)
            {
                static SEEN: AtomicUsize = AtomicUsize::new(0);
                match SEEN.fetch_add(1, Ordering::SeqCst) {
                    0 => {
                        answer.status = 500;
                        answer.body = AnswerBody::Empty;
                    }
                    _ => answer.delivery.delay = std::time::Duration::from_secs(600),
                }
            }
        });
    });
    let ended = fuzz(&server.url(), &["basic-auth", "--time", "10s"]).exited(1);
    let report = report(&ended);
    assert_eq!(report["complete"], false);
    assert_eq!(report["findings"][0]["confirmed"], false, "{report}");
    ended.says("not confirmed");
}

/// Where no account can be made, the admin's own is logged in to, again and again.
#[test]
fn tokens_of_the_admin_do_not_pile_up() {
    let server = reference(|settings| {
        settings.behaviour.rewrites.push(|handled, answer| {
            if handled.resource == Some(Resource::Users) {
                answer.status = 403;
                answer.body =
                    AnswerBody::Json(serde_json::json!({"errors": [{"code": 1005, "title": "Access denied"}]}));
            }
        });
    });
    // The end of the clean-up is a run of logouts and nothing else.
    let at_the_end = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&at_the_end);
    let proxy = Proxy::of(server.address(), move |_, parts| {
        match parts.path() {
            "/v1/users/logout" => drop(count.fetch_add(1, Ordering::SeqCst)),
            _ => count.store(0, Ordering::SeqCst),
        }
        Reaction::Forward
    });
    let ended = fuzz(&proxy.url(), &["basic-auth", "--requests", "4000"]);
    let logins = proxy.logins().count;
    assert!(logins > 2000, "{logins}: {}", ended.said());
    assert_eq!(server.dump()["tokens"], serde_json::json!({}), "{}", ended.said());
    let at_the_end = at_the_end.load(Ordering::SeqCst);
    assert!(at_the_end < 8, "{at_the_end} logouts at the end, after {logins} logins");
}
