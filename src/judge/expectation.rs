//! What must hold of one answer, bound to one requirement.

use jiff::Timestamp;

use super::facts::{Clock, Expected, Observed, Place, Wanted};
use super::{Judgement, Mismatch, Placeholder, StatusSet};
use crate::exchange::{Breakage, Exchange, Json, Outcome, Request, Response, shortened};
use crate::requirement::Level;
use crate::template::{Bindings, Pointer, Template};

/// All that one requirement asks of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The requirement's id.
    pub requirement: String,
    /// Its level, from the register.
    pub level: Level,
    /// What is asked; at least one.
    pub checks: Vec<Check>,
    /// The line of the scenario file, 1-based.
    pub line: usize,
}

/// One thing asked of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The status is one of the set.
    Status(StatusSet),
    /// One element of `errors` has one of the codes (a bare error object counts where the documents print one).
    Error(Vec<i64>),
    /// Nothing stands at the pointer. A body that is no JSON holds nothing.
    Absent(Pointer),
    /// What stands at the pointer matches.
    Body(Pointer, Pattern),
    /// An array of that many items stands at the pointer.
    Count(Pointer, usize),
    /// A value stands at the pointer, and it is another one.
    Differs(Pointer, Template),
    /// The header is there and matches.
    Header(String, Pattern),
    /// The instant at the pointer lies `seconds` after the answer, give or take `within`.
    Lifetime {
        /// Where the instant stands.
        at: Pointer,
        /// The lifetime in seconds.
        seconds: i64,
        /// The tolerance in seconds, where the answer has a `Date`.
        within: i64,
    },
}

/// The tolerance in seconds of a lifetime where the answer has no `Date` and our own clock has to do.
const WITHIN_WITHOUT_DATE: i64 = 300;

/// How many error codes of an answer are shown.
const CODES_SHOWN: usize = 20;

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Of a kind.
    Placeholder(Placeholder),
    /// This text.
    Text(Template),
    /// This integer.
    Integer(i64),
    /// This boolean.
    Bool(bool),
}

impl Pattern {
    fn filled_in(&self, bindings: &Bindings) -> Expected {
        Expected::Value(match self {
            Pattern::Placeholder(kind) => Wanted::Placeholder(*kind),
            Pattern::Text(template) => {
                let text = template.render(bindings);
                Wanted::Text(Json::String(text.unwrap_or_else(|_| template.to_string())).to_string())
            }
            Pattern::Integer(number) => Wanted::Integer(*number),
            Pattern::Bool(value) => Wanted::Bool(*value),
        })
    }

    fn matches(&self, value: &Json, bindings: &Bindings) -> bool {
        match self {
            Pattern::Placeholder(kind) => kind.recognises(value),
            Pattern::Text(template) => {
                value.as_str().is_some() && value.as_str() == template.render(bindings).ok().as_deref()
            }
            Pattern::Integer(number) => value.as_integer() == Some(*number),
            Pattern::Bool(expected) => *value == Json::Bool(*expected),
        }
    }
}

impl Expectation {
    /// The statuses that it asks for.
    pub fn statuses(&self) -> impl Iterator<Item = &StatusSet> {
        self.checks.iter().filter_map(|check| match check {
            Check::Status(set) => Some(set),
            _ => None,
        })
    }

    /// Holds the exchange to the expectation. Without a whole answer nothing is judged here: that no answer came is
    /// the finding of an oracle, and never satisfies a refusal. Only where no oracle minds, because raw bytes may be
    /// met by closing the connection, the expectation has to.
    pub fn judge(&self, step: &str, exchange: &Exchange, bindings: &Bindings) -> Judgement {
        let mut judgement = Judgement::default();
        let mismatches = match &exchange.outcome {
            Outcome::Answered(response) => {
                let answer = Answer::new(response, exchange.at);
                let mismatches = self.checks.iter().filter_map(|check| answer.mismatch(check, bindings));
                mismatches.collect()
            }
            Outcome::Unanswered(none) if none.breakage == Breakage::Closed && !is_http(&exchange.request) => {
                let observed = Observed::Broken(none.into());
                vec![Mismatch { at: Place::Answer, expected: Expected::Answer, observed }]
            }
            Outcome::Unanswered(_) => Vec::new(),
        };
        judgement.file(&self.requirement, self.level, step, mismatches);
        judgement
    }
}

fn is_http(request: &Request) -> bool {
    matches!(request, Request::Http(_))
}

/// An answer with its body read once.
struct Answer<'r> {
    response: &'r Response,
    /// What the body holds; without JSON, what it is instead.
    json: Result<Json, Observed>,
    at: Timestamp,
}

impl<'r> Answer<'r> {
    fn new(response: &'r Response, at: Timestamp) -> Self {
        let json = match response.body.is_empty() {
            true => Err(Observed::EmptyBody),
            false => Json::parse(&response.body).map_err(|error| Observed::NotJson(error.to_string())),
        };
        Answer { response, json, at }
    }

    fn mismatch(&self, check: &Check, bindings: &Bindings) -> Option<Mismatch> {
        let place = |pointer: &Pointer| Place::at(pointer.as_str());
        let (at, expected, observed) = match check {
            Check::Status(set) => {
                let status = Some(self.response.status).filter(|status| !set.contains(*status))?;
                (Place::Status, Expected::Status(set.clone()), Observed::Status(status))
            }
            Check::Error(codes) => (Place::at("/errors"), Expected::ErrorCode(codes.clone()), self.wrong_codes(codes)?),
            Check::Absent(pointer) => {
                let value = self.json.as_ref().ok()?.at(pointer.as_str())?;
                (place(pointer), Expected::Absent, Observed::Value(value.into()))
            }
            Check::Body(pointer, pattern) => {
                let observed = self.wrong_value(pointer, |value| pattern.matches(value, bindings))?;
                (place(pointer), pattern.filled_in(bindings), observed)
            }
            Check::Count(pointer, count) => {
                let matches = |value: &Json| value.as_array().is_some_and(|items| items.len() == *count);
                (place(pointer), Expected::Count(*count), self.wrong_value(pointer, matches)?)
            }
            Check::Differs(pointer, other) => {
                let other = other.render(bindings).unwrap_or_default();
                let observed = self.wrong_value(pointer, |value| value.as_str().is_some_and(|text| text != other))?;
                (place(pointer), Expected::OtherThan(Json::String(other).to_string()), observed)
            }
            Check::Header(name, pattern) => {
                let value = self.response.header(name);
                let text = value.map(|value| Json::String(String::from_utf8_lossy(value).into_owned()));
                if text.as_ref().is_some_and(|text| pattern.matches(text, bindings)) {
                    return None;
                }
                (Place::Header(name.clone()), pattern.filled_in(bindings), Observed::value(text.as_ref()))
            }
            Check::Lifetime { at, seconds, within } => return self.lifetime_mismatch(at, *seconds, *within),
        };
        Some(Mismatch { at, expected, observed })
    }

    /// What stands at the pointer, unless it matches.
    fn wrong_value(&self, pointer: &Pointer, matches: impl Fn(&Json) -> bool) -> Option<Observed> {
        let value = match &self.json {
            Err(why) => return Some(why.clone()),
            Ok(json) => json.at(pointer.as_str()),
        };
        (!value.is_some_and(matches)).then(|| Observed::value(value))
    }

    /// The codes of the answer, unless one of them is asked for.
    fn wrong_codes(&self, codes: &[i64]) -> Option<Observed> {
        let json = match &self.json {
            Ok(json) => json,
            Err(why) => return Some(why.clone()),
        };
        let found: Vec<&Json> = match json.at("/errors").and_then(Json::as_array) {
            Some(errors) => errors.iter().filter_map(|error| error.at("/code")).collect(),
            None => json.at("/code").into_iter().collect(),
        };
        let holds = |code: &&Json| code.as_integer().is_some_and(|code| codes.contains(&code));
        if found.iter().any(holds) {
            return None;
        }
        Some(match found.len() {
            0 => Observed::NoCode,
            count => {
                let shown: Vec<String> = found.into_iter().take(CODES_SHOWN).map(shortened).collect();
                let more = count - shown.len();
                Observed::Codes(shown, more)
            }
        })
    }

    fn lifetime_mismatch(&self, at: &Pointer, seconds: i64, within: i64) -> Option<Mismatch> {
        let (from, clock, within) = match self.response.date() {
            Some(date) => (date, Clock::Answer, within),
            None => (self.at, Clock::Ours, within.max(WITHIN_WITHOUT_DATE)),
        };
        let lifetime = |value: &Json| {
            // How the instant is written is another rule's business: a wrong form must not pass for a wrong lifetime.
            let instant: Timestamp = value.as_str()?.parse().ok()?;
            Some(instant.as_second() - from.as_second())
        };
        let observed = match self.json.as_ref().map(|json| json.at(at.as_str())) {
            Err(why) => why.clone(),
            Ok(None) => Observed::Absent,
            Ok(Some(value)) => match lifetime(value) {
                Some(lived) if (lived - seconds).abs() <= within => return None,
                Some(lived) => Observed::Instant(value.into(), lived, clock),
                None => Observed::NotAnInstant(value.into()),
            },
        };
        Some(Mismatch { at: Place::at(at.as_str()), expected: Expected::Lifetime { seconds, within, clock }, observed })
    }
}

#[cfg(test)]
mod tests;
