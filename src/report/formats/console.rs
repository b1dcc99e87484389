//! The report for people: a line for each case while the run goes, then every finding with its rule, then the counts.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::causes::{Cause, causes};
use super::view::{View, counted, grouped, named, seconds};
use crate::judge::{RequirementVerdict, Verdict};
use crate::report::text::{verdict_style, write_case};
use crate::requirement::Level;
use crate::run::{CaseReport, Conclusion, Event, Started};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Causes, why cases were blocked, what is left on the target, and the counts.
    Quiet,
    /// Skipped cases, observations and unproven requirements as well: a screenful.
    Normal,
    /// A line for each case, every failing case with its exchanges, and all of everything.
    Verbose,
}

/// How many of each are shown unless all are asked for: a screenful in all.
const OBSERVATIONS_SHOWN: usize = 5;
pub(super) const CAUSES_SHOWN: usize = 10;
const WARNINGS_SHOWN: usize = 4;
pub(super) const REASONS_SHOWN: usize = 5;

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
        let Started { version, cases, planned_resets, target, .. } = started;
        let whom = match target.embedded {
            true => format!("the embedded reference client at {}", target.url),
            false => target.url.clone(),
        };
        let state = target.registration.map_or(String::new(), |state| format!(", registration {state}"));
        if let Some(progress) = &self.progress {
            progress.set_length(*cases as u64);
        }
        let resets = match planned_resets {
            0 => "no resets".to_owned(),
            resets => counted(*resets, "reset"),
        };
        let more = match *planned_resets > 0 && !target.embedded {
            true => ", and one for each first login that should have been refused and was not",
            false => "",
        };
        writeln!(out, "wabizspec {version}: {cases} cases against {whom}{state}; {resets} planned{more}")
    }

    fn case(&mut self, out: &mut dyn Write, case: &CaseReport, view: &View) -> io::Result<()> {
        if let Some(progress) = &self.progress {
            progress.inc(1);
            progress.set_message(format!("{} failed", view.summary.count(Verdict::Fail)));
            return Ok(());
        }
        if self.verbosity < Verbosity::Verbose || case.verdict == Verdict::Skipped {
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
        let is_shown = |case: &&CaseReport| match case.verdict {
            Verdict::Error => true,
            Verdict::Fail | Verdict::Known => self.verbosity == Verbosity::Verbose,
            _ => false,
        };
        for case in view.cases.iter().filter(is_shown) {
            writeln!(out)?;
            write_case(out, case, view.rules(), &case.exchanges)?;
        }
        self.causes(out, view)?;
        reasons(out, view, Verdict::Blocked, self.at_most(REASONS_SHOWN))?;
        reasons(out, view, Verdict::Known, self.at_most(REASONS_SHOWN))?;
        if self.verbosity > Verbosity::Quiet {
            reasons(out, view, Verdict::Skipped, self.at_most(REASONS_SHOWN))?;
            self.observations(out, view)?;
        }
        for note in &self.notes {
            writeln!(out, "\nnote: {note}")?;
        }
        if self.verbosity > Verbosity::Quiet {
            self.unproven(out, view)?;
            shares(out, view)?;
        }
        totals(out, view)
    }

    /// How many of a list are shown.
    fn at_most(&self, most: usize) -> usize {
        if self.verbosity == Verbosity::Verbose { usize::MAX } else { most }
    }

    /// The areas, what is wrong in the order in which to fix it, and one case to begin with.
    fn causes(&self, out: &mut dyn Write, view: &View) -> io::Result<()> {
        let causes = causes(view);
        let (musts, shoulds): (Vec<_>, Vec<_>) = causes.iter().partition(|cause| cause.level == Level::Must);
        let has_failed = view.summary.count(Verdict::Fail) > 0;
        if has_failed {
            areas(out, view)?;
        }
        let firsts = musts.iter().filter(|cause| cause.first_in > 0).count();
        list(out, "causes, most telling first", &musts, self.at_most(CAUSES_SHOWN.min(firsts)), view)?;
        list(out, "warnings (should)", &shoulds, self.at_most(WARNINGS_SHOWN), view)?;
        match causes.first() {
            Some(first) if has_failed && self.verbosity < Verbosity::Verbose => {
                writeln!(out, "\nstart here:")?;
                write_case(out, first.example.0, view.rules(), &[])
            }
            _ => Ok(()),
        }
    }

    fn observations(&self, out: &mut dyn Write, view: &View) -> io::Result<()> {
        if view.observations.is_empty() {
            return Ok(());
        }
        let shown = self.at_most(OBSERVATIONS_SHOWN);
        writeln!(out, "\nobservations (no document forbids them):")?;
        for ((requirement, what), count) in view.observations.iter().take(shown) {
            let named = if requirement.is_empty() { String::new() } else { format!("{requirement}: ") };
            let times = if *count > 1 { format!("  ({count} times)") } else { String::new() };
            writeln!(out, "  {named}{what}{times}")?;
        }
        more(out, view.observations.len(), shown)
    }

    fn unproven(&self, out: &mut dyn Write, view: &View) -> io::Result<()> {
        let unproven = view.binding(RequirementVerdict::Unproven);
        if unproven.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\nrequirements unproven ({}): {}\nnothing broke these, but the run does not show that it would have been \
             noticed: the control of their area (a good request accepted, a bad one refused) was left out or did not hold",
            unproven.len(),
            named(unproven.iter().map(|info| &info.id), self.at_most(3))
        )
    }
}

/// How many cases failed, and how far each area is.
pub(super) fn areas(out: &mut dyn Write, view: &View) -> io::Result<()> {
    let failed = view.summary.count(Verdict::Fail);
    if failed > 0 {
        let style = verdict_style(Verdict::Fail);
        writeln!(out, "\n{style}{}{style:#}: {} failed", Conclusion::Findings.says(), counted(failed, "case"))?;
    }
    for (area, (judged, passed)) in &view.areas {
        writeln!(out, "  {area:9} {:3} % ({passed} of {judged} passed)", 100 * passed / judged)?;
    }
    Ok(())
}

/// How many percent of the requirements of each area are proven.
fn shares(out: &mut dyn Write, view: &View) -> io::Result<()> {
    let by_area = grouped(view.summary.shares().into_iter().map(|((area, level), share)| (area, (level, share))));
    let all = [Level::Should, Level::Must].map(|level| (level, view.summary.share(level)));
    let areas = by_area.into_iter().chain((view.summary.judged() > 0).then(|| ("all", all.to_vec())));
    for (index, (area, shares)) in areas.enumerate() {
        let gap = if index == 0 { "\nproven:\n" } else { "" };
        let shown = shares.iter().rev().filter_map(|(level, share)| {
            Some(format!("{:3} % of {}", share.percent()?, counted(share.of, &level.to_string())))
        });
        writeln!(out, "{gap}  {area:9} {}", shown.collect::<Vec<String>>().join(", "))?;
    }
    Ok(())
}

/// Why cases have that verdict.
pub(super) fn reasons(out: &mut dyn Write, view: &View, verdict: Verdict, shown: usize) -> io::Result<()> {
    let style = verdict_style(verdict);
    for (index, (reason, ids)) in view.reasons(verdict).take(shown).enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        writeln!(out, "{gap}{style}{verdict}{style:#}: {reason}: {}", named(ids, 2))?;
    }
    more(out, view.reasons(verdict).count(), shown)
}

/// The causes under a title, those that are first in no case at the end.
fn list(out: &mut dyn Write, title: &str, causes: &[&Cause<'_>], shown: usize, view: &View) -> io::Result<()> {
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title} ({}):", causes.len())?;
    for (index, cause) in causes.iter().take(shown).enumerate() {
        cause.write(out, &format!("{:3}. ", index + 1), view)?;
    }
    more(out, causes.len(), shown)
}

pub(super) fn more(out: &mut dyn Write, all: usize, shown: usize) -> io::Result<()> {
    match all.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more; -v shows all"),
    }
}

pub(super) fn totals(out: &mut dyn Write, view: &View) -> io::Result<()> {
    let summary = &view.summary;
    let counts = Verdict::ALL.iter().filter_map(|verdict| {
        let count = summary.count(*verdict);
        (count > 0 || *verdict == Verdict::Pass).then(|| format!("{count} {verdict}"))
    });
    let counts = counts.collect::<Vec<String>>().join(", ");
    let (warnings, observations, resets) = (summary.warnings, summary.observations, summary.resets);
    let took = seconds(view.elapsed_ms());
    writeln!(out, "\n{counts}; {warnings} warnings, {observations} observations; {resets} resets; {took} s")?;
    let conclusion = summary.conclusion();
    let colour = match conclusion {
        Conclusion::Conforms => AnsiColor::Green,
        Conclusion::Defect | Conclusion::Findings => AnsiColor::Red,
        Conclusion::Died | Conclusion::Interrupted | Conclusion::Inconclusive => AnsiColor::Yellow,
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let planned = summary.started.as_ref().map_or(0, |started| started.cases);
    let judged = format!("({} of {} judged)", summary.judged(), counted(planned, "case"));
    writeln!(out, "{style}{}{style:#} {judged}", conclusion.says())?;
    if view.is_embedded() {
        writeln!(out, "this is the verdict on the embedded reference client, not on your server: give --target URL")?;
    }
    Ok(())
}
