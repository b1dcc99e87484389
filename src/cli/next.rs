//! `wabizspec next`: for people who mend a target, what to do next.

use std::path::Path;

use clap::Args;

use super::Failure;
use super::report::conclude;
use super::run::{RunArgs, run};
use crate::report::{Verbosity, read};

#[derive(Debug, Args)]
#[command(
    mut_arg("filters", |arg| {
        arg.value_name("REPORT").help(
            "Report of an earlier run (json or ndjson) [default: run now]; or case ids, requirement ids or areas, to run only \
             these",
        )
    }),
    after_help = "\
Examples:
  wabizspec next --target http://127.0.0.1:8080 --fresh --allow users
  wabizspec next --target http://127.0.0.1:8080 --fresh --allow users --watch   again after each restart
  wabizspec next 'login/*'            run only these cases, on the target of wabizspec.toml
  wabizspec next report.json          of a run that was written down

Prints how far each area is, the causes of the failures in the order in which to fix them, and one case to work on, with its \
requests and responses. The exit codes are those of a run."
)]
pub(super) struct NextArgs {
    #[command(flatten)]
    run: RunArgs,
}

pub(super) fn next(mut args: NextArgs) -> Result<u8, Failure> {
    args.run.report.next = true;
    let path = match args.run.filters.as_slice() {
        [path] if Path::new(path).is_file() && args.run.watch => {
            return Err(Failure::usage(format!(
                "--watch runs again, and {path} is of an earlier run\n  help: leave out one of the two"
            )));
        }
        [path] if Path::new(path).is_file() => Path::new(path).to_owned(),
        _ => return run(&args.run),
    };
    args.run.report.without_traffic()?;
    let mut reports = args.run.report.open(Verbosity::Normal, std::slice::from_ref(&path))?;
    read(&path, &mut |event| reports.take(&event)).map_err(Failure::usage)?;
    Ok(conclude(reports).code)
}
