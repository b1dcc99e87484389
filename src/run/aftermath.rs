//! What a case left behind on the target.
//!
//! It depends on what was accepted: a request that should have been refused changes the state, even if its case passes.

use crate::custody::effect::Asked;
use crate::documented::api::{Effect, Operation};
use crate::exchange::{Exchange, Request};
use crate::judge::{StatusSet, Verdict};
use crate::plan::Case;
use crate::scenario::{Change, Given, Step};

/// In the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aftermath {
    /// What the plan expects.
    Clean,
    /// Shared logins and accounts may be spoilt and must be renewed.
    Doubtful,
    /// The shared state is not what the plan expects.
    Spoilt,
    /// A number is registered which the plan expects to be free.
    Registered,
}

/// Judges by what the target accepted or may have done. `owns` says whether only this case uses an account.
pub(super) fn aftermath(
    case: &Case,
    verdict: Verdict,
    sent: &[(&Step, Exchange)],
    base: &str,
    owns: impl Fn(&str) -> bool,
) -> Aftermath {
    let passed = verdict == Verdict::Pass;
    let done = sent.iter().filter(|(step, exchange)| may_be_done(step, exchange, passed));
    let left = done.map(|(step, exchange)| {
        let asked = Asked::of(&exchange.request, base);
        let is_spoilt = match case.given() {
            // The cases that share a fresh state need one in which nothing was accepted.
            Given::Fresh if case.changes_nothing() => asked.effect != Some(Effect::Nothing),
            Given::Fresh if !passed => true,
            _ => !is_foreseen(case, step, &asked, &owns),
        };
        let is_registered = asked.operation == Some(Operation::Verify) && !step.expects(StatusSet::accepts);
        match is_spoilt {
            // Each case that starts from a fresh state gets one.
            _ if is_registered && case.given() != Given::Fresh => Aftermath::Registered,
            true => Aftermath::Spoilt,
            false if passed => Aftermath::Clean,
            false => Aftermath::Doubtful,
        }
    });
    left.max().unwrap_or(Aftermath::Clean)
}

/// Whether the target may have done what the request asks. A refusal that the step expects has no effect, whatever its
/// status; raw bytes may be refused by closing the connection (RFC 9112 §2.2).
fn may_be_done(step: &Step, exchange: &Exchange, passed: bool) -> bool {
    let Some(response) = exchange.response() else { return !(passed && matches!(exchange.request, Request::Raw(_))) };
    match response.status {
        400..500 => false,
        500.. => !step.statuses().any(|set| set.refuses() && set.contains(response.status)),
        _ => true,
    }
}

/// Whether the plan knows of the effect: the case says so, or it concerns no other case.
fn is_foreseen(case: &Case, step: &Step, asked: &Asked, owns: impl Fn(&str) -> bool) -> bool {
    let says = |change| case.changes().contains(&change);
    match asked.effect {
        None => false,
        Some(Effect::Nothing | Effect::Login) => true,
        // A logout that should be refused may be of a token that other cases use.
        Some(Effect::Logout) => step.expects(StatusSet::accepts),
        Some(Effect::Account | Effect::Password) => {
            asked.account.as_deref().is_some_and(owns) || says(Change::Passwords) || says(Change::Users)
        }
        Some(Effect::Registration) => says(Change::Registration),
    }
}
