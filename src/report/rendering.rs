//! One case and one finding as text for people, wherever people read them.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::judge::{Finding, RequirementVerdict, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, RequirementInfo, Summary};
use crate::words;

/// A case that did not pass: what it shows, every finding, where it stands and how to repeat it.
///
/// # Errors
/// The writer's.
pub fn tell_case(
    out: &mut dyn Write,
    case: &CaseReport,
    infos: &[RequirementInfo],
    with_exchanges: bool,
) -> io::Result<()> {
    let style = verdict_style(case.verdict);
    writeln!(out, "{style}{}{style:#} {}", case.verdict.to_string().to_uppercase(), case.id)?;
    writeln!(out, "  {}", case.title)?;
    if let Some(reason) = &case.reason {
        writeln!(out, "  {}", words::cause(reason))?;
    }
    for finding in &case.findings {
        tell_finding(out, finding, infos)?;
    }
    if let Some(not_asked) = &case.not_asked {
        writeln!(out, "  {}", words::not_asked(not_asked))?;
    }
    writeln!(out, "  scenario: {}:{}", case.file, case.line)?;
    for exchange in case.exchanges.iter().filter(|_| with_exchanges) {
        writeln!(out)?;
        for line in exchange.lines() {
            writeln!(out, "    {}", fitting(line))?;
        }
    }
    if !case.reproduce.is_empty() {
        writeln!(out, "  reproduce:")?;
    }
    for line in &case.reproduce {
        writeln!(out, "    {}", fitting(line))?;
    }
    if case.reproduce.iter().any(|line| names_a_secret_of_the_run(line)) {
        let what = "variables without WABIZSPEC_ stand for tokens and passwords of that run: set them to your own";
        writeln!(out, "    ({what}; NAME_ALTERED is NAME with another last character, and so on)")?;
    }
    Ok(())
}

/// Whether the curl line takes from the environment what only the run knew.
fn names_a_secret_of_the_run(line: &str) -> bool {
    let mut places = line.split("\"$").skip(1);
    places.any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()) && !rest.starts_with("WABIZSPEC_"))
}

/// A line that fits on a screen; a request of 64 KiB does not, and stands whole in the other reports.
fn fitting(line: &str) -> String {
    const SHOWN: usize = 1500;
    match line.char_indices().nth(SHOWN) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes; whole in --report json)", &line[..end], line.len()),
    }
}

/// A broken requirement: the rule with its source, then what was expected and what came, place by place.
///
/// # Errors
/// The writer's.
pub fn tell_finding(out: &mut dyn Write, finding: &Finding, infos: &[RequirementInfo]) -> io::Result<()> {
    let bold = Style::new().bold();
    let level = finding.level;
    writeln!(out, "  {bold}{}{bold:#} ({level}), step `{}`", finding.requirement, finding.step)?;
    if let Some(info) = infos.iter().find(|info| info.id == finding.requirement) {
        writeln!(out, "    rule:     {}", info.says)?;
        writeln!(out, "    source:   {}", info.source)?;
    }
    for mismatch in &finding.mismatches {
        writeln!(out, "    {}", mismatch.at)?;
        writeln!(out, "      expected {}", words::expected(&mismatch.expected))?;
        writeln!(out, "      observed {}", words::observed(&mismatch.observed))?;
    }
    Ok(())
}

/// The colour of a verdict.
pub(super) fn verdict_style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Fail | Verdict::Error => AnsiColor::Red,
        Verdict::Blocked | Verdict::Known => AnsiColor::Yellow,
        Verdict::Skipped => AnsiColor::BrightBlack,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// Why the case has its verdict, where no finding says so.
pub(super) fn reason(case: &CaseReport) -> String {
    case.reason.as_ref().map(words::cause).unwrap_or_default()
}

/// Whether the exchanges of a case are told too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchanges {
    /// With every byte.
    Told,
    /// Only what follows from them.
    LeftOut,
}

/// A case as plain text, as [`tell_case`] tells it.
pub fn case_text(case: &CaseReport, infos: &[RequirementInfo], exchanges: Exchanges) -> String {
    let mut plain = anstream::StripStream::new(Vec::new());
    // Memory can always be written to.
    let _ = tell_case(&mut plain, case, infos, exchanges == Exchanges::Told);
    String::from_utf8_lossy(&plain.into_inner()).into_owned()
}

/// A part of a sentence of the suite, which marks code with backticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prose<'t> {
    Words(&'t str),
    Code(&'t str),
}

/// The sentence in its parts. Backticks without a partner are words.
pub(super) fn prose(text: &str) -> impl Iterator<Item = Prose<'_>> {
    let marked = text.matches('`').count().is_multiple_of(2);
    let parts = text.split(move |c| marked && c == '`').enumerate();
    parts.map(|(index, part)| match index % 2 {
        0 => Prose::Words(part),
        _ => Prose::Code(part),
    })
}

/// Seconds with three decimals.
pub(super) fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// The requirements of level should and must with that verdict, in their order.
pub(super) fn binding(summary: &Summary, verdict: RequirementVerdict) -> Vec<&RequirementInfo> {
    let results = summary.requirements().into_iter();
    let wanted = results.filter(|result| result.verdict == verdict && result.requirement.level > Level::May);
    wanted.map(|result| result.requirement).collect()
}
