//! One input against one target: sent, judged, and the state looked at afterwards.
//!
//! An input is tried alone and leaves the accounts as they were, so that what is found can be found again.

mod bodies;
mod passwords;
mod sessions;

use std::fmt;
use std::time::Duration;

use super::grammar::Shaped;
use super::grammar::basic::{BasicInput, LoginWith};
use super::grammar::bearer::{BearerInput, Called};
use super::grammar::body::BodyInput;
use super::grammar::http::HttpInput;
use super::grammar::path::{Asker, PathInput};
use super::second;
use super::subject::{Ground, Subject, succeeded};
use super::takes::Takes;
use super::{Class, Surface};
use crate::documented::basic;
use crate::exchange::{Breakage, Exchange, Json, Outcome, Request};
use crate::requirement::Level;

/// What came back, as far as the search is steered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An answer: its status, and the code of its first error.
    Answer(u16, Option<i64>),
    /// None, because the connection was closed.
    Closed,
    /// None in time.
    TimedOut,
    /// Something that is no HTTP, or too much of it.
    Garbled,
    /// No connection.
    Unreachable,
    /// Nothing was sent.
    Unsent,
}

impl Kind {
    fn of(exchange: &Exchange) -> Kind {
        match &exchange.outcome {
            Outcome::Answered(response) => {
                let code = (response.status >= 400).then(|| first_code(&response.body)).flatten();
                Kind::Answer(response.status, code)
            }
            Outcome::Unanswered(none) => match none.breakage {
                Breakage::Closed => Kind::Closed,
                Breakage::TimedOut => Kind::TimedOut,
                Breakage::Unreachable => Kind::Unreachable,
                Breakage::Malformed | Breakage::TooLarge => Kind::Garbled,
            },
        }
    }

    /// Whether it is a success.
    pub fn is_success(self) -> bool {
        matches!(self, Kind::Answer(200..=299, _))
    }
}

impl Kind {
    /// Whether it is a refusal; throttling is none.
    pub fn is_refusal(self) -> bool {
        matches!(self, Kind::Answer(300..=428 | 430..=499, _))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Kind::Answer(status, Some(code)) => format!("{status}/{code}"),
            Kind::Answer(status, None) => status.to_string(),
            Kind::Closed => "closed".to_owned(),
            Kind::TimedOut => "timeout".to_owned(),
            Kind::Garbled => "garbled".to_owned(),
            Kind::Unreachable => "unreachable".to_owned(),
            Kind::Unsent => "unsent".to_owned(),
        };
        f.pad(&text)
    }
}

/// The number after the first `"code":` of an error, without reading the whole.
fn first_code(body: &[u8]) -> Option<i64> {
    const MEMBER: &[u8] = b"\"code\"";
    let at = body.windows(MEMBER.len()).position(|window| window == MEMBER)?;
    let rest = body[at + MEMBER.len()..].iter();
    let digits = rest
        .skip_while(|byte| matches!(byte, b':' | b' '))
        .take_while(|byte| byte.is_ascii_digit());
    digits.take(9).fold(None, |number: Option<i64>, digit| {
        Some(number.unwrap_or(0) * 10 + i64::from(digit - b'0'))
    })
}

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
        Probed {
            skipped: Some(why),
            ..Probed::new(Class::Either, "skipped")
        }
    }
}

/// One try: the target, the accounts, and what has come of it so far.
pub(super) struct Probe<'p> {
    ground: &'p Ground,
    subject: &'p mut Subject,
    probed: Probed,
    /// The levels of requirements.
    levels: &'p (dyn Fn(&str) -> Level + Sync),
}

/// Tries one input. `level` gives the level of a requirement.
pub async fn probe(
    ground: &Ground,
    subject: &mut Subject,
    surface: Surface,
    input: &[u8],
    level: &(dyn Fn(&str) -> Level + Sync),
) -> Probed {
    let lost = subject.renew(ground).await.err();
    let mut probe = Probe {
        ground,
        subject,
        probed: Probed {
            lost,
            ..Probed::new(Class::Either, "")
        },
        levels: level,
    };
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
    probe.probed
}

impl Probe<'_> {
    /// Sends the input's own request and holds the answer to the oracles of every exchange.
    async fn send(&mut self, class: Class, place: &'static str, shaped: Shaped) -> Exchange {
        let Shaped {
            method,
            path,
            headers,
            body,
        } = shaped;
        let request = self.ground.target.request(method, &path, headers, body);
        self.send_request(class, place, request).await
    }

    async fn send_request(&mut self, class: Class, place: &'static str, request: Request) -> Exchange {
        let exchange = self.ground.target.send(request).await;
        self.probed.class = class;
        self.probed.place = place;
        self.probed.requests += 1;
        self.probed.kind = Kind::of(&exchange);
        self.probed.elapsed = exchange.elapsed;
        self.oracles(&exchange);
        exchange
    }

    fn oracles(&mut self, exchange: &Exchange) {
        // Throttling is never a verdict.
        if exchange.response().is_some_and(|response| response.status == 429) {
            return;
        }
        let judgement = self.ground.oracles.judge("input", exchange);
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
        if self.ground.takes() == Takes::RightOnly {
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
        let bindings = &self.subject.bindings;
        self.probed.requests += 1;
        if self.ground.logs_in(&bindings.user, &bindings.user_password).await {
            let what = format!(
                "the input is answered {}, and a good login right after it is not",
                self.probed.kind
            );
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

    async fn basic(&mut self, input: &BasicInput<'_>) {
        if input.is_large() && !self.ground.large {
            return self.probed = Probed::skip("large requests are sent with --large");
        }
        let shaped = input.shape(&self.subject.bindings);
        let reading = second::basic::login(&shaped.headers, &self.subject.accounts());
        let changes = matches!(input.with, LoginWith::Change | LoginWith::Weak);
        if changes && !self.subject.own && reading.class != Class::Reject {
            return self.probed = Probed::skip("the account is not the run's own");
        }
        let bindings = &self.subject.bindings;
        let user = [(&*bindings.user, &*bindings.user_password)];
        let by_another =
            reading.class != Class::Reject && second::basic::login(&shaped.headers, &user).class == Class::Reject;
        if changes && by_another {
            return self.probed = Probed::skip("the password of the second account stays as it is");
        }
        // Whether a weak `new_password` of a later login is refused is another surface's business.
        let class = if changes && reading.class != Class::Reject {
            Class::Either
        } else {
            reading.class
        };
        let exchange = self.send(class, reading.place, shaped).await;
        self.not_ready(&exchange, false).await;
        let kind = self.probed.kind;
        let token = Self::token(&exchange);
        match class {
            Class::Reject if self.ground.takes().explains_a_token(reading.place) => {}
            Class::Reject if kind.is_success() || token.is_some() => {
                let what = format!(
                    "{} got {kind}{}",
                    reading.place,
                    if token.is_some() { " and a token" } else { "" }
                );
                self.broken("token", refused_for(reading.place), what, &exchange);
            }
            Class::Accept if kind.is_refusal() => {
                let requirement = accepted_for(input, reading.canonical);
                let what = format!("right credentials were answered {kind}");
                self.broken("refused", requirement, what, &exchange);
            }
            _ => {}
        }
        if changes && self.subject.own {
            let new = match input.with {
                LoginWith::Weak => "weak".to_owned(),
                _ => self.subject.bindings.new_password.to_string(),
            };
            self.settle(&exchange, &[new], reading.class == Class::Reject).await;
            if reading.class == Class::Reject && kind.is_success() {
                // Whose password it was now, only a faulty target knows.
                self.probed.requests += 1;
                self.subject.restore_second(self.ground).await;
            }
        }
    }

    async fn bearer(&mut self, input: &BearerInput<'_>) {
        let shaped = input.shape(&self.subject.bindings);
        let (mut class, place) = second::bearer::call(&shaped.headers, &self.subject.bindings.user_token);
        // What the admin's own account may is not what an ordinary one may.
        if input.called != Called::Itself && class != Class::Reject {
            class = if self.subject.own { Class::Reject } else { Class::Either };
        }
        let exchange = self.send(class, place, shaped).await;
        self.not_ready(&exchange, false).await;
        let kind = self.probed.kind;
        match class {
            Class::Reject if kind.is_success() => {
                let requirement = match (place, input.called) {
                    ("right" | "another spelling", Called::Delete) => "users.delete.admin-only",
                    ("right" | "another spelling", _) => "account.verify.wrong-code",
                    ("absent", _) => "tokens.bearer.required",
                    ("another scheme", _) => "tokens.bearer.scheme",
                    _ => "tokens.bearer.invalid",
                };
                self.broken("token", requirement, format!("{place} got {kind}"), &exchange);
            }
            // An earlier input may have ended the token: a new one tells.
            Class::Accept if kind.is_refusal() && self.subject.restore(self.ground).await.is_ok() => {
                let again = self.send(class, place, input.shape(&self.subject.bindings)).await;
                if !succeeded(&again) {
                    let what = format!("a living token got {kind}");
                    self.broken("refused", "tokens.bearer.accepted", what, &again);
                }
            }
            _ => {}
        }
    }

    async fn path(&mut self, input: &PathInput<'_>) {
        let shaped = input.shape(&self.subject.bindings);
        let exchange = self.send(Class::Either, "path", shaped).await;
        self.not_ready(&exchange, false).await;
        if self.probed.kind.is_success() && input.target(&self.subject.bindings).contains("logout") {
            self.probed.lost = self.subject.restore(self.ground).await.err();
        }
        let Some(response) = exchange.response().filter(|response| response.status < 300) else {
            return;
        };
        let body = String::from_utf8_lossy(&response.body);
        let shows = body.contains("\"users\"") && body.contains("\"username\"");
        if input.asker == Asker::Nobody && shows {
            self.broken(
                "state",
                "users.read.unauthorized",
                "an account is shown to nobody",
                &exchange,
            );
        }
        let others = shows && !body.contains(&*self.subject.bindings.user);
        if others && self.subject.own && !self.subject.reads_others {
            self.broken(
                "state",
                "users.read.odd-name",
                "another account is shown under an odd path",
                &exchange,
            );
        }
    }

    async fn http(&mut self, input: &HttpInput<'_>) {
        let request = Request::Raw(input.bytes(&self.subject.bindings));
        let good = input.holds_credentials(&self.subject.bindings);
        // A server may wait for the rest of what looks unfinished; two seconds show that it does.
        let sent = self.send_request(Class::Either, "http", request);
        let Ok(exchange) = tokio::time::timeout(Duration::from_secs(2), sent).await else {
            self.probed.kind = Kind::TimedOut;
            self.probed.requests += 1;
            return;
        };
        self.probed
            .broken
            .retain(|broken| broken.requirement != "envelope.answered");
        let token = Self::token(&exchange);
        if !good && token.is_some() {
            self.broken(
                "token",
                "login.refused.no-credentials",
                "a token without right credentials",
                &exchange,
            );
        }
        // A method or version that nobody knows has a 5xx of its own (RFC 9110 §15.6).
        if let Kind::Answer(501 | 505, _) = self.probed.kind {
            self.probed.broken.retain(|broken| broken.oracle != "crash");
        }
    }
}

/// Whether what seems to be echoed stands in the answer for another reason: it is a word that answers are made of
/// (`password`, `Bearer r`), part of the name that an answer has to repeat, or stands in none of the strings of a JSON
/// answer, but across its syntax (`"passwor` where a string begins so).
fn is_told_anyway(exchange: &Exchange) -> bool {
    let (Some(response), Request::Http(request)) = (exchange.response(), &exchange.request) else {
        return false;
    };
    let json = request.body.as_deref().and_then(|body| Json::parse(body).ok());
    let member = |pointer: &str| Some(json.as_ref()?.at(pointer)?.as_str()?.to_owned());
    let name = member("/username").unwrap_or_default();
    let mut sent: Vec<String> = ["/password", "/new_password"].into_iter().filter_map(member).collect();
    if let Some(value) = request.header("Authorization") {
        let text = String::from_utf8_lossy(value);
        sent.extend(text.trim().split_once(' ').map(|(_, sent)| sent.trim().to_owned()));
        sent.extend(basic::parse(value).ok().map(|read| read.password));
    }
    let body = String::from_utf8_lossy(&response.body);
    let in_a_field = |text: &String| {
        let mut fields = response.headers.iter();
        fields.any(|header| String::from_utf8_lossy(&header.value).contains(text.as_str()))
    };
    let mut echoed = sent
        .iter()
        .filter(|text| text.len() >= 8 && (body.contains(text.as_str()) || in_a_field(text)))
        .peekable();
    let is_word = |text: &String| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphabetic() || b"_ ".contains(&byte))
    };
    let strings = Json::parse(&response.body).ok().map(|json| {
        let mut strings = Vec::new();
        strings_of(json, &mut strings);
        strings
    });
    let is_syntax = |text: &String| {
        let said = |strings: &Vec<String>| strings.iter().any(|string| string.contains(text.as_str()));
        strings.as_ref().is_some_and(|strings| !said(strings)) && !in_a_field(text)
    };
    let is_name = |text: &String| request.target.contains("/users") && name.contains(text.as_str());
    echoed.peek().is_some() && echoed.all(|text| is_word(text) || is_name(text) || is_syntax(text))
}

/// Every string in it, with the names of members.
fn strings_of(json: Json, strings: &mut Vec<String>) {
    match json {
        Json::String(text) | Json::Number(text) => strings.push(text),
        Json::Array(items) => items.into_iter().for_each(|item| strings_of(item, strings)),
        Json::Object(members) => members.into_iter().for_each(|(name, value)| {
            strings.push(name);
            strings_of(value, strings);
        }),
        Json::Null | Json::Bool(_) => {}
    }
}

/// The requirement that forbids a token for credentials of that kind.
fn refused_for(place: &str) -> &'static str {
    match place {
        "absent" | "empty" | "no credentials" => "login.refused.no-credentials",
        "elsewhere" => "login.refused.other-place",
        "other scheme" => "login.refused.other-scheme",
        "no scheme" => "login.refused.no-scheme",
        "empty name" | "empty password" => "login.refused.empty-parts",
        "unknown name" => "login.refused.unknown-user",
        "password with colons" => "login.credentials.first-colon",
        "wrong password" | "control characters" => "login.credentials.whole",
        "several" => "login.refused.wrong-password",
        _ => "login.refused.undecodable",
    }
}

/// The requirement that right credentials in this form rest on.
fn accepted_for(input: &BasicInput, canonical: bool) -> &'static str {
    use super::grammar::basic::{Place, Scheme};
    let colons = input.text.windows(11).any(|window| window == b"${colon_pas");
    match (input.place, input.scheme) {
        (Place::LowerName | Place::UpperName, _) => "login.http.header-name-case",
        (Place::Spaced, _) => "login.http.blanks-around-values",
        (_, Scheme::Lower | Scheme::Upper | Scheme::Mixed) => "login.credentials.scheme-case",
        _ if !canonical => "login.http.blanks-around-values",
        _ if colons => "login.credentials.first-colon",
        _ if input.with == LoginWith::Empty => "login.body.empty",
        _ => "login.credentials.accepted",
    }
}
