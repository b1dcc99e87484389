//! The requirements that are neither proven nor broken, each with the reasons.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::View;
use crate::exchange::shortened;
use crate::judge::{RequirementVerdict, Verdict};
use crate::report::formats::view::reason;
use crate::requirement::Level;
use crate::run::{CaseReport, RequirementResult};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Excused {
    verdict: RequirementVerdict,
    reason: String,
    requirements: Vec<String>,
}

/// Those that bind the target, by verdict and reason. One with several reasons is there several times.
pub(super) fn excused(view: &View) -> Vec<Excused> {
    let mut all: BTreeMap<(RequirementVerdict, String), Vec<String>> = BTreeMap::new();
    for result in view.summary.requirements().into_iter().filter(|result| result.requirement.level > Level::May) {
        for reason in reasons(&result, view) {
            all.entry((result.verdict, reason)).or_default().push(result.requirement.id.clone());
        }
    }
    let excused = |((verdict, reason), requirements)| Excused { verdict, reason, requirements };
    all.into_iter().map(excused).collect()
}

fn reasons(result: &RequirementResult<'_>, view: &View) -> BTreeSet<String> {
    let id = &result.requirement.id;
    let cites = |case: &&CaseReport| case.cites.contains(id);
    let breaks = |case: &&CaseReport| case.findings.iter().any(|finding| finding.requirement == *id);
    let of = |verdict, concerns: &dyn Fn(&&CaseReport) -> bool| -> BTreeSet<String> {
        let cases = view.cases.iter().filter(|case| case.verdict == verdict).filter(concerns);
        cases.map(|case| shortened(&reason(case))).collect()
    };
    match result.verdict {
        RequirementVerdict::Fail | RequirementVerdict::Pass => BTreeSet::new(),
        RequirementVerdict::Known => of(Verdict::Known, &breaks),
        RequirementVerdict::Blocked => of(Verdict::Blocked, &cites),
        RequirementVerdict::Skipped => of(Verdict::Skipped, &cites),
        RequirementVerdict::Unproven => [unproven(id, view).to_owned()].into(),
    }
}

/// Why nothing broke the requirement and yet nothing shows that it holds.
fn unproven(id: &str, view: &View) -> &'static str {
    let area = id.split('.').next().unwrap_or_default();
    let mut controls = view.cases.iter().filter(|case| case.control && case.area() == area);
    let tried = |case: &&CaseReport| case.verdict != Verdict::Skipped;
    match controls.clone().filter(tried).count() {
        0 => "the control of its area was not run",
        _ if controls.any(|case| tried(&case) && case.verdict != Verdict::Pass) => {
            "the control of its area did not pass"
        }
        _ => {
            "a case that cites it did not pass for another requirement, or refuses what is refused in its good form too"
        }
    }
}
