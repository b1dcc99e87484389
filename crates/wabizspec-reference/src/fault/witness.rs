//! The exchanges that show a fault: the same requests to the faultless client and to the faulty one.
//!
//! Time and randomness are fixed, so whatever differs between the two was the fault's doing. No judging happens here.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Fault;
use crate::behaviour::{Behaviour, Beside, Elsewhere, Reading};
use crate::call::{Answer, Call};
use crate::documented::basic::{Credentials, render};
use crate::model::{Model, Registration};

/// A password that follows the rule.
pub(super) const GOOD: &str = "Sesame:1!";
/// Another one.
pub(super) const OTHER: &str = "Opened;2?";
/// What asks for a code, but for the end: members can be added.
pub(super) const ACCOUNT: &str = concat!(
    r#"{"cc":"1","phone_number":"2025550123","method":"sms","cert":"CmUKIQjA9ark09qYAhIGZW50OndhIghBY21lIEx0ZFCA1a"#,
    r#"+IBhpAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+PxIuAAAAAAAAAAAAAAAA"#,
    r#"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}"#
);

/// What asks for a code, with another value.
pub(super) fn with(member: &str, value: impl Into<Value>) -> String {
    let mut body: Value = serde_json::from_str(ACCOUNT).unwrap_or_default();
    body[member] = value.into();
    body.to_string()
}

/// What asks for a code, without one member.
pub(super) fn without(member: &str) -> String {
    let mut body: Value = serde_json::from_str(ACCOUNT).unwrap_or_default();
    body.as_object_mut().map(|members| members.remove(member));
    body.to_string()
}

/// Whether the witness of a fault shows it.
pub(super) fn shows(fault: &Fault) -> bool {
    seen(fault, Behaviour::default()) != seen(fault, fault.behaviour())
}

/// Whether some answer that the witness sees comes later than this.
pub(super) fn waits(fault: &Fault, longer: std::time::Duration) -> bool {
    let late = |seen: &Seen| matches!(seen, Seen::Answer(answer) if answer.delivery.delay > longer);
    seen(fault, fault.behaviour()).iter().any(late)
}

fn seen(fault: &Fault, behaviour: Behaviour) -> Vec<Seen> {
    let mut witness = Witness::of(fault.registration, behaviour);
    (fault.witness)(&mut witness);
    witness.seen
}

/// What a witness can see.
#[derive(PartialEq)]
enum Seen {
    Answer(Box<Answer>),
    Reading(Reading),
}

/// A client of a model of its own, and all that it saw.
pub(super) struct Witness {
    model: Model,
    now: Timestamp,
    seen: Vec<Seen>,
    /// Which of its requests are called JSON.
    pub typed: Typed,
}

/// Which requests are called JSON.
pub(super) enum Typed {
    WithBody,
    Always,
    Never,
    /// They are called text.
    Text,
}

impl Witness {
    fn of(registration: Registration, behaviour: Behaviour) -> Self {
        let mut last = [0_u8; 32];
        let entropy = move || {
            last[0] = last[0].wrapping_add(1);
            Some(last)
        };
        Witness {
            model: Model::with_entropy(registration, behaviour, Box::new(entropy)),
            now: Timestamp::UNIX_EPOCH,
            seen: Vec::new(),
            typed: Typed::WithBody,
        }
    }

    /// Sends one request.
    pub fn send(&mut self, method: &str, path: &str, authorization: &str, body: &str) -> Answer {
        let values = [authorization.as_bytes()];
        let call = Call {
            method,
            path,
            authorization: if authorization.is_empty() { &[] } else { &values },
            content_type: match self.typed {
                Typed::Never => None,
                Typed::Text => Some(b"text/plain"),
                Typed::WithBody if body.is_empty() => None,
                Typed::WithBody | Typed::Always => Some(b"application/json"),
            },
            body: body.as_bytes(),
        };
        let answer = self.model.handle(&call, self.now);
        self.seen.push(Seen::Answer(Box::new(answer.clone())));
        answer
    }

    /// Logs in with the value of an `Authorization` field; gives the token, or an empty text.
    pub fn login_as(&mut self, authorization: &str, body: &str) -> String {
        let answer = self.send("POST", "/v1/users/login", authorization, body);
        let token = answer.json().and_then(|json| json.pointer("/users/0/token")).and_then(|token| token.as_str());
        token.unwrap_or_default().to_owned()
    }

    /// Logs in with a body.
    pub fn login_with(&mut self, username: &str, password: &str, body: &str) -> String {
        self.login_as(&render(&Credentials::new(username, password)), body)
    }

    /// Logs in without a body.
    pub fn login(&mut self, username: &str, password: &str) -> String {
        self.login_with(username, password, "")
    }

    /// Logs in and brings a new password.
    pub fn change(&mut self, username: &str, password: &str, new: &str) -> String {
        let body = json!({ "new_password": new });
        self.login_with(username, password, &body.to_string())
    }

    /// The first login, with this new password.
    pub fn first(&mut self, new: &str) -> String {
        self.change("admin", "secret", new)
    }

    /// The first login with a good password; gives the admin's token.
    pub fn admin(&mut self) -> String {
        self.first(GOOD)
    }

    /// Sends a request with a token.
    pub fn bearer(&mut self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &format!("Bearer {token}"), body)
    }

    /// The same as a new admin.
    pub fn as_admin(&mut self, method: &str, path: &str, body: &str) {
        let admin = self.admin();
        self.bearer(&admin, method, path, body);
    }

    /// Creates a user as the admin.
    pub fn create(&mut self, admin: &str, username: &str, password: &str) {
        let body = json!({"username": username, "password": password});
        self.bearer(admin, "POST", "/v1/users", &body.to_string());
    }

    /// The admin's token, and that of a user `anna` whose password is [`OTHER`].
    pub fn anna(&mut self) -> [String; 2] {
        let admin = self.admin();
        self.create(&admin, "anna", OTHER);
        let anna = self.login("anna", OTHER);
        [admin, anna]
    }

    /// Creates a user of this name as the admin.
    pub fn create_named(&mut self, username: &str) {
        let admin = self.admin();
        self.create(&admin, username, OTHER);
    }

    /// Creates a user with this password as the admin.
    pub fn create_with(&mut self, password: &str) {
        let admin = self.admin();
        self.create(&admin, "anna", password);
    }

    /// Creates a user `anna`, and deletes it as the admin.
    pub fn delete_anna(&mut self) {
        let [admin, _] = self.anna();
        self.bearer(&admin, "DELETE", "/v1/users/anna", "");
    }

    /// Creates a user `anna`, and changes its password as the admin.
    pub fn update(&mut self, password: &str) {
        let [admin, _] = self.anna();
        let body = json!({ "password": password });
        self.bearer(&admin, "PUT", "/v1/users/anna", &body.to_string());
    }

    /// Asks for a code as the admin, with this body.
    pub fn request_code(&mut self, body: &str) {
        self.as_admin("POST", "/v1/account", body);
    }

    /// Asks for a code as the admin and sends back what `sent` makes of it; gives the admin's token.
    pub fn verify(&mut self, sent: fn(&str) -> String) -> String {
        let admin = self.admin();
        self.bearer(&admin, "POST", "/v1/account", ACCOUNT);
        let body = json!({"code": sent(self.model.code().unwrap_or_default())});
        self.bearer(&admin, "POST", "/v1/account/verify", &body.to_string());
        admin
    }

    /// Asks for a code by voice and sends it back.
    pub fn verify_again(&mut self, admin: &str) {
        self.bearer(admin, "POST", "/v1/account", &ACCOUNT.replace("sms", "voice"));
        let body = json!({"code": self.model.code()});
        self.bearer(admin, "POST", "/v1/account/verify", &body.to_string());
    }

    /// Reads the admin as itself, with this before its token.
    pub fn admin_reads_with(&mut self, scheme: &str) {
        let admin = self.admin();
        self.send("GET", "/v1/users/admin", &format!("{scheme}{admin}"), "");
    }

    /// Reads the admin as itself, its token in a header or query that is made of it.
    pub fn read_elsewhere(&mut self, place: fn(&str) -> (&'static str, String, String)) {
        let (name, value, query) = place(&self.admin());
        self.elsewhere("GET", "/v1/users/admin", (name, &value), &query, "");
    }

    /// Logs the admin out, and again, and reads with the token.
    pub fn logout_twice(&mut self) {
        let admin = self.admin();
        for _ in 0..2 {
            self.bearer(&admin, "POST", "/v1/users/logout", "");
        }
        self.bearer(&admin, "GET", "/v1/users/admin", "");
    }

    /// Uses a token of this age, in seconds.
    pub fn use_after(&mut self, seconds: i64) {
        let admin = self.admin();
        self.pass(seconds);
        self.bearer(&admin, "GET", "/v1/users/admin", "");
    }

    /// Lets seconds pass.
    pub fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// Sends a request whose `Authorization`, if there is any, stands elsewhere.
    pub fn elsewhere(&mut self, method: &str, path: &str, field: (&str, &str), query: &str, body: &str) {
        let elsewhere = self.model.behaviour().elsewhere;
        let found = found(elsewhere, field, query, body).unwrap_or_default();
        self.send(method, path, &found, body);
    }

    /// Sends a login of the default account, whose body may stand elsewhere.
    pub fn first_elsewhere(&mut self, field: (&str, &str), query: &str) {
        let elsewhere = self.model.behaviour().body_elsewhere;
        let found = found(elsewhere, field, query, "{}");
        self.login_with("admin", "secret", found.as_deref().unwrap_or("{}"));
    }

    /// Has a head read.
    pub fn head(&mut self, head: &str) {
        let reading = self.model.behaviour().reading;
        let reading = reading.map_or(Reading::Whole, |reading| reading(head.as_bytes()));
        self.seen.push(Seen::Reading(reading));
    }
}

/// What a behaviour finds in a place where it does not belong.
fn found(elsewhere: Option<Elsewhere>, field: (&str, &str), query: &str, body: &str) -> Option<String> {
    let found = elsewhere?(&Beside {
        field: &|name| (name == field.0).then_some(field.1.as_bytes()),
        query: Some(query),
        body: body.as_bytes(),
    })?;
    String::from_utf8(found).ok()
}
