//! Exit codes, and which of them wins.

use crate::run::{Conclusion, Summary};

/// Everything that ran conforms, and something was judged.
pub const CONFORMS: u8 = 0;
/// A must was broken (or a should, under `--fail-on should`).
pub const FINDINGS: u8 = 1;
/// A flag, a file, a filter: noticed before any request.
pub const USAGE: u8 = 2;
/// The target could not be reached or got ready, or nothing was judged; and nothing was found.
pub const INCONCLUSIVE: u8 = 3;
/// A defect of ours.
pub const DEFECT: u8 = 70;
/// Interrupted; the report is complete up to there.
pub const INTERRUPTED: u8 = 130;

/// The exit code of a run. Where several hold, the order is [`USAGE`] (which never gets here), [`DEFECT`],
/// [`INTERRUPTED`], [`FINDINGS`], [`INCONCLUSIVE`], [`CONFORMS`].
pub fn exit_code(summary: &Summary) -> u8 {
    match summary.conclusion() {
        Conclusion::Defect => DEFECT,
        Conclusion::Died | Conclusion::Interrupted => INTERRUPTED,
        Conclusion::Findings => FINDINGS,
        Conclusion::Inconclusive => INCONCLUSIVE,
        Conclusion::Conforms => CONFORMS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Verdict;
    use crate::run::{CaseReport, Ended, Event};

    fn case(verdict: Verdict) -> Event {
        Event::Case(Box::new(CaseReport::new("login/x", verdict)))
    }

    fn code(verdicts: &[Verdict], interrupted: bool) -> u8 {
        let mut summary = Summary::default();
        for verdict in verdicts {
            summary.take(&case(*verdict));
        }
        summary.take(&Event::Ended(Ended {
            complete: !interrupted,
            interrupted,
            password_changed: false,
            elapsed_ms: 0,
        }));
        exit_code(&summary)
    }

    #[test]
    fn the_worst_thing_that_happened_decides() {
        use Verdict::*;
        assert_eq!(code(&[Pass, Skipped], false), CONFORMS);
        assert_eq!(code(&[Pass, Known], false), CONFORMS);
        assert_eq!(code(&[Pass, Blocked], false), INCONCLUSIVE);
        assert_eq!(code(&[Skipped], false), INCONCLUSIVE);
        assert_eq!(code(&[], false), INCONCLUSIVE);
        assert_eq!(code(&[Pass, Blocked, Fail], false), FINDINGS);
        assert_eq!(code(&[Pass, Fail], true), INTERRUPTED);
        assert_eq!(code(&[Pass], true), INTERRUPTED);
        assert_eq!(code(&[Pass, Fail, Error], true), DEFECT);
    }

    #[test]
    fn a_run_that_never_ended_is_no_success() {
        let mut summary = Summary::default();
        summary.take(&case(Verdict::Pass));
        assert_eq!(exit_code(&summary), INTERRUPTED);
    }
}
