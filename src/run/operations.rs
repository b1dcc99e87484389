//! Asks which operations of the API the target has at all.
//!
//! Each operation that the plan needs is asked for once, without credentials: what exists answers 401 or 400, and changes
//! nothing.

use std::collections::BTreeMap;

use super::harness::Harness;
use super::missing::{Missing, needs};
use crate::custody::reading::json_type;
use crate::documented::api::{self, Operation, Resource};
use crate::exchange::{Header, Outcome, Response};
use crate::plan::Plan;

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
