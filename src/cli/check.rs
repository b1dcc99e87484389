//! `wabizspec check`: what is wrong with scenario files, without running anything.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CONFORMS, Failure, SuiteArgs, print, read, suite};
use crate::located::SourceText;
use crate::scenario::{Scenario, Suite};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Scenario files, or the directory of a suite [default: the built-in suite]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    suite: SuiteArgs,
}

pub(super) fn check(args: &CheckArgs) -> Result<u8, Failure> {
    if args.paths.is_empty() {
        return well_formed("the suite", &args.suite.suite()?);
    }
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) = args.paths.iter().partition(|path| path.is_dir());
    for folder in folders {
        well_formed(&folder.display().to_string(), &suite(Some(folder))?)?;
    }
    let register = args.suite.suite()?.register;
    let mut errors = Vec::new();
    for path in files {
        let (text, file) = (read(path)?, path.display().to_string());
        let source = SourceText { file: &file, text: &text };
        match Scenario::parse_each(&id_of(path), source, &register) {
            Ok(expanded) => {
                let rows: usize = expanded.iter().map(|scenario| scenario.rows.len()).sum();
                print(&format!("{file} is well formed: {rows} cases\n"))?;
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    if errors.is_empty() { Ok(CONFORMS) } else { Err(Failure::usage(errors.join("\n"))) }
}

fn well_formed(name: &str, suite: &Suite) -> Result<u8, Failure> {
    let rows: usize = suite.scenarios.iter().map(|scenario| scenario.rows.len()).sum();
    let files = suite.scenarios.chunk_by(|one, next| one.id == next.id);
    let (requirements, scenarios) = (suite.register.iter().count(), files.count());
    print(&format!("{name} is well formed: {requirements} requirements, {scenarios} scenarios, {rows} cases\n"))
}

/// `area/name`, from the last two parts of the path.
fn id_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let area = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    format!("{area}/{stem}")
}
