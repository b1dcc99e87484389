//! The administrator: how it is logged in, whatever became of its password.

use super::{DEFAULT_PASSWORD, Givens};
use crate::custody::accounts::{Account, Admin};
use crate::custody::names::password;
use crate::custody::{Fate, Undone};

/// How many passwords of earlier runs are tried where none that is known works: a deployed target counts wrong logins.
const EARLIER_TRIES: usize = 5;

impl Givens {
    /// The administrator, logged in; by a first login where that is needed.
    ///
    /// # Errors
    /// Why it cannot be had, in words.
    pub async fn admin(&mut self) -> Result<Admin, String> {
        if let Some(admin) = &self.admin {
            return Ok(admin.clone());
        }
        if let Some(why) = self.tokenless.as_ref().or(self.unreachable.as_ref()) {
            return Err(why.clone());
        }
        match self.log_in_as_admin().await {
            Ok(admin) => {
                self.admin = Some(admin.clone());
                Ok(admin)
            }
            Err(undone) => {
                // What was refused once is refused again, and wrong logins are few; a target that gave no answer may
                // give one to the next case.
                match undone.fate {
                    Fate::InVain => self.tokenless = Some(undone.why.clone()),
                    Fate::Refused => self.unreachable = Some(undone.why.clone()),
                    Fate::Silent | Fate::Unknown => {}
                }
                Err(undone.why)
            }
        }
    }

    async fn log_in_as_admin(&mut self) -> Result<Admin, Undone> {
        let (likeliest, known) = {
            let passwords = self.accounts.passwords();
            (passwords.likeliest(), passwords.known().map(str::to_owned))
        };
        let mut last: Option<Undone> = None;
        for password in likeliest {
            let has_worked = self.was_admin && known.as_ref() == Some(&password);
            if !has_worked && !self.accounts.may_guess() {
                return Err(Undone::unknown_password(true));
            }
            let account = self.admin_account(&password);
            match self.accounts.log_in(&account, None).await {
                Ok(token) => return Ok(self.logged_in(account, token).await),
                // It is the target that stumbles, not the password: each further guess would only be one more.
                Err(undone) if undone.fate != Fate::Refused => return Err(undone),
                Err(undone) => last = Some(undone),
            }
        }
        if self.may_be_fresh {
            // A first login that failed without a refusal is tried again with the same password: one more to remember
            // each time would be one more to try each time.
            let new = {
                let passwords = self.accounts.passwords();
                let again = passwords.configured().or(passwords.newest_candidate());
                again.map_or_else(password, str::to_owned)
            };
            let default = self.admin_account(DEFAULT_PASSWORD);
            let was_touched = self.accounts.admin_touched();
            match self.accounts.log_in(&default, Some(&new)).await {
                Ok(token) => {
                    self.accounts.was_just_installed();
                    return Ok(self.logged_in(self.admin_account(&new), token).await);
                }
                Err(undone) if undone.fate == Fate::InVain => {
                    // It was accepted, so that the new password is the admin's: an ordinary login may bring a token.
                    let account = self.admin_account(&new);
                    return match self.accounts.log_in(&account, None).await {
                        Ok(token) => Ok(self.logged_in(account, token).await),
                        Err(_) => Err(undone),
                    };
                }
                Err(undone) if undone.fate != Fate::Refused => return Err(undone.in_first_login()),
                Err(undone) => {
                    // A faulty target may refuse the first login and take the password all the same.
                    let account = self.admin_account(&new);
                    if let Ok(token) = self.accounts.log_in(&account, None).await {
                        return Ok(self.logged_in(account, token).await);
                    }
                    self.accounts.was_refused(&new, was_touched).await;
                    last = Some(undone.in_first_login());
                }
            }
        }
        for password in self.earlier() {
            if !self.accounts.may_guess() {
                return Err(Undone::unknown_password(true));
            }
            let account = self.admin_account(&password);
            match self.accounts.log_in(&account, None).await {
                Ok(token) => return Ok(self.logged_in(account, token).await),
                Err(undone) if undone.fate != Fate::Refused => return Err(undone),
                Err(undone) => last = Some(undone),
            }
        }
        Err(last.unwrap_or_else(|| Undone::unknown_password(false)))
    }

    /// What earlier runs left in the journal, newest first: a run that was killed may have changed the password.
    fn earlier(&self) -> Vec<String> {
        let journal = self.accounts.journal();
        let mut passwords =
            journal.map_or_else(Vec::new, |journal| journal.earlier().passwords_of(self.accounts.admin_name()));
        let configured = self.accounts.configured();
        passwords.retain(|password| Some(password) != configured.as_ref());
        passwords.truncate(EARLIER_TRIES);
        passwords
    }

    async fn logged_in(&mut self, account: Account, token: String) -> Admin {
        if !self.accounts.admin_touched() && !self.was_reset {
            self.owners.get_or_insert_with(|| account.password.clone());
        }
        self.accounts.admin_works(&account.password).await;
        self.may_be_fresh = false;
        self.was_admin = true;
        Admin { account, token }
    }
}
