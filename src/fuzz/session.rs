//! What fuzzing stands on at a target: accounts that the run made, and the state that they are kept in.
//!
//! Every input meets the same accounts with the same passwords, so that it means the same whenever it is tried. Nothing
//! but these accounts is ever changed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::grammar::RequestParts;
use super::grammar::bindings::{Bindings, FIXED, PASSWORD_END};
use super::laxity::Laxity;
use crate::custody::Target;
use crate::custody::accounts::{Account, Accounts, Admin, outcome};
use crate::custody::made::OwnName;
use crate::custody::names;
use crate::exchange::{Exchange, Header, Redaction, Request};
use crate::judge::Oracles;

/// A target that may be fuzzed, and what all workers share of it.
pub struct FuzzSession {
    /// The target.
    pub target: Arc<Target>,
    /// The admin, where the run can log in as one.
    pub admin: Option<Admin>,
    /// The accounts of this run: their names, and what has to be removed.
    pub accounts: Arc<Accounts>,
    /// The oracles of every exchange.
    pub oracles: Oracles,
    /// Requests that could have a code sent to somebody's telephone may be sent.
    pub registers: bool,
    /// The admin's account may come to harm.
    pub disposable: bool,
    /// Requests beyond 64 KiB may be sent.
    pub large: bool,
    /// Which wrong logins the target is known to take.
    laxity: OnceLock<Laxity>,
    admin_candidates: Mutex<BTreeSet<String>>,
    serial: AtomicU32,
}

impl FuzzSession {
    /// A target with what is known of it.
    pub fn new(target: Arc<Target>, admin: Option<Admin>, accounts: Arc<Accounts>, oracles: Oracles) -> FuzzSession {
        FuzzSession {
            target,
            admin,
            accounts,
            oracles,
            registers: false,
            disposable: false,
            large: false,
            laxity: OnceLock::new(),
            admin_candidates: Mutex::default(),
            serial: AtomicU32::new(0),
        }
    }

    /// What no text of a run may show, whatever its input: configured headers, the admin's password and token.
    pub fn secrets(&self) -> Redaction {
        let mut secrets = self.target.transport.secrets().clone();
        if let Some(Admin { account, token, .. }) = &self.admin {
            secrets.add_credentials(&account.username, &account.password, "$WABIZSPEC_ADMIN_PASSWORD");
            secrets.add(token, "$WABIZSPEC_ADMIN_TOKEN");
        }
        secrets
    }

    /// Which wrong logins the target is known to take; none, as long as nobody has tried.
    pub fn laxity(&self) -> Laxity {
        self.laxity.get().copied().unwrap_or_default()
    }

    /// Notes which wrong logins it takes, once.
    pub fn learn(&self, laxity: Laxity) {
        let _ = self.laxity.set(laxity);
    }

    /// The whole request at this target.
    pub fn request(&self, shaped: RequestParts) -> Request {
        let RequestParts { method, path, headers, body } = shaped;
        self.target.transport.request(method, &path, headers, body)
    }

    /// Sends one request that is no input itself.
    pub async fn send(&self, shaped: RequestParts) -> Exchange {
        self.target.transport.send(self.request(shaped)).await
    }

    /// A call by the admin.
    async fn as_admin(&self, method: &'static str, path: String, body: serde_json::Value) -> Result<Exchange, String> {
        let admin = self.admin.as_ref().ok_or("no admin to ask")?;
        let headers = vec![
            Header::new("Authorization", format!("Bearer {}", admin.token)),
            Header::new("Content-Type", "application/json"),
        ];
        let body = Some(body.to_string().into_bytes());
        Ok(self.send(RequestParts { method, path, headers, body }).await)
    }

    /// Whether the admin's token still works.
    pub async fn admin_lives(&self) -> bool {
        let Some(admin) = &self.admin else { return false };
        let path = format!("/v1/users/{}", admin.account.username);
        let read = self.as_admin("GET", path, serde_json::Value::Null).await;
        read.is_ok_and(|exchange| succeeded(&exchange))
    }

    /// Makes an account of the run.
    ///
    /// # Errors
    /// Why the target did not make it.
    pub async fn create(&self, name: &str, password: &str) -> Result<(), String> {
        self.may_make(name).await?;
        let body = serde_json::json!({ "username": name, "password": password });
        let exchange = self.as_admin("POST", "/v1/users".to_owned(), body).await?;
        match succeeded(&exchange) {
            true => Ok(()),
            false => Err(format!("an account could not be made: {}", outcome(&exchange))),
        }
    }

    /// Before an account may be made under a name that the run made up: it is removed in the end.
    ///
    /// # Errors
    /// The journal cannot be written; then the account must not be made.
    pub async fn may_make(&self, name: &str) -> Result<(), String> {
        match OwnName::of(name, self.accounts.names()) {
            Some(own) => self.accounts.will_make(&own).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Before an input is sent that may make accounts under these names: those of them that are the run's to remove
    /// afterwards.
    ///
    /// # Errors
    /// The journal cannot be written; then the input must not be sent.
    pub async fn claim(&self, names: &[String]) -> Result<Vec<OwnName>, String> {
        let Some(admin) = &self.admin else {
            return Ok(Vec::new());
        };
        let mut claimed = Vec::new();
        for name in names {
            if let Some(own) = self.accounts.claim(admin, name).await {
                self.accounts.will_make(&own).await?;
                claimed.push(own);
            }
        }
        Ok(claimed)
    }

    /// Before an input is sent that may give the admin a password: it is in the journal.
    ///
    /// # Errors
    /// The journal cannot be written; then the input must not be sent.
    pub async fn may_change_the_admin(&self, request: &Request) -> Result<(), String> {
        let expected = self.accounts.before(request).await?;
        let mut candidates = self.admin_candidates.lock().unwrap_or_else(PoisonError::into_inner);
        candidates.extend(expected.admin_candidates);
        Ok(())
    }

    /// Where the admin still logs in with its password, the journal says so: whoever needs it tries that one first.
    pub async fn admin_keeps_its_password(&self) {
        let Some(admin) = &self.admin else { return };
        if let Ok(token) = self.token(&admin.account.username, &admin.account.password).await {
            self.accounts.log_out(&token).await;
            self.accounts.admin_works(&admin.account.password).await;
        }
    }

    /// The passwords that inputs may have given to the admin.
    pub fn admin_candidates(&self) -> Vec<String> {
        let candidates = self.admin_candidates.lock().unwrap_or_else(PoisonError::into_inner);
        candidates.iter().cloned().collect()
    }

    /// The target says that it made an account of that name, which nobody here knows to be ours: it is removed where the
    /// run made the name up, and otherwise listed in the end.
    pub async fn claims_to_have_made(&self, name: &str) {
        match OwnName::of(name, self.accounts.names()) {
            Some(_) => self.remove(name).await,
            None => self.accounts.made().foreign(name),
        }
    }

    /// Removes an account under a name that the run made up.
    pub async fn remove(&self, name: &str) {
        if let Some(own) = OwnName::of(name, self.accounts.names()) {
            self.remove_own(&own).await;
        }
    }

    /// Removes an account of the run. What could not be removed is tried once more when the run ends, and listed then.
    pub async fn remove_own(&self, own: &OwnName) {
        if let Some(admin) = &self.admin {
            // An account that was removed before is no error.
            let _ = self.accounts.delete(admin, own).await;
        }
    }

    /// Whether these credentials log in.
    pub async fn logs_in(&self, username: &str, password: &str) -> bool {
        let Ok(token) = self.token(username, password).await else {
            return false;
        };
        // The tokens of an account of the run end with it.
        if OwnName::of(username, self.accounts.names()).is_none() {
            self.accounts.log_out(&token).await;
        }
        true
    }

    /// The token that these credentials get.
    ///
    /// # Errors
    /// What the target answered instead.
    pub async fn token(&self, username: &str, password: &str) -> Result<String, String> {
        let account = Account { username: username.to_owned(), password: password.to_owned() };
        self.accounts.log_in(&account, None).await.map_err(|undone| undone.why)
    }

    /// A name that nobody has yet: letters and digits.
    pub fn unique(&self) -> String {
        self.accounts.names().next().0
    }

    /// A strong password that was not used before.
    pub fn fresh_password(&self) -> String {
        format!("Qv7#mXb2sLd9R{}", self.serial.fetch_add(1, Ordering::Relaxed))
    }
}

/// Whether the answer is a success.
pub fn succeeded(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| (200..300).contains(&response.status))
}

/// After so many inputs a worker's account is given up for a new one: a target keeps every token until the account goes,
/// and a fuzzer gets thousands in a second.
const INPUTS_PER_ACCOUNT: u32 = 10_000;

/// One worker's accounts.
#[derive(Debug, Clone)]
pub struct WorkerAccounts {
    /// What the names in an input stand for here.
    pub bindings: Bindings,
    /// The accounts were made by the run; otherwise nothing is tried that could change one.
    pub own: bool,
    /// An ordinary user may read the admin's account here, which is left open.
    pub reads_others: bool,
    /// How many inputs the account has seen.
    inputs: u32,
}

impl WorkerAccounts {
    /// Makes the accounts of one worker; where none can be made, the admin's own stands in, unchanged.
    ///
    /// # Errors
    /// Why there is nobody to log in as.
    pub async fn new(session: &FuzzSession) -> Result<WorkerAccounts, String> {
        let mut bindings = Bindings {
            user: session.unique().into(),
            user_password: format!("{}{PASSWORD_END}", names::password()).into(),
            colon_user: session.unique().into(),
            nobody: session.unique().into(),
            host: session.target.transport.origin().host_header().to_owned().into(),
            base: session.target.transport.origin().base_path().to_owned().into(),
            ..FIXED.clone()
        };
        let admin = session.admin.as_ref().ok_or("there is no account to log in with")?;
        bindings.admin_token = admin.token.clone().into();
        let mut made = session.create(&bindings.user, &bindings.user_password).await;
        if made.is_ok() {
            made = session.create(&bindings.colon_user, &bindings.colon_password).await;
        }
        let own = made.is_ok();
        if !own {
            bindings.user = admin.account.username.clone().into();
            bindings.user_password = admin.account.password.clone().into();
        }
        let mut worker = WorkerAccounts { bindings, own, reads_others: false, inputs: 0 };
        worker.tokens(session).await?;
        let headers = vec![Header::new("Authorization", format!("Bearer {}", worker.bindings.user_token))];
        let read = session
            .send(RequestParts {
                method: "GET",
                path: format!("/v1/users/{}", admin.account.username),
                headers,
                body: None,
            })
            .await;
        worker.reads_others = succeeded(&read);
        Ok(worker)
    }

    /// Logs in for a token that lives and one that does not.
    async fn tokens(&mut self, session: &FuzzSession) -> Result<(), String> {
        let bindings = &mut self.bindings;
        bindings.dead_token = session.token(&bindings.user, &bindings.user_password).await?.into();
        let headers = vec![Header::new("Authorization", format!("Bearer {}", bindings.dead_token))];
        session.send(RequestParts { method: "POST", path: "/v1/users/logout".to_owned(), headers, body: None }).await;
        bindings.user_token = session.token(&bindings.user, &bindings.user_password).await?.into();
        Ok(())
    }

    /// Gives the input its own name and its own new password, and now and then a new account.
    ///
    /// # Errors
    /// Why there is nobody to log in as any more.
    pub async fn renew(&mut self, session: &FuzzSession) -> Result<(), String> {
        self.bindings.unique = session.unique().into();
        self.bindings.new_password = session.fresh_password().into();
        self.inputs += 1;
        if self.own && self.inputs > INPUTS_PER_ACCOUNT {
            self.replace(session).await?;
        }
        Ok(())
    }

    /// The accounts that log in, for those who judge.
    pub fn accounts(&self) -> Vec<(&str, &str)> {
        let bindings = &self.bindings;
        let user = (&*bindings.user, &*bindings.user_password);
        match self.own {
            true => vec![user, (&bindings.colon_user, &bindings.colon_password)],
            false => vec![user],
        }
    }

    /// Puts the password back that the account had, after an input changed it. Where that fails the account is given up
    /// for a new one.
    ///
    /// # Errors
    /// Why there is nobody to log in as any more.
    pub async fn restore(&mut self, session: &FuzzSession) -> Result<(), String> {
        if !self.own {
            return Ok(());
        }
        let path = format!("/v1/users/{}", self.bindings.user);
        let body = serde_json::json!({ "password": self.bindings.user_password });
        let put = session.as_admin("PUT", path, body).await?;
        if succeeded(&put) && self.tokens(session).await.is_ok() {
            return Ok(());
        }
        self.replace(session).await
    }

    /// Puts the password of the second account back. Where that fails its inputs will say so.
    pub async fn restore_second(&self, session: &FuzzSession) {
        let path = format!("/v1/users/{}", self.bindings.colon_user);
        let body = serde_json::json!({ "password": self.bindings.colon_password });
        // Without an admin there is no second account.
        let _ = session.as_admin("PUT", path, body).await;
    }

    /// Gives the account up for a new one.
    ///
    /// # Errors
    /// Why none could be made.
    pub async fn replace(&mut self, session: &FuzzSession) -> Result<(), String> {
        session.remove(&self.bindings.user).await;
        self.inputs = 0;
        self.bindings.user = session.unique().into();
        session.create(&self.bindings.user, &self.bindings.user_password).await?;
        self.tokens(session).await
    }

    /// Removes the accounts.
    pub async fn remove(&self, session: &FuzzSession) {
        if self.own {
            session.remove(&self.bindings.user).await;
            session.remove(&self.bindings.colon_user).await;
        }
    }
}
