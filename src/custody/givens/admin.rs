//! The administrator: how it is logged in, whatever its password is now.

use super::{DEFAULT_PASSWORD, Givens, OtherLogin, is_token};
use crate::custody::accounts::{Account, Admin};
use crate::custody::names::password;
use crate::custody::reading::is_done;
use crate::custody::{Failure, Fate};

/// How many passwords of earlier runs are tried where none that is known works: a deployed target counts wrong logins.
pub(crate) const EARLIER_TRIES: usize = 5;

/// How many logins in one state may go unanswered: each may take as long as the limit for an answer.
const SILENT_LOGINS: u32 = 3;

impl Givens {
    /// The administrator, logged in; by a first login where that is needed.
    pub async fn admin(&mut self) -> Result<Admin, Failure> {
        if let Some(admin) = &self.state.admin {
            return Ok(admin.clone());
        }
        if let Some(why) = self.state.tokenless.as_ref().or(self.state.unreachable.as_ref()) {
            return Err(why.clone());
        }
        match self.log_in_as_admin().await {
            Ok(admin) => Ok(self.state.admin.insert(admin).clone()),
            Err(failure) => {
                // A refusal would be repeated, and wrong logins are few; a silent target may answer the next case.
                match failure.fate() {
                    Fate::Useless => self.state.tokenless = Some(failure.clone()),
                    Fate::Refused => self.state.unreachable = Some(failure.clone()),
                    Fate::Silent => {
                        self.state.silent_logins += 1;
                        if self.state.silent_logins >= SILENT_LOGINS {
                            self.state.unreachable = Some(failure.clone());
                        }
                    }
                    Fate::Unknown => {}
                }
                Err(failure)
            }
        }
    }

    /// The first login, of a target that is known to need one.
    #[cfg(feature = "cli")]
    pub(crate) async fn first_login(&mut self) -> Result<Admin, Failure> {
        self.forget_logins();
        let mut refused = None;
        match self.log_in_first(&mut refused).await? {
            Some(admin) => Ok(self.state.admin.insert(admin).clone()),
            None => Err(refused.unwrap_or(Failure::UnknownPassword)),
        }
    }

    async fn log_in_as_admin(&mut self) -> Result<Admin, Failure> {
        if let Some(other) = self.other_login.clone() {
            return self.log_in_otherwise(other).await;
        }
        let (likeliest, known) = {
            let passwords = self.accounts.passwords();
            (passwords.likeliest(), passwords.known.clone())
        };
        let has_worked = known.filter(|_| self.state.was_admin);
        let mut last = None;
        if let Some(admin) = self.try_passwords(likeliest, has_worked, &mut last).await? {
            return Ok(admin);
        }
        if self.may_be_fresh
            && let Some(admin) = self.log_in_first(&mut last).await?
        {
            return Ok(admin);
        }
        if let Some(admin) = self.try_passwords(self.earlier(), None, &mut last).await? {
            return Ok(admin);
        }
        Err(last.unwrap_or(Failure::UnknownPassword))
    }

    /// Takes the owner's token. One that does not work would make a finding of every case.
    async fn log_in_otherwise(&mut self, other: OtherLogin) -> Result<Admin, Failure> {
        let token = match other {
            OtherLogin::Token(token) => token,
            OtherLogin::Command => {
                let token = self.target.login().await?;
                if !is_token(&token) {
                    let why = "it must print the token and nothing else";
                    return Err(Failure::of("the login command printed no token", why));
                }
                self.accounts.made().token(&token, None);
                token
            }
        };
        let admin = Admin { account: None, token };
        let exchange = self.accounts.read_admin(&admin).await?;
        if !is_done(&exchange) {
            return Err(Failure::after("the target does not accept the token that the owner gave", &exchange));
        }
        self.state.was_admin = true;
        Ok(admin)
    }

    /// Tries passwords until one logs in; where none does, `last` says why. One that `has_worked` is no guess.
    async fn try_passwords(
        &mut self,
        passwords: Vec<String>,
        has_worked: Option<String>,
        last: &mut Option<Failure>,
    ) -> Result<Option<Admin>, Failure> {
        for password in passwords {
            if has_worked.as_ref() != Some(&password) && !self.accounts.may_guess() {
                return Err(Failure::NoLoginsLeft);
            }
            let account = self.accounts.admin_account(&password);
            match self.accounts.log_in(&account, None).await {
                Ok(token) => return Ok(Some(self.logged_in(account, token).await)),
                // It is the target that fails, not the password: each further guess would only be one more.
                Err(failure) if failure.fate() != Fate::Refused => return Err(failure),
                Err(failure) => *last = Some(failure),
            }
        }
        Ok(None)
    }

    /// The first login of a target that may be just installed; where it is refused, `last` says why.
    async fn log_in_first(&mut self, last: &mut Option<Failure>) -> Result<Option<Admin>, Failure> {
        // A first login that failed without a refusal is repeated with the same password, or there would be ever more.
        let new = {
            let passwords = self.accounts.passwords();
            let again = passwords.configured.as_deref().or(passwords.newest_candidate());
            again.map_or_else(password, str::to_owned)
        };
        let account = self.accounts.admin_account(&new);
        let was_touched = self.accounts.admin_touched();
        let default = self.accounts.admin_account(DEFAULT_PASSWORD);
        let failure = match self.accounts.log_in(&default, Some(&new)).await {
            Ok(token) => {
                self.accounts.was_just_installed();
                return Ok(Some(self.logged_in(account, token).await));
            }
            Err(failure) => failure,
        };
        let is_refused = match failure.fate() {
            // It was accepted, so that the new password is the admin's: an ordinary login may bring a token.
            Fate::Useless => false,
            // A faulty target may refuse the first login and still set the password.
            Fate::Refused => true,
            Fate::Silent | Fate::Unknown => return Err(failure.in_first_login()),
        };
        let may_work = match self.accounts.log_in(&account, None).await {
            Ok(token) => return Ok(Some(self.logged_in(account, token).await)),
            Err(failure) => failure.fate() != Fate::Refused,
        };
        if !is_refused {
            return Err(failure);
        }
        if !may_work {
            self.accounts.was_refused(&new, was_touched).await;
        }
        *last = Some(failure.in_first_login());
        Ok(None)
    }

    /// What earlier runs left in the journal, newest first: a run that was killed may have changed the password.
    fn earlier(&self) -> Vec<String> {
        let Some(journal) = self.accounts.journal() else { return Vec::new() };
        let mut passwords = journal.earlier().passwords_of(self.accounts.admin_name());
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
        self.state.was_admin = true;
        Admin { account: Some(account), token }
    }
}
