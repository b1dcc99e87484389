//! A reset, and the proof that it did reset: what worked before must not work after.

use std::time::{Duration, Instant};

use super::{DEFAULT_PASSWORD, Givens};
use crate::custody::Fate;
use crate::custody::accounts::Account;
use crate::custody::names;
use crate::documented::errors::ErrorCode;
use crate::exchange::Exchange;

/// How long a target may take after a reset until it answers as the API does.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The pause between two looks at a target that is not ready.
const PAUSE: Duration = Duration::from_millis(200);

/// The state that a reset leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterReset {
    /// The first login is still to come.
    JustInstalled,
    /// It was just installed, but only the first login itself could show that: another reset is needed.
    UsedUp,
}

/// What the target makes of the default password by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Default {
    /// It logs in, or has to be changed first (code 1024): the target is just installed, or was never made safe.
    InPlace,
    /// It is refused, by the envelope of the API or without a body: somebody has changed it.
    Gone,
    /// It is refused in a way that does not say why.
    Unclear,
}

impl Givens {
    /// Brings the target back to just installed, and looks whether it is.
    ///
    /// # Errors
    /// Whatever the reset said, or that it did not reset this target. What the run made is still known then.
    pub async fn reset(&mut self) -> Result<AfterReset, String> {
        self.target.reset().await?;
        let mut state = AfterReset::JustInstalled;
        if self.target.is_elsewhere() {
            state = self.verified().await.map_err(|why| {
                let what = "the reset did not reset this target";
                self.unreset = Some(format!("{what}: {why}"));
                format!("{what}: {why}")
            })?;
        }
        self.was_reset = true;
        self.was_admin = false;
        self.is_registered = false;
        self.user = None;
        self.user_token = None;
        self.unreachable = None;
        self.tokenless = None;
        // Otherwise the admin has just been logged in by the first login.
        if state == AfterReset::JustInstalled {
            self.accounts.was_reset();
            self.admin = None;
            self.may_be_fresh = true;
        }
        Ok(state)
    }

    /// Looks whether the target is just installed.
    ///
    /// # Errors
    /// It is not, as far as can be told, and what shows it.
    async fn verified(&mut self) -> Result<AfterReset, String> {
        let default = self.default_password().await?;
        let worked = self.accounts.passwords().before_a_reset();
        for password in &worked {
            if self.accepts(password).await && !self.accepts(&names::password()).await {
                return Err("the admin's earlier password is still accepted".to_owned());
            }
        }
        if !worked.is_empty() {
            return Ok(AfterReset::JustInstalled);
        }
        if default == Default::InPlace {
            return Ok(AfterReset::JustInstalled);
        }
        // Only a first login can show it now.
        self.may_be_fresh = true;
        match self.admin().await {
            Ok(_) => Ok(AfterReset::UsedUp),
            Err(why) => Err(format!("the default password is refused, and so is a first login with it ({why})")),
        }
    }

    /// Whether a login of the admin with that password is accepted.
    async fn accepts(&self, password: &str) -> bool {
        match self.accounts.log_in(&self.admin_account(password), None).await {
            Ok(_) => true,
            Err(undone) => undone.fate == Fate::InVain,
        }
    }

    /// Looks whether a target that was said to be just installed is. Where its answers do not show it, the owner's word
    /// counts.
    ///
    /// # Errors
    /// It is not, in words.
    pub async fn check_fresh(&mut self) -> Result<(), String> {
        if !self.may_be_fresh {
            return Ok(());
        }
        let in_use = match (self.default_password().await?, self.accounts.configured()) {
            (Default::InPlace, _) | (Default::Unclear, None) => false,
            (Default::Gone, _) => true,
            (Default::Unclear, Some(password)) => {
                let account = self.admin_account(&password);
                self.accounts.log_in(&account, None).await.is_ok()
            }
        };
        if !in_use {
            return Ok(());
        }
        self.may_be_fresh = false;
        Err("--fresh was given, but the target is in use: it refuses the default password, and has not been changed"
            .to_owned())
    }

    /// What the target makes of the default password, asked once it is ready.
    ///
    /// # Errors
    /// It does not answer, or does not get ready.
    pub(super) async fn default_password(&self) -> Result<Default, String> {
        let begun = Instant::now();
        let account = self.admin_account(DEFAULT_PASSWORD);
        loop {
            let exchange = self.accounts.try_password(&account).await?;
            match not_ready(&exchange) {
                None => return Ok(standing(&exchange)),
                Some(why) if begun.elapsed() > READY_WITHIN || self.target.transport.is_gone() => {
                    return Err(format!("the target is not ready: {why}"));
                }
                Some(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    pub(super) fn admin_account(&self, password: &str) -> Account {
        Account { username: self.accounts.admin_name().to_owned(), password: password.to_owned() }
    }
}

/// Why the answer is one of a target that is still starting, if it is: none, a gateway's 502 or 503, or a code that says
/// so (error codes page: 1011, 1016).
fn not_ready(exchange: &Exchange) -> Option<String> {
    let Some(response) = exchange.response() else {
        return Some("it does not answer".to_owned());
    };
    let starting = [ErrorCode::NotReady, ErrorCode::Overloaded].map(ErrorCode::number);
    let codes = response.error_codes();
    let says_so = response.status >= 500 && codes.iter().any(|code| starting.contains(code));
    (says_so || matches!(response.status, 502 | 503)).then(|| format!("it answers with status {}", response.status))
}

fn standing(exchange: &Exchange) -> Default {
    let Some(response) = exchange.response() else {
        return Default::Unclear;
    };
    let codes = response.error_codes();
    match response.status {
        _ if codes.contains(&ErrorCode::PasswordChangeRequired.number()) => Default::InPlace,
        200..300 => Default::InPlace,
        400..500 if !codes.is_empty() || response.body.is_empty() => Default::Gone,
        _ => Default::Unclear,
    }
}
