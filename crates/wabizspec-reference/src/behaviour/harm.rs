//! What a refused request does all the same, as data.

use serde::{Deserialize, Serialize};

use super::when::When;

/// What refused requests that meet a condition do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Harm {
    /// Which requests; by default all that are refused.
    #[serde(default)]
    pub when: When,
    pub does: Does,
}

/// Something that no refused request may do. The account that it concerns is the one that the path, the credentials or the
/// body names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Does {
    /// The account gets the password of the body.
    SetsThePassword,
    /// The account has no password any more.
    LosesThePassword,
    /// The account is there from then on, with the password of the body.
    Creates,
    Deletes,
    /// The account becomes an administrator's.
    Promotes,
    /// The caller becomes an ordinary user.
    DemotesTheCaller,
    EndsItsTokens,
    EndsTheCallersTokens,
    EndsAllTokens,
    Unregisters,
    /// The code that was sent is no longer valid.
    EndsTheCode,
    /// The code that was sent is for the number of the body.
    TakesTheNumber,
}
