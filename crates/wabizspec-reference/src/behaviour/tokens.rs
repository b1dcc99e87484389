//! How tokens are made, shown, found and taken back.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::declare::defaulted;
use crate::documented::token::LIFETIME;

defaulted! {
    /// How tokens are made, shown, found and taken back.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct TokenRules {
        /// How long a token works; without it, for ever.
        pub lifetime: Option<SignedDuration> = Some(LIFETIME),
        /// How long an answer says that it works.
        pub stated_lifetime: SignedDuration = LIFETIME,
        /// How an answer writes the end of a token, where not as documented: a format of `strftime`, in UTC.
        pub expires_format: Option<String> = None,
        /// Where a new token comes from.
        pub mint: Mint = Mint::Random,
        /// Any token is taken for one of the admin's.
        pub unknown_accepted: bool = false,
        /// A token whose user is not there is refused. There is none, unless deletion leaves some.
        pub orphans_refused: bool = false,
        /// Every use of a token prolongs its life.
        pub prolonged_by_use: bool = false,
        /// What a logout takes back.
        pub on_logout: Revokes = Revokes::Sent,
        /// What a refused logout takes back; there is no user then.
        pub on_refused_logout: Revokes = Revokes::Nothing,
        /// Who logged out cannot log in again.
        pub logout_locks_out: bool = false,
        /// What a login takes back, before its own token is given.
        pub on_login: Revokes = Revokes::Nothing,
        /// A login ends the user's tokens that are older than this.
        pub swept_at_login: Option<SignedDuration> = None,
        /// What a change of password at login takes back.
        pub on_change: Revokes = Revokes::Nothing,
        /// What an update of a user takes back; "sent" means nothing here.
        pub on_update: Revokes = Revokes::Nothing,
        /// What the deletion of a user takes back; "sent" means nothing here.
        pub on_delete: Revokes = Revokes::OfUser,
    }
}

/// Where a new token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mint {
    /// Fresh randomness.
    Random,
    /// The user's living token is given again.
    Shared,
    /// The user's first token is given again, with its first end.
    Kept,
    /// The first token of all is given to everybody.
    OneForAll,
    /// A number that goes up by one.
    Counter,
    /// The token that was given last is given again, where it is the admin's.
    OfTheAdmin,
}

/// Which tokens an event takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revokes {
    /// None.
    Nothing,
    /// The one that the request brought.
    Sent,
    /// The one that was given last to the user that the request is about.
    LastOfUser,
    /// All of the user that the request is about.
    OfUser,
    /// All there are.
    All,
}
