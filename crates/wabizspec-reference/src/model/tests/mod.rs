//! The model against the documents, one file per endpoint, and a small client for it.

mod login;
mod registration;
mod tokens;
mod users;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::documented::api::Caller;
use crate::documented::basic::{Credentials, render};

/// A password that follows the rule.
const GOOD: &str = "Sesame:1!";

/// A client of its own model.
struct Bench {
    model: Model,
    /// Gets the same requests in brief.
    twin: Model,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        Bench::of(Registration::Open, |_| {})
    }

    fn of(registration: Registration, edit: fn(&mut Behaviour)) -> Self {
        let mut behaviour = Behaviour::default();
        edit(&mut behaviour);
        let mut last = [0_u8; 32];
        let entropy = move || {
            last[0] = last[0].wrapping_add(1);
            Some(last)
        };
        Bench {
            twin: Model::with_entropy(registration, behaviour.clone(), Box::new(entropy)),
            model: Model::with_entropy(registration, behaviour, Box::new(entropy)),
            now: Timestamp::from_second(1_519_313_366).unwrap(),
        }
    }

    /// With an admin that has changed its password to [`GOOD`], and its token.
    fn started(edit: fn(&mut Behaviour)) -> (Self, String) {
        let mut bench = Bench::of(Registration::Open, edit);
        let token = bench.first_login();
        (bench, token)
    }

    fn first_login(&mut self) -> String {
        token(&self.login("admin", "secret", &new_password(GOOD)))
    }

    fn send(&mut self, method: &str, path: &str, authorization: &[&str], body: &str) -> Answer {
        let authorization: Vec<&[u8]> = authorization.iter().map(|value| value.as_bytes()).collect();
        let call = Call { method, path, authorization: &authorization, content_type: None, body: body.as_bytes() };
        self.twin.behaviour = self.model.behaviour.clone();
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

    /// Whether these credentials log in.
    fn logs_in(&mut self, username: &str, password: &str) -> bool {
        self.login(username, password, "").status == 200
    }

    fn with_token(&mut self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &[&format!("Bearer {token}")], body)
    }

    /// Whether the token of this user works.
    fn works(&mut self, token: &str, username: &str) -> bool {
        self.with_token(token, "GET", &format!("/v1/users/{username}"), "").status == 200
    }

    /// A new user with this password, and its token.
    fn user(&mut self, admin: &str, username: &str, password: &str) -> String {
        let body = user(username, password);
        assert_eq!(self.with_token(admin, "POST", "/v1/users", &body).status, 201);
        token(&self.login(username, password, ""))
    }
}

fn new_password(password: &str) -> String {
    json!({"new_password": password}).to_string()
}

fn user(username: &str, password: &str) -> String {
    json!({"username": username, "password": password}).to_string()
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

/// The status and the codes of an answer without a payload.
fn refusal(answer: &Answer) -> (u16, Vec<i64>) {
    let body = answer.json().unwrap_or(&Value::Null);
    assert!(body.get("users").is_none() && body.get("account").is_none(), "{body}");
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let codes = errors.iter().map(|error| error["code"].as_i64().unwrap_or(-1));
    (answer.status, codes.collect())
}

/// A refusal for one reason.
fn one(status: u16, code: i64) -> (u16, Vec<i64>) {
    (status, vec![code])
}
