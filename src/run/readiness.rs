//! What a target is asked before the first case: whether it answers as the API does, and which operations it has.
//!
//! A container that starts hangs up, or a gateway answers 502 or 503 for it. None of that is a verdict. All requests here are
//! without credentials and change nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Reason;
use super::harness::Harness;
use super::missing::{Missing, needs};
use crate::custody::reading::{NotTheApi, json_type, not_ready, not_the_api};
use crate::documented::api::{self, Operation, Resource};
use crate::exchange::{Breakage, Exchange, Header, Response};
use crate::plan::Plan;

/// How long the target may take unless the owner says more. A refused connection is not waited for then: it is most often a
/// wrong address.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(200);

/// Waits until the target is ready and finds out which operations it has, or says why no case can be tried. It may say what
/// seems to answer in place of the API.
pub(super) async fn begin(harness: &Harness, plan: &Plan) -> Result<Option<NotTheApi>, Reason> {
    let first = first_look(harness).await?;
    let doubt = not_the_api(&first);
    if let Some(sure @ (NotTheApi::Redirect { .. } | NotTheApi::Proxy { .. })) = doubt {
        return Err(Reason::NotTheApi(sure));
    }
    // It is set only here.
    let _ = harness.missing.set(missing(harness, plan, &first).await);
    Ok(doubt)
}

/// How a target that is ready answers a login and the reading of an account.
async fn first_look(harness: &Harness) -> Result<[Exchange; 2], Reason> {
    let begun = Instant::now();
    loop {
        let looked = harness.target.transport.first_look().await;
        let starting: Vec<String> = looked.iter().filter_map(not_ready).collect();
        if starting.len() < looked.len() {
            return Ok(looked);
        }
        let breakage = |exchange: &Exchange| exchange.unanswered().map(|none| none.breakage);
        let is_refused = looked.iter().all(|exchange| breakage(exchange) == Some(Breakage::Unreachable));
        let patience = harness.settings.ready_timeout.unwrap_or(if is_refused { Duration::ZERO } else { PATIENCE });
        if begun.elapsed() < patience && !harness.is_stopping() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        return match looked.iter().find_map(Exchange::unanswered) {
            None => Err(Reason::NotReady(starting[0].clone())),
            // A target that takes connections is judged case by case, even if it closes them.
            Some(_) if looked.iter().any(Exchange::is_hung_up) => {
                harness.target.transport.expect_hang_ups();
                Ok(looked)
            }
            Some(none) => Err(Reason::NoAnswer(none.into())),
        };
    }
}

/// Asks once for every operation that a case of the plan needs: one that exists answers 401 or 400.
async fn missing(harness: &Harness, plan: &Plan, first: &[Exchange; 2]) -> Missing {
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
        if let Some(status) = absence(harness, operation, first).await {
            missing.0.insert(operation, (status, carrier.to_owned()));
        }
    }
    missing
}

/// The status that says that there is no such operation.
///
/// A body that is not JSON changes nothing, even on a target that needs no credentials. But where the body is read before the
/// path is looked at, every path refuses it alike. Then a list says more: it has no member that an operation could use.
async fn absence(harness: &Harness, operation: Operation, first: &[Exchange; 2]) -> Option<u16> {
    if operation.required().is_empty() {
        return absence_by(harness, operation, None, first).await.ok()?;
    }
    match absence_by(harness, operation, Some("{"), first).await {
        Ok(status) => status,
        Err(Alike) => absence_by(harness, operation, Some("[]"), first).await.ok()?,
    }
}

/// The target refuses the body on every path.
struct Alike;

/// As [`absence`], by one body.
///
/// A 404 may also mean that there is no such account: some servers look for it before they look for a token. So it counts
/// only where a path that cannot exist gets the same answer, and the path of the administrator, who exists, gets a 404 too.
async fn absence_by(
    harness: &Harness,
    operation: Operation,
    body: Option<&str>,
    [login, read]: &[Exchange; 2],
) -> Result<Option<u16>, Alike> {
    let (name, elsewhere) = harness.accounts.names().next();
    let nowhere = format!("/{elsewhere}/{name}");
    // The administrator is not put at risk by a body that can be read.
    let is_of_admin = operation == Operation::ReadUser || operation == Operation::UpdateUser && body == Some("{");
    let path = match operation.resource() {
        Resource::User if is_of_admin => api::user(harness.accounts.admin_name()),
        Resource::User => api::user(&name),
        _ => operation.path().to_owned(),
    };
    let asked;
    let exchange = if operation == Operation::LogIn {
        login
    } else {
        asked = ask(harness, operation, &path, body).await;
        &asked
    };
    let Some(answer) = exchange.response() else { return Ok(None) };
    match answer.status {
        405 | 501 => return Ok(Some(answer.status)),
        400 | 404 | 415 | 422 => {}
        _ => return Ok(None),
    }
    let unknown = ask(harness, operation, &nowhere, body).await;
    let Some(unknown) = unknown.response() else { return Ok(None) };
    let is_alike = unknown.status == answer.status && shape(answer, &path) == shape(unknown, &nowhere);
    match answer.status {
        404 if is_alike => {}
        404 => return Ok(None),
        _ if is_alike => return Err(Alike),
        _ => return Ok(None),
    }
    // Where no account was there to try this on, an answer of the API, which has the path, is about the account.
    let has_path = read.response().is_some_and(|read| !matches!(read.status, 404 | 405 | 501));
    let is_about_account =
        operation.resource() == Resource::User && !is_of_admin && has_path && !answer.error_codes().is_empty();
    Ok((!is_about_account).then_some(404))
}

/// Calls the operation without credentials.
async fn ask(harness: &Harness, operation: Operation, path: &str, body: Option<&str>) -> Exchange {
    let headers: Vec<Header> = body.iter().map(|_| json_type()).collect();
    let transport = &harness.target.transport;
    let body = body.map(|body| body.as_bytes().to_vec());
    transport.send(transport.request(operation.method(), path, headers, body)).await
}

/// What an answer looks like apart from the path, which it may repeat.
fn shape(response: &Response, path: &str) -> (Option<String>, usize) {
    let kind = response.header_text("Content-Type").map(str::to_owned);
    (kind, String::from_utf8_lossy(&response.body).replace(path, "").len())
}
