//! Which operations of the API the target has at all.
//!
//! Without one, dozens of cases would fail for that alone. So each operation that the plan needs is asked for once, without
//! credentials: what exists answers 401 or 400 and changes nothing. The first case that needs a missing one fails for it;
//! the others are skipped.

use std::collections::{BTreeMap, BTreeSet};

use super::harness::Harness;
use crate::custody::reading::json_type;
use crate::documented::api::{self, Operation, Resource};
use crate::exchange::{Header, Outcome, Response};
use crate::judge::facts::{About, Condition, Expected, Observed, Place};
use crate::judge::{Finding, Mismatch, OPERATIONS};
use crate::plan::{Case, Plan};
use crate::scenario::Given;

/// The operations that the target does not have, each with the status that says so and the case that fails for it.
#[derive(Debug, Default)]
pub(super) struct Missing(BTreeMap<Operation, (u16, String)>);

impl Missing {
    pub fn contains(&self, operation: Operation) -> bool {
        self.0.contains_key(&operation)
    }

    /// What a case needs and the target does not have.
    pub fn needed_by(&self, case: &Case) -> Option<Operation> {
        let needed = needs(case);
        self.0.keys().copied().find(|operation| needed.contains(operation))
    }

    /// The findings of missing operations with which this case fails.
    pub fn findings(&self, harness: &Harness, case: &Case) -> Vec<Finding> {
        let Some(level) = harness.oracles.operations() else { return Vec::new() };
        let carried = self.0.iter().filter(|(_, (_, carrier))| *carrier == case.id);
        let finding = |(operation, (status, _)): (&Operation, &(u16, String))| {
            let observed = Observed::Status(*status);
            let mismatch = Mismatch { at: Place::Status, expected: Expected::Operation, observed };
            let about = About { operation: Some(*operation), condition: Condition::Open };
            let finding = Finding::new(OPERATIONS, level, "ask whether the operation exists", vec![mismatch]);
            Finding { about: Some(about), ..finding }
        };
        carried.map(finding).collect()
    }
}

/// The operations that a case cannot do without: those that it calls, and those that bring about its state.
fn needs(case: &Case) -> BTreeSet<Operation> {
    let by_state: &[Operation] = match case.given() {
        Given::Any => &[],
        Given::Fresh | Given::Admin => &[Operation::LogIn],
        Given::User => &[Operation::LogIn, Operation::CreateUser],
        Given::Registered => &[Operation::LogIn, Operation::Register, Operation::Verify],
    };
    // Without it, the state of the registration cannot be found out.
    let by_registration = case.scenario.registration.map(|_| Operation::Register);
    case.operations().chain(by_state.iter().copied()).chain(by_registration).collect()
}

/// Asks for every operation that a case of the plan needs.
pub(super) async fn missing(harness: &Harness, plan: &Plan) -> Missing {
    if harness.oracles.operations().is_none() {
        return Missing::default();
    }
    // Of the cases that need an operation, the one with the fewest needs says most clearly what is missing. A control that
    // fails would leave its area unproven.
    let mut carriers: BTreeMap<Operation, (bool, usize, &str)> = BTreeMap::new();
    for case in plan.cases() {
        let needed = needs(case);
        for operation in &needed {
            let best = carriers.entry(*operation).or_insert((true, usize::MAX, ""));
            *best = (*best).min((case.scenario.control, needed.len(), &case.id));
        }
    }
    let mut missing = Missing::default();
    for (operation, (.., carrier)) in carriers {
        if let Some(status) = absence(harness, operation).await {
            missing.0.insert(operation, (status, carrier.to_owned()));
        }
    }
    missing
}

/// The status that says that there is no such operation.
async fn absence(harness: &Harness, operation: Operation) -> Option<u16> {
    let (name, elsewhere) = harness.accounts.names().next();
    let path = match operation.resource() {
        Resource::User => api::user(&name),
        resource => resource.path().to_owned(),
    };
    let asked = ask(harness, operation, &path).await?;
    match asked.status {
        405 | 501 => return Some(asked.status),
        404 => {}
        _ => return None,
    }
    // Some look for the account before they look for a token. What they do not know at all they answer in another way.
    let nowhere = format!("/{elsewhere}/{name}");
    let unknown = ask(harness, operation, &nowhere).await?;
    if unknown.status != 404 || shape(&asked, &path) != shape(&unknown, &nowhere) {
        return None;
    }
    if operation == Operation::ReadUser {
        let admin = api::user(harness.accounts.admin_name());
        return ask(harness, operation, &admin).await.map(|answer| answer.status).filter(|status| *status == 404);
    }
    Some(asked.status)
}

/// Calls the operation without credentials, and without anything in the body.
async fn ask(harness: &Harness, operation: Operation, path: &str) -> Option<Response> {
    let body = (!operation.required().is_empty()).then(|| b"{}".to_vec());
    let headers: Vec<Header> = body.iter().map(|_| json_type()).collect();
    let transport = &harness.target.transport;
    let exchange = transport.send(transport.request(operation.method(), path, headers, body)).await;
    match exchange.outcome {
        Outcome::Answered(response) => Some(response),
        Outcome::Unanswered(_) => None,
    }
}

/// What an answer looks like apart from the path, which it may repeat.
fn shape(response: &Response, path: &str) -> (Option<String>, usize) {
    let kind = response.header_text("Content-Type").map(str::to_owned);
    (kind, String::from_utf8_lossy(&response.body).replace(path, "").len())
}
