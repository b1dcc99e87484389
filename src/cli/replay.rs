//! `wabizspec replay`: inputs that were found, or any others, sent again.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::sync::watch;

use super::fuzz_session::{self, FuzzSetup};
use super::signal::{stop_on_signal, unless_stopped};
use super::target::TargetArgs;
use super::{CONFORMS, FINDINGS, Failure, INCONCLUSIVE, INTERRUPTED, cannot, print, runtime, suite};
use crate::exchange::harmless_line;
use crate::files;
use crate::fuzz::drive::once;
use crate::fuzz::saved::{inputs, saved, surface_of};
use crate::fuzz::session::FuzzSession;
use crate::fuzz::timetable::Timetable;
use crate::fuzz::{Check, Kind, Surface};
use crate::requirement::{Level, Register};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec replay wabizspec-fuzz/findings --target http://127.0.0.1:8080   everything in a directory
  wabizspec replay wabizspec-fuzz/findings/basic-auth/basic-auth-crash-1a2b3c4d
  wabizspec replay fuzz/corpus/login_body            seeds, against the reference client

The surface of an input is the name of a directory it is in, or --surface.

Exit codes: 0 nothing is reproduced, and everything was judged · 1 something is reproduced
            3 something could not be judged · 130 interrupted")]
pub(super) struct ReplayArgs {
    /// Files or directories
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    /// Surface to send the inputs to, whatever their directories are called
    #[arg(long, value_name = "SURFACE")]
    surface: Option<Surface>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Reproduced,
    Fixed,
    Inconclusive,
}

pub(super) fn replay(args: &ReplayArgs) -> Result<u8, Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        for file in inputs(path).map_err(cannot("read", path))? {
            let Some(surface) = args.surface.or_else(|| surface_of(&file)) else {
                let help = "help: say where it is sent with --surface";
                return Err(Failure::usage(format!("{} lies in no folder of a surface\n  {help}", file.display())));
            };
            files.push((file, surface));
        }
    }
    if files.is_empty() {
        return Err(Failure::usage("the given paths contain no inputs"));
    }
    let resolved = args.target.resolve(&[])?;
    let _lock = fuzz_session::reserve(&resolved)?;
    let suite = suite(None)?;
    let stop = stop_on_signal();
    let runtime = runtime()?;
    let mut setup = runtime.block_on(FuzzSetup::new(&resolved))?;
    let outcomes = runtime.block_on(replay_with(&files, &mut setup, &suite.register, &stop))?;
    Ok(match &outcomes {
        _ if *stop.borrow() => INTERRUPTED,
        outcomes if outcomes.contains(&Outcome::Reproduced) => FINDINGS,
        outcomes if outcomes.contains(&Outcome::Inconclusive) => INCONCLUSIVE,
        _ => CONFORMS,
    })
}

async fn replay_with(
    files: &[(PathBuf, Surface)],
    setup: &mut FuzzSetup<'_>,
    register: &Register,
    stop: &watch::Receiver<bool>,
) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    // An earlier version kept the password of an admin with its findings.
    let out = files.iter().find_map(|(file, _)| file.ancestors().nth(3));
    let Some(admin) = unless_stopped(stop, setup.log_in(out.unwrap_or(Path::new(".")))).await else {
        return Ok(outcomes);
    };
    for note in &setup.notes {
        print(&format!("{note}\n"))?;
    }
    let session = setup.session(admin.map_err(|no| Failure::inconclusive(no.why))?, register, true);
    for (file, surface) in files {
        let Some(tried) = unless_stopped(stop, one(&session, file, *surface)).await else { break };
        let (outcome, why) = tried.unwrap_or_else(|why| (Outcome::Inconclusive, why));
        let word = match outcome {
            Outcome::Reproduced => "reproduced",
            Outcome::Fixed => "fixed",
            Outcome::Inconclusive => "inconclusive",
        };
        print(&format!("{word} {}: {}\n", file.display(), harmless_line(&why)))?;
        outcomes.push(outcome);
    }
    let left = setup.clean_up(&session, Timetable::begins(None).clean_up()).await;
    for left in left.unwrap_or_else(|why| vec![why]) {
        print(&format!("{left}\n"))?;
    }
    Ok(outcomes)
}

/// What became of one input, and the reason; an error says why it could not be judged.
async fn one(session: &FuzzSession, file: &Path, surface: Surface) -> Result<(Outcome, String), String> {
    let input = files::read_own(file, files::TEXT).map_err(|error| format!("cannot be read: {error}"))?;
    let (probed, signatures) = once(session, surface, &input).await.map_err(|why| why.to_string())?;
    let before = saved(file).map(|saved| saved.signature);
    // The same check on the same requirement is the same finding, also if the answer has other words now.
    let same = |index: &usize| match &before {
        Some(before) => {
            let now = &signatures[*index];
            (before.check, &before.requirement) == (now.check, &now.requirement)
                || (before.check, now.check) == (Check::Down, Check::Answered)
        }
        None => probed.violations[*index].level == Level::Must,
    };
    if let Some(index) = (0..signatures.len()).find(same) {
        let violation = &probed.violations[index];
        return Ok((Outcome::Reproduced, format!("{}: {}", violation.requirement, violation.what)));
    }
    match (probed.skipped, probed.kind) {
        (Some(why), _) => Err(format!("not sent: {why}")),
        (None, Kind::Unreachable | Kind::Unsent) => Err("the target does not answer".to_owned()),
        (None, Kind::Answer(429, _)) => Err("the target throttles".to_owned()),
        (None, kind) => Ok((Outcome::Fixed, format!("answered {kind}"))),
    }
}
