//! Changes to finished answers, as data.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handled;
use super::body::{at, put, take, text_of};
use super::when::When;
use crate::call::{Answer, AnswerBody, Call};
use crate::documented::api::Operation;
use crate::documented::basic;

/// A change to the answers that meet a condition. Members of bodies are named by JSON pointers (RFC 6901).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Change {
    /// Which answers; by default all.
    pub when: When,
    /// Which statuses; by default all. This is seen after all earlier changes, unlike `when`.
    pub statuses: Option<RangeInclusive<u16>>,
    /// A refused request is answered as if it had been granted.
    pub let_through: bool,
    pub status: Option<u16>,
    /// Values that are moved, from where to where.
    #[serde(rename = "move")]
    pub moved: BTreeMap<String, String>,
    pub remove: Vec<String>,
    /// Members and their values, as JSON text. `-` is the place after the last item of a list.
    pub put: BTreeMap<String, Json>,
    /// Members and texts that repeat something of the request: `${authorization}`, `${basic.username}`,
    /// `${basic.password}`, or a text of its body by the name of the member. Left out if the request lacks it.
    pub echo: BTreeMap<String, String>,
    /// Values that become text.
    pub as_text: Vec<String>,
    /// What a framework answers when a handler fails.
    pub crash: bool,
    /// This text in the place of the body.
    pub text: Option<String>,
    /// A text before the body.
    pub before: Option<String>,
    pub remove_headers: Vec<String>,
    pub headers: BTreeMap<String, String>,
    /// No answer: the connection is closed.
    pub dropped: bool,
    /// How late the answer comes, in seconds.
    pub delay: u64,
    /// Bytes after the answer that do not belong to it.
    pub surplus: Option<String>,
}

/// A JSON value, written as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Json(Value);

impl TryFrom<String> for Json {
    type Error = serde::de::value::Error;

    fn try_from(text: String) -> Result<Json, Self::Error> {
        serde_json::from_str(&text)
            .map(Json)
            .map_err(|error| Self::Error::custom(format!("`{text}` is not JSON: {error}")))
    }
}

impl From<Json> for String {
    fn from(json: Json) -> String {
        json.0.to_string()
    }
}

impl Change {
    /// Changes an answer, if it meets the condition.
    pub fn apply(&self, handled: &Handled<'_>, answer: &mut Answer) {
        let is_of = self.statuses.as_ref().is_none_or(|statuses| statuses.contains(&answer.status));
        if !is_of || !self.when.holds(handled.call, handled.resource, Some(handled)) {
            return;
        }
        if self.let_through && handled.outcome.is_err() {
            let_through(handled, answer);
        }
        answer.status = self.status.unwrap_or(answer.status);
        self.change_body(handled.call, answer);
        if self.crash {
            crash(answer);
        }
        if let Some(text) = &self.text {
            answer.body = if text.is_empty() { AnswerBody::Empty } else { AnswerBody::Bytes(text.clone().into()) };
        }
        if let (Some(before), Some(body)) = (&self.before, answer.json()) {
            answer.body = AnswerBody::Bytes(format!("{before}{body}").into_bytes());
        }
        answer.headers.retain(|(name, _)| !self.remove_headers.iter().any(|gone| gone == name));
        for (name, value) in &self.headers {
            answer.headers.retain(|(known, _)| known != name);
            answer.headers.push((name.clone().into(), value.clone().into()));
        }
        answer.delivery.dropped |= self.dropped;
        answer.delivery.delay = answer.delivery.delay.max(Duration::from_secs(self.delay));
        if let Some(surplus) = &self.surplus {
            answer.delivery.surplus = surplus.clone().into();
        }
    }

    fn change_body(&self, call: &Call<'_>, answer: &mut Answer) {
        for (from, to) in &self.moved {
            if let Some(value) = take(answer, from) {
                put(answer, to, value);
            }
        }
        for pointer in &self.remove {
            drop(take(answer, pointer));
        }
        for (pointer, value) in &self.put {
            put(answer, pointer, value.0.clone());
        }
        for pointer in &self.as_text {
            if let Some(value) = at(answer, pointer) {
                *value = value.to_string().into();
            }
        }
        for (pointer, template) in &self.echo {
            if let Some(text) = filled(template, call) {
                put(answer, pointer, text.into());
            }
        }
    }
}

/// What a framework answers when a handler fails: 500 and an error that is not documented.
pub(crate) fn crash(answer: &mut Answer) {
    answer.status = 500;
    put(answer, "/errors", json!([{"code": 500, "title": "Internal Server Error"}]));
}

/// Answers a refused request as if it had been granted.
pub(crate) fn let_through(handled: &Handled<'_>, answer: &mut Answer) {
    let posted = handled.resource.and_then(|resource| Operation::on("POST", resource));
    answer.status = posted.map_or(200, |operation| operation.success()[0]);
    drop(take(answer, "/errors"));
}

/// A template with the parts of a request that it names.
fn filled(template: &str, call: &Call<'_>) -> Option<String> {
    let mut parts = template.split("${");
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        text += &sent(name, call)?;
        text += rest;
    }
    Some(text)
}

/// A part of a request by its name in a template.
fn sent(name: &str, call: &Call<'_>) -> Option<String> {
    let authorization = || call.authorization.first().copied();
    let credentials = || basic::parse(authorization()?).ok();
    match name {
        "authorization" => authorization().map(|value| String::from_utf8_lossy(value).into_owned()),
        "basic.username" => credentials().map(|credentials| credentials.username),
        "basic.password" => credentials().map(|credentials| credentials.password),
        member => text_of(call.body, member),
    }
}
