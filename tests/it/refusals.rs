//! What a refused request changes is found, wherever it is; what a login of the run itself ends is not.

use std::time::Duration;

use crate::harness::suite::{embedded, judged};
use wabizspec::judge::Verdict;
use wabizspec::plan::cases;
use wabizspec::reference::{Fault, Registration};
use wabizspec::run::{CaseReport, Settings};
use wabizspec::scenario::Suite;

const RULE: &str = "envelope.refusals-change-nothing";

/// The results of the cases whose ids begin so, with what was sent, under a fault.
fn under(fault: &str, begin: &str, settings: Settings) -> Vec<CaseReport> {
    let suite: Suite = embedded();
    let mut chosen = cases(&suite);
    chosen.retain(|case| case.id.starts_with(begin));
    let behaviour = Fault::find(fault).expect("a fault").behaviour();
    judged(&suite, chosen, Registration::Open, behaviour, &Settings { keep_exchanges: true, ..settings })
}

#[test]
fn a_refusal_that_changes_something_is_named_with_the_looks_that_show_it() {
    // Alone, and with others.
    for (fault, begin, jobs) in [
        ("refusals.two-step.a-bad-pin-ends-the-token", "account/two-step-pin", 8),
        ("refusals.create.done-without-a-password", "users/create-", 8),
        ("refusals.create.done-without-a-password", "users/create-", 1),
    ] {
        let reports = under(fault, begin, Settings::disposable(jobs));
        let finds = |report: &&CaseReport| report.findings.iter().any(|finding| finding.requirement == RULE);
        let report = reports.iter().find(finds).unwrap_or_else(|| panic!("{fault} is found"));
        let finding = report.findings.iter().find(|finding| finding.requirement == RULE).expect("the finding");
        let suite = embedded();
        let of_case = |id: &str| report.id.split("::").next() == Some(id);
        let scenario = suite.scenarios.iter().find(|it| of_case(&it.id)).expect("its scenario");
        assert!(scenario.steps.iter().any(|step| step.name == finding.step), "{}", finding.step);
        let looks = report.exchanges.iter().filter(|text| text.starts_with("* a look")).count();
        assert!(looks >= 2 && report.reproduce.len() > scenario.steps.len() + 1, "{:?}", report.reproduce);
    }
}

#[test]
fn a_token_that_a_login_of_the_run_ends_is_nobodys_refusal() {
    for jobs in [1, 8] {
        let reports = under("trait.one-token-a-user", "", Settings::disposable(jobs));
        let accused: Vec<&str> = reports
            .iter()
            .filter(|report| report.findings.iter().any(|finding| finding.requirement == RULE))
            .map(|report| report.id.as_str())
            .collect();
        assert_eq!(accused, [""; 0], "{jobs} at a time");
    }
}

#[test]
fn a_token_that_dies_early_is_found_by_lingering() {
    let after = |linger| {
        let settings = Settings { linger, ..Settings::disposable(1) };
        under("tokens.expiry.after-a-day", "tokens/left-alone", settings).remove(0).verdict
    };
    // The clock of the embedded client moves: nothing waits.
    assert_eq!(after(None), Verdict::Pass);
    assert_eq!(after(Some(Duration::from_secs(25 * 3600))), Verdict::Fail);
}
