//! A run in parts, for several machines.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fnv::fnv1a;

/// A part of a run: the `index`-th of `count`, 1-based.
///
/// The shards of one count are disjoint and complete. A case stays in its shard when others are added: its id decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "cli", schemars(extend("pattern" = "^[1-9][0-9]*/[1-9][0-9]*$")))]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    index: u64,
    pub(crate) count: u64,
}

/// What a sharded run covers. Reports contain it, so that a lost shard is noticed when they are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub shard: Shard,
    /// How many cases are selected in all shards together.
    pub of: usize,
}

/// Nobody starts that many runs, and merging checks for a report of each.
const MOST_SHARDS: u64 = 1_000_000;

#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    #[error("`{0}` has too many shards; there may be {MOST_SHARDS} at most")]
    TooMany(String),
    #[error("`{0}` is not a valid shard; write K/N with K from 1 to N, such as 2/4")]
    Invalid(String),
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Shard, ShardError> {
        let numbers = text.split_once('/').map(|(index, count)| (index.parse(), count.parse()));
        match numbers {
            Some((Ok(_), Ok(count))) if count > MOST_SHARDS => Err(ShardError::TooMany(text.to_owned())),
            Some((Ok(index), Ok(count))) if (1..=count).contains(&index) => Ok(Shard { index, count }),
            _ => Err(ShardError::Invalid(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Shard, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Shard {
    /// All shards of its run, itself included.
    pub(crate) fn siblings(self) -> impl Iterator<Item = Shard> {
        let count = self.count;
        (1..=count).map(move |index| Shard { index, count })
    }

    /// Whether the case of that id belongs to it.
    pub fn contains(self, id: &str) -> bool {
        fnv1a(id.as_bytes()) % self.count == self.index - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::embedded;

    #[test]
    fn shards_are_disjoint_and_complete() {
        let all = embedded();
        for count in [1, 2, 3, 7] {
            let one: Shard = format!("{count}/{count}").parse().expect("shard");
            let shards: Vec<Shard> = one.siblings().collect();
            let named: Vec<String> = (1..=count).map(|index| format!("{index}/{count}")).collect();
            assert_eq!(shards.iter().map(Shard::to_string).collect::<Vec<_>>(), named);
            let of =
                |shard: &Shard| all.iter().map(|case| &case.id).filter(|id| shard.contains(id)).collect::<Vec<_>>();
            let mut seen: Vec<&String> = shards.iter().flat_map(of).collect();
            seen.sort();
            assert_eq!(seen, all.iter().map(|case| &case.id).collect::<Vec<_>>(), "{count} shards");
            assert_eq!(one.count, count);
        }
    }

    #[test]
    fn invalid_shards_are_refused() {
        for text in ["", "1", "0/2", "3/2", "a/b", "1/0", "-1/2", "1/1000001", "1/18446744073709551615"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
