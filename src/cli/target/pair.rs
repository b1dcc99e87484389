//! Two targets with the same settings: what is about one of them is given twice.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use super::{Resolved, TargetArgs};
use crate::cli::Failure;

/// The flags of one target, with those that name something of its own given once for each target, in the same order.
#[derive(Debug)]
pub(in crate::cli) struct PairArgs {
    first: TargetArgs,
    targets: Vec<String>,
    configs: Vec<PathBuf>,
    resets: Vec<String>,
    journals: Vec<PathBuf>,
}

/// Those flags, and what their help says besides.
const OWN: [(&str, &str); 4] = [
    ("target", "URL of a target, including any base path; give it twice, A first"),
    (
        "config",
        "Configuration file of each target; give it twice, or never [default: wabizspec.toml, for the target that it names]",
    ),
    (
        "reset",
        "How to reset each target to a fresh install: a shell command, or \"METHOD URL\"; give it twice, or never",
    ),
    ("journal", "File that stores the passwords the run sets, for each target; give it twice, or never"),
];

impl Args for PairArgs {
    fn augment_args(command: Command) -> Command {
        let twice = |arg: Arg, help: &'static str| arg.action(ArgAction::Append).help(help).env(None);
        let command = TargetArgs::augment_args(command).mut_arg("embedded", |arg| arg.hide(true));
        OWN.into_iter().fold(command, |command, (name, help)| command.mut_arg(name, |arg| twice(arg, help)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        PairArgs::augment_args(command)
    }
}

impl FromArgMatches for PairArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<PairArgs, Error> {
        Ok(PairArgs {
            first: TargetArgs::from_arg_matches(matches)?,
            targets: all(matches, "target"),
            configs: all(matches, "config"),
            resets: all(matches, "reset"),
            journals: all(matches, "journal"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = PairArgs::from_arg_matches(matches)?;
        Ok(())
    }
}

fn all<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<T> {
    matches.get_many(name).into_iter().flatten().cloned().collect()
}

impl PairArgs {
    /// Settles on both targets. Nothing is sent yet.
    pub fn resolve(&self) -> Result<[Resolved; 2], Failure> {
        let counts = [
            ("--target", self.targets.len()),
            ("--config", self.configs.len()),
            ("--reset", self.resets.len()),
            ("--journal", self.journals.len()),
        ];
        if let Some((flag, count)) = counts.into_iter().find(|(_, count)| !matches!(count, 0 | 2)) {
            return Err(Failure::usage(format!(
                "{flag} is given {count} times, for two targets\n  help: give it once for each target, in the same order"
            )));
        }
        if self.targets.is_empty() && self.configs.is_empty() {
            return Err(Failure::usage("two targets are needed\n  help: give --target A --target B"));
        }
        let (one, other) = (self.at(0).resolve(&[])?, self.at(1).resolve(&[])?);
        if one.origin().is_the_same_as(other.origin()) {
            return Err(Failure::usage(format!("both targets are {}\n  help: give two that can differ", one.info.url)));
        }
        if let (Some(journal), Some(second)) = (one.journal(), other.journal())
            && crate::files::are_same(journal.path(), second.path())
        {
            return Err(Failure::usage("both targets have the same journal\n  help: give each a --journal of its own"));
        }
        Ok([one, other])
    }

    /// The flags of the first or the second target.
    fn at(&self, index: usize) -> TargetArgs {
        TargetArgs {
            target: self.targets.get(index).cloned(),
            config: self.configs.get(index).cloned(),
            reset: self.resets.get(index).cloned(),
            journal: self.journals.get(index).cloned(),
            ..self.first.clone()
        }
    }
}
