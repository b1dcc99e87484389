//! Verdicts on cases and on requirements: closed sets, and how the second follows from the first.

use serde::{Deserialize, Serialize};

/// The verdict on one planned case. Each planned case gets exactly one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Judged, and no finding at or above the level that fails.
    Pass,
    /// A finding at or above that level.
    Fail,
    /// Tried, but set-up, a dependency or throttling prevented a judgement.
    Blocked,
    /// Not tried, as was known before the first request: not allowed, not applicable, over budget. Or refused, as the
    /// documents allow.
    #[default]
    Skipped,
    /// Fails exactly as the owner's baseline says.
    Known,
    /// A defect of this program.
    Error,
}

impl Verdict {
    /// All verdicts, in the order in which they are counted in reports.
    pub const ALL: [Verdict; 6] =
        [Verdict::Pass, Verdict::Fail, Verdict::Blocked, Verdict::Skipped, Verdict::Known, Verdict::Error];
}

/// The verdict on one requirement, worst first: the order decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RequirementVerdict {
    Fail,
    Known,
    /// Nothing broke it, but the run does not show that a breach would have been noticed.
    Unproven,
    /// The cases that check it could not be judged.
    Blocked,
    /// Every case that cites it passed, and its area's control passed.
    Pass,
    /// No case that cites it was tried.
    Skipped,
}

crate::located::shown_by_name!(Verdict, RequirementVerdict);

/// `broken` has the verdicts of the cases with a finding of the requirement, `cases` those of all that cite it. The
/// control is that of its area. A case that failed for another requirement leaves this one unproven.
pub(crate) fn requirement_verdict(broken: &[Verdict], cases: &[Verdict], control_held: bool) -> RequirementVerdict {
    if broken.iter().any(|verdict| *verdict != Verdict::Known) {
        return RequirementVerdict::Fail;
    }
    if !broken.is_empty() {
        return RequirementVerdict::Known;
    }
    let judged = |verdict: &Verdict| match verdict {
        Verdict::Pass if control_held => RequirementVerdict::Pass,
        Verdict::Pass | Verdict::Fail | Verdict::Known | Verdict::Error => RequirementVerdict::Unproven,
        Verdict::Blocked => RequirementVerdict::Blocked,
        Verdict::Skipped => RequirementVerdict::Skipped,
    };
    cases.iter().map(judged).min().unwrap_or(RequirementVerdict::Skipped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn a_verdict_is_shown_as_it_is_written_in_reports_and_padded_in_tables() {
        use RequirementVerdict::*;
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::json!(verdict), verdict.to_string());
        }
        for verdict in [Fail, Known, Unproven, Blocked, Pass, Skipped] {
            assert_eq!(serde_json::json!(verdict), verdict.to_string());
        }
        assert_eq!(format!("{:7}|{:>5}", Verdict::Pass, Known), "pass   |known");
    }

    #[test]
    fn a_requirement_is_the_worst_of_its_findings_and_cases() {
        for (broken, cited, control, expected) in vectors::<(Vec<Verdict>, Vec<Verdict>, bool, _)>("verdicts") {
            assert_eq!(requirement_verdict(&broken, &cited, control), expected, "{broken:?} {cited:?} {control}");
        }
    }
}
