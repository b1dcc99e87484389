//! Why a case is not tried, as data: known before the first request.

use serde::{Deserialize, Serialize};

use crate::scenario::{Change, Registration};

/// Why a case is not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// It is about targets in another state of registration.
    Registration {
        /// The state that it is about.
        needed: Registration,
        /// The state of the target.
        found: Registration,
    },
    /// The client cannot send its requests as they stand.
    RawRequests,
    /// It needs a just installed target.
    JustInstalled,
    /// It needs a just installed target, and another case has used that up.
    JustInstalledAgain,
    /// It needs to log in as admin.
    Credentials,
    /// It needs an account of its own.
    Account,
    /// It moves the clock, which the configuration has no way to do.
    Advance,
    /// It makes a change that the owner has not allowed.
    Change(Change),
    /// It might cost somebody an account.
    EndangersOthers,
    /// It needs the registration code, which the configuration has no way to get.
    Code,
    /// It needs more wrong logins than the target may be sent.
    WrongLogins {
        /// How many these are.
        limit: u32,
    },
}
