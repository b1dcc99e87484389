//! Workflow commands that GitHub shows as annotations of a job: one for each cause, with the case that shows it best.
//!
//! GitHub shows ten errors and ten warnings of a step and drops the rest, so our last one says how many more there are.

use std::io::{self, Write};

use super::causes::{Cause, causes};
use super::view::{View, counted};
use crate::judge::Verdict;
use crate::report::case_text;
use crate::run::{CaseReport, Conclusion};

/// How many annotations of a kind GitHub shows for a step.
const SHOWN: usize = 10;

/// The longest message, in bytes.
const MESSAGE: usize = 4 * 1024;

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let conclusion = view.summary.conclusion();
    let conforms = conclusion == Conclusion::Conforms;
    let counts: Vec<String> =
        Verdict::ALL.iter().map(|verdict| format!("{} {verdict}", view.summary.count(*verdict))).collect();
    let message = format!("{}\n{}", conclusion.says(), counts.join(", "));
    let verdict = annotation(if conforms { "notice" } else { "error" }, &[("title", "wabizspec")], &message);
    writeln!(out, "{verdict}")?;
    let of_reasons = |kind, verdict| {
        view.reasons(verdict).map(move |(reason, ids)| {
            let title = format!("{} {verdict}", counted(ids.len(), "case"));
            annotation(kind, &[("title", &title)], reason)
        })
    };
    let of_causes = |kind, causes: Vec<&Cause<'_>>| -> Vec<String> {
        let of_cause = |cause: &Cause<'_>| of_case(view, kind, cause.example.0, &cause.headline(), &cause.extent());
        causes.into_iter().map(of_cause).collect()
    };
    let causes = causes(view);
    let (fatal, others): (Vec<_>, Vec<_>) = causes.iter().partition(|cause| cause.level >= view.summary.fail_on());
    let defects = view.sorted().into_iter().filter(|case| case.verdict == Verdict::Error);
    let mut errors: Vec<String> =
        defects.map(|case| of_case(view, "error", case, &case.id, "a defect of wabizspec")).collect();
    errors.extend(of_causes("error", fatal));
    errors.extend(of_reasons("error", Verdict::Blocked));
    // The verdict itself takes a place among the errors.
    write_some(out, "error", &errors, if conforms { SHOWN } else { SHOWN - 1 })?;
    let mut warnings: Vec<String> = of_reasons("warning", Verdict::Known).collect();
    warnings.extend(of_causes("warning", others));
    write_some(out, "warning", &warnings, SHOWN)
}

/// An annotation at the scenario of a case, with the case in words.
fn of_case(view: &View, kind: &str, case: &CaseReport, title: &str, message: &str) -> String {
    let properties = [("file", case.file.as_str()), ("line", &case.line.to_string()), ("title", title)];
    annotation(kind, &properties, &format!("{message}\n{}", case_text(case, view.rules(), &[])))
}

fn write_some(out: &mut dyn Write, kind: &str, annotations: &[String], room: usize) -> io::Result<()> {
    let shown = if annotations.len() <= room { annotations.len() } else { room - 1 };
    for annotation in &annotations[..shown] {
        writeln!(out, "{annotation}")?;
    }
    match annotations.len() - shown {
        0 => Ok(()),
        more => {
            let message = format!("and {more} more; the HTML, JUnit and JSON reports show all");
            writeln!(out, "{}", annotation(kind, &[("title", "wabizspec")], &message))
        }
    }
}

fn annotation(kind: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", escaped_property(value))).collect();
    let message = &message[..message.floor_char_boundary(MESSAGE)];
    format!("::{kind} {}::{}", properties.join(","), escaped(message))
}

/// What would end the line, or be taken for an escape.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_one_line_whatever_its_texts_are() {
        let line = annotation("error", &[("title", "a,b::c\n")], "100%\r\n::warning::x");
        assert_eq!(line, "::error title=a%2Cb%3A%3Ac%0A::100%25%0D%0A::warning::x");
    }
}
