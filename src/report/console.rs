//! The report for people: a line a case while the run goes, then every finding with its rule, then the count.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Report;
use super::rendering::{reason, tell_case, tell_finding, verdict_style};
use crate::judge::{Finding, Observation, RequirementVerdict, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, Conclusion, Event, RequirementResult, Started, Summary};
use crate::words;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Findings, what stood in the way of cases, what is left on the target, and the count.
    Quiet,
    /// A line a case as well, what was skipped, observations and what is unproven.
    Normal,
    /// The exchanges of failing cases and every observation as well.
    Verbose,
}

/// How many observations are told one by one unless all are asked for.
const OBSERVATIONS_SHOWN: usize = 8;

/// Writes for people.
pub struct Console {
    out: Box<dyn Write + Send>,
    verbosity: Verbosity,
    progress: Option<ProgressBar>,
    failed: Vec<CaseReport>,
    warned: Vec<CaseReport>,
    blocked: Vec<(String, String)>,
    skipped: std::collections::BTreeMap<String, usize>,
    observations: std::collections::BTreeMap<(String, String), usize>,
    notes: Vec<String>,
}

impl Console {
    /// Onto that writer, which decides about colours. `live` shows progress on the terminal at standard error instead
    /// of a line a case.
    pub fn new(out: Box<dyn Write + Send>, verbosity: Verbosity, live: bool) -> Console {
        let progress = live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Console {
            out,
            verbosity,
            progress,
            failed: Vec::new(),
            warned: Vec::new(),
            blocked: Vec::new(),
            skipped: Default::default(),
            observations: Default::default(),
            notes: Vec::new(),
        }
    }

    fn started(&mut self, started: &Started) -> io::Result<()> {
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
        let more = match started.planned_resets > 0 && !started.target.embedded {
            true => ", and one for each first login that should have been refused and was not",
            false => "",
        };
        writeln!(
            self.out,
            "wabizspec {}: {} cases against {whom}{state}; {resets}{more}",
            started.version, started.cases
        )
    }

    fn case(&mut self, case: &CaseReport, summary: &Summary) -> io::Result<()> {
        for observation in &case.observations {
            let Observation { requirement, what } = observation;
            let key = (requirement.clone().unwrap_or_default(), words::remark(what));
            *self.observations.entry(key).or_default() += 1;
        }
        match case.verdict {
            Verdict::Fail | Verdict::Error | Verdict::Known => self.failed.push(case.clone()),
            Verdict::Blocked => {
                self.blocked.push((case.id.clone(), reason(case)));
            }
            Verdict::Skipped => {
                *self.skipped.entry(reason(case)).or_default() += 1;
            }
            Verdict::Pass if !case.findings.is_empty() => self.warned.push(case.clone()),
            Verdict::Pass => {}
        }
        if let Some(progress) = &self.progress {
            progress.inc(1);
            progress.set_message(format!("{} failed", summary.count(Verdict::Fail)));
            return Ok(());
        }
        if self.verbosity < Verbosity::Normal || case.verdict == Verdict::Skipped {
            return Ok(());
        }
        let style = verdict_style(case.verdict);
        let warned = if case.warnings() > 0 { "  (warning)" } else { "" };
        writeln!(self.out, "{style}{:7}{style:#} {}{warned}", case.verdict, case.id)
    }

    fn tell_all(&mut self, summary: &Summary) -> io::Result<()> {
        for case in std::mem::take(&mut self.failed) {
            self.failing(&case, summary)?;
        }
        self.warnings(summary)?;
        self.tell_blocked()?;
        if self.verbosity > Verbosity::Quiet {
            for (reason, count) in &self.skipped {
                writeln!(self.out, "\n{} skipped: {reason}", cases(*count))?;
            }
            self.tell_observations()?;
        }
        for note in &self.notes {
            writeln!(self.out, "\nnote: {note}")?;
        }
        self.count(summary)
    }

    fn failing(&mut self, case: &CaseReport, summary: &Summary) -> io::Result<()> {
        let infos = summary.started().map_or(&[][..], |started| &started.requirements);
        writeln!(self.out)?;
        tell_case(&mut self.out, case, infos, self.verbosity == Verbosity::Verbose)
    }

    fn warnings(&mut self, summary: &Summary) -> io::Result<()> {
        let warned = std::mem::take(&mut self.warned);
        if warned.is_empty() {
            return Ok(());
        }
        let style = Style::new().fg_color(Some(AnsiColor::Yellow.into()));
        writeln!(self.out, "\n{style}warnings{style:#} (findings of level should):")?;
        let mut by_requirement: std::collections::BTreeMap<&str, Vec<(&CaseReport, &Finding)>> = Default::default();
        for case in &warned {
            for finding in &case.findings {
                by_requirement.entry(&finding.requirement).or_default().push((case, finding));
            }
        }
        let infos = summary.started().map_or(&[][..], |started| &started.requirements);
        for findings in by_requirement.values() {
            let (case, finding) = findings[0];
            tell_finding(&mut self.out, finding, infos)?;
            let others = match findings.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            writeln!(self.out, "    case {}{others}", case.id)?;
        }
        Ok(())
    }

    fn tell_blocked(&mut self) -> io::Result<()> {
        let mut by_reason: std::collections::BTreeMap<&str, Vec<&str>> = Default::default();
        for (id, reason) in &self.blocked {
            by_reason.entry(reason).or_default().push(id);
        }
        let style = verdict_style(Verdict::Blocked);
        for (reason, ids) in by_reason {
            writeln!(self.out, "\n{style}blocked{style:#}: {reason}")?;
            let shown: Vec<&str> = ids.iter().take(5).copied().collect();
            let more = match ids.len() - shown.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            writeln!(self.out, "  {}{more}", shown.join(", "))?;
        }
        Ok(())
    }

    fn tell_observations(&mut self) -> io::Result<()> {
        if self.observations.is_empty() {
            return Ok(());
        }
        let all = self.verbosity == Verbosity::Verbose;
        let shown = if all { usize::MAX } else { OBSERVATIONS_SHOWN };
        writeln!(self.out, "\nobservations (no document forbids them):")?;
        for ((requirement, what), count) in self.observations.iter().take(shown) {
            let named = if requirement.is_empty() { String::new() } else { format!("{requirement}: ") };
            let times = if *count > 1 { format!("  ({count} times)") } else { String::new() };
            writeln!(self.out, "  {named}{what}{times}")?;
        }
        if let Some(more) = self.observations.len().checked_sub(shown).filter(|more| *more > 0) {
            writeln!(self.out, "  and {more} more; -v shows all")?;
        }
        Ok(())
    }

    fn count(&mut self, summary: &Summary) -> io::Result<()> {
        let (mut broken, mut unproven) = (Vec::new(), Vec::new());
        for RequirementResult { requirement, verdict, .. } in summary.requirements() {
            match verdict {
                RequirementVerdict::Fail => broken.push(format!("{} ({})", requirement.id, requirement.level)),
                RequirementVerdict::Unproven if requirement.level > Level::May => {
                    unproven.push(requirement.id.clone());
                }
                _ => {}
            }
        }
        list(&mut self.out, "requirements broken", &broken, usize::MAX)?;
        if self.verbosity > Verbosity::Quiet {
            list(&mut self.out, "requirements unproven", &unproven, 12)?;
            if !unproven.is_empty() {
                let why = "nothing broke these, but the run does not show that it would have been noticed: the control of \
                           their area (a good request accepted, a bad one refused) was left out or did not hold";
                writeln!(self.out, "{why}")?;
            }
        }
        let counts = Verdict::ALL.iter().filter_map(|verdict| {
            let count = summary.count(*verdict);
            (count > 0 || *verdict == Verdict::Pass).then(|| format!("{count} {verdict}"))
        });
        let counts: Vec<String> = counts.collect();
        let elapsed = summary.ended().map_or(0, |ended| ended.elapsed_ms);
        writeln!(
            self.out,
            "\n{}; {} warnings, {} observations; {} resets; {}.{:03} s",
            counts.join(", "),
            summary.warnings(),
            summary.observations(),
            summary.resets(),
            elapsed / 1000,
            elapsed % 1000,
        )?;
        let conclusion = summary.conclusion();
        let style = conclusion_style(conclusion);
        let planned = summary.started().map_or(0, |started| started.cases);
        let judged = format!("({} of {} judged)", summary.judged(), cases(planned));
        writeln!(self.out, "{style}{}{style:#} {judged}", conclusion.says())?;
        if summary.started().is_some_and(|started| started.target.embedded) {
            let advice = "this is the verdict on the embedded reference client, not on your server: give --target URL";
            writeln!(self.out, "{advice}")?;
        }
        Ok(())
    }
}

impl Report for Console {
    fn take(&mut self, event: &Event, summary: &Summary) -> io::Result<()> {
        match event {
            Event::Started(started) => self.started(started),
            Event::Case(case) => self.case(case, summary),
            Event::Note(note) => {
                self.notes.push(note.clone());
                Ok(())
            }
            Event::Registration(_) if self.verbosity == Verbosity::Quiet => Ok(()),
            Event::Registration(state) => {
                self.notes.push(format!("the target's registration is {state}: found out with an empty request"));
                Ok(())
            }
            Event::Reset | Event::Judged | Event::Ended(_) => Ok(()),
        }
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if let Some(progress) = self.progress.take() {
            progress.finish_and_clear();
        }
        self.tell_all(summary)?;
        self.out.flush()
    }
}

fn conclusion_style(conclusion: Conclusion) -> Style {
    let colour = match conclusion {
        Conclusion::Conforms => AnsiColor::Green,
        Conclusion::Defect | Conclusion::Findings => AnsiColor::Red,
        Conclusion::Died | Conclusion::Interrupted | Conclusion::Inconclusive => AnsiColor::Yellow,
    };
    Style::new().bold().fg_color(Some(colour.into()))
}

fn list(out: &mut dyn Write, title: &str, ids: &[String], shown: usize) -> io::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title} ({}):", ids.len())?;
    for id in ids.iter().take(shown) {
        writeln!(out, "  {id}")?;
    }
    match ids.len().checked_sub(shown).filter(|more| *more > 0) {
        Some(more) => writeln!(out, "  and {more} more; --report json lists all"),
        None => Ok(()),
    }
}

fn cases(count: usize) -> String {
    match count {
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    }
}
