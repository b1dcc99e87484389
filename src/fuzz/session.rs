//! What fuzzing a target works with: accounts that the run made, and what all its workers share.
//!
//! Every input meets the same accounts with the same passwords, so that it means the same whenever it is tried. Nothing
//! but these accounts is ever changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;

use super::grammar::{Bindings, FIXED, PASSWORD_END, RequestParts};
use super::laxity::Laxity;
use super::locked;
use crate::custody::accounts::{Account, Accounts, Admin, is_done};
use crate::custody::givens::Givens;
use crate::custody::made::OwnName;
use crate::custody::{Failure, Fate, Target, names};
use crate::documented::api::Operation;
use crate::exchange::{Exchange, Redaction, Request};
use crate::judge::Oracles;
use crate::requirement::{Level, Register};
use crate::transport::throttle::{Patience, Throttled};

/// A target that may be fuzzed, and what all workers share of it.
pub struct FuzzSession {
    pub(super) target: Arc<Target>,
    /// The admin, who makes the accounts: another one after a reset.
    admin: Mutex<FuzzAdmin>,
    /// What brings a target back that has a reset.
    pub givens: Option<Arc<AsyncMutex<Givens>>>,
    /// The login that the target did not answer with a token, if it gives none: then only what needs no login is fuzzed.
    pub no_login: Option<Arc<Exchange>>,
    /// The accounts of this run: their names, and what has to be removed.
    pub accounts: Arc<Accounts>,
    /// Requests that could have a code sent to a real telephone may be sent.
    pub registers: bool,
    /// The admin's account may be damaged.
    pub disposable: bool,
    /// Requests beyond 64 KiB may be sent.
    pub(crate) large: bool,
    pub(super) oracles: Oracles,
    pub(super) register: Register,
    /// Which wrong logins the target accepts, once some were tried.
    pub(super) laxity: OnceLock<Laxity>,
    /// What the target answers to requests without credentials, once it was asked: text that is in there is not an echo.
    pub(super) constant: OnceLock<String>,
    /// The operations that the target does not have, each with the status that says so.
    pub(super) missing: OnceLock<BTreeMap<Operation, u16>>,
    admin_candidates: Mutex<BTreeSet<String>>,
    serial: AtomicU32,
}

/// The administrator, logged in with its password.
#[derive(Debug, Clone)]
pub struct FuzzAdmin {
    /// Name and password.
    pub account: Account,
    /// A token of the run's own.
    pub token: String,
}

impl FuzzAdmin {
    /// Nothing where the password is not known.
    pub fn of(admin: Admin) -> Option<FuzzAdmin> {
        Some(FuzzAdmin { account: admin.account?, token: admin.token })
    }
}

impl From<FuzzAdmin> for Admin {
    fn from(admin: FuzzAdmin) -> Admin {
        Admin { account: Some(admin.account), token: admin.token }
    }
}

impl FuzzSession {
    /// A target with its admin, and the requirements that it is held to.
    pub fn new(target: Arc<Target>, admin: FuzzAdmin, accounts: Arc<Accounts>, register: &Register) -> FuzzSession {
        FuzzSession {
            target,
            admin: Mutex::new(admin),
            givens: None,
            no_login: None,
            accounts,
            registers: false,
            disposable: false,
            large: false,
            oracles: Oracles::of(register),
            register: register.clone(),
            laxity: OnceLock::new(),
            constant: OnceLock::new(),
            missing: OnceLock::new(),
            admin_candidates: Mutex::default(),
            serial: AtomicU32::new(0),
        }
    }

    /// The admin as it is logged in now.
    pub fn admin(&self) -> FuzzAdmin {
        locked(&self.admin).clone()
    }

    /// Resets a target that stays away, if its owner allows it; true if it is back. Nothing that was made is there then.
    pub(super) async fn revive(&self) -> bool {
        let Some(givens) = self.givens.as_ref().filter(|_| self.target.can_reset()) else { return false };
        let mut givens = givens.lock().await;
        if givens.reset().await.is_err() {
            return false;
        }
        let admin = givens.admin().await;
        admin.ok().and_then(FuzzAdmin::of).map(|admin| *locked(&self.admin) = admin).is_some()
    }

    /// What no text of a run may show: configured headers, the admin's password and token.
    pub(super) fn secrets(&self) -> Redaction {
        let mut secrets = self.target.transport.secrets().clone();
        let FuzzAdmin { account, token } = self.admin();
        secrets.add_credentials(&account.username, &account.password, "$WABIZSPEC_ADMIN_PASSWORD");
        secrets.add(&token, "$WABIZSPEC_ADMIN_TOKEN");
        secrets
    }

    pub(super) fn level(&self, requirement: &str) -> Level {
        self.register.find(requirement).map_or(Level::Must, |known| known.level)
    }

    pub(super) fn laxity(&self) -> Laxity {
        self.laxity.get().copied().unwrap_or_default()
    }

    pub(super) fn request(&self, parts: RequestParts) -> Request {
        let RequestParts { method, path, headers, body } = parts;
        self.target.transport.request(method, &path, headers, body)
    }

    /// Sends one request that is not an input itself.
    pub async fn send(&self, parts: RequestParts) -> Result<Exchange, Throttled> {
        self.target.transport.ask(self.request(parts), &mut Patience::default()).await
    }

    async fn as_admin(&self, call: RequestParts, body: serde_json::Value) -> Result<Exchange, Throttled> {
        self.send(call.bearer(&self.admin().token).json(body.to_string())).await
    }

    pub(super) async fn create(&self, name: &str, password: &str) -> Result<(), Failure> {
        self.may_make(name).await?;
        let body = serde_json::json!({ "username": name, "password": password });
        let exchange = self.as_admin(RequestParts::of(Operation::CreateUser), body).await?;
        if is_done(&exchange) { Ok(()) } else { Err(Failure::after("an account could not be made", &exchange)) }
    }

    pub(super) async fn update(&self, name: &str, password: &str) -> Result<Exchange, Throttled> {
        let call = RequestParts::of_user(Operation::UpdateUser, name);
        self.as_admin(call, serde_json::json!({ "password": password })).await
    }

    /// Before an account may be made under a name of the run. After an error of this and the next two, send nothing.
    pub(super) async fn may_make(&self, name: &str) -> Result<(), Failure> {
        match OwnName::of(name, self.accounts.names()) {
            Some(own) => self.accounts.will_make(&own).await,
            None => Ok(()),
        }
    }

    /// Before an input is sent that may make accounts under these names: those that the run may remove afterwards.
    pub(super) async fn claim(&self, names: &[String]) -> Result<Vec<OwnName>, Failure> {
        let mut claimed = Vec::new();
        for name in names {
            if let Some(own) = self.accounts.claim(&self.admin().into(), name).await {
                self.accounts.will_make(&own).await?;
                claimed.push(own);
            }
        }
        Ok(claimed)
    }

    /// Before an input is sent that may give the admin a password: puts it into the journal.
    pub(super) async fn may_change_the_admin(&self, request: &Request) -> Result<(), Failure> {
        let expected = self.accounts.before(request).await?;
        locked(&self.admin_candidates).extend(expected.admin_candidates);
        Ok(())
    }

    /// Notes in the journal that the admin's password still works, if it does: it is tried first then.
    pub(super) async fn admin_keeps_its_password(&self) {
        let Account { username, password } = self.admin().account;
        if let Ok(token) = self.token(&username, &password).await {
            self.accounts.log_out(&token).await;
            self.accounts.admin_works(&password).await;
        }
    }

    /// The passwords that inputs may have given to the admin.
    #[cfg(feature = "cli")]
    pub(crate) fn admin_candidates(&self) -> Vec<String> {
        locked(&self.admin_candidates).iter().cloned().collect()
    }

    /// Removes an account under a name of the run. Any other is only listed in the end: it may not be ours.
    pub(super) async fn remove(&self, name: &str) {
        match OwnName::of(name, self.accounts.names()) {
            Some(own) => self.remove_own(&own).await,
            None => drop(self.accounts.made().foreign.insert(name.to_owned())),
        }
    }

    /// Removes an account of the run. What could not be removed is tried once more when the run ends, and listed then.
    pub(super) async fn remove_own(&self, own: &OwnName) {
        // An account that was removed before is no error.
        let _ = self.accounts.delete(&self.admin().into(), own).await;
    }

    /// Whether these credentials log in; nothing where the answer does not say: a crash, throttling, or none.
    pub async fn logs_in(&self, username: &str, password: &str) -> Option<bool> {
        match self.token(username, password).await {
            Ok(token) => {
                // The tokens of an account of the run end with it.
                if OwnName::of(username, self.accounts.names()).is_none() {
                    self.accounts.log_out(&token).await;
                }
                Some(true)
            }
            Err(failure) => (failure.fate() == Fate::Refused).then_some(false),
        }
    }

    async fn token(&self, username: &str, password: &str) -> Result<String, Failure> {
        let account = Account { username: username.to_owned(), password: password.to_owned() };
        self.accounts.log_in(&account, None).await
    }

    /// A name that no account has yet.
    pub(super) fn unique(&self) -> String {
        self.accounts.names().next().0
    }
}

/// After so many inputs a worker's account is replaced: a target keeps every token as long as the account.
const INPUTS_PER_ACCOUNT: u32 = 10_000;

/// After it, the tokens of one second are surely those of another.
const A_SECOND: Duration = Duration::from_millis(1100);

/// One worker's accounts. After an error there is no account to log in with any more.
#[derive(Debug, Clone)]
pub(super) struct WorkerAccounts {
    pub bindings: Bindings,
    /// The accounts were made by the run; otherwise nothing is tried that could change one.
    pub own: bool,
    /// There is an account to log in with.
    pub logs_in: bool,
    /// An ordinary user may read the admin's account here, which is left open.
    pub reads_others: bool,
    inputs: u32,
}

impl WorkerAccounts {
    /// Makes the accounts of one worker; where none can be made, the admin's own is used, unchanged.
    pub async fn new(session: &FuzzSession) -> Result<WorkerAccounts, Failure> {
        let origin = session.target.transport.origin();
        let FuzzAdmin { account, token } = session.admin();
        let mut bindings = Bindings {
            user: session.unique().into(),
            user_password: format!("{}{PASSWORD_END}", names::password()).into(),
            colon_user: session.unique().into(),
            nobody: session.unique().into(),
            admin_token: token.into(),
            host: origin.host_header().to_owned().into(),
            base: origin.base_path().to_owned().into(),
            ..FIXED.clone()
        };
        if session.no_login.is_some() {
            return Ok(WorkerAccounts { bindings, own: false, logs_in: false, reads_others: false, inputs: 0 });
        }
        let own = session.create(&bindings.user, &bindings.user_password).await.is_ok()
            && session.create(&bindings.colon_user, &bindings.colon_password).await.is_ok();
        if !own {
            bindings.user = account.username.clone().into();
            bindings.user_password = account.password.clone().into();
        }
        let mut worker = WorkerAccounts { bindings, own, logs_in: true, reads_others: false, inputs: 0 };
        worker.log_in(session).await?;
        let read = RequestParts::of_user(Operation::ReadUser, &account.username).bearer(&worker.bindings.user_token);
        worker.reads_others = session.send(read).await.is_ok_and(|read| is_done(&read));
        Ok(worker)
    }

    /// Logs in for a token that lives and one that does not.
    async fn log_in(&mut self, session: &FuzzSession) -> Result<(), Failure> {
        let bindings = &mut self.bindings;
        bindings.dead_token = session.token(&bindings.user, &bindings.user_password).await?.into();
        session.send(RequestParts::of(Operation::LogOut).bearer(&bindings.dead_token)).await?;
        bindings.user_token = session.token(&bindings.user, &bindings.user_password).await?.into();
        // Some targets give the same token to all logins of one second.
        if bindings.user_token == bindings.dead_token {
            tokio::time::sleep(A_SECOND).await;
            bindings.user_token = session.token(&bindings.user, &bindings.user_password).await?.into();
        }
        Ok(())
    }

    /// Gives the input its own name and its own new password, and now and then a new account.
    pub async fn renew(&mut self, session: &FuzzSession) -> Result<(), Failure> {
        self.bindings.unique = session.unique().into();
        let serial = session.serial.fetch_add(1, Ordering::Relaxed);
        self.bindings.new_password = format!("Qv7#mXb2sLd9R{serial}").into();
        self.inputs += 1;
        if self.own && self.inputs > INPUTS_PER_ACCOUNT { self.replace(session).await } else { Ok(()) }
    }

    /// The accounts that log in, by name and password.
    pub fn accounts(&self) -> Vec<(&str, &str)> {
        let bindings = &self.bindings;
        let user = (&*bindings.user, &*bindings.user_password);
        match (self.own, self.logs_in) {
            (true, _) => vec![user, (&bindings.colon_user, &bindings.colon_password)],
            (false, true) => vec![user],
            (false, false) => Vec::new(),
        }
    }

    /// Sets the password back after an input changed it. If that fails the account is replaced.
    pub async fn restore(&mut self, session: &FuzzSession) -> Result<(), Failure> {
        if !self.own {
            return Ok(());
        }
        let put = session.update(&self.bindings.user, &self.bindings.user_password).await;
        if put.is_ok_and(|put| is_done(&put)) && self.log_in(session).await.is_ok() {
            return Ok(());
        }
        self.replace(session).await
    }

    async fn replace(&mut self, session: &FuzzSession) -> Result<(), Failure> {
        session.remove(&self.bindings.user).await;
        self.inputs = 0;
        self.bindings.user = session.unique().into();
        session.create(&self.bindings.user, &self.bindings.user_password).await?;
        self.log_in(session).await
    }

    pub async fn remove(&self, session: &FuzzSession) {
        if self.own {
            session.remove(&self.bindings.user).await;
            session.remove(&self.bindings.colon_user).await;
        }
    }
}
