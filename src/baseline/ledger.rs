//! The baseline compared with one run: which entries hold, and remarks on those that do not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::entry::{Baseline, Entry};
use super::signature::signature;
use crate::judge::{Finding, Verdict};
use crate::requirement::Level;
use crate::run::{CaseReport, Event, Reason};

/// Takes in the events of one run, in order.
#[derive(Debug)]
pub struct Ledger {
    lines: Vec<Line>,
    today: Date,
    fail_on: Level,
    pub new: Vec<NewEntry>,
}

/// One entry and what the run showed about it.
#[derive(Debug)]
struct Line {
    entry: Entry,
    /// How many cases of the suite the entry covers.
    covered: usize,
    held: usize,
    /// Cases that were judged and do not break the requirement.
    mended: Vec<String>,
    /// Cases that break it in another way, with that signature.
    changed: Vec<(String, String)>,
}

/// A failure without an entry.
#[derive(Debug)]
pub struct NewEntry {
    pub case: String,
    pub requirement: String,
    pub signature: String,
    pub findings: Vec<Finding>,
}

impl Ledger {
    /// `today` is in UTC; `cases` are all ids of the suite, selected or not.
    pub fn new<'c>(baseline: Baseline, today: Date, cases: impl IntoIterator<Item = &'c str>) -> Ledger {
        let ids: BTreeSet<&str> = cases.into_iter().collect();
        let line = |entry: Entry| Line {
            covered: ids.iter().filter(|id| entry.covers(id)).count(),
            entry,
            held: 0,
            mended: Vec::new(),
            changed: Vec::new(),
        };
        Ledger { lines: baseline.entries.into_iter().map(line).collect(), today, fail_on: Level::Must, new: Vec::new() }
    }

    /// Takes in one event and returns what to report. The report of a case whose failures are all recorded becomes
    /// `known`. The remarks on entries that did not hold come before the last event.
    pub fn take(&mut self, mut event: Event) -> Vec<Event> {
        let mut events = Vec::new();
        match &mut event {
            Event::Started(started) => self.fail_on = started.fail_on,
            Event::Case(case) => self.settle(case),
            Event::Ended(_) => events.extend(self.remarks().into_iter().map(Event::Note)),
            _ => {}
        }
        events.push(event);
        events
    }

    fn settle(&mut self, case: &mut CaseReport) {
        // A case that was not judged shows nothing, and a failed set-up is never excused.
        if !matches!(case.verdict, Verdict::Pass | Verdict::Fail) {
            return;
        }
        let mut broken: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in &case.findings {
            broken.entry(&finding.requirement).or_default().push(finding);
        }
        let mut reasons = Vec::new();
        let mut new = Vec::new();
        for (requirement, findings) in &broken {
            let signature = signature(findings.iter().copied());
            let fails = findings.iter().any(|finding| finding.level >= self.fail_on);
            let today = self.today;
            let excused = match self.line(&case.id, requirement) {
                Some(line) if line.entry.signature == signature => {
                    line.held += 1;
                    line.entry.expired(today).is_none().then(|| line.entry.excuse.clone())
                }
                Some(line) => {
                    line.changed.push((case.id.clone(), signature.clone()));
                    None
                }
                None => None,
            };
            match excused {
                Some(reason) if fails && !reasons.contains(&reason) => reasons.push(reason),
                None if fails => new.push(NewEntry {
                    case: case.id.clone(),
                    requirement: (*requirement).to_owned(),
                    signature,
                    findings: findings.iter().map(|finding| (*finding).clone()).collect(),
                }),
                _ => {}
            }
        }
        // A case that now fails in another way may have ended earlier than before.
        for line in self.lines.iter_mut().filter(|_| new.is_empty()) {
            if line.entry.covers(&case.id) && !broken.contains_key(line.entry.requirement.as_str()) {
                line.mended.push(case.id.clone());
            }
        }
        if case.verdict == Verdict::Fail && new.is_empty() {
            case.verdict = Verdict::Known;
            case.reason = Some(Reason::Known(reasons));
        }
        self.new.extend(new);
    }

    /// The entry for a requirement of a case. An entry with the exact id comes before one with a pattern.
    fn line(&mut self, case: &str, requirement: &str) -> Option<&mut Line> {
        let of = |line: &Line| line.entry.requirement == requirement && line.entry.covers(case);
        let by_name = self.lines.iter().position(|line| of(line) && line.entry.case == case);
        let found = by_name.or_else(|| self.lines.iter().position(of))?;
        self.lines.get_mut(found)
    }

    pub fn today(&self) -> Date {
        self.today
    }

    /// Whether an entry expired, matches nothing, or no longer describes what happens.
    pub fn is_stale(&self) -> bool {
        self.lines.iter().any(|line| line.staleness(self.today).is_some())
    }

    /// The lines of the entries that excuse nothing any more: every case that they cover was judged and is mended, or there
    /// is none.
    pub fn needless(&self) -> BTreeSet<usize> {
        let is_needless = |line: &&Line| line.mended.len() == line.covered;
        self.lines.iter().filter(is_needless).map(|line| line.entry.line).collect()
    }

    /// The text of the baseline without these entries, each with the comment right above it.
    pub fn text_without(&self, text: &str, gone: &BTreeSet<usize>) -> String {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let is_comment = |line: usize| lines[line - 1].trim_start().starts_with('#');
        let start = |entry: usize| (1..entry).rev().take_while(|line| is_comment(*line)).last().unwrap_or(entry);
        let mut entries: Vec<usize> = self.lines.iter().map(|line| line.entry.line).collect();
        entries.sort_unstable();
        let entry_of = |line: usize| entries.iter().rev().find(|entry| start(**entry) <= line);
        let kept = (1..=lines.len()).filter(|line| entry_of(*line).is_none_or(|entry| !gone.contains(entry)));
        kept.map(|line| lines[line - 1]).collect()
    }

    fn remarks(&self) -> Vec<String> {
        let stale = |line: &Line| {
            let entry = &line.entry;
            let why = line.staleness(self.today)?;
            Some(format!("baseline, line {}: `{}` and {}: {why}", entry.line, entry.case, entry.requirement))
        };
        let mut remarks: Vec<String> = self.lines.iter().filter_map(stale).collect();
        let unjudged = self.lines.iter().filter(|line| line.is_unjudged()).count();
        if unjudged > 0 {
            remarks.push(format!(
                "baseline: {unjudged} of {} entries speak of cases that were not judged in this run, so nothing is \
                 known of them",
                self.lines.len()
            ));
        }
        remarks
    }
}

impl Line {
    fn is_unjudged(&self) -> bool {
        self.covered > 0 && self.held == 0 && self.mended.is_empty() && self.changed.is_empty()
    }

    fn staleness(&self, today: Date) -> Option<String> {
        if self.covered == 0 {
            return Some("the suite has no such case".to_owned());
        }
        if let Some(last) = self.entry.expired(today) {
            return Some(format!("it expired after {last}"));
        }
        if let Some((case, way)) = self.changed.first() {
            return Some(format!("`{case}` fails in another way than recorded: {way}"));
        }
        let (first, others) = self.mended.split_first()?;
        Some(match (self.held, others.len()) {
            (0, 0) => format!("`{first}` does not break it any more; remove the entry"),
            (0, more) => format!("`{first}` and {more} more do not break it any more; remove the entry"),
            (held, more) => format!(
                "of {} cases, {} do not break it any more, `{first}` among them; name the others",
                held + more + 1,
                more + 1
            ),
        })
    }
}
