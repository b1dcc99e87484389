//! Answers as careless writers put them: what rewrites of finished answers are made of.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::behaviour::Handled;
use crate::call::{Answer, AnswerBody};
use crate::outcome::{Refusal, Success};
use crate::route::Endpoint;

/// Whether the request was granted so.
pub(super) fn granted(handled: &Handled<'_>, success: Success) -> bool {
    matches!(handled.outcome, Ok(done) if done.success == success)
}

/// Whether the request was refused so.
pub(super) fn refused(handled: &Handled<'_>, refusal: Refusal) -> bool {
    matches!(handled.outcome, Err(refused) if refused.0.iter().any(|reason| reason.refusal == refusal))
}

/// Whether it is a login that was granted and brought no new password.
pub(super) fn later(handled: &Handled<'_>) -> bool {
    let changes = handled.call.body.windows(12).any(|part| part == b"new_password");
    granted(handled, Success::LoggedIn) && !changes
}

/// Whether it is a login.
pub(super) fn login(handled: &Handled<'_>) -> bool {
    *handled.endpoint == Endpoint::Login
}

/// Whether it came with this method to the users or one of them.
pub(super) fn users(handled: &Handled<'_>, method: &str) -> bool {
    matches!(handled.endpoint, Endpoint::Users | Endpoint::User(_)) && handled.call.method == method
}

/// The body's members.
pub(super) fn members(answer: &mut Answer) -> Option<&mut Map<String, Value>> {
    answer.json_mut()?.as_object_mut()
}

/// Puts a member into the body.
pub(super) fn put(answer: &mut Answer, member: &str, value: Value) {
    if let Some(members) = members(answer) {
        members.insert(member.to_owned(), value);
    }
}

/// The one element of the body's `users`.
pub(super) fn user(answer: &mut Answer) -> Option<&mut Map<String, Value>> {
    answer.json_mut()?.pointer_mut("/users/0")?.as_object_mut()
}

/// Puts a member into the one element of `users`.
pub(super) fn put_into_user(answer: &mut Answer, member: &str, value: Value) {
    if let Some(user) = user(answer) {
        user.insert(member.to_owned(), value);
    }
}

/// The first error of the body.
pub(super) fn error(answer: &mut Answer) -> Option<&mut Map<String, Value>> {
    answer.json_mut()?.pointer_mut("/errors/0")?.as_object_mut()
}

/// Puts a member into the first error.
pub(super) fn put_into_error(answer: &mut Answer, member: &str, value: Value) {
    if let Some(error) = error(answer) {
        error.insert(member.to_owned(), value);
    }
}

/// The same answer as a success of another kind: without errors.
pub(super) fn as_success(answer: &mut Answer, status: u16) {
    answer.status = status;
    if let Some(members) = members(answer) {
        members.remove("errors");
    }
}

/// What frameworks answer where a handler failed: an error that no document knows.
pub(super) fn crash(answer: &mut Answer) {
    answer.status = 500;
    put(answer, "errors", json!([{"code": 500, "title": "Internal Server Error"}]));
}

/// A page in the place of a body.
pub(super) fn page(answer: &mut Answer, status: u16, html: &str) {
    answer.status = status;
    answer.body = AnswerBody::Bytes(html.as_bytes().to_vec());
    answer.headers.retain(|(name, _)| *name != "content-type");
    answer.headers.push(("content-type", Cow::Borrowed("text/html")));
}

/// The body as bytes, changed.
pub(super) fn rewritten(answer: &mut Answer, change: fn(String) -> String) {
    if let Some(json) = answer.json() {
        answer.body = AnswerBody::Bytes(change(json.to_string()).into_bytes());
    }
}
