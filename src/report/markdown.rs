//! Markdown for a job summary: the verdict first, then what is broken and how to see it again.
//!
//! GitHub takes no summary beyond 1 MiB, so the cases stop before that and the rest is counted. What a target sent
//! stands in code only, fenced so that it cannot get out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::Report;
use super::rendering::{Prose, binding, prose, reason, seconds};
use crate::judge::{RequirementVerdict, Verdict};
use crate::run::{CaseReport, Conclusion, Event, RequirementInfo, Started, Summary};
use crate::words;

/// How many bytes the cases may take; the rest of the document is bounded by the register.
const CASES: usize = 700 * 1024;

/// How many bytes one piece of text from outside may take.
const PIECE: usize = 16 * 1024;

/// How many reasons or notes are listed each.
const LISTED: usize = 50;

/// Writes a job summary.
pub struct Markdown {
    out: Box<dyn Write + Send>,
    /// The sections of failing cases by their ids, as many as fit.
    cases: BTreeMap<String, String>,
    bytes: usize,
    left_out: usize,
    warnings: BTreeMap<String, usize>,
    reasons: BTreeMap<(Verdict, String), usize>,
    notes: Vec<String>,
}

impl Markdown {
    /// Onto that writer.
    pub fn new(out: Box<dyn Write + Send>) -> Markdown {
        Markdown {
            out,
            cases: BTreeMap::new(),
            bytes: 0,
            left_out: 0,
            warnings: BTreeMap::new(),
            reasons: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    fn case(&mut self, case: &CaseReport, started: Option<&Started>) {
        match case.verdict {
            Verdict::Pass => {
                for finding in &case.findings {
                    *self.warnings.entry(finding.requirement.clone()).or_default() += 1;
                }
            }
            Verdict::Blocked | Verdict::Skipped | Verdict::Known => {
                *self.reasons.entry((case.verdict, reason(case))).or_default() += 1;
            }
            Verdict::Fail | Verdict::Error => {
                let text = case_section(case, started);
                self.bytes += text.len();
                self.cases.insert(case.id.clone(), text);
                while self.bytes > CASES
                    && let Some((_, text)) = self.cases.pop_last()
                {
                    self.bytes -= text.len();
                    self.left_out += 1;
                }
            }
        }
    }

    fn document(&self, summary: &Summary) -> String {
        let mut text = head(summary);
        requirements(&mut text, "Broken requirements", &binding(summary, RequirementVerdict::Fail), true);
        if !self.cases.is_empty() {
            text.push_str("\n### Failing cases\n\n");
            text.extend(self.cases.values().map(String::as_str));
        }
        if self.left_out > 0 {
            let _ = writeln!(text, "\nand {} more failing cases; the HTML and JSON reports show all", self.left_out);
        }
        requirements(&mut text, "Unproven requirements", &binding(summary, RequirementVerdict::Unproven), false);
        if !self.warnings.is_empty() {
            text.push_str("\n### Warnings\n\nShould-level requirements broken by cases that passed.\n\n");
            for (requirement, count) in &self.warnings {
                let info = summary.started().and_then(|started| started.requirement(requirement));
                let says = info.map_or(String::new(), |info| format!(": {}", sentence(&info.says, |code| code)));
                let _ = writeln!(text, "- {}{says} ({})", code(requirement), cases(*count));
            }
        }
        for verdict in [Verdict::Blocked, Verdict::Known, Verdict::Skipped] {
            self.reasons(&mut text, verdict);
        }
        listed(&mut text, "Notes", self.notes.iter().map(|note| plain(note)));
        text
    }

    fn reasons(&self, text: &mut String, verdict: Verdict) {
        let title = match verdict {
            Verdict::Blocked => "Blocked",
            Verdict::Known => "Known failures",
            _ => "Skipped",
        };
        let of_verdict = self.reasons.iter().filter(|((of, _), _)| *of == verdict);
        listed(text, title, of_verdict.map(|((_, reason), count)| format!("{}: {}", cases(*count), plain(reason))));
    }
}

impl Report for Markdown {
    fn take(&mut self, event: &Event, summary: &Summary) -> io::Result<()> {
        match event {
            Event::Case(case) => self.case(case, summary.started()),
            Event::Note(note) => self.notes.push(note.clone()),
            _ => {}
        }
        Ok(())
    }

    fn draft(&mut self, summary: &Summary) -> io::Result<bool> {
        self.finish(summary).map(|()| true)
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.out.write_all(self.document(summary).as_bytes())?;
        self.out.flush()
    }
}

fn head(summary: &Summary) -> String {
    let conclusion = summary.conclusion();
    let sign = match conclusion {
        Conclusion::Conforms => "✅",
        Conclusion::Findings | Conclusion::Defect => "❌",
        Conclusion::Died | Conclusion::Interrupted | Conclusion::Inconclusive => "⚠️",
    };
    let mut text = format!("## {sign} wabizspec: {}\n\n", conclusion.says());
    // Writing to a String does not fail.
    if let Some(started) = summary.started() {
        let target = &started.target;
        let registration = target.registration.map_or(String::new(), |state| format!(", registration {state}"));
        let elapsed = summary.ended().map_or(String::new(), |ended| format!(" in {} s", seconds(ended.elapsed_ms)));
        let _ = writeln!(
            text,
            "{} against {}{registration}{elapsed}; wabizspec {}, {}",
            cases(started.cases),
            code(&target.url),
            plain(&started.version),
            started.at
        );
        if target.embedded {
            text.push_str("\nThis is the verdict on the embedded reference client, not on your server.\n");
        }
    }
    let (mut names, mut rule, mut counts) = (String::new(), String::new(), String::new());
    let extra = [("warnings", summary.warnings()), ("observations", summary.observations())];
    let verdicts = Verdict::ALL.iter().map(|verdict| (verdict.to_string(), summary.count(*verdict)));
    for (name, count) in verdicts.chain(extra.map(|(name, count)| (name.to_owned(), count))) {
        let _ = write!(names, "| {name} ");
        rule.push_str("| ---: ");
        let _ = write!(counts, "| {count} ");
    }
    let _ = writeln!(text, "\n{names}|\n{rule}|\n{counts}|");
    text
}

fn requirements(text: &mut String, title: &str, infos: &[&RequirementInfo], with_rule: bool) {
    if infos.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### {title} ({})\n", infos.len());
    if !with_rule {
        let ids: Vec<String> = infos.iter().map(|info| code(&info.id)).collect();
        let _ = writeln!(text, "Nothing broke them, but this run does not prove them either: {}", ids.join(", "));
        return;
    }
    text.push_str("| requirement | level | rule | source |\n| --- | --- | --- | --- |\n");
    for info in infos {
        // A table reads a bar as its own, in code too; `plain` has escaped those in words.
        let says = sentence(&info.says, |code| code.replace('|', "\\|"));
        let source = plain(&info.source);
        let _ = writeln!(text, "| {} | {} | {says} | {source} |", code(&info.id), info.level);
    }
}

fn case_section(case: &CaseReport, started: Option<&Started>) -> String {
    let mut text = format!(
        "<details><summary>{}: <code>{}</code> {}</summary>\n\n",
        case.verdict,
        html(&case.id),
        html(&case.title)
    );
    if let Some(reason) = &case.reason {
        let _ = writeln!(text, "{}\n", plain(&words::cause(reason)));
    }
    for finding in &case.findings {
        let _ = write!(text, "**{}** ({}), step {}", code(&finding.requirement), finding.level, code(&finding.step));
        if let Some(info) = started.and_then(|started| started.requirement(&finding.requirement)) {
            let says = sentence(&info.says, |code| code);
            let _ = write!(text, "  \n{says}  \n<sub>{}</sub>", plain(&info.source));
        }
        let mut diff = String::new();
        for mismatch in &finding.mismatches {
            let _ = writeln!(
                diff,
                "@@ {} @@\n- expected {}\n+ observed {}",
                mismatch.at,
                words::expected(&mismatch.expected),
                words::observed(&mismatch.observed)
            );
        }
        let _ = writeln!(text, "\n\n{}", fenced("diff", &diff));
    }
    if let Some(not_asked) = &case.not_asked {
        let _ = writeln!(text, "{}\n", sentence(&words::not_asked(not_asked), |code| code));
    }
    let _ = writeln!(text, "Scenario {}\n", code(&format!("{}:{}", case.file, case.line)));
    if !case.reproduce.is_empty() {
        let _ = writeln!(text, "{}", fenced("sh", &case.reproduce.join("\n")));
    }
    text.push_str("</details>\n\n");
    text
}

fn listed(text: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### {title}\n");
    for item in items.iter().take(LISTED) {
        let _ = writeln!(text, "- {item}");
    }
    if items.len() > LISTED {
        let _ = writeln!(text, "- and {} more", items.len() - LISTED);
    }
}

fn cases(count: usize) -> String {
    match count {
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    }
}

/// A sentence of the suite, with its code as code.
fn sentence(text: &str, escape: impl Fn(String) -> String) -> String {
    let shown = prose(text).map(|part| match part {
        Prose::Words(words) => plain(words),
        Prose::Code(text) => escape(code(text)),
    });
    shown.collect()
}

/// Words that are not to be read as Markdown or HTML.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for c in cut(text).chars() {
        match c {
            '\n' => escaped.push(' '),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '.' | ',' | ';' | '\'' | '(' | ')' | '/' | '-' | '=' | '"' | '%' | '+' | '?' => escaped.push(c),
            c if c.is_ascii_punctuation() => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The same inside an HTML element that Markdown leaves alone.
fn html(text: &str) -> String {
    let line = cut(text).replace('\n', " ");
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A code span, whatever stands in it.
fn code(text: &str) -> String {
    let line = cut(text).replace('\n', " ");
    let ticks = "`".repeat(longest_run(&line) + 1);
    match line.starts_with('`') || line.ends_with('`') {
        true => format!("{ticks} {line} {ticks}"),
        false => format!("{ticks}{line}{ticks}"),
    }
}

/// A code block, whatever stands in it.
fn fenced(language: &str, text: &str) -> String {
    let text = cut(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// As much of a text as may be shown, with its control characters made visible.
fn cut(text: &str) -> String {
    let mut shown = String::new();
    for c in text[..text.floor_char_boundary(PIECE)].chars() {
        match c.is_control() && !matches!(c, '\n' | '\t') {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(plain("<b> [x](y) `z` | @all"), "&lt;b&gt; \\[x\\](y) \\`z\\` \\| \\@all");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(fenced("sh", "```\n# out\n````"), "`````sh\n```\n# out\n````\n`````\n");
        assert_eq!(code("a\r\u{1b}[2J\nb"), "`a\\u{d}\\u{1b}[2J b`");
        assert_eq!(html("</summary>&"), "&lt;/summary&gt;&amp;");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(PIECE)).len(), PIECE);
        assert_eq!(cut(&format!("a{}", "é".repeat(PIECE))).len(), PIECE - 1);
    }
}
