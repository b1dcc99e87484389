//! What must hold of one answer, bound to one requirement.

use jiff::Timestamp;

use super::facts::{Clock, Expected, Observed, Pattern, Place, Secret};
use super::{Judgement, Mismatch, StatusSet};
use crate::exchange::{Breakage, Exchange, Json, Request, Response, shortened};
use crate::requirement::Level;
use crate::template::{Bindings, Pointer, Template};

/// What one requirement asks of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The requirement's id.
    pub requirement: String,
    /// Its level, from the register.
    pub level: Level,
    /// At least one.
    pub checks: Vec<Check>,
}

/// One thing asked of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The status is one of the set.
    Status(StatusSet),
    /// One element of `errors` has one of the codes (a bare error object counts where the documents print one).
    Error(Vec<i64>),
    /// There is no value at the pointer. A body that is not JSON has none.
    Absent(Pointer),
    /// The value at the pointer matches.
    Body(Pointer, Pattern),
    /// The value at the pointer is an array of that many items.
    Count(Pointer, usize),
    /// The value at the pointer is another text.
    Differs(Pointer, Template),
    /// The text is nowhere in the answer.
    Lacks(Template),
    /// Those of the copies are granted. One answer says nothing of it.
    Granted(Granted),
    /// The header is there and matches.
    Header(String, Pattern),
    /// The instant at the pointer is `seconds` after the answer, give or take `within`.
    Lifetime {
        /// The place of the instant.
        at: Pointer,
        /// The lifetime in seconds.
        seconds: i64,
        /// The tolerance in seconds, where the answer has a `Date`.
        within: i64,
    },
}

/// Which copies of a step must be granted. Steps are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// So many at most.
    Most(usize),
    /// Those that were granted in that step, and no others.
    As(String),
    /// One of those that were granted in that step, if any was, and no other.
    OneOf(String),
}

impl Granted {
    /// The step that a check compares with.
    pub(crate) fn step(check: &Check) -> Option<&str> {
        match check {
            Check::Granted(Granted::As(step) | Granted::OneOf(step)) => Some(step),
            _ => None,
        }
    }
}

/// The least tolerance of a lifetime, in seconds, where the answer has no `Date` and our own clock is used.
const WITHIN_WITHOUT_DATE: i64 = 300;

const CODES_SHOWN: usize = 20;

impl Pattern {
    fn filled_in(&self, bindings: &Bindings) -> Expected {
        Expected::Value(match self {
            Pattern::Placeholder(kind) => Pattern::Placeholder(*kind),
            Pattern::Text(template) => {
                let text = template.render(bindings).unwrap_or_else(|_| template.to_string());
                Pattern::Text(Json::String(text).to_string())
            }
            Pattern::Integer(number) => Pattern::Integer(*number),
            Pattern::Bool(value) => Pattern::Bool(*value),
        })
    }

    fn matches(&self, value: &Json, bindings: &Bindings) -> bool {
        match self {
            Pattern::Placeholder(kind) => kind.recognises(value),
            Pattern::Text(template) => template.render(bindings).is_ok_and(|text| value.as_str() == Some(&text)),
            Pattern::Integer(number) => value.as_integer() == Some(*number),
            Pattern::Bool(expected) => *value == Json::Bool(*expected),
        }
    }
}

impl Expectation {
    pub(crate) fn statuses(&self) -> impl Iterator<Item = &StatusSet> {
        self.checks.iter().filter_map(|check| match check {
            Check::Status(set) => Some(set),
            _ => None,
        })
    }

    /// Checks the exchange. An exchange without a whole answer is a finding of an oracle, not of an expectation. The
    /// exception is a connection that the target closed on raw bytes: no oracle objects to that.
    pub fn judge(&self, step: &str, exchange: &Exchange, bindings: &Bindings) -> Judgement {
        let mut judgement = Judgement::default();
        let mismatches = match &exchange.outcome {
            Ok(response) => {
                let answer = Answer::new(response, exchange.at);
                self.checks.iter().filter_map(|check| answer.mismatch(check, bindings)).collect()
            }
            Err(none) if none.breakage == Breakage::Closed && matches!(exchange.request, Request::Raw(_)) => {
                let observed = Observed::Broken(none.into());
                vec![Mismatch { at: Place::Answer, expected: Expected::Answer, observed }]
            }
            Err(_) => Vec::new(),
        };
        judgement.file(&self.requirement, self.level, step, mismatches);
        judgement
    }
}

/// An answer with its body parsed once.
struct Answer<'r> {
    response: &'r Response,
    /// The body, or what it is instead of JSON.
    json: Result<&'r Json, Observed>,
    at: Timestamp,
}

impl<'r> Answer<'r> {
    fn new(response: &'r Response, at: Timestamp) -> Self {
        let json = match response.body.is_empty() {
            true => Err(Observed::EmptyBody),
            false => response.body.json().map_err(|error| Observed::NotJson(error.to_string())),
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
            Check::Error(codes) => {
                (Place::at("/errors"), Expected::ErrorCode(codes.clone()), self.check_codes(codes).err()?)
            }
            Check::Absent(pointer) => {
                let value = self.json.as_ref().ok()?.at(pointer.as_str())?;
                (place(pointer), Expected::Absent, Observed::Value(value.into()))
            }
            Check::Body(pointer, pattern) => {
                let observed = self.check_value(pointer, |value| pattern.matches(value, bindings)).err()?;
                (place(pointer), pattern.filled_in(bindings), observed)
            }
            Check::Count(pointer, count) => {
                let matches = |value: &Json| value.as_array().is_some_and(|items| items.len() == *count);
                (place(pointer), Expected::Count(*count), self.check_value(pointer, matches).err()?)
            }
            Check::Differs(pointer, other) => {
                let other = other.render(bindings).unwrap_or_default();
                let differs = |value: &Json| value.as_str().is_some_and(|text| text != other);
                let observed = self.check_value(pointer, differs).err()?;
                (place(pointer), Expected::OtherThan(Json::String(other).to_string()), observed)
            }
            Check::Lacks(text) => {
                let text = text.render(bindings).ok()?;
                let at = place_of(self.response, text.as_bytes())?;
                (at, Expected::Lacking, Observed::Secret(Secret::Code))
            }
            Check::Granted(_) => return None,
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

    fn json(&self) -> Result<&Json, Observed> {
        self.json.clone()
    }

    /// Fails with the value at the pointer, unless it matches.
    fn check_value(&self, pointer: &Pointer, matches: impl Fn(&Json) -> bool) -> Result<(), Observed> {
        let value = at(self.json()?, pointer.as_str());
        if value.is_some_and(matches) { Ok(()) } else { Err(Observed::value(value)) }
    }

    /// Fails with the codes of the answer, unless one of them is asked for.
    fn check_codes(&self, codes: &[i64]) -> Result<(), Observed> {
        let found: Vec<&Json> = self.json()?.error_codes().collect();
        if found.is_empty() {
            return Err(Observed::NoCode);
        }
        if found.iter().any(|code| code.as_integer().is_some_and(|code| codes.contains(&code))) {
            return Ok(());
        }
        let shown: Vec<String> = found.iter().take(CODES_SHOWN).map(|code| shortened(*code)).collect();
        let more = found.len() - shown.len();
        Err(Observed::Codes(shown, more))
    }

    fn lifetime_mismatch(&self, at: &Pointer, seconds: i64, within: i64) -> Option<Mismatch> {
        let (from, clock, within) = match self.response.date() {
            Some(date) => (date, Clock::Answer, within),
            None => (self.at, Clock::Ours, within.max(WITHIN_WITHOUT_DATE)),
        };
        let observed = match self.json().map(|json| json.at(at.as_str())) {
            Err(why) => why,
            Ok(None) => Observed::Absent,
            // The format of the instant is another requirement: a wrong format must not count as a wrong lifetime.
            Ok(Some(value)) => match value.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
                None => Observed::NotAnInstant(value.into()),
                Some(instant) => match instant.as_second() - from.as_second() {
                    lived if (lived - seconds).abs() <= within => return None,
                    lived => Observed::Instant(value.into(), lived, clock),
                },
            },
        };
        Some(Mismatch { at: Place::at(at.as_str()), expected: Expected::Lifetime { seconds, within, clock }, observed })
    }
}

/// The value at the pointer. For an error without its envelope, as the documents print one, `/errors/0` is that error.
fn at<'j>(json: &'j Json, pointer: &str) -> Option<&'j Json> {
    json.at(pointer).or_else(|| {
        let is_bare = json.at("/errors").is_none() && json.at("/code").is_some();
        json.at(pointer.strip_prefix("/errors/0")?).filter(|_| is_bare)
    })
}

/// Where a text is in an answer.
fn place_of(response: &Response, text: &[u8]) -> Option<Place> {
    let holds = |bytes: &[u8]| !text.is_empty() && bytes.windows(text.len()).any(|part| part == text);
    let header = response.headers.iter().find(|header| holds(&header.value));
    let body = holds(&response.body).then_some(Place::Body);
    body.or(header.map(|header| Place::Header(header.name.to_string())))
}

#[cfg(test)]
mod tests;
