//! Getting a case ready: the state it needs, and the names that the harness binds for it.
//!
//! Only what the case uses is fetched: a token that no step names costs no login.

use super::Cause;
use super::fixture::{Fixture, names};
use super::harness::Harness;
use crate::custody::accounts::{Account, Admin};
use crate::custody::made::OwnName;
use crate::exchange::Redaction;
use crate::plan::Case;
use crate::scenario::Given;
use crate::template::Bindings;

/// A case that can begin.
pub(super) struct Ready {
    pub bindings: Bindings,
    pub secrets: Redaction,
    /// The account that was made for this case alone, with the admin who can remove it.
    pub own: Option<(Admin, Account)>,
}

/// Reaches the state that the case needs.
pub(super) async fn ready(harness: &Harness, case: &Case, fixture: Fixture) -> Result<Ready, Cause> {
    if harness.is_stopping() {
        return Err(Cause::Stopped);
    }
    let needed = names(case);
    let needs = |name: &str| needed.contains(name);
    let mut ready = Ready { bindings: fixture.bindings, secrets: harness.secrets.clone(), own: None };
    let mut givens = harness.givens.lock().await;
    ready.secrets.absorb(&givens.secrets());
    ready.bindings.bind("unique4", fixture.unique4);
    if let Some(new) = ready.bindings.value("new_password") {
        ready.secrets.add(new, "$NEW_PASSWORD");
    }
    if case.given() < Given::Admin {
        return Ok(ready);
    }
    let admin = givens.admin().await?;
    ready.bind_account("admin", &admin.account, "$WABIZSPEC_ADMIN_PASSWORD");
    ready.bind_token("admin_token", &admin.token, "$ADMIN_TOKEN");
    if needs("unique4") {
        let free = harness.accounts.free_short_name(&admin).await?;
        ready.bindings.bind("unique4", free);
    }
    for (name, value) in harness.settings.account.bindings() {
        ready.bindings.bind(name, value);
    }
    if case.given() == Given::Registered {
        givens.registered(&harness.settings.account).await?;
    }
    if case.given() != Given::User {
        return Ok(ready);
    }
    if let Some(user) = fixture.user {
        // Without the lock, so that other cases can get ready meanwhile.
        drop(givens);
        harness.accounts.make_user(&admin, &user).await?;
        ready.bind_account("user", &user, "$USER_PASSWORD");
        if needs("user_token") {
            match harness.accounts.log_in(&user, None).await {
                Ok(token) => ready.bind_token("user_token", &token, "$USER_TOKEN"),
                Err(why) => {
                    tear_down(harness, Some((admin, user))).await;
                    return Err(why.into());
                }
            }
        }
        ready.own = Some((admin, user));
        return Ok(ready);
    }
    let user = givens.shared_user().await?;
    ready.bind_account("user", &user, "$USER_PASSWORD");
    if needs("user_token") {
        let token = givens.shared_user_token().await?;
        ready.bind_token("user_token", &token, "$USER_TOKEN");
    }
    Ok(ready)
}

impl Ready {
    fn bind_account(&mut self, name: &str, account: &Account, shown: &str) {
        self.secrets.add_credentials(&account.username, &account.password, shown);
        self.bindings.bind(name, &account.username);
        self.bindings.bind(format!("{name}_password"), &account.password);
    }

    fn bind_token(&mut self, name: &str, token: &str, shown: &str) {
        self.secrets.add(token, shown);
        self.bindings.bind(name, token);
    }
}

/// Removes the account that was made for one case.
pub(super) async fn tear_down(harness: &Harness, own: Option<(Admin, Account)>) {
    if let Some((admin, user)) = own
        && let Some(name) = OwnName::of(&user.username, harness.accounts.names())
    {
        // If this fails, it is tried again when the run ends.
        let _ = harness.accounts.delete(&admin, &name).await;
    }
}
