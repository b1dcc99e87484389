//! Why something that the harness asked of a target was not done.

use super::reading::outcome;
use crate::exchange::Exchange;
use crate::transport::throttle::Throttled;

/// What became of a request of the harness that did not do what it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The target refused it, and would refuse it again.
    Refused,
    /// The target did it, as it says, without giving what is needed to go on; it would do so again.
    InVain,
    /// The target did not answer.
    Silent,
    /// It was not sent, or the answer does not say.
    Unknown,
}

/// Why something that the harness asked for was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// In words, without secrets.
    pub why: String,
    /// What became of the request.
    pub fate: Fate,
}

impl Undone {
    /// A guess that is not made.
    pub(super) fn unknown_password(over_budget: bool) -> Undone {
        let why = match over_budget {
            true => {
                "the admin's password is not known, and no more wrong logins may be sent; set WABIZSPEC_ADMIN_PASSWORD, \
                 or give --wrong-logins N"
            }
            false => "the admin's password is not known; set WABIZSPEC_ADMIN_PASSWORD",
        };
        Undone { why: why.to_owned(), fate: Fate::Refused }
    }

    pub(super) fn in_first_login(self) -> Undone {
        Undone { why: format!("the first login was not accepted: {}", self.why), ..self }
    }

    pub(super) fn after(what: &str, exchange: &Exchange) -> Undone {
        let fate = match exchange.response().map(|response| response.status) {
            None => Fate::Silent,
            Some(200..300) => Fate::InVain,
            Some(400..500) => Fate::Refused,
            Some(_) => Fate::Unknown,
        };
        Undone { why: format!("{what}: {}", outcome(exchange)), fate }
    }
}

impl From<String> for Undone {
    fn from(why: String) -> Undone {
        Undone { why, fate: Fate::Unknown }
    }
}

impl From<Throttled> for Undone {
    fn from(throttled: Throttled) -> Undone {
        String::from(throttled).into()
    }
}

impl From<Undone> for String {
    fn from(undone: Undone) -> String {
        undone.why
    }
}
