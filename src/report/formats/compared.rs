//! Two targets that ran the same plan: what they differ in, the most important first.
//!
//! A rule that one breaks and the other does not, or not in this way, is a difference, and so is another status class, error
//! code or shape where the documents allow both. What both break in the same way is none.

mod document;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anstyle::Style;
pub(crate) use document::ComparedReport;
use serde_json::{Value, json};

use super::causes::{Cause, causes_across_operations as causes};
use super::console::{REASONS_SHOWN, reasons};
use super::view::{View, counted, grouped, named, reason};
use crate::answers::{Answer, Answers, Difference, first_difference};
use crate::baseline::signature;
use crate::documented::api::Operation;
use crate::exchange::JsonKind;
use crate::judge::facts::{Condition, Place};
use crate::judge::{Finding, Observation, Remark, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, Conclusion, Event};
use crate::words;

/// The run on one of the targets.
pub(crate) struct Ran {
    view: View,
    answers: Answers,
}

impl Ran {
    /// Of a run whose exchanges the `answers` see.
    pub fn new(answers: Answers) -> Ran {
        Ran { view: View::of_all_cases(), answers }
    }

    pub fn take(&mut self, event: &Event) {
        self.view.take(&event.clone().harmless());
    }

    fn url(&self) -> &str {
        self.view.summary.started.as_ref().map_or("", |started| &started.target.url)
    }

    fn cases(&self) -> BTreeMap<&str, &CaseReport> {
        self.view.cases.iter().map(|case| (case.id.as_str(), case)).collect()
    }

    fn judged(&self) -> BTreeMap<&str, &CaseReport> {
        let mut cases = self.cases();
        cases.retain(|_, case| matches!(case.verdict, Verdict::Pass | Verdict::Fail));
        cases
    }

    /// Its answer to that step; none if that has several, or was not asked.
    fn answer(&self, case: &str, step: &str) -> Option<String> {
        self.answers.of(case).iter().find(|answer| answer.step == step).map(described)
    }

    /// The findings of a case, and what it noticed of requirements of level may.
    fn noticed(&self, case: &CaseReport) -> Vec<Finding> {
        let answers = self.answers.of(&case.id);
        let noticed = case.observations.iter().filter_map(|observation| {
            let Observation { requirement: Some(id), what: Remark::Mismatches(mismatches) } = observation else {
                return None;
            };
            let answer = answers.iter().find(|answer| answer.cites.contains(id));
            let step = answer.map_or("", |answer| &answer.step);
            let about = answer.map(|answer| answer.about);
            Some(Finding { about, ..Finding::new(id, Level::May, step, mismatches.clone()) })
        });
        case.findings.iter().cloned().chain(noticed).collect()
    }

    /// What only it shows, as the view of a run.
    fn only(&self, other: &Ran) -> View {
        let mut view = View::of_all_cases();
        let others = other.judged();
        self.view.summary.started.iter().for_each(|started| view.take(&Event::Started(started.clone())));
        for case in &self.view.cases {
            let Some(same) = others.get(case.id.as_str()) else { continue };
            let theirs: BTreeSet<Way> = other.noticed(same).iter().map(way).collect();
            let findings = self.noticed(case).into_iter().filter(|finding| !theirs.contains(&way(finding))).collect();
            view.take(&Event::Case(Box::new(CaseReport { findings, observations: Vec::new(), ..case.clone() })));
        }
        view
    }
}

/// How a finding breaks its requirement; the same on every target that breaks it like this.
type Way = (String, String);

fn way(finding: &Finding) -> Way {
    (finding.requirement.clone(), signature([finding]))
}

/// Level, whether an operation is missing, whether it leads in half of its cases, whether it begins one, what it holds up,
/// how many cases it begins, and how many it is in.
type Weight = (Level, bool, bool, bool, usize, usize, usize);

/// How important it is. Where an answer has the wrong status, what else is wrong with it follows; and what shows in later
/// steps of a case may follow from the first.
fn weight(cause: &Cause<'_>, view: &View) -> Weight {
    let is_of_status = |finding: &&Finding| finding.mismatches.iter().any(|mismatch| mismatch.at == Place::Status);
    let (mut leads, mut begins) = (0, 0);
    for case in view.cases.iter().filter(|case| cause.cases.contains(case.id.as_str())) {
        let decided: Vec<&Finding> = case.findings.iter().filter(is_of_status).collect();
        let follows = |it: &Finding| decided.iter().any(|other| other.step == it.step && other.level >= it.level);
        let first = case.findings.first().map(|finding| &finding.step);
        let own = || case.findings.iter().filter(|it| cause.requirements.contains(it.requirement.as_str()));
        leads += usize::from(own().any(|finding| is_of_status(&finding) || !follows(finding)));
        begins += usize::from(own().any(|finding| Some(&finding.step) == first));
    }
    let all = cause.cases.len();
    (cause.level, cause.missing.is_some(), 2 * leads >= all, begins > 0, cause.holds_up, begins, all)
}

fn described(answer: &Answer) -> String {
    let status = match answer.status {
        Ok(status) => format!("status {status}"),
        Err(breakage) => return breakage.to_string(),
    };
    if answer.codes.is_empty() { status } else { format!("{status}, code {}", named(&answer.codes, 3)) }
}

/// A difference that no rule decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    /// Absent where it is about the form of errors, whatever is asked.
    operation: Option<Operation>,
    condition: Option<Condition>,
    difference: Difference,
    a: String,
    b: String,
}

impl Open {
    fn of(difference: Difference, a: &Answer, b: &Answer) -> Open {
        let is_of_errors = difference == Difference::Shape && !a.is_success();
        let missing = |one: &Answer, other: &Answer| {
            let more: Vec<String> = one.shape.difference(&other.shape).map(described_place).collect();
            if more.is_empty() { "no more than that".to_owned() } else { more.join(", ") }
        };
        let (a_shows, b_shows) = match difference {
            Difference::Shape => (missing(a, b), missing(b, a)),
            _ => (described(a), described(b)),
        };
        Open {
            operation: a.about.operation.filter(|_| !is_of_errors),
            condition: Some(a.about.condition).filter(|_| !is_of_errors),
            difference,
            a: a_shows,
            b: b_shows,
        }
    }

    fn headline(&self) -> String {
        let Open { operation, condition, a, b, .. } = self;
        let whom = match (operation, condition) {
            (None, None) => "a refusal".to_owned(),
            (operation, condition) => {
                let operation = operation.map_or("a request".to_owned(), |operation| operation.to_string());
                let when = condition.filter(|condition| *condition != Condition::Open).map(words::condition);
                when.map_or(operation.clone(), |when| format!("{operation}: {when}"))
            }
        };
        match self.difference {
            Difference::Shape => format!("{whom}: the body has in A {a}, and in B {b}"),
            _ => format!("{whom}: A: {a}, B: {b}"),
        }
    }
}

fn described_place((at, kind): &(String, JsonKind)) -> String {
    let at = if at.is_empty() { "the whole body" } else { at };
    format!("{at} ({})", words::json_kind(*kind))
}

/// Where an open difference shows: a case and a step, and the requirements that the step checks.
struct Example {
    case: String,
    step: String,
    cites: Vec<String>,
}

/// Both runs and what is different.
pub(crate) struct Compared<'r> {
    a: &'r Ran,
    b: &'r Ran,
    only_a: View,
    only_b: View,
    open: BTreeMap<Open, Vec<Example>>,
}

/// One difference, ready to be shown.
enum Shown<'c> {
    OnlyA(Cause<'c>),
    OnlyB(Cause<'c>),
    Open(&'c Open, &'c [Example]),
}

impl<'r> Compared<'r> {
    pub fn of(a: &'r Ran, b: &'r Ran) -> Compared<'r> {
        let (only_a, only_b) = (a.only(b), b.only(a));
        let open = grouped(open_differences(a, b, [&only_a, &only_b]).into_iter());
        Compared { a, b, only_a, only_b, open }
    }

    fn differences(&self) -> Vec<Shown<'_>> {
        let of_both = [&self.a.view, &self.b.view].map(|view| causes(view).iter().map(Cause::identity).collect());
        let [of_a, of_b]: [BTreeSet<String>; 2] = of_both;
        let is_shared = |cause: &Cause<'_>| of_a.contains(&cause.identity()) && of_b.contains(&cause.identity());
        let (only_a, only_b) = (causes(&self.only_a), causes(&self.only_b));
        let own = only_a.iter().chain(&only_b).filter(|cause| !is_shared(cause));
        let explained: BTreeSet<&str> = own.flat_map(|cause| cause.cases.iter().copied()).collect();
        // Where one goes wrong by itself, a case may not come to show what both do wrong elsewhere.
        let counts = |cause: &Cause<'_>| !is_shared(cause) || !cause.cases.is_subset(&explained);
        let of_a = only_a.into_iter().filter(counts).map(Shown::OnlyA);
        let of_b = only_b.into_iter().filter(counts).map(Shown::OnlyB);
        let open = self.open.iter().map(|(open, places)| Shown::Open(open, places));
        let mut all: Vec<Shown<'_>> = of_a.chain(of_b).chain(open).collect();
        all.sort_by_cached_key(|shown| {
            Reverse(match shown {
                Shown::OnlyA(cause) => weight(cause, &self.only_a),
                Shown::OnlyB(cause) => weight(cause, &self.only_b),
                Shown::Open(_, places) => (Level::May, false, true, true, 0, places.len(), places.len()),
            })
        });
        all
    }

    /// The requirements that each difference is about, the most important first.
    #[cfg(test)]
    pub fn requirements(&self) -> Vec<BTreeSet<String>> {
        let of = |shown: Shown<'_>| match shown {
            Shown::OnlyA(cause) | Shown::OnlyB(cause) => cause.requirements.into_iter().map(str::to_owned).collect(),
            Shown::Open(_, places) => places.iter().flat_map(|place| place.cites.clone()).collect(),
        };
        self.differences().into_iter().map(of).collect()
    }

    pub fn conclusion(&self) -> Conclusion {
        let each = [self.a, self.b].map(|ran| ran.view.summary.conclusion());
        let (a, b) = (self.a.judged(), self.b.judged());
        let worst =
            [Conclusion::Defect, Conclusion::Interrupted, Conclusion::Died].into_iter().find(|it| each.contains(it));
        match worst {
            Some(worst) => worst,
            None if !self.differences().is_empty() => Conclusion::Findings,
            None if a.is_empty() || a.keys().ne(b.keys()) => Conclusion::Inconclusive,
            None => Conclusion::Conforms,
        }
    }

    /// For people.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (name, ran) in [("A", self.a), ("B", self.b)] {
            let summary = &ran.view.summary;
            let planned = ran.view.cases.len();
            writeln!(out, "{name}: {}: {} of {} judged", ran.url(), summary.judged(), counted(planned, "case"))?;
            reasons(out, &ran.view, Verdict::Blocked, REASONS_SHOWN)?;
            ran.view.notes.iter().try_for_each(|note| writeln!(out, "note on {name}: {note}"))?;
        }
        let differences = self.differences();
        if !differences.is_empty() {
            writeln!(out, "\ndifferences, most important first ({}):", differences.len())?;
        }
        for (index, shown) in differences.iter().enumerate() {
            self.write_one(out, index + 1, shown)?;
        }
        for (lead, one, other) in [("A", self.a, self.b), ("B", self.b, self.a)] {
            let cases = other.cases();
            let missed = one.judged().into_keys().filter(|id| !other.judged().contains_key(id)).map(|id| {
                let why = cases.get(id).map(|case| format!("{}: {}", case.verdict, reason(case)));
                (why.unwrap_or_default(), id)
            });
            for (why, ids) in grouped(missed) {
                writeln!(out, "\njudged on {lead} only, {} ({why}): {}", counted(ids.len(), "case"), named(ids, 2))?;
            }
        }
        let says = match self.conclusion() {
            Conclusion::Findings => "the targets differ",
            Conclusion::Conforms => "no difference that matters",
            Conclusion::Inconclusive => "inconclusive: no difference was seen, but not everything was judged on both",
            other => other.says(),
        };
        let bold = Style::new().bold();
        writeln!(out, "\n{bold}{says}{bold:#}")
    }

    fn write_one(&self, out: &mut dyn Write, number: usize, shown: &Shown<'_>) -> io::Result<()> {
        let (case, step) = match shown {
            Shown::OnlyA(cause) | Shown::OnlyB(cause) => {
                let (name, view) = match shown {
                    Shown::OnlyA(_) => ("A", &self.only_a),
                    _ => ("B", &self.only_b),
                };
                cause.write(out, &format!("{number:3}. only {name}: "), view)?;
                (cause.example.0.id.as_str(), cause.example.1.step.as_str())
            }
            Shown::Open(open, places) => {
                let (bold, Some(Example { case, step, cites })) = (Style::new().bold(), places.first()) else {
                    return Ok(());
                };
                writeln!(out, "{number:3}. both as documented: {bold}{}{bold:#}", open.headline())?;
                writeln!(out, "     {}: {}", counted(places.len(), "case"), named(cites, 2))?;
                writeln!(out, "     example: {case}, step `{step}`")?;
                (case.as_str(), step.as_str())
            }
        };
        match (self.a.answer(case, step), self.b.answer(case, step)) {
            (None, None) => Ok(()),
            (a, b) => {
                let [a, b] = [a, b].map(|answer| answer.unwrap_or("not asked".to_owned()));
                writeln!(out, "     A: {a}; B: {b}")
            }
        }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!(self.document())
    }
}

/// The first difference of each case, where no finding of one side explains it.
fn open_differences(a: &Ran, b: &Ran, only: [&View; 2]) -> Vec<(Open, Example)> {
    let explained: BTreeSet<(&str, &str)> = only
        .iter()
        .flat_map(|view| &view.cases)
        .flat_map(|case| case.findings.iter().map(|finding| (case.id.as_str(), finding.step.as_str())))
        .collect();
    let on_b = b.judged();
    let both = a.judged().into_keys().filter(|id| on_b.contains_key(id));
    let difference = |id: &str| {
        let (difference, of_a, of_b) = first_difference(&a.answers.of(id), &b.answers.of(id))?;
        let is_open = !explained.contains(&(id, of_a.step.as_str()));
        let place = Example { case: id.to_owned(), step: of_a.step.clone(), cites: of_a.cites.clone() };
        is_open.then(|| (Open::of(difference, &of_a, &of_b), place))
    };
    both.filter_map(difference).collect()
}

#[cfg(test)]
mod tests;
