//! What is found in a recording, as the events of which every report is made. However long it is, they stay few.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::call::Call;
use crate::custody::reading::tokens_in;
use crate::documented::api::{DEFAULT_PASSWORD, Operation};
use crate::documented::basic;
use crate::documented::errors::ErrorCode;
use crate::exchange::{Exchange, Redaction, Request, curl, transcript};
use crate::judge::facts::{About, Condition};
use crate::judge::{Judgement, Observation, Verdict};
use crate::requirement::{AREAS, Level, Register, Requirement};
use crate::run::{CaseReport, Coverage, Ended, Event, RequirementInfo, Started, TargetInfo};

/// So many exchanges are shown that break one requirement in one operation.
const SHOWN: usize = 3;

/// So many observations of one area.
const OBSERVED: usize = 20;

#[derive(Default)]
pub struct Findings {
    /// Requirements that some exchange was held to.
    pub touched: BTreeSet<&'static str>,
    /// Exchanges that are none of the API's.
    pub foreign: u64,
    /// Answers of a gateway, redirections, and those that ask for patience.
    pub passed_over: u64,
    /// Exchanges that were held to the rules for every exchange only.
    pub undecided: u64,
    cases: Vec<CaseReport>,
    /// How many exchanges break a requirement in an operation.
    broken: BTreeMap<(String, Option<Operation>), usize>,
    observations: Vec<Observation>,
    coverage: Coverage,
    /// For each area whether something was granted, and whether something was refused.
    seen: BTreeMap<&'static str, (bool, bool)>,
    judged: u64,
}

impl Findings {
    pub(super) fn count(&mut self, call: &Call<'_>, exchange: &Exchange) {
        self.judged += 1;
        let area = match call.operation {
            Some(Operation::LogIn) => "login",
            Some(operation) if operation.effect() == crate::documented::api::Effect::Registration => "account",
            _ => "users",
        };
        if let Some(operation) = call.operation {
            *self.coverage.operations.entry(operation.to_string()).or_default() += 1;
        }
        let Some(response) = exchange.response() else { return };
        *self.coverage.statuses.entry(response.status.to_string()).or_default() += 1;
        for code in response.error_codes() {
            if ErrorCode::try_from(code).is_ok() {
                *self.coverage.errors.entry(code.to_string()).or_default() += 1;
            }
        }
        let mut note = |area| {
            let (granted, refused) = self.seen.entry(area).or_default();
            *granted |= response.is_granted() && call.operation.is_some();
            *refused |= response.is_refused();
        };
        note(area);
        note("envelope");
        if area != "login" && matches!(response.status, 200..300 | 401) {
            note("tokens");
        }
    }

    /// The findings of one exchange. Of equal ones the first are kept.
    pub(super) fn add(
        &mut self,
        file: &str,
        number: u64,
        operation: Option<Operation>,
        exchange: &Exchange,
        mut judgement: Judgement,
    ) {
        judgement.keep_one_of_equals();
        judgement.is_about(About { operation, condition: Condition::Open });
        for observation in judgement.observations {
            if self.observations.len() < OBSERVED * AREAS.len() && !self.observations.contains(&observation) {
                self.observations.push(observation);
            }
        }
        judgement.findings.retain(|finding| {
            let broken = self.broken.entry((finding.requirement.clone(), operation)).or_default();
            *broken += 1;
            *broken <= SHOWN
        });
        let Some(first) = judgement.findings.iter().rev().max_by_key(|finding| finding.level) else { return };
        let area = first.requirement.split('.').next().unwrap_or_default();
        let secrets = secrets(exchange);
        let cites: BTreeSet<String> = judgement.findings.iter().map(|finding| finding.requirement.clone()).collect();
        let mut case = CaseReport::new(format!("{area}/entry-{number:06}"), Verdict::Pass);
        case.title = format!("{}, entry {number}", first.step);
        file.clone_into(&mut case.file);
        case.line = usize::try_from(number).unwrap_or(usize::MAX);
        case.cites = cites.into_iter().collect();
        case.findings = judgement.findings;
        case.reproduce = vec![curl(&exchange.request, "", "", &secrets)];
        case.exchanges = vec![transcript(exchange, &secrets)];
        case.redact(&secrets);
        self.cases.push(case);
    }

    /// All events. Findings of at least that level fail their exchange.
    pub fn events(mut self, register: &Register, target: String, fail_on: Level, elapsed_ms: u64) -> Vec<Event> {
        let mut ids: BTreeMap<String, usize> = BTreeMap::new();
        for case in &mut self.cases {
            if case.findings.iter().any(|finding| finding.level >= fail_on) {
                case.verdict = Verdict::Fail;
            }
            // Two files may have entries of the same number.
            let times = ids.entry(case.id.clone()).or_default();
            *times += 1;
            if *times > 1 {
                case.id = format!("{}-{times}", case.id);
            }
        }
        let rest: Vec<CaseReport> = AREAS.into_iter().filter_map(|area| self.rest(area)).collect();
        let cases: Vec<CaseReport> = self.cases.into_iter().chain(rest).collect();
        let tested = register.iter().filter(|requirement| requirement.untested.is_none());
        let started = Started {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            suite: None,
            at: Timestamp::now(),
            cases: cases.len(),
            part: None,
            planned_resets: 0,
            target: TargetInfo { url: target, ..TargetInfo::default() },
            fail_on,
            requirements: tested.map(info).collect(),
        };
        let mut notes = Vec::new();
        let mut note = |count: u64, what: &str| {
            if count > 0 {
                notes.push(Event::Note(format!("{count} {what}")));
            }
        };
        note(self.judged, "exchanges of the API were judged");
        note(self.foreign, "exchanges are none of this API's, and were left alone");
        note(self.passed_over, "answers are redirections, of a gateway, or ask for patience, and were left alone");
        note(
            self.undecided,
            "exchanges lack a body or an answer, or ran at the same time as others that may have changed what they show",
        );
        for ((requirement, operation), count) in self.broken {
            let more = count.saturating_sub(SHOWN) as u64;
            let operation = operation.map_or("other requests".to_owned(), |operation| operation.to_string());
            note(more, &format!("more exchanges break {requirement} in {operation}"));
        }
        for operation in Operation::ALL {
            self.coverage.operations.entry(operation.to_string()).or_default();
        }
        for error in ErrorCode::ALL {
            self.coverage.errors.entry(error.number().to_string()).or_default();
        }
        let ended = Ended { complete: true, interrupted: false, password_changed: false, elapsed_ms };
        let cases = cases.into_iter().map(|case| Event::Case(Box::new(case)));
        let mut events = vec![Event::Started(started)];
        events.extend(cases.chain(notes));
        events.extend([Event::Coverage(self.coverage), Event::Judged, Event::Ended(ended)]);
        events
    }

    /// What an area has besides the exchanges with findings.
    fn rest(&self, area: &'static str) -> Option<CaseReport> {
        let is_of_area = |id: &str| id.split('.').next() == Some(area);
        let cites: Vec<String> = self.touched.iter().filter(|id| is_of_area(id)).map(|id| (*id).to_owned()).collect();
        if cites.is_empty() {
            return None;
        }
        let mut case = CaseReport::new(format!("{area}/traffic"), Verdict::Pass);
        case.title = format!("The recording as far as it shows {area}");
        case.cites = cites;
        // Without both a breach might not have been noticed.
        case.control = self.seen.get(area).is_some_and(|(granted, refused)| *granted && *refused);
        let observations = self.observations.iter();
        let of_area = |seen: &&Observation| is_of_area(seen.requirement.as_deref().unwrap_or("envelope."));
        case.observations = observations.filter(of_area).take(OBSERVED).cloned().collect();
        Some(case)
    }
}

fn info(requirement: &Requirement) -> RequirementInfo {
    RequirementInfo {
        id: requirement.id.clone(),
        level: requirement.level,
        says: requirement.statement.clone(),
        source: requirement.source(),
        oracle: false,
    }
}

/// The secrets that are known by their places.
fn secrets(exchange: &Exchange) -> Redaction {
    let mut secrets = Redaction::new();
    tokens_in(exchange).iter().for_each(|token| secrets.add_given(token, "$TOKEN"));
    let Request::Http(request) = &exchange.request else { return secrets };
    let value = request.header("Authorization").unwrap_or_default();
    match basic::parse(value) {
        Ok(credentials) if credentials.password != DEFAULT_PASSWORD => {
            secrets.add_credentials(&credentials.username, &credentials.password, "$PASSWORD");
        }
        Ok(_) => {}
        Err(_) => {
            let text = String::from_utf8_lossy(value);
            let words = text.split([' ', ',', '\t']).filter(|word| word.len() >= 8);
            words.for_each(|word| secrets.add(word, "$TOKEN"));
        }
    }
    let body = request.json();
    for member in ["/new_password", "/password", "/pin"] {
        if let Some(text) = body.as_ref().and_then(|body| body.at(member)?.as_str()) {
            secrets.add(text, "$NEW_PASSWORD");
        }
    }
    secrets
}
