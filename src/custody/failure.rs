//! Why something that the harness asked of a target was not done.

use thiserror::Error;

use super::journal::NotRecorded;
use super::reading::outcome;
use crate::exchange::Exchange;
use crate::transport::throttle::Throttled;

/// How a request of the harness ended that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The target refused it, and would refuse it again.
    Refused,
    /// The target accepted it without giving what is needed to go on; it would do so again.
    Useless,
    /// The target did not answer.
    Silent,
    /// It was not sent, or the answer does not say.
    Unknown,
}

/// Why something that the harness asked for was not done. No text holds a secret.
#[derive(Debug, Clone, Error)]
pub enum Failure {
    #[error("{what}: {why}")]
    Failed { what: &'static str, why: String, fate: Fate },
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

impl Failure {
    /// Before anything was sent, or without regard to an answer.
    pub(super) fn of(what: &'static str, why: impl ToString) -> Failure {
        Failure::Failed { what, why: why.to_string(), fate: Fate::Unknown }
    }

    pub fn after(what: &'static str, exchange: &Exchange) -> Failure {
        let fate = match exchange.response().map(|response| response.status) {
            None => Fate::Silent,
            Some(200..300) => Fate::Useless,
            Some(400..500) => Fate::Refused,
            Some(_) => Fate::Unknown,
        };
        Failure::Failed { what, why: outcome(exchange), fate }
    }

    pub fn fate(&self) -> Fate {
        match self {
            Failure::Failed { fate, .. } => *fate,
            Failure::UnknownPassword | Failure::NoLoginsLeft => Fate::Refused,
            _ => Fate::Unknown,
        }
    }

    pub fn in_first_login(self) -> Failure {
        Failure::Failed { what: "the first login was not accepted", why: self.to_string(), fate: self.fate() }
    }
}
