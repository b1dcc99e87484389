//! Why a case is skipped, as data: known before the first request.

use serde::{Deserialize, Serialize};

use crate::scenario::{Change, Registration};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    Registration {
        needed: Registration,
        found: Registration,
    },
    /// The client cannot send its requests unchanged.
    RawRequests,
    JustInstalled,
    /// Another case has used the just installed state up.
    JustInstalledAgain,
    /// It needs to log in as admin.
    Credentials,
    /// It needs an account of its own.
    Account,
    /// It moves the clock, for which nothing is configured.
    Advance,
    /// The owner does not allow the change.
    Change(Change),
    /// It might delete or replace an account that the run did not make.
    EndangersOthers,
    /// It needs the registration code, for which nothing is configured.
    Code,
    WrongLogins {
        limit: u32,
    },
}
