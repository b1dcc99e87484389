//! The reference client as a pure state machine: a request and a moment in, an answer out.
//!
//! It opens nothing and reads no clock; randomness is passed in. It follows [`Behaviour`], whose default is the
//! documented behaviour.

mod sessions;
mod state;
mod login;
mod registration;
mod tokens;
mod users;
mod harm;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde_json::Value;

use super::behaviour::{Behaviour, Beside, Handled};
use super::call::{Answer, Brief, Call};
use super::envelope;
use super::outcome::{Done, Refusal, Refused};
use super::route::Route;
use crate::documented::api::{Operation, Resource};
use crate::documented::basic::{self, Credentials};
use crate::documented::bodies::BodyError;
use sessions::Session;
use state::{ADMIN, State};

/// 32 random bytes, or nothing if there are none.
pub type Entropy = Box<dyn FnMut() -> Option<[u8; 32]> + Send>;

/// Whether numbers can still be registered (account).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// As it was: 202 and a code that completes the registration, or 201 where there is one.
    #[default]
    Open,
    /// As it is: every request is refused with code 1005.
    Sunset,
}

impl std::fmt::Display for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Registration::Open => "open",
            Registration::Sunset => "sunset",
        })
    }
}

/// All that a client remembers at one moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Moment(State);

/// The reference client.
pub struct Model {
    registration: Registration,
    behaviour: Behaviour,
    state: State,
    entropy: Entropy,
    requests: Arc<AtomicU64>,
}

impl Model {
    /// A client as just installed. Equal bytes of randomness make equal tokens and codes.
    pub fn with_entropy(registration: Registration, behaviour: Behaviour, entropy: Entropy) -> Self {
        Model {
            registration,
            state: State::new(&behaviour.login.default_password),
            behaviour,
            entropy,
            requests: Arc::default(),
        }
    }

    /// Answers one request that arrived at this moment.
    pub fn handle(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        let route = Route::of(call.path);
        let outcome = self.settle(call, &route, now);
        let mut answer = envelope::answer(&self.behaviour, route.resource, &outcome);
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let handled = Handled { call, resource: route.resource, outcome: &outcome, now, number };
        for change in &self.behaviour.answers {
            change.apply(&handled, &mut answer);
        }
        for rewrite in &self.behaviour.rewrites {
            rewrite(&handled, &mut answer);
        }
        answer
    }

    /// The same for a caller that needs no more than a [`Brief`]: an answer is written only if something may be rewritten
    /// in it.
    pub fn handle_in_brief(&mut self, call: &Call<'_>, now: Timestamp) -> Brief {
        if !self.behaviour.rewrites.is_empty() || !self.behaviour.answers.is_empty() {
            return Brief::of(&self.handle(call, now));
        }
        let outcome = self.settle(call, &Route::of(call.path), now);
        let element = outcome.as_ref().ok().and_then(|done| done.element.as_ref());
        let token = element.and_then(|element| element["token"].as_str().map(str::to_owned));
        Brief { status: envelope::status(&self.behaviour, &outcome), token }
    }

    /// How many requests it answered in full, also those before a reset.
    pub fn requests(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.requests)
    }

    /// The answer to a request whose body was too large to be read.
    pub fn too_large(&self, path: &str) -> Answer {
        envelope::answer(&self.behaviour, Route::of(path).resource, &Err(Refusal::TooLarge.into()))
    }

    /// Back to just installed: only the default account, with the default password.
    pub fn reset(&mut self) {
        self.state = State::new(&self.behaviour.login.default_password);
    }

    /// The registration code that was sent last: six digits.
    pub fn code(&self) -> Option<&str> {
        self.state.last_code.as_deref()
    }

    /// The whole state, passwords and tokens included, always in the same order: equal states give equal values.
    pub fn dump(&self) -> Value {
        self.state.dump()
    }

    /// All that it remembers now.
    pub fn moment(&self) -> Moment {
        Moment(self.state.clone())
    }

    /// Whether it remembers exactly this.
    pub fn is_at(&self, moment: &Moment) -> bool {
        self.state == moment.0
    }

    /// Remembers what it did then, and nothing that came after.
    pub fn return_to(&mut self, moment: &Moment) {
        self.state.clone_from(&moment.0);
    }

    /// Where a request goes that comes a way around the check: its method and path, and credentials of the administrator.
    pub fn passage(&self, beside: &Beside<'_>) -> Option<(String, String, String)> {
        let (method, path) = self.behaviour.doors.iter().find_map(|door| door.passed(beside))?;
        let pass = match Resource::of(&path)? {
            Resource::Login => {
                let password = self.state.users.get(ADMIN)?.passwords.first()?;
                basic::render(&Credentials::new(ADMIN, password))
            }
            _ => {
                let is_the_admins = |(_, session): &(&str, &Session)| session.username == ADMIN;
                format!("Bearer {}", self.state.tokens.iter().find(is_the_admins)?.0)
            }
        };
        Some((method, path, pass))
    }

    /// Decides on a request, and makes all the changes to the state.
    fn settle(&mut self, call: &Call<'_>, route: &Route<'_>, now: Timestamp) -> Result<Done, Refused> {
        let decided = self.decide(call, route, now);
        if self.behaviour.tokens.prolonged_by_use && decided.is_ok() {
            self.prolong(call, now);
        }
        if !self.behaviour.harms.is_empty() && decided.is_err() {
            self.harm(call, route, &decided, now);
        }
        decided
    }

    fn decide(&mut self, call: &Call<'_>, route: &Route<'_>, now: Timestamp) -> Result<Done, Refused> {
        let resource = route.resource.ok_or(Refusal::UnknownPath)?;
        // HEAD is GET without the body (RFC 9110 §9.3.2).
        let method = if call.method == "HEAD" { "GET" } else { call.method };
        let any_method = self.behaviour.login.any_method && resource == Resource::Login;
        let method = if any_method { Operation::LogIn.method() } else { method };
        let in_path: Cow<'_, str> = match &self.behaviour.users.in_path {
            Some(reader) => reader.reduced(&route.username).into_owned().into(),
            None => (&*route.username).into(),
        };
        match Operation::on(method, resource).ok_or(Refusal::WrongMethod)? {
            Operation::LogIn => self.login(call, now),
            Operation::LogOut => self.logout(call, now),
            Operation::CreateUser => self.create_user(call, now),
            Operation::ReadUser => self.show_user(call, &in_path, now),
            Operation::UpdateUser => self.update_user(call, &in_path, now),
            Operation::DeleteUser => self.delete_user(call, &in_path, now),
            Operation::Register => self.request_code(call, now),
            Operation::Verify => self.verify(call, now),
            Operation::SetPin => self.set_pin(call, now),
            Operation::RemovePin => self.remove_pin(call, now),
        }
    }

    /// Reads the body of a request.
    fn read<T>(&self, call: &Call<'_>, parse: impl FnOnce(&[u8]) -> Result<T, BodyError>) -> Result<T, BodyError> {
        parse(&self.behaviour.body(call)?)
    }

    /// The one `Authorization` field. If there are several, which of them counts would be a guess.
    fn authorization<'c>(&self, call: &Call<'c>) -> Result<Option<&'c [u8]>, Refused> {
        match call.authorization {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err(Refusal::SeveralAuthorizations.into()),
        }
    }
}

#[cfg(test)]
mod tests;
