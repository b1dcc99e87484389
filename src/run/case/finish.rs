//! The report of a case whose steps were done: its verdict, and what repeats it.
//!
//! Nothing is sent here.

use std::time::Duration;

use super::{Attempt, Ran};
use crate::exchange::{Exchange, Redaction, curl, transcript};
use crate::judge::facts::{Expected, Observed, Place};
use crate::judge::{Mismatch, Verdict, copy_name};
use crate::plan::Case;
use crate::requirement::Level;
use crate::run::aftermath::{Aftermath, aftermath};
use crate::run::{CaseReport, NotAsked, Reason};
use crate::scenario::{Copies, Given, Step};
use crate::snapshot;

/// Harness names whose values are ordinary words or chosen by the owner, and the same in every run.
const CONSTANT: [&str; 6] = ["admin", "cc", "phone_number", "cert", "vname", "base"];

impl Attempt<'_> {
    pub(super) fn finish(mut self, not_asked: Vec<String>, elapsed: Duration) -> Ran {
        self.compare_with_snapshot();
        for token in self.watcher.tokens() {
            self.secrets.add_given(&token, "$TOKEN");
        }
        let Attempt { harness, case, judgement, sent, watcher, secrets, .. } = self;
        let verdict = match &self.blocked {
            _ if judgement.findings.iter().any(|finding| finding.level >= harness.settings.fail_on) => Verdict::Fail,
            Some(Reason::Refused { .. }) => Verdict::Skipped,
            Some(_) => Verdict::Blocked,
            None => Verdict::Pass,
        };
        let names = harness.accounts.names();
        let owns = |name: &str| match case.given() {
            Given::User if !self.has_own_user => names.made(name) && self.bindings.value("user") != Some(name),
            _ => names.made(name),
        };
        let base = harness.target.transport.origin().base_path();
        let left = aftermath(case, verdict, &sent, base, owns);
        let aftermath = if watcher.has_changed { Aftermath::Spoilt } else { left };
        let mut report = blank_report(case, verdict);
        if verdict == Verdict::Fail && !not_asked.is_empty() {
            let why = self.obstacle.or_else(|| self.blocked.clone());
            report.not_asked = why.map(|why| NotAsked { steps: not_asked, why });
        }
        report.reason = self.blocked.filter(|_| verdict != Verdict::Fail);
        report.duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        report.findings = judgement.findings;
        report.observations = judgement.observations;
        if verdict != Verdict::Pass || !report.findings.is_empty() || harness.settings.keep_exchanges {
            // The looks belong to what repeats it where they show something.
            let shown: Vec<_> =
                in_order(&sent, &watcher.looked).filter(|(step, _)| step.is_some() || watcher.has_changed).collect();
            report.reproduce = vec![harness.run_line(&case.id)];
            for together in shown.chunk_by(|(one, _), (next, _)| one.is_some() && *one == *next) {
                let at_once = together[0].0.is_some_and(|step| step.copies == Some(Copies::Together));
                let and = if at_once { " &" } else { "" };
                let line = |(_, sent): &(Option<&Step>, &Exchange)| {
                    curl(&sent.request, base, &harness.settings.tls, &secrets) + and
                };
                report.reproduce.extend(together.iter().map(line));
                report.reproduce.extend(at_once.then(|| "wait".to_owned()));
            }
            let shown = |(step, exchange): (Option<&Step>, &Exchange)| {
                let note = if step.is_none() { "* a look around a request that should be refused\n" } else { "" };
                note.to_owned() + &transcript(exchange, &secrets)
            };
            report.exchanges = in_order(&sent, &watcher.looked).map(shown).collect();
        }
        report.redact(&secrets);
        let (has_changed, is_sure, was_changed) = (watcher.has_changed, watcher.is_sure(), watcher.was_changed);
        let (token_refused, token_died_in) = (self.token_refused, self.token_died_in);
        Ran { report, aftermath, token_refused, token_died_in, has_changed, is_sure, was_changed }
    }

    fn compare_with_snapshot(&mut self) {
        let (Some(store), None) = (&self.harness.settings.snapshots, &self.blocked) else { return };
        let text = snapshot::transcript(&self.sent, &self.names());
        match store.compare(&self.case.id, &text) {
            Ok(None) => {}
            Ok(Some(diff)) => {
                let (at, expected) = (Place::Transcript, Expected::Snapshot);
                let mismatch = Mismatch { at, expected, observed: Observed::Diff(diff) };
                self.judgement.file(snapshot::REQUIREMENT, Level::Must, "all steps", vec![mismatch]);
            }
            Err(why) => self.blocked = Some(Reason::Snapshot(why.to_string())),
        }
    }

    /// The values that were made up for this run, each with its placeholder in a transcript.
    fn names(&self) -> Redaction {
        let mut names = Redaction::new();
        names.absorb(&self.harness.secrets);
        for number in 1..=self.case.row().copies {
            names.add(&copy_name(number), "<copy>");
        }
        for capture in self.case.scenario.steps.iter().flat_map(|step| &step.captures) {
            if let Some(value) = self.bindings.value(&capture.name) {
                names.add(value, &format!("<{}>", capture.name));
            }
        }
        let row = &self.case.row().bindings;
        let templates = self.case.scenario.steps.iter().flat_map(|step| step.action.templates());
        for (place, value) in templates.flat_map(|template| template.values(&self.bindings)) {
            let name = place.split('|').next().unwrap_or_default();
            // What a row binds is the same in every run.
            if row.value(name).is_none() && !CONSTANT.contains(&name) {
                names.add(&value, &format!("<{place}>"));
            }
        }
        names.absorb(&self.secrets);
        names
    }
}

/// All exchanges of a case as they were sent, each with its step; without one, it is a look around a refusal.
fn in_order<'e>(
    sent: &'e [(&'e Step, Exchange)],
    looked: &'e [(usize, Exchange)],
) -> impl Iterator<Item = (Option<&'e Step>, &'e Exchange)> {
    (0..=sent.len()).flat_map(move |count| {
        let step = count.checked_sub(1).map(|index| (Some(sent[index].0), &sent[index].1));
        let looks = looked.iter().filter(move |(after, _)| *after == count).map(|(_, exchange)| (None, exchange));
        step.into_iter().chain(looks)
    })
}

/// The report of a case that was not run.
pub(in crate::run) fn blank_report(case: &Case, verdict: Verdict) -> CaseReport {
    let scenario = &case.scenario;
    CaseReport {
        title: scenario.title.clone(),
        file: scenario.file.clone(),
        line: case.row().line,
        control: scenario.control,
        twin: scenario.positive.clone(),
        cites: scenario.requirements().into_iter().map(str::to_owned).collect(),
        ..CaseReport::new(case.id.as_str(), verdict)
    }
}
