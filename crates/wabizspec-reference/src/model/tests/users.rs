//! users.

use super::*;

fn password(password: &str) -> String {
    json!({"password": password}).to_string()
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
