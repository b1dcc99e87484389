//! Whether a report can be of the suite that it names: a report that was made smaller must not show more.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use crate::judge::Oracles;
use crate::plan::{Case, cases};
use crate::run::{CaseReport, RequirementInfo, Started, WholeSuite};
use crate::scenario::Suite;
use crate::snapshot;

/// What the suite does not have like that, if there is something.
pub(super) fn misfit(view: &View, started: &Started, whole: &WholeSuite, suite: &Suite) -> Option<String> {
    let all = cases(suite);
    if whole.cases != all.len() {
        return Some(format!("it counts {} cases in all, and the suite has {}", whole.cases, all.len()));
    }
    let by_id: BTreeMap<&str, &Case> = all.iter().map(|case| (case.id.as_str(), case)).collect();
    let is_ours = |case: &&CaseReport| by_id.get(case.id.as_str()).is_some_and(|ours| is_of(case, ours));
    if let Some(case) = view.cases.iter().find(|case| !is_ours(case)) {
        return Some(format!("the suite has no case {} like that", case.id));
    }
    let ids: BTreeSet<&str> = view.cases.iter().map(|case| case.id.as_str()).collect();
    if ids.len() < view.cases.len() {
        return Some("it has a case twice".to_owned());
    }
    let oracles = Oracles::of(&suite.register);
    let of_oracles: BTreeSet<&str> = oracles.requirements().collect();
    let is_known = |info: &&RequirementInfo| {
        info.id == snapshot::REQUIREMENT
            || suite
                .register
                .find(&info.id)
                .is_some_and(|ours| ours.level == info.level && info.oracle == of_oracles.contains(info.id.as_str()))
    };
    if let Some(info) = started.requirements.iter().find(|info| !is_known(info)) {
        return Some(format!("the suite has no requirement {} like that", info.id));
    }
    let listed: BTreeSet<&str> = started.requirements.iter().map(|info| info.id.as_str()).collect();
    let cited = view.cases.iter().flat_map(|case| &case.cites).map(String::as_str);
    let missing = cited.chain(of_oracles.iter().copied()).find(|id| !listed.contains(id));
    missing.map(|id| format!("it does not list the requirement {id}"))
}

fn is_of(case: &CaseReport, ours: &Case) -> bool {
    let scenario = &ours.scenario;
    case.control == scenario.control && case.twin == scenario.positive && case.cites == scenario.requirements()
}
