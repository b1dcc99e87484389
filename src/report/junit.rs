//! JUnit's XML, in the shape of the Jenkins schema, which the CI servers read.
//!
//! A test suite per scenario, a test case per case, under its id. Failures are failures; what could not be judged and
//! defects of ours are errors and told apart by their type; known failures count as skipped, with their reason.
//!
//! Written with quick-xml and not with quick-junit, which drops bytes that XML cannot hold where we show them, and gives
//! `testsuites` an attribute `skipped` that the schema does not know.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event as Xml};

use super::Report;
use super::rendering::{Exchanges, case_text, reason, seconds};
use crate::judge::Verdict;
use crate::run::{CaseReport, Event, Started, Summary};
use crate::words;

/// Collects what JUnit has a word for, and writes it at the end: the counts stand before the cases.
pub struct Junit {
    out: Box<dyn Write + Send>,
    suites: BTreeMap<String, Vec<TestCase>>,
    notes: Vec<String>,
}

struct TestCase {
    id: String,
    file: String,
    duration_ms: u64,
    outcome: Outcome,
    output: String,
}

enum Outcome {
    Passed,
    Other(Element),
}

/// `failure`, `error` or `skipped`.
struct Element {
    name: &'static str,
    kind: &'static str,
    message: String,
    text: String,
}

impl Junit {
    /// Onto that writer.
    pub fn new(out: Box<dyn Write + Send>) -> Junit {
        Junit { out, suites: BTreeMap::new(), notes: Vec::new() }
    }
}

impl Report for Junit {
    fn take(&mut self, event: &Event, summary: &Summary) -> io::Result<()> {
        match event {
            Event::Case(case) => {
                let test = TestCase::of(case, summary.started());
                self.suites.entry(case.scenario().to_owned()).or_default().push(test);
            }
            Event::Note(note) => self.notes.push(note.clone()),
            _ => {}
        }
        Ok(())
    }

    fn draft(&mut self, summary: &Summary) -> io::Result<bool> {
        self.finish(summary).map(|()| true)
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if !summary.is_complete() {
            let incomplete = TestCase::incomplete(summary, &self.notes);
            self.suites.insert("the run".to_owned(), vec![incomplete]);
        } else {
            self.suites.remove("the run");
        }
        for tests in self.suites.values_mut() {
            tests.sort_by(|a, b| a.id.cmp(&b.id));
        }
        let mut xml = Writer::new_with_indent(&mut self.out, b' ', 2);
        xml.write_event(Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let all: Vec<&TestCase> = self.suites.values().flatten().collect();
        let elapsed = summary.ended().map_or(0, |ended| ended.elapsed_ms);
        xml.create_element("testsuites")
            .with_attributes([
                ("name", "wabizspec"),
                ("tests", &all.len().to_string()),
                ("failures", &count(all.iter().copied(), "failure")),
                ("errors", &count(all.iter().copied(), "error")),
                ("time", &seconds(elapsed)),
            ])
            .write_inner_content(|xml| {
                let mut suites = self.suites.iter();
                suites.try_for_each(|(scenario, tests)| test_suite(xml, scenario, tests, summary.started()))
            })?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

impl TestCase {
    fn of(case: &CaseReport, started: Option<&Started>) -> TestCase {
        let infos = started.map_or(&[][..], |started| &started.requirements);
        let reason = reason(case);
        let text = || case_text(case, infos, Exchanges::Told);
        let element = |name, kind, message, text| Outcome::Other(Element { name, kind, message, text });
        let outcome = match case.verdict {
            Verdict::Pass => Outcome::Passed,
            Verdict::Fail => element("failure", "nonconformance", headline(case), text()),
            Verdict::Error => element("error", "defect of wabizspec", reason, text()),
            Verdict::Blocked => element("error", "blocked", reason, text()),
            Verdict::Skipped => element("skipped", "skipped", reason, String::new()),
            Verdict::Known => element("skipped", "known failure", reason, text()),
        };
        let output = match case.warnings() {
            0 => format!("scenario: {}:{}", case.file, case.line),
            _ => text(),
        };
        TestCase { id: case.id.clone(), file: case.file.clone(), duration_ms: case.duration_ms, outcome, output }
    }

    /// A run that was not completed shows as an error, so that nobody takes the part for the whole.
    fn incomplete(summary: &Summary, notes: &[String]) -> TestCase {
        TestCase {
            id: "the run was completed".to_owned(),
            file: String::new(),
            duration_ms: 0,
            outcome: Outcome::Other(Element {
                name: "error",
                kind: "incomplete",
                message: summary.conclusion().says().to_owned(),
                text: notes.join("\n"),
            }),
            output: String::new(),
        }
    }

    fn is(&self, element: &str) -> bool {
        matches!(&self.outcome, Outcome::Other(outcome) if outcome.name == element)
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        // CI servers cut the class off at its last dot and show what is before it as a folder: here, the area.
        let scenario = self.id.split("::").next().unwrap_or_default();
        let element = xml.create_element("testcase").with_attributes([
            ("name", legal(&self.id).as_ref()),
            ("classname", legal(&scenario.replace('/', ".")).as_ref()),
            ("time", &seconds(self.duration_ms)),
        ]);
        element.write_inner_content(|xml| {
            if let Outcome::Other(outcome) = &self.outcome {
                outcome.write(xml)?;
            }
            xml.create_element("system-out").write_text_content(BytesText::new(&legal(&self.output)))?;
            Ok(())
        })?;
        Ok(())
    }
}

impl Element {
    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let element = xml
            .create_element(self.name)
            .with_attributes([("type", self.kind), ("message", legal(&self.message).as_ref())]);
        match self.text.is_empty() {
            true => element.write_empty()?,
            false => element.write_text_content(BytesText::new(&legal(&self.text)))?,
        };
        Ok(())
    }
}

fn test_suite<W: Write>(
    xml: &mut Writer<W>,
    scenario: &str,
    tests: &[TestCase],
    started: Option<&Started>,
) -> io::Result<()> {
    let file = tests.first().map_or("", |test| &test.file);
    let total = tests.iter().map(|test| test.duration_ms).sum();
    let mut element = xml.create_element("testsuite").with_attributes([
        ("name", legal(scenario).as_ref()),
        ("tests", &tests.len().to_string()),
        ("failures", &count(tests, "failure")),
        ("errors", &count(tests, "error")),
        ("skipped", &count(tests, "skipped")),
        ("time", &seconds(total)),
        ("file", legal(file).as_ref()),
    ]);
    if let Some(started) = started {
        element = element.with_attributes([
            ("timestamp", started.at.to_string().as_str()),
            ("url", legal(&started.target.url).as_ref()),
            ("version", legal(&started.version).as_ref()),
        ]);
    }
    element.write_inner_content(|xml| tests.iter().try_for_each(|test| test.write(xml)))?;
    Ok(())
}

/// The broken requirements and the first mismatch, in a line.
fn headline(case: &CaseReport) -> String {
    let mut broken: Vec<&str> = case.findings.iter().map(|finding| finding.requirement.as_str()).collect();
    broken.dedup();
    let first = case.findings.iter().flat_map(|finding| &finding.mismatches).next();
    let first = first.map_or(String::new(), |mismatch| {
        let observed = words::observed(&mismatch.observed);
        let observed = observed.lines().find(|line| !line.is_empty()).unwrap_or_default();
        format!(": {}: expected {}, observed {observed}", mismatch.at, words::expected(&mismatch.expected))
    });
    format!("{}{first}", broken.join(", "))
}

fn count<'t>(tests: impl IntoIterator<Item = &'t TestCase>, element: &str) -> String {
    tests.into_iter().filter(|test| test.is(element)).count().to_string()
}

/// The text with what XML 1.0 has no way to say (§2.2) made visible.
fn legal(text: &str) -> Cow<'_, str> {
    let is_legal =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_legal(c) {
            true => shown.push(c),
            false => shown.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_say_is_made_visible() {
        assert_eq!(legal("a\u{0}b\u{1b}[2J\u{fffe}"), "a\\u{0}b\\u{1b}[2J\\u{fffe}");
        assert_eq!(legal("tab\tline\né😀"), "tab\tline\né😀");
    }
}
