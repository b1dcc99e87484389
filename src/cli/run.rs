//! `wabizspec run`: plan, run, report.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::signal::stop_on_signal;
use super::target::{Resolved, TargetArgs};
use super::{CONFORMS, FINDINGS, Failure, INCONCLUSIVE, SuiteArgs, exit_code, plan_view, print, read, runtime, suite};
use crate::baseline::{Baseline, Ledger};
use crate::located::SourceText;
use crate::plan::{Case, Selection, Shard, cases, plan};
use crate::report::{Console, Report, Verbosity, Wanted};
use crate::requirement::Level;
use crate::run::{Event, FailuresLeft, Settings, Summary, run as run_plan};
use crate::snapshot::Store;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec run                                        judge the embedded reference client
  wabizspec run --target https://wabiz.internal:9090   only what changes nothing
  wabizspec run --target http://127.0.0.1:8080 --fresh --allow users,passwords
  wabizspec run 'login/*' login.first.refused          by case or requirement, with * and ?
  wabizspec run --report json=report.json --shard 1/2

The admin's password comes from WABIZSPEC_ADMIN_PASSWORD or the configuration's password_file.")]
pub(super) struct RunArgs {
    /// Case ids, requirement ids or areas, with * and ?; all cases without one
    #[arg(value_name = "FILTER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    filters: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// Write a report: json or ndjson, to a file with =PATH, else to standard output
    #[arg(long, value_name = "FORMAT[=PATH]", help_heading = "Report")]
    report: Vec<Wanted>,
    /// The level from which on a finding fails its case
    #[arg(long, value_name = "LEVEL", default_value = "must", help_heading = "Report")]
    fail_on: FailOn,
    /// Hold the target to its own earlier answers, kept in that folder; new and changed ones are left pending
    #[arg(long, value_name = "DIR", help_heading = "Report")]
    snapshots: Option<PathBuf>,
    /// Keep new and changed answers as the ones to hold the target to
    #[arg(long, requires = "snapshots", help_heading = "Report")]
    accept: bool,
    /// Known failures: what fails as that file says is no finding; the report ends with entries for what is not in it
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    baseline: Option<PathBuf>,
    /// Exit with 1 also where an entry of the baseline expired, matches nothing or no longer holds
    #[arg(long, requires = "baseline", help_heading = "Report")]
    strict_baseline: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    color: Color,
    /// Only findings and the count
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Report")]
    quiet: bool,
    /// Also the exchanges of failing cases, and every observation
    #[arg(short, long, help_heading = "Report")]
    verbose: bool,
    /// Run a part of the cases: the K-th of N
    #[arg(long, value_name = "K/N", help_heading = "Plan")]
    shard: Option<Shard>,
    /// Try no further case after so many have failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Plan")]
    max_fail: Option<u32>,
    /// Print what would run, in which order, and what it would change; send nothing
    #[arg(long, help_heading = "Plan")]
    plan: bool,
    #[command(flatten, next_help_heading = "Plan")]
    suite: SuiteArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Must,
    Should,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

pub(super) fn run(args: &RunArgs) -> Result<u8, Failure> {
    let on_stdout = args.report.iter().filter(|wanted| wanted.path.is_none()).count();
    if on_stdout > 1 {
        return Err(Failure::usage(
            "two reports want standard output\n  help: give all but one a file: --report json=PATH",
        ));
    }
    let suite = suite(args.suite.scenarios.as_deref())?;
    let selection = Selection {
        filters: args.filters.clone(),
        shard: args.shard,
    };
    let all = cases(&suite);
    let mut ledger = args.ledger(&all)?;
    let selected = selection.apply(all).map_err(Failure::usage)?;
    let resolved = args.target.resolve(&[
        ("--snapshots", args.snapshots.is_some()),
        ("--baseline", args.baseline.is_some()),
    ])?;
    let plan = plan(selected, &resolved.capabilities);
    if args.plan {
        return print(&plan_view::plan_view(&plan, &resolved));
    }
    let snapshots = args.snapshots()?;
    let mut reports = args.reports(on_stdout > 0)?;
    if let Some(path) = &resolved.config_file {
        args.say(&format!("configuration: {}", path.display()));
    }
    if !resolved.info.embedded {
        args.say(&plan_view::changes(&plan));
    }
    let mut summary = Summary::default();
    let mut broken = None;
    runtime()?.block_on(async {
        let settings = settings(args, &resolved, snapshots);
        let mut emit = |event: Event| {
            let events = match &mut ledger {
                Some(ledger) => ledger.take(event),
                None => vec![event],
            };
            for event in events {
                summary.take(&event);
                if let Some(left) = &settings.max_fail {
                    left.take(&event);
                }
                for report in &mut reports {
                    broken = broken.take().or(report.take(&event).err());
                }
            }
        };
        let (target, info) = (Arc::clone(&resolved.target), resolved.info.clone());
        run_plan(
            &suite.register,
            plan,
            target,
            info,
            &settings,
            stop_on_signal(),
            &mut emit,
        )
        .await;
    });
    for report in &mut reports {
        broken = broken.take().or(report.finish().err());
    }
    let entries = ledger.as_ref().map(Ledger::to_paste).unwrap_or_default();
    if !entries.is_empty() {
        args.tell_entries(&entries, on_stdout > 0);
    }
    let is_stale = args.strict_baseline && ledger.as_ref().is_some_and(Ledger::is_stale);
    let code = match exit_code(&summary) {
        CONFORMS | INCONCLUSIVE if is_stale => FINDINGS,
        code => code,
    };
    match broken {
        Some(error) => Err(Failure {
            // A report that is lost makes the run inconclusive, but not less than what was found.
            code: if code == CONFORMS { INCONCLUSIVE } else { code },
            what: format!("a report could not be written: {error}"),
        }),
        None => Ok(code),
    }
}

fn settings(args: &RunArgs, resolved: &Resolved, snapshots: Option<Arc<Store>>) -> Settings {
    Settings {
        admin_name: resolved.admin_name.clone(),
        admin_password: resolved.admin_password.clone(),
        fresh: resolved.capabilities.fresh,
        fail_on: match args.fail_on {
            FailOn::Must => Level::Must,
            FailOn::Should => Level::Should,
        },
        jobs: resolved.jobs,
        max_fail: args.max_fail.map(|count| FailuresLeft::new(count as usize)),
        account: resolved.account.clone(),
        snapshots,
        keep_exchanges: false,
        witness: None,
    }
}

impl RunArgs {
    fn snapshots(&self) -> Result<Option<Arc<Store>>, Failure> {
        let Some(folder) = &self.snapshots else { return Ok(None) };
        let store = Store::open(folder, self.accept);
        let store = store.map_err(|error| Failure::usage(format!("cannot use {}: {error}", folder.display())))?;
        Ok(Some(Arc::new(store)))
    }

    /// The known failures, held to a run of that suite.
    fn ledger(&self, all: &[Case]) -> Result<Option<Ledger>, Failure> {
        let Some(path) = &self.baseline else { return Ok(None) };
        let (file, text) = (path.display().to_string(), read(path)?);
        let (file, text) = (file.as_str(), text.as_str());
        let baseline = Baseline::parse(SourceText { file, text }).map_err(Failure::usage)?;
        let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
        let ids = all.iter().map(|case| case.id.as_str());
        Ok(Some(Ledger::new(baseline, today, ids)))
    }

    /// What the report ends with where something failed that the baseline does not know.
    fn tell_entries(&self, entries: &str, stdout_is_taken: bool) {
        let path = self.baseline.as_deref().unwrap_or(Path::new("the baseline"));
        let text = format!(
            "\nentries for {}, each reason still to be written:\n{entries}",
            path.display()
        );
        // A reader that has gone away is no error, and the exit code has been settled.
        let _ = match stdout_is_taken {
            true => std::io::stderr().write_all(text.as_bytes()),
            false => std::io::stdout().write_all(text.as_bytes()),
        };
    }

    /// Opens every report that was asked for, and the one for people.
    fn reports(&self, stdout_is_taken: bool) -> Result<Vec<Box<dyn Report + Send>>, Failure> {
        let mut reports: Vec<Box<dyn Report + Send>> = Vec::new();
        for wanted in &self.report {
            let opened = wanted.open();
            reports.push(opened.map_err(|error| {
                let path = wanted.path.clone().unwrap_or_else(|| PathBuf::from("standard output"));
                Failure::usage(format!("cannot write the report {}: {error}", path.display()))
            })?);
        }
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let choice = match self.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        let err_is_terminal = std::io::stderr().is_terminal();
        let (out, is_terminal): (Box<dyn Write + Send>, bool) = match stdout_is_taken {
            true => (
                Box::new(anstream::AutoStream::new(std::io::stderr(), choice)),
                err_is_terminal,
            ),
            false => (
                Box::new(anstream::AutoStream::new(std::io::stdout(), choice)),
                std::io::stdout().is_terminal(),
            ),
        };
        let live = is_terminal && err_is_terminal && verbosity == Verbosity::Normal;
        reports.push(Box::new(Console::new(out, verbosity, live)));
        Ok(reports)
    }

    /// A line beside the report, at standard error, so that the report stays what it is.
    fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}
