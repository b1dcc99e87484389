//! What the harness itself asks of a target about accounts: log in and out, make, show, change and delete.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Account, Accounts, Admin, Expected};
use crate::custody::Failure;
use crate::custody::made::OwnName;
use crate::custody::reading::{basic, bearer, is_done, json_type, token_in};
use crate::custody::sight::Sight;
use crate::documented::api::{self, Operation};
use crate::exchange::{Exchange, Header, Request};
use crate::transport::throttle::Patience;

const SHORT_NAME_TRIES: usize = 5;

impl Accounts {
    fn request(&self, operation: Operation, path: &str, mut headers: Vec<Header>, body: Option<Value>) -> Request {
        headers.extend(body.is_some().then(json_type));
        let body = body.map(|body| body.to_string().into_bytes());
        self.target.transport.request(operation.method(), path, headers, body)
    }

    async fn call(&self, request: Request) -> Result<Exchange, Failure> {
        let expected = self.before(&request).await?;
        Ok(self.ask(request, &expected, &mut Patience::default()).await?)
    }

    /// Calls an operation as admin, journal first.
    pub(in crate::custody) async fn call_as(
        &self,
        admin: &Admin,
        operation: Operation,
        path: &str,
        body: Option<Value>,
    ) -> Result<Exchange, Failure> {
        self.call(self.request(operation, path, vec![bearer(&admin.token)], body)).await
    }

    /// A name that the run may use and remove again: one that it made up, or one that the target does not have.
    pub(crate) async fn claim(&self, admin: &Admin, name: &str) -> Option<OwnName> {
        // In a path these mean something else than an account: a request to remove `login` may call it.
        const OTHERWISE: [&str; 3] = ["", ".", ".."];
        if let Some(own) = OwnName::of(name, &self.names).filter(|_| !name.contains('/')) {
            return Some(own);
        }
        let is_name = !OTHERWISE.contains(&name) && !api::NOT_NAMES.contains(&name);
        let may_be_free = name != self.admin_name && is_name;
        let is_free = may_be_free && self.exists(admin, name).await == Some(false);
        is_free.then(|| OwnName::seen_absent(name))
    }

    /// Sends a login, which sets a new password where one is given.
    pub(in crate::custody) async fn try_login(
        &self,
        account: &Account,
        new: Option<&str>,
    ) -> Result<Exchange, Failure> {
        let body = new.map_or(json!({}), |password| json!({ "new_password": password }));
        let headers = vec![basic(&account.username, &account.password)];
        self.call(self.request(Operation::LogIn, Operation::LogIn.path(), headers, Some(body))).await
    }

    /// Logs in and returns the token.
    pub async fn log_in(&self, account: &Account, new_password: Option<&str>) -> Result<String, Failure> {
        let exchange = self.try_login(account, new_password).await?;
        let hangs_up = exchange.is_hung_up() && self.target.transport.hangs_up();
        token_in(&exchange).ok_or_else(|| Failure::after_login(exchange, hangs_up))
    }

    pub(crate) async fn make_user(&self, admin: &Admin, account: &Account) -> Result<(), Failure> {
        let body = json!({ "username": account.username, "password": account.password });
        let exchange = self.call_as(admin, Operation::CreateUser, Operation::CreateUser.path(), Some(body)).await?;
        done("the account for the case could not be made", &exchange)
    }

    /// Sets a password that the owner knows, bypassing the journal, which may be what is broken: it cannot be lost.
    pub(in crate::custody) async fn set_admin_password(&self, admin: &Admin, password: &str) -> Result<(), Failure> {
        let (path, body) = (api::user(&self.admin_name), json!({ "password": password }));
        let request = self.request(Operation::UpdateUser, &path, vec![bearer(&admin.token)], Some(body));
        let expected = Expected { admin_candidates: vec![password.to_owned()], ..Expected::default() };
        self.passwords().may_become(&expected.admin_candidates);
        let exchange = self.ask(request, &expected, &mut Patience::default()).await?;
        done("the update was not accepted", &exchange)
    }

    /// Deletes an account of the run, so that it need not be removed later. One that is already gone is no error.
    pub(crate) async fn delete(&self, admin: &Admin, name: &OwnName) -> Result<(), Failure> {
        let exchange = self.call_as(admin, Operation::DeleteUser, &api::user(name.as_str()), None).await?;
        if exchange.response().is_none_or(|response| response.status != 404) {
            done("it could not be deleted", &exchange)?;
        }
        self.is_gone(name);
        Ok(())
    }

    /// A name of four characters that no account of the target has, nor its first three: too short to be unique by itself,
    /// it must not belong to another user, whose account the run would remove at the end.
    pub(crate) async fn free_short_name(&self, admin: &Admin) -> Result<String, Failure> {
        for _ in 0..SHORT_NAME_TRIES {
            let (_, short) = self.names.next();
            if self.alone.load(Ordering::Relaxed)
                || self.exists(admin, &short).await == Some(false)
                    && self.exists(admin, &short[..3]).await == Some(false)
            {
                self.names.claim(&short);
                return Ok(short);
            }
        }
        Err(Failure::Impossible("the target shows no name of four characters that is surely free"))
    }

    /// What the target shows of the admin's own account.
    pub(in crate::custody) async fn read_admin(&self, admin: &Admin) -> Result<Exchange, Failure> {
        self.call_as(admin, Operation::ReadUser, &api::user(&self.admin_name), None).await
    }

    /// Whether the target has that account; nothing where it does not say.
    pub async fn exists(&self, admin: &Admin, name: &str) -> Option<bool> {
        let request = self.request(Operation::ReadUser, &api::user(name), vec![bearer(&admin.token)], None);
        let asked = self.target.transport.ask(request, &mut Patience::default()).await;
        match asked.ok()?.response()?.status {
            200 => Some(true),
            404 => Some(false),
            _ => None,
        }
    }

    /// Sends the request that shows something; nothing where it cannot be sent. A throttled reading is not worth a wait.
    pub(crate) async fn look(&self, sight: &Sight) -> Option<Exchange> {
        let Sight { operation, path, header, body, .. } = sight;
        let request = self.request(*operation, path, vec![header.clone()], body.clone());
        match operation {
            Operation::ReadUser => Some(self.target.transport.send(request).await),
            _ => self.call(request).await.ok(),
        }
    }

    /// Logs a token out; true if the target answered. A token that stays expires by itself.
    pub(crate) async fn log_out(&self, token: &str) -> bool {
        let request = self.target.transport.call(Operation::LogOut, vec![bearer(token)], None);
        let asked = self.target.transport.ask(request, &mut Patience::default()).await;
        let done = asked.map_or(true, |exchange| exchange.response().is_some());
        if done {
            self.made().tokens.remove(token);
        }
        done
    }
}

fn done(otherwise: &'static str, exchange: &Exchange) -> Result<(), Failure> {
    if is_done(exchange) { Ok(()) } else { Err(Failure::after(otherwise, exchange)) }
}
