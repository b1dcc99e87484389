//! One answer, and what it is held to.

use std::collections::BTreeSet;

use crate::exchange::{Exchange, Json, Response};
use crate::judge::{Check, Expectation, Judgement, Pattern, Placeholder, StatusSet};
use crate::requirement::Register;
use crate::template::{Bindings, Pointer, Template};

/// The findings of one exchange, and the requirements that it was held to.
pub struct Held<'r> {
    pub register: &'r Register,
    pub exchange: &'r Exchange,
    pub response: &'r Response,
    /// The request in a few words.
    pub step: &'r str,
    pub judgement: Judgement,
    /// Findings that a reset would explain, of which the recording need not show anything.
    pub doubtful: Judgement,
    pub touched: BTreeSet<&'static str>,
}

impl<'r> Held<'r> {
    pub fn new(register: &'r Register, exchange: &'r Exchange, response: &'r Response, step: &'r str) -> Held<'r> {
        let (judgement, doubtful, touched) = (Judgement::default(), Judgement::default(), BTreeSet::new());
        Held { register, exchange, response, step, judgement, doubtful, touched }
    }

    pub fn status(&self) -> u16 {
        self.response.status
    }

    pub fn is_granted(&self) -> bool {
        self.response.is_granted()
    }

    pub fn is_refused(&self) -> bool {
        self.response.is_refused()
    }

    pub fn json(&self) -> Option<&Json> {
        self.response.json()
    }

    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.json()?.at(pointer)?.as_str()
    }

    /// Holds the answer to a requirement; whether it keeps it. One that is not in the register is not applied.
    pub fn to(&mut self, requirement: &'static str, checks: Vec<Check>) -> bool {
        let Some(known) = self.register.find(requirement) else { return true };
        self.touched.insert(requirement);
        let expectation = Expectation { requirement: requirement.to_owned(), level: known.level, checks };
        let judged = expectation.judge(self.step, self.exchange, &Bindings::default());
        let holds = judged.findings.is_empty() && judged.observations.is_empty();
        self.judgement.absorb(judged);
        holds
    }

    /// The same for what a target that was reset meanwhile does too.
    pub fn unless_reset(&mut self, requirement: &'static str, checks: Vec<Check>) {
        let before = std::mem::take(&mut self.judgement);
        self.to(requirement, checks);
        let found = std::mem::replace(&mut self.judgement, before);
        self.doubtful.absorb(found);
    }

    /// The request must be refused with one of these statuses, and nothing be shown.
    pub fn refused(&mut self, requirement: &'static str, statuses: &str) -> bool {
        let nothing = ["/users", "/account"].map(absent);
        self.to(requirement, [status(statuses)].into_iter().chain(nothing).collect())
    }
}

/// One of these statuses, such as `400 401` or `4xx`.
pub fn status(words: &str) -> Check {
    Check::Status(StatusSet::parse(words.split(' ')).expect("statuses"))
}

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).expect("a pointer")
}

pub fn absent(at: &str) -> Check {
    Check::Absent(pointer(at))
}

pub fn code(codes: &[i64]) -> Check {
    Check::Error(codes.to_vec())
}

pub fn one(at: &str) -> Check {
    Check::Count(pointer(at), 1)
}

pub fn text(at: &str, text: &str) -> Check {
    Check::Body(pointer(at), Pattern::Text(Template::literal(text)))
}

pub fn kind(at: &str, kind: Placeholder) -> Check {
    Check::Body(pointer(at), Pattern::Placeholder(kind))
}

pub fn differs(at: &str, other: &str) -> Check {
    Check::Differs(pointer(at), Template::literal(other))
}

pub fn lifetime(at: &str, within: i64) -> Check {
    let seconds = crate::documented::token::LIFETIME.as_secs();
    Check::Lifetime { at: pointer(at), seconds, within }
}
