//! Which cases run: filters over ids.

use std::collections::BTreeSet;

use wildmatch::WildMatch;

use super::{Case, Part, Shard};

/// Which cases are to run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Case ids, requirement ids, areas, or globs over them; empty selects all.
    pub filters: Vec<String>,
    /// Only the cases of these ids; all without it.
    pub only: Option<BTreeSet<String>>,
    /// A part of what is selected by then.
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
    /// A case that was to be run again is not there: leaving it out would make a green run of a red one.
    #[error(
        "{missing} of the cases to run again are not in this suite, `{first}` among them\n  \
         help: the report is of another version or another suite; use that, or run without --rerun-failed"
    )]
    Gone {
        /// How many.
        missing: usize,
        /// The first of them.
        first: String,
    },
    /// Nothing is left.
    #[error(
        "there is nothing to run\n  help: the filters, the shard or the suite leave no case; `wabizspec list cases` shows all cases"
    )]
    Empty,
}

/// What a selection leaves.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The cases, in their order; at least one.
    pub cases: Vec<Case>,
    /// Which part of the selected ones they are, where a shard was asked for.
    pub part: Option<Part>,
}

impl Selection {
    /// The selected cases, in their order.
    ///
    /// # Errors
    /// A filter that matches nothing, a case that is not there, or a selection without a case.
    pub fn apply(&self, cases: Vec<Case>) -> Result<Selected, SelectionError> {
        let filters: Vec<Filter> = self.filters.iter().map(|text| Filter::new(text)).collect();
        for filter in &filters {
            if !cases.iter().any(|case| filter.matches(case)) {
                let ids = cases.iter().flat_map(|case| [case.id.as_str(), case.scenario.id.as_str()]);
                return Err(SelectionError::Unmatched {
                    filter: filter.text.clone(),
                    nearest: crate::located::nearest(&filter.text, ids).map(str::to_owned),
                });
            }
        }
        self.nothing_is_gone(&cases)?;
        let wanted = |case: &Case| {
            let by_filter = filters.is_empty() || filters.iter().any(|filter| filter.matches(case));
            by_filter && self.only.as_ref().is_none_or(|only| only.contains(&case.id))
        };
        let mut cases: Vec<Case> = cases.into_iter().filter(wanted).collect();
        let of = cases.len();
        if let Some(shard) = self.shard {
            cases.retain(|case| shard.contains(&case.id));
        }
        let part = self.shard.map(|shard| Part { shard, of });
        match cases.is_empty() {
            true => Err(SelectionError::Empty),
            false => Ok(Selected { cases, part }),
        }
    }

    fn nothing_is_gone(&self, cases: &[Case]) -> Result<(), SelectionError> {
        let there: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let mut gone = self.only.iter().flatten().filter(|id| !there.contains(id.as_str()));
        match gone.next() {
            None => Ok(()),
            Some(first) => Err(SelectionError::Gone { missing: gone.count() + 1, first: first.clone() }),
        }
    }
}

struct Filter {
    text: String,
    glob: WildMatch,
}

impl Filter {
    fn new(text: &str) -> Filter {
        Filter { text: text.to_owned(), glob: WildMatch::new(text) }
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
    use crate::plan::tests::embedded;

    fn selected(filters: &[&str]) -> Result<Vec<String>, SelectionError> {
        let selection =
            Selection { filters: filters.iter().map(|filter| (*filter).to_owned()).collect(), ..Selection::default() };
        let selected = selection.apply(embedded())?;
        Ok(selected.cases.into_iter().map(|case| case.id).collect())
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
    fn only_the_named_cases_are_selected_and_none_may_be_gone() {
        let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect());
        let selection = Selection { only: ids(&["login/first-login"]), ..Selection::default() };
        let selected = selection.apply(embedded()).expect("selected");
        assert_eq!(selected.cases.len(), 1);
        let selection =
            Selection { only: ids(&["login/first-login", "login/gone", "login/gone-too"]), ..Selection::default() };
        let error = selection.apply(embedded()).expect_err("gone");
        let first = "login/gone".to_owned();
        assert_eq!(error, SelectionError::Gone { missing: 2, first });
    }

    #[test]
    fn a_shard_says_of_how_many_cases_it_is_a_part() {
        let all = embedded().len();
        let selection = Selection { shard: Some("2/3".parse().expect("shard")), ..Selection::default() };
        let selected = selection.apply(embedded()).expect("selected");
        let part = selected.part.expect("part");
        assert_eq!((part.shard.to_string().as_str(), part.of), ("2/3", all));
        assert!(selected.cases.len() < all);
        let written = serde_json::to_string(&part).expect("written");
        assert_eq!(written, format!("{{\"shard\":\"2/3\",\"of\":{all}}}"));
        assert_eq!(serde_json::from_str::<Part>(&written).expect("read"), part);
    }
}
