//! The wire fuzzer against the reference client: silent on the faultless one, and it finds what is planted.
//!
//! Each fault is an edit of the reference client's behaviour that a real server has had. The number of requests is
//! bounded; time is not measured.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::fuzzing::{all_but_http, faulty, found, fuzz, in_session, rewritten, settings};
use crate::harness::{Place, none, parallel, respond};
use serde_json::{Value, json};
use tokio::sync::watch;
use wabizspec::documented::basic::{self, BasicError};
use wabizspec::fuzz::Surface::{self, BasicAuth, Bearer, LoginBody, Password, Session};
use wabizspec::fuzz::drive::{News, Settings, drive, once};
use wabizspec::fuzz::{aimed, finding, saved};
use wabizspec::reference::{Answer, Behaviour, Fault, Handled, Kind};

#[test]
fn nothing_is_found_on_the_faultless_client() {
    let (summary, left) = fuzz(Behaviour::default(), &settings(&all_but_http(), 5000), None);
    assert_eq!(found(&summary), Vec::<String>::new());
    assert_eq!(summary.warnings().count(), 0, "{:?}", summary.found);
    assert_eq!(left, Vec::<String>::new(), "what the run made, it removed");
    assert!(summary.complete && summary.blocked.is_none() && summary.requests >= 5000);
    let accepted = summary.answers.iter().filter(|(kind, _)| kind.is_success()).map(|(_, count)| count).sum::<u64>();
    assert!(accepted * 10 > summary.inputs, "the run is not spent on refusals: {:?}", summary.answers);
}

/// A threshold that comes late is not reached by a short run.
#[test]
fn every_threshold_is_sent_within_the_first_thousand_requests() {
    let alone = Surface::ALL.into_iter().filter(|surface| *surface != Session).map(|surface| (vec![surface], 1000));
    let late = parallel(2, alone.chain([(all_but_http(), 1500)]), |(surfaces, requests)| {
        let last = aimed::all(&surfaces).iter().rposition(|aimed| aimed.is_threshold).expect("thresholds");
        let (summary, _) = fuzz(Behaviour::default(), &settings(&surfaces, requests), None);
        (summary.inputs <= last as u64).then(|| format!("{surfaces:?}: {} of {last}", summary.inputs))
    });
    none(late.into_iter().flatten());
}

/// A server may close on a head that it will not read, but not on one that every server should read.
#[test]
fn a_server_may_close_on_a_head_beyond_what_all_read() {
    let run = |behaviour| found(&fuzz(behaviour, &settings(&[BasicAuth], 600), None).0);
    let beyond = rewritten(|handled, answer| answer.delivery.dropped = head(handled) > 8000);
    assert_eq!(run(beyond), Vec::<String>::new());
    let below = rewritten(|handled, answer| answer.delivery.dropped = (5000..8000).contains(&head(handled)));
    assert!(run(below).contains(&CLOSED.to_owned()));
}

fn head(handled: &Handled<'_>) -> usize {
    handled.call.authorization.first().map_or(0, |value| value.len())
}

fn planted(fault: &str) -> Behaviour {
    Fault::find(fault).expect(fault).behaviour()
}

/// Whether the credentials of a request have no colon.
fn has_no_colon(handled: &Handled<'_>) -> bool {
    let value = handled.call.authorization.first().copied().unwrap_or_default();
    basic::parse(value).err() == Some(BasicError::NoColon)
}

/// The crash hides behind a documented code.
fn hidden_crash(handled: &Handled<'_>, answer: &mut Answer) {
    if has_no_colon(handled) {
        respond(answer, 500, Some(json!({"errors": [{"code": 1000, "title": "Generic error"}]})));
    }
}

/// Of doubled members the first is checked and the last is stored, so that a weak password gets through.
fn doubled_members(behaviour: &mut Behaviour) {
    behaviour.functions.body = |call| {
        let last = serde_json::from_slice::<Value>(call.body).map(|body| body.to_string().into_bytes());
        Ok(last.map_or(Cow::Borrowed(call.body), Cow::Owned))
    };
    let rule = &mut behaviour.passwords.on_login;
    (rule.length, rule.digit, rule.upper, rule.special) = (1..=64, false, false, "".into());
}

const CRASH: &str = "crash envelope.no-crash";
const CUT: &str = "accepted-change login.credentials.whole";
const CLOSED: &str = "answered envelope.answered";

/// Planted faults in addition to those of `fuzz_kept`, each with its surface, the most requests that finding it takes, and the
/// finding.
const FAULTS: [(&str, Surface, u64, &str); 8] = [
    ("login.robustness.no-base64", BasicAuth, 1000, CRASH),
    ("login.robustness.no-utf8", BasicAuth, 1000, CRASH),
    ("login.robustness.array-for-a-body", LoginBody, 1000, CRASH),
    ("login.robustness.null-for-a-body", LoginBody, 1000, CRASH),
    ("login.robustness.deep-nesting-closes", LoginBody, 2000, CLOSED),
    ("login.credentials.last-colon", BasicAuth, 1000, "refused login.credentials.first-colon"),
    ("login.password.set-before-judged", LoginBody, 2000, "refused-change login.password.refusal-keeps-old"),
    ("tokens.deleted-user.live-on", Session, 1500, "state tokens.deleted-user.dead"),
];

#[test]
fn a_planted_fault_is_found_as_what_it_is() {
    let mut cut_at_nul = Behaviour::default();
    cut_at_nul.passwords.on_update.controls = true;
    cut_at_nul.functions.kept = |password| Cow::Borrowed(password.split('\0').next().unwrap_or_default());
    let mut cut_at_colon = planted("login.credentials.second-colon-ends");
    cut_at_colon.functions.kept = |password| Cow::Borrowed(password.split(':').next().unwrap_or_default());
    let more = [
        ("a password cut at the NUL", cut_at_nul, Password, 4000, CUT),
        ("a password cut at a colon", cut_at_colon, BasicAuth, 1000, "token login.credentials.first-colon"),
        ("a hidden crash", rewritten(hidden_crash), BasicAuth, 1000, CRASH),
        ("doubled members", faulty(doubled_members), LoginBody, 1500, "accepted-change login.password.on-change"),
    ];
    let rows = FAULTS.map(|(fault, surface, requests, finding)| (fault, planted(fault), surface, requests, finding));
    let missed = parallel(2, rows.into_iter().chain(more), |(name, behaviour, surface, requests, expected)| {
        let wanted = |found: &str| found == expected;
        let (summary, _) = fuzz(behaviour, &settings(&[surface], requests), Some(&wanted));
        let found = found(&summary);
        let is_found = found.iter().any(|found| found == expected);
        (!is_found).then(|| format!("{name}: wanted {expected}, found {found:?}, {:?}", summary.blocked))
    });
    none(missed.into_iter().flatten());
}

/// That a batch waits for answers is reported at once, a finding when it was seen again.
#[test]
fn waiting_is_reported_while_a_batch_lasts_and_a_finding_after_it() {
    let behaviour = rewritten(|handled, answer| {
        if handled.call.body == b"{\"foo\":[]}" {
            answer.delivery.delay = Duration::from_secs(5);
        }
        if handled.call.body.is_empty() {
            answer.status = 500;
        }
    });
    in_session(behaviour, async |givens, ground| {
        let (_stop, stopped) = watch::channel(false);
        let mut news = String::new();
        let mut look = |told: News<'_>| {
            news.push(match told {
                News::Found(_) => 'f',
                News::Waiting(_) => 'w',
                News::Progress(_) => 'p',
            })
        };
        let settings = settings(&[LoginBody], 400);
        drive(Arc::new(ground), &settings, stopped, &mut look).await;
        let before = news.split('p').next().expect("a batch");
        assert!(before.contains('w') && news.contains('f'), "{news}");
        givens.clean_up().await;
    });
}

#[test]
fn a_finding_is_saved_small_and_replays_until_it_is_fixed() {
    let place = Place::new();
    let settings = Settings { out: Some(place.path().to_owned()), ..settings(&[BasicAuth], 600) };
    let (summary, _) = fuzz(planted("login.robustness.no-colon"), &settings, None);
    let found = summary.findings().next().expect("a finding");
    assert!(found.confirmed && found.input.len() <= 8, "{:?}", found.input.escape_ascii().to_string());
    let file = found.file.clone().expect("a file");
    assert_eq!(saved::surface_of(&file), Some(BasicAuth));
    assert_eq!(saved::saved(&file).expect("its data").signature, found.signature);
    let beside = |ending: &str| file.with_file_name(format!("{}.{ending}", found.id));
    for ending in ["json", "txt", "sh", "raw", "toml"] {
        assert!(beside(ending).exists(), "{ending}");
    }

    let replay = |behaviour| {
        in_session(behaviour, async |_, ground| {
            let input = std::fs::read(&file).expect("the input");
            let (_, signatures) = once(&ground, BasicAuth, &input).await.expect("tried");
            signatures.contains(&found.signature)
        })
    };
    assert!(replay(planted("login.robustness.no-colon")), "reproduced on the faulty one");
    assert!(!replay(Behaviour::default()), "fixed on the faultless one");
}

#[test]
fn the_same_seed_and_answers_make_the_same_run() {
    let answers = || {
        let one = Settings { jobs: 3, ..settings(&[BasicAuth, Bearer], 1200) };
        let (summary, _) = fuzz(Behaviour::default(), &one, None);
        summary.table.keys().map(|key| format!("{key:?}")).collect::<Vec<_>>()
    };
    assert_eq!(answers(), answers());
}

/// Every robustness fault that the reference client can have, by the requirement it breaks or a crash.
#[test]
fn every_fault_of_the_robustness_kind_is_found() {
    let mut missed = Vec::new();
    for fault in Fault::all().filter(|fault| fault.kind == Kind::Robustness) {
        let (summary, _) = fuzz(fault.behaviour(), &settings(&all_but_http(), 4000), Some(&|_| true));
        let found = found(&summary);
        eprintln!("{} ({}): {found:?} {:?}", fault.id, fault.requirement, summary.blocked);
        missed.extend(found.is_empty().then_some(&fault.id));
    }
    assert_eq!(missed, Vec::<&str>::new());
}

/// A process that answers 500 and then ends: the input is named, and the run ends with it.
#[test]
fn an_input_that_ends_the_target_is_named() {
    static GONE: AtomicBool = AtomicBool::new(false);
    let behaviour = rewritten(|handled, answer| {
        answer.delivery.dropped = GONE.load(Ordering::Relaxed);
        if has_no_colon(handled) {
            GONE.store(true, Ordering::Relaxed);
            respond(answer, 500, None);
        }
    });
    let (summary, _) = fuzz(behaviour, &settings(&[BasicAuth], 2000), None);
    assert!(summary.found.iter().any(finding::Found::is_down), "{:?}", found(&summary));
    assert_eq!(summary.blocked.as_deref(), Some("the target no longer answers"));
}

/// A change by the second account would make its good logins look refused from then on.
#[test]
fn a_change_by_the_second_account_is_not_sent() {
    in_session(Behaviour::default(), async |givens, ground| {
        for (input, is_skipped) in
            [(&b"aaaaad${colon_user}:${colon_password}"[..], true), (b"aaaaad${user}:${user_password}", false)]
        {
            let (probed, signatures) = once(&ground, BasicAuth, input).await.expect("tried");
            assert!(probed.skipped.is_some() == is_skipped && signatures.is_empty(), "{probed:?}");
        }
        assert_eq!(givens.clean_up().await, Vec::<String>::new());
    });
}

/// The details of a refusal begin with `"password: no digit`: a password that is a part of it is not echoed by that.
#[test]
fn the_syntax_of_an_answer_echoes_no_password() {
    in_session(Behaviour::default(), async |givens, ground| {
        for input in [&b"ba\"passwor"[..], b"aa\"passwor", b"ca\":[{\"code", b"bapassword:", b"baassword: no"] {
            let (probed, signatures) = once(&ground, Password, input).await.expect("tried");
            assert!(probed.skipped.is_none(), "{probed:?}");
            assert_eq!(signatures, [], "{}", input.escape_ascii());
        }
        assert_eq!(givens.clean_up().await, Vec::<String>::new());
    });
}
