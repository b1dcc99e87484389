//! One target as requests reach it: at the rate that its owner allows, waited for where it throttles or restarts, and given
//! up where it stays away.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Client;
use super::circuit_breaker::CircuitBreaker;
use super::origin::Origin;
use super::throttle::{Gate, Patience, Rate, Throttled, throttled};
use crate::documented::api::{self, Operation};
use crate::exchange::{Breakage, Exchange, Header, HttpRequest, Outcome, Phase, Redaction, Request, Unanswered};

/// A way to one target: requests go in, exchanges come out.
pub struct Transport {
    client: Client,
    origin: Origin,
    /// Sent with every request, from the configuration.
    headers: Vec<Header>,
    gate: Gate,
    circuit_breaker: CircuitBreaker,
    /// What every request carries or the owner configured, and nobody may read.
    secrets: Redaction,
}

impl Transport {
    /// A way to that origin, with headers that go with every request.
    pub fn new(client: Client, origin: Origin, headers: Vec<Header>) -> Transport {
        Transport {
            client,
            origin,
            headers,
            gate: Gate::default(),
            circuit_breaker: CircuitBreaker::default(),
            secrets: Redaction::new(),
        }
    }

    /// The same with secrets that it must not show: values of configured headers and the like.
    pub fn with_secrets(self, secrets: Redaction) -> Transport {
        Transport { secrets, ..self }
    }

    /// What must be shown nowhere.
    pub fn secrets(&self) -> &Redaction {
        &self.secrets
    }

    /// The same, with at most so many requests a second, whoever sends them.
    pub fn at_rate(mut self, rate: Option<Rate>) -> Transport {
        self.gate = Gate::new(rate);
        self
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
        let request =
            HttpRequest { method: method.into(), target: [self.origin.base_path(), path].concat(), headers, body };
        Request::Http(request.completed(self.origin.host_header(), &self.headers))
    }

    /// A request that calls an operation whose path names no account.
    pub fn call(&self, operation: Operation, headers: Vec<Header>, body: Option<Vec<u8>>) -> Request {
        self.request(operation.method(), operation.path(), headers, body)
    }

    /// Sends one request, as soon as the rate and a throttling target allow. Where no connection can be had, nothing was
    /// sent; then the target is waited for, shortly, and the request goes out once more. To a target that was given up
    /// nothing is sent any more: the exchange says so.
    pub async fn send(&self, request: Request) -> Exchange {
        self.circuit_breaker.settled().await;
        if self.is_gone() {
            return not_sent(request);
        }
        let since = Instant::now();
        let exchange = self.send_once(request).await;
        let Outcome::Unanswered(none) = &exchange.outcome else {
            self.circuit_breaker.answered();
            return exchange;
        };
        if none.breakage == Breakage::TimedOut {
            self.circuit_breaker.hung(since, Instant::now());
        }
        let unreachable = none.breakage == Breakage::Unreachable;
        let look = self.circuit_breaker.unanswered(unreachable);
        match look && self.circuit_breaker.look(|| self.canary()).await && unreachable {
            true => self.send_once(exchange.request).await,
            false => exchange,
        }
    }

    /// Sends one request as a run does: waits and sends again where the target throttles.
    ///
    /// # Errors
    /// The target still throttles after as much patience as there is.
    pub async fn ask(&self, mut request: Request, patience: &mut Patience) -> Result<Exchange, Throttled> {
        let mut tries = 0;
        loop {
            let exchange = self.send(request).await;
            tries += 1;
            match throttled(&exchange) {
                None => {
                    if exchange.response().is_some() {
                        self.gate.went_through();
                    }
                    return Ok(exchange);
                }
                Some(asked) => {
                    self.gate.shut(asked, tries, patience)?;
                    request = exchange.request;
                }
            }
        }
    }

    /// Sends one request once: a target that cannot be reached is not waited for, as [`Transport::send`] does.
    pub async fn send_once(&self, request: Request) -> Exchange {
        self.gate.pass().await;
        self.client.send(request).await
    }

    /// Whether it has been given up: it left several requests in a row unanswered, and the canary too.
    pub fn is_gone(&self) -> bool {
        self.circuit_breaker.is_gone()
    }

    /// Why it has been given up, if it has.
    pub fn given_up(&self) -> Option<&'static str> {
        self.circuit_breaker.given_up()
    }

    /// Asks a target that was given up once more, before what was made on it is left there.
    pub async fn call_once_more(&self) {
        if self.is_gone() && self.canary().await.is_ok() {
            self.circuit_breaker.found_again();
        }
    }

    /// What the owner should know of how the target bore the run as a whole: throttling, and bytes that belong to no
    /// answer.
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
        self.gate.told().into_iter().chain(unsolicited).collect()
    }

    /// Whether it answers at all, whatever the answer. Two requests that change nothing are tried at once, because
    /// one of them may be just what the target cannot bear.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn canary(&self) -> Result<(), Unanswered> {
        let login = self.call(Operation::LogIn, Vec::new(), None);
        let read = self.request(Operation::ReadUser.method(), &api::user("admin"), Vec::new(), None);
        let (mut login, mut read) = (std::pin::pin!(self.send_once(login)), std::pin::pin!(self.send_once(read)));
        let (mut login_out, mut read_out) = (true, true);
        loop {
            let exchange = tokio::select! {
                exchange = &mut login, if login_out => { login_out = false; exchange }
                exchange = &mut read, if read_out => { read_out = false; exchange }
            };
            match exchange.outcome {
                Outcome::Answered(_) => return Ok(()),
                Outcome::Unanswered(none) if !(login_out || read_out) => return Err(none),
                Outcome::Unanswered(_) => {}
            }
        }
    }
}

/// The exchange of a request that was not sent because the target was given up.
fn not_sent(request: Request) -> Exchange {
    Exchange {
        request,
        outcome: Outcome::Unanswered(Unanswered {
            breakage: Breakage::Unreachable,
            phase: Phase::Connecting,
            obstacle: None,
            detail: "it has answered no request for a while, so nothing is sent to it any more".to_owned(),
            partial: Vec::new(),
        }),
        at: Timestamp::now(),
        elapsed: Duration::ZERO,
        resent: false,
    }
}
