//! The states that cases need, and how the harness reaches them: reset, first login, accounts of its own.
//!
//! What the run makes on a target, the run removes; a password of the admin that the owner gave is set back at the end.

mod admin;
mod clean_up;
mod registration;
mod reset;

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "cli")]
pub(crate) use admin::EARLIER_TRIES;
pub use registration::Registrable;
pub(crate) use reset::AfterReset;

pub(crate) use crate::documented::api::DEFAULT_PASSWORD;

use super::accounts::{Account, Accounts, Admin};
use super::names::password;
use super::{Failure, Target};
use crate::exchange::Redaction;

/// How the admin is logged in where its password is not known. It needs a target that is not reset.
#[derive(Debug, Clone)]
pub enum OtherLogin {
    /// With the owner's token, which the run never logs out.
    Token(String),
    /// By the owner's command, which prints a token (`login_command`).
    Command,
}

/// Whether a text can be a token by itself: `Bearer` in front of it, or a line end, makes it two words.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// What the harness knows of the target's state.
pub struct Givens {
    target: Arc<Target>,
    accounts: Arc<Accounts>,
    /// The default password may still be in place.
    may_be_fresh: bool,
    state: State,
    /// How the admin is logged in where its password is not known.
    other_login: Option<OtherLogin>,
    /// Why nothing more may be done to the target: a reset was seen not to reset it.
    pub(crate) unreset: Option<Failure>,
    /// The password to set back at the end: what the owner gave, or else what logged in before this run changed anything.
    owners: Option<String>,
    /// Whether the target has been reset, so that no earlier password works.
    was_reset: bool,
    /// How long the target may take after a reset until it answers as the API does.
    ready_within: Duration,
}

/// What a reset undoes.
#[derive(Default)]
struct State {
    admin: Option<Admin>,
    /// Why the admin could not be reached; kept so that a hundred cases do not try it again.
    unreachable: Option<Failure>,
    silent_logins: u32,
    /// The same where a login was accepted and gave no token, whatever the password: final until a reset.
    tokenless: Option<Failure>,
    was_admin: bool,
    user: Option<Account>,
    user_token: Option<String>,
    /// The account that is left alone, with its token, or why there is none.
    kept: Option<Result<(Account, String), Failure>>,
    is_registered: bool,
}

impl Givens {
    /// For a run with these accounts. `fresh` says that the default password may still be in place.
    pub fn new(target: Arc<Target>, accounts: Arc<Accounts>, fresh: bool) -> Givens {
        Givens {
            target,
            owners: accounts.configured(),
            accounts,
            may_be_fresh: fresh,
            state: State::default(),
            other_login: None,
            unreset: None,
            was_reset: false,
            ready_within: Duration::from_secs(60),
        }
    }

    /// The same for an admin that is logged in some other way than by its password.
    pub(crate) fn with_other_login(self, other_login: Option<OtherLogin>) -> Givens {
        Givens { other_login, ..self }
    }

    /// The same with another limit for getting ready after a reset, if one is given.
    pub(crate) fn ready_within(self, limit: Option<Duration>) -> Givens {
        Givens { ready_within: limit.unwrap_or(self.ready_within), ..self }
    }

    /// The passwords and tokens of shared accounts: a target that mixes sessions up may show them to anybody.
    pub(crate) fn secrets(&self) -> Redaction {
        let mut secrets = Redaction::new();
        if let Some(Admin { account, token }) = &self.state.admin {
            if let Some(Account { username, password }) = account {
                secrets.add_credentials(username, password, "$WABIZSPEC_ADMIN_PASSWORD");
            }
            secrets.add(token, "$ADMIN_TOKEN");
        }
        if let Some(token) = &self.state.user_token {
            secrets.add(token, "$USER_TOKEN");
        }
        secrets
    }

    /// The accounts of the run.
    pub fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts)
    }

    /// After something that may have ended tokens or changed passwords: log in again when next needed.
    pub(crate) fn forget_logins(&mut self) {
        self.state.admin = None;
        self.state.unreachable = None;
        self.state.user_token = None;
    }

    /// The same where the account that cases share may be spoilt too: there will be another.
    pub(crate) fn forget_accounts(&mut self) {
        self.forget_logins();
        self.state.user = None;
    }

    /// Whether a reset may bring a lost admin back: not where there was none in this state at all.
    pub(crate) fn can_be_helped(&self) -> bool {
        self.state.tokenless.is_none() || self.state.was_admin
    }

    /// The ordinary account shared by cases that change nothing.
    pub(crate) async fn shared_user(&mut self) -> Result<Account, Failure> {
        if let Some(user) = &self.state.user {
            return Ok(user.clone());
        }
        let admin = self.admin().await?;
        let user = self.new_account();
        self.accounts.make_user(&admin, &user).await?;
        Ok(self.state.user.insert(user).clone())
    }

    /// An account that is made once and used by no other case, with the token of its only login.
    pub(crate) async fn kept(&mut self) -> Result<(Account, String), Failure> {
        if let Some(kept) = &self.state.kept {
            return kept.clone();
        }
        let kept = self.keep().await;
        self.state.kept.insert(kept).clone()
    }

    async fn keep(&mut self) -> Result<(Account, String), Failure> {
        let admin = self.admin().await?;
        let account = self.new_account();
        self.accounts.make_user(&admin, &account).await?;
        let token = self.accounts.log_in(&account, None).await?;
        Ok((account, token))
    }

    fn new_account(&self) -> Account {
        let (username, _) = self.accounts.names().next();
        Account { username, password: password() }
    }

    pub(crate) async fn shared_user_token(&mut self) -> Result<String, Failure> {
        if let Some(token) = &self.state.user_token {
            return Ok(token.clone());
        }
        let user = self.shared_user().await?;
        let token = self.accounts.log_in(&user, None).await?;
        Ok(self.state.user_token.insert(token).clone())
    }
}
