//! One input against one target: sent, judged, and the state looked at afterwards.
//!
//! An input is tried alone and leaves the accounts as they were, so that what is found can be found again.

mod kind;
mod secrets;
mod passwords;
mod calls;
mod bodies;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use calls::refused_for;
pub use kind::Kind;
pub use secrets::secrets_of;
use serde::de::IgnoredAny;

use super::grammar::{
    BasicInput, BearerInput, BodyInput, HttpInput, PasswordInput, PathInput, RequestParts, SessionInput,
};
use super::laxity::Laxity;
use super::session::{FuzzSession, WorkerAccounts};
use super::{Check, Class, Form, Place, Surface};
use crate::custody::Failure;
use crate::exchange::{Exchange, HttpRequest, Request, harmless_line};
use crate::judge::LOGIN_TOKEN;
use crate::requirement::Level;
use crate::transport::throttle::Patience;
use crate::words;
use secrets::is_repeated_anyway;

#[derive(Debug, Clone)]
pub struct Violation {
    pub check: Check,
    pub requirement: String,
    pub level: Level,
    /// What the documents want of the request.
    pub class: Class,
    /// What was expected and what came, without secrets.
    pub what: String,
    pub exchange: Arc<Exchange>,
    pub shown: Shown,
}

/// What shows a violation, in addition to the answer to the input itself.
#[derive(Debug, Clone, Default)]
pub enum Shown {
    #[default]
    InTheAnswer,
    /// A login after the input, and whether it works.
    ByLogin { username: String, password: String, works: bool },
    /// The account of that name, read after the input.
    ByReading(String),
    /// The last call of a session: its users, and its calls with the tokens that they got.
    BySession { users: Vec<String>, calls: Vec<(RequestParts, Option<String>)> },
    /// No single request shows it.
    ByNoRequest,
}

#[derive(Debug, Clone, Default)]
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
    /// Why it was given up: the target throttles.
    pub throttled: Option<String>,
    /// The accounts are gone and none can be made: why.
    pub lost: Option<Failure>,
}

impl Probed {
    /// The input got no answer, or a crash.
    pub fn crashed(&self) -> bool {
        self.violations.iter().any(|violation| matches!(violation.check, Check::Crash | Check::Answered))
    }
}

/// A text of so many bytes is sent only with --large to another machine that is not disposable.
const LONG: usize = 16 << 10;

/// So many bytes every server should read in front of a body (RFC 9112, section 3, says it of the request line).
const READ_BY_ALL: usize = 8000;

/// Why a large input is skipped, unless large ones are allowed.
const TOO_LARGE: &str = "large requests are sent with --large";

/// One try: the target, the accounts, and the results so far.
struct Probe<'p> {
    session: &'p FuzzSession,
    worker: &'p mut WorkerAccounts,
    probed: Probed,
    /// The input's own exchange; of several requests the last.
    exchange: Option<Arc<Exchange>>,
    /// What shows the next violation.
    shown: Shown,
}

pub async fn probe(session: &FuzzSession, worker: &mut WorkerAccounts, surface: Surface, input: &[u8]) -> Probed {
    let lost = worker.renew(session).await.err();
    let probed = Probed { lost, ..Probed::default() };
    let mut probe = Probe { session, worker, probed, exchange: None, shown: Shown::default() };
    if probe.probed.lost.is_some() {
        return probe.probed;
    }
    let may_be_long = session.large || session.disposable || session.target.transport.origin().is_loopback();
    if !may_be_long && probe.worker.bindings.render(input).len() > LONG {
        probe.skip(TOO_LARGE);
        return probe.probed;
    }
    let before = probe.look_before(surface, input).await;
    match surface.row().form {
        Form::Basic => probe.basic(&BasicInput::decode(input)).await,
        Form::Body(operation) => probe.body(&BodyInput::decode(input), surface, operation).await,
        Form::Password => probe.password(&PasswordInput::decode(input)).await,
        Form::Bearer => probe.bearer(&BearerInput::decode(input)).await,
        Form::Path => probe.path(&PathInput::decode(input)).await,
        Form::Session => probe.session(&SessionInput::decode(input)).await,
        Form::Http => probe.http(&HttpInput::decode(input)).await,
    }
    probe.look_after(before).await;
    probe.redact();
    probe.probed
}

/// Whether the answer is JSON, but not text: what a server does with a lone surrogate is open (RFC 8259 §8.2).
fn holds_lone_surrogate(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| {
        response.json().is_none() && serde_json::from_slice::<IgnoredAny>(&response.body).is_ok()
    })
}

/// The login that the harness needs, judged as an input.
pub fn of_login(session: &FuzzSession, worker: &mut WorkerAccounts, login: &Arc<Exchange>) -> Probed {
    let probed = Probed { class: Class::Accept, place: Place::Right, kind: Kind::of(login), ..Probed::default() };
    let mut probe = Probe { session, worker, probed, exchange: Some(Arc::clone(login)), shown: Shown::default() };
    probe.judge(login);
    if probe.probed.kind.is_success() {
        probe.violation(Check::Token, LOGIN_TOKEN, "a login with right credentials gives no token");
    } else {
        probe.probed.observed.push(format!("the login of the administrator is answered {}", probe.probed.kind));
    }
    probe.redact();
    probe.probed
}

impl Probe<'_> {
    /// Takes secrets and terminal control sequences out of all results.
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
        self.probed = Probed { skipped: Some(why), place: Place::Skipped, ..Probed::default() };
    }

    /// Sends the input's own request and checks the answer.
    async fn send(&mut self, class: Class, place: Place, parts: RequestParts) {
        self.exchange(class, place, self.session.request(parts)).await;
        self.not_ready(false).await;
    }

    /// The same, but takes the answer's word for it that the target is not ready.
    async fn exchange(&mut self, class: Class, place: Place, request: Request) {
        self.probed.class = class;
        self.probed.place = place;
        self.probed.requests += 1;
        let exchange = match self.session.target.transport.ask(request, &mut Patience::of_input()).await {
            Ok(exchange) => exchange,
            Err(why) => {
                self.exchange = None;
                self.probed.kind = Kind::Unsent;
                return self.probed.throttled = Some(why.to_string());
            }
        };
        self.probed.kind = Kind::of(&exchange);
        self.probed.elapsed = exchange.elapsed;
        let exchange = Arc::new(exchange);
        self.exchange = Some(Arc::clone(&exchange));
        self.judge(&exchange);
        // The tokens of an account of the run end with it.
        if !self.worker.own
            && let Some(token) = self.token()
        {
            self.probed.requests += 1;
            self.session.accounts.log_out(&token).await;
        }
    }

    fn judge(&mut self, exchange: &Arc<Exchange>) {
        let has_long_head = || match &exchange.request {
            Request::Http(HttpRequest { target, headers, .. }) => {
                target.len() + headers.iter().map(|header| header.value.len()).sum::<usize>() > READ_BY_ALL
            }
            Request::Raw(_) => false,
        };
        for finding in self.session.oracles.judge("input", exchange).findings {
            let check = match finding.requirement.as_str() {
                // A server that refuses so long a head may close at once, and may not know that the method was HEAD.
                "envelope.answered" if self.probed.kind == Kind::Closed && has_long_head() => continue,
                "envelope.one-answer" if self.probed.kind.is_refusal() && has_long_head() => continue,
                "envelope.answered" => Check::Answered,
                "envelope.no-crash" => Check::Crash,
                "envelope.no-secret-echoed" if is_repeated_anyway(exchange, self.session) => continue,
                "envelope.no-secret-echoed" => Check::Echo,
                "envelope.no-trace" => Check::Trace,
                "envelope.one-answer" => Check::OneAnswer,
                _ if holds_lone_surrogate(exchange) => {
                    self.probed.observed.push("an answer holds a lone surrogate".to_owned());
                    continue;
                }
                _ => Check::Envelope,
            };
            self.probed.violations.push(Violation {
                check,
                level: finding.level,
                class: self.probed.class,
                what: format!("expected {}; came {}", words::all_expected(&finding), words::all_observed(&finding)),
                requirement: finding.requirement,
                exchange: Arc::clone(exchange),
                shown: self.shown.clone(),
            });
        }
    }

    fn violation(&mut self, check: Check, requirement: &str, what: impl Into<String>) {
        if self.is_missing() {
            return;
        }
        let (level, what) = (self.session.level(requirement), what.into());
        let (requirement, shown) = (requirement.to_owned(), std::mem::take(&mut self.shown));
        let class = self.probed.class;
        match (level, self.exchange.clone()) {
            (Level::May, _) => self.probed.observed.push(format!("{requirement}: {what}")),
            (_, None) => {}
            (_, Some(exchange)) => {
                self.probed.violations.push(Violation { check, requirement, level, class, what, exchange, shown });
            }
        }
    }

    /// Whether the target does not have the operation of the input at all, which is named once.
    fn is_missing(&self) -> bool {
        let transport = &self.session.target.transport;
        let operation = self.exchange.as_ref().and_then(|exchange| transport.operation(&exchange.request));
        operation.is_some_and(|it| self.session.missing.get().is_some_and(|missing| missing.contains_key(&it)))
    }

    /// A violation that rests on a refused login: it means nothing where wrong logins are known to be accepted.
    fn violation_by_login(&mut self, check: Check, requirement: &str, what: impl Into<String>) {
        match self.session.laxity() {
            Laxity::None => self.violation(check, requirement, what),
            _ => self.shown = Shown::default(),
        }
    }

    /// The next violation is shown by this login.
    fn by_login(&mut self, username: &str, password: &str, works: bool) {
        self.shown = Shown::ByLogin { username: username.to_owned(), password: password.to_owned(), works };
    }

    /// A 5xx with a code that is documented for it is still a crash if a good request is answered right after it.
    async fn not_ready(&mut self, excused: bool) {
        let Kind::Answer(500.., Some(_)) = self.probed.kind else { return };
        if excused || self.probed.violations.iter().any(|violation| violation.check == Check::Crash) {
            return;
        }
        let (user, password) = (self.worker.bindings.user.clone(), self.worker.bindings.user_password.clone());
        if self.logs_in(&user, &password).await == Some(true) {
            let what = format!("the input is answered {}, and a good login right after it is not", self.probed.kind);
            self.violation(Check::Crash, "envelope.no-crash", what);
        }
    }

    async fn logs_in(&mut self, username: &str, password: &str) -> Option<bool> {
        self.probed.requests += 1;
        self.session.logs_in(username, password).await
    }

    async fn remove(&mut self, name: &str) {
        self.probed.requests += 1;
        self.session.remove(name).await;
    }

    fn answer(&self) -> Option<(u16, &[u8])> {
        let response = self.exchange.as_ref()?.response()?;
        Some((response.status, &response.body))
    }

    fn token(&self) -> Option<String> {
        let (_, body) = self.answer()?;
        // Most answers contain none.
        let has_one = std::str::from_utf8(body).is_ok_and(|text| text.contains("\"token\""));
        has_one.then(|| self.text_at("/users/0/token")).flatten()
    }

    fn text_at(&self, pointer: &str) -> Option<String> {
        self.exchange.as_ref()?.response()?.json()?.at(pointer)?.as_str().map(str::to_owned)
    }
}
