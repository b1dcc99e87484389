//! Rules for every exchange, each bound to a requirement of the register.
//!
//! A rule whose requirement is not in the register is not applied, so a suite of one's own needs none of them.

mod base64_text;
mod readings;
mod traces;
mod leaks;
mod challenges;

use challenges::challenge_fits;
pub use leaks::echoed;
use leaks::{no_secret_echoed, no_trace, values};
use readings::{Readings, text};

use super::facts::{Expected, Member, Observed, Place};
use super::{Judgement, Mismatch, Observation, Placeholder, Remark};
use crate::documented::api::Payload;
use crate::documented::errors::ErrorCode;
use crate::exchange::{Breakage, Exchange, Json, Request, Response, shortened};
use crate::requirement::{Level, Register};

/// The rest of an array with so many mismatches is only counted: an answer may hold a million of them.
const MISMATCHES_SHOWN: usize = 20;

/// `None` where the exchange keeps the rule.
type Rule = fn(&Seen<'_>) -> Option<Vec<Mismatch>>;

const RULES: [(&str, Rule); 18] = [
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
    ("envelope.challenge", |seen| header_with_status(seen, 401, "WWW-Authenticate", Expected::Challenge)),
    ("envelope.challenge-fits", challenge_fits),
    ("envelope.allow", allows_others),
    (OPERATIONS, |_| None),
    (REFUSALS, |_| None),
];

/// The rules whose requirements are in a register.
#[derive(Debug, Clone)]
pub struct Oracles(Vec<(&'static str, Level, Rule)>);

/// The requirement that a missing operation breaks. No exchange shows that: a run asks for it before its first case.
pub(crate) const OPERATIONS: &str = "envelope.operations";

/// The requirement that a refused request breaks which changes something. A run looks before and after it.
pub(crate) const REFUSALS: &str = "envelope.refusals-change-nothing";

/// The requirement that a login breaks which is accepted and gives no token, where it is the harness that logs in.
pub(crate) const LOGIN_TOKEN: &str = "login.answer.token";

impl Oracles {
    /// Those whose requirement is in the register.
    pub fn of(register: &Register) -> Oracles {
        let known = |(id, rule): &(&'static str, Rule)| Some((*id, register.find(id)?.level, *rule));
        Oracles(RULES.iter().filter_map(known).collect())
    }

    /// The requirements they are bound to.
    pub fn requirements(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(id, ..)| *id)
    }

    /// The level of a missing operation, if there is a rule about that.
    pub(crate) fn operations(&self) -> Option<Level> {
        self.level(OPERATIONS)
    }

    /// The level of a refusal that changes something, if there is a rule about that.
    pub(crate) fn refusals(&self) -> Option<Level> {
        self.level(REFUSALS)
    }

    fn level(&self, requirement: &str) -> Option<Level> {
        self.0.iter().find(|(id, ..)| *id == requirement).map(|(_, level, _)| *level)
    }

    /// Applies all of them to one exchange.
    pub fn judge(&self, step: &str, exchange: &Exchange) -> Judgement {
        let seen = Seen::new(exchange);
        let mut judgement = Judgement::default();
        for (id, level, rule) in &self.0 {
            judgement.file(id, *level, step, rule(&seen).unwrap_or_default());
        }
        if seen.is_bare_denial() && seen.by_the_api {
            judgement.observations.push(Observation { requirement: None, what: Remark::BareError });
        }
        judgement
    }
}

/// An exchange with its body parsed once.
struct Seen<'e> {
    exchange: &'e Exchange,
    response: Option<&'e Response>,
    json: Option<&'e Json>,
    body: Readings<'e>,
    /// The values of all headers in one text: it is searched once, and seldom has anything.
    headers: Readings<'e>,
    /// Raw bytes may be answered by the HTTP layer in front of the API, which has no envelope.
    by_the_api: bool,
}

impl<'e> Seen<'e> {
    fn new(exchange: &'e Exchange) -> Self {
        let response = exchange.response();
        Seen {
            exchange,
            response,
            json: response.and_then(Response::json),
            body: Readings::of(text(response.map_or(&[][..], |response| &response.body))),
            headers: Readings::of(values(response).into()),
            by_the_api: matches!(exchange.request, Request::Http(_)),
        }
    }

    /// The answer, where the envelope applies to it: it came from the API and can have a body.
    fn enveloped(&self) -> Option<&'e Response> {
        let response = self.response.filter(|_| self.by_the_api)?;
        let is_bodiless = matches!(response.status, 204 | 304) || self.exchange.request.method() == "HEAD";
        (!is_bodiless).then_some(response)
    }

    fn errors(&self) -> Option<&Json> {
        self.json?.at("/errors")
    }

    /// Whether an error object is there instead of the envelope: the documents print the refusal of access that way.
    fn is_bare_denial(&self) -> bool {
        let code = self.json.and_then(|json| json.at("/code")?.as_integer());
        self.errors().is_none() && code == Some(ErrorCode::AccessDenied.number())
    }
}

fn mismatch(at: Place, expected: Expected, observed: Observed) -> Option<Vec<Mismatch>> {
    Some(vec![Mismatch { at, expected, observed }])
}

fn answered(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let Err(none) = &seen.exchange.outcome else { return None };
    // Bytes that are not HTTP may be answered by closing the connection (RFC 9112 §2.2).
    let may_be_closed = !seen.by_the_api && none.breakage == Breakage::Closed && none.partial.is_empty();
    // An unreachable target says nothing about the implementation; the run is blocked instead.
    if may_be_closed || none.breakage == Breakage::Unreachable {
        return None;
    }
    mismatch(Place::Answer, Expected::WholeAnswer, Observed::Broken(none.into()))
}

fn one_answer(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let response = seen.response.filter(|response| seen.by_the_api && !response.surplus.is_empty())?;
    let surplus = shortened(&String::from_utf8_lossy(&response.surplus));
    mismatch(Place::Answer, Expected::OneAnswer, Observed::Text(surplus))
}

fn no_crash(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let response = seen.response.filter(|response| response.status >= 500)?;
    let errors = seen.errors().and_then(Json::as_array).unwrap_or_default();
    let documented = |error: &Json| {
        let code = error.at("/code").and_then(Json::as_integer);
        code.is_some_and(|number| ErrorCode::try_from(number).is_ok_and(ErrorCode::is_server_error))
    };
    if errors.iter().any(documented) {
        return None;
    }
    mismatch(Place::Status, Expected::NoCrash, Observed::Status(response.status))
}

fn json_body(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let response = seen.enveloped()?;
    let observed = match seen.json {
        Some(Json::Object(_)) => return None,
        Some(json) => Observed::WholeBody(json.into()),
        // An error may come without a body (the login page promises none); a success may not.
        None if response.body.is_empty() && response.status >= 300 => return None,
        None if response.body.is_empty() => Observed::EmptyBody,
        None => Observed::Text(shortened(&String::from_utf8_lossy(&response.body))),
    };
    mismatch(Place::Body, Expected::JsonObject, observed)
}

fn content_type(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let response = seen.enveloped().filter(|response| !response.body.is_empty())?;
    let value = response.header_text("Content-Type");
    let media_type = value.and_then(|value| value.split(';').next()).map(str::trim);
    if media_type.is_some_and(|name| name.eq_ignore_ascii_case("application/json")) {
        return None;
    }
    let observed = value.map_or(Observed::Absent, |value| Observed::Text(shortened(value)));
    mismatch(Place::Header("Content-Type".to_owned()), Expected::JsonType, observed)
}

fn unique_members(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let pointer = seen.json.filter(|_| seen.by_the_api)?.duplicate()?;
    mismatch(Place::at(&pointer), Expected::UniqueMembers, Observed::Twice)
}

fn error_shape(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let (response, json) = (seen.enveloped()?, seen.json?);
    if response.status < 400 || (seen.is_bare_denial() && json.at("/title").is_some()) {
        return None;
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
            let observed = Observed::More(errors.len() - index);
            mismatches.push(Mismatch { at: Place::at("/errors"), expected: Expected::ErrorShape, observed });
            break;
        }
        for (member, required, expected) in members {
            let value = error.at(member);
            if !value.map_or(!required, |value| fits(expected, value)) {
                let at = Place::Pointer(format!("/errors/{index}{member}"));
                let expected = Expected::ErrorMember(expected);
                mismatches.push(Mismatch { at, expected, observed: Observed::value(value) });
            }
        }
    }
    Some(mismatches)
}

fn errors_only_on_errors(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    seen.enveloped().filter(|response| response.status < 300)?;
    mismatch(Place::at("/errors"), Expected::NoErrors, Observed::Value(seen.errors()?.into()))
}

fn no_payload_beside_errors(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let (response, json) = (seen.enveloped()?, seen.json?);
    if response.status < 400 && seen.errors().is_none() {
        return None;
    }
    let stray = Payload::ALL.into_iter().filter_map(|payload| {
        let pointer = payload.pointer()?;
        let observed = Observed::Value(json.at(pointer)?.into());
        Some(Mismatch { at: Place::at(pointer), expected: Expected::NoPayload, observed })
    });
    Some(stray.collect())
}

fn meta_present(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    seen.enveloped()?;
    let json = seen.json.filter(|json| json.as_object().is_some())?;
    json.at("/meta").is_none().then(|| mismatch(Place::at("/meta"), Expected::Meta, Observed::Absent))?
}

fn meta_shape(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let meta = seen.json.filter(|_| seen.by_the_api)?.at("/meta")?;
    let members = [("/version", Placeholder::Version), ("/api_status", Placeholder::ApiStatus)];
    let wrong = members.into_iter().filter_map(|(member, kind)| {
        let value = meta.at(member);
        if value.is_some_and(|value| kind.recognises(value)) {
            return None;
        }
        let at = Place::Pointer(format!("/meta{member}"));
        Some(Mismatch { at, expected: Expected::MetaMember(kind), observed: Observed::value(value) })
    });
    Some(wrong.collect())
}

/// Every answer of that status has that header.
fn header_with_status(seen: &Seen<'_>, status: u16, name: &str, expected: Expected) -> Option<Vec<Mismatch>> {
    let response = seen.response.filter(|response| response.status == status)?;
    response.header(name).is_none().then(|| mismatch(Place::Header(name.to_owned()), expected, Observed::Absent))?
}

/// A 405 lists what is allowed, and not what it refuses.
fn allows_others(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    const HEADER: &str = "Allow";
    let listed = || {
        let response = seen.response.filter(|response| response.status == 405)?;
        let listed = response.header_text(HEADER)?;
        let is_listed = listed.split(',').any(|method| method.trim() == seen.exchange.request.method());
        let observed = is_listed.then(|| Observed::Text(shortened(listed)))?;
        mismatch(Place::Header(HEADER.to_owned()), Expected::OtherMethods, observed)
    };
    header_with_status(seen, 405, HEADER, Expected::AllowedMethods).or_else(listed)
}

#[cfg(test)]
mod tests;
