//! What a target is asked before the first case: whether it answers as the API does, and which operations it has.
//!
//! While a container starts, it hangs up or a gateway answers 502 or 503: no verdict. No request here changes anything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Reason;
use super::harness::Harness;
use super::missing::{Missing, needs};
use crate::custody::absence::absence;
use crate::custody::reading::{NotTheApi, not_ready, not_the_api};
use crate::documented::api::Operation;
use crate::exchange::{Breakage, Exchange};
use crate::plan::Plan;

/// How long the target may take by default. Then a refused connection is not waited for: the address is probably wrong.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(200);

/// Waits until the target is ready and finds out which operations it has. `Ok` may hold a doubt that it is the API.
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
    // The case with the fewest needs says most clearly what is missing; a failed control leaves its area unproven.
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
        if let Some(status) = absence(&harness.accounts, operation, first).await {
            missing.0.insert(operation, (status, carrier.to_owned()));
        }
    }
    missing
}
