//! One case against one target: its steps in order, each judged before the next is sent.

mod finish;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use self::finish::blank_report;
use super::aftermath::Aftermath;
use super::compose::compose;
use super::harness::Harness;
use super::ready::Ready;
use super::watcher::{Sights, Watch, Watcher};
use super::{CaseReport, Reason, Witness, Witnessed};
use crate::custody::accounts::tokens_in;
use crate::documented::api::{Effect, Operation};
use crate::exchange::{Breakage, Exchange, Redaction, Request, Response};
use crate::judge::facts::{About, Expected};
use crate::judge::{Copied, Judgement, Mismatch, REFUSALS, StatusSet, copy_name};
use crate::plan::Case;
use crate::scenario::{Action, COPY, Copies, Step};
use crate::template::Bindings;
use crate::transport::tap::Asker;
use crate::transport::throttle::Patience;

pub(super) struct Ran {
    pub report: CaseReport,
    pub aftermath: Aftermath,
    /// Whether a token of the harness was refused where the step expects something else.
    pub token_refused: bool,
    /// The steps in which that happened after the case had logged in itself.
    pub token_died_in: Vec<String>,
    /// A refused request seems to have changed something; `is_sure` says that it did.
    pub has_changed: bool,
    pub is_sure: bool,
    /// Something was changed before the case already.
    pub was_changed: bool,
}

impl Ran {
    pub fn untried(report: CaseReport, aftermath: Aftermath) -> Ran {
        let token_died_in = Vec::new();
        Ran {
            report,
            aftermath,
            token_refused: false,
            token_died_in,
            has_changed: false,
            is_sure: true,
            was_changed: false,
        }
    }
}

/// Runs the steps of a case whose state is ready. There is nothing to report if the run is stopped meanwhile.
pub(super) async fn run_case(
    harness: &Harness,
    case: &Case,
    ready: Ready,
    has_own_user: bool,
    watch: Watch,
) -> Option<Ran> {
    let started = Instant::now();
    let mut attempt = Attempt {
        harness,
        case,
        secrets: ready.secrets,
        watcher: Watcher::new(harness, case, watch, &ready.bindings),
        bindings: ready.bindings,
        judgement: Judgement::default(),
        sent: Vec::new(),
        copied: Vec::new(),
        has_own_user,
        blocked: None,
        obstacle: None,
        patience: Patience::default(),
        code_fetched_after: None,
        has_logged_in: false,
        advanced: 0,
        may_end_tokens: false,
        token_refused: false,
        token_died_in: Vec::new(),
    };
    let mut steps = case.scenario.steps.iter();
    while let Some(step) = steps.next() {
        if harness.is_stopping() {
            return None;
        }
        match attempt.step(step, steps.as_slice()).await {
            Ok(None) => continue,
            Ok(obstacle) => attempt.obstacle = obstacle,
            Err(why) => attempt.blocked = Some(why),
        }
        break;
    }
    let not_asked = steps.filter(|step| !step.expectations.is_empty()).map(|step| step.name.clone()).collect();
    Some(attempt.finish(not_asked, started.elapsed()))
}

struct Attempt<'a> {
    harness: &'a Harness,
    case: &'a Case,
    bindings: Bindings,
    secrets: Redaction,
    judgement: Judgement,
    sent: Vec<(&'a Step, Exchange)>,
    /// How the copies of the steps that have some were answered.
    copied: Vec<Copied>,
    watcher: Watcher<'a>,
    has_own_user: bool,
    /// Why a step could not be judged.
    blocked: Option<Reason>,
    /// Why no step can follow the last answer.
    obstacle: Option<Reason>,
    patience: Patience,
    /// How many requests had been sent when the last code was fetched.
    code_fetched_after: Option<usize>,
    has_logged_in: bool,
    /// By how many seconds it has moved the target's clock on.
    advanced: u32,
    /// It has done something else that may end tokens.
    may_end_tokens: bool,
    token_refused: bool,
    token_died_in: Vec<String>,
}

impl<'a> Attempt<'a> {
    /// Does one step, which those `later` follow. Gives the reason why no step can follow, if there is one; after an error
    /// the step could not be judged.
    async fn step(&mut self, step: &'a Step, later: &[Step]) -> Result<Option<Reason>, Reason> {
        self.note_derived(&step.action);
        if let Action::Advance(seconds) = step.action {
            let moved = self.harness.target.advance(seconds).await;
            self.may_end_tokens = true;
            self.watcher.forget_tokens();
            // The tokens of the run may now have expired.
            self.harness.givens.lock().await.forget_logins();
            moved?;
            self.advanced = self.advanced.saturating_add(seconds);
            return Ok(None);
        }
        let sends_code = step.action.templates().iter().any(|template| template.uses("code"));
        if sends_code && self.may_have_a_new_code() {
            self.fetch_code().await?;
        }
        if let Some(copies) = step.copies {
            return self.send_copies(step, copies).await;
        }
        let Some(request) = self.compose(step)? else { return Ok(None) };
        self.patience.goes_on_for(self.asker(step));
        let sights = self.watcher.before(step, &request, self.sent.len(), later).await;
        let exchange = self.harness.ask(request, &mut self.patience).await?;
        // The answer is held to a code that was sent just now.
        if !sends_code && step.names().any(|name| name == "code") {
            self.fetch_code().await?;
        }
        let obstacle = self.take(step, exchange).await?;
        self.look_around(step, step.about(&self.case.row().bindings), sights).await;
        Ok(obstacle)
    }

    fn compose(&self, step: &Step) -> Result<Option<Request>, Reason> {
        let request = compose(&self.harness.target, &step.action, &self.bindings);
        request.map_err(|unbound| Reason::Unbound(unbound.to_string()))
    }

    /// What a tap may say of the step, if there is one.
    fn asker(&self, step: &Step) -> Option<Arc<Asker>> {
        let (case, step, secrets) = (self.case.id.clone(), step.name.clone(), self.secrets.clone());
        self.harness.target.transport.is_tapped().then(|| Arc::new(Asker { case, step, secrets }))
    }

    /// Whether a code may have been sent since one was fetched. A used one need not be there any more.
    fn may_have_a_new_code(&self) -> bool {
        let Some(fetched) = self.code_fetched_after else { return true };
        let operation = |step: &Step| step.about(&self.case.row().bindings).operation;
        self.sent[fetched..].iter().any(|(step, _)| operation(step) == Some(Operation::Register))
    }

    async fn fetch_code(&mut self) -> Result<(), Reason> {
        let code = self.harness.target.code().await?;
        self.code_fetched_after = Some(self.sent.len());
        if let Some(earlier) = self.bindings.value("code").map(str::to_owned) {
            self.bindings.bind("earlier_code", earlier);
        }
        self.bindings.bind("code", code);
        Ok(())
    }

    /// Sends the copies of a step, and judges each like any other request, and then all of them together.
    async fn send_copies(&mut self, step: &'a Step, copies: Copies) -> Result<Option<Reason>, Reason> {
        let names = (1..=self.case.row().copies).map(copy_name);
        let mut requests = Vec::new();
        for name in names.clone() {
            self.bindings.bind(COPY, name);
            self.note_derived(&step.action);
            requests.extend(self.compose(step)?);
        }
        let asker = self.asker(step);
        self.patience.goes_on_for(asker.clone());
        let exchanges = match copies {
            Copies::Together => self.harness.ask_together(requests, asker.as_ref()).await?,
            Copies::InTurn => {
                let mut exchanges = Vec::new();
                for request in requests {
                    exchanges.push(self.harness.ask(request, &mut self.patience).await?);
                }
                exchanges
            }
        };
        // Nobody promises to be as fast with many requests at once as with one.
        let is_late = |exchange: &Exchange| exchange.unanswered().is_some_and(|it| it.breakage == Breakage::TimedOut);
        if copies == Copies::Together && exchanges.iter().any(is_late) {
            self.sent.extend(exchanges.into_iter().map(|exchange| (step, exchange)));
            return Err(Reason::Unanswered { step: step.name.clone() });
        }
        let (mut statuses, mut obstacle) = (Vec::new(), None);
        for (name, exchange) in names.zip(exchanges) {
            self.bindings.bind(COPY, name);
            statuses.extend(exchange.response().map(|response| response.status));
            obstacle = self.take(step, exchange).await?.or(obstacle);
        }
        self.judgement.keep_one_of_equals();
        if obstacle.is_none() {
            let copied = Copied { step: step.name.clone(), statuses };
            for expectation in &step.expectations {
                let mut judgement = expectation.judge_copies(&copied, &self.copied);
                judgement.is_about(step.about(&self.case.row().bindings));
                self.judgement.absorb(judgement);
            }
            self.copied.push(copied);
        }
        Ok(obstacle)
    }

    /// Judges one answer, and notes what it shows of secrets and tokens.
    async fn take(&mut self, step: &'a Step, mut exchange: Exchange) -> Result<Option<Reason>, Reason> {
        // An answer without a `Date` is held to our clock, which has to go on with the target's.
        let moved = exchange.at.checked_add(Duration::from_secs(self.advanced.into()));
        exchange.at = moved.unwrap_or(exchange.at);
        if let Some(none) = exchange.unanswered().filter(|none| none.breakage == Breakage::Unreachable) {
            return Err(Reason::Unreachable(none.into()));
        }
        if let Some(response) = exchange.response() {
            self.harness.note_version(response);
        }
        for token in tokens_in(&exchange) {
            self.secrets.add_given(&token, "$TOKEN");
        }
        let about = step.about(&self.case.row().bindings);
        let before = self.judgement.findings.len();
        let judged = self.judge(step, about, &exchange);
        let holds = self.judgement.findings.len() == before;
        self.look_after_tokens(step, about.operation, &exchange, holds).await;
        self.sent.push((step, exchange));
        judged
    }

    /// Looks whether the last request was refused and changed something all the same.
    async fn look_around(&mut self, step: &Step, about: About, sights: Sights) {
        let (Some((_, exchange)), Some(level)) = (self.sent.last(), self.watcher.level) else { return };
        let changes = self.watcher.after(sights, step, exchange, self.sent.len()).await;
        if self.watcher.is_sure() {
            let mut judgement = Judgement::default();
            judgement.file(REFUSALS, level, &step.name, changes);
            judgement.is_about(about);
            self.judgement.absorb(judgement);
        }
    }

    /// Notes where a token of the harness is refused, and whether a login of this case may have ended it.
    async fn look_after_tokens(&mut self, step: &Step, operation: Option<Operation>, exchange: &Exchange, holds: bool) {
        let status = exchange.response().map_or(0, |response| response.status);
        // A refusal that is expected shows nothing if a dead token is why, unless the case itself may have ended it.
        let is_expected =
            step.statuses().all(|set| set.contains(status)) && (self.may_end_tokens || holds && status != 401);
        let sent = match &exchange.request {
            Request::Http(request) => request.header("Authorization").map(String::from_utf8_lossy),
            Request::Raw(_) => None,
        };
        for (token, account) in [("admin_token", "admin"), ("user_token", "user")] {
            if let (Some(token), Some(account)) = (self.bindings.value(token), self.bindings.value(account))
                && (400..500).contains(&status)
                && !is_expected
                && sent.as_ref().is_some_and(|sent| sent.contains(token))
                && self.harness.is_dead(token, account).await
            {
                self.token_refused = true;
                if self.has_logged_in {
                    self.token_died_in.push(step.name.clone());
                }
            }
        }
        match operation.filter(|_| (200..300).contains(&status)) {
            Some(Operation::LogIn) => self.has_logged_in = true,
            // From here on a token may be dead for what the case did.
            Some(operation) if operation.effect() != Effect::Nothing => {
                (self.has_logged_in, self.may_end_tokens) = (false, true);
            }
            _ => {}
        }
    }

    /// The filtered form of a secret is secret too: most filters can be undone, and a password without its last character
    /// gives it away. What a row binds is written in the scenario and not secret.
    fn note_derived(&mut self, action: &Action) {
        let row = &self.case.row().bindings;
        let is_secret = |place: &str| {
            let base = place.split_once('|').filter(|(name, _)| row.value(name).is_none());
            base.and_then(|(name, _)| self.bindings.value(name)).is_some_and(|value| self.secrets.knows(value))
        };
        let mut places: Vec<(String, String)> =
            action.templates().iter().flat_map(|template| template.values(&self.bindings)).collect();
        places.retain(|(place, _)| is_secret(place));
        for (place, value) in places {
            let plain = |c: char| !c.is_ascii_alphanumeric();
            self.secrets.add(&value, &format!("${}", place.to_ascii_uppercase().replace(plain, "_")));
        }
    }

    fn judge(&mut self, step: &Step, about: About, exchange: &Exchange) -> Result<Option<Reason>, Reason> {
        if let Some(Witness(look)) = &self.harness.settings.witness {
            look(Witnessed { case: self.case, step, exchange, bindings: &self.bindings });
        }
        let mut judgement = self.harness.oracles.judge(&step.name, exchange);
        let refused = refusal_allowed(step, exchange);
        // A status that the step itself allows is documented for it, and no crash even if the answer has no error code.
        let status = exchange.response().map_or(0, |response| response.status);
        if step.statuses().any(|set| set.contains(status)) {
            let is_crash = |mismatch: &Mismatch| mismatch.expected == Expected::NoCrash;
            judgement.findings.retain(|finding| !finding.mismatches.iter().any(is_crash));
        }
        if refused.is_none() {
            for expectation in &step.expectations {
                judgement.absorb(expectation.judge(&step.name, exchange, &self.bindings));
            }
        }
        judgement.is_about(about);
        let obstacle = obstacle(step, exchange, &judgement);
        self.judgement.absorb(judgement);
        if let Some(why) = refused {
            return Err(why);
        }
        if obstacle.is_none() {
            self.capture(step, exchange)?;
        }
        Ok(obstacle)
    }

    fn capture(&mut self, step: &Step, exchange: &Exchange) -> Result<(), Reason> {
        let json = exchange.response().and_then(Response::json);
        for capture in &step.captures {
            let value = json.as_ref().and_then(|json| json.at(capture.at.as_str())?.as_str());
            let Some(value) = value else {
                let (step, at) = (step.name.clone(), capture.at.to_string());
                return Err(Reason::NothingToCapture { step, at });
            };
            self.bindings.bind(&capture.name, value);
            self.secrets.add(value, &format!("${}", capture.name.to_ascii_uppercase()));
        }
        Ok(())
    }
}

/// Why no step can follow this answer: there is none, or it did the opposite of what the step expects, so that the
/// state is unknown. Any other wrong answer ends nothing: a server with its own error bodies is still tested.
fn obstacle(step: &Step, exchange: &Exchange, judgement: &Judgement) -> Option<Reason> {
    let Some(response) = exchange.response() else { return Some(Reason::Unanswered { step: step.name.clone() }) };
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
    (!is_known).then(|| Reason::Unsettled { step: step.name.clone(), status })
}

/// Why the step's request may be refused, if it was refused with a 4xx. A crash or silence is not a refusal.
fn refusal_allowed(step: &Step, exchange: &Exchange) -> Option<Reason> {
    let why = step.may_refuse.as_ref()?;
    let status = exchange.response()?.status;
    let refused = || Reason::Refused { step: step.name.clone(), status, why: why.clone() };
    (400..500).contains(&status).then(refused)
}
