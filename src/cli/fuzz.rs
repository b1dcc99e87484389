//! `wabizspec fuzz`: the wire fuzzer.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use super::fuzz_session::{self, FuzzSetup, NoLogin};
use super::signal::stop_on_signal;
use super::target::TargetArgs;
use super::{CONFORMS, FINDINGS, Failure, INCONCLUSIVE, INTERRUPTED, cannot, runtime, suite};
use crate::custody::config::{LongSpan, Span};
use crate::exchange::{Redaction, harmless_line, harmless_text};
use crate::files;
use crate::fuzz::drive::{News, Settings, drive};
use crate::fuzz::finding::Found;
use crate::fuzz::summary::Summary;
use crate::fuzz::timetable::{Cut, Timetable, within};
use crate::fuzz::{Class, Surface, aimed};
use crate::report::{Format, Wanted, of_fuzzing};
use crate::requirement::Register;

/// How long a run takes unless something else is asked for.
const TIME: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec fuzz all --time 30s                              fuzz the embedded reference client
  wabizspec fuzz basic-auth login-body --target http://127.0.0.1:8080 --requests 20000 --seed 7
  wabizspec fuzz all --target http://127.0.0.1:8080 --out findings --report json=fuzz.json
  wabizspec replay findings --target http://127.0.0.1:8080   send the findings again

The fuzzer creates its own accounts and deletes them at the end. To do that it logs in as admin, with \
WABIZSPEC_ADMIN_PASSWORD or a password that an earlier run left in the journal. If neither works, it does the first login: on \
this machine if the target says that the default password has to be changed (code 1024), elsewhere only with --fresh or \
--reset. It writes the new password to the journal first; `wabizspec recover` shows it. To fuzz another machine, list the \
host under [fuzz] allow_hosts in the configuration.")]
pub(super) struct FuzzArgs {
    #[arg(
        value_name = "SURFACE",
        required = true,
        help = format!("{}, or all (all but http)", Surface::names()),
        value_parser = PossibleValuesParser::new(Surface::ALL.map(Surface::name).into_iter().chain(["all"])),
        hide_possible_values = true
    )]
    surfaces: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// How long to run, such as 30s or 5m, including setup and cleanup [default: 60s without --requests]
    #[arg(long, value_name = "DUR")]
    time: Option<LongSpan>,
    /// Approximate number of requests to send
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// Seed for the inputs; the same seed and the same responses give the same inputs [default: random, and printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Directory for findings and the corpus; a later run continues from there
    #[arg(long, value_name = "DIR", default_value = fuzz_session::OUT)]
    out: PathBuf,
    /// Also send requests of a megabyte; and to another machine, unless it is disposable, texts of more than 16 KiB
    #[arg(long)]
    large: bool,
    /// Write a report as json or sarif, to PATH or to standard output
    #[arg(long, value_name = "FORMAT[=PATH]")]
    report: Option<Wanted>,
    /// Print only the summary
    #[arg(short, long)]
    quiet: bool,
}

fn surfaces(names: &[String]) -> Result<Vec<Surface>, Failure> {
    let mut surfaces = BTreeSet::new();
    for name in names {
        match name.as_str() {
            "all" => surfaces.extend(Surface::ALL.into_iter().filter(|surface| *surface != Surface::Http)),
            name => drop(surfaces.insert(name.parse().map_err(Failure::usage)?)),
        }
    }
    Ok(surfaces.into_iter().collect())
}

pub(super) fn fuzz(args: &FuzzArgs) -> Result<u8, Failure> {
    let surfaces = surfaces(&args.surfaces)?;
    if args.report.as_ref().is_some_and(|wanted| !matches!(wanted.format, Format::Json | Format::Sarif)) {
        return Err(Failure::usage("fuzz writes its report as json or sarif only\n  help: --report json=PATH"));
    }
    let resolved = args.target.resolve(&[])?;
    if let Some(wanted) = &args.report {
        wanted.spares(&resolved.inputs).map_err(Failure::usage)?;
    }
    let _lock = fuzz_session::reserve(&resolved)?;
    files::folder(&args.out).map_err(cannot("keep findings in", &args.out))?;
    // Opened before anything is sent: a run without its report is useless.
    let report = args.report.as_ref().map(sink).transpose();
    let mut report = report.map_err(|error| Failure::usage(format!("cannot write the report: {error}")))?;
    let suite = suite(None)?;
    let seed = args.seed.unwrap_or_else(fuzz_session::random_seed);
    let default_time = args.requests.is_none().then_some(TIME);
    let settings = Settings {
        surfaces: surfaces.clone(),
        seed,
        jobs: resolved.settings.jobs,
        timetable: Timetable::begins(args.time.map(|Span(time)| time).or(default_time)),
        requests: args.requests,
        out: Some(args.out.clone()),
        url: resolved.info.url.clone(),
        tls: resolved.settings.tls.clone(),
    };
    let stdout_is_taken = args.report.as_ref().is_some_and(|wanted| wanted.path.is_none());
    let mut console =
        Console::new(args.quiet, stdout_is_taken, settings.timetable.time, resolved.target.transport.secrets().clone());
    let names: Vec<&str> = surfaces.iter().map(|surface| surface.name()).collect();
    console.line(&format!("fuzzing {} of {} with seed {seed}", names.join(", "), resolved.info.url));
    let stop = stop_on_signal();
    let runtime = runtime()?;
    let mut setup = runtime.block_on(FuzzSetup::new(&resolved))?;
    if let Some(warning) = resolved.journal_warning() {
        console.line(&format!("warning: {warning}"));
    }
    let fuzzing = fuzz_with(args, &mut setup, &suite.register, &settings, &stop, &mut console);
    let mut summary = runtime.block_on(fuzzing);
    summary.interrupted |= *stop.borrow();
    summary.blocked = summary.blocked.map(|why| resolved.target.transport.secrets().apply(&why));
    summary.elapsed = settings.timetable.elapsed();
    // A pending name lookup or file write does not delay the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    console.end(&summary, &surfaces);
    if let (Some(report), Some(wanted)) = (&mut report, &args.report) {
        let document = match wanted.format {
            Format::Sarif => of_fuzzing(&summary, &suite.register, &resolved.info.url, exit(&summary)),
            _ => summary.document(),
        };
        let written = writeln!(report, "{document:#}").and_then(|()| report.flush());
        written.map_err(|error| Failure::inconclusive(format!("the report could not be written: {error}")))?;
    }
    Ok(exit(&summary))
}

/// Logs in, fuzzes, and removes the accounts that it made.
async fn fuzz_with(
    args: &FuzzArgs,
    setup: &mut FuzzSetup<'_>,
    register: &Register,
    settings: &Settings,
    stop: &watch::Receiver<bool>,
    console: &mut Console,
) -> Summary {
    let timetable = &settings.timetable;
    let admin = within(timetable.set_up, stop, setup.log_in(&args.out)).await;
    setup.notes.iter().for_each(|note| console.line(note));
    let not_begun =
        |blocked| Summary { seed: settings.seed, interrupted: *stop.borrow(), blocked, ..Summary::default() };
    let (session, no_login) = match admin {
        Ok(Ok(admin)) => (setup.session(admin, register, args.large), None),
        Ok(Err(NoLogin { why, login: Some(login) })) => (setup.without_login(login, register, args.large), Some(why)),
        Ok(Err(NoLogin { why, login: None })) => return not_begun(Some(why)),
        Err(Cut::Time) => return not_begun(Some("half the time was over before the admin was logged in".to_owned())),
        Err(Cut::Stop) => return not_begun(None),
    };
    let session = Arc::new(session);
    let watch = &mut |news: News<'_>| match news {
        News::Found(found) => console.line(&finding_line(found)),
        News::Progress(summary) => console.now_and_then(|| progress(summary), summary.elapsed),
        News::Waiting(elapsed) => console.now_and_then(|| "waiting for answers that take their time".into(), elapsed),
    };
    let mut summary = drive(Arc::clone(&session), settings, stop.clone(), watch).await;
    if let Some(why) = no_login {
        summary.unfinished.push(format!("surfaces that need a login were not fuzzed: {why}"));
    }
    match setup.clean_up(&session, timetable.clean_up()).await {
        Ok(left) => left.iter().for_each(|left| console.line(left)),
        Err(why) => summary.unfinished.push(why),
    }
    summary
}

fn sink(wanted: &Wanted) -> std::io::Result<Box<dyn Write>> {
    Ok(match &wanted.path {
        Some(path) => Box::new(std::io::BufWriter::new(files::open_report(path)?)),
        None => Box::new(std::io::stdout()),
    })
}

/// Where several hold, the order is that of a run.
fn exit(summary: &Summary) -> u8 {
    if summary.interrupted {
        INTERRUPTED
    } else if summary.findings().next().is_some() {
        FINDINGS
    } else if summary.blocked.is_some() || summary.inputs == 0 || summary.doubted > 0 {
        INCONCLUSIVE
    } else {
        CONFORMS
    }
}

/// Shows how it goes: a bar on a terminal, a line every few seconds elsewhere.
struct Console {
    out: Box<dyn Write + Send>,
    quiet: bool,
    bar: ProgressBar,
    time: Option<Duration>,
    last_line: Instant,
    secrets: Redaction,
}

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

impl Console {
    fn new(quiet: bool, stdout_is_taken: bool, time: Option<Duration>, secrets: Redaction) -> Console {
        let out: Box<dyn Write + Send> =
            if stdout_is_taken { Box::new(anstream::stderr()) } else { Box::new(anstream::stdout()) };
        let style =
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let is_seen = std::io::stderr().is_terminal() && !quiet;
        let bar = if is_seen { ProgressBar::new_spinner().with_style(style) } else { ProgressBar::hidden() };
        Console { out, quiet, bar, time, last_line: Instant::now(), secrets }
    }

    fn line(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        self.bar.suspend(|| {
            // A reader that has gone away is no error.
            let _ = writeln!(self.out, "{}", harmless_text(&self.secrets.apply(text)));
        });
    }

    /// On the bar always, as a line when one is due.
    fn now_and_then(&mut self, text: impl Fn() -> String, elapsed: Duration) {
        let left = self.time.map(|time| format!(" · {} s left", time.saturating_sub(elapsed).as_secs()));
        let text = || text() + &left.unwrap_or_default();
        if !self.bar.is_hidden() {
            self.bar.set_message(text());
        } else if self.last_line.elapsed() >= EVERY {
            self.line(&text());
            self.last_line = Instant::now();
        }
    }

    fn end(&mut self, summary: &Summary, surfaces: &[Surface]) {
        self.bar.finish_and_clear();
        let text = self.secrets.apply(&closing_text(summary, surfaces));
        let _ = write!(self.out, "{}", harmless_text(&text));
        let _ = self.out.flush();
    }
}

fn progress(summary: &Summary) -> String {
    let (rate, findings) = (summary.rate(), summary.findings().count());
    let (requests, kinds, kept) = (summary.requests, summary.answers.len(), summary.corpus);
    format!("{requests} requests · {rate:.0}/s · {kinds} kinds of answers · {kept} inputs kept · {findings} findings")
}

fn finding_line(found: &Found) -> String {
    let violation = &found.violation;
    format!("{} {} {}: {}", violation.level, violation.requirement, found.id, harmless_line(&violation.what))
}

fn closing_text(summary: &Summary, surfaces: &[Surface]) -> String {
    let mut lines = vec![String::new(), "what was sent, by answer".to_owned()];
    let mut rows: Vec<(Surface, Class)> = summary.table.keys().map(|(surface, class, _)| (*surface, *class)).collect();
    rows.dedup();
    for (surface, class) in rows {
        let cells = summary.table.iter().filter(|((s, c, _), _)| (*s, *c) == (surface, class));
        let cells: Vec<String> = cells.map(|((_, _, kind), count)| format!("{kind} x{count}")).collect();
        lines.push(format!("  {surface:<13} {class:<7} {}", cells.join("  ")));
    }
    let possible = aimed::rows(surfaces);
    let (covered, missed): (Vec<&str>, Vec<&str>) = possible.iter().partition(|row| summary.rows.contains(**row));
    lines.push(format!("rows of the catalogue covered: {} of {}", summary.rows.len(), possible.len()));
    for letter in ['A', 'J', 'P', 'S', 'H'] {
        let rows: Vec<&str> = covered.iter().filter(|row| row.starts_with(letter)).copied().collect();
        lines.extend((!rows.is_empty()).then(|| format!("  {}", rows.join(" "))));
    }
    if !missed.is_empty() {
        lines.push(format!("  not reached: {}", missed.join(" ")));
    }
    lines.extend(summary.missing.iter().map(|(operation, status)| format!("missing: {operation} (answered {status})")));
    lines.extend(summary.skipped.iter().map(|(why, count)| format!("not sent: {count} inputs ({why})")));
    let observed = |(what, count): (&String, &u64)| format!("observed {count} times: {}", harmless_line(what));
    lines.extend(summary.observed.iter().map(observed));
    for cause in summary.causes() {
        let found = cause[0];
        let times: u64 = cause.iter().map(|found| found.times).sum();
        lines.push(format!("\n{} (seen {times} times)", finding_line(found)));
        if cause.len() > 1 {
            let kinds: Vec<String> = cause.iter().map(|found| found.kind_of_input()).collect();
            lines.push(format!("  by {} kinds of input: {}", kinds.len(), kinds.join(", ")));
        }
        lines.extend(found.reproduce.iter().map(|line| format!("  {line}")));
    }
    lines.extend(summary.blocked.iter().map(|why| format!("\nstopped: {why}")));
    lines.extend(summary.unfinished.iter().map(|what| format!("\nnot complete: {what}")));
    if summary.interrupted {
        lines.push("\ninterrupted; everything up to there is reported".to_owned());
    }
    let Summary { inputs, requests, seed, .. } = summary;
    let (seconds, rate) = (summary.elapsed.as_secs_f64(), summary.rate());
    let (findings, warnings) = (summary.findings().count(), summary.warnings().count());
    lines.push(format!(
        "\n{inputs} inputs, {requests} requests in {seconds:.1} s ({rate:.0}/s), seed {seed}: {findings} findings, \
         {warnings} warnings\n"
    ));
    lines.join("\n")
}
