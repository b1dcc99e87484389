//! `wabizspec diff`: two reports, and what is new in the second.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::report::JsonArgs;
use crate::report::Diff;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec diff yesterday.json today.json
  wabizspec diff main.json branch.json --report json=diff.json

The reports may be of different targets, but of the same suite. What is new is a cause that A does not \
have, or a case that passed in A and fails in B.

Exit codes: 0 nothing is new · 1 something is new that fails its case · 2 a report cannot be read, or the reports are of different \
suites · 3 nothing is new, but B did not judge everything that A judged")]
pub(super) struct DiffArgs {
    /// The older report, written with --report json=PATH or ndjson=PATH
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The newer report
    #[arg(value_name = "B")]
    b: PathBuf,
    #[command(flatten)]
    report: JsonArgs,
}

pub(super) fn diff(args: &DiffArgs) -> Result<u8, Failure> {
    let diff = Diff::of(&args.a, &args.b).map_err(Failure::usage)?;
    let write = args.report.open(&[args.a.clone(), args.b.clone()])?;
    let mut text = Vec::new();
    diff.write(&mut text).map_err(Failure::defect)?;
    write(&text, &diff.to_json())?;
    Ok(diff.conclusion().exit_code())
}
