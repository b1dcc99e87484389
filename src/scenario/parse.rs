//! From a file's text to a [`Scenario`]: everything that can be wrong with one file by itself.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::format::ScenarioFile;
use super::step::Reader;
use super::{Action, Change, Row, Scenario, Step, harness_names, is_harness_name, is_segment};
use crate::judge::{Check, Expectation, Pattern, StatusSet};
use crate::located::{self, LineCounter, Located, LocatedError, SourceText};
use crate::requirement::Register;
use crate::template::{Bindings, is_name};

impl Scenario {
    /// Reads the scenario of that id (`area/name`).
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line, column and advice.
    pub fn parse(id: &str, source: SourceText<'_>, register: &Register) -> Result<Scenario, LocatedError> {
        let file: ScenarioFile = located::parse(source).map_err(|error| {
            // An id without quotes is a nest of tables to TOML, and the error about that would help nobody.
            unquoted_id(source).unwrap_or(error)
        })?;
        let reader = Reader::new(source, register);
        let title = file.title.get_ref().trim();
        if title.is_empty() {
            let advice = "say in one sentence what the scenario shows";
            return Err(source.error(file.title.span(), "the title is empty", advice));
        }
        let positive = file.positive.as_ref().map(|positive| positive.get_ref().clone());
        if positive.as_deref() == Some(id) {
            let span = file.positive.as_ref().map_or(0..0, Spanned::span);
            return Err(source.error(span, "the scenario is its own positive", "name the one that is accepted"));
        }
        let rows = rows(&reader, &file.cases)?;
        if file.steps.is_empty() {
            return Err(source.error(0..0, "there is no step", "add [[steps]] with `name`, `send` and [steps.expect]"));
        }
        let spans: Vec<Range<usize>> = file.steps.iter().map(Spanned::span).collect();
        let steps = file.steps.into_iter().map(|step| reader.step(step)).collect::<Result<Vec<_>, _>>()?;
        unique_step_names(source, &steps, &spans)?;
        let scenario = Scenario {
            id: id.to_owned(),
            file: source.file.to_owned(),
            title: title.to_owned(),
            given: file.given,
            changes: file.changes,
            control: file.control,
            positive,
            registration: file.registration,
            keep: file.keep,
            rows,
            steps,
        };
        clock_is_declared(&scenario, source, &spans)?;
        names_are_bound(&scenario, source, &file.cases, &spans)?;
        refusals_have_twins(&scenario, source, &spans)?;
        Ok(scenario)
    }
}

fn rows(reader: &Reader<'_>, cases: &Located<Located<String>>) -> Result<Vec<Row>, LocatedError> {
    if cases.is_empty() {
        return Ok(vec![Row { name: None, bindings: Bindings::new(), line: 1 }]);
    }
    let mut lines = LineCounter::new(reader.source);
    cases.iter().map(|(name, values)| row(reader, name, values, lines.line(name.span().start))).collect()
}

fn row(
    reader: &Reader<'_>,
    name: &Spanned<String>,
    values: &Spanned<Located<String>>,
    line: usize,
) -> Result<Row, LocatedError> {
    if !is_segment(name.get_ref()) {
        let what = format!("`{}` is not a valid row name", name.get_ref());
        let advice = "use lower case, digits and hyphens: it becomes part of the case id";
        return Err(reader.source.error(name.span(), what, advice));
    }
    let mut bindings = Bindings::new();
    for (key, value) in values.get_ref().iter() {
        if !is_name(key.get_ref()) {
            let what = format!("`{}` cannot be bound", key.get_ref());
            return Err(reader.source.error(key.span(), what, "use letters, digits, `_` and `-`, a letter first"));
        }
        bindings.bind(key.get_ref(), value.get_ref());
    }
    Ok(Row { name: Some(name.get_ref().clone()), bindings, line })
}

fn unique_step_names(source: SourceText<'_>, steps: &[Step], spans: &[Range<usize>]) -> Result<(), LocatedError> {
    let mut seen = BTreeSet::new();
    for (step, span) in steps.iter().zip(spans) {
        if !seen.insert(step.name.as_str()) {
            let what = format!("two steps are named `{}`", step.name);
            return Err(source.error(span.clone(), what, "findings name the step, so give each its own name"));
        }
    }
    Ok(())
}

/// A scenario that moves the clock says so, or the planner would let it loose on a target that did not allow it.
fn clock_is_declared(scenario: &Scenario, source: SourceText<'_>, spans: &[Range<usize>]) -> Result<(), LocatedError> {
    let moves = |step: &Step| matches!(step.action, Action::Advance(_));
    let undeclared = !scenario.changes.contains(&Change::Clock);
    match scenario.steps.iter().position(moves).filter(|_| undeclared) {
        Some(step) => Err(source.error(
            spans[step].clone(),
            "the step moves the clock, but the scenario does not say so",
            "add \"clock\" to `changes`",
        )),
        None => Ok(()),
    }
}

/// Every name that a template needs is bound by the harness, by each row, or by a capture of an earlier step.
fn names_are_bound(
    scenario: &Scenario,
    source: SourceText<'_>,
    cases: &Located<Located<String>>,
    spans: &[Range<usize>],
) -> Result<(), LocatedError> {
    let harness: Vec<&str> = harness_names(scenario.given).collect();
    for (key, _) in cases.iter().flat_map(|(_, values)| values.get_ref().iter()) {
        if is_harness_name(key.get_ref()) {
            let what = format!("`{}` is bound by the harness", key.get_ref());
            return Err(source.error(key.span(), what, "give the row's value a name of its own"));
        }
        let used = |name: &str| name == key.get_ref();
        if !scenario.steps.iter().any(|step| step.names().any(used)) {
            let what = format!("nothing uses `{}`", key.get_ref());
            return Err(source.error(key.span(), what, format!("use ${{{}}} in a step, or remove it", key.get_ref())));
        }
    }
    let mut captured: Vec<&str> = Vec::new();
    for (step, span) in scenario.steps.iter().zip(spans) {
        for name in step.names() {
            if harness.contains(&name) || captured.contains(&name) {
                continue;
            }
            let lacking = scenario.rows.iter().find(|row| row.bindings.value(name).is_none());
            let Some(row) = lacking else { continue };
            let what = format!("nothing binds `${{{name}}}`");
            let advice = match (&row.name, is_harness_name(name)) {
                (_, true) => format!("a scenario given `{}` has no `{name}`: change `given`", scenario.given),
                (Some(row), _) => {
                    format!("bind it in the row `{row}`, or capture it in an earlier step")
                }
                (None, _) => "capture it in an earlier step, or add rows ([cases.NAME]) that bind it".to_owned(),
            };
            return Err(source.error(place_of(source, name, span), what, advice));
        }
        captured.extend(step.captures.iter().map(|capture| capture.name.as_str()));
    }
    Ok(())
}

/// Where the name first stands in the step, so that the error points at it.
fn place_of(source: SourceText<'_>, name: &str, step: &Range<usize>) -> Range<usize> {
    let needle = format!("${{{name}");
    let tail = source.text.get(step.start..).unwrap_or_default();
    let start = tail.find(&needle).map_or(step.start, |offset| step.start + offset);
    start..start + needle.len()
}

/// A refusal proves little unless the same request made good is accepted: by a positive, or by a step beside it.
fn refusals_have_twins(
    scenario: &Scenario,
    source: SourceText<'_>,
    spans: &[Range<usize>],
) -> Result<(), LocatedError> {
    if scenario.positive.is_some() {
        return Ok(());
    }
    let target = |step: &Step| match &step.action {
        Action::Send(draft) => Some((draft.method.clone(), draft.path.clone())),
        _ => None,
    };
    let accepted: Vec<_> = scenario.steps.iter().filter(|step| step.expects(StatusSet::accepts)).map(target).collect();
    for (step, span) in scenario.steps.iter().zip(spans) {
        if step.expects(StatusSet::refuses) && !accepted.contains(&target(step)) {
            let what = format!("the step `{}` expects a refusal, but nothing shows the request accepted", step.name);
            let advice = "name the scenario in which it is accepted: positive = \"area/name\"";
            return Err(source.error(span.clone(), what, advice));
        }
    }
    Ok(())
}

impl Step {
    /// Every name that its request and its expectations use.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let expected = self.expectations.iter().flat_map(|expectation| &expectation.checks);
        let expected = expected.filter_map(|check| match check {
            Check::Differs(_, template)
            | Check::Body(_, Pattern::Text(template))
            | Check::Header(_, Pattern::Text(template)) => Some(template),
            _ => None,
        });
        self.action.templates().into_iter().chain(expected).flat_map(|template| template.names())
    }

    /// The statuses that its expectations ask for.
    pub fn statuses(&self) -> impl Iterator<Item = &StatusSet> {
        self.expectations.iter().flat_map(Expectation::statuses)
    }

    /// Whether one of its expectations asks for a status of that kind.
    pub fn expects(&self, kind: fn(&StatusSet) -> bool) -> bool {
        self.statuses().any(kind)
    }
}

/// The error for a requirement id that was written without quotes, if that is what the file holds.
fn unquoted_id(source: SourceText<'_>) -> Option<LocatedError> {
    let table = DeTable::parse(source.text).ok()?;
    let DeValue::Array(steps) = table.get_ref().get("steps")?.get_ref() else {
        return None;
    };
    let expects = steps.iter().filter_map(|step| step.get_ref().get("expect"));
    let tables = expects.filter_map(|expect| expect.get_ref().as_table());
    let key = tables.flat_map(|table| table.keys()).find(|key| !key.get_ref().contains('.'))?;
    Some(source.error(
        key.span(),
        format!("`{}` is not a valid requirement id", key.get_ref()),
        "ids contain dots, so they stand in quotes: \"login.first.refused\" = { … }",
    ))
}
