//! Which cases run: filters over ids.

use std::collections::BTreeSet;

use wildmatch::WildMatch;

use super::{Case, Part, Shard};

/// Which cases are to run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Case ids, requirement ids, areas, or globs over them; empty selects all.
    pub filters: Vec<String>,
    /// The same, for cases that are left out; empty leaves out none.
    pub exclude: Vec<String>,
    /// If given, only the cases with these ids.
    pub only: Option<BTreeSet<String>>,
    /// A part of the cases selected so far.
    pub shard: Option<Shard>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A run without these cases would pass although nothing was tested.
    #[error(
        "the filter `{filter}` matches no case\n  help: {}`wabizspec list cases` and `wabizspec list requirements` show the ids",
        nearest.as_ref().map_or(String::new(), |near| format!("did you mean `{near}`? "))
    )]
    Unmatched { filter: String, nearest: Option<String> },
    /// A case to run again is gone: without it a failed run would turn into a passed one.
    #[error(
        "{missing} of the cases to run again are not in this suite, `{first}` among them\n  \
         help: the report is of another version or another suite; use that, or run without --rerun-failed"
    )]
    Gone { missing: usize, first: String },
    #[error(
        "there is nothing to run\n  help: the filters, the shard or the suite leave no case; `wabizspec list cases` shows all cases"
    )]
    Empty,
}

impl Selection {
    /// The selected cases, at least one, in their order, and the part of the suite that they are if a shard is selected.
    pub fn apply(&self, cases: Vec<Case>) -> Result<(Vec<Case>, Option<Part>), SelectionError> {
        for filter in self.filters.iter().chain(&self.exclude) {
            if !cases.iter().any(|case| matches(filter, case)) {
                let ids = cases.iter().flat_map(|case| [case.id.as_str(), case.scenario.id.as_str()]);
                let nearest = crate::located::nearest(filter, ids).map(str::to_owned);
                return Err(SelectionError::Unmatched { filter: filter.clone(), nearest });
            }
        }
        let there: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let mut gone = self.only.iter().flatten().filter(|id| !there.contains(id.as_str()));
        if let Some(first) = gone.next() {
            return Err(SelectionError::Gone { missing: gone.count() + 1, first: first.clone() });
        }
        let wanted = |case: &Case| {
            let by_filter = self.filters.is_empty() || self.filters.iter().any(|filter| matches(filter, case));
            let is_excluded = self.exclude.iter().any(|filter| matches(filter, case));
            by_filter && !is_excluded && self.only.as_ref().is_none_or(|only| only.contains(&case.id))
        };
        let mut cases: Vec<Case> = cases.into_iter().filter(wanted).collect();
        let of = cases.len();
        if let Some(shard) = self.shard {
            cases.retain(|case| shard.contains(&case.id));
        }
        let part = self.shard.map(|shard| Part { shard, of });
        if cases.is_empty() { Err(SelectionError::Empty) } else { Ok((cases, part)) }
    }
}

/// A filter without wildcards also selects what is below it: an area's cases, a file's rows, a topic's requirements.
/// The name of an area means its cases, not every case elsewhere that cites one of its rules.
fn matches(filter: &str, case: &Case) -> bool {
    let glob = WildMatch::new(filter);
    let below = |id: &str, separators: &[&str]| {
        let rest = id.strip_prefix(filter);
        rest.is_some_and(|rest| separators.iter().any(|separator| rest.starts_with(separator)))
    };
    let topic = filter.contains('.');
    let requirement = |id: &&str| glob.matches(id) || (topic && below(id, &["."]));
    glob.matches(&case.id) || below(&case.id, &["/", "::"]) || case.scenario.requirements().iter().any(requirement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::embedded;

    fn apply(selection: Selection) -> Result<Vec<String>, SelectionError> {
        let (selected, _) = selection.apply(embedded())?;
        Ok(selected.into_iter().map(|case| case.id).collect())
    }

    fn selected(filters: &[&str]) -> Result<Vec<String>, SelectionError> {
        apply(Selection { filters: filters.iter().map(|&filter| filter.into()).collect(), ..Selection::default() })
    }

    fn only(ids: &[&str]) -> Result<Vec<String>, SelectionError> {
        apply(Selection { only: Some(ids.iter().map(|&id| id.into()).collect()), ..Selection::default() })
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
        assert_eq!(selected(&["login.first"]), selected(&["login.first.*"]));
        assert_eq!(only(&["login/first-login"]).expect("one").len(), 1);
    }

    #[test]
    fn a_filter_without_a_match_and_a_case_that_is_gone_are_errors() {
        let (wrong, right) = ("login/defualt-password-alone", "login/default-password-alone");
        let unmatched = SelectionError::Unmatched { filter: wrong.into(), nearest: Some(right.into()) };
        assert_eq!(selected(&["login/*", wrong]), Err(unmatched));
        let gone = SelectionError::Gone { missing: 2, first: "login/gone".into() };
        assert_eq!(only(&["login/first-login", "login/gone", "login/gone-too"]), Err(gone));
    }

    #[test]
    fn a_shard_says_of_how_many_cases_it_is_a_part() {
        let all = embedded().len();
        let selection = Selection { shard: Some("2/3".parse().expect("shard")), ..Selection::default() };
        let (selected, part) = selection.apply(embedded()).expect("selected");
        let part = part.expect("part");
        assert_eq!((part.shard.to_string().as_str(), part.of), ("2/3", all));
        assert!(selected.len() < all);
        let written = serde_json::to_string(&part).expect("written");
        assert_eq!(written, format!("{{\"shard\":\"2/3\",\"of\":{all}}}"));
        assert_eq!(serde_json::from_str::<Part>(&written).expect("read"), part);
    }
}
