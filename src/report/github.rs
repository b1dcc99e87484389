//! Workflow commands that GitHub shows as annotations of a job.
//!
//! GitHub shows ten errors and ten warnings of a step and drops the rest silently, so the last one of ours says how
//! many more there are.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Report;
use super::rendering::{Exchanges, case_text, reason};
use crate::judge::Verdict;
use crate::run::{CaseReport, Conclusion, Event, Started, Summary};

/// How many annotations of a kind GitHub shows for a step.
const SHOWN: usize = 10;

/// How many bytes of a message are given.
const MESSAGE: usize = 4 * 1024;

/// Writes annotations: one for each requirement that cases failed for, with the first of them.
pub struct Github {
    out: Box<dyn Write + Send>,
    errors: BTreeMap<String, Filed>,
    warnings: BTreeMap<String, Filed>,
    blocked: BTreeMap<String, usize>,
}

/// The cases of one requirement.
struct Filed {
    first: Box<CaseReport>,
    count: usize,
}

impl Github {
    /// Onto that writer.
    pub fn new(out: Box<dyn Write + Send>) -> Github {
        Github { out, errors: BTreeMap::new(), warnings: BTreeMap::new(), blocked: BTreeMap::new() }
    }

    fn case(&mut self, case: &CaseReport) {
        let filed = match case.verdict {
            Verdict::Fail | Verdict::Error => &mut self.errors,
            Verdict::Known => &mut self.warnings,
            Verdict::Pass if case.warnings() > 0 => &mut self.warnings,
            Verdict::Blocked => {
                *self.blocked.entry(reason(case)).or_default() += 1;
                return;
            }
            Verdict::Pass | Verdict::Skipped => return,
        };
        let chief = case.chief_finding().map(|finding| finding.requirement.clone());
        let filed = filed.entry(chief.unwrap_or_default());
        let filed = filed.and_modify(|filed| filed.count += 1);
        let filed = filed.or_insert_with(|| Filed { first: Box::new(case.clone()), count: 1 });
        // Cases come in the order in which they end; the report is to be the same for all orders.
        if case.id < filed.first.id {
            *filed.first = case.clone();
        }
    }
}

impl Report for Github {
    fn take(&mut self, event: &Event, _: &Summary) -> io::Result<()> {
        if let Event::Case(case) = event {
            self.case(case);
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let conforms = summary.conclusion() == Conclusion::Conforms;
        let verdict = verdict(summary, if conforms { "notice" } else { "error" });
        let started = summary.started();
        let errors = self.errors.iter().map(|(id, filed)| of_cases("error", id, filed, started));
        let blocked = self.blocked.iter().map(|(reason, count)| {
            let title = format!("{count} cases blocked");
            annotation("error", &[("title", &title)], reason)
        });
        let errors: Vec<String> = errors.chain(blocked).collect();
        let warnings = self.warnings.iter().map(|(id, filed)| of_cases("warning", id, filed, started));
        let warnings: Vec<String> = warnings.collect();
        writeln!(self.out, "{verdict}")?;
        // The verdict itself takes a place among the errors.
        write_some(&mut self.out, "error", &errors, if conforms { SHOWN } else { SHOWN - 1 })?;
        write_some(&mut self.out, "warning", &warnings, SHOWN)?;
        self.out.flush()
    }
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

fn verdict(summary: &Summary, kind: &str) -> String {
    let counts = Verdict::ALL.iter().map(|verdict| format!("{} {verdict}", summary.count(*verdict)));
    let counts: Vec<String> = counts.collect();
    let message = format!("{}\n{}", summary.conclusion().says(), counts.join(", "));
    annotation(kind, &[("title", "wabizspec")], &message)
}

fn of_cases(kind: &str, requirement: &str, filed: &Filed, started: Option<&Started>) -> String {
    let Filed { first: case, count } = filed;
    let infos = started.map_or(&[][..], |started| &started.requirements);
    let more = match count - 1 {
        0 => String::new(),
        1 => "1 more case fails for it\n".to_owned(),
        more => format!("{more} more cases fail for it\n"),
    };
    let text = case_text(case, infos, Exchanges::LeftOut);
    let title = match requirement {
        "" => &case.id,
        requirement => requirement,
    };
    let line = case.line.to_string();
    let properties = [("file", case.file.as_str()), ("line", &line), ("title", title)];
    annotation(kind, &properties, &format!("{more}{text}"))
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
    fn an_annotation_is_one_line_whatever_stands_in_it() {
        let line = annotation("error", &[("title", "a,b::c\n")], "100%\r\n::warning::x");
        assert_eq!(line, "::error title=a%2Cb%3A%3Ac%0A::100%25%0D%0A::warning::x");
    }
}
