//! The budget of wrong logins: a deployed client may lock an account or an address out after too many, so only the most
//! telling of the cases that need them are run.
//!
//! What a case costs is read off its steps before anything is sent: every request to the login that is not expected to
//! be accepted counts, also where a target may accept it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Case;
use crate::documented::api::{self, Resource};
use crate::judge::{Expectation, StatusSet};
use crate::requirement::Level;
use crate::scenario::{Action, Step};
use crate::template::Bindings;

/// How many wrong logins a run may send to a deployed target unless the owner says otherwise.
pub const WRONG_LOGINS: u32 = 20;

/// Wrong logins that the harness sends beside the cases: its canary asks for nothing but an answer, once at the start
/// and once where requests go unanswered, and one login shows whether the default password is still in place.
const OF_THE_HARNESS: u32 = 3;

impl Case {
    /// How many of its requests are wrong logins, or may be.
    pub fn wrong_logins(&self) -> u32 {
        let row = &self.row().bindings;
        let wrong = self.scenario.steps.iter().filter(|step| is_wrong_login(step, row));
        u32::try_from(wrong.count()).unwrap_or(u32::MAX)
    }
}

fn is_wrong_login(step: &Step, row: &Bindings) -> bool {
    let to_the_login = match &step.action {
        Action::Send(draft) => api::may_log_in(&draft.path_in(row)),
        Action::Raw(bytes) => bytes.to_string().contains(Resource::Login.path()),
        // Bytes that are no text are no request that a login would count.
        Action::Hex(bytes) => String::from_utf8_lossy(bytes).contains(Resource::Login.path()),
        Action::Advance(_) => false,
    };
    let musts = step.expectations.iter().filter(|expectation| expectation.level == Level::Must);
    let is_good = musts.flat_map(Expectation::statuses).any(StatusSet::accepts);
    to_the_login && !is_good
}

/// Splits the cases into those that fit the budget and the rest, each in the order given.
///
/// The controls come first: without them nothing else is proven. Then, again and again, the case that checks the most
/// requirements of level must that no chosen case checks yet; then of level should; then the cheaper one.
pub(super) fn within(cases: Vec<Case>, budget: u32) -> (Vec<Case>, Vec<Case>) {
    let mut left = budget.saturating_sub(OF_THE_HARNESS);
    let mut chosen: BTreeSet<String> = BTreeSet::new();
    let mut checked: BTreeSet<(Level, &str)> = BTreeSet::new();
    let (costly, free): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.wrong_logins() > 0);
    for case in free {
        checked.extend(cited(case));
    }
    let mut candidates = costly;
    while !candidates.is_empty() {
        candidates.retain(|case| case.wrong_logins() <= left);
        let telling = |case: &&&Case| {
            let new = |level| {
                let of_level = cited(case).filter(|cited| cited.0 == level);
                of_level.filter(|cited| !checked.contains(cited)).count()
            };
            (case.scenario.control, new(Level::Must), new(Level::Should))
        };
        let cheaper = |case: &&&Case| Reverse(case.wrong_logins());
        // Of equals the first by id: `max_by_key` would take the last.
        let best = candidates.iter().rev().max_by_key(|case| (telling(case), cheaper(case)));
        let Some(best) = best.copied() else { break };
        if telling(&&best) == (false, 0, 0) {
            // Nothing new is to be learned, so one is as good as another: those that cost the least.
            candidates.sort_by_key(|case| case.wrong_logins());
            for case in candidates {
                if let Some(rest) = left.checked_sub(case.wrong_logins()) {
                    left = rest;
                    chosen.insert(case.id.clone());
                }
            }
            break;
        }
        left -= best.wrong_logins();
        checked.extend(cited(best));
        chosen.insert(best.id.clone());
        candidates.retain(|case| case.id != best.id);
    }
    cases.into_iter().partition(|case| case.wrong_logins() == 0 || chosen.contains(&case.id))
}

/// Every requirement that the case checks, with its level.
fn cited(case: &Case) -> impl Iterator<Item = (Level, &str)> {
    let expectations = case.scenario.steps.iter().flat_map(|step| &step.expectations);
    expectations.map(|expectation| (expectation.level, expectation.requirement.as_str()))
}

#[cfg(test)]
mod tests;
