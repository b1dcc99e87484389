//! What the formats show of a run: the fold over its events that they share.

use std::collections::{BTreeMap, BTreeSet};

use crate::documented::api::Operation;
use crate::judge::{Observation, RequirementVerdict, Verdict};
use crate::plan::Skip;
use crate::requirement::Level;
use crate::run::{CaseReport, Coverage, Event, Reason, RequirementInfo, Summary};
use crate::words;

#[derive(Default)]
pub(super) struct View {
    pub summary: Summary,
    /// In the order in which they ended: all cases where a format lists them, otherwise those with something to show.
    pub cases: Vec<CaseReport>,
    /// How often each observation was made, by its requirement (empty if none) and its text.
    pub observations: BTreeMap<(String, String), usize>,
    pub notes: Vec<String>,
    /// What recorded traffic touched; of a run there is none.
    pub coverage: Option<Coverage>,
    /// Ids of the blocked, known and skipped cases.
    reasons: BTreeMap<(Verdict, String), Vec<String>>,
    /// How many cases of each area were judged, and how many of them passed.
    pub areas: BTreeMap<String, (usize, usize)>,
    /// How many cases were skipped because the target does not have the operation.
    pub needed: BTreeMap<Operation, usize>,
    /// Whether cases with nothing to show are kept too.
    pub keeps_all: bool,
}

impl View {
    /// One that keeps every case.
    pub fn of_all_cases() -> View {
        View { keeps_all: true, ..View::default() }
    }

    pub fn take(&mut self, event: &Event) {
        self.summary.take(event);
        match event {
            Event::Case(case) => self.take_case(case),
            Event::Coverage(coverage) => self.coverage = Some(coverage.clone()),
            Event::Note(note) => self.notes.push(note.clone()),
            _ => {}
        }
    }

    fn take_case(&mut self, case: &CaseReport) {
        for Observation { requirement, what } in &case.observations {
            let key = (requirement.clone().unwrap_or_default(), words::remark(what));
            *self.observations.entry(key).or_default() += 1;
        }
        if matches!(case.verdict, Verdict::Blocked | Verdict::Known | Verdict::Skipped) {
            self.reasons.entry((case.verdict, reason(case))).or_default().push(case.id.clone());
        }
        if let Some(Reason::Skipped(Skip::Needs(operation))) = case.reason {
            *self.needed.entry(operation).or_default() += 1;
        }
        if matches!(case.verdict, Verdict::Pass | Verdict::Fail | Verdict::Known) {
            let (judged, passed) = self.areas.entry(case.area().to_owned()).or_default();
            *judged += 1;
            *passed += usize::from(case.verdict == Verdict::Pass);
        }
        let has_failed = matches!(case.verdict, Verdict::Fail | Verdict::Known | Verdict::Error);
        if self.keeps_all || has_failed || !case.findings.is_empty() {
            self.cases.push(case.clone());
        }
    }

    /// How many cases show nothing while these fail: their refusals say little if the good counterpart is refused too, and
    /// an area proves nothing without its control.
    pub fn held_up_by(&self, failing: &BTreeSet<&str>) -> usize {
        let scenarios: BTreeSet<&str> = failing.iter().filter_map(|id| id.split("::").next()).collect();
        let failed = || self.cases.iter().filter(|case| case.verdict == Verdict::Fail);
        let controls = failed().filter(|case| case.control && failing.contains(case.id.as_str()));
        let areas: BTreeSet<&str> = controls.map(CaseReport::area).collect();
        let held_up = |case: &&CaseReport| {
            areas.contains(case.area()) || case.twin.as_deref().is_some_and(|twin| scenarios.contains(twin))
        };
        failed().filter(held_up).count()
    }

    pub fn rules(&self) -> &[RequirementInfo] {
        self.summary.started.as_ref().map_or(&[], |started| &started.requirements)
    }

    pub fn rule(&self, id: &str) -> Option<&RequirementInfo> {
        self.rules().iter().find(|rule| rule.id == id)
    }

    /// Whether the verdict is on the reference client inside this program.
    pub fn is_embedded(&self) -> bool {
        self.summary.started.as_ref().is_some_and(|started| started.target.embedded)
    }

    /// The wall time of the whole run in ms; 0 if it has not ended.
    pub fn elapsed_ms(&self) -> u64 {
        self.summary.ended.as_ref().map_or(0, |ended| ended.elapsed_ms)
    }

    /// The cases in the order of their ids.
    pub fn sorted(&self) -> Vec<&CaseReport> {
        let mut cases: Vec<&CaseReport> = self.cases.iter().collect();
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        cases
    }

    /// The cases of each scenario, in the order of their ids.
    pub fn scenarios(&self) -> BTreeMap<&str, Vec<&CaseReport>> {
        grouped(self.sorted().into_iter().map(|case| (case.scenario(), case)))
    }

    /// Why cases have that verdict, each reason with the ids of its cases.
    pub fn reasons(&self, verdict: Verdict) -> impl Iterator<Item = (&str, &[String])> {
        let of_verdict = self.reasons.iter().filter(move |((of, _), _)| *of == verdict);
        of_verdict.map(|((_, reason), ids)| (reason.as_str(), ids.as_slice()))
    }

    /// The requirements of level should and must with that verdict, in their order.
    pub fn binding(&self, verdict: RequirementVerdict) -> Vec<&RequirementInfo> {
        let results = self.summary.requirements().into_iter();
        let wanted = results.filter(|result| result.verdict == verdict && result.requirement.level > Level::May);
        wanted.map(|result| result.requirement).collect()
    }

    /// How many cases have each verdict, and how many warnings and observations there are.
    pub fn counts(&self) -> Vec<(String, usize)> {
        let verdicts = Verdict::ALL.iter().map(|verdict| (verdict.to_string(), self.summary.count(*verdict)));
        let others = [("warnings", self.summary.warnings), ("observations", self.summary.observations)];
        verdicts.chain(others.map(|(name, count)| (name.to_owned(), count))).collect()
    }
}

/// The values of each key, in their order.
pub(super) fn grouped<K: Ord, V>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<K, Vec<V>> {
    let mut groups: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// Why the case has its verdict, where no finding says so.
pub(super) fn reason(case: &CaseReport) -> String {
    case.reason.as_ref().map(words::reason).unwrap_or_default()
}

/// The verdict in a word; a pass with findings is a warning.
pub(super) fn word(case: &CaseReport) -> String {
    if case.warnings() > 0 { "warning".to_owned() } else { case.verdict.to_string() }
}

/// A part of a sentence of the suite, which marks code with backticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prose<'t> {
    Words(&'t str),
    Code(&'t str),
}

/// The sentence in its parts. Backticks without a partner are words.
pub(super) fn prose(text: &str) -> impl Iterator<Item = Prose<'_>> {
    let marked = text.matches('`').count().is_multiple_of(2);
    let parts = text.split(move |c| marked && c == '`').enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { Prose::Words(part) } else { Prose::Code(part) })
}

/// Seconds with three decimals.
pub(super) fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// So many of them, whose plural has an s.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The first few, then how many more there are.
pub(super) fn named<T: ToString>(all: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut all = all.into_iter();
    let shown: Vec<String> = all.by_ref().take(most).map(|one| one.to_string()).collect();
    match all.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
