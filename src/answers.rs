//! What a target answered, as far as two targets can be compared by it: status, error codes and the shape of the body.
//!
//! It has no value of an answer, and no name but plain words, so it has no secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::exchange::{Breakage, Exchange, Json, JsonKind, Response};
use crate::judge::facts::About;
use crate::run::{Witness, Witnessed};

/// How a target answered one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The name of the step.
    pub step: String,
    pub about: About,
    /// The requirements that the step checks.
    pub cites: Vec<String>,
    pub status: Result<u16, Breakage>,
    /// The codes of its errors, sorted.
    pub codes: BTreeSet<i64>,
    /// What is where in its body. Items of an array share a place.
    pub shape: BTreeSet<(String, JsonKind)>,
    /// 1-based line of the step.
    line: usize,
}

/// In what two answers to the same request differ. The first is what the others follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Of class: an answer is missing on one side, or one is a success and the other a refusal.
    Status,
    Codes,
    Shape,
}

impl Answer {
    fn of(seen: Witnessed<'_>) -> Answer {
        let Witnessed { case, step, exchange, .. } = seen;
        let response = exchange.response();
        let mut shape = BTreeSet::new();
        if let Some(json) = response.and_then(Response::json) {
            note_shape(json, String::new(), &mut shape);
        }
        let mut cites: Vec<String> = step.expectations.iter().map(|it| it.requirement.clone()).collect();
        cites.dedup();
        Answer {
            step: step.name.clone(),
            about: step.about(&case.row().bindings),
            cites,
            status: status(exchange),
            codes: response.map(Response::error_codes).into_iter().flatten().collect(),
            shape,
            line: step.line,
        }
    }

    pub fn is_success(&self) -> bool {
        self.class() == Some(2)
    }

    fn class(&self) -> Option<u16> {
        self.status.ok().map(|status| status / 100)
    }

    pub fn difference(&self, other: &Answer) -> Option<Difference> {
        match () {
            () if self.class() != other.class() => Some(Difference::Status),
            () if self.codes != other.codes => Some(Difference::Codes),
            () if self.shape != other.shape => Some(Difference::Shape),
            () => None,
        }
    }
}

fn status(exchange: &Exchange) -> Result<u16, Breakage> {
    match &exchange.outcome {
        Ok(response) => Ok(response.status),
        Err(none) => Err(none.breakage),
    }
}

/// How deep and how wide a body is looked at: no documented one is larger.
const DEEPEST: usize = 8;
const WIDEST: usize = 100;

fn note_shape(json: &Json, at: String, shape: &mut BTreeSet<(String, JsonKind)>) {
    if shape.len() >= WIDEST || at.matches('/').count() > DEEPEST {
        return;
    }
    shape.insert((at.clone(), json.kind()));
    for item in json.as_array().into_iter().flatten() {
        note_shape(item, format!("{at}/*"), shape);
    }
    for (name, value) in json.as_object().into_iter().flatten() {
        // Any other name may be what the target made of a secret.
        let is_plain = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        note_shape(value, format!("{at}/{}", if is_plain { name } else { "?" }), shape);
    }
}

/// The answers of one run, by case, in the order of the steps.
#[derive(Debug, Clone, Default)]
pub struct Answers(Arc<Mutex<BTreeMap<String, Vec<Answer>>>>);

impl Answers {
    /// Takes in every exchange of a run.
    pub fn witness(&self) -> Witness {
        let answers = Answers(Arc::clone(&self.0));
        Witness::new(move |seen| answers.take(seen))
    }

    fn take(&self, seen: Witnessed<'_>) {
        // Which copy of a request is granted may differ from run to run.
        if seen.step.copies.is_some() {
            return;
        }
        let answer = Answer::of(seen);
        let mut cases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = cases.entry(seen.case.id.clone()).or_default();
        // A case that is run once more counts as it was answered then.
        let known = answers.iter().position(|it| (it.line, &it.step) == (answer.line, &answer.step));
        answers.truncate(known.unwrap_or(answers.len()));
        answers.push(answer);
    }

    pub fn of(&self, case: &str) -> Vec<Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(case).cloned().unwrap_or_default()
    }
}

/// The first step of a case whose answers differ.
pub fn first_difference(a: &[Answer], b: &[Answer]) -> Option<(Difference, Answer, Answer)> {
    let mut pairs = a.iter().zip(b).take_while(|(a, b)| (a.line, &a.step) == (b.line, &b.step));
    pairs.find_map(|(a, b)| Some((a.difference(b)?, a.clone(), b.clone())))
}
