//! The end of a run: what it made is removed, what it changed is set back, and what is left is told.

use std::sync::Arc;

use super::Givens;
use crate::custody::Fate;
use crate::custody::journal::Credentials;
use crate::custody::reading::leftover;

impl Givens {
    /// Removes what the run made, sets the admin's password back to what the owner gave, and logs the run's tokens out.
    /// Returns what is left, each with what to do about it.
    pub async fn clean_up(&mut self) -> Vec<String> {
        self.target.transport.call_once_more().await;
        // What was made is worth one more try.
        self.tokenless = None;
        let accounts = Arc::clone(&self.accounts);
        let mut left = self.remove_accounts().await;
        left.extend(accounts.made().take_foreign().iter().map(|name| {
            let why = "the target made it, but its name is not one of this run's, so it is not deleted";
            leftover(name, why)
        }));
        left.extend(self.set_password_back().await);
        for token in accounts.made().take_tokens() {
            if !accounts.log_out(&token).await {
                left.push("tokens of the run were not logged out, for want of an answer; they expire".to_owned());
                break;
            }
        }
        let further = accounts.made().further_tokens();
        if further > 0 {
            left.push(format!("{further} more tokens of the run were not logged out; they expire"));
        }
        self.forget_logins();
        let told = self.settle(left.is_empty()).await;
        left.extend(told);
        left
    }

    async fn remove_accounts(&mut self) -> Vec<String> {
        let names = self.accounts.made().take_accounts();
        self.user = None;
        if names.is_empty() {
            return Vec::new();
        }
        let mut admin = match self.admin().await {
            Ok(admin) => admin,
            Err(why) => return names.iter().map(|name| leftover(name.as_str(), &why)).collect(),
        };
        let mut left = Vec::new();
        let mut silence: Option<String> = None;
        let mut is_new = false;
        for name in &names {
            // Each further account would be waited for just as long.
            let mut gone = match &silence {
                Some(why) => Err(why.clone().into()),
                None => self.accounts.delete(&admin, name).await,
            };
            // The token may have died: expired by a clock that was moved, or ended by a case.
            if !is_new && gone.as_ref().is_err_and(|undone| undone.fate == Fate::Refused) {
                self.forget_logins();
                is_new = true;
                if let Ok(anew) = self.admin().await {
                    admin = anew;
                    gone = self.accounts.delete(&admin, name).await;
                }
            }
            if let Err(undone) = gone {
                left.push(leftover(name.as_str(), &undone.why));
                silence = silence.or((undone.fate == Fate::Silent).then_some(undone.why));
            }
        }
        left
    }

    /// Whether the admin is left with another password than the one it had, or that the owner gave.
    pub fn leaves_another_password(&self) -> bool {
        let touched = self.accounts.admin_touched() && !self.accounts.is_disposable();
        touched && self.owners.is_some() && !self.has_the_owners_password()
    }

    /// Whether the admin surely has the password to be set back.
    fn has_the_owners_password(&self) -> bool {
        let passwords = self.accounts.passwords();
        passwords.is_certain() && passwords.known().is_some() && passwords.known() == self.owners.as_deref()
    }

    /// The owner's password works again after the run, if it ever did.
    async fn set_password_back(&mut self) -> Option<String> {
        let configured = self.owners.clone()?;
        if !self.accounts.admin_touched() || self.accounts.is_disposable() {
            return None;
        }
        if !self.accounts.passwords().is_certain() {
            // Whether one of them was taken shows only at a login.
            self.forget_logins();
        }
        let set = async {
            let admin = self.admin().await?;
            if admin.account.password != configured {
                self.accounts.set_admin_password(&admin, &configured).await?;
                self.forget_logins();
                self.admin().await?;
            }
            Ok::<_, String>(())
        };
        let why = set.await.err();
        let why = why.or_else(|| {
            let kept = self.accounts.passwords().known() == Some(&configured);
            (!kept).then(|| "the target did not take it".to_owned())
        })?;
        Some(format!("the admin's password could not be set back to the owner's: {why}"))
    }

    /// Leaves in the journal what is still of use, and tells where it lies. `all_removed` says that no account of the run is
    /// left.
    async fn settle(&mut self, all_removed: bool) -> Option<String> {
        let journal = Arc::clone(self.accounts.journal()?);
        if !self.accounts.admin_touched() {
            // Otherwise a journal would grow with every run. No password of before a reset works after it.
            let still: &[Credentials] = match self.was_reset {
                true => &[],
                false => journal.earlier().all(),
            };
            if all_removed && (journal.is_begun() || self.was_reset) {
                let _ = journal.settle(still).await;
            }
            return None;
        }
        let (known, configured) = {
            let passwords = self.accounts.passwords();
            (
                passwords.known().filter(|_| passwords.is_certain()).map(str::to_owned),
                passwords.configured().map(str::to_owned),
            )
        };
        let settled = match known {
            Some(known) if Some(&known) == configured.as_ref() => journal.settle(&[]).await,
            Some(known) => {
                let works = Credentials { account: self.accounts.admin_name().to_owned(), password: known };
                journal.settle(&[works]).await
            }
            // Nobody knows which of them it is: all stay.
            _ => Ok(()),
        };
        // A journal that could not be made shorter still holds everything.
        let _ = settled;
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
