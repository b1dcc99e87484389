//! Operations that the target does not have: one case that needs one fails for it, and the others are skipped.

use std::collections::{BTreeMap, BTreeSet};

use crate::documented::api::Operation;
use crate::judge::facts::{About, Condition, Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, OPERATIONS};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::Given;

/// The operations that the target does not have, each with the status that says so and the case that fails for it.
#[derive(Debug, Default)]
pub(super) struct Missing(pub BTreeMap<Operation, (u16, String)>);

impl Missing {
    pub fn needed_by(&self, case: &Case) -> Option<Operation> {
        // What may be left out is left out as a whole, also where bad requests are refused before the path is looked at.
        let is_missing = |needed: &Operation| {
            let goes_with = |missing: &Operation| needed.is_optional() && missing.resource() == needed.resource();
            self.0.keys().any(|missing| missing == needed || goes_with(missing))
        };
        needs(case).into_iter().find(is_missing)
    }

    /// The findings of missing operations with which this case fails.
    pub fn findings(&self, case: &Case, level: Level) -> Vec<Finding> {
        let carried = self.0.iter().filter(|(missing, (_, carrier))| *carrier == case.id && !missing.is_optional());
        let finding = |(operation, (status, _)): (&Operation, &(u16, String))| {
            let observed = Observed::Status(*status);
            let mismatch = Mismatch { at: Place::Status, expected: Expected::Operation, observed };
            let about = Some(About { operation: Some(*operation), condition: Condition::Open });
            Finding { about, ..Finding::new(OPERATIONS, level, "ask whether the operation exists", vec![mismatch]) }
        };
        carried.map(finding).collect()
    }
}

/// The operations that a case cannot do without: those that it calls, and those that bring about its state.
pub(super) fn needs(case: &Case) -> BTreeSet<Operation> {
    let by_state: &[Operation] = match case.given() {
        Given::Any => &[],
        Given::Fresh | Given::Admin => &[Operation::LogIn],
        Given::User | Given::Kept => &[Operation::LogIn, Operation::CreateUser],
        Given::Registered => &[Operation::LogIn, Operation::Register, Operation::Verify],
    };
    // Without it, the state of the registration cannot be found out.
    let by_registration = case.scenario.registration.map(|_| Operation::Register);
    case.operations().chain(by_state.iter().copied()).chain(by_registration).collect()
}
