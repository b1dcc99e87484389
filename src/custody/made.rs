//! What a run has made on its target and has not removed yet, and the one rule about removing: only what is its own.

use std::collections::BTreeSet;

use super::effect::{Asked, basic_username};
use super::journal::Known;
use super::names::Names;
use super::reading::tokens_in;
use crate::documented::api::Operation;
use crate::exchange::{Exchange, Request};

/// The name of an account that is this run's own. Nothing else can be deleted. There are three ways to get one:
/// [`OwnName::of`] for a name that the run made up, [`OwnName::of_an_earlier_run`] for one that a run before it made up, and
/// [`Accounts::claim`](super::accounts::Accounts::claim) for one that the target was seen not to have before the run sent it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnName(String);

impl OwnName {
    /// The name, if this run made it up.
    pub fn of(name: &str, names: &Names) -> Option<OwnName> {
        names.made(name).then(|| OwnName(name.to_owned()))
    }

    /// The name, if the journal says that an earlier run made the account, and the name is one that a run makes up.
    pub fn of_an_earlier_run(name: &str, journal: &Known) -> Option<OwnName> {
        let is_its_own = journal.other_accounts().contains(name) && super::names::is_made_up(name);
        is_its_own.then(|| OwnName(name.to_owned()))
    }

    /// A name that the target has just been seen not to have.
    pub(super) fn seen_absent(name: &str) -> OwnName {
        OwnName(name.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the run has made on the target and has not removed yet.
#[derive(Debug, Default)]
pub struct Made {
    pub accounts: BTreeSet<OwnName>,
    /// Accounts that the target made under names that are not the run's. They are listed and left alone.
    pub foreign: BTreeSet<String>,
    /// A PIN of two-step verification is set that the run has set.
    pub(super) pin: bool,
    /// Those that do not end with an account of the run.
    pub(super) tokens: BTreeSet<String>,
    pub(super) further_tokens: usize,
}

/// So many tokens are logged out at the end. A fuzzer gets thousands in a second, and those that are left expire.
const TOKENS: usize = 500;

impl Made {
    /// Before a request is sent: notes what it makes. Returns the account of the run that it makes, if that was not known.
    pub(super) fn expect(&mut self, asked: &Asked, names: &Names) -> Option<OwnName> {
        let name = asked.account.as_ref().filter(|_| asked.operation == Some(Operation::CreateUser))?;
        OwnName::of(name, names).filter(|own| self.accounts.insert(own.clone()))
    }

    /// Notes what the target has made by an accepted request to that base path.
    pub(super) fn note(&mut self, exchange: &Exchange, base: &str, names: &Names, admin: &str) {
        let holder = match &exchange.request {
            Request::Http(request) => basic_username(request).and_then(|name| OwnName::of(&name, names)),
            Request::Raw(_) => None,
        };
        for token in tokens_in(exchange) {
            self.token(&token, holder.as_ref());
        }
        let Asked { operation, account, .. } = Asked::of(&exchange.request, base);
        match operation {
            Some(Operation::SetPin) => self.pin = true,
            Some(Operation::RemovePin) => self.pin = false,
            _ => {}
        }
        let Some(name) = account else { return };
        match (operation, OwnName::of(&name, names)) {
            (Some(Operation::CreateUser | Operation::ReadUser), Some(own)) => drop(self.accounts.insert(own)),
            (Some(Operation::CreateUser), None) if name != admin => drop(self.foreign.insert(name)),
            _ => {}
        }
    }

    /// One of an account that the run removes ends with it (users, Delete) and is not kept.
    pub fn token(&mut self, token: &str, account: Option<&OwnName>) {
        if account.is_some_and(|own| self.accounts.contains(own)) {
            return;
        }
        match self.tokens.len() < TOKENS {
            true => drop(self.tokens.insert(token.to_owned())),
            false => self.further_tokens += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_tokens_are_kept_than_can_be_logged_out_in_the_end() {
        let mut made = Made::default();
        (0..TOKENS + 7).for_each(|number| made.token(&number.to_string(), None));
        assert_eq!((made.further_tokens, made.tokens.len()), (7, TOKENS));
    }
}
