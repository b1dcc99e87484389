//! From a file's text to a [`Scenario`]: everything that can be wrong with one file by itself.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::each::Call;
use super::format::{Cases, ScenarioFile, StepEntry};
use super::step::{Reader, bindable};
use super::{Action, COPIES, COPY, Change, Registration, Row, Scenario, Step, harness_names, is_harness_name};
use crate::documented::api::{Effect, Operation};
use crate::judge::facts::{About, Condition};
use crate::judge::{Check, Expectation, Granted, Pattern, StatusSet};
use crate::located::{self, LineCounter, Located, LocatedError, SourceText};
use crate::requirement::{Register, is_segment};
use crate::template::{Bindings, Template};

impl Scenario {
    /// Parses the scenario with that id (`area/name`): the first, if the file tells it for several operations. The error is
    /// the first thing that is wrong.
    pub fn parse(id: &str, source: SourceText<'_>, register: &Register) -> Result<Scenario, LocatedError> {
        let mut scenarios = Scenario::parse_each(id, source, register)?;
        Ok(scenarios.swap_remove(0))
    }

    /// Parses a file: one scenario, or one for each operation that it is expanded for. There is at least one.
    pub fn parse_each(id: &str, source: SourceText<'_>, register: &Register) -> Result<Vec<Scenario>, LocatedError> {
        let file: ScenarioFile = located::parse(source).map_err(|error| {
            // To TOML, an id without quotes is nested tables, and that error would not help.
            unquoted_id(source).unwrap_or(error)
        })?;
        source.filled(&file.title, "the title is empty", "say in one sentence what the scenario shows")?;
        if let Some(positive) = file.positive.as_ref().filter(|positive| positive.get_ref() == id) {
            let (what, advice) = ("the scenario is its own positive", "name the one that is accepted");
            return Err(source.error(positive.span(), what, advice));
        }
        let rows = rows(source, &file.cases)?;
        if file.steps.is_empty() {
            return Err(source.error(0..0, "there is no step", "add [[steps]] with `name`, `send` and [steps.expect]"));
        }
        let reading = Reading { id, source, register, file: &file };
        let Some(each) = file.each else { return Ok(vec![reading.scenario(None, rows)?]) };
        let mut scenarios = Vec::new();
        for call in each.calls() {
            for row in &rows {
                let scenario = reading.scenario(Some(&call), vec![row.clone()])?;
                scenarios.extend((!scenario.steps.is_empty()).then_some(scenario));
            }
        }
        if scenarios.is_empty() {
            return Err(source.error(0..0, "no operation has a step", "look at `each`, `only` and `except`"));
        }
        Ok(scenarios)
    }
}

/// A file that is being read.
struct Reading<'r> {
    id: &'r str,
    source: SourceText<'r>,
    register: &'r Register,
    file: &'r ScenarioFile,
}

impl Reading<'_> {
    /// The scenario with those rows, for an operation if there is one. Then what its only row binds is filled in.
    fn scenario(&self, call: Option<&Call>, mut rows: Vec<Row>) -> Result<Scenario, LocatedError> {
        let Reading { source, file, .. } = *self;
        let mut texts = Vec::new();
        let bound = rows[0].bindings.clone();
        if let Some(call) = call {
            let row = rows[0].name.take().map(|name| format!(".{name}")).unwrap_or_default();
            rows[0].name = Some(call.name.clone() + &row);
            rows[0].bindings = Bindings::default();
            texts.extend(bound.iter());
            texts.extend(call.texts.iter().map(|(name, text)| (*name, text.as_str())));
        }
        let operation = call.and_then(|call| call.operation);
        let has = |step: &StepEntry| {
            let is_among = |list: &[Operation]| operation.is_some_and(|operation| list.contains(&operation));
            (step.only.is_empty() || is_among(&step.only)) && !is_among(&step.except)
        };
        let (mut steps, mut spans, mut lines) = (Vec::new(), Vec::new(), LineCounter::new(source));
        for entry in &file.steps {
            self.check(entry, call.is_some())?;
            if !has(entry.get_ref()) {
                continue;
            }
            for way in ways(source, file, entry.get_ref())? {
                let texts = way.into_iter().chain(texts.iter().copied()).collect();
                let reader = Reader { source, register: self.register, texts };
                steps.push(reader.step(entry, &mut lines)?);
                spans.push(entry.span());
            }
        }
        // Where it is closed it refuses everything, and shows nothing.
        let needs_open = call.is_some_and(|call| call.effect == Effect::Registration);
        let scenario = Scenario {
            id: self.id.to_owned(),
            file: source.file.to_owned(),
            title: file.title.get_ref().trim().to_owned(),
            given: file.given,
            changes: file.changes.clone(),
            control: file.control,
            positive: file.positive.as_ref().map(|positive| positive.get_ref().clone()),
            registration: file.registration.or(needs_open.then_some(Registration::Open)),
            keep: file.keep.clone(),
            rows,
            steps,
        };
        check_rows(&scenario, source, file)?;
        check_steps(&scenario, source, &spans)?;
        Ok(scenario)
    }
}

/// How many copies a row may ask for. Each has a connection of its own.
const MOST_COPIES: RangeInclusive<usize> = 2..=32;

impl Reading<'_> {
    /// What a step needs of its file.
    fn check(&self, entry: &Spanned<StepEntry>, is_told_for_each: bool) -> Result<(), LocatedError> {
        let step = entry.get_ref();
        let chooses = !step.only.is_empty() || !step.except.is_empty();
        if chooses && !is_told_for_each {
            let what = "`only` and `except` choose among the operations that the file is expanded for";
            return Err(self.source.error(entry.span(), what, "add `each`, or remove them"));
        }
        Ok(())
    }
}

/// The texts of each way to do the step; one without any, if it names no group of ways.
fn ways<'f>(
    source: SourceText<'_>,
    file: &'f ScenarioFile,
    step: &StepEntry,
) -> Result<Vec<Vec<(&'f str, &'f str)>>, LocatedError> {
    let Some(named) = &step.ways else { return Ok(vec![Vec::new()]) };
    let group = file.ways.iter().find(|(name, ways)| name.get_ref() == named.get_ref() && !ways.get_ref().is_empty());
    let Some((_, group)) = group else {
        let what = format!("there is no group of ways `{}`", named.get_ref());
        return Err(source.error(named.span(), what, "name a table of [ways]"));
    };
    let texts = |(name, texts): &'f (Spanned<String>, Spanned<Located<String>>)| {
        let texts = texts.get_ref().iter().map(|(key, text)| (key.get_ref().as_str(), text.get_ref().as_str()));
        std::iter::once(("way", name.get_ref().as_str())).chain(texts).collect()
    };
    Ok(group.get_ref().iter().map(texts).collect())
}

fn rows(source: SourceText<'_>, cases: &Cases) -> Result<Vec<Row>, LocatedError> {
    if cases.is_empty() {
        return Ok(vec![Row { name: None, bindings: Bindings::default(), copies: 1, line: 1 }]);
    }
    let mut lines = LineCounter::new(source);
    let row = |(name, values): &(Spanned<String>, Spanned<Located<String>>)| {
        if !is_segment(name.get_ref()) {
            let what = format!("`{}` is not a valid row name", name.get_ref());
            let advice = "use lower case, digits and hyphens: it becomes part of the case id";
            return Err(source.error(name.span(), what, advice));
        }
        let (mut bindings, mut copies) = (Bindings::default(), 1);
        for (key, value) in values.get_ref().iter() {
            bindings.bind(bindable(source, key)?, value.get_ref());
            if key.get_ref() == COPIES {
                let count = value.get_ref().parse().ok().filter(|count| MOST_COPIES.contains(count));
                let what = || format!("`{}` is not a number of copies", value.get_ref());
                let advice = format!("write a number from {} to {}", MOST_COPIES.start(), MOST_COPIES.end());
                copies = count.ok_or_else(|| source.error(value.span(), what(), advice))?;
            }
        }
        Ok(Row { name: Some(name.get_ref().clone()), bindings, copies, line: lines.line(name.span().start) })
    };
    cases.iter().map(row).collect()
}

/// The names of the rows and of the ways are free and used.
fn check_rows(scenario: &Scenario, source: SourceText<'_>, file: &ScenarioFile) -> Result<(), LocatedError> {
    let ways = file.ways.iter().flat_map(|(_, group)| group.get_ref().iter());
    for (key, _) in file.cases.iter().chain(ways).flat_map(|(_, values)| values.get_ref().iter()) {
        let name = key.get_ref();
        // Where a row or a way is known from.
        if name == "source" {
            continue;
        }
        if is_harness_name(name) {
            let what = format!("`{name}` is bound by the harness");
            return Err(source.error(key.span(), what, "give the row's value a name of its own"));
        }
        // What the file itself fills in is no longer a name in a step.
        let is_filled_in = || source.text.contains(&format!("${{{name}}}"));
        let counts = |step: &Step| step.copies.is_some() && name == COPIES;
        let uses = |step: &Step| counts(step) || step.names().any(|used| used == name);
        if !scenario.steps.iter().any(uses) && !is_filled_in() {
            let advice = format!("use ${{{name}}} in a step, or remove it");
            return Err(source.error(key.span(), format!("nothing uses `{name}`"), advice));
        }
    }
    Ok(())
}

/// Step names differ; the clock moves only if the scenario declares it, or the planner would run it on a target that does
/// not allow that; every name is bound by the harness, by each row, or by a capture of an earlier step; and a refusal,
/// which proves little by itself, has its request made good and accepted: in a positive, or in another step of the same
/// operation; for a request of no operation, any step that is accepted.
fn check_steps(scenario: &Scenario, source: SourceText<'_>, spans: &[Range<usize>]) -> Result<(), LocatedError> {
    let operation = |step: &Step| match &step.action {
        Action::Send(draft) => draft.operation(&Bindings::default()),
        _ => None,
    };
    let accepted = scenario.steps.iter().filter(|step| step.expects(StatusSet::accepts));
    let accepted: Vec<Option<Operation>> = accepted.map(operation).collect();
    let is_accepted = |step: &Step| match operation(step) {
        None => !accepted.is_empty(),
        known => accepted.contains(&known),
    };
    let mut bound: Vec<&str> = harness_names(scenario.given).collect();
    for (index, (step, span)) in scenario.steps.iter().zip(spans).enumerate() {
        let wrong = |what: String, advice: &str| Err(source.error(span.clone(), what, advice));
        if scenario.steps[..index].iter().any(|other| other.name == step.name) {
            let what = format!("two steps are named `{}`", step.name);
            return wrong(what, "findings name the step, so give each its own name");
        }
        if matches!(step.action, Action::Advance(_)) && !scenario.changes.contains(&Change::Clock) {
            let what = "the step moves the clock, but the scenario does not say so".to_owned();
            return wrong(what, "add \"clock\" to `changes`");
        }
        if step.copies.is_some() && scenario.rows.iter().any(|row| row.bindings.value(COPIES).is_none()) {
            let what = "the step has copies, but not every row says how many".to_owned();
            return wrong(what, "add rows ([cases.NAME]) with copies = \"2\" or the like");
        }
        for named in step.expectations.iter().flat_map(|expectation| &expectation.checks).filter_map(Granted::step) {
            if !scenario.steps[..index].iter().any(|earlier| earlier.copies.is_some() && earlier.name == named) {
                let what = format!("no earlier step with copies is named `{named}`");
                return wrong(what, "name the step whose copies were granted or refused");
            }
        }
        let is_bound = |name: &&str| bound.contains(name) || (step.copies.is_some() && *name == COPY);
        for name in step.names().filter(|name| !is_bound(name)) {
            if let Some(row) = scenario.rows.iter().find(|row| row.bindings.value(name).is_none()) {
                return Err(unbound(scenario, source, span.start, name, row));
            }
        }
        if scenario.positive.is_none() && step.expects(StatusSet::refuses) && !is_accepted(step) {
            let what = format!("the step `{}` expects a refusal, but nothing shows the request accepted", step.name);
            return wrong(what, "name the scenario in which it is accepted: positive = \"area/name\"");
        }
        bound.extend(step.captures.iter().map(|capture| capture.name.as_str()));
    }
    Ok(())
}

/// The error for a name that a row does not bind, at its first use in the step.
fn unbound(scenario: &Scenario, source: SourceText<'_>, step: usize, name: &str, row: &Row) -> LocatedError {
    let advice = match &row.name {
        _ if name == COPY => "add copies = \"together\" or \"in-turn\" to the step".to_owned(),
        _ if is_harness_name(name) => {
            format!("a scenario given `{}` has no `{name}`: change `given`", scenario.given)
        }
        Some(row) => format!("bind it in the row `{row}`, or capture it in an earlier step"),
        None => "capture it in an earlier step, or add rows ([cases.NAME]) that bind it".to_owned(),
    };
    let tail = source.text.get(step..).unwrap_or_default();
    let start = step + tail.find(&format!("${{{name}")).unwrap_or_default();
    source.error(start..start, format!("nothing binds `${{{name}}}`"), advice)
}

impl Step {
    /// The names that its request and its expectations use.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.templates().flat_map(Template::names)
    }

    /// The texts of its request and its expectations.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let expected = self.expectations.iter().flat_map(|expectation| &expectation.checks);
        let expected = expected.filter_map(|check| match check {
            Check::Differs(_, template)
            | Check::Lacks(template)
            | Check::Body(_, Pattern::Text(template))
            | Check::Header(_, Pattern::Text(template)) => Some(template),
            _ => None,
        });
        self.action.templates().into_iter().chain(expected)
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = &StatusSet> {
        self.expectations.iter().flat_map(Expectation::statuses)
    }

    /// Whether it expects a status of that kind.
    pub fn expects(&self, kind: fn(&StatusSet) -> bool) -> bool {
        self.statuses().any(kind)
    }

    /// Whether a conforming target does nothing of what it asks: it is refused, or whatever the status is, the answer must
    /// not have what it asks for.
    pub(crate) fn gets_nothing(&self) -> bool {
        let is_open = |expectation: &&Expectation| {
            let mut statuses = expectation.statuses();
            statuses.any(|set| !set.accepts() && !set.refuses())
        };
        let forbids = |check: &Check| matches!(check, Check::Absent(_));
        let mut open = self.expectations.iter().filter(is_open);
        self.expects(StatusSet::refuses) || open.any(|expectation| expectation.checks.iter().any(forbids))
    }

    /// What its request is about, in that row.
    pub(crate) fn about(&self, row: &Bindings) -> About {
        let draft = match &self.action {
            Action::Send(draft) => Some(draft),
            _ => None,
        };
        let operation = draft.and_then(|draft| draft.operation(row));
        let body = draft.and_then(|draft| draft.body.as_ref()).map(ToString::to_string).unwrap_or_default();
        // One that asks for no new password can only be refused for its credentials.
        let is_plain_login = operation == Some(Operation::LogIn) && !body.contains("new_password");
        let condition = match self.statuses().find_map(StatusSet::only) {
            _ if !self.expects(StatusSet::refuses) && self.expects(StatusSet::accepts) => Condition::Valid,
            _ if !self.expects(StatusSet::refuses) => Condition::Open,
            Some(401) if operation == Some(Operation::LogIn) => Condition::BadCredentials,
            Some(401) => Condition::BadToken,
            Some(403) => Condition::Forbidden,
            Some(404) => Condition::Unknown,
            Some(400) => Condition::BadRequest,
            _ if is_plain_login => Condition::BadCredentials,
            _ => Condition::Refused,
        };
        About { operation, condition }
    }
}

/// The error for a requirement id that was written without quotes, if that is what the file holds.
fn unquoted_id(source: SourceText<'_>) -> Option<LocatedError> {
    let table = DeTable::parse(source.text).ok()?;
    let DeValue::Array(steps) = table.get_ref().get("steps")?.get_ref() else { return None };
    let expects = steps.iter().filter_map(|step| step.get_ref().get("expect"));
    let tables = expects.filter_map(|expect| expect.get_ref().as_table());
    let key = tables.flat_map(|table| table.keys()).find(|key| !key.get_ref().contains('.'))?;
    Some(source.error(
        key.span(),
        format!("`{}` is not a valid requirement id", key.get_ref()),
        "ids contain dots, so put them in quotes: \"login.first.refused\" = { … }",
    ))
}
