//! The statuses that an expectation accepts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of statuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct StatusSet(Vec<(u16, u16)>);

impl StatusSet {
    /// From one or more words: `401`, or `4xx` for a whole class.
    pub fn parse<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<StatusSet> {
        let range = |word: &str| {
            let (low, more) = match word.strip_suffix("xx") {
                Some(class) => (class.parse::<u16>().ok()?.checked_mul(100)?, 99),
                None => (word.parse().ok()?, 0),
            };
            (100..=599).contains(&low).then_some((low, low + more))
        };
        let ranges: Option<Vec<_>> = words.into_iter().map(range).collect();
        ranges.filter(|ranges| !ranges.is_empty()).map(StatusSet)
    }

    /// Whether the status is in the set.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }

    pub(crate) fn only(&self) -> Option<u16> {
        match self.0[..] {
            [(low, high)] if low == high => Some(low),
            _ => None,
        }
    }

    /// Whether no status of the set grants the request: it is refused (4xx and 5xx), or sent elsewhere (3xx).
    pub fn refuses(&self) -> bool {
        self.0.iter().all(|(low, _)| *low >= 300)
    }

    /// Whether every status of the set accepts the request (2xx).
    pub fn accepts(&self) -> bool {
        self.0.iter().all(|(low, high)| *low >= 200 && *high < 300)
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |(low, high): &(u16, u16)| if low == high { low.to_string() } else { format!("{}xx", low / 100) };
        let words: Vec<String> = self.0.iter().map(word).collect();
        f.write_str(&words.join(" or "))
    }
}
