//! How tokens are made, shown, found and taken back.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::documented::token::LIFETIME;

/// How tokens are made, shown, found and taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRules {
    /// How long a token works; without it, for ever.
    pub lifetime: Option<SignedDuration>,
    /// How long an answer says that it works.
    pub stated_lifetime: SignedDuration,
    /// How an answer writes the end of a token, where not as documented: a format of `strftime`, in UTC.
    pub expires_format: Option<String>,
    /// Where a new token comes from.
    pub mint: Mint,
    /// Any token is taken for one of the admin's.
    pub unknown_accepted: bool,
    /// A token whose user is not there is refused. There is none, unless deletion leaves some.
    pub orphans_refused: bool,
    /// Every use of a token prolongs its life.
    pub prolonged_by_use: bool,
    /// What a logout takes back.
    pub on_logout: Revokes,
    /// What a refused logout takes back; there is no user then.
    pub on_refused_logout: Revokes,
    /// Who logged out cannot log in again.
    pub logout_locks_out: bool,
    /// What a login takes back, before its own token is given.
    pub on_login: Revokes,
    /// A login ends the user's tokens that are older than this.
    pub swept_at_login: Option<SignedDuration>,
    /// What a change of password at login takes back.
    pub on_change: Revokes,
    /// What an update of a user takes back; "sent" means nothing here.
    pub on_update: Revokes,
    /// What the deletion of a user takes back; "sent" means nothing here.
    pub on_delete: Revokes,
}

impl Default for TokenRules {
    fn default() -> Self {
        TokenRules {
            lifetime: Some(LIFETIME),
            stated_lifetime: LIFETIME,
            expires_format: None,
            mint: Mint::Random,
            unknown_accepted: false,
            orphans_refused: false,
            prolonged_by_use: false,
            on_logout: Revokes::Sent,
            on_refused_logout: Revokes::Nothing,
            logout_locks_out: false,
            on_login: Revokes::Nothing,
            swept_at_login: None,
            on_change: Revokes::Nothing,
            on_update: Revokes::Nothing,
            on_delete: Revokes::OfUser,
        }
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
