//! The command line: arguments, one file per subcommand, exit codes. It decides nothing about conformance.

mod completions;
mod check;
mod explain;
mod init;
mod list;
mod man;
mod report;
mod merge;
mod diff;
mod claim;
mod judge;
mod secret_flags;
mod signal;
mod prove;
mod schema;
mod serve;
mod target;
mod fuzz_session;
mod fuzz;
mod plan_view;
mod doctor;
mod recover;
mod replay;
mod run;
mod compare;
mod next;
mod reproduce;
mod export;

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};

use crate::exchange::{harmless_text, shell_word};
use crate::reference::Fault;
use crate::requirement::Level;
use crate::run::Conclusion;
use crate::scenario::Suite;
use crate::{files, located};

// Exit codes, see `Summary::conclusion` for which of them wins.

/// Everything that ran conforms, and something was judged.
pub const CONFORMS: u8 = Conclusion::Conforms.exit_code();
/// A must was broken (or a should, under `--fail-on should`).
pub const FINDINGS: u8 = Conclusion::Findings.exit_code();
/// A flag, a file, a filter: noticed before any request.
pub const USAGE: u8 = 2;
/// The target could not be reached or got ready, or nothing was judged; and nothing was found.
pub const INCONCLUSIVE: u8 = Conclusion::Inconclusive.exit_code();
/// A defect of ours.
pub const DEFECT: u8 = Conclusion::Defect.exit_code();
/// Interrupted; the report is complete up to there.
pub const INTERRUPTED: u8 = Conclusion::Interrupted.exit_code();

/// Conformance suite and fuzzer for the documented WhatsApp Business On-Premises API.
#[derive(Parser)]
#[command(
    name = "wabizspec",
    version,
    about,
    after_help = "\
Exit codes: 0 everything that ran conforms · 1 findings · 2 usage error, nothing was sent
            3 inconclusive · 70 a bug in wabizspec · 130 interrupted

Start with `wabizspec run`: it tests the embedded reference client. To test your own server, run
`wabizspec init` to write wabizspec.toml, `wabizspec doctor` to check the setup, and then
`wabizspec run`. A run changes nothing on your server unless you allow it."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Test a target: run the scenarios against it
    Run(Box<run::RunArgs>),
    /// Show what to fix next: the causes in order, and one case to work on
    Next(Box<next::NextArgs>),
    /// Run the same cases on two targets, and show what they differ in
    Compare(Box<compare::CompareArgs>),
    /// Write a shell script that repeats a case with curl
    Reproduce(Box<reproduce::ReproduceArgs>),
    /// Write the suite to a directory, or its cases for Hurl or Postman
    Export(export::ExportArgs),
    /// Fuzz a target: search for inputs that it handles wrongly
    Fuzz(Box<fuzz::FuzzArgs>),
    /// Send saved fuzz findings again
    Replay(Box<replay::ReplayArgs>),
    /// Combine the reports of shards, or convert a report to another format
    Merge(merge::MergeArgs),
    /// Compare two reports: what is new, what is gone, and what is still there
    Diff(diff::DiffArgs),
    /// Write what a report shows of its target as a claim and a badge, or check a claim
    Claim(claim::ClaimArgs),
    /// Judge recorded traffic: hold a HAR file to the rules
    Judge(Box<judge::JudgeArgs>),
    /// Run the reference client as a server
    Serve(serve::ServeArgs),
    /// Prove that the suite finds faults: run it against each planted fault
    Prove(prove::ProveArgs),
    /// List scenarios, cases, requirements or planted faults
    List(list::ListArgs),
    /// Print the JSON Schema of what this program writes or reads
    Schema(schema::SchemaArgs),
    /// Explain an area, a requirement, a case or an error code
    Explain(explain::ExplainArgs),
    /// Find the admin's password after an interrupted run
    Recover(recover::RecoverArgs),
    /// Check the configuration and the target before a run
    Doctor(doctor::DoctorArgs),
    /// Write a commented wabizspec.toml
    Init(init::InitArgs),
    /// Print a shell completion script
    Completions(completions::CompletionsArgs),
    /// Print the man page, or write one per subcommand
    Man(man::ManArgs),
    /// Check scenario files without running them
    Check(check::CheckArgs),
}

/// The program.
pub fn main() -> ExitCode {
    if let Err(failure) = secret_flags::refuse(std::env::args_os().skip(1)) {
        return ExitCode::from(failure.tell());
    }
    let code = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Next(args) => next::next(*args),
        Command::Compare(args) => compare::compare(&args),
        Command::Reproduce(args) => reproduce::reproduce(&args),
        Command::Export(args) => export::export_suite(&args),
        Command::Fuzz(args) => fuzz::fuzz(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Claim(args) => claim::claim(&args),
        Command::Judge(args) => judge::judge(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Prove(args) => prove::prove(&args),
        Command::List(args) => list::list(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Recover(args) => recover::recover(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Init(args) => init::init(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => man::man(&args),
        Command::Check(args) => check::check(&args),
    };
    ExitCode::from(code.unwrap_or_else(|failure| failure.tell()))
}

/// Why a command ended without doing its work.
#[derive(Debug)]
struct Failure {
    code: u8,
    what: String,
}

impl Failure {
    /// The user has to change something: a flag, a file.
    fn usage(what: impl fmt::Display) -> Failure {
        Failure { code: USAGE, what: what.to_string() }
    }

    /// We have to change something.
    fn defect(what: impl fmt::Display) -> Failure {
        Failure { code: DEFECT, what: format!("a defect of wabizspec: {what}") }
    }

    /// Something outside of this program failed.
    fn inconclusive(what: impl fmt::Display) -> Failure {
        Failure { code: INCONCLUSIVE, what: what.to_string() }
    }

    fn tell(&self) -> u8 {
        // If standard error cannot be written to, there is no other place to say it.
        let _ = writeln!(anstream::stderr(), "error: {}", harmless_text(&self.what));
        self.code
    }
}

/// What to fail with if a file that the user named cannot be used like this.
fn cannot(what: &str, path: &Path) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::usage(format!("cannot {what} {}: {error}", path.display()))
}

/// The suite of a folder, or the one built in. The files of a folder are the user's, those built in are ours.
fn suite(folder: Option<&Path>) -> Result<Suite, Failure> {
    match folder {
        Some(folder) => Suite::from_folder(folder).map_err(Failure::usage),
        None => Suite::embedded().map_err(Failure::defect),
    }
}

/// Reads a text file that the user named.
fn read(path: &Path) -> Result<String, Failure> {
    let bytes = files::read(path, files::TEXT).map_err(cannot("read", path))?;
    located::text(&path.display().to_string(), bytes).map_err(Failure::usage)
}

/// Prints to standard output. A reader that has gone away is no error.
fn print(text: &str) -> Result<u8, Failure> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::inconclusive(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(CONFORMS),
    }
}

/// How to find the right id of a planted fault.
fn fault_help(id: &str) -> String {
    let near = located::nearest(id, Fault::all().map(|fault| fault.id.as_str()));
    let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    format!("help: {near}`wabizspec list faults` shows the ids")
}

/// What a runtime opens for itself, with some to spare. tokio panics if it has no file left for its handling of signals.
const FILES_OF_A_RUNTIME: usize = 12;

/// The same for a command that also starts a reference client, which has a runtime of its own.
const FILES_WITH_A_SERVER: usize = 2 * FILES_OF_A_RUNTIME;

/// Opens so many files to see that the system allows it. Otherwise connections fail later and the target is blamed.
fn enough_files(count: usize) -> Result<(), Failure> {
    let opened: io::Result<Vec<File>> = (0..count).map(|_| File::open("/dev/null")).collect();
    opened.map(drop).map_err(|error| {
        Failure::inconclusive(format!(
            "{count} files cannot be open at once: {error}\n  help: raise the limit with `ulimit -n`, or give fewer --jobs"
        ))
    })
}

/// A runtime of one thread: one target is waited for, nothing is computed.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    enough_files(FILES_OF_A_RUNTIME)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::defect)
}

/// `--fail-on LEVEL`, wherever findings decide.
fn level() -> impl TypedValueParser<Value = Level> {
    let names = PossibleValuesParser::new(["must", "should"]);
    names.map(|name| if name == "must" { Level::Must } else { Level::Should })
}

/// `--scenarios DIR`, wherever a command reads the suite.
#[derive(Debug, Clone, clap::Args)]
struct SuiteArgs {
    /// Directory with requirements.toml and <area>/<name>.toml, used instead of the built-in suite
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
}

impl SuiteArgs {
    /// The flag that names the suite, ready for a shell.
    fn flag(&self) -> String {
        let folder = self.scenarios.as_ref().map(|folder| shell_word(&folder.display().to_string()));
        folder.map_or(String::new(), |folder| format!(" --scenarios {folder}"))
    }

    fn suite(&self) -> Result<Suite, Failure> {
        suite(self.scenarios.as_deref())
    }

    /// The files that the suite was read from; none for the one built in.
    fn inputs(&self) -> Vec<PathBuf> {
        self.scenarios.as_deref().map_or_else(Vec::new, Suite::files)
    }
}
