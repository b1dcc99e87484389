//! A run in parts, for several machines.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fnv::fnv1a;

/// A part of a run: the `index`-th of `count`, 1-based.
///
/// The shards of one count are disjoint and complete. A case stays in its shard when others are added, since the shard
/// follows from the case's id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    index: u64,
    count: u64,
}

/// What a sharded run covers. Reports contain it, so that a lost shard is noticed when they are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub shard: Shard,
    /// How many cases are selected in all shards together.
    pub of: usize,
}

/// Nobody starts that many runs, and merging checks for a report of each.
const MOST_SHARDS: u64 = 1_000_000;

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let numbers = text.split_once('/').map(|(index, count)| (index.parse(), count.parse()));
        match numbers {
            Some((Ok(_), Ok(count))) if count > MOST_SHARDS => {
                Err(format!("`{text}` has too many shards; there may be {MOST_SHARDS} at most"))
            }
            Some((Ok(index), Ok(count))) if (1..=count).contains(&index) => Ok(Shard { index, count }),
            _ => Err(format!("`{text}` is not a valid shard; write K/N with K from 1 to N, such as 2/4")),
        }
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Shard, String> {
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
    pub(crate) fn count(self) -> u64 {
        self.count
    }

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
            let mut seen = Vec::new();
            for index in 1..=count {
                let shard: Shard = format!("{index}/{count}").parse().expect("shard");
                seen.extend(all.iter().filter(|case| shard.contains(&case.id)).map(|case| case.id.clone()));
            }
            seen.sort();
            let expected: Vec<String> = all.iter().map(|case| case.id.clone()).collect();
            assert_eq!(seen, expected, "{count} shards");
        }
    }

    #[test]
    fn a_shard_knows_all_shards_of_its_run() {
        let shard: Shard = "2/3".parse().expect("shard");
        let siblings: Vec<String> = shard.siblings().map(|sibling| sibling.to_string()).collect();
        assert_eq!((shard.count(), siblings), (3, vec!["1/3".into(), "2/3".into(), "3/3".into()]));
    }

    #[test]
    fn invalid_shards_are_refused() {
        for text in ["", "1", "0/2", "3/2", "a/b", "1/0", "-1/2", "1/1000001", "1/18446744073709551615"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
