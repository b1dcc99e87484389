//! The wire fuzzer against the reference client: silent on the faultless one, and it finds what is planted.
//!
//! Each fault is an edit of the reference client's behaviour that a real server has had. The number of requests is
//! bounded; time is not measured.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::harness::fuzzing::{block_on, found, fuzz, fuzz_until, ground, register, settings, target};
use serde_json::Value;
use tokio::sync::watch;
use wabizspec::documented::api::Resource;
use wabizspec::documented::basic::{self, BasicError, Credentials};
use wabizspec::documented::password::Marks;
use wabizspec::fuzz::Surface;
use wabizspec::fuzz::drive::{News, Settings, drive, once};
use wabizspec::fuzz::{finding, saved};
use wabizspec::reference::{AnswerBody, Behaviour, RefusedChange};

/// The fault is found on that surface within so many requests, as a finding of that kind.
fn finds(fault: impl FnOnce(&mut Behaviour), surface: Surface, requests: u64, expected: &str) {
    let mut behaviour = Behaviour::default();
    fault(&mut behaviour);
    let wanted = |found: &str| found == expected;
    let (summary, _) = fuzz_until(behaviour, &settings(&[surface], requests), Some(&wanted));
    let found = found(&summary);
    assert!(found.iter().any(|found| found == expected), "wanted {expected}, found {found:?}, {:?}", summary.blocked);
}

#[test]
fn nothing_is_found_on_the_faultless_client() {
    let all: Vec<Surface> = Surface::ALL.into_iter().filter(|surface| *surface != Surface::Http).collect();
    let (summary, left) = fuzz(Behaviour::default(), &settings(&all, 5000));
    assert_eq!(found(&summary), Vec::<String>::new());
    assert_eq!(summary.warnings().count(), 0, "{:?}", summary.found);
    assert_eq!(left, Vec::<String>::new(), "what the run made, it removed");
    assert!(summary.complete && summary.blocked.is_none() && summary.requests >= 5000);
    let accepted = summary.answers.iter().filter(|(kind, _)| kind.is_success()).map(|(_, count)| count).sum::<u64>();
    assert!(accepted * 10 > summary.inputs, "the run is not spent on refusals: {:?}", summary.answers);
}

/// Answers 500 where the credentials cannot be read for that reason.
macro_rules! crash_on {
    ($pattern:pat) => {
        |behaviour: &mut Behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                let value = handled.call.authorization.first().copied().unwrap_or_default();
                if handled.resource == Some(Resource::Login) && matches!(basic::parse(value), Err($pattern)) {
                    answer.status = 500;
                    answer.body = AnswerBody::Empty;
                }
            });
        }
    };
}

/// Answers 500 to a login whose body reads so.
macro_rules! crash_on_body {
    ($pattern:pat) => {
        |behaviour: &mut Behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                let body = serde_json::from_slice::<Value>(handled.call.body);
                if handled.resource == Some(Resource::Login) && matches!(body, Ok($pattern)) {
                    answer.status = 500;
                    answer.body = AnswerBody::Empty;
                }
            });
        }
    };
}

#[test]
fn a_crash_on_credentials_without_a_colon() {
    finds(crash_on!(BasicError::NoColon), Surface::BasicAuth, 1000, "crash envelope.no-crash");
}

#[test]
fn a_crash_on_invalid_base64() {
    let fault = crash_on!(BasicError::Alphabet { .. } | BasicError::Padding(_));
    finds(fault, Surface::BasicAuth, 1000, "crash envelope.no-crash");
}

#[test]
fn a_crash_on_what_is_not_utf8() {
    finds(crash_on!(BasicError::NotUtf8 { .. }), Surface::BasicAuth, 1000, "crash envelope.no-crash");
}

#[test]
fn a_crash_on_an_array_and_on_null() {
    finds(crash_on_body!(Value::Array(_)), Surface::LoginBody, 1000, "crash envelope.no-crash");
    finds(crash_on_body!(Value::Null), Surface::LoginBody, 1000, "crash envelope.no-crash");
}

#[test]
fn a_crash_that_hides_behind_a_documented_code() {
    let fault = |behaviour: &mut Behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let value = handled.call.authorization.first().copied().unwrap_or_default();
            if matches!(basic::parse(value), Err(BasicError::NoColon)) {
                answer.status = 500;
                answer.body =
                    AnswerBody::Json(serde_json::json!({"errors": [{"code": 1000, "title": "Generic error"}]}));
            }
        });
    };
    finds(fault, Surface::BasicAuth, 1000, "crash envelope.no-crash");
}

#[test]
fn a_connection_closed_on_deep_nesting() {
    let fault = |behaviour: &mut Behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let deep = handled.call.body.windows(200).any(|window| window.iter().all(|byte| *byte == b'['));
            answer.delivery.dropped = deep;
        });
    };
    finds(fault, Surface::LoginBody, 2000, "answered envelope.answered");
}

#[test]
fn a_hang_on_an_empty_body() {
    let fault = |behaviour: &mut Behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if handled.call.body.is_empty() && handled.call.content_type.is_some() {
                answer.delivery.delay = Duration::from_secs(60);
            }
        });
    };
    finds(fault, Surface::LoginBody, 40, "answered envelope.answered");
}

/// Who watches hears of a finding while the batch that it is in still waits for other answers, and that it waits.
#[test]
fn a_finding_is_told_before_its_batch_is_over() {
    let mut behaviour = Behaviour::default();
    behaviour.rewrites.push(|handled, answer| {
        if handled.call.body == b"{\"foo\":[]}" {
            answer.delivery.delay = Duration::from_secs(5);
        }
        if handled.call.body.is_empty() {
            answer.status = 500;
        }
    });
    let (register, target) = (register(), target(behaviour));
    block_on(async {
        let (mut givens, ground) = ground(&target, &register).await;
        let (_stop, stopped) = watch::channel(false);
        let mut news = String::new();
        let mut look = |told: News<'_>| {
            news.push(match told {
                News::Found(_) => 'f',
                News::Waiting(_) => 'w',
                News::Progress { .. } => 'p',
            })
        };
        let settings = settings(&[Surface::LoginBody], 40);
        drive(Arc::new(ground), &settings, stopped, &mut look).await;
        let before = news.split('p').next().expect("a batch");
        assert!(before.starts_with('f') && before.contains('w'), "{news}");
        givens.clean_up().await;
    });
}

#[test]
fn doubled_members_that_let_a_weak_password_through() {
    let fault = |behaviour: &mut Behaviour| {
        // The first of them is checked, the last is stored.
        behaviour.functions.body = |call| {
            let last = serde_json::from_slice::<Value>(call.body).map(|body| body.to_string().into_bytes());
            Ok(last.map_or(Cow::Borrowed(call.body), Cow::Owned))
        };
        behaviour.passwords.on_login.length = 1..=64;
        behaviour.passwords.on_login.digit = false;
        behaviour.passwords.on_login.upper = false;
        behaviour.passwords.on_login.special = Marks::of("");
    };
    finds(fault, Surface::LoginBody, 1500, "accepted-change login.password.on-change");
}

#[test]
fn a_password_that_is_echoed() {
    let fault = |behaviour: &mut Behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let body: Value = serde_json::from_slice(handled.call.body).unwrap_or_default();
            if let (Some(password), 400) = (body["new_password"].as_str(), answer.status) {
                answer.body = AnswerBody::Json(
                    serde_json::json!({"errors": [{"code": 1009, "title": format!("{password} is not valid")}]}),
                );
            }
        });
    };
    finds(fault, Surface::Password, 3000, "echo envelope.no-secret-echoed");
}

#[test]
fn a_password_cut_at_the_nul() {
    let fault = |behaviour: &mut Behaviour| {
        behaviour.passwords.on_update.controls = true;
        behaviour.functions.kept = |password| Cow::Borrowed(password.split('\0').next().unwrap_or_default());
    };
    finds(fault, Surface::Password, 4000, "accepted-change login.credentials.whole");
}

#[test]
fn a_password_cut_at_72_bytes() {
    fn cut(password: &str) -> &[u8] {
        &password.as_bytes()[..password.len().min(72)]
    }
    let fault = |behaviour: &mut Behaviour| behaviour.functions.password_matches = |kept, sent| cut(kept) == cut(sent);
    finds(fault, Surface::Password, 4000, "accepted-change login.credentials.whole");
}

#[test]
fn credentials_split_at_the_last_colon() {
    let fault = |behaviour: &mut Behaviour| {
        behaviour.functions.credentials = |value| {
            let read = basic::parse(value)?;
            let joined = format!("{}:{}", read.username, read.password);
            let (username, password) = joined.rsplit_once(':').ok_or(BasicError::NoColon)?;
            Ok(Credentials::new(username, password))
        };
    };
    finds(fault, Surface::BasicAuth, 1000, "refused login.credentials.first-colon");
}

#[test]
fn credentials_cut_at_the_second_colon() {
    let fault = |behaviour: &mut Behaviour| {
        behaviour.functions.credentials = |value| {
            let read = basic::parse(value)?;
            let password = read.password.split(':').next().unwrap_or_default().to_owned();
            Ok(Credentials::new(read.username, password))
        };
        behaviour.functions.kept = |password| Cow::Borrowed(password.split(':').next().unwrap_or_default());
    };
    finds(fault, Surface::BasicAuth, 1000, "token login.credentials.first-colon");
}

#[test]
fn a_refused_change_that_sticks() {
    let fault = |behaviour: &mut Behaviour| {
        (behaviour.login.refused_first_change, behaviour.login.refused_later_change) =
            (RefusedChange::SetsTheNew, RefusedChange::SetsTheNew);
    };
    finds(fault, Surface::LoginBody, 2000, "refused-change login.password.refusal-keeps-old");
}

#[test]
fn a_stranger_who_changes_the_password() {
    let fault = |behaviour: &mut Behaviour| behaviour.login.change_first = true;
    finds(fault, Surface::BasicAuth, 2000, "refused-change login.refused.nothing-taken-over");
}

#[test]
fn tokens_that_outlive_their_user_and_their_logout() {
    use wabizspec::reference::Revokes;
    let fault = |behaviour: &mut Behaviour| behaviour.tokens.on_delete = Revokes::Nothing;
    finds(fault, Surface::Session, 1500, "state tokens.deleted-user.dead");
    let fault = |behaviour: &mut Behaviour| behaviour.tokens.on_logout = Revokes::Nothing;
    finds(fault, Surface::Session, 1500, "state tokens.logout.token-dead");
}

#[test]
fn a_finding_is_saved_small_and_replays_until_it_is_fixed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut behaviour = Behaviour::default();
    crash_on!(BasicError::NoColon)(&mut behaviour);
    let settings = Settings { out: Some(folder.path().to_owned()), ..settings(&[Surface::BasicAuth], 600) };
    let (summary, _) = fuzz(behaviour.clone(), &settings);
    let found = summary.findings().next().expect("a finding");
    assert!(found.confirmed && found.input.len() <= 8, "{:?}", found.input.escape_ascii().to_string());
    let file = found.file.clone().expect("a file");
    assert_eq!(saved::surface_of(&file), Some(Surface::BasicAuth));
    assert_eq!(saved::saved(&file).expect("its data").signature, found.signature);
    for ending in ["json", "txt", "sh", "raw", "toml"] {
        let beside = file.with_file_name(format!("{}.{ending}", found.id));
        assert!(beside.exists(), "{}", beside.display());
    }
    let scenario = std::fs::read_to_string(file.with_file_name(format!("{}.toml", found.id))).expect("a scenario");
    let source = wabizspec::located::SourceText { file: "login/found.toml", text: &scenario };
    let read = wabizspec::scenario::Scenario::parse("login/found", source, &register());
    read.unwrap_or_else(|error| panic!("{error}\n{scenario}"));

    let replay = |behaviour| {
        let (register, target) = (register(), target(behaviour));
        block_on(async {
            let (_givens, ground) = ground(&target, &register).await;
            let input = std::fs::read(&file).expect("the input");
            let (_, signatures) = once(&ground, Surface::BasicAuth, &input).await.expect("tried");
            signatures.contains(&found.signature)
        })
    };
    assert!(replay(behaviour), "reproduced on the faulty one");
    assert!(!replay(Behaviour::default()), "fixed on the faultless one");
}

#[test]
fn the_same_seed_and_answers_make_the_same_run() {
    let answers = || {
        let one = Settings { jobs: 3, ..settings(&[Surface::BasicAuth, Surface::Bearer], 1200) };
        let (summary, _) = fuzz(Behaviour::default(), &one);
        summary.table.keys().map(|key| format!("{key:?}")).collect::<Vec<_>>()
    };
    assert_eq!(answers(), answers());
}

/// Every fault that the reference client can have of the robustness kind, by the requirement it breaks or a crash.
#[test]
fn every_fault_of_the_robustness_kind_is_found() {
    use wabizspec::reference::{Fault, Kind};
    let all: Vec<Surface> = Surface::ALL.into_iter().filter(|surface| *surface != Surface::Http).collect();
    let mut missed = Vec::new();
    for fault in Fault::all().filter(|fault| fault.kind == Kind::Robustness) {
        let (summary, _) = fuzz_until(fault.behaviour(), &settings(&all, 4000), Some(&|_| true));
        let found = found(&summary);
        eprintln!("{} ({}): {found:?} {:?}", fault.id, fault.requirement, summary.blocked);
        if found.is_empty() {
            missed.push(&fault.id);
        }
    }
    assert_eq!(missed, Vec::<&str>::new());
}

/// How many of all faults the fuzzer sees; a survey: `cargo test --test it a_survey_of_all_faults -- --ignored --nocapture`.
#[test]
#[ignore = "a survey of all faults, which takes minutes"]
fn a_survey_of_all_faults() {
    use wabizspec::reference::{Fault, Registration};
    let all: Vec<Surface> = Surface::ALL.into_iter().filter(|surface| *surface != Surface::Http).collect();
    let (mut seen, mut count) = (0, 0);
    for fault in Fault::all().filter(|fault| fault.registration == Registration::Open) {
        let (summary, _) = fuzz_until(fault.behaviour(), &settings(&all, 3000), Some(&|_| true));
        count += 1;
        let any =
            summary.found.iter().map(|found| format!("{} {}", found.signature.check, found.signature.requirement));
        let any: std::collections::BTreeSet<String> = any.collect();
        seen += usize::from(!any.is_empty());
        eprintln!("{} {} {any:?}", if any.is_empty() { "-" } else { "+" }, fault.id);
    }
    eprintln!("{seen} of {count}");
}

/// A process that answers 500 and then ends: the input is named, and the run ends with it.
#[test]
fn an_input_that_ends_the_target_is_named() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static GONE: AtomicBool = AtomicBool::new(false);
    let fault = |behaviour: &mut Behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            answer.delivery.dropped = GONE.load(Ordering::Relaxed);
            let value = handled.call.authorization.first().copied().unwrap_or_default();
            if matches!(basic::parse(value), Err(BasicError::NoColon)) {
                GONE.store(true, Ordering::Relaxed);
                answer.status = 500;
                answer.body = AnswerBody::Empty;
            }
        });
    };
    let mut behaviour = Behaviour::default();
    fault(&mut behaviour);
    let (summary, _) = fuzz(behaviour, &settings(&[Surface::BasicAuth], 2000));
    let down = |found: &&finding::Found| found.is_down();
    assert!(summary.found.iter().any(|found| down(&found)), "{:?}", found(&summary));
    assert_eq!(summary.blocked.as_deref(), Some("the target no longer answers"));
}

/// A change by the second account would make its good logins look refused from then on.
#[test]
fn a_change_by_the_second_account_is_not_sent() {
    let (register, target) = (register(), target(Behaviour::default()));
    block_on(async {
        let (mut givens, ground) = ground(&target, &register).await;
        let change = b"aaaaad${colon_user}:${colon_password}";
        let (probed, signatures) = once(&ground, Surface::BasicAuth, change).await.expect("tried");
        assert!(probed.skipped.is_some() && signatures.is_empty(), "{probed:?}");
        let own = b"aaaaad${user}:${user_password}";
        let (probed, signatures) = once(&ground, Surface::BasicAuth, own).await.expect("tried");
        assert!(probed.skipped.is_none() && signatures.is_empty(), "{probed:?}");
        assert_eq!(givens.clean_up().await, Vec::<String>::new());
    });
}

/// The details of a refusal begin with `"password: no digit`: a password that is a part of it is not echoed by that.
#[test]
fn the_syntax_of_an_answer_echoes_no_password() {
    let (register, target) = (register(), target(Behaviour::default()));
    block_on(async {
        let (mut givens, ground) = ground(&target, &register).await;
        for input in [&b"ba\"passwor"[..], b"aa\"passwor", b"ca\":[{\"code", b"bapassword:", b"baassword: no"] {
            let (probed, signatures) = once(&ground, Surface::Password, input).await.expect("tried");
            assert!(probed.skipped.is_none(), "{probed:?}");
            assert_eq!(signatures, [], "{}", input.escape_ascii());
        }
        assert_eq!(givens.clean_up().await, Vec::<String>::new());
    });
}
