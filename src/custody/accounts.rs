//! Accounts on the target, and everything a run does to them: made under names of its own, logged in to, removed.
//!
//! Every request that may give an account a password passes through [`Accounts::before`], which puts the password into
//! the journal first. Deleting takes an [`OwnName`], so nothing can be deleted that the run did not make up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Custody;
use super::given_passwords::passwords_given;
use super::journal::{Credentials, Journal};
use super::made::{Made, OwnName};
use super::names::Names;
use super::reading::{basic, bearer, called, is_done, json_type, logged_in};
pub use super::reading::{outcome, token_in, tokens_in};
use super::undone::Undone;
use super::wrong_logins::{WrongLogins, is_login};
use super::{AdminPasswords, Target};
use crate::documented::api::{self, Operation};
use crate::exchange::{Exchange, Header, Request};
use crate::transport::throttle::{Patience, Throttled};

/// How many short names are tried until one is free.
const SHORT_NAME_TRIES: usize = 5;

/// An account and how to log in to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// The user name.
    pub username: String,
    /// The password, as far as the harness knows.
    pub password: String,
}

/// The administrator, logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Name and password.
    pub account: Account,
    /// A token of the run's own.
    pub token: String,
}

/// The accounts of one run, on one target.
pub struct Accounts {
    target: Arc<Target>,
    admin_name: String,
    passwords: Mutex<AdminPasswords>,
    names: Names,
    made: Made,
    custody: Custody,
    /// The admin's password may have been changed by this run.
    admin_touched: AtomicBool,
    /// The target is disposable, or the run has seen it just installed: every account but the admin's is its own.
    alone: AtomicBool,
    wrong_logins: WrongLogins,
}

/// What a request that is about to be sent may bring about.
#[derive(Debug, Default)]
pub struct Expected {
    /// Passwords that the admin may have from now on.
    pub admin_candidates: Vec<String>,
    /// The account that the request makes, if it is new.
    makes: Option<OwnName>,
}

impl Accounts {
    /// Of a run against that target.
    pub fn new(target: Arc<Target>, admin_name: String, configured: Option<String>, custody: Custody) -> Accounts {
        Accounts {
            target,
            admin_name,
            passwords: Mutex::new(AdminPasswords::new(configured)),
            names: Names::new(),
            made: Made::default(),
            alone: AtomicBool::new(custody.is_disposable()),
            custody,
            admin_touched: AtomicBool::new(false),
            wrong_logins: WrongLogins::default(),
        }
    }

    /// The same with a bound on wrong logins.
    pub fn with_wrong_logins(mut self, limit: Option<u32>) -> Accounts {
        self.wrong_logins = WrongLogins::at_most(limit);
        self
    }

    /// Whether the target may be sent another login that may be wrong.
    pub fn may_guess(&self) -> bool {
        self.wrong_logins.are_left()
    }

    /// The name of the admin account.
    pub fn admin_name(&self) -> &str {
        &self.admin_name
    }

    /// What the admin's password may be.
    pub fn passwords(&self) -> MutexGuard<'_, AdminPasswords> {
        self.passwords.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The admin's password as the owner gave it.
    pub fn configured(&self) -> Option<String> {
        self.passwords().configured().map(str::to_owned)
    }

    /// The names of this run.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The default password was still in place: nobody else has an account on the target.
    pub fn was_just_installed(&self) {
        self.alone.store(true, Ordering::Relaxed);
    }

    /// The target was reset: nobody has an account on it, and the admin has the default password.
    pub fn was_reset(&self) {
        self.was_just_installed();
        self.admin_touched.store(false, Ordering::Relaxed);
        self.passwords().were_reset();
        self.are_gone();
    }

    /// What the run has made so far.
    pub fn made(&self) -> &Made {
        &self.made
    }

    /// The journal, if one is kept.
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.custody.journal()
    }

    /// Whether the target ends with the run.
    pub fn is_disposable(&self) -> bool {
        self.custody.is_disposable()
    }

    /// Whether a request of this run may have changed the admin's password.
    pub fn admin_touched(&self) -> bool {
        self.admin_touched.load(Ordering::Relaxed)
    }

    /// Why a request of a case must not be sent, if it is a login and no more wrong ones may be.
    pub fn over_budget(&self, request: &Request) -> Option<String> {
        let is_login = is_login(request, self.target.transport.origin().base_path());
        (is_login && !self.may_guess())
            .then(|| "over budget: as many wrong logins were sent as --wrong-logins allows".to_owned())
    }

    /// Before a request is sent: every password that it may give to an account is put on disk, and an account that it may
    /// make is remembered, for a request may do its work although its answer never comes.
    ///
    /// # Errors
    /// The passwords are not on disk. The request must not be sent.
    pub async fn before(&self, request: &Request) -> Result<Expected, String> {
        let mut expected = Expected::default();
        let base = self.target.transport.origin().base_path();
        let mut credentials = Vec::new();
        for given in passwords_given(request, base) {
            let own = given.username.as_deref().filter(|name| self.names.made(name));
            if own.is_none() && given.username.as_deref().is_none_or(|name| name == self.admin_name) {
                expected.admin_candidates.push(given.password.clone());
            }
            // Whom a faulty target gives it to where the name is not ours, nobody knows: at worst the admin.
            credentials
                .push(Credentials { account: own.unwrap_or(&self.admin_name).to_owned(), password: given.password });
        }
        self.record(credentials).await?;
        self.passwords().may_become(&expected.admin_candidates);
        if let Some((Operation::CreateUser, Some(name))) = called(request, base)
            && let Some(own) = OwnName::of(&name, &self.names)
            && self.will_make(&own).await?
        {
            expected.makes = Some(own);
        }
        Ok(expected)
    }

    /// Before an account may be made: from now on it is the run's to remove, also for whoever tidies up after a run that was
    /// killed. True if that was not known.
    ///
    /// # Errors
    /// The journal cannot be written. The request must not be sent.
    pub async fn will_make(&self, own: &OwnName) -> Result<bool, String> {
        if !self.made.account(own) {
            return Ok(false);
        }
        if let Some(journal) = self.journal() {
            journal.made(own.as_str()).await?;
        }
        Ok(true)
    }

    /// An account is not there any more, or never was.
    pub fn is_gone(&self, own: &OwnName) {
        self.made.forget_account(own);
        if let Some(journal) = self.journal() {
            journal.gone(own.as_str());
        }
    }

    /// The target was reset: every account but the admin's is gone.
    pub fn are_gone(&self) {
        self.made.forget_all();
        if let Some(journal) = self.journal() {
            journal.all_gone();
        }
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

    /// The passwords that a request may give to accounts of this run.
    pub fn own_passwords(&self, request: &Request) -> Vec<Account> {
        let given = passwords_given(request, self.target.transport.origin().base_path()).into_iter();
        let own = given.filter_map(|given| {
            Some(Account { username: given.username.filter(|name| self.names.made(name))?, password: given.password })
        });
        own.collect()
    }

    /// Puts passwords on disk, with one sync, that accounts of this run may be given later: then [`Accounts::before`] finds
    /// them there. Never the admin's: who looks for the one that works tries the last that was sent first.
    pub async fn foresee(&self, passwords: Vec<Account>) {
        let own = passwords.into_iter().map(|given| Credentials { account: given.username, password: given.password });
        // A journal that cannot be written shows before the first of these requests, and keeps it from being sent.
        let _ = self.record(own.collect()).await;
    }

    /// Sends a request that [`Accounts::before`] saw, and remembers what it brought about.
    ///
    /// # Errors
    /// The target throttles beyond patience.
    pub async fn ask(
        &self,
        request: Request,
        expected: &Expected,
        patience: &mut Patience,
    ) -> Result<Exchange, Throttled> {
        let asked = self.target.transport.ask(request, patience).await;
        match &asked {
            Ok(exchange) => self.after(expected, exchange),
            // What was throttled was not done.
            Err(_) => expected.makes.iter().for_each(|own| self.is_gone(own)),
        }
        asked
    }

    /// What a request brought about is remembered, so that it is removed.
    fn after(&self, expected: &Expected, exchange: &Exchange) {
        self.wrong_logins.note(exchange, self.target.transport.origin().base_path());
        let Some(response) = exchange.response() else { return };
        let accepted = (200..300).contains(&response.status);
        let base = self.target.transport.origin().base_path();
        if let Some(own) = &expected.makes
            && (400..500).contains(&response.status)
        {
            self.is_gone(own);
        }
        if !accepted {
            return;
        }
        self.passwords().were_accepted(&expected.admin_candidates);
        let holder = logged_in(&exchange.request).and_then(|name| OwnName::of(&name, &self.names));
        for token in tokens_in(&response.body) {
            self.made.token(&token, holder.as_ref());
        }
        let Some((operation @ (Operation::CreateUser | Operation::ReadUser), Some(name))) =
            called(&exchange.request, base)
        else {
            return;
        };
        match OwnName::of(&name, &self.names) {
            Some(own) => {
                self.made.account(&own);
            }
            None if operation == Operation::CreateUser && name != self.admin_name => self.made.foreign(&name),
            None => {}
        }
    }

    /// Puts passwords into the journal, before anything that may set them is sent. Before the first of the admin's stands
    /// the one that the owner gave: it works until the first change is done.
    ///
    /// # Errors
    /// They are not on disk.
    async fn record(&self, mut credentials: Vec<Credentials>) -> Result<(), String> {
        let of_admin = credentials.iter().any(|given| given.account == self.admin_name);
        if of_admin
            && !self.admin_touched.swap(true, Ordering::Relaxed)
            && let Some(configured) = self.configured()
        {
            credentials.insert(0, self.of_admin(&configured));
        }
        match self.journal() {
            Some(journal) if !credentials.is_empty() => journal.record(&credentials).await,
            _ => Ok(()),
        }
    }

    fn of_admin(&self, password: &str) -> Credentials {
        Credentials { account: self.admin_name.clone(), password: password.to_owned() }
    }

    /// The admin logs in with that password: the journal says so too, where it speaks of the admin at all.
    pub async fn admin_works(&self, password: &str) {
        self.passwords().works(password);
        if let (Some(journal), true) = (self.journal(), self.admin_touched()) {
            // It only spares wrong tries; that the disk is full shows before the next change.
            let _ = journal.works(self.of_admin(password)).await;
        }
    }

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

    /// Notes that a password which was to become the admin's is not: the target refused it, and does not log in with it.
    /// `was_touched` says whether the admin's password may have been changed before that.
    pub async fn was_refused(&self, password: &str, was_touched: bool) {
        self.admin_touched.store(was_touched, Ordering::Relaxed);
        self.passwords().was_refused(password);
        if let Some(journal) = self.journal() {
            // It only spares wrong tries.
            let _ = journal.refused(self.of_admin(password)).await;
        }
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
        let request = self.target.transport.request(
            Operation::LogOut.method(),
            Operation::LogOut.path(),
            vec![bearer(token)],
            None,
        );
        let asked = self.target.transport.ask(request, &mut Patience::default()).await;
        let done = asked.is_err() || asked.is_ok_and(|exchange| exchange.response().is_some());
        if done {
            self.made.forget_token(token);
        }
        done
    }
}
