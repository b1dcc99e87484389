//! Asks which operations of the API the target has at all.
//!
//! Each operation that the plan needs is asked for once, without credentials: what exists answers 401 or 400, and changes
//! nothing.

use std::collections::BTreeMap;

use super::harness::Harness;
use super::missing::{Missing, needs};
use super::readiness::FirstLook;
use crate::custody::reading::json_type;
use crate::documented::api::{self, Operation, Resource};
use crate::exchange::{Header, Outcome, Response};
use crate::plan::Plan;

/// Asks for every operation that a case of the plan needs.
pub(super) async fn missing(harness: &Harness, plan: &Plan, seen: &FirstLook) -> Missing {
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
        if let Some(status) = absence(harness, operation, seen).await {
            missing.0.insert(operation, (status, carrier.to_owned()));
        }
    }
    missing
}

/// The status that says that there is no such operation.
///
/// A 404 may also mean that there is no such account: some servers look for it before they look for a token. So it counts
/// only where a path that cannot exist is answered alike, and the path of the administrator, who exists, is no better.
async fn absence(harness: &Harness, operation: Operation, seen: &FirstLook) -> Option<u16> {
    let (name, elsewhere) = harness.accounts.names().next();
    let nowhere = format!("/{elsewhere}/{name}");
    let path = match operation {
        Operation::ReadUser => api::user("admin"),
        _ if operation.resource() == Resource::User => api::user(&name),
        _ => operation.path().to_owned(),
    };
    let asked;
    let answer = match operation {
        Operation::LogIn => seen.login.as_ref()?,
        Operation::ReadUser => seen.read.as_ref()?,
        _ => {
            asked = ask(harness, operation, &path, b"{}").await?;
            &asked
        }
    };
    match answer.status {
        405 | 501 => return Some(answer.status),
        404 => {}
        _ => return None,
    }
    let unknown = ask(harness, operation, &nowhere, b"{}").await?;
    let mut is_missing = unknown.status == 404 && shape(answer, &path) == shape(&unknown, &nowhere);
    if operation == Operation::UpdateUser {
        // Nobody's password becomes anything by a body that is not JSON.
        let admin = ask(harness, operation, &api::user(harness.accounts.admin_name()), b"{").await?;
        is_missing &= admin.status == 404;
    }
    if operation == Operation::DeleteUser {
        // There is no account to try this on. An answer of the API, where it has the path, is about the account.
        let has_path = seen.read.as_ref().is_some_and(|read| !matches!(read.status, 404 | 405 | 501));
        is_missing &= !(has_path && !answer.error_codes().is_empty());
    }
    is_missing.then_some(404)
}

/// Calls the operation without credentials, and where it takes a body with that one.
async fn ask(harness: &Harness, operation: Operation, path: &str, body: &[u8]) -> Option<Response> {
    let body = (!operation.required().is_empty()).then(|| body.to_vec());
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
