//! users.

use super::*;

#[test]
fn the_admin_creates_users_that_log_in() {
    let (mut bench, admin) = Bench::started(|_| {});
    let answer = bench.with_token(&admin, "POST", "/v1/users", &user("anna", GOOD));
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json().unwrap()["users"], serde_json::json!([{"username": "anna"}]));
    assert!(bench.logs_in("anna", GOOD));
}

#[test]
fn bad_members_create_nobody() {
    let (mut bench, admin) = Bench::started(|_| {});
    let before = bench.model.dump();
    for (body, codes) in [
        (user("abc", GOOD), vec![1009]),
        (user(&"u".repeat(33), GOOD), vec![1009]),
        (user("anna", "weak"), vec![1009]),
        (user("abc", "weak"), vec![1009, 1009]),
        ("{}".into(), vec![1008, 1008]),
        (r#"{"username":"anna"}"#.into(), vec![1008]),
        (r#"{"username":1,"password":null}"#.into(), vec![1009, 1009]),
        (String::new(), vec![1025]),
        ("{".into(), vec![1025]),
        ("[]".into(), vec![1025]),
    ] {
        let answer = bench.with_token(&admin, "POST", "/v1/users", &body);
        assert_eq!(refusal(&answer), (400, codes), "{body}");
    }
    assert_eq!(bench.model.dump(), before);
    for name in ["abcd".to_owned(), "u".repeat(32), "käthe x".into()] {
        let answer = bench.with_token(&admin, "POST", "/v1/users", &user(&name, GOOD));
        assert_eq!(answer.status, 201, "{name}");
    }
}

#[test]
fn a_name_that_is_taken_stays_with_its_owner() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", GOOD);
    let before = bench.model.dump();
    for name in ["anna", "admin"] {
        let answer = bench.with_token(&admin, "POST", "/v1/users", &user(name, OTHER));
        assert_eq!(refusal(&answer), one(500, 1014));
    }
    assert_eq!(bench.model.dump(), before);
    assert!(bench.works(&anna, "anna"));
}

#[test]
fn users_are_read_with_their_role() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", GOOD);
    for (token, name, role) in [
        (&admin, "admin", "ROLE_ADMIN"),
        (&admin, "anna", "ROLE_USER"),
        (&anna, "anna", "ROLE_USER"),
        (&anna, "%61nna", "ROLE_USER"),
    ] {
        let answer = bench.with_token(token, "GET", &format!("/v1/users/{name}"), "");
        assert_eq!((answer.status, text(&answer, "/users/0/ROLES")), (200, Some(role)), "{name}");
    }
    assert_eq!(refusal(&bench.with_token(&admin, "GET", "/v1/users/nobody", "")), one(404, 1006));
}

#[test]
fn a_user_may_do_nothing_to_others() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", GOOD);
    bench.user(&admin, "bert", GOOD);
    let before = bench.model.dump();
    for (method, path) in [
        ("POST", "/v1/users"),
        ("DELETE", "/v1/users/anna"),
        ("DELETE", "/v1/users/bert"),
        ("DELETE", "/v1/users/admin"),
        ("DELETE", "/v1/users/nobody"),
        ("GET", "/v1/users/bert"),
        ("GET", "/v1/users/nobody"),
        ("PUT", "/v1/users/bert"),
        ("PUT", "/v1/users/admin"),
        ("POST", "/v1/account"),
        ("POST", "/v1/account/verify"),
    ] {
        for body in ["{", &user("carl", GOOD)] {
            let answer = bench.with_token(&anna, method, path, body);
            assert_eq!(refusal(&answer), one(403, 1005), "{method} {path}");
        }
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn a_changed_password_counts_and_tokens_live_on() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", GOOD);
    let body = format!(r#"{{"password":"{OTHER}"}}"#);
    let answer = bench.with_token(&anna, "PUT", "/v1/users/anna", &body);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json().unwrap()["users"], serde_json::json!([{"username": "anna"}]));
    assert!(bench.logs_in("anna", OTHER) && !bench.logs_in("anna", GOOD));
    assert!(bench.works(&anna, "anna"));
    assert_eq!(bench.with_token(&admin, "PUT", "/v1/users/anna", &body).status, 200);
}

#[test]
fn a_bad_change_changes_nothing() {
    let (mut bench, admin) = Bench::started(|_| {});
    bench.user(&admin, "anna", GOOD);
    let before = bench.model.dump();
    for (body, code) in [(r#"{"password":"weak"}"#, 1009), ("{}", 1008), (r#"{"password":1}"#, 1009), ("", 1025)] {
        let answer = bench.with_token(&admin, "PUT", "/v1/users/anna", body);
        assert_eq!(refusal(&answer), one(400, code), "{body}");
        let answer = bench.with_token(&admin, "PUT", "/v1/users/nobody", body);
        assert_eq!(refusal(&answer), one(404, 1006), "{body}");
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn users_are_deleted_but_not_the_admin() {
    let (mut bench, admin) = Bench::started(|_| {});
    bench.user(&admin, "anna", GOOD);
    let answer = bench.with_token(&admin, "DELETE", "/v1/users/admin", "");
    assert_eq!(answer.status, 400);
    assert!(bench.works(&admin, "admin"));
    let answer = bench.with_token(&admin, "DELETE", "/v1/users/anna", "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json().unwrap()["users"], serde_json::json!([{"username": "anna"}]));
    assert!(!bench.logs_in("anna", GOOD));
    assert_eq!(refusal(&bench.with_token(&admin, "DELETE", "/v1/users/anna", "")), one(404, 1006));
}

#[test]
fn a_plain_user_needs_no_first_change_and_gets_no_other_role() {
    let (mut bench, admin) = Bench::started(|_| {});
    let body = format!(r#"{{"username":"anna","password":"{GOOD}","role":"ROLE_ADMIN","ROLES":"ROLE_ADMIN"}}"#);
    assert_eq!(bench.with_token(&admin, "POST", "/v1/users", &body).status, 201);
    let anna = token(&bench.login("anna", GOOD, "{}"));
    assert_eq!(refusal(&bench.with_token(&anna, "POST", "/v1/users", &body)), one(403, 1005));
}
