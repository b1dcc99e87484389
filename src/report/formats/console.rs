//! The report for people: a line for each case while the run goes, then every finding with its rule, then the counts.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::view::{View, cases, named, seconds};
use crate::judge::{RequirementVerdict, Verdict};
use crate::report::text::{tell_case, tell_finding, verdict_style};
use crate::run::{CaseReport, Conclusion, Event, Started};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Findings, why cases were blocked, what is left on the target, and the counts.
    Quiet,
    /// A line for each case as well, skipped cases, observations and unproven requirements.
    Normal,
    /// The exchanges of failing cases and every observation as well.
    Verbose,
}

/// How many observations are shown unless all are asked for.
const OBSERVATIONS_SHOWN: usize = 8;

pub(super) struct Console {
    verbosity: Verbosity,
    progress: Option<ProgressBar>,
    notes: Vec<String>,
}

impl Console {
    pub fn new(verbosity: Verbosity, live: bool) -> Console {
        let progress = live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Console { verbosity, progress, notes: Vec::new() }
    }

    pub fn take(&mut self, out: &mut dyn Write, event: &Event, view: &View) -> io::Result<()> {
        match event {
            Event::Started(started) => return self.started(out, started),
            Event::Case(case) => return self.case(out, case, view),
            Event::Note(note) => self.notes.push(note.clone()),
            Event::Registration(state) if self.verbosity > Verbosity::Quiet => {
                self.notes.push(format!("the target's registration is {state}: found out with an empty request"));
            }
            _ => {}
        }
        Ok(())
    }

    fn started(&mut self, out: &mut dyn Write, started: &Started) -> io::Result<()> {
        let target = &started.target;
        let whom = match target.embedded {
            true => format!("the embedded reference client at {}", target.url),
            false => target.url.clone(),
        };
        let state = target.registration.map_or(String::new(), |state| format!(", registration {state}"));
        if let Some(progress) = &self.progress {
            progress.set_length(started.cases as u64);
        }
        let resets = match started.planned_resets {
            0 => "no resets planned".to_owned(),
            1 => "1 reset planned".to_owned(),
            resets => format!("{resets} resets planned"),
        };
        let more = match started.planned_resets > 0 && !target.embedded {
            true => ", and one for each first login that should have been refused and was not",
            false => "",
        };
        writeln!(out, "wabizspec {}: {} cases against {whom}{state}; {resets}{more}", started.version, started.cases)
    }

    fn case(&mut self, out: &mut dyn Write, case: &CaseReport, view: &View) -> io::Result<()> {
        if let Some(progress) = &self.progress {
            progress.inc(1);
            progress.set_message(format!("{} failed", view.summary.count(Verdict::Fail)));
            return Ok(());
        }
        if self.verbosity < Verbosity::Normal || case.verdict == Verdict::Skipped {
            return Ok(());
        }
        let style = verdict_style(case.verdict);
        let warned = if case.warnings() > 0 { "  (warning)" } else { "" };
        writeln!(out, "{style}{:7}{style:#} {}{warned}", case.verdict, case.id)
    }

    pub fn finish(&mut self, out: &mut dyn Write, view: &View) -> io::Result<()> {
        if let Some(progress) = self.progress.take() {
            progress.finish_and_clear();
        }
        for case in &view.cases {
            if matches!(case.verdict, Verdict::Fail | Verdict::Error | Verdict::Known) {
                writeln!(out)?;
                let exchanges = if self.verbosity == Verbosity::Verbose { &case.exchanges[..] } else { &[] };
                tell_case(out, case, view.rules(), exchanges)?;
            }
        }
        warnings(out, view)?;
        let style = verdict_style(Verdict::Blocked);
        for (reason, ids) in view.reasons(Verdict::Blocked) {
            writeln!(out, "\n{style}blocked{style:#}: {reason}\n  {}", named(ids, 5))?;
        }
        if self.verbosity > Verbosity::Quiet {
            for (reason, ids) in view.reasons(Verdict::Skipped) {
                writeln!(out, "\n{} skipped: {reason}", cases(ids.len()))?;
            }
            self.observations(out, view)?;
        }
        for note in &self.notes {
            writeln!(out, "\nnote: {note}")?;
        }
        self.requirements(out, view)?;
        totals(out, view)
    }

    fn observations(&self, out: &mut dyn Write, view: &View) -> io::Result<()> {
        if view.observations.is_empty() {
            return Ok(());
        }
        let shown = if self.verbosity == Verbosity::Verbose { usize::MAX } else { OBSERVATIONS_SHOWN };
        writeln!(out, "\nobservations (no document forbids them):")?;
        for ((requirement, what), count) in view.observations.iter().take(shown) {
            let named = if requirement.is_empty() { String::new() } else { format!("{requirement}: ") };
            let times = if *count > 1 { format!("  ({count} times)") } else { String::new() };
            writeln!(out, "  {named}{what}{times}")?;
        }
        more(out, view.observations.len(), shown, "-v shows all")
    }

    fn requirements(&self, out: &mut dyn Write, view: &View) -> io::Result<()> {
        let broken = view.binding(RequirementVerdict::Fail).into_iter();
        let broken: Vec<String> = broken.map(|info| format!("{} ({})", info.id, info.level)).collect();
        list(out, "requirements broken", &broken, usize::MAX)?;
        let unproven = view.binding(RequirementVerdict::Unproven).into_iter();
        let unproven: Vec<String> = unproven.map(|info| info.id.clone()).collect();
        if self.verbosity == Verbosity::Quiet || unproven.is_empty() {
            return Ok(());
        }
        list(out, "requirements unproven", &unproven, 12)?;
        writeln!(
            out,
            "nothing broke these, but the run does not show that it would have been noticed: the control of their area \
             (a good request accepted, a bad one refused) was left out or did not hold"
        )
    }
}

fn warnings(out: &mut dyn Write, view: &View) -> io::Result<()> {
    let warnings = view.warnings();
    if warnings.is_empty() {
        return Ok(());
    }
    let style = Style::new().fg_color(Some(AnsiColor::Yellow.into()));
    writeln!(out, "\n{style}warnings{style:#} (findings of level should):")?;
    for findings in warnings.values() {
        let (case, finding) = findings[0];
        tell_finding(out, finding, view.rules())?;
        let others = if findings.len() > 1 { format!(" and {} more", findings.len() - 1) } else { String::new() };
        writeln!(out, "    case {}{others}", case.id)?;
    }
    Ok(())
}

fn list(out: &mut dyn Write, title: &str, ids: &[String], shown: usize) -> io::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title} ({}):", ids.len())?;
    for id in ids.iter().take(shown) {
        writeln!(out, "  {id}")?;
    }
    more(out, ids.len(), shown, "--report json lists all")
}

fn more(out: &mut dyn Write, all: usize, shown: usize, advice: &str) -> io::Result<()> {
    match all.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more; {advice}"),
    }
}

fn totals(out: &mut dyn Write, view: &View) -> io::Result<()> {
    let summary = &view.summary;
    let counts = Verdict::ALL.iter().filter_map(|verdict| {
        let count = summary.count(*verdict);
        (count > 0 || *verdict == Verdict::Pass).then(|| format!("{count} {verdict}"))
    });
    writeln!(
        out,
        "\n{}; {} warnings, {} observations; {} resets; {} s",
        counts.collect::<Vec<String>>().join(", "),
        summary.warnings(),
        summary.observations(),
        summary.resets(),
        seconds(view.elapsed_ms()),
    )?;
    let conclusion = summary.conclusion();
    let colour = match conclusion {
        Conclusion::Conforms => AnsiColor::Green,
        Conclusion::Defect | Conclusion::Findings => AnsiColor::Red,
        Conclusion::Died | Conclusion::Interrupted | Conclusion::Inconclusive => AnsiColor::Yellow,
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let planned = summary.started().map_or(0, |started| started.cases);
    let judged = format!("({} of {} judged)", summary.judged(), cases(planned));
    writeln!(out, "{style}{}{style:#} {judged}", conclusion.says())?;
    if view.is_embedded() {
        let advice = "this is the verdict on the embedded reference client, not on your server: give --target URL";
        writeln!(out, "{advice}")?;
    }
    Ok(())
}
