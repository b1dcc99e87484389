//! One input against one target: sent, judged, and the state looked at afterwards.
//!
//! An input is tried alone and leaves the accounts as they were, so that what is found can be found again.

mod bodies;
mod calls;
mod credentials;
mod echo;
mod kind;
mod passwords;
mod sessions;

use std::time::Duration;

pub use kind::Kind;

use super::evidence::secrets_of;
use super::grammar::{BasicInput, BearerInput, BodyInput, HttpInput, PathInput, RequestParts};
use super::laxity::Laxity;
use super::session::{FuzzSession, WorkerAccounts};
use super::{Check, Class, Place, Surface};
use crate::exchange::{Exchange, Json, Request, harmless_line};
use crate::requirement::Level;
use crate::words;
use echo::is_told_anyway;

#[derive(Debug, Clone)]
pub struct Violation {
    pub check: Check,
    pub requirement: String,
    pub level: Level,
    /// What was expected and what came, without secrets.
    pub what: String,
    pub exchange: Exchange,
}

/// What came of one input.
#[derive(Debug, Clone)]
pub struct Probed {
    pub class: Class,
    pub place: Place,
    pub kind: Kind,
    pub requests: u64,
    /// How long the answer to the input itself took.
    pub elapsed: Duration,
    pub violations: Vec<Violation>,
    /// What the documents leave open and people may want to know.
    pub observed: Vec<String>,
    /// Why it was not sent.
    pub skipped: Option<&'static str>,
    /// The accounts are gone and none can be made: why.
    pub lost: Option<String>,
}

impl Probed {
    fn new(place: Place) -> Probed {
        Probed {
            class: Class::Either,
            place,
            kind: Kind::Unsent,
            requests: 0,
            elapsed: Duration::ZERO,
            violations: Vec::new(),
            observed: Vec::new(),
            skipped: None,
            lost: None,
        }
    }

    /// The input was left without an answer, or answered with a crash.
    pub fn crashed(&self) -> bool {
        self.violations.iter().any(|violation| matches!(violation.check, Check::Crash | Check::Answered))
    }
}

/// One try: the target, the accounts, and what has come of it so far.
struct Probe<'p> {
    session: &'p FuzzSession,
    worker: &'p mut WorkerAccounts,
    probed: Probed,
}

pub async fn probe(session: &FuzzSession, worker: &mut WorkerAccounts, surface: Surface, input: &[u8]) -> Probed {
    let lost = worker.renew(session).await.err();
    let mut probe = Probe { session, worker, probed: Probed { lost, ..Probed::new(Place::Anywhere) } };
    if probe.probed.lost.is_some() {
        return probe.probed;
    }
    match surface {
        Surface::BasicAuth => probe.basic(&BasicInput::decode(input)).await,
        Surface::LoginBody => probe.login_body(&BodyInput::decode(input)).await,
        Surface::UsersBody => probe.users_body(&BodyInput::decode(input)).await,
        Surface::AccountBody => probe.account_body(&BodyInput::decode(input)).await,
        Surface::Password => probe.password(input).await,
        Surface::Bearer => probe.bearer(&BearerInput::decode(input)).await,
        Surface::Path => probe.path(&PathInput::decode(input)).await,
        Surface::Session => probe.session(input).await,
        Surface::Http => probe.http(&HttpInput::decode(input)).await,
    }
    probe.redact();
    probe.probed
}

impl Probe<'_> {
    /// Takes the secrets out of all that was found out, and what a terminal would obey.
    fn redact(&mut self) {
        let Probed { violations, observed, .. } = &mut self.probed;
        if violations.is_empty() && observed.is_empty() {
            return;
        }
        let run = self.session.secrets();
        for Violation { what, exchange, .. } in violations {
            let secrets = secrets_of(exchange, &self.worker.bindings, &run);
            *what = harmless_line(&secrets.apply(what)).into_owned();
        }
        for what in observed {
            *what = harmless_line(&run.apply(what)).into_owned();
        }
    }

    fn skip(&mut self, why: &'static str) {
        self.probed = Probed { skipped: Some(why), ..Probed::new(Place::Skipped) };
    }

    /// Skips an input that goes beyond what is sent unasked; true if it does.
    fn is_too_large(&mut self, is_large: bool) -> bool {
        let too_large = is_large && !self.session.large;
        if too_large {
            self.skip("large requests are sent with --large");
        }
        too_large
    }

    /// Sends the input's own request and checks the answer.
    async fn send(&mut self, class: Class, place: Place, parts: RequestParts) -> Exchange {
        let request = self.session.request(parts);
        let exchange = self.exchange(class, place, request).await;
        self.not_ready(&exchange, false).await;
        exchange
    }

    /// Sends the input's own request and holds the answer to the oracles of every exchange.
    async fn exchange(&mut self, class: Class, place: Place, request: Request) -> Exchange {
        let exchange = self.session.target.transport.send(request).await;
        self.probed.class = class;
        self.probed.place = place;
        self.probed.requests += 1;
        self.probed.kind = Kind::of(&exchange);
        self.probed.elapsed = exchange.elapsed;
        self.judge(&exchange);
        // The tokens of an account of the run end with it.
        if !self.worker.own
            && let Some(token) = Self::token(&exchange)
        {
            self.probed.requests += 1;
            self.session.accounts.log_out(&token).await;
        }
        exchange
    }

    fn judge(&mut self, exchange: &Exchange) {
        // Throttling is never a verdict.
        if exchange.response().is_some_and(|response| response.status == 429) {
            return;
        }
        for finding in self.session.oracles.judge("input", exchange).findings {
            let check = match finding.requirement.as_str() {
                "envelope.answered" => Check::Answered,
                "envelope.no-crash" => Check::Crash,
                "envelope.no-secret-echoed" if is_told_anyway(exchange) => continue,
                "envelope.no-secret-echoed" => Check::Echo,
                "envelope.no-trace" => Check::Trace,
                "envelope.one-answer" => Check::OneAnswer,
                _ => Check::Envelope,
            };
            self.probed.violations.push(Violation {
                check,
                level: finding.level,
                what: format!("expected {}; came {}", words::all_expected(&finding), words::all_observed(&finding)),
                requirement: finding.requirement,
                exchange: exchange.clone(),
            });
        }
    }

    fn violation(&mut self, check: Check, requirement: &str, what: impl Into<String>, exchange: &Exchange) {
        let (level, what, exchange) = (self.session.level(requirement), what.into(), exchange.clone());
        let requirement = requirement.to_owned();
        match level {
            Level::May => self.probed.observed.push(format!("{requirement}: {what}")),
            _ => self.probed.violations.push(Violation { check, requirement, level, what, exchange }),
        }
    }

    /// A violation because a login that must fail has succeeded. Where wrong logins are known to be accepted it says
    /// nothing.
    fn violation_by_login(&mut self, check: Check, requirement: &str, what: impl Into<String>, exchange: &Exchange) {
        if self.session.laxity() == Laxity::None {
            self.violation(check, requirement, what, exchange);
        }
    }

    /// A 5xx with a code that is documented for it is a crash all the same where a good request is answered.
    async fn not_ready(&mut self, exchange: &Exchange, excused: bool) {
        let Kind::Answer(500.., Some(_)) = self.probed.kind else {
            return;
        };
        if excused || self.probed.violations.iter().any(|violation| violation.check == Check::Crash) {
            return;
        }
        if self.user_logs_in().await {
            let what = format!("the input is answered {}, and a good login right after it is not", self.probed.kind);
            self.violation(Check::Crash, "envelope.no-crash", what, exchange);
        }
    }

    async fn logs_in(&mut self, username: &str, password: &str) -> bool {
        self.probed.requests += 1;
        self.session.logs_in(username, password).await
    }

    async fn user_logs_in(&mut self) -> bool {
        let bindings = &self.worker.bindings;
        self.probed.requests += 1;
        self.session.logs_in(&bindings.user, &bindings.user_password).await
    }

    fn token(exchange: &Exchange) -> Option<String> {
        let body = &exchange.response()?.body;
        // Most answers hold none.
        if !std::str::from_utf8(body).is_ok_and(|text| text.contains("\"token\"")) {
            return None;
        }
        Self::text_at(exchange, "/users/0/token")
    }

    fn text_at(exchange: &Exchange, pointer: &str) -> Option<String> {
        let json = Json::parse(&exchange.response()?.body).ok()?;
        json.at(pointer)?.as_str().map(str::to_owned)
    }
}
