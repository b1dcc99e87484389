//! The budget of wrong logins: a deployed client may lock an account or an address out after too many, so of the cases
//! that need them only the most informative run.
//!
//! The cost of a case follows from its steps before anything is sent: every request to the login that is not expected to
//! be accepted counts, even if a target may accept it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Case;
use crate::documented::api::{self, Resource};
use crate::judge::{Expectation, StatusSet};
use crate::requirement::Level;
use crate::scenario::{Action, Step};
use crate::template::Bindings;

/// How many wrong logins a run may send to a deployed target by default.
pub const WRONG_LOGINS: u32 = 20;

/// Wrong logins that the harness itself sends: its canary, once at the start and once after unanswered requests, and one
/// login that shows whether the default password is still in place.
const OF_THE_HARNESS: u32 = 3;

impl Case {
    /// How many of its requests are wrong logins, or may be.
    pub fn wrong_logins(&self) -> u32 {
        let row = &self.row().bindings;
        let wrong = self.scenario.steps.iter().filter(|step| is_wrong_login(step, row));
        let wrong = wrong.map(|step| step.copies.map_or(1, |_| self.row().copies));
        u32::try_from(wrong.sum::<usize>()).unwrap_or(u32::MAX)
    }
}

fn is_wrong_login(step: &Step, row: &Bindings) -> bool {
    let to_the_login = match &step.action {
        Action::Send(draft) => api::may_log_in(&draft.path_in(row)),
        Action::Raw(bytes) => bytes.to_string().contains(Resource::Login.path()),
        // No login counts bytes that are not text.
        Action::Hex(template) => {
            let bytes = template.hex_literals().unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(Resource::Login.path())
        }
        Action::Advance(_) => false,
    };
    let musts = step.expectations.iter().filter(|expectation| expectation.level == Level::Must);
    let is_good = musts.flat_map(Expectation::statuses).any(StatusSet::accepts);
    to_the_login && !is_good
}

/// Splits the cases into those that fit the budget and the rest, both in the given order.
///
/// The controls come first: without them nothing else is proven. Then, repeatedly, the case that checks the most
/// requirements of level must, for each wrong login, that no chosen case checks yet; then of level should; then the
/// cheaper one.
pub(super) fn within(cases: Vec<Case>, budget: u32) -> (Vec<Case>, Vec<Case>) {
    let mut left = budget.saturating_sub(OF_THE_HARNESS);
    let mut chosen: BTreeSet<String> = BTreeSet::new();
    let mut checked: BTreeSet<(Level, &str)> = BTreeSet::new();
    let (mut candidates, free): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.wrong_logins() > 0);
    checked.extend(free.into_iter().flat_map(cited));
    loop {
        candidates.retain(|case| case.wrong_logins() <= left && !chosen.contains(&case.id));
        let value = |case: &Case| {
            let new = |level| cited(case).filter(|cited| cited.0 == level && !checked.contains(cited)).count();
            // In thousandths; it costs at least one.
            let (cost, worth) = (case.wrong_logins(), |level| new(level) * 1000 / case.wrong_logins() as usize);
            (case.scenario.control, worth(Level::Must), worth(Level::Should), Reverse(cost))
        };
        // Of equal ones the first by id: `max_by_key` takes the last. If nothing new is left, the cheapest come first.
        let Some(best) = candidates.iter().rev().copied().max_by_key(|case| value(case)) else { break };
        left -= best.wrong_logins();
        checked.extend(cited(best));
        chosen.insert(best.id.clone());
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
