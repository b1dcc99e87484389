//! What a run has made on its target and has not removed yet, and the one rule about removing: only what is its own.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::names::Names;

/// The name of an account that is this run's own. Nothing else can be deleted: there is no other way to get one than
/// [`OwnName::of`] and, for what a fuzzed creation made, [`OwnName::just_made`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnName(String);

impl OwnName {
    /// The name, if this run made it up.
    pub fn of(name: &str, names: &Names) -> Option<OwnName> {
        names.made(name).then(|| OwnName(name.to_owned()))
    }

    /// The name that a creation of this run was answered to have made. A target that keeps to the documents refuses a
    /// name that is taken (users, Create: code 1014), so that it was nobody's before.
    pub fn just_made(name: &str) -> OwnName {
        OwnName(name.to_owned())
    }

    /// As the target knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the run has made on the target and has not removed yet.
#[derive(Debug, Default)]
pub struct Made(Mutex<Inventory>);

#[derive(Debug, Default)]
struct Inventory {
    accounts: BTreeSet<OwnName>,
    /// Accounts that the target made under names that are not the run's. They are told of and left alone.
    foreign: BTreeSet<String>,
    /// Those that do not end with an account of the run.
    tokens: BTreeSet<String>,
}

impl Made {
    /// An account is about to be made, or was; false if that was known.
    pub fn account(&self, name: &OwnName) -> bool {
        self.inventory().accounts.insert(name.clone())
    }

    /// The target says that it made an account which is not the run's own.
    pub fn foreign(&self, name: &str) {
        self.inventory().foreign.insert(name.to_owned());
    }

    /// A token was given to that account, if it is known to which. One of an account that the run removes ends with it
    /// (users, Delete) and is not kept: a fuzzer gets thousands of them in a second.
    pub fn token(&self, token: &str, account: Option<&OwnName>) {
        let mut inventory = self.inventory();
        if !account.is_some_and(|own| inventory.accounts.contains(own)) {
            inventory.tokens.insert(token.to_owned());
        }
    }

    /// The account is not there any more, or never was.
    pub fn forget_account(&self, name: &OwnName) {
        self.inventory().accounts.remove(name);
    }

    /// Everything at once is gone: the target was reset.
    pub fn forget_all(&self) {
        *self.inventory() = Inventory::default();
    }

    pub(super) fn take_accounts(&self) -> BTreeSet<OwnName> {
        std::mem::take(&mut self.inventory().accounts)
    }

    pub(super) fn take_foreign(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.inventory().foreign)
    }

    pub(super) fn take_tokens(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.inventory().tokens)
    }

    fn inventory(&self) -> MutexGuard<'_, Inventory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
