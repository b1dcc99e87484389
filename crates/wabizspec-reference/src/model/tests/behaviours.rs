//! The settings of a behaviour: each does what it says, so that a fault planted with it is one.

use super::*;
use crate::behaviour::{AdminDeletion, Deletes, Duplicate, Mint, RefusedChange, Revokes, SunsetCheck, When, Who};
use crate::documented::password::Counted;
use crate::outcome::{Refusal, Success};

#[test]
fn passwords_can_be_kept_and_compared_in_other_ways() {
    let (mut bench, _) =
        Bench::started(|behaviour| behaviour.functions.password_matches = |kept, sent| kept.trim() == sent.trim());
    assert!(bench.logs_in("admin", &format!(" {GOOD} ")));
    let (mut bench, _) = Bench::started(|behaviour| behaviour.functions.kept = |password| password[..4].into());
    assert!(bench.logs_in("admin", &GOOD[..4]) && !bench.logs_in("admin", GOOD));
    let mut bench = Bench::with(|behaviour| behaviour.passwords.on_login.counted = Counted::Bytes);
    assert_eq!(bench.login("admin", "secret", &new_password("Aa1!東京")).status, 200);
}

#[test]
fn a_login_can_be_lax() {
    let mut bench = Bench::with(|behaviour| behaviour.login.default_accepted = Some(When::default()));
    assert!(bench.logs_in("admin", "secret"));
    let mut bench = Bench::with(|behaviour| behaviour.login.change_first = true);
    assert_eq!(bench.login("admin", "wrong", &new_password(GOOD)).status, 401);
    assert!(bench.logs_in("admin", GOOD));
    let mut bench = Bench::with(|behaviour| behaviour.login.refused_first_change = RefusedChange::SetsTheNew);
    assert_eq!(bench.login("admin", "secret", &new_password("weak")).status, 400);
    assert!(bench.logs_in("admin", "weak"));
    let (mut bench, _) = Bench::started(|behaviour| behaviour.login.old_password_stays = true);
    assert!(bench.logs_in("admin", GOOD) && bench.logs_in("admin", "secret"));
    let (mut bench, _) = Bench::started(|behaviour| behaviour.login.later_change = false);
    assert_eq!(bench.login("admin", GOOD, &new_password(OTHER)).status, 200);
    assert!(!bench.logs_in("admin", OTHER));
    let mut bench = Bench::with(|behaviour| behaviour.login.body_first = true);
    assert_eq!(refusal(&bench.login("admin", "wrong", "{")), one(400, 1025));
}

#[test]
fn tokens_can_be_handled_badly() {
    let (mut bench, first) = Bench::started(|behaviour| behaviour.tokens.mint = Mint::Shared);
    assert_eq!(token(&bench.login("admin", GOOD, "")), first);
    let (mut bench, first) = Bench::started(|behaviour| behaviour.tokens.mint = Mint::Counter);
    assert_eq!((first.as_str(), token(&bench.login("admin", GOOD, "")).as_str()), ("token-00000000", "token-00000001"));
    let (mut bench, first) = Bench::started(|behaviour| behaviour.tokens.lifetime = None);
    bench.pass(604_800 * 1000);
    assert!(bench.works(&first, "admin"));
    let (mut bench, first) = Bench::started(|behaviour| behaviour.tokens.on_login = Revokes::OfUser);
    let second = token(&bench.login("admin", GOOD, ""));
    assert!(!bench.works(&first, "admin") && bench.works(&second, "admin"));
    let (mut bench, first) = Bench::started(|behaviour| behaviour.tokens.on_logout = Revokes::Nothing);
    assert_eq!(bench.with_token(&first, "POST", "/v1/users/logout", "").status, 200);
    assert!(bench.works(&first, "admin"));
    let mut bench = Bench::with(|behaviour| behaviour.tokens.unknown_accepted = true);
    assert!(bench.works("anything", "admin"));
    let (mut bench, first) =
        Bench::started(|behaviour| behaviour.functions.token_matches = Some(|given, sent| given.starts_with(sent)));
    assert!(bench.works(&first[..20], "admin"));
    let (mut bench, admin) = Bench::started(|behaviour| behaviour.tokens.on_delete = Revokes::Nothing);
    let anna = bench.user(&admin, "anna", OTHER);
    bench.with_token(&admin, "DELETE", "/v1/users/anna", "");
    assert_eq!(bench.with_token(&anna, "POST", "/v1/users/logout", "").status, 200);
}

#[test]
fn the_end_of_a_token_can_be_misstated() {
    let mut bench = Bench::with(|behaviour| {
        behaviour.tokens.stated_lifetime = SignedDuration::from_hours(1);
        behaviour.functions.expires_after = |moment| moment.as_second().into();
    });
    let answer = bench.login("admin", "secret", &new_password(GOOD));
    let stated = answer.json().unwrap()["users"][0]["expires_after"].as_i64();
    assert_eq!(stated, Some(bench.now.as_second() + 3600));
}

#[test]
fn users_can_be_kept_badly() {
    for (duplicate, status, other_logs_in) in [
        (Duplicate::Refused, 500, false),
        (Duplicate::RefusedAndReplaces, 500, true),
        (Duplicate::Replaces, 201, true),
        (Duplicate::Ignored, 201, false),
    ] {
        let (mut bench, admin) = Bench::started(|_| {});
        bench.model.behaviour.users.duplicate = duplicate;
        bench.user(&admin, "anna", GOOD);
        let answer = bench.with_token(&admin, "POST", "/v1/users", &user("anna", OTHER));
        assert_eq!((answer.status, bench.logs_in("anna", OTHER)), (status, other_logs_in), "{duplicate:?}");
    }
    let (mut bench, admin) = Bench::started(|behaviour| {
        behaviour.users.admin_deletion = AdminDeletion::Done;
        behaviour.users.refused_creation_sticks = true;
        behaviour.functions.key = |name| name.to_lowercase().into();
    });
    assert_eq!(bench.with_token(&admin, "POST", "/v1/users", &user("bert", "weak")).status, 400);
    assert!(bench.logs_in("BERT", "weak"));
    assert_eq!(bench.with_token(&admin, "DELETE", "/v1/users/admin", "").status, 200);
    let (mut bench, admin) = Bench::started(|behaviour| {
        behaviour.users.deletes = Deletes::Nobody;
        behaviour.users.update_ignored = true;
    });
    let anna = bench.user(&admin, "anna", GOOD);
    let changed = bench.with_token(&anna, "PUT", "/v1/users/anna", &format!(r#"{{"password":"{OTHER}"}}"#));
    assert_eq!(changed.status, 200);
    assert_eq!(bench.with_token(&admin, "DELETE", "/v1/users/anna", "").status, 200);
    assert!(bench.logs_in("anna", GOOD));
}

#[test]
fn permissions_can_be_too_wide_or_asked_too_late() {
    let mut bench = Bench::with(|behaviour| behaviour.permissions.create = Who::Anyone);
    assert_eq!(bench.send("POST", "/v1/users", &[], &user("anna", GOOD)).status, 201);
    let (mut bench, admin) = Bench::started(|behaviour| {
        behaviour.permissions.read = Who::User;
        behaviour.permissions.body_first = true;
    });
    let anna = bench.user(&admin, "anna", GOOD);
    assert!(bench.works(&anna, "admin"));
    assert_eq!(refusal(&bench.send("POST", "/v1/users", &[], "{")), one(400, 1025));
    assert_eq!(refusal(&bench.send("POST", "/v1/account", &[], "{")), one(400, 1025));
    let mut bench = Bench::of(Registration::Sunset, |behaviour| behaviour.registration.sunset = SunsetCheck::First);
    assert_eq!(refusal(&bench.send("POST", "/v1/account", &[], "")), one(403, 1005));
}

#[test]
fn tables_and_rewrites_change_answers() {
    let mut bench = Bench::with(|behaviour| {
        behaviour.refusals[Refusal::WrongPassword].status = 403;
        behaviour.successes[Success::LoggedIn] = 201;
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
