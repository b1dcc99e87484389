//! What the harness itself asks of a target about accounts: log in and out, make, show, change and delete.

use std::sync::atomic::Ordering;

use super::{Account, Accounts, Admin, Expected};
use crate::custody::Undone;
use crate::custody::made::OwnName;
use crate::custody::reading::{basic, bearer, is_done, json_type, token_in};
use crate::documented::api::{self, Operation};
use crate::exchange::{Exchange, Header};
use crate::transport::throttle::Patience;

/// How many short names are tried until one is free.
const SHORT_NAME_TRIES: usize = 5;

impl Accounts {
    /// Calls an operation for the harness, journal first.
    ///
    /// # Errors
    /// The target throttles beyond patience, or the journal cannot be written and nothing was sent.
    async fn call(
        &self,
        operation: Operation,
        path: &str,
        headers: Vec<Header>,
        body: Option<String>,
    ) -> Result<Exchange, Undone> {
        let body = body.map(String::into_bytes);
        let request = self.target.transport.request(operation.method(), path, headers, body);
        let expected = self.before(&request).await?;
        Ok(self.ask(request, &expected, &mut Patience::default()).await?)
    }

    /// A name that the run may make an account of, and remove again: one that it made up, or one that the target is seen
    /// not to have. What the answer to the creation says does not count.
    pub async fn claim(&self, admin: &Admin, name: &str) -> Option<OwnName> {
        // In a path these mean something else than an account: who removes `login` may call it.
        const OTHERWISE: [&str; 3] = ["", ".", ".."];
        if let Some(own) = OwnName::of(name, &self.names).filter(|_| !name.contains('/')) {
            return Some(own);
        }
        let is_name = !OTHERWISE.contains(&name) && !api::NOT_NAMES.contains(&name);
        let may_be_free = name != self.admin_name && is_name;
        let is_free = may_be_free && self.exists(admin, name).await == Some(false);
        is_free.then(|| OwnName::seen_absent(name))
    }

    /// Sends a login that changes nothing.
    ///
    /// # Errors
    /// The target throttles beyond patience.
    pub async fn try_password(&self, account: &Account) -> Result<Exchange, Undone> {
        let headers = vec![basic(&account.username, &account.password), json_type()];
        self.call(Operation::LogIn, Operation::LogIn.path(), headers, Some("{}".to_owned())).await
    }

    /// Logs in and returns the token.
    ///
    /// # Errors
    /// What the target answered instead.
    pub async fn log_in(&self, account: &Account, new_password: Option<&str>) -> Result<String, Undone> {
        let exchange = match new_password {
            Some(password) => {
                let body = serde_json::json!({ "new_password": password }).to_string();
                self.call(
                    Operation::LogIn,
                    Operation::LogIn.path(),
                    vec![basic(&account.username, &account.password), json_type()],
                    Some(body),
                )
                .await?
            }
            None => self.try_password(account).await?,
        };
        token_in(&exchange).ok_or_else(|| match is_done(&exchange) {
            true => Undone::after("the login gave no token", &exchange),
            false => Undone::after("the login was not accepted", &exchange),
        })
    }

    /// Makes an ordinary account.
    ///
    /// # Errors
    /// Why the target did not make it.
    pub async fn make_user(&self, admin: &Admin, account: &Account) -> Result<(), Undone> {
        let body = serde_json::json!({ "username": account.username, "password": account.password }).to_string();
        let headers = vec![bearer(&admin.token), json_type()];
        let exchange = self.call(Operation::CreateUser, Operation::CreateUser.path(), headers, Some(body)).await?;
        match is_done(&exchange) {
            true => Ok(()),
            false => Err(Undone::after("the account for the case could not be made", &exchange)),
        }
    }

    /// Gives the admin back a password that the owner knows, by an update. It goes past the journal, which may be what is
    /// broken: this password cannot be lost.
    ///
    /// # Errors
    /// What the target answered instead.
    pub async fn set_admin_password(&self, admin: &Admin, password: &str) -> Result<(), Undone> {
        let body = serde_json::json!({ "password": password }).to_string();
        let headers = vec![bearer(&admin.token), json_type()];
        let path = api::user(&self.admin_name);
        let request =
            self.target.transport.request(Operation::UpdateUser.method(), &path, headers, Some(body.into_bytes()));
        let expected = Expected { admin_candidates: vec![password.to_owned()], ..Expected::default() };
        self.passwords().may_become(&expected.admin_candidates);
        let exchange = self.ask(request, &expected, &mut Patience::default()).await?;
        match is_done(&exchange) {
            true => Ok(()),
            false => Err(Undone::after("the update was not accepted", &exchange)),
        }
    }

    /// Deletes an account of the run, and strikes it off what is to be removed. One that is gone already is fine.
    ///
    /// # Errors
    /// Why it is still there.
    pub async fn delete(&self, admin: &Admin, name: &OwnName) -> Result<(), Undone> {
        let headers = vec![bearer(&admin.token)];
        let exchange = self.call(Operation::DeleteUser, &api::user(name.as_str()), headers, None).await?;
        if is_done(&exchange) || exchange.response().is_some_and(|response| response.status == 404) {
            self.is_gone(name);
            return Ok(());
        }
        Err(Undone::after("it could not be deleted", &exchange))
    }

    /// A name of four characters that no account of the target has, nor its first three: too short to be unique by itself,
    /// it must not be that of somebody else, whom the run would remove in the end.
    ///
    /// # Errors
    /// None was found.
    pub async fn free_short_name(&self, admin: &Admin) -> Result<String, String> {
        for _ in 0..SHORT_NAME_TRIES {
            let (_, short) = self.names.next();
            if self.alone.load(Ordering::Relaxed) {
                self.names.claim(&short);
                return Ok(short);
            }
            let free = self.exists(admin, &short).await == Some(false);
            if free && self.exists(admin, &short[..3]).await == Some(false) {
                self.names.claim(&short);
                return Ok(short);
            }
        }
        Err("the target shows no name of four characters that is surely free".to_owned())
    }

    /// Whether the target has that account; nothing where it does not say.
    pub async fn exists(&self, admin: &Admin, name: &str) -> Option<bool> {
        let headers = vec![bearer(&admin.token)];
        let request = self.target.transport.request(Operation::ReadUser.method(), &api::user(name), headers, None);
        let asked = self.target.transport.ask(request, &mut Patience::default()).await;
        match asked.ok()?.response()?.status {
            200 => Some(true),
            404 => Some(false),
            _ => None,
        }
    }

    /// Has a token forgotten by the target; true if it answered. One that is dead already needs no logging out, and one
    /// that will not go expires by itself.
    pub async fn log_out(&self, token: &str) -> bool {
        let request = self.target.transport.call(Operation::LogOut, vec![bearer(token)], None);
        let asked = self.target.transport.ask(request, &mut Patience::default()).await;
        let done = asked.is_err() || asked.is_ok_and(|exchange| exchange.response().is_some());
        if done {
            self.made.forget_token(token);
        }
        done
    }
}
