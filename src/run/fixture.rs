//! What is made up for a case before it begins: its names, its new password, its own account.
//!
//! This happens for many cases at once, so that their passwords reach the journal with one sync. It only saves syncs:
//! every other password is written before its own request.

use std::collections::{BTreeSet, VecDeque};

use super::compose::compose;
use super::harness::Harness;
use crate::custody::accounts::Account;
use crate::custody::names::password;
use crate::plan::Case;
use crate::scenario::{Given, Step};
use crate::template::Bindings;

/// How many cases share a sync. After a crash the journal names accounts of as many cases that never began.
const AHEAD: usize = 64;

pub(super) struct Fixture {
    /// The names that depend neither on the target nor on its state.
    pub bindings: Bindings,
    /// A short unique name, which may be taken on the target.
    pub unique4: String,
    /// An account for the case alone, if it may spoil it.
    pub user: Option<Account>,
}

impl Fixture {
    fn of(harness: &Harness, case: &Case) -> Fixture {
        let (unique, unique4) = harness.accounts.names().next();
        let own =
            case.given() == Given::User && (case.is_confined() || !case.changes_nothing() || case.risks_its_account());
        let user = own.then(|| Account { username: format!("{unique}u"), password: password() });
        let origin = harness.target.transport.origin();
        let mut bindings = case.row().bindings.clone();
        bindings.bind("host", origin.host_header());
        bindings.bind("base", origin.base_path());
        bindings.bind("unique", unique);
        if names(case).contains("new_password") {
            bindings.bind("new_password", password());
        }
        Fixture { bindings, unique4, user }
    }

    /// The accounts that the case may create or change, each with a password that it may set, as far as known before the
    /// first answer.
    fn passwords(&self, harness: &Harness, case: &Case) -> BTreeSet<Account> {
        let mut bindings = self.bindings.clone();
        bindings.bind("admin", harness.accounts.admin_name());
        // Tokens decide whether a request is obeyed, not which password it has.
        for token in ["admin_token", "user_token"] {
            bindings.bind(token, token);
        }
        if let Some(user) = &self.user {
            bindings.bind("user", &user.username);
            bindings.bind("user_password", &user.password);
        }
        let requests = case.scenario.steps.iter().filter_map(|step| {
            // A request with a name that is bound later gets its own sync.
            compose(&harness.target, &step.action, &bindings).ok().flatten()
        });
        let given = requests.flat_map(|request| harness.accounts.own_passwords(&request));
        self.user.iter().cloned().chain(given).collect()
    }
}

/// Cases in their order, each with its fixture.
pub(super) struct Fixtures<'c> {
    cases: &'c [Case],
    made: VecDeque<Fixture>,
}

impl<'c> Fixtures<'c> {
    pub fn of(cases: &'c [Case]) -> Fixtures<'c> {
        Fixtures { cases, made: VecDeque::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    pub async fn next(&mut self, harness: &Harness) -> Option<(&'c Case, Fixture)> {
        if self.made.is_empty() {
            let batch = &self.cases[..self.cases.len().min(AHEAD)];
            self.made = batch.iter().map(|case| Fixture::of(harness, case)).collect();
            if harness.accounts.journal().is_some() {
                let fixtures = self.made.iter().zip(batch);
                let passwords = fixtures.flat_map(|(fixture, case)| fixture.passwords(harness, case)).collect();
                harness.accounts.foresee(passwords).await;
            }
        }
        let (case, rest) = self.cases.split_first()?;
        self.cases = rest;
        Some((case, self.made.pop_front()?))
    }
}

/// The names that the case's steps use.
pub(super) fn names(case: &Case) -> BTreeSet<&str> {
    case.scenario.steps.iter().flat_map(Step::names).collect()
}
