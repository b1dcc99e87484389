//! The fold that counts: verdicts, requirements, and what the exit code follows from.
//!
//! Memory is bounded by the register, not by the number of cases, but for the ids of the cases that cite each
//! requirement.

use std::collections::BTreeMap;

use super::event::{CaseReport, Ended, Event, RequirementInfo, Started};
use crate::judge::{RequirementVerdict, Verdict, requirement_verdict};
use crate::requirement::Level;
use crate::snapshot;

/// All that is counted of a run.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    started: Option<Started>,
    ended: Option<Ended>,
    verdicts: BTreeMap<Verdict, usize>,
    warnings: usize,
    observations: usize,
    resets: usize,
    requirements: BTreeMap<String, Tally>,
    /// Whether every control of the area that was tried passed; absent where none was tried.
    controls: BTreeMap<String, bool>,
    /// Whether all rows of a scenario that were tried passed, for those who name it as their twin.
    scenarios: BTreeMap<String, bool>,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    /// Verdicts of the cases with a finding of it.
    broken: Vec<Verdict>,
    /// The cases that cite it, with their verdicts and twins.
    cases: Vec<Citing>,
}

#[derive(Debug, Clone)]
struct Citing {
    case: String,
    verdict: Verdict,
    twin: Option<String>,
}

/// What the run says of one requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementResult<'s> {
    /// Id, level, rule and source.
    pub requirement: &'s RequirementInfo,
    /// The verdict.
    pub verdict: RequirementVerdict,
    /// The cases that cite it.
    pub cases: Vec<&'s str>,
}

impl Summary {
    /// Takes in one event.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Started(started) => self.started = Some(started.clone()),
            Event::Reset => self.resets += 1,
            Event::Registration(state) => {
                if let Some(started) = &mut self.started {
                    started.target.registration = Some(*state);
                }
            }
            Event::Case(case) => self.take_case(case),
            Event::Note(_) => {}
            Event::Ended(ended) => self.ended = Some(ended.clone()),
        }
    }

    fn take_case(&mut self, case: &CaseReport) {
        *self.verdicts.entry(case.verdict).or_default() += 1;
        self.warnings += case.warnings();
        self.observations += case.observations.len();
        let tried = case.verdict != Verdict::Skipped;
        if tried {
            let passed = case.verdict == Verdict::Pass;
            if case.control {
                *self.controls.entry(case.area().to_owned()).or_insert(true) &= passed;
            }
            let scenario = case.id.split("::").next().unwrap_or_default();
            *self.scenarios.entry(scenario.to_owned()).or_insert(true) &= passed;
        }
        for id in &case.cites {
            self.requirements.entry(id.clone()).or_default().cases.push(Citing {
                case: case.id.clone(),
                verdict: case.verdict,
                twin: case.twin.clone(),
            });
        }
        for finding in &case.findings {
            // A known failure excuses what makes its case fail, and no warning beside it.
            let verdict = match case.verdict {
                Verdict::Known if finding.level < self.fail_on() => Verdict::Pass,
                verdict => verdict,
            };
            let tally = self.requirements.entry(finding.requirement.clone()).or_default();
            tally.broken.push(verdict);
        }
    }

    /// What the run was going to do; absent before its first event.
    pub fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }

    /// How it ended; absent if it died.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Whether every planned case has its verdict.
    pub fn is_complete(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.complete)
    }

    /// How many cases got that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    /// Findings of level should on passing cases.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// Things seen that no document forbids.
    pub fn observations(&self) -> usize {
        self.observations
    }

    /// How often the target was brought back to just installed.
    pub fn resets(&self) -> usize {
        self.resets
    }

    /// Every requirement of the run with its verdict, in the order of their ids.
    pub fn requirements(&self) -> Vec<RequirementResult<'_>> {
        let infos = self.started.iter().flat_map(|started| &started.requirements);
        infos.map(|info| self.requirement(info)).collect()
    }

    fn requirement<'s>(&'s self, info: &'s RequirementInfo) -> RequirementResult<'s> {
        let area = info.id.split('.').next().unwrap_or_default();
        // Snapshots are the owner's own: the run needs no control to know what a file holds.
        let control_held = info.id == snapshot::REQUIREMENT || self.controls.get(area).copied().unwrap_or(false);
        let tally = self.requirements.get(&info.id);
        let cases: &[Citing] = tally.map_or(&[], |tally| &tally.cases);
        let broken: &[Verdict] = tally.map_or(&[], |tally| &tally.broken);
        let mut verdicts: Vec<Verdict> = cases.iter().map(|citing| self.as_evidence(citing)).collect();
        if info.oracle {
            verdicts.extend(
                self.verdicts
                    .keys()
                    .filter(|verdict| judged(**verdict))
                    .map(|_| Verdict::Pass),
            );
        }
        RequirementResult {
            requirement: info,
            verdict: requirement_verdict(broken, &verdicts, control_held),
            cases: cases.iter().map(|citing| citing.case.as_str()).collect(),
        }
    }

    /// A refusal whose twin was tried and not accepted shows nothing, so its pass counts as if it had failed.
    fn as_evidence(&self, citing: &Citing) -> Verdict {
        let twin_failed = citing.twin.as_ref().and_then(|twin| self.scenarios.get(twin)) == Some(&false);
        match citing.verdict {
            Verdict::Pass if twin_failed => Verdict::Fail,
            verdict => verdict,
        }
    }

    /// Whether anything was judged at all.
    pub fn judged_anything(&self) -> bool {
        self.verdicts.keys().any(|verdict| judged(*verdict))
    }

    /// Whether a finding failed a case.
    pub fn has_findings(&self) -> bool {
        self.count(Verdict::Fail) > 0
    }

    /// Whether something that was tried could not be judged.
    pub fn is_inconclusive(&self) -> bool {
        self.count(Verdict::Blocked) > 0 || !self.judged_anything()
    }

    /// The level from which on a finding fails its case.
    pub fn fail_on(&self) -> Level {
        self.started.as_ref().map_or(Level::Must, |started| started.fail_on)
    }
}

fn judged(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Known)
}

#[cfg(test)]
mod tests;
