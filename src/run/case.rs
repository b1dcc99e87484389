//! One case against one target: its steps in order, each judged before the next is sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Cause;
use super::aftermath::{Aftermath, aftermath};
use super::compose::compose;
use super::event::{CaseReport, NotAsked};
use super::harness::Harness;
use super::ready::Ready;
use super::witness::Witnessed;
use crate::custody::accounts::tokens_in;
use crate::exchange::{Breakage, Exchange, Json, Outcome, Redaction, Request, curl, transcript};
use crate::judge::facts::{Expected, Observed, Place};
use crate::judge::{Judgement, Mismatch, StatusSet, Verdict};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::{Action, Given, Step};
use crate::snapshot::{self, Compared};
use crate::template::Bindings;
use crate::transport::throttle::Patience;

/// Harness names whose values are everyday words or the owner's own, and the same from run to run.
const EVERYDAY: [&str; 6] = ["admin", "cc", "phone_number", "cert", "vname", "base"];

/// What a case did and what came of it.
pub(super) struct Ran {
    pub report: CaseReport,
    /// What it left behind on the target.
    pub aftermath: Aftermath,
    /// The run was told to stop in the middle of it: nothing can be said of it.
    pub cut_short: bool,
}

/// Runs the steps of a case whose state is ready.
pub(super) async fn run_case(harness: &Harness, case: &Case, ready: Ready) -> Ran {
    let started = Instant::now();
    let mut attempt = Attempt {
        harness,
        case,
        secrets: ready.secrets,
        bindings: ready.bindings,
        judgement: Judgement::default(),
        exchanges: Vec::new(),
        sent: Vec::new(),
        own: ready.own.map(|(_, account)| account.username),
        blocked: None,
        refused: None,
        obstacle: None,
        left_out: Vec::new(),
        patience: Patience::default(),
        cut_short: false,
    };
    for (index, step) in case.scenario.steps.iter().enumerate() {
        if !attempt.step(step).await {
            let rest = case.scenario.steps[index + 1..].iter();
            attempt.left_out = rest.filter(|step| !step.expectations.is_empty()).collect();
            break;
        }
    }
    attempt.finish(started.elapsed())
}

struct Attempt<'a> {
    harness: &'a Harness,
    case: &'a Case,
    bindings: Bindings,
    secrets: Redaction,
    judgement: Judgement,
    exchanges: Vec<Exchange>,
    /// The step of each exchange.
    sent: Vec<&'a Step>,
    /// The account that was made for this case alone.
    own: Option<String>,
    blocked: Option<Cause>,
    /// Why the refusal of a request that a target may refuse leaves nothing to judge.
    refused: Option<Cause>,
    /// Why nothing can be asked after the last answer.
    obstacle: Option<Cause>,
    /// The steps that were to be judged and were not asked.
    left_out: Vec<&'a Step>,
    patience: Patience,
    cut_short: bool,
}

impl<'a> Attempt<'a> {
    /// Does one step; false if the rest of the case cannot be tried.
    async fn step(&mut self, step: &'a Step) -> bool {
        if self.harness.is_stopping() {
            self.cut_short = true;
            return false;
        }
        self.note_derived(&step.action);
        if let Action::Advance(seconds) = step.action {
            if let Err(why) = self.harness.target.advance(seconds).await {
                self.blocked = Some(Cause::SetUp(why));
            }
            // By the new clock the tokens of the run may have expired.
            self.harness.givens.lock().await.forget_logins();
            return self.blocked.is_none();
        }
        if step.action.templates().iter().any(|template| template.names().any(|name| name == "code")) {
            match self.harness.target.code().await {
                Ok(code) => self.bindings.bind("code", code),
                Err(why) => self.blocked = Some(Cause::SetUp(why)),
            }
        }
        let request = match compose(&self.harness.target, &step.action, &self.bindings) {
            Ok(Some(request)) => request,
            Ok(None) => return true,
            Err(unbound) => {
                self.blocked.get_or_insert_with(|| Cause::Unbound(unbound.to_string()));
                return false;
            }
        };
        match self.send(request).await {
            Ok(exchange) => self.judge(step, exchange),
            Err(why) => {
                self.blocked = Some(why);
                false
            }
        }
    }

    /// Sends the request, with all the patience that is left to the case.
    async fn send(&mut self, request: Request) -> Result<Exchange, Cause> {
        let exchange = self.harness.ask(request, &mut self.patience).await?;
        if let Outcome::Unanswered(none) = &exchange.outcome
            && none.breakage == Breakage::Unreachable
        {
            return Err(Cause::Unreachable(none.into()));
        }
        self.note_tokens(&exchange);
        Ok(exchange)
    }

    /// Tokens that the answer holds are shown nowhere.
    fn note_tokens(&mut self, exchange: &Exchange) {
        let body = exchange.response().map_or(&[][..], |response| &response.body);
        for token in tokens_in(body) {
            self.secrets.add_given(&token, "$TOKEN");
        }
    }

    /// What a step makes of a secret by filters is as secret: most of it can be undone, and a password but for its last
    /// character gives away the rest. What a row binds is written in the scenario and no secret.
    fn note_derived(&mut self, action: &Action) {
        let row = &self.case.row().bindings;
        let captures = self.case.scenario.steps.iter().flat_map(|step| &step.captures);
        let captured: Vec<&str> = captures.map(|capture| capture.name.as_str()).collect();
        let is_secret = |name: &str| {
            let named = name.ends_with("password") || name.ends_with("token") || captured.contains(&name);
            named && row.value(name).is_none()
        };
        for (place, value) in action.templates().iter().flat_map(|template| template.values(&self.bindings)) {
            if place.split_once('|').is_some_and(|(name, _)| is_secret(name)) {
                let plain = |c: char| !c.is_ascii_alphanumeric();
                self.secrets.add(&value, &format!("${}", place.to_ascii_uppercase().replace(plain, "_")));
            }
        }
    }

    fn judge(&mut self, step: &'a Step, exchange: Exchange) -> bool {
        if let Some(witness) = &self.harness.witness {
            witness.look(Witnessed { case: self.case, step, exchange: &exchange, bindings: &self.bindings });
        }
        let mut judgement = self.harness.oracles.judge(&step.name, &exchange);
        self.refused = refusal_allowed(step, &exchange);
        self.sent.push(step);
        if self.refused.is_some() {
            self.judgement.absorb(judgement);
            self.exchanges.push(exchange);
            return false;
        }
        for expectation in &step.expectations {
            judgement.absorb(expectation.judge(&step.name, &exchange, &self.bindings));
        }
        self.obstacle = obstacle(step, &exchange, &judgement);
        self.judgement.absorb(judgement);
        let go_on = self.obstacle.is_none() && self.capture(step, &exchange);
        self.exchanges.push(exchange);
        go_on
    }

    fn capture(&mut self, step: &Step, exchange: &Exchange) -> bool {
        let json = exchange.response().and_then(|response| Json::parse(&response.body).ok());
        for capture in &step.captures {
            let value = json.as_ref().and_then(|json| json.at(capture.at.as_str())?.as_str());
            let Some(value) = value else {
                let (step, at) = (step.name.clone(), capture.at.to_string());
                self.blocked = Some(Cause::NothingToCapture { step, at });
                return false;
            };
            self.bindings.bind(&capture.name, value);
            self.secrets.add(value, &format!("${}", capture.name.to_ascii_uppercase()));
        }
        true
    }

    /// Whether nothing but a finding kept a step from being judged.
    fn judged_whole(&self) -> bool {
        self.blocked.is_none() && self.refused.is_none()
    }

    /// Holds the answers to those that were accepted earlier.
    fn compare_with_snapshot(&mut self) {
        let Some(store) = self.harness.snapshots.as_ref().filter(|_| self.judged_whole()) else {
            return;
        };
        let sending = |step: &&Step| !matches!(step.action, Action::Advance(_));
        let steps: Vec<&Step> = self.case.scenario.steps.iter().filter(sending).collect();
        let text = snapshot::transcript(&steps, &self.exchanges, &self.names());
        match store.compare(&self.case.id, &text) {
            Ok(Compared::Same | Compared::New) => {}
            Ok(Compared::Changed { diff }) => {
                let (at, expected) = (Place::Transcript, Expected::Snapshot);
                let mismatch = Mismatch { at, expected, observed: Observed::Diff(diff) };
                self.judgement.file(snapshot::REQUIREMENT, Level::Must, "all steps", vec![mismatch]);
            }
            Err(why) => self.blocked = Some(Cause::Snapshot(why.to_string())),
        }
    }

    /// What was made up for this run, each with the placeholder that stands for it in a transcript.
    fn names(&self) -> Redaction {
        let mut names = Redaction::new();
        names.absorb(&self.harness.secrets);
        for capture in self.case.scenario.steps.iter().flat_map(|step| &step.captures) {
            if let Some(value) = self.bindings.value(&capture.name) {
                names.add(value, &format!("<{}>", capture.name));
            }
        }
        let row = &self.case.row().bindings;
        let templates = self.case.scenario.steps.iter().flat_map(|step| step.action.templates());
        for (place, value) in templates.flat_map(|template| template.values(&self.bindings)) {
            let name = place.split('|').next().unwrap_or_default();
            // What a row binds is written in the scenario and the same in every run.
            if row.value(name).is_none() && !EVERYDAY.contains(&name) {
                names.add(&value, &format!("<{place}>"));
            }
        }
        names.absorb(&self.secrets);
        names
    }

    fn finish(mut self, elapsed: Duration) -> Ran {
        self.compare_with_snapshot();
        let Attempt {
            harness,
            case,
            secrets,
            bindings,
            judgement,
            exchanges,
            blocked,
            refused,
            sent,
            own,
            obstacle,
            left_out,
            cut_short,
            ..
        } = self;
        let fails = |level: Level| level >= harness.fail_on;
        let failed = judgement.findings.iter().any(|finding| fails(finding.level));
        let verdict = match failed {
            true => Verdict::Fail,
            false if blocked.is_some() || refused.is_some() => Verdict::Blocked,
            false => Verdict::Pass,
        };
        let names = harness.accounts.names();
        let owns = |name: &str| match case.given() {
            Given::User if own.is_none() => names.made(name) && bindings.value("user") != Some(name),
            _ => names.made(name),
        };
        let aftermath = aftermath(
            case,
            verdict,
            sent.into_iter().zip(&exchanges),
            harness.target.transport.origin().base_path(),
            owns,
        );
        let mut report = blank_report(case, verdict);
        let blocked = blocked.or(refused);
        if verdict == Verdict::Fail && !left_out.is_empty() {
            let steps = left_out.into_iter().map(|step| step.name.clone()).collect();
            report.not_asked = obstacle.or_else(|| blocked.clone()).map(|why| NotAsked { steps, why });
        }
        report.reason = blocked.filter(|_| verdict == Verdict::Blocked);
        report.duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        report.findings = judgement.findings;
        report.observations = judgement.observations;
        if verdict != Verdict::Pass || !report.findings.is_empty() || harness.keep_exchanges {
            let base = harness.target.transport.origin().base_path();
            report.reproduce = vec![harness.run_line(&case.id)];
            report.reproduce.extend(exchanges.iter().map(|exchange| curl(&exchange.request, base, &secrets)));
            report.exchanges = exchanges.iter().map(|exchange| transcript(exchange, &secrets)).collect();
        }
        report.redact(&secrets);
        Ran { report, aftermath, cut_short }
    }
}

/// Why the later steps of a case cannot be asked after this answer, if they cannot: there is none, or it did the
/// opposite of what the step asks for, so that nobody knows the state they rely on. An answer that is wrong in any
/// other way ends nothing: a server with error bodies of its own is still asked whether it refuses.
fn obstacle(step: &Step, exchange: &Exchange, judgement: &Judgement) -> Option<Cause> {
    let Some(response) = exchange.response() else {
        return Some(Cause::Unanswered { step: step.name.clone() });
    };
    if !judgement.breaks_a_must() {
        return None;
    }
    let status = response.status;
    let done = |set: &StatusSet| {
        set.contains(status)
            || (set.accepts() && (200..300).contains(&status))
            || (set.refuses() && (400..500).contains(&status))
    };
    let is_known = match step.statuses().next() {
        Some(_) => step.statuses().all(done),
        None => matches!(status, 200..300 | 400..500),
    };
    (!is_known).then(|| Cause::Unsettled { step: step.name.clone(), status })
}

/// Why the step's request may be refused, if it was: a 4xx. A crash or silence never counts as a refusal.
fn refusal_allowed(step: &Step, exchange: &Exchange) -> Option<Cause> {
    let why = step.may_refuse.as_ref()?;
    let status = exchange.response()?.status;
    let refused = || Cause::Refused { step: step.name.clone(), status, why: why.clone() };
    (400..500).contains(&status).then(refused)
}

/// The report of a case of which nothing is known but its plan.
pub(super) fn blank_report(case: &Case, verdict: Verdict) -> CaseReport {
    let scenario: &Arc<crate::scenario::Scenario> = &case.scenario;
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
