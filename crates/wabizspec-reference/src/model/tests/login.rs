//! users/login.

use super::*;

#[test]
fn a_first_login_must_change_the_password_and_changes_nothing_else() {
    let mut bench = Bench::new();
    for body in ["", "{}", r#"{"foo":"bar"}"#] {
        let answer = bench.login("admin", "secret", body);
        assert_eq!(refusal(&answer), one(401, 1024), "{body}");
        assert!(answer.header("www-authenticate").is_some());
    }
    let body = format!(r#"{{"new_password":"{GOOD}","username":"root","role":"x","expires_after":"2099"}}"#);
    let answer = bench.login("admin", "secret", &body);
    assert_eq!((answer.status, members(&answer)), (200, vec!["users", "meta"]));
    let body = answer.json().unwrap();
    assert_eq!(body["users"].as_array().map(Vec::len), Some(1));
    assert_eq!(body["users"][0]["expires_after"], "2018-03-01 15:29:26+00:00");
    assert_eq!(body["meta"]["api_status"], "stable");
    for body in ["", "{}", r#"{"foo":"bar"}"#] {
        assert_eq!(bench.login("admin", GOOD, body).status, 200, "{body}");
    }
    assert_eq!(refusal(&bench.login("admin", "secret", "")), one(401, 1005));
    assert_eq!(bench.model.dump()["users"].as_object().map(|users| users.len()), Some(1));
}

#[test]
fn a_weak_new_password_changes_nothing() {
    let mut bench = Bench::new();
    let before = bench.model.dump();
    let long = format!("Aa1!{}", "x".repeat(61));
    for weak in ["", "secret", "Abcdef1", "abcdef1!", "ABCDEF1!", "Abcdefg!", "Abcdefg1", "Abcdef1!\n", &long] {
        let answer = bench.login("admin", "secret", &new_password(weak));
        assert_eq!(refusal(&answer), one(400, 1009), "{weak}");
    }
    assert_eq!(bench.model.dump(), before);
    assert_eq!(bench.login("admin", "secret", &new_password(&long[..64])).status, 200);
    assert!(bench.logs_in("admin", &long[..64]));
    assert!(!bench.logs_in("admin", &long[..63]));
}

#[test]
fn wrong_credentials_change_nothing_and_look_alike() {
    let mut bench = Bench::new();
    let before = bench.model.dump();
    let expected = bench.login("nobody", "secret", "");
    assert_eq!(refusal(&expected), one(401, 1005));
    let of_the_admin = ["wrong", "secre", "secrets", "Secret", " secret", ""].map(|password| ("admin", password));
    for (username, password) in of_the_admin.into_iter().chain([("Admin", "secret"), ("", "secret"), ("", "")]) {
        for body in ["", &new_password(GOOD), "{", "[]"] {
            let answer = bench.login(username, password, body);
            assert_eq!(answer, expected, "{username}:{password} {body}");
        }
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn without_readable_credentials_there_is_no_token() {
    let mut bench = Bench::new();
    let good = render(&Credentials::new("admin", "secret"));
    for headers in [&[][..], &[""], &["Basic"], &["Basic !!!"], &["Bearer abc"], &["YWRtaW46c2VjcmV0"], &[&good, &good]]
    {
        let answer = bench.send("POST", "/v1/users/login", headers, &new_password(GOOD));
        let expected = if headers.len() > 1 { one(400, 1025) } else { one(401, 1005) };
        assert_eq!(refusal(&answer), expected, "{headers:?}");
    }
    assert!(bench.model.dump()["tokens"].as_object().unwrap().is_empty());
}

#[test]
fn credentials_come_before_the_body() {
    let mut bench = Bench::new();
    for body in ["{", "[]", "null", " ", r#"{"new_password":1"#, "\u{feff}{}"] {
        assert_eq!(refusal(&bench.login("admin", "wrong", body)), one(401, 1005), "{body}");
        assert_eq!(refusal(&bench.login("admin", "secret", body)), one(400, 1025), "{body}");
    }
    for value in ["null", "true", "1", "[]", "{}", r#""\ud800""#] {
        let body = format!(r#"{{"new_password":{value}}}"#);
        assert_eq!(refusal(&bench.login("admin", "secret", &body)), one(400, 1009), "{value}");
    }
}

#[test]
fn a_later_new_password_counts_under_the_rule() {
    let (mut bench, first) = Bench::started(|_| {});
    assert_eq!(refusal(&bench.login("admin", GOOD, &new_password("weak"))), one(400, 1009));
    assert!(bench.logs_in("admin", GOOD));
    let again = bench.login("admin", GOOD, &new_password(GOOD));
    assert_eq!(again.status, 200, "the same again, as some clients send it");
    assert_eq!(bench.login("admin", GOOD, &new_password(OTHER)).status, 200);
    assert!(bench.logs_in("admin", OTHER) && !bench.logs_in("admin", GOOD));
    assert!(bench.works(&first, "admin"), "tokens live on");
}

#[test]
fn other_methods_are_answered_with_those_there_are() {
    let mut bench = Bench::new();
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "post"] {
        let answer = bench.send(method, "/v1/users/login", &[], "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
    assert_eq!(refusal(&bench.send("POST", "/v1/nothing", &[], "")), one(404, 1006));
}

#[test]
fn without_randomness_nothing_is_given_and_nothing_changes() {
    let mut bench = Bench::new();
    for model in [&mut bench.model, &mut bench.twin] {
        *model = Model::with_entropy(Registration::Open, Behaviour::default(), Box::new(|| None));
    }
    let before = bench.model.dump();
    assert_eq!(refusal(&bench.login("admin", "secret", &new_password(GOOD))), one(500, 1011));
    assert_eq!(bench.model.dump(), before);
}
