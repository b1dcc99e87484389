//! Waits at the start until the target answers as the API does, and says what it answered.
//!
//! A container that starts hangs up, or a gateway answers 502 or 503 for it. None of that is a verdict.

use std::time::{Duration, Instant};

use super::Reason;
use super::harness::Harness;
use crate::custody::reading::not_ready;
use crate::exchange::{Breakage, Exchange, Outcome, Response};
use crate::judge::facts::Broken;

/// How long the target may take unless the owner says more. A refused connection is not waited for then: it is most often a
/// wrong address.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(200);

/// What the target answered to the first requests, which have no credentials.
pub(super) struct FirstLook {
    /// To a login.
    pub login: Option<Response>,
    /// To the reading of an account.
    pub read: Option<Response>,
}

/// The first answers of a target that is ready, or why no case can be tried.
pub(super) async fn ready(harness: &Harness) -> Result<FirstLook, Reason> {
    let (begun, asked) = (Instant::now(), harness.settings.ready_timeout);
    loop {
        let looked = harness.target.transport.first_look().await;
        let starting: Vec<String> = looked.iter().filter_map(not_ready).collect();
        if starting.len() < looked.len() {
            return Ok(FirstLook::of(looked));
        }
        let breakage = |exchange: &Exchange| exchange.unanswered().map(|none| none.breakage);
        let is_refused = looked.iter().all(|exchange| breakage(exchange) == Some(Breakage::Unreachable));
        let patience = asked.unwrap_or(if is_refused { Duration::ZERO } else { PATIENCE });
        if begun.elapsed() < patience && !harness.is_stopping() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        if let Some(why) = starting.first().filter(|_| looked.iter().all(|exchange| exchange.response().is_some())) {
            return Err(Reason::NotReady(why.clone()));
        }
        // Who takes connections is judged case by case, whatever becomes of them.
        if looked.iter().any(Exchange::is_hung_up) {
            harness.target.transport.expect_hang_ups();
            return Ok(FirstLook::of(looked));
        }
        let none = looked.iter().find_map(Exchange::unanswered);
        return match none {
            Some(none) => Err(Reason::NoAnswer(Broken::from(none))),
            None => Ok(FirstLook::of(looked)),
        };
    }
}

impl FirstLook {
    fn of([login, read]: [Exchange; 2]) -> FirstLook {
        let answer = |exchange: Exchange| match exchange.outcome {
            Outcome::Answered(response) => Some(response),
            Outcome::Unanswered(_) => None,
        };
        FirstLook { login: answer(login), read: answer(read) }
    }
}
