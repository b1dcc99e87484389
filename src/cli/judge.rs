//! `wabizspec judge`: recorded traffic held to the rules.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::report::{ReportArgs, conclude};
use super::{Failure, SuiteArgs, cannot, level};
use crate::files;
use crate::report::Verbosity;
use crate::requirement::Level;
use crate::traffic::{Judge, Scope, har};
use crate::transport::origin::Origin;

/// The limit for recordings, in bytes: they are not kept in memory.
const LARGEST: u64 = 1 << 40;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec judge traffic.har                         of a browser, of a proxy, or of `run --report har=traffic.har`
  wabizspec judge traffic.har --target https://wabiz.internal:9090
  wabizspec judge first.har second.har --complete     everything that was sent since the target was installed
  wabizspec judge traffic.har --report json=report.json --report html=report.html

Only what the recording itself shows is held against the target: an account that it never saw made or logged in to is unknown, and so \
is a token that it never saw given. Requests that changed an account elsewhere in the meantime must be in the recording too.")]
pub(super) struct JudgeArgs {
    /// Recordings in HAR 1.2, in the order in which they were made
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Judge the requests to this URL only [default: to the host of the first request of the API]
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// The files have every request since the target was installed: accounts and tokens that they never saw do not exist
    #[arg(long)]
    complete: bool,
    /// Lowest level of a finding that fails its exchange
    #[arg(long, value_name = "LEVEL", default_value = "must", help_heading = "Report", value_parser = level())]
    fail_on: Level,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    suite: SuiteArgs,
}

pub(super) fn judge(args: &JudgeArgs) -> Result<u8, Failure> {
    args.report.without_traffic()?;
    let begun = Instant::now();
    let suite = args.suite.suite()?;
    let target: Option<Origin> = args.target.as_deref().map(str::parse).transpose().map_err(Failure::usage)?;
    let place = |origin: &Origin| {
        format!("{}://{}", if origin.tls() { "https" } else { "http" }, origin.host_header()).to_ascii_lowercase()
    };
    let scope = Scope {
        origin: target.as_ref().map(place),
        base: target.as_ref().map_or("", Origin::base_path).to_owned(),
        is_complete: args.complete,
    };
    let mut judge = Judge::new(&suite.register, scope);
    let inputs: Vec<PathBuf> = args.files.iter().cloned().chain(args.suite.inputs()).collect();
    let mut reports = args.report.open(Verbosity::Normal, &inputs)?;
    for path in &args.files {
        let file = files::open(path, LARGEST).map_err(cannot("read", path))?;
        judge.begin(&path.display().to_string());
        har::read(file, &mut |recorded| judge.take(recorded)).map_err(|why| {
            let help = "help: give a recording in HAR 1.2, as browsers, proxies and `wabizspec run --report har=FILE` write it";
            Failure::usage(format!("{} cannot be judged: {why}\n  {help}", path.display()))
        })?;
    }
    judge.flush();
    let (target, elapsed) = (judge.origin(), u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
    for event in judge.findings.events(&suite.register, target, args.fail_on, elapsed) {
        reports.take(&event);
    }
    Ok(conclude(reports).code)
}
