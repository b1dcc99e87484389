//! Which cases run: filters over ids, and shards.

use std::str::FromStr;

use wildmatch::WildMatch;

use super::Case;

/// A part of a run: the `index`-th of `count`, 1-based.
///
/// The shards of one count are disjoint and complete, and a case stays in its shard when others are added: the
/// shard follows from the case's id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let wrong = || format!("`{text}` is no shard; write K/N with K from 1 to N, such as 2/4");
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let index: u64 = index.parse().map_err(|_| wrong())?;
        let count: u64 = count.parse().map_err(|_| wrong())?;
        match (1..=count).contains(&index) {
            true => Ok(Shard { index, count }),
            false => Err(wrong()),
        }
    }
}

impl Shard {
    fn contains(self, id: &str) -> bool {
        fnv1a(id.as_bytes()) % self.count == self.index - 1
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version of this program, which `std`'s hasher does not
/// promise to be.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Which cases are to run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Case ids, requirement ids, areas, or globs over them; empty selects all.
    pub filters: Vec<String>,
    /// A part of what the filters select.
    pub shard: Option<Shard>,
}

/// Why a selection selects nothing that can be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A filter that matches no case: a green run would be a lie.
    #[error(
        "the filter `{filter}` matches no case\n  help: {}`wabizspec list cases` and `wabizspec list requirements` show the ids",
        nearest.as_ref().map_or(String::new(), |near| format!("did you mean `{near}`? "))
    )]
    Unmatched {
        /// The filter.
        filter: String,
        /// The id that was probably meant.
        nearest: Option<String>,
    },
    /// Nothing is left.
    #[error("there is nothing to run\n  help: the shard or the suite is empty; `wabizspec list cases` shows all cases")]
    Empty,
}

impl Selection {
    /// The selected cases, in their order.
    ///
    /// # Errors
    /// A filter that matches nothing, or a selection without a case.
    pub fn apply(&self, cases: Vec<Case>) -> Result<Vec<Case>, SelectionError> {
        let filters: Vec<Filter> = self.filters.iter().map(|text| Filter::new(text)).collect();
        for filter in &filters {
            if !cases.iter().any(|case| filter.matches(case)) {
                let ids = cases
                    .iter()
                    .flat_map(|case| [case.id.as_str(), case.scenario.id.as_str()]);
                return Err(SelectionError::Unmatched {
                    filter: filter.text.clone(),
                    nearest: crate::located::nearest(&filter.text, ids).map(str::to_owned),
                });
            }
        }
        let wanted = |case: &Case| {
            let by_filter = filters.is_empty() || filters.iter().any(|filter| filter.matches(case));
            by_filter && self.shard.is_none_or(|shard| shard.contains(&case.id))
        };
        let selected: Vec<Case> = cases.into_iter().filter(wanted).collect();
        match selected.is_empty() {
            true => Err(SelectionError::Empty),
            false => Ok(selected),
        }
    }
}

struct Filter {
    text: String,
    glob: WildMatch,
}

impl Filter {
    fn new(text: &str) -> Filter {
        Filter {
            text: text.to_owned(),
            glob: WildMatch::new(text),
        }
    }

    /// A filter without wildcards also selects what lies below it: an area's cases, a file's rows, a topic's
    /// requirements. The name of an area means its cases, not every case elsewhere that cites a rule of it.
    fn matches(&self, case: &Case) -> bool {
        let below = |id: &str, separators: &[&str]| {
            let rest = id.strip_prefix(&self.text);
            rest.is_some_and(|rest| separators.iter().any(|separator| rest.starts_with(separator)))
        };
        let topic = self.text.contains('.');
        let requirement = |id: &&str| self.glob.matches(id) || (topic && below(id, &["."]));
        self.glob.matches(&case.id)
            || below(&case.id, &["/", "::"])
            || case.scenario.requirements().iter().any(requirement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Suite;

    fn embedded() -> Vec<Case> {
        super::super::cases(&Suite::embedded().expect("suite"))
    }

    fn selected(filters: &[&str]) -> Result<Vec<String>, SelectionError> {
        let selection = Selection {
            filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
            shard: None,
        };
        let cases = selection.apply(embedded())?;
        Ok(cases.into_iter().map(|case| case.id).collect())
    }

    #[test]
    fn filters_select_by_case_file_area_and_requirement() {
        let one = selected(&["login/default-password-alone"]).expect("one");
        assert!(one.iter().all(|id| id.starts_with("login/default-password-alone")));
        let area = selected(&["login"]).expect("area");
        assert_eq!(area, selected(&["login/*"]).expect("glob"));
        assert!(area.len() > one.len());
        let by_requirement = selected(&["login.first.refused"]).expect("requirement");
        assert!(by_requirement.contains(&one[0]) && by_requirement.len() < area.len());
        let topic = selected(&["login.first"]).expect("topic");
        assert_eq!(topic, selected(&["login.first.*"]).expect("topic glob"));
    }

    #[test]
    fn a_filter_that_matches_nothing_is_an_error_even_beside_one_that_does() {
        let error = selected(&["login/*", "login/defualt-password-alone"]).expect_err("unmatched");
        let SelectionError::Unmatched { filter, nearest } = error else {
            panic!("{error}");
        };
        assert_eq!(filter, "login/defualt-password-alone");
        assert_eq!(nearest.as_deref(), Some("login/default-password-alone"));
    }

    #[test]
    fn shards_are_disjoint_and_complete() {
        let all = embedded();
        for count in [1, 2, 3, 7] {
            let mut seen = Vec::new();
            for index in 1..=count {
                let shard: Shard = format!("{index}/{count}").parse().expect("shard");
                seen.extend(
                    all.iter()
                        .filter(|case| shard.contains(&case.id))
                        .map(|case| case.id.clone()),
                );
            }
            seen.sort();
            let expected: Vec<String> = all.iter().map(|case| case.id.clone()).collect();
            assert_eq!(seen, expected, "{count} shards");
        }
    }

    #[test]
    fn a_shard_follows_from_the_id_alone() {
        assert_eq!(fnv1a(b"login/first-login"), fnv1a(b"login/first-login"));
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325, "the published offset basis");
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c, "the published test vector");
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "1", "0/2", "3/2", "a/b", "1/0", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
