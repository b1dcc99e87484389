//! What keeps a report in which nothing failed from showing that its target conforms.
//!
//! Only what such a target cannot be asked may be missing: the cases for the other state of the registration, and those
//! that the documents let it refuse. Whatever the owner, the run or the target left out otherwise is a limit.

use serde::{Deserialize, Serialize};

use super::View;
use crate::judge::Verdict;
use crate::plan::Skip;
use crate::requirement::Level;
use crate::run::{CaseReport, Ended, Reason, Started, WholeSuite};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Limit {
    OtherSuite,
    Shard,
    Selection,
    Died,
    Interrupted,
    Incomplete,
    Defect,
    Blocked,
    Known,
    LeftOut,
    Skipped,
    PasswordChanged,
    SeveralVersions,
    Unproven,
}

impl Limit {
    pub fn says(self) -> &'static str {
        match self {
            Limit::OtherSuite => "the suite is not the one built into this program",
            Limit::Shard => "it is one shard of a run, and not merged with the others",
            Limit::Selection => "only a selection of the cases was run",
            Limit::Died => "the run died",
            Limit::Interrupted => "the run was interrupted",
            Limit::Incomplete => "the run was not completed",
            Limit::Defect => "wabizspec itself failed",
            Limit::Blocked => "cases were blocked",
            Limit::Known => "known failures are excused",
            Limit::LeftOut => "a part of the API was left out",
            Limit::Skipped => "cases were skipped that apply to this target",
            Limit::PasswordChanged => "the admin's password could not be set back",
            Limit::SeveralVersions => "the target states more than one version",
            Limit::Unproven => "not everything that binds this target is proven",
        }
    }
}

/// All that hold, in a fixed order.
pub(super) fn limits(view: &View, started: &Started, whole: &WholeSuite, is_ours: bool) -> Vec<Limit> {
    let summary = &view.summary;
    let has = |verdict| summary.count(verdict) > 0;
    let skips =
        |is_so: fn(&CaseReport) -> bool| view.cases.iter().any(|case| case.verdict == Verdict::Skipped && is_so(case));
    let ended = |is_so: fn(&Ended) -> bool| summary.ended.as_ref().is_some_and(is_so);
    let selected = started.part.map_or(started.cases, |part| part.of);
    let is_missing = view.cases.len() < started.cases && ended(|it| !it.interrupted);
    let is_unproven = |level| {
        let share = summary.share(level);
        level >= started.fail_on && share.proven < share.of
    };
    let all = [
        (Limit::OtherSuite, !is_ours),
        (Limit::Shard, started.part.is_some()),
        (Limit::Selection, selected < whole.cases),
        (Limit::Died, summary.ended.is_none()),
        (Limit::Interrupted, ended(|it| it.interrupted)),
        (Limit::Incomplete, is_missing || ended(|it| !it.complete && !it.interrupted)),
        (Limit::Defect, has(Verdict::Error)),
        (Limit::Blocked, has(Verdict::Blocked)),
        (Limit::Known, has(Verdict::Known)),
        (Limit::LeftOut, skips(is_left_out)),
        (Limit::Skipped, skips(|case| !is_left_out(case) && !is_for_others(case))),
        (Limit::PasswordChanged, ended(|it| it.password_changed)),
        (Limit::SeveralVersions, started.target.versions.len() > 1),
        (
            Limit::Unproven,
            summary.share(Level::Must).proven == 0 || [Level::Must, Level::Should].into_iter().any(is_unproven),
        ),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(limit, _)| limit).collect()
}

fn is_left_out(case: &CaseReport) -> bool {
    matches!(case.reason, Some(Reason::Skipped(Skip::Without(_))))
}

/// Whether a target like this one cannot be asked, or may refuse.
fn is_for_others(case: &CaseReport) -> bool {
    matches!(case.reason, Some(Reason::Skipped(Skip::Registration { .. }) | Reason::Refused { .. }))
}
