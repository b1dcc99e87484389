//! One case and one finding as text for people: in the console, in JUnit, in annotations and in failed trials.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::judge::{Finding, Verdict};
use crate::run::{CaseReport, RequirementInfo};
use crate::words;

/// A case that did not pass: what it shows, every finding, where it is and how to repeat it. `exchanges` are those of the
/// case, or none if they are not to be shown.
pub(crate) fn write_case(
    out: &mut dyn Write,
    case: &CaseReport,
    rules: &[RequirementInfo],
    exchanges: &[String],
) -> io::Result<()> {
    let style = verdict_style(case.verdict);
    writeln!(out, "{style}{}{style:#} {}", case.verdict.to_string().to_uppercase(), case.id)?;
    writeln!(out, "  {}", case.title)?;
    if let Some(reason) = &case.reason {
        writeln!(out, "  {}", words::reason(reason))?;
    }
    for finding in &case.findings {
        write_finding(out, finding, rules)?;
    }
    if let Some(not_asked) = &case.not_asked {
        writeln!(out, "  {}", words::not_asked(not_asked))?;
    }
    writeln!(out, "  scenario: {}:{}", case.file, case.line)?;
    for exchange in exchanges {
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

/// A line that fits on a screen; a request of 64 KiB does not, and is complete in the other reports.
fn fitting(line: &str) -> String {
    const SHOWN: usize = 1500;
    match line.char_indices().nth(SHOWN) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes; whole in --report json)", &line[..end], line.len()),
    }
}

/// A broken requirement: the rule with its source, then what was expected and observed, place by place.
fn write_finding(out: &mut dyn Write, finding: &Finding, rules: &[RequirementInfo]) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "  {bold}{}{bold:#} ({}), step `{}`", finding.requirement, finding.level, finding.step)?;
    if let Some(rule) = rules.iter().find(|rule| rule.id == finding.requirement) {
        writeln!(out, "    rule:     {}", rule.says)?;
        writeln!(out, "    source:   {}", rule.source)?;
    }
    for mismatch in &finding.mismatches {
        writeln!(out, "    {}", mismatch.at)?;
        writeln!(out, "      expected {}", words::expected(&mismatch.expected))?;
        writeln!(out, "      observed {}", words::observed(&mismatch.observed))?;
    }
    Ok(())
}

pub(crate) fn verdict_style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Fail | Verdict::Error => AnsiColor::Red,
        Verdict::Blocked | Verdict::Known => AnsiColor::Yellow,
        Verdict::Skipped => AnsiColor::BrightBlack,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// A case as plain text, as [`write_case`] writes it.
pub(crate) fn case_text(case: &CaseReport, rules: &[RequirementInfo], exchanges: &[String]) -> String {
    let mut plain = anstream::StripStream::new(Vec::new());
    // Writing to memory does not fail.
    let _ = write_case(&mut plain, case, rules, exchanges);
    String::from_utf8_lossy(&plain.into_inner()).into_owned()
}
