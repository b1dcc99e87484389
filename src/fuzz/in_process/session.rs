//! The reference model against invariants that are not written with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::documented::api::Operation;
use crate::fuzz::grammar::{RequestParts, SessionInput};
use crate::fuzz::tracker::{Expected, START, Tracker};
use crate::reference::{Behaviour, Brief, Call, Model, Moment, Registration};

/// The reference model against the tracker; and a refusal leaves the whole state as it was.
pub fn session(input: &[u8]) {
    CLIENT.with_borrow_mut(|client| client.check(input));
}

/// The same with a client of that behaviour.
pub fn session_of(behaviour: Behaviour, input: &[u8]) {
    Client::new(behaviour).check(input);
}

const USERS: [&str; 3] = ["first1", "second2", "third3"];

thread_local! {
    static CLIENT: std::cell::RefCell<Client> = std::cell::RefCell::new(Client::new(Behaviour::default()));
}

/// The reference model with a clock and entropy that are the same for every input.
struct Client {
    model: Model,
    now: Timestamp,
    /// The admin's.
    token: String,
    drawn: Arc<AtomicU64>,
    /// Where every input begins, and how much was drawn by then: the users are there, and the admin is logged in.
    start: (Moment, u64),
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
        let (start, now, token) = ((model.moment(), 0), Timestamp::UNIX_EPOCH, String::new());
        let mut client = Client { start, model, now, token, drawn };
        let first = RequestParts::of(Operation::LogIn)
            .basic("admin", "secret")
            .json(format!(r#"{{"new_password":"{START}"}}"#));
        client.token = client.call(&first).token.unwrap_or_default();
        for user in USERS {
            let create = RequestParts::of(Operation::CreateUser)
                .bearer(&client.token)
                .json(format!(r#"{{"username":"{user}","password":"{START}"}}"#));
            client.call(&create);
        }
        client.start = (client.model.moment(), client.drawn.load(Ordering::Relaxed));
        client
    }

    fn check(&mut self, input: &[u8]) {
        self.model.return_to(&self.start.0);
        self.drawn.store(self.start.1, Ordering::Relaxed);
        self.now = Timestamp::UNIX_EPOCH;
        let mut tracker = Tracker::new(("admin", START, &self.token), USERS, true);
        for step in &SessionInput::decode(input).steps {
            let planned = tracker.plan(step);
            // A state that is not remembered is changed without a copy.
            let before = (planned.expected != Expected::Success).then(|| self.model.moment());
            let Brief { status, token } = self.call(&planned.request);
            let breach = tracker.observe(&planned, status, token.as_deref());
            assert_eq!(breach, None, "{step:?}");
            if status >= 400 {
                let unchanged = before.is_some_and(|before| self.model.is_at(&before));
                assert!(unchanged, "a refusal changed the state: {step:?}");
            }
            self.now += SignedDuration::from_secs(1);
        }
    }

    fn call(&mut self, request: &RequestParts) -> Brief {
        let authorization = request.headers.iter().find(|header| header.name == "Authorization");
        let authorization = authorization.map(|header| header.value.as_slice());
        let call = Call {
            method: request.method,
            path: &request.path,
            authorization: authorization.as_slice(),
            content_type: Some(b"application/json"),
            body: request.body.as_deref().unwrap_or_default(),
        };
        self.model.handle_in_brief(&call, self.now)
    }
}
