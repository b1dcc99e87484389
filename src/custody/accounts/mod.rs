//! Accounts on the target, and everything a run does to them: made under names of its own, logged in to, removed.
//!
//! Every request that may give an account a password passes through `Accounts::before`, which puts the password into
//! the journal first. Deleting takes an `OwnName`, so nothing can be deleted that the run did not make up.

mod calls;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::task::JoinSet;

use super::effect::{Asked, is_login};
pub use super::journal::Account;
use super::journal::{Journal, NotRecorded};
use super::made::{Made, OwnName};
use super::names::Names;
pub(crate) use super::reading::{is_done, outcome, tokens_in};
use super::{AdminPasswords, Custody, Failure, Target};
use crate::exchange::{Exchange, Request, Response};
use crate::parallel::locked;
use crate::transport::tap::Asker;
use crate::transport::throttle::{Patience, Throttled};

/// The administrator, logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Name and password; absent where the owner gave a token and no password.
    pub account: Option<Account>,
    /// A token of the run's own, or the owner's.
    pub token: String,
}

/// The accounts of one run, on one target.
pub struct Accounts {
    pub(super) target: Arc<Target>,
    admin_name: String,
    passwords: Mutex<AdminPasswords>,
    names: Names,
    made: Mutex<Made>,
    pub(super) custody: Custody,
    admin_touched: AtomicBool,
    /// The target is disposable, or the run has seen it just installed: every account but the admin's is its own.
    alone: AtomicBool,
    /// A client in use may lock an account or an address out after too many wrong logins (error codes page: 1015), whoever
    /// sends them. None where the target's state may be thrown away.
    most_wrong_logins: Option<u32>,
    wrong_logins: AtomicU32,
}

/// What a request that is about to be sent may change.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Passwords that the admin may have from now on.
    pub admin_candidates: Vec<String>,
    /// The account that the request makes, if it is new.
    makes: Option<OwnName>,
}

impl Accounts {
    /// Of a run against that target, with the admin's password if the owner gave it.
    pub fn new(target: Arc<Target>, admin_name: String, configured: Option<String>, custody: Custody) -> Accounts {
        Accounts {
            target,
            admin_name,
            passwords: Mutex::new(AdminPasswords::new(configured)),
            names: Names::new(),
            made: Mutex::default(),
            alone: AtomicBool::new(custody.is_disposable()),
            custody,
            admin_touched: AtomicBool::new(false),
            most_wrong_logins: None,
            wrong_logins: AtomicU32::new(0),
        }
    }

    pub(crate) fn with_wrong_logins(self, limit: Option<u32>) -> Accounts {
        Accounts { most_wrong_logins: limit, ..self }
    }

    /// Whether the target may be sent another login that may be wrong.
    pub(super) fn may_guess(&self) -> bool {
        self.most_wrong_logins.is_none_or(|most| self.wrong_logins.load(Ordering::Relaxed) < most)
    }

    /// Whether wrong logins are counted, so that none should be sent without need.
    pub(crate) fn counts_wrong_logins(&self) -> bool {
        self.most_wrong_logins.is_some()
    }

    pub(crate) fn admin_name(&self) -> &str {
        &self.admin_name
    }

    pub(crate) fn passwords(&self) -> MutexGuard<'_, AdminPasswords> {
        locked(&self.passwords)
    }

    pub(super) fn configured(&self) -> Option<String> {
        self.passwords().configured.clone()
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The default password was still in place: nobody else has an account on the target.
    pub(super) fn was_just_installed(&self) {
        self.alone.store(true, Ordering::Relaxed);
    }

    /// The target was reset: nobody has an account on it, and the admin has the default password.
    pub(super) fn was_reset(&self) {
        self.was_just_installed();
        self.admin_touched.store(false, Ordering::Relaxed);
        self.passwords().were_reset();
        self.are_gone();
    }

    pub(crate) fn made(&self) -> MutexGuard<'_, Made> {
        locked(&self.made)
    }

    pub(crate) fn journal(&self) -> Option<&Arc<Journal>> {
        self.custody.journal()
    }

    /// Whether a request of this run may have changed the admin's password.
    pub(crate) fn admin_touched(&self) -> bool {
        self.admin_touched.load(Ordering::Relaxed)
    }

    fn base(&self) -> &str {
        self.target.transport.origin().base_path()
    }

    /// Whether a request of a case must not be sent because it is a login and no more wrong ones may be.
    pub(crate) fn is_over_budget(&self, request: &Request) -> bool {
        is_login(request, self.base()) && !self.may_guess()
    }

    /// Before a request is sent: puts every password that it may give to an account on disk, and remembers the account
    /// that it may make, for it may take effect without an answer. On an error the request must not be sent.
    pub(crate) async fn before(&self, request: &Request) -> Result<Expected, Failure> {
        let mut expected = Expected::default();
        let asked = Asked::of(request, self.base());
        let own = asked.account.as_deref().filter(|name| self.names.made(name));
        if own.is_none() && asked.account.as_deref().is_none_or(|name| name == self.admin_name) {
            expected.admin_candidates = asked.passwords.clone();
        }
        // If the name is not ours, a faulty target may give the passwords to anyone: at worst the admin.
        self.record(accounts_of(own.unwrap_or(&self.admin_name), &asked.passwords)).await?;
        self.passwords().may_become(&expected.admin_candidates);
        expected.makes = self.made().expect(&asked, &self.names);
        if let Some(own) = &expected.makes {
            self.record_made(own).await?;
        }
        Ok(expected)
    }

    /// Before an account may be made: it is the run's to remove, also after a kill. On an error nothing must be sent.
    pub(crate) async fn will_make(&self, own: &OwnName) -> Result<(), Failure> {
        if self.made().accounts.insert(own.clone()) {
            self.record_made(own).await?;
        }
        Ok(())
    }

    async fn record_made(&self, own: &OwnName) -> Result<(), NotRecorded> {
        let Some(journal) = self.journal() else { return Ok(()) };
        journal.made(own.as_str()).await
    }

    /// An account is not there any more, or never was.
    pub(crate) fn is_gone(&self, own: &OwnName) {
        self.made().accounts.remove(own);
        if let Some(journal) = self.journal() {
            journal.gone(own.as_str());
        }
    }

    /// The target was reset: every account but the admin's is gone.
    pub(crate) fn are_gone(&self) {
        *self.made() = Made::default();
        if let Some(journal) = self.journal() {
            journal.all_gone();
        }
    }

    /// The passwords that a request may give to accounts of this run.
    pub(crate) fn own_passwords(&self, request: &Request) -> Vec<Account> {
        let asked = Asked::of(request, self.base());
        let own = asked.account.filter(|name| self.names.made(name));
        own.map_or(Vec::new(), |name| accounts_of(&name, &asked.passwords))
    }

    /// Puts passwords on disk, with one sync, that accounts of this run may be given later: then [`Accounts::before`] finds
    /// them there. Never the admin's: who looks for the one that works tries the last that was sent first.
    pub(crate) async fn foresee(&self, passwords: Vec<Account>) {
        // If the journal cannot be written, the first of these requests fails before it is sent.
        let _ = self.record(passwords).await;
    }

    /// Sends a request that [`Accounts::before`] saw, and remembers what it changed.
    pub(crate) async fn ask(
        &self,
        request: Request,
        expected: &Expected,
        patience: &mut Patience,
    ) -> Result<Exchange, Throttled> {
        let asked = self.target.transport.ask(request, patience).await;
        match &asked {
            Ok(exchange) => self.after(expected, exchange),
            // A throttled request was not executed.
            Err(_) => expected.makes.iter().for_each(|own| self.is_gone(own)),
        }
        asked
    }

    /// Sends requests at the same time, each of which [`Accounts::before`] saw. The answers are in the order of the requests.
    pub(crate) async fn ask_together(
        &self,
        requests: Vec<Request>,
        expected: Vec<Expected>,
        asker: Option<&Arc<Asker>>,
    ) -> Result<Vec<Exchange>, Throttled> {
        let mut asking = JoinSet::new();
        for (number, request) in requests.into_iter().enumerate() {
            let target = Arc::clone(&self.target);
            let mut patience = Patience::of_step(asker.cloned());
            asking.spawn(async move { (number, target.transport.ask(request, &mut patience).await) });
        }
        let mut asked = asking.join_all().await;
        asked.sort_by_key(|(number, _)| *number);
        let exchanges: Vec<Exchange> = asked.into_iter().map(|(_, asked)| asked).collect::<Result<_, _>>()?;
        for (expected, exchange) in expected.into_iter().zip(&exchanges) {
            // Another of the requests may have made the account that this one was refused.
            self.after(&Expected { makes: None, ..expected }, exchange);
        }
        Ok(exchanges)
    }

    fn after(&self, expected: &Expected, exchange: &Exchange) {
        let accepted = is_done(exchange);
        if !accepted && self.most_wrong_logins.is_some() && is_login(&exchange.request, self.base()) {
            self.wrong_logins.fetch_add(1, Ordering::Relaxed);
        }
        let is_refused = exchange.response().is_some_and(Response::is_refused);
        if is_refused && let Some(own) = &expected.makes {
            self.is_gone(own);
        }
        if accepted {
            self.passwords().were_accepted(&expected.admin_candidates);
            self.made().note(exchange, self.base(), &self.names, &self.admin_name);
        }
    }

    /// Records passwords; before the first of the admin's the owner's, which works until the first change is done.
    async fn record(&self, mut accounts: Vec<Account>) -> Result<(), NotRecorded> {
        let of_admin = accounts.iter().any(|account| account.username == self.admin_name);
        if of_admin
            && !self.admin_touched.swap(true, Ordering::Relaxed)
            && let Some(configured) = self.configured()
        {
            accounts.insert(0, self.admin_account(&configured));
        }
        match self.journal() {
            Some(journal) if !accounts.is_empty() => journal.record(&accounts).await,
            _ => Ok(()),
        }
    }

    pub(crate) fn admin_account(&self, password: &str) -> Account {
        Account { username: self.admin_name.clone(), password: password.to_owned() }
    }

    /// The admin logs in with that password: the journal says so too, where it names the admin at all.
    pub(crate) async fn admin_works(&self, password: &str) {
        self.passwords().works(password);
        if let (Some(journal), true) = (self.journal(), self.admin_touched()) {
            // It only saves wrong tries; that the disk is full shows before the next change.
            let _ = journal.works(self.admin_account(password)).await;
        }
    }

    /// Notes that a password which was to become the admin's is not: the target refused it, and does not log in with it.
    /// `was_touched` says whether the admin's password may have been changed before that.
    pub(super) async fn was_refused(&self, password: &str, was_touched: bool) {
        self.admin_touched.store(was_touched, Ordering::Relaxed);
        self.passwords().was_refused(password);
        if let Some(journal) = self.journal() {
            // It only saves wrong tries.
            let _ = journal.refused(self.admin_account(password)).await;
        }
    }
}

fn accounts_of(username: &str, passwords: &[String]) -> Vec<Account> {
    let account = |password: &String| Account { username: username.to_owned(), password: password.clone() };
    passwords.iter().map(account).collect()
}
