//! What could be seen of the worker's accounts before an input that is refused must be seen after it.
//!
//! Few inputs are looked at, always the same ones, so that a finding is found again when its input is tried again.

use super::{Probe, Shown};
use crate::custody::sight::{Known, Seen, Sight};
use crate::fnv::fnv1a;
use crate::fuzz::{Check, Surface};
use crate::judge::REFUSALS;
use crate::words;

/// One input of so many is looked at.
const ONE_OF: u64 = 64;

/// What was as it should be before the input, and the token that was in use then.
#[derive(Debug, Default)]
pub(super) struct Before {
    sights: Vec<Sight>,
    token: String,
}

impl Probe<'_> {
    /// A session keeps account of all its calls itself.
    pub(super) async fn look_before(&mut self, surface: Surface, input: &[u8]) -> Before {
        let mut before = Before { sights: Vec::new(), token: self.worker.bindings.user_token.to_string() };
        if !self.worker.own || surface == Surface::Session || !fnv1a(input).is_multiple_of(ONE_OF) {
            return before;
        }
        let bindings = &self.worker.bindings;
        let mut known = Known::of(&self.session.admin().account.username);
        // Its password is tried by many inputs, and may be locked.
        known.add(&bindings.user, None, Some(&bindings.user_token));
        known.add(&bindings.colon_user, Some(&bindings.colon_password), None);
        // Logins first: where they end tokens, those are not expected to work later.
        for sight in known.all().into_iter().rev() {
            if sight.is_proven || self.look(&sight).await == Seen::AsBefore {
                before.sights.push(sight);
            }
        }
        before.sights.reverse();
        before
    }

    pub(super) async fn look_after(&mut self, before: Before) {
        // What put the accounts in order again may have ended the token.
        if !self.probed.kind.is_refusal() || *self.worker.bindings.user_token != *before.token {
            return;
        }
        let mut is_changed = false;
        for sight in before.sights {
            if let Seen::Otherwise(_) = self.look(&sight).await
                && let Seen::Otherwise(change) = self.look(&sight).await
            {
                is_changed = true;
                self.shown = Shown::ByNoRequest;
                let kind = self.probed.kind;
                let what = format!("answered {kind}; expected {} all the same", words::expected(&change.expected));
                self.violation(Check::RefusedChange, REFUSALS, what);
            }
        }
        if is_changed {
            self.probed.lost = self.worker.restore(self.session).await.err();
        }
    }

    async fn look(&mut self, sight: &Sight) -> Seen {
        self.probed.requests += 1;
        let seen = self.session.accounts.look(sight).await;
        seen.map_or(Seen::Nothing, |exchange| sight.shown_by(&exchange))
    }
}
