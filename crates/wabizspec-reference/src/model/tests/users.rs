//! users.

use super::*;

fn password(password: &str) -> String {
    json!({"password": password}).to_string()
}

#[test]
fn the_admin_creates_users_that_log_in_and_get_no_other_role() {
    let (mut bench, admin) = Bench::started(|_| {});
    for name in ["anna".to_owned(), "abcd".into(), "u".repeat(32), "käthe x".into()] {
        let body = json!({"username": name, "password": GOOD, "role": "ROLE_ADMIN", "ROLES": "ROLE_ADMIN"}).to_string();
        let answer = bench.with_token(&admin, "POST", "/v1/users", &body);
        assert_eq!((answer.status, &answer.json().unwrap()["users"]), (201, &json!([{"username": name}])));
        let user = token(&bench.login(&name, GOOD, "{}"));
        assert_eq!(refusal(&bench.with_token(&user, "POST", "/v1/users", &body)), one(403, 1005), "{name}");
    }
}

#[test]
fn refused_requests_change_nothing() {
    let (mut bench, admin) = Bench::started(|_| {});
    bench.user(&admin, "bert", GOOD);
    let before = bench.model.dump();
    for (call, body, expected) in [
        ("POST /v1/users", user("abc", GOOD), one(400, 1009)),
        ("POST /v1/users", user(&"u".repeat(33), GOOD), one(400, 1009)),
        ("POST /v1/users", user("anna", "weak"), one(400, 1009)),
        ("POST /v1/users", user("abc", "weak"), (400, vec![1009, 1009])),
        ("POST /v1/users", "{}".into(), (400, vec![1008, 1008])),
        ("POST /v1/users", r#"{"username":"anna"}"#.into(), one(400, 1008)),
        ("POST /v1/users", r#"{"username":1,"password":null}"#.into(), (400, vec![1009, 1009])),
        ("POST /v1/users", String::new(), one(400, 1025)),
        ("POST /v1/users", "{".into(), one(400, 1025)),
        ("POST /v1/users", "[]".into(), one(400, 1025)),
        ("POST /v1/users", user("bert", OTHER), one(500, 1014)),
        ("POST /v1/users", user("admin", OTHER), one(500, 1014)),
        ("GET /v1/users/nobody", String::new(), one(404, 1006)),
        ("PUT /v1/users/bert", password("weak"), one(400, 1009)),
        ("PUT /v1/users/bert", "{}".into(), one(400, 1008)),
        ("PUT /v1/users/bert", r#"{"password":1}"#.into(), one(400, 1009)),
        ("PUT /v1/users/bert", String::new(), one(400, 1025)),
        ("DELETE /v1/users/nobody", String::new(), one(404, 1006)),
        ("DELETE /v1/users/admin", String::new(), one(400, 1013)),
    ] {
        let (method, path) = call.split_once(' ').unwrap();
        assert_eq!(refusal(&bench.with_token(&admin, method, path, &body)), expected, "{call} {body}");
        if method == "PUT" {
            let answer = bench.with_token(&admin, method, "/v1/users/nobody", &body);
            assert_eq!(refusal(&answer), one(404, 1006), "{body}");
        }
    }
    assert_eq!(bench.model.dump(), before);
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
}

#[test]
fn a_user_may_do_nothing_to_others() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", GOOD);
    bench.user(&admin, "bert", GOOD);
    let before = bench.model.dump();
    for operation in Operation::ALL {
        let names = match operation.caller() {
            Caller::Admin => &["anna", "bert", "admin", "nobody"][..],
            Caller::SelfOrAdmin => &["bert", "admin", "nobody"],
            Caller::AnyUser | Caller::Credentials => &[],
        };
        for name in names {
            let path = operation.path().replace("{username}", name);
            for body in ["{", &user("carl", GOOD)] {
                let answer = bench.with_token(&anna, operation.method(), &path, body);
                assert_eq!(refusal(&answer), one(403, 1005), "{operation} {name}");
            }
        }
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn a_changed_password_counts_and_tokens_live_on() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", GOOD);
    let answer = bench.with_token(&anna, "PUT", "/v1/users/anna", &password(OTHER));
    assert_eq!((answer.status, &answer.json().unwrap()["users"]), (200, &json!([{"username": "anna"}])));
    assert!(bench.logs_in("anna", OTHER) && !bench.logs_in("anna", GOOD));
    assert!(bench.works(&anna, "anna"));
    assert_eq!(bench.with_token(&admin, "PUT", "/v1/users/anna", &password(OTHER)).status, 200);
}

#[test]
fn a_user_is_deleted_with_its_tokens_and_they_do_not_come_back() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", OTHER);
    let answer = bench.with_token(&admin, "DELETE", "/v1/users/anna", "");
    assert_eq!((answer.status, &answer.json().unwrap()["users"]), (200, &json!([{"username": "anna"}])));
    assert!(!bench.logs_in("anna", OTHER));
    assert_eq!(refusal(&bench.with_token(&anna, "GET", "/v1/users/anna", "")), one(401, 1005));
    assert_eq!(refusal(&bench.with_token(&admin, "DELETE", "/v1/users/anna", "")), one(404, 1006));
    let again = bench.user(&admin, "anna", OTHER);
    assert!(bench.works(&again, "anna") && !bench.works(&anna, "anna"));
    assert!(bench.works(&admin, "admin"), "the admin's own lives on");
}
