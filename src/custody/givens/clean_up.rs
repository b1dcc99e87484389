//! The end of a run: what it made is removed, what it changed is set back, and what is left is reported.

use std::sync::Arc;

use super::{Failure, Givens};
use crate::custody::Fate;
use crate::custody::accounts::Account;
use crate::custody::made::OwnName;
use crate::custody::reading::{is_done, leftover};
use crate::documented::api::Operation;

/// How many passwords stay in the journal that the admin may have, where none of them can be tried.
const UNTRIED: usize = 64;

impl Givens {
    /// Removes what the run made, sets the admin's password back to what the owner gave, and logs the run's tokens out.
    /// Returns what is left, each with what to do about it.
    pub async fn clean_up(&mut self) -> Vec<String> {
        self.target.transport.call_once_more().await;
        // What was made is worth one more try.
        self.state.tokenless = None;
        let accounts = Arc::clone(&self.accounts);
        let own = std::mem::take(&mut accounts.made().accounts);
        let mut left = self.remove_accounts(own.into_iter().collect()).await;
        let foreign = std::mem::take(&mut accounts.made().foreign);
        let why = "the target made it, but its name is not one of this run's, so it is not deleted";
        left.extend(foreign.iter().map(|name| leftover(name, why)));
        left.extend(self.remove_pin().await);
        left.extend(self.set_password_back().await);
        let tokens = std::mem::take(&mut accounts.made().tokens);
        for token in tokens {
            if !accounts.log_out(&token).await {
                let what = "tokens of the run were not logged out, because the target did not answer; they expire";
                left.push(what.to_owned());
                break;
            }
        }
        let further = accounts.made().further_tokens;
        if further > 0 {
            left.push(format!("{further} more tokens of the run were not logged out; they expire"));
        }
        self.forget_logins();
        let journal = self.settle(left.is_empty()).await;
        left.extend(journal);
        left
    }

    async fn remove_accounts(&mut self, names: Vec<OwnName>) -> Vec<String> {
        self.state.user = None;
        if names.is_empty() {
            return Vec::new();
        }
        let mut admin = match self.admin().await {
            Ok(admin) => admin,
            Err(why) => return names.iter().map(|name| leftover(name.as_str(), &why.to_string())).collect(),
        };
        let mut left = Vec::new();
        let mut silence: Option<Failure> = None;
        let mut is_new = false;
        for name in &names {
            // Each further account would be waited for just as long.
            let mut gone = match &silence {
                Some(why) => Err(why.clone()),
                None => self.accounts.delete(&admin, name).await,
            };
            // The token may have died: expired by a clock that was moved, or ended by a case.
            if !is_new && gone.as_ref().is_err_and(|failure| failure.fate() == Fate::Refused) {
                self.forget_logins();
                is_new = true;
                if let Ok(again) = self.admin().await {
                    admin = again;
                    gone = self.accounts.delete(&admin, name).await;
                }
            }
            if let Err(failure) = gone {
                left.push(leftover(name.as_str(), &failure.to_string()));
                silence = silence.or((failure.fate() == Fate::Silent).then_some(failure));
            }
        }
        left
    }

    /// Switches two-step verification off if the run left it on: registrations would need its PIN. Says if that fails.
    pub(crate) async fn remove_pin(&mut self) -> Option<String> {
        if !self.accounts.made().pin {
            return None;
        }
        let why = self.ask_to_remove_pin().await.err()?;
        Some(format!("two-step verification is still on, with a PIN of the run, and could not be switched off: {why}"))
    }

    async fn ask_to_remove_pin(&mut self) -> Result<(), Failure> {
        let admin = self.admin().await?;
        let path = Operation::RemovePin.path();
        let exchange = self.accounts.call_as(&admin, Operation::RemovePin, path, None).await?;
        if is_done(&exchange) { Ok(()) } else { Err(Failure::after("the request was not accepted", &exchange)) }
    }

    /// Whether the run may have changed the admin's password, and somebody needs it afterwards.
    fn owes_a_password(&self) -> bool {
        self.accounts.admin_touched() && !self.accounts.custody.is_disposable()
    }

    /// Whether the admin is left with another password than the one it had, or that the owner gave.
    pub(crate) fn leaves_another_password(&self) -> bool {
        self.owes_a_password() && self.owners.is_some() && !self.has_the_owners_password()
    }

    fn has_the_owners_password(&self) -> bool {
        let passwords = self.accounts.passwords();
        passwords.is_certain() && passwords.known.is_some() && passwords.known == self.owners
    }

    /// The owner's password works again after the run, if it ever did.
    async fn set_password_back(&mut self) -> Option<String> {
        let owners = self.owners.clone().filter(|_| self.owes_a_password())?;
        if !self.accounts.passwords().is_certain() {
            // Whether one of them was taken shows only at a login.
            self.forget_logins();
        }
        let failed = |why: String| format!("the admin's password could not be set back to the owner's: {why}");
        if let Err(why) = self.log_in_with(&owners).await {
            return Some(failed(why.to_string()));
        }
        let is_kept = self.accounts.passwords().known.as_ref() == Some(&owners);
        (!is_kept).then(|| failed("the target did not take it".to_owned()))
    }

    /// Logs in as admin, and has it do so with that password.
    async fn log_in_with(&mut self, password: &str) -> Result<(), Failure> {
        let admin = self.admin().await?;
        if admin.account.as_ref().is_none_or(|account| account.password != password) {
            self.accounts.set_admin_password(&admin, password).await?;
            self.forget_logins();
            self.admin().await?;
        }
        Ok(())
    }

    /// Leaves in the journal what is still of use, and says where it lies. Accounts may be left unless `all_removed`.
    async fn settle(&mut self, all_removed: bool) -> Option<String> {
        let journal = Arc::clone(self.accounts.journal()?);
        if !self.accounts.admin_touched() {
            // Otherwise a journal would grow with every run. No password from before a reset works after it.
            let still = if self.was_reset { &[][..] } else { journal.earlier().all() };
            if all_removed && (journal.is_begun() || self.was_reset) {
                let _ = journal.settle(still).await;
            }
            return None;
        }
        if self.other_login.is_some() {
            // Which of them works cannot be tried. The oldest were refused by runs before, and the token worked since then.
            let likeliest = self.accounts.passwords().likeliest();
            let own = likeliest.iter().map(|password| self.accounts.admin_account(password));
            let all: Vec<Account> = own.chain(journal.earlier().all().iter().cloned()).take(UNTRIED).collect();
            let _ = journal.settle(&all).await;
            return None;
        }
        let known = {
            let passwords = self.accounts.passwords();
            passwords.known.clone().filter(|_| passwords.is_certain())
        };
        // If it is unknown which of the passwords works, all of them stay.
        if let Some(known) = known {
            let is_the_owners = self.accounts.configured().as_ref() == Some(&known);
            let works = (!is_the_owners).then(|| self.accounts.admin_account(&known));
            // A journal that could not be made shorter still holds everything.
            let _ = journal.settle(works.as_slice()).await;
        }
        if self.has_the_owners_password() {
            return None;
        }
        let (path, url) = (journal.path().display(), self.target.transport.origin());
        Some(format!(
            "the run has changed the admin's password; the one that works is in {path}, and this finds it: \
             wabizspec recover --target {url} --journal '{path}'"
        ))
    }
}
