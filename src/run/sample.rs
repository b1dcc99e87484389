//! Which refusals are looked at more closely where cases run together: some of each kind, so that it stays cheap.

use std::collections::BTreeSet;

use crate::documented::api::{Effect, Operation};
use crate::judge::StatusSet;
use crate::plan::Plan;
use crate::scenario::{Action, Step};

/// Whether the step can only be refused.
pub(super) fn is_refused(step: &Step) -> bool {
    step.statuses().next().is_some() && step.statuses().all(StatusSet::refuses)
}

/// The steps that look although other cases run: one of each kind, the first in the order of the plan.
pub(super) fn sampled(plan: &Plan) -> BTreeSet<(String, String)> {
    let mut kinds = BTreeSet::new();
    let mut sampled = BTreeSet::new();
    for case in plan.stages.iter().filter(|stage| stage.concurrent).flat_map(|stage| &stage.cases) {
        for step in case.scenario.steps.iter().filter(|step| is_refused(step)) {
            let asked = match &step.action {
                Action::Send(draft) => format!("{} {}", draft.method, draft.path),
                Action::Raw(_) | Action::Hex(_) | Action::Advance(_) => case.scenario.id.clone(),
            };
            let statuses: Vec<String> = step.statuses().map(StatusSet::to_string).collect();
            let rules: Vec<&str> = step.expectations.iter().map(|expected| expected.requirement.as_str()).collect();
            let effect = match &step.action {
                Action::Send(draft) => draft.operation(&case.row().bindings).map(Operation::effect),
                Action::Raw(_) | Action::Hex(_) | Action::Advance(_) => None,
            };
            // The changes that are easily seen are looked for each time.
            let is_plain = matches!(effect, Some(Effect::Account | Effect::Password));
            if kinds.insert((case.given(), asked, statuses, rules)) || is_plain {
                sampled.insert((case.id.clone(), step.name.clone()));
            }
        }
    }
    sampled
}
