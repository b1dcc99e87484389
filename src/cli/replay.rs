//! `wabizspec replay`: inputs that were found, or any others, tried again.

use std::path::{Path, PathBuf};

use clap::Args;

use super::fuzz_ground::{self, Standing};
use super::target::TargetArgs;
use super::{CONFORMS, FINDINGS, Failure, INCONCLUSIVE, print, runtime, suite};
use crate::exchange::harmless_line;
use crate::fuzz::Surface;
use crate::fuzz::drive::once;
use crate::fuzz::probe::Kind;
use crate::fuzz::saved::{inputs, saved, surface_of};
use crate::fuzz::subject::Ground;
use crate::requirement::{Level, Register};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec replay wabizspec-fuzz/findings --target http://127.0.0.1:8080   a folder, whole
  wabizspec replay wabizspec-fuzz/findings/basic-auth/basic-auth-crash-1a2b3c4d
  wabizspec replay fuzz/corpus/login_body            seeds, on the reference client

An input's surface is the name of a folder that it lies in, or --surface. Exit code 1: something is reproduced; 0: nothing is, \
and everything was judged; 3: something could not be judged.")]
pub(super) struct ReplayArgs {
    /// Files or folders
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    /// Where the inputs are sent, whatever their folders are called
    #[arg(long, value_name = "SURFACE")]
    surface: Option<Surface>,
}

/// What became of one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Reproduced,
    Fixed,
    Inconclusive,
}

pub(super) fn replay(args: &ReplayArgs) -> Result<u8, Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        let found = inputs(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        for file in found {
            let surface = args.surface.or_else(|| surface_of(&file)).ok_or_else(|| {
                Failure::usage(format!(
                    "{} lies in no folder of a surface\n  help: say where it is sent with --surface",
                    file.display()
                ))
            })?;
            files.push((file, surface));
        }
    }
    if files.is_empty() {
        return Err(Failure::usage("there is no input in what was given"));
    }
    let resolved = args.target.resolve(&[])?;
    fuzz_ground::may_be_fuzzed(&resolved)?;
    let suite = suite(None)?;
    // The password of an admin that an earlier run set lies beside its findings.
    let out = files
        .iter()
        .flat_map(|(file, _)| file.ancestors().nth(3))
        .next()
        .unwrap_or(Path::new("."))
        .to_owned();
    runtime()?.block_on(async {
        let Standing {
            mut givens,
            ground,
            notes,
        } = fuzz_ground::stand(&resolved, &suite.register, &out, true).await;
        let ground = ground.map_err(Failure::inconclusive)?;
        for note in notes {
            print(&format!("{note}\n"))?;
        }
        let mut outcomes = Vec::new();
        for (file, surface) in &files {
            let (outcome, why) = one(&ground, &suite.register, file, *surface).await;
            let word = match outcome {
                Outcome::Reproduced => "reproduced",
                Outcome::Fixed => "fixed",
                Outcome::Inconclusive => "inconclusive",
            };
            print(&format!("{word} {}: {}\n", file.display(), harmless_line(&why)))?;
            outcomes.push(outcome);
        }
        for left in givens.clean_up().await {
            print(&format!("{left}\n"))?;
        }
        Ok(exit(&outcomes))
    })
}

fn exit(outcomes: &[Outcome]) -> u8 {
    if outcomes.contains(&Outcome::Reproduced) {
        FINDINGS
    } else if outcomes.contains(&Outcome::Inconclusive) {
        INCONCLUSIVE
    } else {
        CONFORMS
    }
}

async fn one(ground: &Ground, register: &Register, file: &Path, surface: Surface) -> (Outcome, String) {
    let input = match std::fs::read(file) {
        Ok(input) => input,
        Err(error) => return (Outcome::Inconclusive, format!("cannot be read: {error}")),
    };
    let (probed, signatures) = match once(ground, register, surface, &input).await {
        Ok(tried) => tried,
        Err(why) => return (Outcome::Inconclusive, why),
    };
    let before = saved(file).map(|saved| saved.signature);
    // The same check on the same requirement is the same finding, also when the words of the answer are others now.
    let same = |index: &usize| match &before {
        Some(before) => {
            (&before.oracle, &before.requirement) == (&signatures[*index].oracle, &signatures[*index].requirement)
                || (before.oracle == "down" && signatures[*index].oracle == "answered")
        }
        None => probed.broken[*index].level == Level::Must,
    };
    if let Some(index) = (0..signatures.len()).find(same) {
        let broken = &probed.broken[index];
        return (Outcome::Reproduced, format!("{}: {}", broken.requirement, broken.what));
    }
    match (probed.skipped, probed.kind) {
        (Some(why), _) => (Outcome::Inconclusive, format!("not sent: {why}")),
        (None, Kind::Unreachable | Kind::Unsent) => (Outcome::Inconclusive, "the target does not answer".to_owned()),
        (None, Kind::Answer(429, _)) => (Outcome::Inconclusive, "the target throttles".to_owned()),
        (None, kind) => (Outcome::Fixed, format!("answered {kind}")),
    }
}
