//! What two targets differ in, as JSON.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::super::causes::{Cause, CauseEntry};
use super::{Compared, Ran, Shown};
use crate::run::CaseReport;

const SCHEMA: &str = "wabizspec/compare/1";

/// Two targets that ran the same plan, and what they differ in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ComparedReport<'c> {
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    a: Side<'c>,
    b: Side<'c>,
    /// The most important first.
    differences: Vec<Difference<'c>>,
    /// The ids of cases.
    judged_on_a_only: Vec<&'c str>,
    /// The ids of cases.
    judged_on_b_only: Vec<&'c str>,
}

/// The run on one of the targets.
#[derive(Serialize, JsonSchema)]
struct Side<'c> {
    /// Its URL.
    target: &'c str,
    /// How many cases passed or failed.
    judged: usize,
    /// How many cases were planned.
    cases: usize,
}

/// One difference.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Difference<'c> {
    /// A rule that one of them breaks, or breaks in another way.
    Rule {
        headline: String,
        only: Only,
        cause: CauseEntry<'c>,
        /// The answer of A in the example; null if it was not asked.
        a: Option<String>,
        /// The answer of B in the example; null if it was not asked.
        b: Option<String>,
    },
    /// Both do as documented.
    Open {
        headline: String,
        /// Those that the steps check.
        requirements: BTreeSet<&'c str>,
        cases: Vec<&'c str>,
        /// What A answers.
        a: &'c str,
        /// What B answers.
        b: &'c str,
    },
}

/// The target that breaks the rule.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Only {
    A,
    B,
}

impl Compared<'_> {
    pub(super) fn document(&self) -> ComparedReport<'_> {
        let (a, b) = (self.a.judged(), self.b.judged());
        ComparedReport {
            schema: SCHEMA,
            a: self.a.side(),
            b: self.b.side(),
            differences: self.differences().into_iter().map(|shown| self.difference(&shown)).collect(),
            judged_on_a_only: only(&a, &b),
            judged_on_b_only: only(&b, &a),
        }
    }

    fn difference<'c>(&'c self, shown: &Shown<'c>) -> Difference<'c> {
        match shown {
            Shown::OnlyA(cause) => self.of_rule(Only::A, cause),
            Shown::OnlyB(cause) => self.of_rule(Only::B, cause),
            Shown::Open(open, places) => Difference::Open {
                headline: open.headline(),
                requirements: places.iter().flat_map(|place| &place.cites).map(String::as_str).collect(),
                cases: places.iter().map(|place| place.case.as_str()).collect(),
                a: &open.a,
                b: &open.b,
            },
        }
    }

    fn of_rule<'c>(&'c self, only: Only, cause: &Cause<'c>) -> Difference<'c> {
        let (case, finding) = cause.example;
        let [a, b] = [self.a, self.b].map(|ran| ran.answer(&case.id, &finding.step));
        Difference::Rule { headline: cause.headline(), only, cause: cause.entry(), a, b }
    }
}

impl Ran {
    fn side(&self) -> Side<'_> {
        Side { target: self.url(), judged: self.judged().len(), cases: self.view.cases.len() }
    }
}

/// The cases that only one of them judged.
fn only<'c>(one: &BTreeMap<&'c str, &CaseReport>, other: &BTreeMap<&str, &CaseReport>) -> Vec<&'c str> {
    one.keys().filter(|id| !other.contains_key(*id)).copied().collect()
}
