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

    fn code(verdicts: &[Verdict], interrupted: Option<bool>) -> u8 {
        let mut summary = Summary::default();
        for verdict in verdicts {
            summary.take(&Event::Case(Box::new(CaseReport::new("login/x", *verdict))));
        }
        if let Some(interrupted) = interrupted {
            let complete = !interrupted;
            summary.take(&Event::Ended(Ended { complete, interrupted, password_changed: false, elapsed_ms: 0 }));
        }
        exit_code(&summary)
    }

    #[test]
    fn the_worst_thing_that_happened_decides() {
        use Verdict::*;
        let (whole, interrupted, died) = (Some(false), Some(true), None);
        let runs: [(&[Verdict], Option<bool>, u8); 10] = [
            (&[Pass, Skipped], whole, CONFORMS),
            (&[Pass, Known], whole, CONFORMS),
            (&[Pass, Blocked], whole, INCONCLUSIVE),
            (&[Skipped], whole, INCONCLUSIVE),
            (&[], whole, INCONCLUSIVE),
            (&[Pass, Blocked, Fail], whole, FINDINGS),
            (&[Pass, Fail], interrupted, INTERRUPTED),
            (&[Pass], interrupted, INTERRUPTED),
            (&[Pass, Fail, Error], interrupted, DEFECT),
            (&[Pass], died, INTERRUPTED),
        ];
        for (verdicts, ended, expected) in runs {
            assert_eq!(code(verdicts, ended), expected, "{verdicts:?}, interrupted: {ended:?}");
        }
    }
}
