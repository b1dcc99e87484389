//! Why something that the harness asked of a target was not done.

use std::sync::Arc;

use thiserror::Error;

use super::journal::NotRecorded;
use super::reading::{is_done, outcome};
use crate::exchange::Exchange;
use crate::transport::throttle::Throttled;

/// Why an implementation in this process did not do something, in its own words.
pub type InstanceError = Box<dyn std::error::Error + Send + Sync>;

/// How a request of the harness ended that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The target refused it, and would refuse it again.
    Refused,
    /// The target accepted it without giving what is needed to go on; it would do so again.
    Useless,
    Silent,
    /// It was not sent, or the answer does not say.
    Unknown,
}

/// Why something that the harness asked for was not done. No text holds a secret.
#[derive(Debug, Clone, Error)]
pub enum Failure {
    #[error("{what}: {why}")]
    Failed { what: &'static str, why: String, fate: Fate, login: Option<Arc<Exchange>> },
    /// The target, or its configuration, does not allow it.
    #[error("{0}")]
    Impossible(&'static str),
    #[error("the admin's password is not known; set WABIZSPEC_ADMIN_PASSWORD")]
    UnknownPassword,
    #[error(
        "the admin's password is not known, and no more wrong logins may be sent; set WABIZSPEC_ADMIN_PASSWORD, or give \
         --wrong-logins N"
    )]
    NoLoginsLeft,
    #[error("the default password is refused, and so is a first login with it ({0})")]
    NoFirstLogin(String),
    #[error("the registration state could not be found out ({0}); give --registration open or sunset")]
    UnclearRegistration(String),
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    NotRecorded(#[from] NotRecorded),
    /// What an implementation in this process says.
    #[error("{0}")]
    Instance(String),
}

impl From<InstanceError> for Failure {
    fn from(error: InstanceError) -> Failure {
        Failure::Instance(error.to_string())
    }
}

impl Failure {
    /// Before anything was sent, or without regard to an answer.
    pub(super) fn of(what: &'static str, why: impl ToString) -> Failure {
        Failure::Failed { what, why: why.to_string(), fate: Fate::Unknown, login: None }
    }

    pub fn after(what: &'static str, exchange: &Exchange) -> Failure {
        let fate = match exchange.response().map(|response| response.status) {
            None => Fate::Silent,
            Some(200..300) => Fate::Useless,
            Some(400..500) => Fate::Refused,
            Some(_) => Fate::Unknown,
        };
        Failure::Failed { what, why: outcome(exchange), fate, login: None }
    }

    /// After a login, which hung up where it should refuse if `hangs_up`.
    pub(super) fn after_login(exchange: Exchange, hangs_up: bool) -> Failure {
        let what = if is_done(&exchange) { "the login gave no token" } else { "the login was not accepted" };
        let fate = if hangs_up { Fate::Refused } else { Failure::after(what, &exchange).fate() };
        Failure::Failed { what, why: outcome(&exchange), fate, login: Some(Arc::new(exchange)) }
    }

    /// The login that was accepted without a token, or not answered at all: whatever the password, that is no login.
    pub(crate) fn invalid_login(&self) -> Option<&Arc<Exchange>> {
        let Failure::Failed { fate: Fate::Useless | Fate::Silent, login, .. } = self else { return None };
        login.as_ref()
    }

    /// The login that was answered otherwise than with a token or as wrong credentials are.
    #[cfg(feature = "cli")]
    pub(crate) fn odd_login(&self) -> Option<&Arc<Exchange>> {
        let Failure::Failed { login, .. } = self else { return None };
        let is_odd = |status| matches!(status, 200..500) && !matches!(status, 401 | 403 | 429);
        login.as_ref().filter(|login| login.response().is_some_and(|answer| is_odd(answer.status)))
    }

    pub fn fate(&self) -> Fate {
        match self {
            Failure::Failed { fate, .. } => *fate,
            Failure::UnknownPassword | Failure::NoLoginsLeft => Fate::Refused,
            _ => Fate::Unknown,
        }
    }

    pub fn in_first_login(&self) -> Failure {
        let (what, why, fate) = ("the first login was not accepted", self.to_string(), self.fate());
        let login = match self {
            Failure::Failed { login, .. } => login.clone(),
            _ => None,
        };
        Failure::Failed { what, why, fate, login }
    }
}
