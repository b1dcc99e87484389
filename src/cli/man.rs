//! `wabizspec man`: man pages, made from the same description of the arguments as `--help`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{CONFORMS, Cli, Failure, cannot, print};
use crate::files;

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
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        return pages(&command, folder).map(|()| CONFORMS).map_err(cannot("write man pages to", folder));
    }
    let page = page(Cli::command()).map_err(Failure::defect)?.1;
    print(&String::from_utf8(page).map_err(Failure::defect)?)
}

/// The page of a command and those of its subcommands.
fn pages(command: &Command, folder: &Path) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages(command, folder)?;
    }
    let (name, page) = page(command.clone())?;
    files::replace(&folder.join(name), &page)
}

/// A page and the name of its file.
fn page(command: Command) -> io::Result<(String, Vec<u8>)> {
    let (man, mut page) = (Man::new(command), Vec::new());
    man.render(&mut page)?;
    Ok((man.get_filename(), page))
}
