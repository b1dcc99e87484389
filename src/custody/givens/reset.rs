//! A reset, and the proof that it did reset: what worked before must not work after.

use std::time::{Duration, Instant};

use super::{DEFAULT_PASSWORD, Failure, Givens, State};
use crate::custody::reading::not_ready;
use crate::custody::{Fate, names};
use crate::documented::errors::ErrorCode;
use crate::exchange::Exchange;

const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterReset {
    /// The first login is still to come.
    JustInstalled,
    /// It was just installed, but only the first login itself could show that: another reset is needed.
    UsedUp,
}

/// How the target answers the default password alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Default {
    /// It logs in, or has to be changed first (code 1024): the target is just installed, or was never made safe.
    InPlace,
    /// It is refused, by the envelope of the API or without a body: somebody has changed it.
    Gone,
    /// It is refused in a way that does not say why.
    Unclear,
}

impl Givens {
    /// Brings the target back to just installed, and checks that it is. Where it is not, what the run made is still known.
    pub(crate) async fn reset(&mut self) -> Result<AfterReset, Failure> {
        self.target.reset().await?;
        let mut state = AfterReset::JustInstalled;
        if self.target.is_elsewhere() {
            state = self
                .verified()
                .await
                .map_err(|why| self.unreset.insert(Failure::of("the reset did not reset this target", why)).clone())?;
        }
        self.was_reset = true;
        // The first login that used the state up has just logged the admin in.
        let admin = self.state.admin.take().filter(|_| state == AfterReset::UsedUp);
        self.state = State { admin, ..State::default() };
        if state == AfterReset::JustInstalled {
            self.accounts.was_reset();
            self.may_be_fresh = true;
        }
        Ok(state)
    }

    /// The state after a reset, if the target is just installed as far as can be seen.
    async fn verified(&mut self) -> Result<AfterReset, Failure> {
        let default = self.default_password().await?;
        let worked = self.accounts.passwords().before_a_reset();
        for password in &worked {
            if self.accepts(password).await && !self.accepts(&names::password()).await {
                return Err(Failure::Impossible("the admin's earlier password is still accepted"));
            }
        }
        if !worked.is_empty() || default == Default::InPlace {
            return Ok(AfterReset::JustInstalled);
        }
        // Only a first login can show it now.
        self.may_be_fresh = true;
        self.admin().await.map(|_| AfterReset::UsedUp).map_err(|why| Failure::NoFirstLogin(why.to_string()))
    }

    async fn accepts(&self, password: &str) -> bool {
        let login = self.accounts.log_in(&self.accounts.admin_account(password), None).await;
        login.map_or_else(|failure| failure.fate() == Fate::Useless, |_| true)
    }

    /// Checks that a target is just installed. Where its answers do not show it, the owner's word counts.
    pub(crate) async fn check_fresh(&mut self) -> Result<(), Failure> {
        if !self.may_be_fresh {
            return Ok(());
        }
        let in_use = match (self.default_password().await?, self.accounts.configured()) {
            (Default::InPlace, _) | (Default::Unclear, None) => false,
            (Default::Gone, _) => true,
            (Default::Unclear, Some(password)) => {
                self.accounts.log_in(&self.accounts.admin_account(&password), None).await.is_ok()
            }
        };
        if !in_use {
            return Ok(());
        }
        self.may_be_fresh = false;
        Err(Failure::Impossible(
            "--fresh was given, but the target is in use: it refuses the default password, and has not been changed",
        ))
    }

    /// How the target answers the default password, once it is ready.
    async fn default_password(&self) -> Result<Default, Failure> {
        let begun = Instant::now();
        let account = self.accounts.admin_account(DEFAULT_PASSWORD);
        loop {
            let exchange = self.accounts.try_login(&account, None).await?;
            match not_ready(&exchange) {
                None => return Ok(standing(&exchange)),
                Some(_) if exchange.is_hung_up() && self.target.transport.hangs_up() => return Ok(Default::Unclear),
                Some(why) if begun.elapsed() > self.ready_within || self.target.transport.is_gone() => {
                    return Err(Failure::of("the target is not ready", why));
                }
                Some(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

fn standing(exchange: &Exchange) -> Default {
    let Some(response) = exchange.response() else { return Default::Unclear };
    let codes = response.error_codes();
    match response.status {
        _ if codes.contains(&ErrorCode::PasswordChangeRequired.number()) => Default::InPlace,
        200..300 => Default::InPlace,
        400..500 if !codes.is_empty() || response.body.is_empty() => Default::Gone,
        _ => Default::Unclear,
    }
}
