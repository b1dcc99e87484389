//! Accounts on the target, and everything a run does to them: made under names of its own, logged in to, removed.
//!
//! Every request that may give an account a password passes through [`Accounts::before`], which puts the password into
//! the journal first. Deleting takes an [`OwnName`], so nothing can be deleted that the run did not make up.

use std::sync::atomic::{AtomicBool, Ordering};
mod calls;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Custody;
use super::given_passwords::passwords_given;
use super::journal::{Credentials, Journal};
use super::made::{Made, OwnName};
use super::names::Names;
use super::reading::{called, logged_in};
pub use super::reading::{outcome, token_in, tokens_in};
use super::wrong_logins::{WrongLogins, is_login};
use super::{AdminPasswords, Target};
use crate::documented::api::Operation;
use crate::exchange::{Exchange, Request};
use crate::transport::throttle::{Patience, Throttled};

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
    pub fn is_over_budget(&self, request: &Request) -> bool {
        is_login(request, self.target.transport.origin().base_path()) && !self.may_guess()
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
}
