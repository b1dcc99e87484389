//! The fold that counts verdicts and requirements; the exit code follows from it. It keeps no texts of cases.

use std::collections::BTreeMap;

use super::Reason;
use super::event::{CaseReport, Ended, Event, RequirementInfo, Started};
use crate::judge::{RequirementVerdict, Verdict, requirement_verdict};
use crate::plan::Skip;
use crate::requirement::Level;
use crate::snapshot;

/// The result of a run, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    pub(crate) started: Option<Started>,
    /// Absent if the run died.
    pub(crate) ended: Option<Ended>,
    verdicts: BTreeMap<Verdict, usize>,
    /// Findings on passing cases.
    pub(crate) warnings: usize,
    pub(crate) observations: usize,
    pub(crate) resets: usize,
    requirements: BTreeMap<String, Tally>,
    cases: Vec<Seen>,
    /// By area: whether every control that was tried passed.
    controls: BTreeMap<String, bool>,
    /// By scenario: whether all rows that were tried passed.
    scenarios: BTreeMap<String, bool>,
    /// How many cases must be judged; with fewer the run is inconclusive.
    pub(crate) least: usize,
    /// How many percent of the musts must be proven.
    pub(crate) least_percent: usize,
}

/// How many requirements the run proves, of those that can be proven on a target of this kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    pub proven: usize,
    pub of: usize,
}

impl Share {
    /// Rounded down: 100 is all of them. None where there is none.
    pub fn percent(self) -> Option<usize> {
        (100 * self.proven).checked_div(self.of)
    }
}

#[derive(Debug, Clone, Default)]
struct Tally {
    /// Verdicts of the cases with a finding of it.
    broken: Vec<Verdict>,
    /// The cases that cite it, as indices into [`Summary::cases`].
    cases: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Seen {
    id: String,
    verdict: Verdict,
    twin: Option<String>,
    /// Whether it is for targets like this one.
    applies: bool,
}

/// The result of a run, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Of ours.
    Defect,
    Died,
    Interrupted,
    /// A finding failed a case.
    Findings,
    /// No finding, but not everything could be judged, or nothing was.
    Inconclusive,
    /// Everything that ran conforms, and something was judged.
    Conforms,
}

impl Conclusion {
    pub fn says(self) -> &'static str {
        match self {
            Conclusion::Defect => "a defect of wabizspec: please report it",
            Conclusion::Died => "the run died: the report is complete up to there",
            Conclusion::Interrupted => "interrupted: the report is complete up to here",
            Conclusion::Findings => "does not conform",
            Conclusion::Inconclusive => "inconclusive: nothing was found, but not everything could be judged",
            Conclusion::Conforms => "everything that ran conforms",
        }
    }

    /// What the program exits with.
    pub const fn exit_code(self) -> u8 {
        match self {
            Conclusion::Conforms => 0,
            Conclusion::Findings => 1,
            Conclusion::Inconclusive => 3,
            Conclusion::Defect => 70,
            Conclusion::Died | Conclusion::Interrupted => 130,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementResult<'s> {
    pub requirement: &'s RequirementInfo,
    pub verdict: RequirementVerdict,
    /// The ids of the cases that cite it.
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
            Event::Versions(versions) => {
                if let Some(started) = &mut self.started {
                    started.target.versions = versions.clone();
                }
            }
            Event::Case(case) => self.take_case(case),
            Event::Note(_) | Event::Coverage(_) | Event::Judged => {}
            Event::Ended(ended) => self.ended = Some(ended.clone()),
        }
    }

    fn take_case(&mut self, case: &CaseReport) {
        *self.verdicts.entry(case.verdict).or_default() += 1;
        self.warnings += case.warnings();
        self.observations += case.observations.len();
        if case.verdict != Verdict::Skipped {
            let passed = case.verdict == Verdict::Pass;
            if case.control {
                *self.controls.entry(case.area().to_owned()).or_insert(true) &= passed;
            }
            *self.scenarios.entry(case.scenario().to_owned()).or_insert(true) &= passed;
        }
        let index = self.cases.len();
        let applies = !matches!(case.reason, Some(Reason::Skipped(Skip::Registration { .. } | Skip::Without(_))));
        self.cases.push(Seen { id: case.id.clone(), verdict: case.verdict, twin: case.twin.clone(), applies });
        for id in &case.cites {
            self.tally(id).cases.push(index);
        }
        for finding in &case.findings {
            // A known failure excuses what fails its case, but not its warnings.
            let verdict = match case.verdict {
                Verdict::Known if finding.level < self.fail_on() => Verdict::Pass,
                verdict => verdict,
            };
            self.tally(&finding.requirement).broken.push(verdict);
        }
    }

    fn tally(&mut self, requirement: &str) -> &mut Tally {
        self.requirements.entry(requirement.to_owned()).or_default()
    }

    /// Whether every planned case has its verdict.
    pub fn is_complete(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.complete)
    }

    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    /// Every requirement of the run, sorted by id.
    pub(crate) fn requirements(&self) -> Vec<RequirementResult<'_>> {
        let infos = self.started.iter().flat_map(|started| &started.requirements);
        infos.map(|info| self.requirement(info)).collect()
    }

    fn requirement<'s>(&'s self, info: &'s RequirementInfo) -> RequirementResult<'s> {
        let area = info.id.split('.').next().unwrap_or_default();
        // Snapshots are the owner's own files and need no control.
        let control_held = info.id == snapshot::REQUIREMENT || self.controls.get(area).copied().unwrap_or(false);
        let (broken, cases) = match self.requirements.get(&info.id) {
            Some(Tally { broken, cases }) => (&broken[..], cases.iter().map(|index| &self.cases[*index]).collect()),
            None => (&[][..], Vec::new()),
        };
        let mut verdicts: Vec<Verdict> = cases.iter().map(|case| self.as_evidence(case)).collect();
        verdicts.extend((info.oracle && self.judged() > 0).then_some(Verdict::Pass));
        RequirementResult {
            requirement: info,
            verdict: requirement_verdict(broken, &verdicts, control_held),
            cases: cases.into_iter().map(|case| case.id.as_str()).collect(),
        }
    }

    /// How many requirements of each area and level are proven. Those that no case for this kind of target checks are left
    /// out, and so is what the documents leave open.
    pub(crate) fn shares(&self) -> BTreeMap<(&str, Level), Share> {
        let applies = |id: &str| match self.requirements.get(id) {
            Some(Tally { broken, cases }) => !broken.is_empty() || cases.iter().any(|index| self.cases[*index].applies),
            None => true,
        };
        let mut shares: BTreeMap<(&str, Level), Share> = BTreeMap::new();
        for RequirementResult { requirement: RequirementInfo { id, level, .. }, verdict, .. } in self.requirements() {
            if let Some((area, _)) = id.split_once('.').filter(|_| *level > Level::May && applies(id)) {
                let share = shares.entry((area, *level)).or_default();
                share.of += 1;
                share.proven += usize::from(verdict == RequirementVerdict::Pass);
            }
        }
        shares
    }

    /// The same for a level as a whole.
    pub(crate) fn share(&self, level: Level) -> Share {
        let of_level = self.shares().into_iter().filter(|((_, of), _)| *of == level);
        of_level.fold(Share::default(), |all, (_, one)| Share { proven: all.proven + one.proven, of: all.of + one.of })
    }

    /// A refusal whose twin was tried and not accepted shows nothing, so its pass counts as if it had failed.
    fn as_evidence(&self, case: &Seen) -> Verdict {
        let twin_failed = case.twin.as_deref().and_then(|twin| self.scenarios.get(twin)) == Some(&false);
        match case.verdict {
            Verdict::Pass if twin_failed => Verdict::Fail,
            verdict => verdict,
        }
    }

    /// How many cases were judged: passed, failed, or failed as recorded in the baseline.
    pub fn judged(&self) -> usize {
        [Verdict::Pass, Verdict::Fail, Verdict::Known].map(|verdict| self.count(verdict)).iter().sum()
    }

    /// A message if fewer cases were judged, or fewer musts are proven, than required.
    pub(crate) fn shortfall(&self) -> Option<String> {
        let (judged, least) = (self.judged(), self.least);
        if judged < least {
            return Some(format!(
                "cases judged: {judged}, fewer than the {least} that are asked for (--min-cases, or min_cases in the \
                 configuration); a password or a permission may be missing"
            ));
        }
        let (share, least) = (self.share(Level::Must), self.least_percent);
        self.proves_too_little().then(|| {
            let Share { proven, of } = share;
            format!(
                "musts proven: {} % ({proven} of {of}), fewer than the {least} % that are asked for (--min-percent); a \
                 password or a permission may be missing",
                share.percent().unwrap_or(0)
            )
        })
    }

    fn proves_too_little(&self) -> bool {
        self.least_percent > 0 && self.share(Level::Must).percent().unwrap_or(0) < self.least_percent
    }

    pub(crate) fn conclusion(&self) -> Conclusion {
        let unjudged =
            self.count(Verdict::Blocked) > 0 || self.judged() < self.least.max(1) || self.proves_too_little();
        match &self.ended {
            _ if self.count(Verdict::Error) > 0 => Conclusion::Defect,
            None => Conclusion::Died,
            Some(ended) if ended.interrupted => Conclusion::Interrupted,
            Some(_) if self.count(Verdict::Fail) > 0 => Conclusion::Findings,
            Some(ended) if unjudged || !ended.complete || ended.password_changed => Conclusion::Inconclusive,
            Some(_) => Conclusion::Conforms,
        }
    }

    /// The lowest level at which a finding fails its case.
    pub(crate) fn fail_on(&self) -> Level {
        self.started.as_ref().map_or(Level::Must, |started| started.fail_on)
    }
}

#[cfg(test)]
mod tests;
