//! Rules that hold of every exchange, whatever was asked: each bound to a requirement of the register.
//!
//! An oracle whose requirement the register does not know is not asked, so a suite of one's own needs none of them.

mod base64_text;
mod entities;
mod readings;
mod traces;
mod leaks;

pub use leaks::echoed;
use leaks::{no_secret_echoed, no_trace, values};
use readings::{Readings, text};

use super::facts::{Expected, Member, Observed, Place};
use super::{Judgement, Mismatch, Observation, Placeholder, Remark};
use crate::documented::api::Payload;
use crate::documented::errors::ErrorCode;
use crate::exchange::{Breakage, Exchange, Json, Outcome, Request, Response, shortened};
use crate::requirement::{Level, Register};

/// After so many mismatches in one array the rest of it is only counted: an answer may hold a million of them.
const MISMATCHES_SHOWN: usize = 20;

type Rule = fn(&Seen<'_>) -> Vec<Mismatch>;

/// Every oracle: its requirement and its rule.
const RULES: [(&str, Rule); 15] = [
    ("envelope.answered", answered),
    ("envelope.one-answer", one_answer),
    ("envelope.no-crash", no_crash),
    ("envelope.json", json_body),
    ("envelope.content-type", content_type),
    ("envelope.unique-members", unique_members),
    ("envelope.error-shape", error_shape),
    ("envelope.errors-only-on-errors", errors_only_on_errors),
    ("envelope.no-payload-beside-errors", no_payload_beside_errors),
    ("envelope.meta-present", meta_present),
    ("envelope.meta-shape", meta_shape),
    ("envelope.no-secret-echoed", no_secret_echoed),
    ("envelope.no-trace", no_trace),
    ("envelope.challenge", challenge),
    ("envelope.allow", allow),
];

/// The oracles that a register knows, with their levels.
#[derive(Debug, Clone)]
pub struct Oracles {
    asked: Vec<(&'static str, Level, Rule)>,
}

impl Oracles {
    /// Those whose requirement stands in the register.
    pub fn of(register: &Register) -> Oracles {
        let known = |(id, rule): &(&'static str, Rule)| Some((*id, register.find(id)?.level, *rule));
        Oracles { asked: RULES.iter().filter_map(known).collect() }
    }

    /// The requirements they are bound to.
    pub fn requirements(&self) -> impl Iterator<Item = &'static str> {
        self.asked.iter().map(|(id, ..)| *id)
    }

    /// Holds one exchange to all of them.
    pub fn judge(&self, step: &str, exchange: &Exchange) -> Judgement {
        let seen = Seen::new(exchange);
        let mut judgement = Judgement::default();
        for (id, level, rule) in &self.asked {
            judgement.file(id, *level, step, rule(&seen));
        }
        if let Some(observation) = seen.bare_error() {
            judgement.observations.push(observation);
        }
        judgement
    }
}

/// An exchange with its body read once.
struct Seen<'e> {
    exchange: &'e Exchange,
    response: Option<&'e Response>,
    json: Option<Json>,
    /// What the body says, whatever it is written in.
    readings: Readings<'e>,
    /// What the values of its headers say, all in one text: it is looked at once, and seldom holds anything.
    headers: Readings<'e>,
    /// Raw bytes may be answered by the HTTP layer in front of the API, which knows no envelope.
    by_the_api: bool,
}

impl<'e> Seen<'e> {
    fn new(exchange: &'e Exchange) -> Self {
        let response = exchange.response();
        let body = response.map_or(&[][..], |response| &response.body);
        let json = response.and_then(|response| Json::parse(&response.body).ok());
        Seen {
            exchange,
            response,
            json,
            readings: Readings::of(text(body)),
            headers: Readings::of(values(response).into()),
            by_the_api: matches!(exchange.request, Request::Http(_)),
        }
    }

    /// The answer, where the envelope applies to it: it came from the API and has a body to speak of.
    fn enveloped(&self) -> Option<&'e Response> {
        let bodiless =
            |response: &Response| matches!(response.status, 204 | 304) || self.exchange.request.method() == "HEAD";
        self.response.filter(|response| self.by_the_api && !bodiless(response))
    }

    fn errors(&self) -> Option<&Json> {
        self.json.as_ref()?.at("/errors")
    }

    /// Whether an error object stands where the envelope should: the documents print the refusal of access that way.
    fn is_bare_denial(&self) -> bool {
        let code = self.json.as_ref().and_then(|json| json.at("/code")?.as_integer());
        self.errors().is_none() && code == Some(ErrorCode::AccessDenied.number())
    }

    fn bare_error(&self) -> Option<Observation> {
        let is_bare = self.is_bare_denial() && self.by_the_api;
        is_bare.then_some(Observation { requirement: None, what: Remark::BareError })
    }
}

fn mismatch(at: Place, expected: Expected, observed: Observed) -> Vec<Mismatch> {
    vec![Mismatch { at, expected, observed }]
}

fn answered(seen: &Seen<'_>) -> Vec<Mismatch> {
    match &seen.exchange.outcome {
        // Not being reachable at all says nothing of the implementation; the run is blocked instead.
        Outcome::Unanswered(none) if none.breakage != Breakage::Unreachable => {
            // Bytes that are no HTTP may be met by closing the connection (RFC 9112 §2.2).
            if !seen.by_the_api && none.breakage == Breakage::Closed && none.partial.is_empty() {
                return Vec::new();
            }
            mismatch(Place::Answer, Expected::WholeAnswer, Observed::Broken(none.into()))
        }
        _ => Vec::new(),
    }
}

fn one_answer(seen: &Seen<'_>) -> Vec<Mismatch> {
    match seen.response {
        Some(response) if seen.by_the_api && !response.surplus.is_empty() => {
            let surplus = shortened(&String::from_utf8_lossy(&response.surplus));
            mismatch(Place::Answer, Expected::OneAnswer, Observed::Text(surplus))
        }
        _ => Vec::new(),
    }
}

fn no_crash(seen: &Seen<'_>) -> Vec<Mismatch> {
    let Some(response) = seen.response.filter(|response| response.status >= 500) else {
        return Vec::new();
    };
    let codes = seen.errors().and_then(Json::as_array).unwrap_or_default();
    let documented = |error: &Json| {
        let code = error.at("/code").and_then(Json::as_integer);
        code.is_some_and(|number| ErrorCode::try_from(number).is_ok_and(ErrorCode::is_server_error))
    };
    if codes.iter().any(documented) {
        return Vec::new();
    }
    mismatch(Place::Status, Expected::NoCrash, Observed::Status(response.status))
}

fn json_body(seen: &Seen<'_>) -> Vec<Mismatch> {
    let Some(response) = seen.enveloped() else {
        return Vec::new();
    };
    // An error may come without a body (the login page promises none); a success may not.
    let empty_error = response.body.is_empty() && response.status >= 300;
    if empty_error || matches!(seen.json, Some(Json::Object(_))) {
        return Vec::new();
    }
    let observed = match &seen.json {
        Some(json) => Observed::WholeBody(json.into()),
        None if response.body.is_empty() => Observed::EmptyBody,
        None => Observed::Text(shortened(&String::from_utf8_lossy(&response.body))),
    };
    mismatch(Place::Body, Expected::JsonObject, observed)
}

fn content_type(seen: &Seen<'_>) -> Vec<Mismatch> {
    let Some(response) = seen.enveloped().filter(|response| !response.body.is_empty()) else {
        return Vec::new();
    };
    let value = response.header_text("Content-Type");
    let media_type = value.and_then(|value| value.split(';').next()).map(str::trim);
    if media_type.is_some_and(|name| name.eq_ignore_ascii_case("application/json")) {
        return Vec::new();
    }
    let observed = value.map_or(Observed::Absent, |value| Observed::Text(shortened(value)));
    mismatch(Place::Header("Content-Type".to_owned()), Expected::JsonType, observed)
}

fn unique_members(seen: &Seen<'_>) -> Vec<Mismatch> {
    match seen.json.as_ref().filter(|_| seen.by_the_api).and_then(Json::duplicate) {
        Some(pointer) => mismatch(Place::at(&pointer), Expected::UniqueMembers, Observed::Twice),
        None => Vec::new(),
    }
}

fn error_shape(seen: &Seen<'_>) -> Vec<Mismatch> {
    let (Some(response), Some(json)) = (seen.enveloped(), &seen.json) else {
        return Vec::new();
    };
    if response.status < 400 || (seen.is_bare_denial() && json.at("/title").is_some()) {
        return Vec::new();
    }
    let errors = match json.at("/errors") {
        Some(Json::Array(errors)) if !errors.is_empty() => errors,
        other => return mismatch(Place::at("/errors"), Expected::Errors, Observed::value(other)),
    };
    let members = [
        ("/code", true, Member::Integer),
        ("/title", true, Member::String),
        ("/details", false, Member::String),
        ("/href", false, Member::String),
    ];
    let fits = |expected: Member, value: &Json| match expected {
        Member::Integer => value.as_integer().is_some(),
        Member::String => value.as_str().is_some(),
    };
    let mut mismatches = Vec::new();
    for (index, error) in errors.iter().enumerate() {
        if mismatches.len() >= MISMATCHES_SHOWN {
            let more = Observed::More(errors.len() - index);
            mismatches.extend(mismatch(Place::at("/errors"), Expected::ErrorShape, more));
            break;
        }
        for (member, required, expected) in members {
            let value = error.at(member);
            if !value.map_or(!required, |value| fits(expected, value)) {
                let at = Place::Pointer(format!("/errors/{index}{member}"));
                mismatches.extend(mismatch(at, Expected::ErrorMember(expected), Observed::value(value)));
            }
        }
    }
    mismatches
}

fn errors_only_on_errors(seen: &Seen<'_>) -> Vec<Mismatch> {
    let success = seen.enveloped().is_some_and(|response| response.status < 300);
    match seen.errors().filter(|_| success) {
        None => Vec::new(),
        errors => mismatch(Place::at("/errors"), Expected::NoErrors, Observed::value(errors)),
    }
}

fn no_payload_beside_errors(seen: &Seen<'_>) -> Vec<Mismatch> {
    let Some(response) = seen.enveloped() else {
        return Vec::new();
    };
    let json = match &seen.json {
        Some(json) if response.status >= 400 || seen.errors().is_some() => json,
        _ => return Vec::new(),
    };
    let stray = Payload::ALL.into_iter().filter_map(Payload::pointer).flat_map(|pointer| {
        let value = json.at(pointer).map(|value| Observed::Value(value.into()));
        value.into_iter().flat_map(move |value| mismatch(Place::at(pointer), Expected::NoPayload, value))
    });
    stray.collect()
}

fn meta_present(seen: &Seen<'_>) -> Vec<Mismatch> {
    match (seen.enveloped(), &seen.json) {
        (Some(_), Some(json @ Json::Object(_))) if json.at("/meta").is_none() => {
            mismatch(Place::at("/meta"), Expected::Meta, Observed::Absent)
        }
        _ => Vec::new(),
    }
}

fn meta_shape(seen: &Seen<'_>) -> Vec<Mismatch> {
    let meta = seen.json.as_ref().filter(|_| seen.by_the_api).and_then(|json| json.at("/meta"));
    let Some(meta) = meta else {
        return Vec::new();
    };
    let members = [("/version", Placeholder::Version), ("/api_status", Placeholder::ApiStatus)];
    let wrong = |(member, kind): (&str, Placeholder)| {
        let value = meta.at(member);
        match value {
            Some(value) if kind.recognises(value) => Vec::new(),
            value => {
                let at = Place::Pointer(format!("/meta{member}"));
                mismatch(at, Expected::MetaMember(kind), Observed::value(value))
            }
        }
    };
    members.into_iter().flat_map(wrong).collect()
}

fn challenge(seen: &Seen<'_>) -> Vec<Mismatch> {
    match seen.response {
        Some(response) if response.status == 401 && response.header("WWW-Authenticate").is_none() => {
            mismatch(Place::Header("WWW-Authenticate".to_owned()), Expected::Challenge, Observed::Absent)
        }
        _ => Vec::new(),
    }
}

fn allow(seen: &Seen<'_>) -> Vec<Mismatch> {
    match seen.response {
        Some(response) if response.status == 405 && response.header("Allow").is_none() => {
            mismatch(Place::Header("Allow".to_owned()), Expected::AllowedMethods, Observed::Absent)
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
