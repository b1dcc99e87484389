//! Workflow commands that GitHub shows as annotations of a job: one for each cause, with the case that shows it best.
//!
//! GitHub shows ten errors and ten warnings of a step and drops the rest silently, so our last one says how many more
//! there are.

use std::io::{self, Write};

use super::causes::{Cause, causes};
use super::view::View;
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
    let blocked = view.reasons(Verdict::Blocked).map(|(reason, ids)| {
        let title = format!("{} cases blocked", ids.len());
        annotation("error", &[("title", &title)], reason)
    });
    let causes = causes(view);
    let (fatal, others): (Vec<_>, Vec<_>) = causes.iter().partition(|cause| cause.level >= view.summary.fail_on());
    let mut errors = of_cases(view, "error", &["error"]);
    errors.extend(fatal.into_iter().map(|cause| of_cause(view, "error", cause)));
    errors.extend(blocked);
    // The verdict itself takes a place among the errors.
    write_some(out, "error", &errors, if conforms { SHOWN } else { SHOWN - 1 })?;
    let mut warnings = of_cases(view, "warning", &["known"]);
    warnings.extend(others.into_iter().map(|cause| of_cause(view, "warning", cause)));
    write_some(out, "warning", &warnings, SHOWN)
}

/// The annotation of a cause, at the case that shows it best.
fn of_cause(view: &View, kind: &str, cause: &Cause<'_>) -> String {
    let (case, _) = cause.example;
    let (line, title) = (case.line.to_string(), cause.headline());
    let properties = [("file", case.file.as_str()), ("line", &line), ("title", &title)];
    annotation(kind, &properties, &format!("{}\n{}", cause.extent(), case_text(case, view.rules(), &[])))
}

fn write_some(out: &mut dyn Write, kind: &str, annotations: &[String], room: usize) -> io::Result<()> {
    let shown = match annotations.len() <= room {
        true => annotations.len(),
        false => room - 1,
    };
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

/// An annotation for each requirement that cases with one of these words are filed under.
fn of_cases(view: &View, kind: &str, words: &[&str]) -> Vec<String> {
    let filed = view.filed(words).into_iter();
    filed.map(|(requirement, cases)| of_requirement(view, kind, requirement, &cases)).collect()
}

fn of_requirement(view: &View, kind: &str, requirement: &str, cases: &[&CaseReport]) -> String {
    let case = cases[0];
    let more = match cases.len() - 1 {
        0 => String::new(),
        1 => "1 more case fails for it\n".to_owned(),
        more => format!("{more} more cases fail for it\n"),
    };
    let title = if requirement.is_empty() { case.id.as_str() } else { requirement };
    let properties = [("file", case.file.as_str()), ("line", &case.line.to_string()), ("title", title)];
    annotation(kind, &properties, &format!("{more}{}", case_text(case, view.rules(), &[])))
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
