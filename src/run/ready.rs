//! Getting a case ready: what is made up for it, the state it needs, and the names that the harness binds.
//!
//! Names and passwords are made up for many cases at once, so that one sync of the journal suffices; every other
//! password is written before its own request. A token that no step names costs no login.

use std::collections::{BTreeSet, VecDeque};

use super::compose::compose;
use super::harness::Harness;
use crate::custody::Failure;
use crate::custody::accounts::{Account, Admin};
use crate::custody::made::OwnName;
use crate::custody::names::password;
use crate::exchange::Redaction;
use crate::judge::copy_name;
use crate::plan::Case;
use crate::scenario::{COPY, Given, Step};
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
        let own = case.given() == Given::User && (!case.changes_nothing() || case.risks_its_account());
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

    /// The accounts that the case may create or change, with each password that it may set, as far as known by now.
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
        let mut requests = Vec::new();
        for step in &case.scenario.steps {
            for number in 1..=step.copies.map_or(1, |_| case.row().copies) {
                bindings.bind(COPY, copy_name(number));
                // A request with a name that is bound later gets its own sync.
                requests.extend(compose(&harness.target, &step.action, &bindings).ok().flatten());
            }
        }
        let given = requests.iter().flat_map(|request| harness.accounts.own_passwords(request));
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

pub(super) struct Ready {
    pub bindings: Bindings,
    pub secrets: Redaction,
}

/// An account that was made for one case alone, with the admin who can remove it.
pub(super) type Own = Option<(Admin, Account)>;

/// Reaches the state that the case needs. `own` is set even if that fails later.
pub(super) async fn ready(harness: &Harness, case: &Case, fixture: Fixture, own: &mut Own) -> Result<Ready, Failure> {
    let needed = names(case);
    let needs = |name: &str| needed.contains(name);
    let is_watched = harness.is_watched(case);
    let mut ready = Ready { bindings: fixture.bindings, secrets: harness.secrets.clone() };
    let mut givens = harness.givens.lock().await;
    ready.secrets.absorb(&givens.secrets());
    ready.bindings.bind("unique4", fixture.unique4);
    // A password that the run made up is no secret, unless the administrator of a target that stays may get it.
    let stays = !harness.target.is_embedded() && !harness.target.can_reset();
    if let Some(new) = ready.bindings.value("new_password").filter(|_| stays && case.given() != Given::User) {
        ready.secrets.add(new, "$NEW_PASSWORD");
    }
    for (name, value) in harness.settings.account.bindings() {
        ready.bindings.bind(name, value);
    }
    if case.given() < Given::Admin {
        return Ok(ready);
    }
    let admin = givens.admin().await?;
    match &admin.account {
        Some(account) => {
            ready.secrets.add_credentials(&account.username, &account.password, "$WABIZSPEC_ADMIN_PASSWORD");
            ready.bind_account("admin", account);
        }
        // The plan has no case that needs the password.
        None => ready.bindings.bind("admin", harness.accounts.admin_name()),
    }
    ready.bind_token("admin_token", &admin.token, "$ADMIN_TOKEN");
    if needs("unique4") {
        ready.bindings.bind("unique4", harness.accounts.free_short_name(&admin).await?);
    }
    if case.given() == Given::Registered {
        givens.registered(&harness.settings.account).await?;
    }
    if harness.keeps {
        let kept = givens.kept().await;
        if case.given() == Given::Kept {
            let (account, token) = kept?;
            ready.bind_account("user", &account);
            ready.bind_token("user_token", &token, "$USER_TOKEN");
        }
    }
    if case.given() != Given::User {
        return Ok(ready);
    }
    if let Some(user) = fixture.user {
        // Without the lock, so that other cases can get ready meanwhile.
        drop(givens);
        harness.accounts.make_user(&admin, &user).await?;
        let (_, user) = own.insert((admin, user));
        ready.bind_account("user", user);
        // A token that only the looks around a refusal need may be missing.
        if needs("user_token") {
            ready.bind_token("user_token", &harness.accounts.log_in(user, None).await?, "$USER_TOKEN");
        } else if is_watched && let Ok(token) = harness.accounts.log_in(user, None).await {
            ready.bind_token("user_token", &token, "$USER_TOKEN");
        }
        return Ok(ready);
    }
    let user = givens.shared_user().await?;
    ready.bind_account("user", &user);
    if needs("user_token") {
        ready.bind_token("user_token", &givens.shared_user_token().await?, "$USER_TOKEN");
    } else if is_watched && let Ok(token) = givens.shared_user_token().await {
        ready.bind_token("user_token", &token, "$USER_TOKEN");
    }
    Ok(ready)
}

impl Ready {
    fn bind_account(&mut self, name: &str, account: &Account) {
        self.bindings.bind(name, &account.username);
        self.bindings.bind(format!("{name}_password"), &account.password);
    }

    fn bind_token(&mut self, name: &str, token: &str, shown: &str) {
        self.secrets.add(token, shown);
        self.bindings.bind(name, token);
    }
}

/// Removes the account that was made for one case.
pub(super) async fn tear_down(harness: &Harness, own: Own) {
    if let Some((admin, user)) = own
        && let Some(name) = OwnName::of(&user.username, harness.accounts.names())
    {
        // If this fails, it is tried again when the run ends.
        let _ = harness.accounts.delete(&admin, &name).await;
    }
}

fn names(case: &Case) -> BTreeSet<&str> {
    case.scenario.steps.iter().flat_map(Step::names).collect()
}
