//! users/login.

use super::*;

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
fn without_randomness_nothing_is_given_and_nothing_changes() {
    let mut bench = Bench::new();
    for model in [&mut bench.model, &mut bench.twin] {
        *model = Model::with_entropy(Registration::Open, Behaviour::default(), Box::new(|| None));
    }
    let before = bench.model.dump();
    assert_eq!(refusal(&bench.login("admin", "secret", &new_password(GOOD))), one(500, 1011));
    assert_eq!(bench.model.dump(), before);
}
