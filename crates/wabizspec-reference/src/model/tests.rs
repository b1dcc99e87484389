//! The model against the documents, and a small client for it.

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::documented::api::Caller;
use crate::documented::basic::{Credentials, render};
use crate::documented::certificate::SampleCertificate;
use crate::vectors::vectors;

/// A password that follows the rule.
const GOOD: &str = "Sesame:1!";

/// A client of a model.
struct Bench {
    model: Model,
    /// Gets the same requests in brief.
    twin: Model,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let mut last = [0; 32];
        Bench::with_entropy(move || {
            last[0] += 1;
            Some(last)
        })
    }

    fn with_entropy(entropy: impl FnMut() -> Option<[u8; 32]> + Clone + Send + 'static) -> Self {
        let [model, twin] = [entropy.clone(), entropy]
            .map(|entropy| Model::with_entropy(Registration::Open, Behaviour::default(), Box::new(entropy)));
        Bench { model, twin, now: Timestamp::from_second(1_519_313_366).unwrap() }
    }

    /// With an admin that has changed its password to [`GOOD`], and its token.
    fn started() -> (Self, String) {
        let mut bench = Bench::new();
        let token = token(&bench.login("admin", "secret", &new_password(GOOD)));
        (bench, token)
    }

    fn send(&mut self, method: &str, path: &str, authorization: &[&str], body: &str) -> Answer {
        let authorization: Vec<&[u8]> = authorization.iter().map(|value| value.as_bytes()).collect();
        let call = Call { method, path, authorization: &authorization, content_type: None, body: body.as_bytes() };
        self.twin.return_to(&self.model.moment());
        let answer = self.model.handle(&call, self.now);
        assert_eq!(self.twin.handle_in_brief(&call, self.now), Brief::of(&answer));
        assert!(self.twin.is_at(&self.model.moment()));
        answer
    }

    fn login(&mut self, username: &str, password: &str, body: &str) -> Answer {
        let header = render(&Credentials::new(username, password));
        self.send("POST", "/v1/users/login", &[&header], body)
    }

    fn with_token(&mut self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &[&format!("Bearer {token}")], body)
    }

    /// Whether the token of the admin works.
    fn works(&mut self, token: &str) -> bool {
        self.with_token(token, "GET", "/v1/users/admin", "").status == 200
    }

    /// A new user with the password [`GOOD`], and its token.
    fn user(&mut self, admin: &str, username: &str) -> String {
        assert_eq!(self.with_token(admin, "POST", "/v1/users", &user(username)).status, 201);
        token(&self.login(username, GOOD, ""))
    }

    fn register(&mut self, token: &str, body: &str) -> Answer {
        self.with_token(token, "POST", "/v1/account", body)
    }

    fn verify(&mut self, token: &str, code: &str) -> Answer {
        self.with_token(token, "POST", "/v1/account/verify", &json!({"code": code}).to_string())
    }
}

fn new_password(password: &str) -> String {
    json!({"new_password": password}).to_string()
}

fn user(username: &str) -> String {
    json!({"username": username, "password": GOOD}).to_string()
}

fn account(phone_number: &str, name: &str) -> String {
    let cert = SampleCertificate::new(name).to_base64();
    json!({"cc": "49", "phone_number": phone_number, "method": "sms", "cert": cert}).to_string()
}

fn text<'a>(answer: &'a Answer, pointer: &str) -> Option<&'a str> {
    answer.json()?.pointer(pointer)?.as_str()
}

/// The names of the members of the body.
fn members(answer: &Answer) -> Vec<&str> {
    answer.json().and_then(Value::as_object).unwrap().keys().map(String::as_str).collect()
}

fn token(answer: &Answer) -> String {
    let token = text(answer, "/users/0/token");
    token.unwrap_or_else(|| panic!("no token in {answer:?}")).to_owned()
}

/// The status and the codes of an answer without a payload: `400 1009 1009`.
fn refusal(answer: &Answer) -> String {
    let body = answer.json().unwrap_or(&Value::Null);
    assert!(body.get("users").is_none() && body.get("account").is_none(), "{body}");
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let codes: String = errors.iter().map(|error| format!(" {}", error["code"])).collect();
    format!("{}{codes}", answer.status)
}

#[test]
fn wrong_credentials_change_nothing_and_look_alike() {
    let mut bench = Bench::new();
    let before = bench.model.dump();
    let expected = bench.login("nobody", "secret", "");
    assert_eq!(refusal(&expected), "401 1005");
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
        let expected = if headers.len() > 1 { "400 1025" } else { "401 1005" };
        assert_eq!(refusal(&answer), expected, "{headers:?}");
    }
    assert!(bench.model.dump()["tokens"].as_object().unwrap().is_empty());
}

#[test]
fn without_randomness_nothing_is_given_and_nothing_changes() {
    let mut bench = Bench::with_entropy(|| None);
    let before = bench.model.dump();
    assert_eq!(refusal(&bench.login("admin", "secret", &new_password(GOOD))), "500 1011");
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn refused_requests_change_nothing() {
    let (mut bench, admin) = Bench::started();
    bench.user(&admin, "bert");
    let before = bench.model.dump();
    let cert = SampleCertificate::new("Acme").to_base64();
    for (call, body, expected) in vectors::<(String, String, String)>("refusals") {
        let (method, path) = call.split_once(' ').unwrap();
        let answer = bench.with_token(&admin, method, path, &body.replace("${cert}", &cert));
        assert_eq!(refusal(&answer), expected, "{call} {body}");
        if method == "PUT" {
            let answer = bench.with_token(&admin, method, "/v1/users/nobody", &body);
            assert_eq!(refusal(&answer), "404 1006", "{body}");
        }
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn a_user_may_do_nothing_to_others() {
    let (mut bench, admin) = Bench::started();
    let anna = bench.user(&admin, "anna");
    bench.user(&admin, "bert");
    let before = bench.model.dump();
    for operation in Operation::ALL {
        let names = match operation.caller() {
            Caller::Admin => &["anna", "bert", "admin", "nobody"][..],
            Caller::SelfOrAdmin => &["bert", "admin", "nobody"],
            Caller::AnyUser | Caller::Credentials => &[],
        };
        for name in names {
            let path = operation.path().replace("{username}", name);
            for body in ["{", &user("carl")] {
                let answer = bench.with_token(&anna, operation.method(), &path, body);
                assert_eq!(refusal(&answer), "403 1005", "{operation} {name}");
            }
        }
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn a_token_works_for_seven_days() {
    let (mut bench, token) = Bench::started();
    bench.now += SignedDuration::from_secs(604_799);
    assert!(bench.works(&token));
    bench.now += SignedDuration::from_secs(1);
    assert_eq!(refusal(&bench.with_token(&token, "GET", "/v1/users/admin", "")), "401 1005");
    assert_eq!(bench.login("admin", GOOD, "").status, 200);
}

#[test]
fn every_operation_but_login_needs_a_token() {
    let (mut bench, token) = Bench::started();
    let flipped = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'B' } else { 'A' });
    let basic = render(&Credentials::new("admin", GOOD));
    let headers = [
        "",
        "Bearer",
        "Bearer ",
        &basic,
        &token,
        &format!("Bearer{token}"),
        &format!("Bearer {flipped}"),
        &format!("Bearer {}", &token[1..]),
        &format!("Bearer {token}x"),
        &format!("Token {token}"),
    ];
    let before = bench.model.dump();
    for operation in Operation::ALL.into_iter().filter(|operation| operation.caller() != Caller::Credentials) {
        for name in ["admin", "nobody"] {
            let path = operation.path().replace("{username}", name);
            for sent in headers.chunks(1).chain([&[][..]]) {
                let answer = bench.send(operation.method(), &path, sent, "{");
                assert_eq!(refusal(&answer), "401 1005", "{operation} {name} {sent:?}");
                assert!(answer.header("www-authenticate").is_some());
            }
        }
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn a_number_is_registered_with_the_code_sent() {
    let (mut bench, admin) = Bench::started();
    assert_eq!(bench.model.code(), None);
    let body = account("15112345678", "Café Übër 東京");
    let answer = bench.register(&admin, &body);
    assert_eq!((answer.status, text(&answer, "/account/0/vname")), (202, Some("Café Übër 東京")));
    let code = bench.model.code().unwrap().to_owned();
    assert_eq!(code.len(), 6);

    let wrong = if code == "111111" { "222222" } else { "111111" };
    for wrong in [wrong, "", &code[..5], &format!("{code}0"), &format!(" {code}")] {
        assert_eq!(refusal(&bench.verify(&admin, wrong)), "403 1005", "{wrong}");
    }
    let answer = bench.verify(&admin, &code);
    assert_eq!((answer.status, members(&answer)), (201, vec!["meta"]));

    let answer = bench.register(&admin, &body);
    assert_eq!((answer.status, text(&answer, "/account/0/vname")), (201, None));
    assert_eq!(refusal(&bench.verify(&admin, &code)), "403 1005", "a code works once");
}

#[test]
fn another_number_needs_another_code_and_replaces_the_first() {
    let (mut bench, admin) = Bench::started();
    for number in ["15112345678", "15112345679"] {
        assert_eq!(bench.register(&admin, &account(number, "Acme")).status, 202);
        let code = bench.model.code().unwrap().to_owned();
        assert_eq!(bench.verify(&admin, &code).status, 201);
        assert_eq!(bench.register(&admin, &account(number, "Acme")).status, 201);
    }
    let body = account("15112345678", "Acme");
    assert_eq!(bench.register(&admin, &body).status, 202);
    let first = bench.model.code().unwrap().to_owned();
    bench.register(&admin, &body);
    assert_ne!(bench.model.code(), Some(first.as_str()));
    assert_eq!(refusal(&bench.verify(&admin, &first)), "403 1005", "only the last code counts");
}

#[test]
fn with_two_step_verification_on_a_request_needs_the_pin() {
    const PATH: &str = "/v1/settings/account/two-step";
    let (mut bench, admin) = Bench::started();
    let body = account("15112345678", "Acme");
    let with = |pin: &str| body.replace('}', &format!(",\"pin\":\"{pin}\"}}"));
    assert_eq!(bench.register(&admin, &with("012345")).status, 202, "none is needed yet");
    for (pin, other) in [("012345", "123456"), ("123456", "012345")] {
        let answer = bench.with_token(&admin, "POST", PATH, &json!({"pin": pin}).to_string());
        assert_eq!((answer.status, members(&answer)), (200, vec!["meta"]));
        for wrong in [&body, &with("999999"), &with(other)] {
            assert_eq!(refusal(&bench.register(&admin, wrong)), "403 1005", "{wrong}");
        }
        assert_eq!(bench.register(&admin, &with(pin)).status, 202);
    }
    for _ in 0..2 {
        let answer = bench.with_token(&admin, "DELETE", PATH, "");
        assert_eq!((answer.status, members(&answer)), (200, vec!["meta"]));
        assert_eq!(bench.register(&admin, &body).status, 202);
    }
}

#[test]
fn a_reset_forgets_everything() {
    let (mut bench, admin) = Bench::started();
    let fresh = Bench::new().model.dump();
    bench.user(&admin, "anna");
    bench.register(&admin, &account("15112345678", "Acme"));
    assert_ne!(bench.model.dump(), fresh);
    bench.model.reset();
    assert_eq!(bench.model.dump(), fresh);
    assert_eq!(bench.model.code(), None);
    assert!(!bench.works(&admin));
    assert_eq!(refusal(&bench.login("admin", "secret", "")), "401 1024");
}
