//! The reference model against invariants that are not written with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::fuzz::grammar::Shaped;
use crate::fuzz::grammar::session::SessionInput;
use crate::fuzz::tracker::Tracker;
use crate::reference::{Answer, AnswerBody, Behaviour, Call, Model, Moment, Registration};

/// The reference model against the tracker; and a refusal leaves the whole state as it was.
///
/// # Panics
/// When an invariant does not hold.
pub fn session(input: &[u8]) {
    CLIENT.with_borrow_mut(|client| client.hold(input));
}

/// The same with a client of that behaviour.
///
/// # Panics
/// When an invariant does not hold.
pub fn session_of(behaviour: Behaviour, input: &[u8]) {
    Client::new(behaviour).hold(input);
}

const USERS: [&str; 3] = ["first1", "second2", "third3"];
const START: &str = "Start-Pw-1xyz";

thread_local! {
    static CLIENT: std::cell::RefCell<Client> = std::cell::RefCell::new(Client::new(Behaviour::default()));
}

/// The reference model with a clock and entropy that are the same for every input.
struct Client {
    model: Model,
    now: Timestamp,
    /// The admin's.
    token: String,
    /// How often entropy was drawn.
    drawn: Arc<AtomicU64>,
    /// Where every input begins: the users are there, and the admin is logged in.
    start: Moment,
    drawn_at_start: u64,
}

impl Client {
    fn new(behaviour: Behaviour) -> Client {
        let drawn = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&drawn);
        let entropy = move || {
            let mut bytes = [7; 32];
            bytes[..8].copy_from_slice(&count.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            Some(bytes)
        };
        let model = Model::with_entropy(Registration::Open, behaviour, Box::new(entropy));
        let mut client = Client {
            start: model.moment(),
            model,
            now: Timestamp::UNIX_EPOCH,
            token: String::new(),
            drawn,
            drawn_at_start: 0,
        };
        client.set_up();
        client.start = client.model.moment();
        client.drawn_at_start = client.drawn.load(Ordering::Relaxed);
        client
    }

    /// Holds a sequence to the invariants.
    fn hold(&mut self, input: &[u8]) {
        self.begin();
        let users = USERS.map(|user| (user, START));
        let mut tracker = Tracker::new(("admin", START, &self.token), users, true);
        let mut before = self.model.moment();
        for step in SessionInput::decode(input).steps {
            let planned = tracker.plan(step);
            let (status, token) = self.call(&planned.shaped);
            let breach = tracker.observe(&planned, status, token.as_deref());
            assert_eq!(breach, None, "{step:?}");
            if status < 400 {
                before = self.model.moment();
            } else {
                assert!(self.model.is_at(&before), "a refusal changed the state: {step:?}");
            }
            self.now += SignedDuration::from_secs(1);
        }
    }

    /// To where every input begins.
    fn begin(&mut self) {
        self.model.return_to(&self.start);
        self.drawn.store(self.drawn_at_start, Ordering::Relaxed);
        self.now = Timestamp::UNIX_EPOCH;
    }

    fn set_up(&mut self) {
        let first = BASIC_DEFAULT.as_bytes();
        let body = format!(r#"{{"new_password":"{START}"}}"#);
        let (_, token) = self.send("POST", "/v1/users/login", Some(first), body.as_bytes());
        self.token = token.unwrap_or_default();
        let bearer = format!("Bearer {}", self.token);
        for user in USERS {
            let body = format!(r#"{{"username":"{user}","password":"{START}"}}"#);
            self.send("POST", "/v1/users", Some(bearer.as_bytes()), body.as_bytes());
        }
    }

    fn call(&mut self, shaped: &Shaped) -> (u16, Option<String>) {
        let authorization = shaped.headers.iter().find(|header| header.name == "Authorization");
        let value = authorization.map(|header| header.value.as_slice());
        self.send(
            shaped.method,
            &shaped.path,
            value,
            shaped.body.as_deref().unwrap_or_default(),
        )
    }

    fn send(&mut self, method: &str, path: &str, authorization: Option<&[u8]>, body: &[u8]) -> (u16, Option<String>) {
        let call = Call {
            method,
            path,
            authorization: authorization.as_slice(),
            content_type: Some(b"application/json"),
            body,
        };
        let Answer { status, body, .. } = self.model.handle(&call, self.now);
        let token = match body {
            AnswerBody::Json(value) => value["users"][0]["token"].as_str().map(str::to_owned),
            _ => None,
        };
        (status, token)
    }
}

/// `admin:secret`
const BASIC_DEFAULT: &str = "Basic YWRtaW46c2VjcmV0";
