//! Recorded traffic held to the rules: what a run does with its own exchanges, for exchanges that others made.
//!
//! An expectation rests on what the recording itself shows (`known`). What happened before it or elsewhere is unknown, and
//! what is unknown leads to no finding.

mod call;
mod held;
mod known;
mod window;
mod span;
pub mod har;
mod login;
mod tokens;
mod users;
mod account;
mod findings;

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::custody::reading::tokens_in;
use crate::documented::api::{DEFAULT_PASSWORD, Effect, Operation, Resource};
use crate::exchange::{Exchange, HttpRequest, Json, Request, Response};
use crate::fuzz::independent::body;
use crate::judge::{Judgement, OPERATIONS, Oracles, REFUSALS};
use crate::requirement::Register;
use crate::transport::throttle::is_throttled;
use call::{Authorization, Call};
pub use findings::Findings;
use held::Held;
use known::{ADMIN, Known, is_masked};
use span::{changed, span};
use window::{Ordered, Window};

/// One exchange of a recording.
pub struct Recorded {
    /// Its place in the file, from 1.
    pub number: u64,
    /// Scheme and host.
    pub origin: String,
    pub exchange: Exchange,
    /// When its request was sent.
    pub start: Timestamp,
    /// Both bodies were recorded.
    pub is_whole: bool,
}

impl Recorded {
    fn weight(&self) -> usize {
        let asked = match &self.exchange.request {
            Request::Http(request) => request.body.as_ref().map_or(0, Vec::len) + request.target.len(),
            Request::Raw(bytes) => bytes.len(),
        };
        asked + self.exchange.response().map_or(0, |response| response.body.len())
    }
}

/// What is kept of a recording.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Scheme and host of the target; that of the first call of the API without one.
    pub origin: Option<String>,
    /// What every path of the target begins with.
    pub base: String,
    /// The recording has every request since the target was installed.
    pub is_complete: bool,
}

/// So many findings wait for it that a reset does not explain them.
const DOUBTS: usize = 64;

/// A finding that a reset would explain.
struct Doubt {
    file: String,
    at: u64,
    number: u64,
    operation: Option<Operation>,
    exchange: Exchange,
    judgement: Judgement,
}

/// Takes exchanges in, and collects what they show.
pub struct Judge<'r> {
    register: &'r Register,
    oracles: Oracles,
    scope: Scope,
    known: Known,
    window: Window,
    file: String,
    doubts: VecDeque<Doubt>,
    pub findings: Findings,
}

impl<'r> Judge<'r> {
    pub fn new(register: &'r Register, scope: Scope) -> Judge<'r> {
        let known = Known { is_complete: scope.is_complete, ..Known::default() };
        let (window, findings) = (Window::default(), Findings::default());
        Judge {
            register,
            oracles: Oracles::of(register),
            scope,
            known,
            window,
            file: String::new(),
            doubts: VecDeque::new(),
            findings,
        }
    }

    /// The next exchanges are of that file.
    pub fn begin(&mut self, file: &str) {
        self.flush();
        file.clone_into(&mut self.file);
    }

    /// One exchange, in any order within some hundred.
    pub fn take(&mut self, recorded: Recorded) {
        if self.scope.origin.is_none() && self.is_of_the_api(&recorded) {
            self.scope.origin = Some(recorded.origin.clone());
        }
        if self.scope.origin.as_ref() != Some(&recorded.origin) {
            return self.findings.foreign += 1;
        }
        let ready = self.window.take(recorded, |recorded| span(recorded, &self.scope.base, &self.known));
        ready.into_iter().for_each(|one| self.judge(one));
    }

    /// Everything that is still held back.
    pub fn flush(&mut self) {
        while let Some(one) = self.window.next(|recorded| span(recorded, &self.scope.base, &self.known)) {
            self.judge(one);
        }
    }

    /// The target that was judged.
    pub fn origin(&self) -> String {
        format!("{}{}", self.scope.origin.as_deref().unwrap_or_default(), self.scope.base)
    }

    fn is_of_the_api(&self, recorded: &Recorded) -> bool {
        match &recorded.exchange.request {
            Request::Http(request) => Call::of(request, &self.scope.base).is_some_and(|call| call.operation.is_some()),
            Request::Raw(_) => false,
        }
    }

    fn judge(&mut self, Ordered { recorded, disputed, is_late }: Ordered) {
        if is_late {
            self.known.forget();
        }
        let Recorded { number, exchange, is_whole, .. } = &recorded;
        let request = match &exchange.request {
            Request::Http(request) => request,
            Request::Raw(bytes) => {
                let step = "raw bytes";
                self.findings.add(&self.file, *number, None, exchange, self.oracles.judge(step, exchange));
                let text = String::from_utf8_lossy(bytes);
                let is_read = ["GET ", "HEAD "].iter().any(|method| text.starts_with(method));
                let is_login = text.contains(Resource::Login.path()) && !body::mentions_password(bytes);
                if is_login {
                    self.tokens("", exchange);
                } else if !is_read && !is_refused(exchange) {
                    self.known.forget();
                }
                return;
            }
        };
        self.known.has_authorization |= request.header("Authorization").is_some();
        let Some(call) = Call::of(request, &self.scope.base) else {
            return self.elsewhere(*number, request, exchange);
        };
        let step = format!("{} {}", request.method, call.resource.path());
        if is_of_others(exchange) || request.method == "OPTIONS" {
            self.doubt(&call, exchange);
            return self.findings.passed_over += 1;
        }
        let mut judgement = if *is_whole { self.oracles.judge(&step, exchange) } else { Judgement::default() };
        if *is_whole {
            let applied = self.oracles.requirements().filter(|id| ![OPERATIONS, REFUSALS].contains(id));
            self.findings.touched.extend(applied);
        }
        let is_hidden = request.header("Authorization").is_some_and(|value| is_masked(&String::from_utf8_lossy(value)));
        let may_be_unknown = call.operation.is_none() && exchange.response().is_some_and(|it| it.status == 501);
        judgement.findings.retain(|finding| match &*finding.requirement {
            "envelope.no-secret-echoed" => !is_hidden,
            "envelope.no-crash" => !may_be_unknown,
            _ => true,
        });
        match exchange.response() {
            Some(response) if let (true, Some(disputed)) = (is_whole, &disputed) => {
                // What holds whatever the others did.
                let mut nothing = self.known.without(disputed, &call.authorization);
                let mut held = Held::new(self.register, exchange, response, &step);
                expect(&call, &mut nothing, &mut held);
                judgement.absorb(held.judgement);
                self.findings.undecided += 1;
                self.doubt(&call, exchange);
            }
            Some(response) if *is_whole => {
                self.known.sequence += 1;
                let mut held = Held::new(self.register, exchange, response, &step);
                expect(&call, &mut self.known, &mut held);
                let Held { judgement: judged, doubtful, touched, .. } = held;
                self.findings.touched.extend(touched);
                judgement.absorb(judged);
                self.settle_doubts();
                if !doubtful.findings.is_empty() {
                    let (operation, exchange) = (call.operation, exchange.clone());
                    let number = *number;
                    self.doubts.push_back(Doubt {
                        file: self.file.clone(),
                        at: self.known.sequence,
                        number,
                        operation,
                        exchange,
                        judgement: doubtful,
                    });
                    if self.doubts.len() > DOUBTS {
                        self.doubts.pop_front();
                    }
                }
            }
            _ => {
                self.findings.undecided += 1;
                self.doubt(&call, exchange);
            }
        }
        self.findings.count(&call, exchange);
        self.findings.add(&self.file, *number, call.operation, exchange, judgement);
    }

    /// A request whose path is none of the API's, to the letter: some servers read it as one all the same.
    fn elsewhere(&mut self, number: u64, request: &HttpRequest, exchange: &Exchange) {
        self.findings.foreign += 1;
        let Some(response) = exchange.response() else { return };
        let is_granted = response.is_granted();
        let path = request.target.to_ascii_lowercase();
        if is_granted && !matches!(&*request.method, "GET" | "HEAD" | "OPTIONS") {
            if path.contains("users") {
                self.known.forget();
            } else if path.contains("account") {
                (self.known.pin, self.known.registered) = (None, None);
            }
        }
        let is_anonymous = self.known.has_authorization
            && !["Authorization", "Cookie", "Proxy-Authorization"].iter().any(|name| request.header(name).is_some());
        let shows = |pointer| response.json().and_then(|json: &Json| json.at(pointer)?.as_str()).is_some();
        let requirement = match () {
            () if shows("/users/0/token") && shows("/users/0/expires_after") => "login.refused.door",
            () if shows("/users/0/username") && path.contains("v1") => "tokens.door.closed",
            () => return,
        };
        if is_anonymous && is_granted {
            let mut held = Held::new(self.register, exchange, response, "another path");
            held.refused(requirement, "3xx 4xx");
            let Held { judgement, touched, .. } = held;
            self.findings.touched.extend(touched);
            self.findings.add(&self.file, number, None, exchange, judgement);
        }
    }

    /// Findings that a reset would explain count once something from before them is seen to be still there.
    fn settle_doubts(&mut self) {
        if std::mem::take(&mut self.known.was_reset) {
            self.doubts.clear();
        }
        let Some(since) = self.known.proven.take() else { return };
        let doubts = std::mem::take(&mut self.doubts);
        let (sure, left): (VecDeque<Doubt>, _) = doubts.into_iter().partition(|doubt| since < doubt.at);
        self.doubts = left;
        for Doubt { file, number, operation, exchange, judgement, .. } in sure {
            self.findings.add(&file, number, operation, &exchange, judgement);
        }
    }

    /// After an exchange whose outcome is not sure.
    fn doubt(&mut self, call: &Call<'_>, exchange: &Exchange) {
        if is_refused(exchange) {
            return;
        }
        if matches!(&call.authorization, Authorization::Basic(user, password) if user == ADMIN && password == DEFAULT_PASSWORD)
        {
            return self.known.forget();
        }
        if call.operation == Some(Operation::LogIn) {
            self.given(call, exchange);
        }
        match call.operation.map(Operation::effect) {
            None | Some(Effect::Nothing) => {}
            Some(Effect::Registration) => {
                (self.known.pin, self.known.registered, self.known.asked_for) = (None, None, None);
            }
            Some(_) => changed(call).iter().for_each(|name| match self.known.tokens.get_mut(name) {
                Some(token) => token.life = known::Life::Unknown,
                None => self.known.doubt(name),
            }),
        }
    }
}

impl Judge<'_> {
    /// A login that is not sure gives a token all the same, and may end an earlier one.
    fn given(&mut self, call: &Call<'_>, exchange: &Exchange) {
        let Authorization::Basic(user, _) = &call.authorization else { return };
        self.known.account(user).logins += 1;
        self.known.is_closed &= !tokens_in(exchange).is_empty();
        self.tokens(user, exchange);
    }

    /// Remembers that the tokens of an answer were given.
    fn tokens(&mut self, user: &str, exchange: &Exchange) {
        let logins = self.known.accounts.get(user).map_or(0, |account| account.logins);
        for text in tokens_in(exchange) {
            let (user, life, since) = (user.to_owned(), known::Life::Unknown, self.known.sequence);
            self.known.give(&text, known::Token { user, life, ends: None, logins, since, spared_by: "" });
        }
    }
}

fn expect(call: &Call<'_>, known: &mut Known, held: &mut Held<'_>) {
    match call.operation {
        Some(Operation::LogIn) => login::login(call, known, held),
        Some(operation) if operation.effect() == Effect::Registration => account::account(call, operation, known, held),
        Some(operation) => users::users(call, operation, known, held),
        None if matches!(&*call.request.method, "HEAD" | "TRACE" | "CONNECT") => {}
        None => {
            if call.is_login() {
                held.refused("login.method.no-token", "4xx");
            }
            held.refused("envelope.method.refused", "4xx 501");
            if held.is_granted() && call.request.method != "GET" {
                known.forget();
            }
        }
    }
}

fn is_refused(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(Response::is_refused)
}

/// Whether the answer may come from somebody in front of the target, or says no more than that it has no time.
fn is_of_others(exchange: &Exchange) -> bool {
    let is_of_others = |response: &Response| {
        matches!(response.status, 100..200 | 300..400 | 407 | 502..505 | 511) || is_throttled(response)
    };
    exchange.response().is_some_and(is_of_others)
}
