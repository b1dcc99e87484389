//! `wabizspec completions SHELL`: a completion script for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, print};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wabizspec completions bash > ~/.local/share/bash-completion/completions/wabizspec")]
pub(super) struct CompletionsArgs {
    /// Shell to generate the script for
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wabizspec", &mut script);
    print(&String::from_utf8(script).map_err(Failure::defect)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_complete_the_values_of_flags() {
        let mut script = Vec::new();
        clap_complete::generate(Shell::Zsh, &mut Cli::command(), "wabizspec", &mut script);
        let script = String::from_utf8(script).expect("text");
        for values in
            ["(auto open sunset)", "(passwords users registration clock)", "(must should)", "basic-auth", "postman"]
        {
            assert!(script.contains(values), "{values}");
        }
    }
}
