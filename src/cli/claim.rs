//! `wabizspec claim`: what a report shows of its target, to be published, and to be checked by others.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::report::say;
use super::{CONFORMS, FINDINGS, Failure, INCONCLUSIVE, print, read, suite};
use crate::exchange::harmless_text;
use crate::report::{Claim, ClaimError, Format, Wanted, check_places};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec claim report.json --out claim.json --badge claim.svg
  wabizspec claim --verify claim.json report.json

A claim says `conforms`, `partial` or `fails`: `conforms` only if the whole suite was run to its end, nothing failed or was excused, and \
all that binds such a target is proven. Otherwise it says what limits it.

Exit codes: 0 the claim is written, whatever it says · 2 a file cannot be read, or nothing can be claimed by this report
With --verify: 0 the claim is what the report gives · 1 it is not · 2 a file cannot be read · 3 it is of another suite or version, which \
this program cannot check")]
pub(super) struct ClaimArgs {
    /// Report of a run, written with --report json=PATH or ndjson=PATH, or by `wabizspec merge`
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// Check this claim: make it again from the report, and say what differs
    #[arg(long, value_name = "CLAIM", conflicts_with_all = ["out", "badge"])]
    verify: Option<PathBuf>,
    /// Write the claim to FILE instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write a badge, as SVG
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,
}

pub(super) fn claim(args: &ClaimArgs) -> Result<u8, Failure> {
    match &args.verify {
        Some(claim) => verify(claim, &args.report),
        None => make(args),
    }
}

fn make(args: &ClaimArgs) -> Result<u8, Failure> {
    let claim = Claim::of(&args.report, &suite(None)?).map_err(Failure::usage)?;
    let text = serde_json::to_string_pretty(&claim).map_err(Failure::defect)? + "\n";
    let place = |path: &PathBuf| Wanted { format: Format::Json, path: Some(path.clone()) };
    let (out, badge) = (args.out.as_ref().map(place), args.badge.as_ref().map(place));
    let inputs = std::slice::from_ref(&args.report);
    let places: Vec<Wanted> = out.iter().chain(&badge).cloned().collect();
    check_places(&places, inputs).map_err(Failure::usage)?;
    for (wanted, text) in [(&out, &text), (&badge, &claim.badge())] {
        let Some(wanted) = wanted else { continue };
        let mut sink = wanted.sink(inputs).map_err(Failure::usage)?;
        sink.write_all(text.as_bytes()).and_then(|()| sink.flush()).map_err(|error| {
            Failure::inconclusive(format!("cannot write {}: {error}\n  help: give another place", wanted.place()))
        })?;
    }
    if out.is_none() {
        print(&text)?;
    }
    say(&claim.says());
    Ok(CONFORMS)
}

fn verify(path: &Path, report: &Path) -> Result<u8, Failure> {
    let suite = suite(None)?;
    let claimed: Claim = serde_json::from_str(&read(path)?).map_err(|error| {
        let help = "help: give a file that `wabizspec claim REPORT` has written";
        Failure::usage(format!("{} is not a claim: {error}\n  {help}", path.display()))
    })?;
    let given = match Claim::of(report, &suite) {
        Ok(given) => given,
        Err(error @ ClaimError::Misfit { .. }) => return Err(Failure { code: FINDINGS, what: error.to_string() }),
        Err(error) => return Err(Failure::usage(error)),
    };
    if !given.can_be_checked(&suite) {
        let what = format!(
            "this claim cannot be checked by this program: the report is of the suite {}, and here is {} ({})\n  help: use the \
             version of wabizspec that has written the report; a claim by a suite of one's own cannot be checked",
            given.suite(),
            env!("CARGO_PKG_VERSION"),
            suite.digest.as_deref().unwrap_or("no digest")
        );
        return Err(Failure { code: INCONCLUSIVE, what });
    }
    let differences = claimed.differences(&given);
    if differences.is_empty() {
        return print(&harmless_text(&format!("the claim is what the report gives: {}\n", given.says())));
    }
    let lines = differences.iter().map(|line| format!("  {line}\n")).collect::<String>();
    print(&harmless_text(&format!("the claim is not what the report gives:\n{lines}")))?;
    Ok(FINDINGS)
}
