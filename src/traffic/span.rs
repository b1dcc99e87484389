//! Which accounts and tokens an exchange depends on, and which it may change.

use super::call::{Authorization, Call};
use super::known::{ADMIN, Known};
use super::window::Span;
use super::{Recorded, is_refused};
use crate::documented::api::{Effect, Operation, Resource};
use crate::exchange::Request;
use crate::fuzz::independent::body;

/// The accounts and tokens that a call depends on.
fn subjects(call: &Call<'_>, known: &Known) -> Vec<String> {
    let mut subjects: Vec<String> = call.name.clone().into_iter().collect();
    match &call.authorization {
        Authorization::Basic(user, _) => subjects.push(user.clone()),
        Authorization::Bearer(token) => {
            let changes = call.operation.is_none_or(|operation| operation != Operation::LogOut);
            subjects.extend(known.tokens.get(token).filter(|_| changes).map(|token| token.user.clone()));
            subjects.push(token.clone());
        }
        Authorization::None | Authorization::Odd => {}
    }
    subjects.extend(texts(call));
    subjects
}

/// What an exchange may be at odds with others about.
pub fn span(recorded: &Recorded, base: &str, known: &Known) -> Span {
    let request = match &recorded.exchange.request {
        Request::Http(request) => request,
        Request::Raw(bytes) => {
            let is_harmless =
                bytes.starts_with(b"GET ") || is_refused(&recorded.exchange) || !body::mentions_password(bytes);
            return Span { anything: !is_harmless, ..Span::default() };
        }
    };
    let is_refused = is_refused(&recorded.exchange);
    let Some(call) = Call::of(request, base) else {
        let is_read = matches!(&*request.method, "GET" | "HEAD" | "OPTIONS");
        return Span { anything: !is_read && !is_refused, ..Span::default() };
    };
    let mut about = subjects(&call, known);
    let changes = if is_refused { Vec::new() } else { changed(&call) };
    let effect = call.operation.map(Operation::effect);
    if effect == Some(Effect::Registration) {
        about.push(Resource::Account.path().to_owned());
    }
    let is_login = effect == Some(Effect::Login);
    let gives = is_login && !is_refused && about.iter().all(|user| user != ADMIN);
    Span { about, changes, anything: false, gives, needs: !is_login }
}

/// The accounts and tokens that a call changes if it is granted.
pub fn changed(call: &Call<'_>) -> Vec<String> {
    match (call.operation.map(Operation::effect), &call.authorization) {
        (None | Some(Effect::Nothing), _) => Vec::new(),
        (Some(Effect::Registration), _) => vec![Resource::Account.path().to_owned()],
        (Some(Effect::Login), Authorization::Basic(user, _)) if body::mentions_password(call.body()) => {
            vec![user.clone()]
        }
        (Some(Effect::Login), _) => Vec::new(),
        (Some(Effect::Logout), Authorization::Bearer(token)) => vec![token.clone()],
        _ => call.name.iter().cloned().chain(texts(call)).collect(),
    }
}

/// Any text in the body of a creation may be the name.
fn texts(call: &Call<'_>) -> Vec<String> {
    match call.operation {
        Some(Operation::CreateUser) => body::create(call.body(), true).0.candidates(),
        _ => Vec::new(),
    }
}
