//! Whether a refused request changed something: what could be seen before is looked for after it.
//!
//! A case that runs alone looks before and after each request that it expects to be refused, and what it sees counts. Of
//! the cases that run together only some look, and only after: what they see may be the doing of another case, so it is
//! the reason to repeat the case alone.

use super::harness::Harness;
use super::sample::is_refused;
use crate::custody::accounts::tokens_in;
use crate::custody::sight::{Around, Known, Seen, Sight};
use crate::exchange::{Exchange, Request};
use crate::judge::{Mismatch, StatusSet};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::{Action, Authorization, Given, Step};
use crate::template::Bindings;

/// How closely a case is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    /// It runs with others: after some of its refusals.
    Sampled,
    /// It runs alone: before and after each.
    Closely,
}

/// What is seen around the refusals of one case.
pub(super) struct Watcher<'a> {
    harness: &'a Harness,
    case: &'a Case,
    watch: Watch,
    /// Absent where no rule is about it.
    pub level: Option<Level>,
    known: Known,
    /// Each with the number of steps that were sent before it.
    pub looked: Vec<(usize, Exchange)>,
    /// A refused request may have changed something.
    pub has_changed: bool,
    /// Something was changed before a request already.
    pub was_changed: bool,
}

/// What to look at after a request, as far as it was as it should be before.
pub(super) type Sights = Vec<Sight>;

impl<'a> Watcher<'a> {
    pub fn new(harness: &'a Harness, case: &'a Case, watch: Watch, bindings: &Bindings) -> Watcher<'a> {
        let mut known = Known::of(harness.accounts.admin_name());
        for [name, password, token] in
            [["admin", "admin_password", "admin_token"], ["user", "user_password", "user_token"]]
        {
            if let Some(name) = bindings.value(name) {
                known.add(name, bindings.value(password), bindings.value(token));
            }
        }
        if case.given() == Given::Registered {
            known.registered = Some(harness.settings.account.request("sms"));
        }
        let level = harness.oracles.refusals().filter(|_| harness.settings.looks);
        Watcher { harness, case, watch, level, known, looked: Vec::new(), has_changed: false, was_changed: false }
    }

    /// The tokens that the case knows may have expired.
    pub fn forget_tokens(&mut self) {
        self.known.forget_tokens();
    }

    /// Before a step is sent; `sent` steps were sent before it, and `later` ones follow.
    pub async fn before(&mut self, step: &Step, request: &Request, sent: usize, later: &[Step]) -> Sights {
        let is_sampled = || self.harness.watched.contains(&(self.case.id.clone(), step.name.clone()));
        // What has changed once may show again after requests that changed nothing.
        if self.level.is_none()
            || self.has_changed
            || !is_refused(step)
            || self.watch == Watch::Sampled && !is_sampled()
        {
            return Vec::new();
        }
        let around = Around {
            names: self.harness.accounts.names(),
            may_log_in: !later.iter().any(|step| may_show_a_token(&step.action)),
            may_guess: !self.harness.accounts.counts_wrong_logins(),
        };
        let mut sights = self.known.sights(request, self.harness.target.transport.origin().base_path(), around);
        if self.watch == Watch::Closely {
            let mut as_they_should_be = Vec::new();
            // Logins first: where they end tokens, those are not expected to work later.
            for sight in sights.into_iter().rev() {
                let seen = if sight.is_proven { Seen::AsBefore } else { self.look(&sight, sent).await };
                self.was_changed |= matches!(seen, Seen::Otherwise(_));
                if seen == Seen::AsBefore {
                    as_they_should_be.push(sight);
                }
            }
            as_they_should_be.reverse();
            sights = as_they_should_be;
        }
        sights
    }

    /// After it was answered: what a refusal changed. Where other cases run, that is not sure.
    pub async fn after(&mut self, sights: Sights, step: &Step, exchange: &Exchange, sent: usize) -> Vec<Mismatch> {
        let status = exchange.response().map_or(0, |response| response.status);
        let is_foreseen = |set: &StatusSet| set.refuses() && set.contains(status);
        if !(400..500).contains(&status) && !step.statuses().any(is_foreseen) {
            self.known.take(exchange, self.harness.target.transport.origin().base_path());
            return Vec::new();
        }
        let mut changes = Vec::new();
        for sight in sights {
            // Twice, so that no answer that is wrong once counts.
            if let Seen::Otherwise(_) = self.look(&sight, sent).await
                && let Seen::Otherwise(change) = self.look(&sight, sent).await
            {
                changes.push(change);
            }
        }
        self.has_changed |= !changes.is_empty();
        changes
    }

    /// Whether what it saw counts.
    pub fn is_sure(&self) -> bool {
        self.watch == Watch::Closely
    }

    async fn look(&mut self, sight: &Sight, sent: usize) -> Seen {
        let Some(exchange) = self.harness.accounts.look(sight).await else { return Seen::Nothing };
        let seen = sight.shown_by(&exchange);
        self.looked.push((sent, exchange));
        seen
    }

    /// The tokens that its own logins got.
    pub fn tokens(&self) -> impl Iterator<Item = String> {
        self.looked.iter().flat_map(|(_, exchange)| tokens_in(exchange))
    }
}

fn may_show_a_token(action: &Action) -> bool {
    match action {
        Action::Send(draft) => match draft.authorization {
            Authorization::Basic(_) => false,
            Authorization::Bearer(_) => true,
            Authorization::None => draft.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Authorization")),
        },
        Action::Raw(_) | Action::Hex(_) => true,
        Action::Advance(_) => false,
    }
}
