//! One setting of a behaviour of each kind. That every other one does what it says is shown by the proof, which has a
//! planted fault for each.

use super::*;
use crate::behaviour::{Duplicate, Mint, RefusedChange, Who};
use crate::outcome::{Refusal, Success};

#[test]
fn functions_are_replaced() {
    let (mut bench, first) = Bench::started(|behaviour| {
        behaviour.functions.password_matches = |kept, sent| kept.trim() == sent.trim();
        behaviour.functions.kept = |password| password[..4].into();
        behaviour.functions.key = |name| name.to_lowercase().into();
        behaviour.functions.token_matches = Some(|given, sent| given.starts_with(sent));
        behaviour.functions.expires_after = |moment| moment.as_second().into();
    });
    assert!(bench.logs_in("ADMIN", &format!(" {} ", &GOOD[..4])) && !bench.logs_in("admin", GOOD));
    assert!(bench.works(&first[..20], "admin"));
    let stated = bench.login("admin", &GOOD[..4], "").json().unwrap()["users"][0]["expires_after"].as_i64();
    assert_eq!(stated, Some(bench.now.as_second() + 604_800));
}

#[test]
fn rules_are_edited() {
    let mut bench = Bench::of(Registration::Open, |behaviour| {
        behaviour.login.refused_first_change = RefusedChange::SetsTheNew;
        behaviour.permissions.create = Who::Anyone;
        behaviour.tokens.mint = Mint::Counter;
    });
    assert_eq!(bench.login("admin", "secret", &new_password("weak")).status, 400);
    assert_eq!(token(&bench.login("admin", "weak", "")), "token-00000000");
    assert_eq!(bench.send("POST", "/v1/users", &[], &user("anna", GOOD)).status, 201);
    for (duplicate, status, other_logs_in) in [
        (Duplicate::Ignored, 201, false),
        (Duplicate::Refused, 500, false),
        (Duplicate::RefusedAndReplaces, 500, true),
        (Duplicate::Replaces, 201, true),
    ] {
        bench.model.behaviour.users.duplicate = duplicate;
        let answer = bench.send("POST", "/v1/users", &[], &user("anna", OTHER));
        assert_eq!((answer.status, bench.logs_in("anna", OTHER)), (status, other_logs_in), "{duplicate:?}");
    }
}

#[test]
fn tables_and_rewrites_change_answers() {
    let mut bench = Bench::of(Registration::Open, |behaviour| {
        behaviour.refusals[Refusal::WrongPassword].status = 403;
        behaviour.successes.insert(Success::LoggedIn, 201);
        behaviour.rewrites.push(|handled, answer| {
            if handled.outcome.is_ok()
                && let Some(Value::Object(body)) = answer.json_mut()
            {
                body.insert("errors".into(), Value::Array(Vec::new()));
            }
        });
    });
    assert_eq!(refusal(&bench.login("admin", "wrong", "")), one(403, 1005));
    let answer = bench.login("admin", "secret", &new_password(GOOD));
    assert_eq!(answer.status, 201);
    assert!(answer.json().unwrap().get("errors").is_some());
}
