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
use super::grammar::RequestParts;
use super::grammar::basic::BasicInput;
use super::grammar::bearer::BearerInput;
use super::grammar::body::BodyInput;
use super::grammar::http::HttpInput;
use super::grammar::path::PathInput;
use super::laxity::Laxity;
use super::session::{FuzzSession, WorkerAccounts};
use super::{Class, Surface};
use crate::exchange::{Exchange, Json, Request, harmless_line};
use crate::requirement::Level;
use echo::is_told_anyway;

/// A requirement that the target broke.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which kind of check saw it.
    pub oracle: &'static str,
    /// The requirement.
    pub requirement: String,
    /// How binding it is.
    pub level: Level,
    /// What was expected and what came, without secrets.
    pub what: String,
    /// What was sent and what came back.
    pub exchange: Exchange,
}

/// What came of one input.
#[derive(Debug, Clone)]
pub struct Probed {
    /// What the documents wanted.
    pub class: Class,
    /// What kind of input it was.
    pub place: &'static str,
    /// What came back.
    pub kind: Kind,
    /// How many requests it took.
    pub requests: u64,
    /// How long the answer to the input itself took.
    pub elapsed: Duration,
    /// What it broke.
    pub broken: Vec<Broken>,
    /// What the documents leave open and people may want to know.
    pub observed: Vec<String>,
    /// Why it was not sent.
    pub skipped: Option<&'static str>,
    /// The accounts are gone and none can be made: why.
    pub lost: Option<String>,
}

impl Probed {
    fn new(class: Class, place: &'static str) -> Probed {
        Probed {
            class,
            place,
            kind: Kind::Unsent,
            requests: 0,
            elapsed: Duration::ZERO,
            broken: Vec::new(),
            observed: Vec::new(),
            skipped: None,
            lost: None,
        }
    }

    fn skip(why: &'static str) -> Probed {
        Probed { skipped: Some(why), ..Probed::new(Class::Either, "skipped") }
    }
}

/// One try: the target, the accounts, and what has come of it so far.
pub(super) struct Probe<'p> {
    session: &'p FuzzSession,
    worker: &'p mut WorkerAccounts,
    probed: Probed,
    /// The levels of requirements.
    levels: &'p (dyn Fn(&str) -> Level + Sync),
}

/// Tries one input. `level` gives the level of a requirement.
pub async fn probe(
    session: &FuzzSession,
    worker: &mut WorkerAccounts,
    surface: Surface,
    input: &[u8],
    level: &(dyn Fn(&str) -> Level + Sync),
) -> Probed {
    let lost = worker.renew(session).await.err();
    let mut probe = Probe { session, worker, probed: Probed { lost, ..Probed::new(Class::Either, "") }, levels: level };
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
    probe.without_secrets();
    probe.probed
}

impl Probe<'_> {
    /// Takes the secrets out of all that was found out, and what a terminal would obey.
    fn without_secrets(&mut self) {
        let Probed { broken, observed, .. } = &mut self.probed;
        if broken.is_empty() && observed.is_empty() {
            return;
        }
        let (run, bindings) = (self.session.secrets(), &self.worker.bindings);
        for Broken { what, exchange, .. } in broken {
            let secrets = secrets_of(exchange, bindings, &run);
            *what = harmless_line(&secrets.apply(what)).into_owned();
        }
        for what in observed {
            *what = harmless_line(&run.apply(what)).into_owned();
        }
    }

    /// Sends the input's own request and holds the answer to the oracles of every exchange.
    async fn send(&mut self, class: Class, place: &'static str, shaped: RequestParts) -> Exchange {
        let request = self.session.request(shaped);
        self.send_request(class, place, request).await
    }

    async fn send_request(&mut self, class: Class, place: &'static str, request: Request) -> Exchange {
        let exchange = self.session.target.transport.send(request).await;
        self.probed.class = class;
        self.probed.place = place;
        self.probed.requests += 1;
        self.probed.kind = Kind::of(&exchange);
        self.probed.elapsed = exchange.elapsed;
        self.oracles(&exchange);
        // The tokens of an account of the run end with it.
        if !self.worker.own
            && let Some(token) = Self::token(&exchange)
        {
            self.probed.requests += 1;
            self.session.accounts.log_out(&token).await;
        }
        exchange
    }

    fn oracles(&mut self, exchange: &Exchange) {
        // Throttling is never a verdict.
        if exchange.response().is_some_and(|response| response.status == 429) {
            return;
        }
        let judgement = self.session.oracles.judge("input", exchange);
        for finding in judgement.findings {
            let oracle = match finding.requirement.as_str() {
                "envelope.answered" => "answered",
                "envelope.no-crash" => "crash",
                "envelope.no-secret-echoed" if is_told_anyway(exchange) => continue,
                "envelope.no-secret-echoed" => "echo",
                "envelope.no-trace" => "trace",
                "envelope.one-answer" => "one-answer",
                _ => "envelope",
            };
            self.probed.broken.push(Broken {
                oracle,
                level: finding.level,
                what: format!("expected {}; came {}", finding.expected(), finding.observed()),
                requirement: finding.requirement,
                exchange: exchange.clone(),
            });
        }
    }

    fn broken(&mut self, oracle: &'static str, requirement: &str, what: impl Into<String>, exchange: &Exchange) {
        let level = (self.levels)(requirement);
        if level == Level::May {
            self.probed.observed.push(format!("{requirement}: {}", what.into()));
            return;
        }
        self.probed.broken.push(Broken {
            oracle,
            requirement: requirement.to_owned(),
            level,
            what: what.into(),
            exchange: exchange.clone(),
        });
    }

    /// Something that is broken because a login that must fail has succeeded. Where wrong logins are known to be taken it
    /// says nothing.
    fn broken_by_a_login(
        &mut self,
        oracle: &'static str,
        requirement: &str,
        what: impl Into<String>,
        exchange: &Exchange,
    ) {
        if self.session.laxity() == Laxity::RightOnly {
            self.broken(oracle, requirement, what, exchange);
        }
    }

    /// A 5xx with a code that is documented for it is a crash all the same where a good request is answered.
    async fn not_ready(&mut self, exchange: &Exchange, excused: bool) {
        let Kind::Answer(500.., Some(_)) = self.probed.kind else {
            return;
        };
        if excused || self.probed.broken.iter().any(|broken| broken.oracle == "crash") {
            return;
        }
        let bindings = &self.worker.bindings;
        self.probed.requests += 1;
        if self.session.logs_in(&bindings.user, &bindings.user_password).await {
            let what = format!("the input is answered {}, and a good login right after it is not", self.probed.kind);
            self.broken("crash", "envelope.no-crash", what, exchange);
        }
    }

    /// Whether a token stands in the answer.
    fn token(exchange: &Exchange) -> Option<String> {
        let body = &exchange.response()?.body;
        // Most answers hold none.
        if !std::str::from_utf8(body).is_ok_and(|text| text.contains("\"token\"")) {
            return None;
        }
        let json = Json::parse(body).ok()?;
        json.at("/users/0/token")?.as_str().map(str::to_owned)
    }
}
