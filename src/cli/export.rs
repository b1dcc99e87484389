//! `wabizspec export`: the suite as a folder, or its cases for another program.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Failure, SuiteArgs, cannot, level, print};
use crate::custody::givens::Registrable;
use crate::custody::{Controls, Hooks, Target};
use crate::exchange::shell_word;
use crate::export::{Export, Form, export};
use crate::files;
use crate::plan::{Selection, cases};
use crate::requirement::Level;
use crate::scenario::Suite;
use crate::transport::origin::Origin;
use crate::transport::wire::Wire;
use crate::transport::{Client, Limits, Transport};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec export my-suite && wabizspec run --scenarios my-suite
  wabizspec export for-hurl --format hurl
  wabizspec export for-postman --format postman 'users/*'

DIR must be new or empty. What is written for Hurl and Postman takes the target, the administrator's password and the like from \
variables, which the README in DIR names. Cases that such a program cannot express are left out and counted.")]
pub(super) struct ExportArgs {
    /// Directory to write
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Case ids, requirement ids, areas, or globs over them, as in `run`; only with --format hurl or postman
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// What to write: the built-in suite as files, a Hurl file per case, or a Postman collection
    #[arg(long, value_enum, default_value_t = Format::Suite)]
    format: Format,
    /// Assert requirements of this level and above; only with --format hurl or postman [default: must]
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    fail_on: Option<Level>,
    #[command(flatten)]
    suite: SuiteArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Suite,
    Hurl,
    Postman,
}

pub(super) fn export_suite(args: &ExportArgs) -> Result<u8, Failure> {
    let form = match args.format {
        Format::Suite => return whole(args),
        Format::Hurl => Form::Hurl,
        Format::Postman => Form::Postman,
    };
    let selection = Selection { filters: args.filters.clone(), ..Selection::default() };
    let (cases, _) = selection.apply(cases(&args.suite.suite()?)).map_err(Failure::usage)?;
    let level = args.fail_on.unwrap_or_default();
    let exported = export(&cases, &nowhere()?, &Registrable::default(), form, level).map_err(Failure::defect)?;
    let Export { files, cases, left_out } = exported;
    if cases == 0 {
        let reasons: Vec<String> = left_out.keys().map(|reason| format!("\n  they {reason}")).collect();
        return Err(Failure::usage(format!("none of these cases can be exported{}", reasons.concat())));
    }
    write(&args.folder, files)?;
    let missing: usize = left_out.values().sum();
    if missing > 0 {
        anstream::eprintln!("left out: {missing} of {} cases", cases + missing);
    }
    for (reason, count) in left_out {
        anstream::eprintln!("  {count:4}  {reason}");
    }
    print(&format!("wrote {cases} cases to {}; see README.md there\n", args.folder.display()))
}

/// The built-in suite as it is.
fn whole(args: &ExportArgs) -> Result<u8, Failure> {
    let unfit = [
        (!args.filters.is_empty(), "a filter"),
        (args.fail_on.is_some(), "--fail-on"),
        (args.suite.scenarios.is_some(), "--scenarios"),
    ];
    if let Some((_, what)) = unfit.into_iter().find(|(given, _)| *given) {
        let advice = "help: the built-in suite is written whole; add --format hurl or --format postman";
        return Err(Failure::usage(format!("{what} does not go with the format suite\n  {advice}")));
    }
    write(&args.folder, Suite::embedded_files())?;
    let folder = args.folder.display().to_string();
    print(&format!("wrote the suite to {folder}; use it with `wabizspec run --scenarios {}`\n", shell_word(&folder)))
}

fn write<Text: AsRef<str>>(folder: &Path, contents: impl IntoIterator<Item = (PathBuf, Text)>) -> Result<(), Failure> {
    files::new_folder(folder, contents).map_err(cannot("write", folder))
}

/// A target that is never asked: the requests name it by a variable.
fn nowhere() -> Result<Target, Failure> {
    let origin: Origin = "http://target".parse().map_err(Failure::defect)?;
    let client = Client::Wire(Wire::new(origin.clone(), None, Limits::default()));
    Ok(Target::new(Transport::new(client, origin, Vec::new()), Controls::Hooks(Box::<Hooks>::default())))
}
