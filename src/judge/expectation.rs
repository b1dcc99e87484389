//! What must hold of one answer, bound to one requirement.

use std::fmt;

use jiff::Timestamp;

use super::{Judgement, Mismatch, Placeholder, shortened};
use crate::exchange::{Breakage, Exchange, Json, Outcome, Request, Response};
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

/// A set of status codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet(Vec<(u16, u16)>);

impl StatusSet {
    /// From one or more words: `401`, or `4xx` for a whole class.
    pub fn parse<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<StatusSet> {
        let range = |word: &str| match word.strip_suffix("xx") {
            Some(class) => {
                let class: u16 = class.parse().ok()?;
                (1..=5).contains(&class).then_some((class * 100, class * 100 + 99))
            }
            None => {
                let status: u16 = word.parse().ok()?;
                (100..=599).contains(&status).then_some((status, status))
            }
        };
        let ranges: Option<Vec<_>> = words.into_iter().map(range).collect();
        ranges.filter(|ranges| !ranges.is_empty()).map(StatusSet)
    }

    /// Whether the status is in the set.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }

    /// Whether every status of the set refuses the request (4xx and 5xx).
    pub fn refuses(&self) -> bool {
        self.0.iter().all(|(low, _)| *low >= 400)
    }

    /// Whether every status of the set accepts the request (2xx).
    pub fn accepts(&self) -> bool {
        self.0.iter().all(|(low, high)| *low >= 200 && *high < 300)
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |(low, high): &(u16, u16)| match low == high {
            true => low.to_string(),
            false => format!("{}xx", low / 100),
        };
        let words: Vec<String> = self.0.iter().map(word).collect();
        f.write_str(&words.join(" or "))
    }
}

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
    fn describe(&self, bindings: &Bindings) -> String {
        match self {
            Pattern::Placeholder(kind) => format!("{} ({})", kind.shown(), kind.description()),
            Pattern::Text(template) => {
                let text = template.render(bindings);
                Json::String(text.unwrap_or_else(|_| template.to_string())).to_string()
            }
            Pattern::Integer(number) => number.to_string(),
            Pattern::Bool(value) => value.to_string(),
        }
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
                vec![mismatch("answer", "an answer".to_owned(), none.to_string())]
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
    json: Result<Json, String>,
    at: Timestamp,
}

impl<'r> Answer<'r> {
    fn new(response: &'r Response, at: Timestamp) -> Self {
        let json = match response.body.is_empty() {
            true => Err("an empty body".to_owned()),
            false => Json::parse(&response.body).map_err(|error| format!("a body that is no JSON ({error})")),
        };
        Answer { response, json, at }
    }

    fn mismatch(&self, check: &Check, bindings: &Bindings) -> Option<Mismatch> {
        match check {
            Check::Status(set) => {
                let status = self.response.status;
                (!set.contains(status)).then(|| mismatch("status", set.to_string(), status.to_string()))
            }
            Check::Error(codes) => self.error_mismatch(codes),
            Check::Absent(pointer) => {
                let value = self.json.as_ref().ok()?.at(pointer.as_str())?;
                Some(mismatch(pointer.as_str(), "absent", shortened(value)))
            }
            Check::Body(pointer, pattern) => {
                let expected = || pattern.describe(bindings);
                self.value_mismatch(pointer, expected, |value| pattern.matches(value, bindings))
            }
            Check::Count(pointer, count) => self.value_mismatch(
                pointer,
                || format!("an array of exactly {count}"),
                |value| value.as_array().is_some_and(|items| items.len() == *count),
            ),
            Check::Differs(pointer, other) => {
                let other = other.render(bindings).unwrap_or_default();
                self.value_mismatch(
                    pointer,
                    || format!("a value other than {}", Json::String(other.clone())),
                    |value| value.as_str().is_some_and(|text| text != other),
                )
            }
            Check::Header(name, pattern) => self.header_mismatch(name, pattern, bindings),
            Check::Lifetime { at, seconds, within } => self.lifetime_mismatch(at, *seconds, *within),
        }
    }

    fn value_mismatch(
        &self,
        pointer: &Pointer,
        expected: impl Fn() -> String,
        matches: impl Fn(&Json) -> bool,
    ) -> Option<Mismatch> {
        let observed = match &self.json {
            Err(why) => why.clone(),
            Ok(json) => match json.at(pointer.as_str()) {
                None => "absent".to_owned(),
                Some(value) if matches(value) => return None,
                Some(value) => shortened(value),
            },
        };
        Some(mismatch(pointer.as_str(), expected(), observed))
    }

    fn error_mismatch(&self, codes: &[i64]) -> Option<Mismatch> {
        let known: Vec<String> = codes.iter().map(i64::to_string).collect();
        let expected = format!("an error of code {}", known.join(" or "));
        let json = match &self.json {
            Ok(json) => json,
            Err(why) => return Some(mismatch("/errors", expected, why.clone())),
        };
        let found: Vec<&Json> = match json.at("/errors").and_then(Json::as_array) {
            Some(errors) => errors.iter().filter_map(|error| error.at("/code")).collect(),
            None => json.at("/code").into_iter().collect(),
        };
        let holds = |code: &&Json| code.as_integer().is_some_and(|code| codes.contains(&code));
        if found.iter().any(holds) {
            return None;
        }
        let observed = match found.is_empty() {
            true => "no error code".to_owned(),
            false => {
                let codes: Vec<String> = found.iter().take(CODES_SHOWN).map(shortened).collect();
                let more = match found.len() - codes.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("code {}{more}", codes.join(", "))
            }
        };
        Some(mismatch("/errors", expected, observed))
    }

    fn header_mismatch(&self, name: &str, pattern: &Pattern, bindings: &Bindings) -> Option<Mismatch> {
        let value = self.response.header(name);
        let text = value.map(|value| Json::String(String::from_utf8_lossy(value).into_owned()));
        match text {
            Some(text) if pattern.matches(&text, bindings) => None,
            text => Some(mismatch(
                &format!("header {name}"),
                pattern.describe(bindings),
                text.map_or("absent".to_owned(), |text| shortened(&text)),
            )),
        }
    }

    fn lifetime_mismatch(&self, at: &Pointer, seconds: i64, within: i64) -> Option<Mismatch> {
        let (from, clock, within) = match self.response.date() {
            Some(date) => (date, "the answer's Date", within),
            None => (self.at, "our clock", within.max(WITHIN_WITHOUT_DATE)),
        };
        let lifetime = |value: &Json| {
            // How the instant is written is another rule's business: a wrong form must not pass for a wrong lifetime.
            let instant: Timestamp = value.as_str()?.parse().ok()?;
            Some(instant.as_second() - from.as_second())
        };
        let expected = format!("{seconds} s after {clock}, give or take {within} s");
        let observed = match self.json.as_ref().map(|json| json.at(at.as_str())) {
            Err(why) => why.clone(),
            Ok(None) => "absent".to_owned(),
            Ok(Some(value)) => match lifetime(value) {
                Some(lived) if (lived - seconds).abs() <= within => return None,
                Some(lived) => format!("{value}, {lived} s after {clock}"),
                None => format!("{}, which is no such instant", shortened(value)),
            },
        };
        Some(mismatch(at.as_str(), expected, observed))
    }
}

fn mismatch(at: &str, expected: impl Into<String>, observed: impl Into<String>) -> Mismatch {
    let at = if at.is_empty() { "body" } else { at };
    Mismatch { at: at.to_owned(), expected: expected.into(), observed: observed.into() }
}

#[cfg(test)]
mod tests;
