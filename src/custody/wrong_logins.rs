//! The budget of wrong logins while a run goes on: a client in use may lock an account or an address out after too many
//! (error codes page: 1015), whoever sends them.

use std::sync::atomic::{AtomicU32, Ordering};

use super::effect::path;
use crate::documented::api::{self, Resource};
use crate::exchange::{Exchange, Request};

/// Counts the logins that were not accepted.
#[derive(Debug, Default)]
pub(super) struct WrongLogins {
    /// None where the target's state may be thrown away.
    limit: Option<u32>,
    sent: AtomicU32,
}

impl WrongLogins {
    /// With that limit, if there is one.
    pub fn at_most(limit: Option<u32>) -> WrongLogins {
        WrongLogins { limit, sent: AtomicU32::new(0) }
    }

    /// Whether one more may be sent.
    pub fn are_left(&self) -> bool {
        self.limit.is_none_or(|limit| self.sent.load(Ordering::Relaxed) < limit)
    }

    /// Takes in an exchange.
    pub fn note(&self, exchange: &Exchange, base: &str) {
        let accepted = exchange.response().is_some_and(|response| (200..300).contains(&response.status));
        if self.limit.is_some() && !accepted && is_login(&exchange.request, base) {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether the target may take the request for a login.
pub(super) fn is_login(request: &Request, base: &str) -> bool {
    match request {
        Request::Http(request) => api::may_log_in(path(&request.target, base)),
        Request::Raw(bytes) => String::from_utf8_lossy(bytes).contains(Resource::Login.path()),
    }
}
