//! JUnit's XML, in the shape of the Jenkins schema, which the CI servers read.
//!
//! A test suite per scenario, a test case per case, under its id. Failures are failures; what could not be judged and
//! our own defects are errors with different types; known failures count as skipped, with their reason.
//!
//! Written with quick-xml and not with quick-junit, which drops bytes that XML cannot hold where we show them, and gives
//! `testsuites` an attribute `skipped` that the schema does not know. A text of a report has only characters that XML 1.0
//! has (§2.2), because it is harmless.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::view::{View, reason, seconds};
use crate::judge::Verdict;
use crate::report::case_text;
use crate::run::CaseReport;
use crate::words;

/// The suite of the one test that a run which was not completed does not pass.
const RUN: &str = "the run";

struct TestCase<'v> {
    id: &'v str,
    file: &'v str,
    duration_ms: u64,
    problem: Option<Problem>,
    output: String,
}

struct Problem {
    /// `failure`, `error` or `skipped`.
    element: &'static str,
    kind: &'static str,
    message: String,
    text: String,
}

pub(super) fn write(view: &View, mut out: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Vec<TestCase<'_>>> = BTreeMap::new();
    for (scenario, cases) in view.scenarios() {
        suites.insert(scenario, cases.into_iter().map(|case| test_case(case, view)).collect());
    }
    if !view.summary.is_complete() {
        suites.insert(RUN, vec![incomplete(view)]);
    }
    let mut xml = Writer::new_with_indent(&mut out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attributes([
            ("name", "wabizspec"),
            ("tests", &suites.values().flatten().count().to_string()),
            ("failures", &count(suites.values().flatten(), "failure")),
            ("errors", &count(suites.values().flatten(), "error")),
            ("time", &seconds(view.elapsed_ms())),
        ])
        .write_inner_content(|xml| {
            suites.iter().try_for_each(|(scenario, tests)| write_suite(xml, scenario, tests, view))
        })?;
    out.write_all(b"\n")
}

fn test_case<'v>(case: &'v CaseReport, view: &View) -> TestCase<'v> {
    let reason = reason(case);
    let text = || case_text(case, view.rules(), &case.exchanges);
    let problem = |element, kind, message, text| Some(Problem { element, kind, message, text });
    let problem = match case.verdict {
        Verdict::Pass => None,
        Verdict::Fail => problem("failure", "nonconformance", headline(case), text()),
        Verdict::Error => problem("error", "defect of wabizspec", reason, text()),
        Verdict::Blocked => problem("error", "blocked", reason, text()),
        Verdict::Skipped => problem("skipped", "skipped", reason, String::new()),
        Verdict::Known => problem("skipped", "known failure", reason, text()),
    };
    let output = match case.warnings() {
        0 => format!("scenario: {}:{}", case.file, case.line),
        _ => text(),
    };
    TestCase { id: &case.id, file: &case.file, duration_ms: case.duration_ms, problem, output }
}

/// A run that was not completed shows as an error, so that it does not pass for a complete one.
fn incomplete(view: &View) -> TestCase<'static> {
    let (message, text) = (view.summary.conclusion().says().to_owned(), view.notes.join("\n"));
    let problem = Some(Problem { element: "error", kind: "incomplete", message, text });
    TestCase { id: "the run was completed", file: "", duration_ms: 0, problem, output: String::new() }
}

fn count<'t>(tests: impl IntoIterator<Item = &'t TestCase<'t>>, element: &str) -> String {
    let problems = tests.into_iter().filter_map(|test| test.problem.as_ref());
    problems.filter(|problem| problem.element == element).count().to_string()
}

fn write_suite<W: Write>(xml: &mut Writer<W>, scenario: &str, tests: &[TestCase<'_>], view: &View) -> io::Result<()> {
    let total = tests.iter().map(|test| test.duration_ms).sum();
    let mut element = xml.create_element("testsuite").with_attributes([
        ("name", scenario),
        ("tests", &tests.len().to_string()),
        ("failures", &count(tests, "failure")),
        ("errors", &count(tests, "error")),
        ("skipped", &count(tests, "skipped")),
        ("time", &seconds(total)),
        ("file", tests[0].file),
    ]);
    if let Some(started) = &view.summary.started {
        let (at, url) = (started.at.to_string(), &started.target.url);
        element = element.with_attributes([("timestamp", &*at), ("url", url), ("version", &started.version)]);
    }
    element.write_inner_content(|xml| tests.iter().try_for_each(|test| write_test(xml, test)))?;
    Ok(())
}

fn write_test<W: Write>(xml: &mut Writer<W>, test: &TestCase<'_>) -> io::Result<()> {
    // CI servers cut the class off at its last dot and show what is before it as a folder: here, the area.
    let class = test.id.split("::").next().unwrap_or_default().replace('/', ".");
    let attributes = [("name", test.id), ("classname", &class), ("time", &seconds(test.duration_ms))];
    let element = xml.create_element("testcase").with_attributes(attributes);
    element.write_inner_content(|xml| {
        if let Some(Problem { element, kind, message, text }) = &test.problem {
            let element = xml.create_element(*element).with_attributes([("type", *kind), ("message", message)]);
            if text.is_empty() {
                element.write_empty()?
            } else {
                element.write_text_content(BytesText::new(text))?
            };
        }
        xml.create_element("system-out").write_text_content(BytesText::new(&test.output))?;
        Ok(())
    })?;
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
