//! `wabizspec run`: plan, run, report.

mod watch;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::report::{Concluded, ReportArgs, conclude};
use super::signal::{Stops, stops_on_signals, unless_stopped};
use super::target::{Resolved, TargetArgs};
use super::{CONFORMS, FINDINGS, Failure, INCONCLUSIVE, SuiteArgs, cannot, level, plan_view, print, runtime};
use crate::baseline::{Baseline, Ledger};
use crate::custody::config::{LongSpan, Span};
use crate::custody::lock::RunLock;
use crate::documented::password::PasswordRule;
use crate::files;
use crate::judge::Verdict;
use crate::located::SourceText;
use crate::plan::{Capabilities, Case, Plan, Selection, SelectionError, Shard, cases, plan};
use crate::report::{Har, ReadError, Verbosity, Wanted, read, to_paste};
use crate::requirement::Level;
use crate::run::{Ended, Event, FailuresLeft, Settings, Summary, WholeSuite, run as run_plan};
use crate::scenario::{Change, Suite};
use crate::snapshot::Store;
use watch::{Watched, watch};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec run                                        test the embedded reference client
  wabizspec run --target https://wabiz.internal:9090   run only cases that change nothing
  wabizspec run --target http://127.0.0.1:8080 --fresh --allow users,passwords
  wabizspec run 'login/*' login.first.refused          select cases or requirements, with * and ?
  wabizspec run --report json=report.json --shard 1/2
  wabizspec run --report html=report.html --report junit=junit.xml
  wabizspec run --report har=traffic.har               every request and response, for `wabizspec judge` or a browser
  wabizspec run --rerun-failed report.json
  wabizspec run --target http://127.0.0.1:8080 --fresh --watch   again after each restart of the target
  wabizspec run --write-baseline known.toml            and from then on: run --baseline known.toml

The admin's password comes from WABIZSPEC_ADMIN_PASSWORD or the configuration's password_file. Without one, a token comes from \
WABIZSPEC_ADMIN_TOKEN or the configuration's login_command.")]
pub(super) struct RunArgs {
    /// Case ids, requirement ids or areas, with * and ? [default: all cases]
    #[arg(value_name = "FILTER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub filters: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// Lowest level of a finding that fails its case
    #[arg(long, value_name = "LEVEL", default_value = "must", help_heading = "Report", value_parser = level())]
    fail_on: Level,
    /// Compare the target's responses with earlier ones in this directory; new and changed ones are left pending
    #[arg(long, value_name = "DIR", help_heading = "Report")]
    snapshots: Option<PathBuf>,
    /// Accept new and changed responses
    #[arg(long, requires = "snapshots", help_heading = "Report")]
    accept: bool,
    /// File of known failures, which are not reported as findings; entries for new failures are printed at the end
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    baseline: Option<PathBuf>,
    /// Also exit with 1 if a baseline entry has expired, matches nothing or no longer fails
    #[arg(long, requires = "baseline", help_heading = "Report")]
    strict_baseline: bool,
    /// Write the known failures to FILE, which is new or the baseline, with an entry for each failure that is not known yet
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    write_baseline: Option<PathBuf>,
    /// Remove the baseline's entries whose cases were all judged and no longer fail, or are not in the suite
    #[arg(long, requires = "baseline", help_heading = "Report")]
    prune_baseline: bool,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Leave out these case ids, requirement ids or areas, with * and ?
    #[arg(long, value_name = "GLOB", help_heading = "Plan", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    exclude: Vec<String>,
    /// Wait this long for the target to be ready, at the start and after each reset [default: 10s at the start if it takes
    /// connections, 60s after a reset]
    #[arg(long, value_name = "DUR", help_heading = "Target")]
    wait: Option<LongSpan>,
    /// Run only the cases that failed, were blocked or ended in an error in this report (json or ndjson)
    #[arg(long, value_name = "REPORT", help_heading = "Plan")]
    rerun_failed: Option<PathBuf>,
    /// Run only part K of N of the cases
    #[arg(long, value_name = "K/N", help_heading = "Plan")]
    shard: Option<Shard>,
    /// Stop after N failed cases
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Plan")]
    max_fail: Option<u32>,
    /// Start no more cases after this time, such as 10m; the rest are blocked [default: depends on the plan]
    #[arg(long, value_name = "DUR", help_heading = "Plan")]
    max_time: Option<LongSpan>,
    /// Let this time pass before the token and the password that the run was given at its beginning are tried again, such
    /// as 5s; a server whose tokens die with time or without use shows it then
    #[arg(long, value_name = "DUR", help_heading = "Plan")]
    linger: Option<LongSpan>,
    /// Reset the target at most N times; cases that need another reset are blocked
    #[arg(long, value_name = "N", help_heading = "Plan")]
    max_resets: Option<u32>,
    /// Exit with 3 if fewer than N cases are judged; a shard needs half of its share, because shards differ in size
    #[arg(long, value_name = "N", help_heading = "Plan")]
    min_cases: Option<u32>,
    /// Exit with 3 if fewer than N percent of the musts are proven, of those for targets like this one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=100), conflicts_with = "shard", help_heading = "Plan")]
    min_percent: Option<u8>,
    /// Print what would run, in what order, and what it would change; send nothing
    #[arg(long, help_heading = "Plan")]
    plan: bool,
    /// Run again when the target was restarted, or when a scenario, the configuration or the baseline has changed; Ctrl-C
    /// ends
    #[arg(long, conflicts_with_all = ["plan", "write_baseline", "prune_baseline"], help_heading = "Plan")]
    pub watch: bool,
    #[command(flatten, next_help_heading = "Plan")]
    suite: SuiteArgs,
}

/// The known failures, and the text that they were read from.
struct Known {
    ledger: Ledger,
    text: String,
}

pub(super) fn run(args: &RunArgs) -> Result<u8, Failure> {
    let stops = OnceCell::new();
    let once = || run_once(args, &stops);
    if args.watch { watch(once, || args.watched(), &stops) } else { once() }
}

fn run_once(args: &RunArgs, stops: &OnceCell<Stops>) -> Result<u8, Failure> {
    let only = args.to_run_again()?;
    let suite = args.suite.suite()?;
    let selection = Selection { filters: args.filters.clone(), exclude: args.exclude.clone(), only, shard: args.shard };
    let all = cases(&suite);
    let mut known = args.known(&all)?;
    let whole = suite.digest.clone().map(|digest| WholeSuite { digest, cases: all.len() });
    let (selected, part) = selection.apply(all).map_err(|error| args.no_case(&error))?;
    let resolved = args.target.resolve(&[
        ("--snapshots", args.snapshots.is_some()),
        ("--baseline", args.baseline.is_some()),
        ("--write-baseline", args.write_baseline.is_some()),
    ])?;
    let plan = plan(selected, &resolved.capabilities);
    if args.plan {
        return print(&plan_view::plan_view(&plan, &resolved));
    }
    let store = |folder: &PathBuf| Store::open(folder, args.accept).map(Arc::new).map_err(cannot("use", folder));
    let snapshots = args.snapshots.as_ref().map(store).transpose()?;
    let mut reports = args.report.open(Verbosity::Normal, &args.inputs(&resolved))?;
    Har::listen(reports.traffic().cloned().collect(), &resolved.target.transport, &resolved.settings.admin_name);
    reports.require(args.least(resolved.configuration.config.target.min_cases), args.min_percent.unwrap_or(0));
    if let Some(path) = &resolved.configuration.file {
        args.report.say(&format!("configuration: {}", path.display()));
    }
    for hook in &resolved.hooks {
        // However quiet the run is: these lines act on this machine.
        let _ = writeln!(anstream::stderr(), "this run may execute {hook}");
    }
    // Held until the run has ended, clean-up included.
    let mut _lock = None;
    if !resolved.info.embedded {
        _lock = Some(RunLock::take(&resolved.locks()).map_err(Failure::usage)?);
        args.report.say(&plan_view::changes(&plan, &resolved.capabilities));
        make_safe(&|text| args.report.say(text), &resolved, &plan)?;
    }
    runtime()?.block_on(async {
        let settings = Settings {
            fail_on: args.fail_on,
            max_fail: args.max_fail.map(|count| FailuresLeft::new(count as usize)),
            max_time: args.max_time.map(|Span(time)| time),
            linger: args.linger.map(|Span(time)| time),
            ready_timeout: args.wait.map(|Span(time)| time).or(resolved.settings.ready_timeout),
            max_resets: args.max_resets.map(|count| count as usize),
            flags: resolved.settings.flags.clone() + &args.suite.flag(),
            snapshots,
            suite: whole,
            part,
            ..resolved.settings.clone()
        };
        let mut emit = |event: Event| {
            let events = match &mut known {
                Some(known) => known.ledger.take(event),
                None => vec![event],
            };
            for event in events {
                if let Some(left) = &settings.max_fail {
                    left.take(&event);
                }
                reports.take(&event);
            }
        };
        drive(&suite, plan, &resolved, &settings, stops.get_or_init(stops_on_signals), &mut emit).await;
    });
    let Concluded { code, verdict } = conclude(reports);
    if verdict == INCONCLUSIVE && !resolved.info.embedded {
        args.report.say("help: `wabizspec doctor`, with the same flags, shows what is wrong");
    }
    let Some(Known { ledger, text }) = known else { return Ok(code) };
    match &args.writes_to() {
        // A run that was cut short shows only a part of what fails.
        Some(path) if matches!(verdict, CONFORMS | FINDINGS | INCONCLUSIVE) => {
            args.write_known(path, &ledger, &text)?
        }
        _ => args.print_entries(&ledger),
    }
    Ok(match code {
        CONFORMS | INCONCLUSIVE if args.strict_baseline && ledger.is_stale() => FINDINGS,
        code => code,
    })
}

/// Runs the plan, until it is done or a signal ends it.
pub(super) async fn drive(
    suite: &Suite,
    plan: Plan,
    resolved: &Resolved,
    settings: &Settings,
    stops: &Stops,
    emit: &mut (dyn FnMut(Event) + Send),
) {
    let (target, registration) = (Arc::clone(&resolved.target), resolved.info.registration);
    let begun = Instant::now();
    let running = run_plan(&suite.register, plan, target, registration, settings, stops.tidily.clone(), emit);
    if unless_stopped(&stops.at_once, running).await.is_none() {
        let what = "what the run made on the target was not removed; `wabizspec recover --clean` does";
        emit(Event::Note(format!("ended at once: {what}")));
        let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        emit(Event::Ended(Ended { complete: false, interrupted: true, password_changed: false, elapsed_ms }));
    }
}

/// Before the first request: makes sure that passwords which the run will give can be kept.
pub(super) fn make_safe(say: &dyn Fn(&str), resolved: &Resolved, plan: &Plan) -> Result<(), Failure> {
    let changes = plan.changes();
    let Capabilities { fresh, reset, .. } = resolved.capabilities;
    let admins = fresh || reset || changes.contains_key(&Change::Passwords);
    if !admins && !changes.contains_key(&Change::Users) {
        return Ok(());
    }
    if let Some(password) = resolved.settings.admin_password.as_deref().filter(|_| admins)
        && PasswordRule::documented().check(password).is_err()
    {
        return Err(Failure::usage(
            "the admin's password breaks the documented rule, and a target refuses such a password when the run \
             sets it\n  help: give the admin a password of 8 to 64 characters with a digit, an upper-case and a lower-case letter \
             and a special character, or allow no change of it",
        ));
    }
    if let Some(journal) = resolved.journal() {
        runtime()?.block_on(journal.prepare()).map_err(Failure::usage)?;
    }
    if let Some(warning) = resolved.journal_warning().filter(|_| admins) {
        say(&format!("warning: {warning}"));
    }
    Ok(())
}

impl RunArgs {
    /// A filter that matches nothing may have been meant as a report: `--report html junit`.
    fn no_case(&self, error: &SelectionError) -> Failure {
        const ENDINGS: [&str; 5] = [".html", ".json", ".md", ".ndjson", ".xml"];
        let is_file = |filter: &String| ENDINGS.iter().any(|ending| filter.ends_with(ending));
        let is_report = |filter: &&String| is_file(filter) || filter.parse::<Wanted>().is_ok();
        match self.filters.iter().find(is_report) {
            Some(filter) => Failure::usage(format!(
                "{error}\n  help: if `{filter}` is to be a report: each has a --report of its own, and goes to a file with \
                 =PATH, as in --report html=report.html --report junit=junit.xml"
            )),
            None => Failure::usage(error),
        }
    }

    /// How many cases have to be judged. The configured number is for the whole suite, not for a selection of cases.
    fn least(&self, configured: Option<u32>) -> usize {
        let is_whole = self.filters.is_empty() && self.exclude.is_empty() && self.rerun_failed.is_none();
        let least = u64::from(self.min_cases.or(configured.filter(|_| is_whole)).unwrap_or(0));
        let least = self.shard.map_or(least, |shard| least / (2 * shard.count));
        usize::try_from(least).unwrap_or(usize::MAX)
    }

    /// Every file that no report may overwrite.
    fn inputs(&self, resolved: &Resolved) -> Vec<PathBuf> {
        let own = self.baseline.iter().chain(&self.rerun_failed).chain(&self.write_baseline).cloned();
        own.chain(resolved.inputs.clone()).chain(self.suite.inputs()).collect()
    }

    /// What makes `--watch` run again.
    fn watched(&self) -> Result<Watched, Failure> {
        let configuration = self.target.configuration()?;
        let own = self.baseline.iter().chain(&configuration.file).cloned().collect::<Vec<_>>();
        let suite = self.suite.clone();
        let resolved = self.target.resolve_with(configuration, &[])?;
        if resolved.info.embedded && suite.scenarios.is_none() {
            return Err(Failure::usage(
                "--watch waits for a target to change, but none is named\n  help: give --target URL, or --scenarios DIR to run \
                 again when a scenario changes",
            ));
        }
        Ok(Watched {
            target: (!resolved.info.embedded).then_some(resolved.target),
            files: Box::new(move || own.iter().cloned().chain(suite.inputs()).collect()),
        })
    }

    /// The known failures, for a run of these cases.
    fn known(&self, all: &[Case]) -> Result<Option<Known>, Failure> {
        if let Some(new) =
            self.write_baseline.as_ref().filter(|path| Some(*path) != self.baseline.as_ref() && path.exists())
        {
            let new = new.display();
            return Err(Failure::usage(format!(
                "{new} exists already\n  help: name a new file, or add to this one with --baseline {new} --write-baseline {new}"
            )));
        }
        let (baseline, text) = match &self.baseline {
            None if self.write_baseline.is_none() => return Ok(None),
            None => (Baseline::default(), String::new()),
            Some(path) => {
                let (file, text) = (path.display().to_string(), super::read(path)?);
                (Baseline::parse(SourceText { file: &file, text: &text }).map_err(Failure::usage)?, text)
            }
        };
        let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
        let ids = all.iter().map(|case| case.id.as_str());
        Ok(Some(Known { ledger: Ledger::new(baseline, today, ids), text }))
    }

    /// The file that the known failures are written to, if they are.
    fn writes_to(&self) -> Option<&PathBuf> {
        self.write_baseline.as_ref().or(self.baseline.as_ref().filter(|_| self.prune_baseline))
    }

    /// Writes the known failures: the `text` of the baseline, without what is to be pruned, with what is to be added.
    fn write_known(&self, path: &Path, ledger: &Ledger, text: &str) -> Result<(), Failure> {
        let gone = if self.prune_baseline { ledger.needless() } else { BTreeSet::new() };
        let new = if self.write_baseline.is_some() { ledger.new.as_slice() } else { &[] };
        let reason = format!("written by --write-baseline on {}, not explained yet", ledger.today());
        let text = ledger.text_without(text, &gone) + &to_paste(new, &reason);
        files::replace(path, text.as_bytes()).map_err(cannot("write", path))?;
        let (path, added, removed) = (path.display(), new.len(), gone.len());
        self.report.say_after(&format!("\n{path}: entries added: {added}, removed: {removed}\n"));
        if self.write_baseline.is_none() {
            self.print_entries(ledger);
        }
        Ok(())
    }

    /// Ends the report with entries for what failed and the baseline does not know.
    fn print_entries(&self, ledger: &Ledger) {
        let entries = to_paste(&ledger.new, "");
        if let Some(path) = self.baseline.as_ref().filter(|_| !entries.is_empty()) {
            let path = path.display();
            self.report.say_after(&format!("\nentries for {path}, each reason still to be written:\n{entries}"));
        }
    }

    /// The cases to run again, if a report says which.
    fn to_run_again(&self) -> Result<Option<BTreeSet<String>>, Failure> {
        let Some(path) = &self.rerun_failed else { return Ok(None) };
        let (ids, is_complete) = to_run_again(path).map_err(Failure::usage)?;
        if !is_complete {
            let note = "is of a run that was not completed; what it never tried is not run again";
            self.report.say(&format!("note: {} {note}", path.display()));
        }
        match ids.is_empty() {
            false => Ok(Some(ids)),
            true => Err(Failure::usage(format!(
                "there is nothing to run again: no case in {} failed, was blocked or was an error\n  \
                 help: run without --rerun-failed to judge everything",
                path.display()
            ))),
        }
    }
}

/// The cases of a report to run again, and whether its run was completed.
fn to_run_again(path: &Path) -> Result<(BTreeSet<String>, bool), ReadError> {
    let mut ids = BTreeSet::new();
    let mut summary = Summary::default();
    read(path, &mut |event| {
        summary.take(&event);
        if let Event::Case(case) = event
            && matches!(case.verdict, Verdict::Fail | Verdict::Blocked | Verdict::Error)
        {
            ids.insert(case.id);
        }
    })?;
    Ok((ids, summary.is_complete()))
}

#[cfg(test)]
mod tests;
