//! The way to one target: it keeps the rate, waits where the target throttles or restarts, and gives up if it is gone.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::circuit_breaker::CircuitBreaker;
use super::origin::Origin;
#[cfg(feature = "reqwest")]
use super::second_opinion::SecondOpinion;
use super::tap::{Asker, Tap};
use super::throttle::{Gate, Patience, Rate, Throttled, throttled};
use super::wire::{Idle, Wire};
use super::{ended, unreachable};
use crate::documented::api::{self, Operation};
use crate::exchange::{Breakage, Exchange, Header, HttpRequest, Manner, Redaction, Request, Unanswered};

/// How requests reach the target (`[target] client = "wire|reqwest"`).
#[derive(Debug)]
pub enum Client {
    /// Our own client: exact bytes out, exact bytes in.
    Wire(Wire),
    /// reqwest: HTTP/2, proxies, and a second reading of the same answers.
    #[cfg(feature = "reqwest")]
    SecondOpinion(SecondOpinion),
}

impl Client {
    /// Sends one request and waits, within the limits, for the answer.
    pub async fn send(&self, request: Request) -> Exchange {
        match self {
            Client::Wire(client) => client.send(request).await,
            #[cfg(feature = "reqwest")]
            Client::SecondOpinion(client) => client.send(request).await,
        }
    }
}

/// A way to one target: requests go in, exchanges come out.
pub struct Transport {
    client: Client,
    origin: Origin,
    headers: Vec<Header>,
    gate: Gate,
    circuit_breaker: CircuitBreaker,
    hangs_up: AtomicBool,
    /// How many answers were compressed although no request asked for it.
    encoded: AtomicU64,
    secrets: Redaction,
    tap: OnceLock<Tap>,
}

impl Transport {
    /// A way to that origin, with headers that go with every request.
    pub fn new(client: Client, origin: Origin, headers: Vec<Header>) -> Transport {
        let (gate, circuit_breaker, secrets) = (Gate::default(), CircuitBreaker::default(), Redaction::new());
        let (hangs_up, encoded, tap) = (AtomicBool::default(), AtomicU64::default(), OnceLock::new());
        Transport { client, origin, headers, gate, circuit_breaker, hangs_up, encoded, secrets, tap }
    }

    /// From now on the tap sees every exchange, when its outcome is known. There is one at most: a second is ignored.
    pub(crate) fn listen(&self, tap: Tap) {
        let _ = self.tap.set(tap);
    }

    pub(crate) fn is_tapped(&self) -> bool {
        self.tap.get().is_some()
    }

    /// The same with secrets that must not be shown: values of configured headers and the like.
    pub fn with_secrets(self, secrets: Redaction) -> Transport {
        Transport { secrets, ..self }
    }

    /// What [`Transport::with_secrets`] was given.
    pub fn secrets(&self) -> &Redaction {
        &self.secrets
    }

    /// The same with a limit on all requests together.
    pub fn at_rate(self, rate: Option<Rate>) -> Transport {
        Transport { gate: Gate::new(rate), ..self }
    }

    /// Where the target is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A request to a path below the base path, completed for this target.
    pub fn request(
        &self,
        method: impl Into<Cow<'static, str>>,
        path: &str,
        headers: Vec<Header>,
        body: Option<Vec<u8>>,
    ) -> Request {
        self.request_in(Manner::Usual, method, path, headers, body)
    }

    /// The same, put on the wire in that manner.
    pub(crate) fn request_in(
        &self,
        manner: Manner,
        method: impl Into<Cow<'static, str>>,
        path: &str,
        headers: Vec<Header>,
        body: Option<Vec<u8>>,
    ) -> Request {
        let target = [self.origin.base_path(), path].concat();
        let request = HttpRequest { method: method.into(), target, headers, body, manner };
        Request::Http(request.completed(self.origin.host_header(), &self.headers))
    }

    /// A request that calls an operation whose path names no account.
    pub(crate) fn call(&self, operation: Operation, headers: Vec<Header>, body: Option<Vec<u8>>) -> Request {
        self.request(operation.method(), operation.path(), headers, body)
    }

    /// Sends one request, as soon as rate and throttling allow. Without a connection it waits shortly for the target
    /// and sends it once more. To a target that was given up it sends nothing, and the exchange says so.
    pub async fn send(&self, request: Request) -> Exchange {
        self.send_for(request, None).await
    }

    async fn send_for(&self, request: Request, asker: Option<&Asker>) -> Exchange {
        self.circuit_breaker.settled().await;
        if self.is_gone() {
            let why = "it has answered no request for a while, so nothing is sent to it any more";
            return ended(request, Err(unreachable(None, why.to_owned())), Duration::ZERO, false);
        }
        let since = Instant::now();
        let exchange = self.send_once_for(request, asker).await;
        let Err(none) = &exchange.outcome else {
            self.circuit_breaker.answered();
            return exchange;
        };
        if none.breakage == Breakage::TimedOut {
            self.circuit_breaker.timed_out(since, Instant::now());
        }
        let unreachable = none.breakage == Breakage::Unreachable;
        let look = self.circuit_breaker.unanswered(unreachable);
        let is_back = look && self.circuit_breaker.look(|| self.canary()).await;
        if is_back && unreachable { self.send_once_for(exchange.request, asker).await } else { exchange }
    }

    /// Sends one request as a run does: waits and sends again where the target throttles, as long as there is patience.
    pub(crate) async fn ask(&self, mut request: Request, patience: &mut Patience) -> Result<Exchange, Throttled> {
        let operation = self.operation(&request);
        self.gate.check(operation)?;
        let mut tries = 0;
        loop {
            let exchange = self.send_for(request, patience.asker.as_deref()).await;
            tries += 1;
            let Some(asked) = throttled(&exchange, patience) else {
                if exchange.response().is_some() {
                    self.gate.went_through(operation);
                }
                return Ok(exchange);
            };
            self.gate.shut(operation, asked, tries, patience)?;
            request = exchange.request;
        }
    }

    /// The operation that the request calls, if it is one.
    pub(crate) fn operation(&self, request: &Request) -> Option<Operation> {
        let Request::Http(request) = request else { return None };
        Operation::of(&request.method, request.target.strip_prefix(self.origin.base_path())?)
    }

    /// Sends one request once, without waiting for a target that cannot be reached as [`Transport::send`] does.
    pub async fn send_once(&self, request: Request) -> Exchange {
        self.send_once_for(request, None).await
    }

    async fn send_once_for(&self, request: Request, asker: Option<&Asker>) -> Exchange {
        self.gate.pass().await;
        let exchange = self.client.send(request).await;
        #[cfg(feature = "cli")]
        let exchange = super::encoding::decoded(exchange, &self.encoded);
        if let Some(tap) = self.tap.get() {
            tap.see(&exchange, asker);
        }
        exchange
    }

    /// Whether it has been given up: it left several requests in a row unanswered, and the canary too.
    pub(crate) fn is_gone(&self) -> bool {
        self.given_up().is_some()
    }

    pub(crate) fn given_up(&self) -> Option<&'static str> {
        self.circuit_breaker.given_up()
    }

    /// The target was restarted: what it did before does not count any more.
    pub(crate) fn was_restarted(&self) {
        self.circuit_breaker.found_again();
        self.gate.reopen();
    }

    /// Asks a target that was given up once more, before what was made on it is left there.
    pub(crate) async fn call_once_more(&self) {
        if self.is_gone() && self.canary().await.is_ok() {
            self.circuit_breaker.found_again();
        }
    }

    /// What the owner should know of the run as a whole: throttling, and bytes that belong to no answer.
    pub fn remarks(&self) -> Vec<String> {
        let unsolicited = match &self.client {
            Client::Wire(wire) => wire.unsolicited(),
            #[cfg(feature = "reqwest")]
            Client::SecondOpinion(_) => 0,
        };
        let unsolicited = (unsolicited > 0).then(|| {
            format!(
                "{unsolicited} idle connections had to be given up: the target had sent bytes on them after its \
                 answer, when nobody had asked for anything"
            )
        });
        let encoded = self.encoded.load(Ordering::Relaxed);
        let encoded = (encoded > 0).then(|| {
            format!(
                "{encoded} answers were compressed although no request asked for it, and were decompressed to judge them; \
                 not every client can read them (RFC 9110, 12.5.3)"
            )
        });
        self.gate.remark().into_iter().chain(unsolicited).chain(encoded).collect()
    }

    /// What has become of the connections that were kept. Only our own client knows.
    pub(crate) fn idle(&self) -> Idle {
        match &self.client {
            Client::Wire(wire) => wire.idle(),
            #[cfg(feature = "reqwest")]
            Client::SecondOpinion(_) => Idle::None,
        }
    }

    /// Whether nothing listens at the target. No request is sent; only our own client knows.
    pub(crate) async fn is_refused(&self) -> bool {
        match &self.client {
            Client::Wire(wire) => wire.is_refused().await,
            #[cfg(feature = "reqwest")]
            Client::SecondOpinion(_) => false,
        }
    }

    /// Whether it answers at all. Two harmless requests are tried at once: the target may not stand one of them.
    pub async fn canary(&self) -> Result<(), Unanswered> {
        let [login, read] = self.harmless();
        let (mut login, mut read) = (pin!(self.send_once(login)), pin!(self.send_once(read)));
        let (first, other) = tokio::select! {
            exchange = &mut login => (exchange, read),
            exchange = &mut read => (exchange, login),
        };
        if first.response().is_some() {
            return Ok(());
        }
        match other.await.outcome {
            Err(none) if none.breakage != Breakage::Closed || !self.hangs_up() => Err(none),
            _ => Ok(()),
        }
    }

    /// Both answers to the requests of the canary: to the login, and to the reading of an account.
    pub(crate) async fn first_look(&self) -> [Exchange; 2] {
        let [login, read] = self.harmless();
        let (login, read) = tokio::join!(self.send_once(login), self.send_once(read));
        [login, read]
    }

    /// The target hangs up on requests without credentials, so that a hang-up does not show that it is gone.
    pub(crate) fn expect_hang_ups(&self) {
        self.hangs_up.store(true, Ordering::Relaxed);
    }

    /// Whether it is known to hang up on requests without credentials.
    pub(crate) fn hangs_up(&self) -> bool {
        self.hangs_up.load(Ordering::Relaxed)
    }

    /// Requests without credentials, which change nothing: a login, and the reading of an account.
    pub(crate) fn harmless(&self) -> [Request; 2] {
        let read = self.request(Operation::ReadUser.method(), &api::user("admin"), Vec::new(), None);
        [self.call(Operation::LogIn, Vec::new(), None), read]
    }
}
