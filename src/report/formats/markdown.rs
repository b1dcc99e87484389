//! Markdown for a job summary: the verdict first, then what is broken and how to see it again.
//!
//! GitHub takes no summary beyond 1 MiB, so the cases stop before that and the rest is counted. What a target sent is
//! only in code, fenced so that it cannot get out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::causes::{Cause, causes};
use super::view::{Prose, View, counted, grouped, prose, seconds};
use crate::judge::{RequirementVerdict, Verdict};
use crate::run::{CaseReport, Conclusion, RequirementInfo};
use crate::words;

/// How many bytes the cases may take; the rest of the document is bounded by the register.
const CASES: usize = 700 * 1024;

/// How many bytes one piece of text from outside may take.
const PIECE: usize = 16 * 1024;

/// How many reasons or notes are listed each.
const LISTED: usize = 50;

// Writing to a String does not fail, so the results of `write!` are ignored below.

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut text = head(view);
    let causes = causes(view);
    let item = |cause: &Cause<'_>| {
        format!("{}: {}, such as {}", plain(&cause.headline()), cause.extent(), code(&cause.example.0.id))
    };
    listed(&mut text, "Causes, most telling first", causes.iter().map(item));
    broken(&mut text, &view.binding(RequirementVerdict::Fail));
    failing_cases(&mut text, view);
    unproven(&mut text, &view.binding(RequirementVerdict::Unproven));
    warnings(&mut text, view);
    for (verdict, title) in
        [(Verdict::Blocked, "Blocked"), (Verdict::Known, "Known failures"), (Verdict::Skipped, "Skipped")]
    {
        let item = |(reason, ids): (&str, &[String])| format!("{}: {}", counted(ids.len(), "case"), plain(reason));
        listed(&mut text, title, view.reasons(verdict).map(item));
    }
    listed(&mut text, "Notes", view.notes.iter().map(|note| plain(note)));
    out.write_all(text.as_bytes())
}

fn head(view: &View) -> String {
    let conclusion = view.summary.conclusion();
    let sign = match conclusion {
        Conclusion::Conforms => "✅",
        Conclusion::Findings | Conclusion::Defect => "❌",
        Conclusion::Died | Conclusion::Interrupted | Conclusion::Inconclusive => "⚠️",
    };
    let mut text = format!("## {sign} wabizspec: {}\n\n", conclusion.says());
    if let Some(started) = &view.summary.started {
        let target = &started.target;
        let registration = target.registration.map_or(String::new(), |state| format!(", registration {state}"));
        let ended = view.summary.ended.as_ref();
        let elapsed = ended.map_or(String::new(), |ended| format!(" in {} s", seconds(ended.elapsed_ms)));
        let (cases, url, version) = (counted(started.cases, "case"), code(&target.url), plain(&started.version));
        let _ = writeln!(text, "{cases} against {url}{registration}{elapsed}; wabizspec {version}, {}", started.at);
        if target.embedded {
            text.push_str("\nThis is the verdict on the embedded reference client, not on your server.\n");
        }
    }
    let (mut names, mut rule, mut counts) = (String::new(), String::new(), String::new());
    for (name, count) in view.counts() {
        let _ = write!(names, "| {name} ");
        rule.push_str("| ---: ");
        let _ = write!(counts, "| {count} ");
    }
    let _ = writeln!(text, "\n{names}|\n{rule}|\n{counts}|");
    text
}

/// The failing cases by their ids, as many as fit.
fn failing_cases(text: &mut String, view: &View) {
    let mut sections = BTreeMap::new();
    let (mut bytes, mut left_out) = (0, 0);
    for case in view.cases.iter().filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Error)) {
        let section = case_section(case, view);
        bytes += section.len();
        sections.insert(&case.id, section);
        while bytes > CASES
            && let Some((_, section)) = sections.pop_last()
        {
            bytes -= section.len();
            left_out += 1;
        }
    }
    if !sections.is_empty() {
        text.push_str("\n### Failing cases\n\n");
        text.extend(sections.into_values());
    }
    if left_out > 0 {
        let _ = writeln!(text, "\nand {left_out} more failing cases; the HTML and JSON reports show all");
    }
}

fn warnings(text: &mut String, view: &View) {
    let findings = view.cases.iter().filter(|case| case.warnings() > 0).flat_map(|case| &case.findings);
    let warnings = grouped(findings.map(|finding| (finding.requirement.as_str(), finding)));
    if !warnings.is_empty() {
        text.push_str("\n### Warnings\n\nShould-level requirements broken by cases that passed.\n\n");
    }
    for (requirement, findings) in warnings {
        let says = view.rule(requirement).map_or(String::new(), |rule| format!(": {}", sentence(&rule.says, code)));
        let _ = writeln!(text, "- {}{says} ({})", code(requirement), counted(findings.len(), "case"));
    }
}

fn unproven(text: &mut String, infos: &[&RequirementInfo]) {
    if !infos.is_empty() {
        let ids: Vec<String> = infos.iter().map(|info| code(&info.id)).collect();
        let _ = writeln!(text, "\n### Unproven requirements ({})\n", infos.len());
        let _ = writeln!(text, "Nothing broke them, but this run does not prove them either: {}", ids.join(", "));
    }
}

fn broken(text: &mut String, infos: &[&RequirementInfo]) {
    if infos.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### Broken requirements ({})\n", infos.len());
    text.push_str("| requirement | level | rule | source |\n| --- | --- | --- | --- |\n");
    for info in infos {
        // A bar ends a table cell, even in code; `plain` has escaped those in words.
        let says = sentence(&info.says, |text| code(text).replace('|', "\\|"));
        let _ = writeln!(text, "| {} | {} | {says} | {} |", code(&info.id), info.level, plain(&info.source));
    }
}

fn case_section(case: &CaseReport, view: &View) -> String {
    let (id, title) = (html(&case.id), html(&case.title));
    let mut text = format!("<details><summary>{}: <code>{id}</code> {title}</summary>\n\n", case.verdict);
    if let Some(reason) = &case.reason {
        let _ = writeln!(text, "{}\n", plain(&words::reason(reason)));
    }
    for finding in &case.findings {
        let _ = write!(text, "**{}** ({}), step {}", code(&finding.requirement), finding.level, code(&finding.step));
        if let Some(rule) = view.rule(&finding.requirement) {
            let _ = write!(text, "  \n{}  \n<sub>{}</sub>", sentence(&rule.says, code), plain(&rule.source));
        }
        let mut diff = String::new();
        for mismatch in &finding.mismatches {
            let (expected, observed) = (words::expected(&mismatch.expected), words::observed(&mismatch.observed));
            let _ = writeln!(diff, "@@ {} @@\n- expected {expected}\n+ observed {observed}", mismatch.at);
        }
        let _ = writeln!(text, "\n\n{}", fenced("diff", &diff));
    }
    if let Some(not_asked) = &case.not_asked {
        let _ = writeln!(text, "{}\n", sentence(&words::not_asked(not_asked), code));
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

/// A sentence of the suite, in which `code` writes the code.
fn sentence(text: &str, code: fn(&str) -> String) -> String {
    let shown = prose(text).map(|part| match part {
        Prose::Words(words) => plain(words),
        Prose::Code(text) => code(text),
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

/// A code span, whatever the text is.
fn code(text: &str) -> String {
    let line = cut(text).replace('\n', " ");
    let ticks = "`".repeat(longest_run(&line) + 1);
    match line.starts_with('`') || line.ends_with('`') {
        true => format!("{ticks} {line} {ticks}"),
        false => format!("{ticks}{line}{ticks}"),
    }
}

/// A code block, whatever the text is.
fn fenced(language: &str, text: &str) -> String {
    let text = cut(text);
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// As much of a text as may be shown.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(PIECE)]
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
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(html("</summary>&"), "&lt;/summary&gt;&amp;");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(PIECE)).len(), PIECE);
        assert_eq!(cut(&format!("a{}", "é".repeat(PIECE))).len(), PIECE - 1);
    }
}
