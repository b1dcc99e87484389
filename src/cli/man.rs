//! `wabizspec man`: man pages, made from the same description of the arguments as `--help`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::{Cli, Failure, print};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec man | man -l -
  wabizspec man ~/.local/share/man/man1")]
pub(super) struct ManArgs {
    /// A folder that is there: one page for the program and one for each subcommand go into it; without one, the
    /// program's own page goes to standard output
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn man(args: &ManArgs) -> Result<u8, Failure> {
    if let Some(folder) = &args.folder {
        let written = clap_mangen::generate_to(Cli::command(), folder);
        let unwritable = |error| Failure::usage(format!("cannot write man pages to {}: {error}", folder.display()));
        return written.map(|()| super::CONFORMS).map_err(unwritable);
    }
    let mut page = Vec::new();
    Man::new(Cli::command()).render(&mut page).map_err(Failure::defect)?;
    print(&String::from_utf8(page).map_err(Failure::defect)?)
}
