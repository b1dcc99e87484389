//! `wabizspec merge`: the reports of shards as one run, in any format; or one report in another format.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::report::{ReportArgs, conclude};
use crate::report::{Merged, Verbosity};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec merge shard-*.ndjson --report html=report.html --report junit=junit.xml
  wabizspec merge run.ndjson --report markdown       convert a report

The exit codes are those of a run. If a shard is missing or incomplete, so is the merged report, and the exit code is not 0.")]
pub(super) struct MergeArgs {
    /// Reports written with --report ndjson=PATH or json=PATH; files, not pipes, because each is read twice
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
    /// Exit with 3 if fewer than N cases were judged in all reports together
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    min_cases: u32,
    /// Exit with 3 if fewer than N percent of the musts are proven by all reports together
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u8).range(..=100))]
    min_percent: u8,
    #[command(flatten)]
    report: ReportArgs,
}

pub(super) fn merge(args: &MergeArgs) -> Result<u8, Failure> {
    args.report.without_traffic()?;
    let merged = Merged::of(&args.reports).map_err(Failure::usage)?;
    let mut reports = args.report.open(Verbosity::Quiet, &args.reports)?;
    reports.require(args.min_cases as usize, args.min_percent);
    merged.events(&mut |event| reports.take(&event)).map_err(Failure::usage)?;
    Ok(conclude(reports).code)
}
