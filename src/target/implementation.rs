//! The implementation under test, as the rest of the program sees it: requests go in, exchanges come out.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::hook::Hook;
use super::origin::{Origin, OriginError};
use super::presence::Presence;
use super::throttle::{Gate, Patience, Rate, Throttled, throttled};
use super::tls::Trust;
use super::wire::Wire;
use super::{Client, Limits};
use crate::documented::api::LOGIN;
use crate::exchange::{Breakage, Exchange, Header, HttpRequest, Outcome, Phase, Redaction, Request, Unanswered};
use crate::reference::Server;

/// The implementation under test.
pub struct Target {
    client: Client,
    origin: Origin,
    /// Sent with every request, from the configuration.
    headers: Vec<Header>,
    controls: Controls,
    gate: Gate,
    presence: Presence,
    /// What every request carries or the owner configured, and nobody may read.
    secrets: Redaction,
}

/// What can be done to a target beside sending it requests.
pub enum Controls {
    /// The reference client in this process.
    Embedded(Server),
    /// Somebody's implementation in this process.
    Instance(Arc<dyn Instance>),
    /// What the owner configured.
    Hooks(Box<Hooks>),
}

/// An implementation in this process, just installed when it is made and thrown away after use.
///
/// Only its address is needed. The rest lets more cases run: those that move the clock, and those that need the
/// registration code that it sent. No method is called within an asynchronous runtime, so each may block, and an instance may
/// own a runtime.
pub trait Instance: Send + Sync {
    /// Where it listens, base path included.
    fn url(&self) -> String;

    /// Moves its clock on.
    ///
    /// # Errors
    /// It cannot.
    fn advance(&self, _by: Duration) -> Result<(), String> {
        Err("this implementation has no clock that can be moved".to_owned())
    }

    /// The registration code that it sent last.
    ///
    /// # Errors
    /// It does not tell.
    fn code(&self) -> Result<String, String> {
        Err("this implementation does not tell its registration codes".to_owned())
    }
}

impl Instance for Server {
    fn url(&self) -> String {
        Server::url(self)
    }

    fn advance(&self, by: Duration) -> Result<(), String> {
        Server::advance(self, by);
        Ok(())
    }

    fn code(&self) -> Result<String, String> {
        Server::code(self).ok_or_else(|| "no registration code was sent".to_owned())
    }
}

/// The hooks of a target, each if there is one.
#[derive(Debug, Clone)]
pub struct Hooks {
    /// Brings it back to just installed.
    pub reset: Option<Hook>,
    /// Moves its clock on by `WABIZSPEC_SECONDS`.
    pub advance: Option<Hook>,
    /// Prints the registration code that it sent last.
    pub code: Option<Hook>,
    /// Which servers a hook given as an https URL may talk to.
    pub trust: Trust,
}

impl Hooks {
    /// Nothing that could be run.
    pub fn none() -> Hooks {
        Hooks { reset: None, advance: None, code: None, trust: Trust::WebRoots }
    }
}

impl Target {
    /// A target behind that client.
    pub fn new(client: Client, origin: Origin, headers: Vec<Header>, controls: Controls) -> Target {
        Target {
            client,
            origin,
            headers,
            controls,
            gate: Gate::default(),
            presence: Presence::default(),
            secrets: Redaction::new(),
        }
    }

    /// The same with secrets that it must not tell: values of configured headers and the like.
    pub fn with_secrets(self, secrets: Redaction) -> Target {
        Target { secrets, ..self }
    }

    /// What must be shown nowhere.
    pub fn secrets(&self) -> &Redaction {
        &self.secrets
    }

    /// The same, with at most so many requests a second, whoever sends them.
    pub fn at_rate(mut self, rate: Option<Rate>) -> Target {
        self.gate = Gate::new(rate);
        self
    }

    /// The reference client in this process, over the same wire as any other target.
    ///
    /// # Errors
    /// Its address is none; a defect.
    pub fn embedded(server: Server, limits: Limits) -> Result<Target, OriginError> {
        let origin: Origin = server.url().parse()?;
        let wire = Wire::new(origin.clone(), None, limits);
        Ok(Target::new(Client::Wire(wire), origin, Vec::new(), Controls::Embedded(server)))
    }

    /// Where it is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether it is the reference client in this process.
    pub fn is_embedded(&self) -> bool {
        matches!(self.controls, Controls::Embedded(_))
    }

    /// Whether it is a server of its own that goes on after the run, and not an instance that was made for it.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.controls, Controls::Hooks(_))
    }

    /// A request to a path below the base path, [completed](HttpRequest::completed) for this target.
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

    /// Sends one request, as soon as the rate and a throttling target allow. Where no connection can be had, nothing was
    /// sent; then the target is waited for, shortly, and the request goes out once more. To a target that was given up
    /// nothing is sent any more: the exchange says so.
    pub async fn send(&self, request: Request) -> Exchange {
        self.presence.settled().await;
        if self.is_gone() {
            return not_sent(request);
        }
        let since = Instant::now();
        let exchange = self.send_once(request).await;
        let Outcome::Unanswered(none) = &exchange.outcome else {
            self.presence.answered();
            return exchange;
        };
        if none.breakage == Breakage::TimedOut {
            self.presence.hung(since, Instant::now());
        }
        let unreachable = none.breakage == Breakage::Unreachable;
        let look = self.presence.unanswered(unreachable);
        match look && self.presence.look(|| self.canary()).await && unreachable {
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

    /// Sends one request once: a target that cannot be reached is not waited for, as [`Target::send`] does.
    pub async fn send_once(&self, request: Request) -> Exchange {
        self.gate.pass().await;
        self.client.send(request).await
    }

    /// Whether it has been given up: it left several requests in a row unanswered, and the canary too.
    pub fn is_gone(&self) -> bool {
        self.presence.is_gone()
    }

    /// Why it has been given up, if it has.
    pub fn given_up(&self) -> Option<&'static str> {
        self.presence.given_up()
    }

    /// Asks a target that was given up once more, before what was made on it is left there.
    pub async fn call_once_more(&self) {
        if self.is_gone() && self.canary().await.is_ok() {
            self.presence.found_again();
        }
    }

    /// What the owner should know of how the target bore the run as a whole: throttling, and bytes that belong to no
    /// answer.
    pub fn remarks(&self) -> Vec<String> {
        let unsolicited = match &self.client {
            Client::Wire(wire) => wire.unsolicited(),
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

    /// Whether it can be brought back to just installed.
    pub fn can_reset(&self) -> bool {
        match &self.controls {
            Controls::Embedded(_) => true,
            Controls::Instance(_) => false,
            Controls::Hooks(hooks) => hooks.reset.is_some(),
        }
    }

    /// Brings it back to just installed.
    ///
    /// # Errors
    /// Why not: there is no way, or the way failed.
    pub async fn reset(&self) -> Result<(), String> {
        match &self.controls {
            Controls::Embedded(server) => {
                server.reset();
                Ok(())
            }
            Controls::Instance(_) => Err("an instance is just installed only once".to_owned()),
            Controls::Hooks(hooks) => {
                let hook = hooks.reset.as_ref().ok_or("there is no reset; give --reset")?;
                let url = self.origin.to_string();
                let done = hook.run(&[("WABIZSPEC_TARGET", &url)], &hooks.trust).await;
                done.map(|_| ()).map_err(|why| self.secrets.apply(&format!("the reset failed: {why}")))
            }
        }
    }

    /// Moves its clock on.
    ///
    /// # Errors
    /// Why not: there is no way, or the way failed.
    pub async fn advance(&self, seconds: u32) -> Result<(), String> {
        match &self.controls {
            Controls::Embedded(server) => Instance::advance(server, Duration::from_secs(seconds.into())),
            Controls::Instance(instance) => {
                let by = Duration::from_secs(seconds.into());
                ask_instance(instance, move |instance| instance.advance(by)).await
            }
            Controls::Hooks(hooks) => {
                let hook = hooks.advance.as_ref().ok_or("the configuration has no `advance`")?;
                let (url, seconds) = (self.origin.to_string(), seconds.to_string());
                let environment = [("WABIZSPEC_TARGET", url.as_str()), ("WABIZSPEC_SECONDS", &seconds)];
                let done = hook.run(&environment, &hooks.trust).await;
                done.map(|_| ()).map_err(|why| self.secrets.apply(&format!("the clock could not be moved: {why}")))
            }
        }
    }

    /// The registration code that it sent last.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub async fn code(&self) -> Result<String, String> {
        match &self.controls {
            Controls::Embedded(server) => Instance::code(server),
            Controls::Instance(instance) => ask_instance(instance, |instance| instance.code()).await,
            Controls::Hooks(hooks) => {
                let hook = hooks.code.as_ref().ok_or("the configuration has no `code_command`")?;
                let url = self.origin.to_string();
                let code = hook.run(&[("WABIZSPEC_TARGET", &url)], &hooks.trust).await;
                code.map_err(|why| self.secrets.apply(&format!("the registration code could not be had: {why}")))
            }
        }
    }

    /// Whether it answers at all, whatever the answer. Two requests that change nothing are tried at once, because
    /// one of them may be just what the target cannot bear.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn canary(&self) -> Result<(), String> {
        let login = self.request("POST", LOGIN, Vec::new(), None);
        let read = self.request("GET", "/v1/users/admin", Vec::new(), None);
        let mut why = String::new();
        let (mut login, mut read) = (std::pin::pin!(self.send_once(login)), std::pin::pin!(self.send_once(read)));
        let (mut login_out, mut read_out) = (true, true);
        while login_out || read_out {
            let exchange = tokio::select! {
                exchange = &mut login, if login_out => { login_out = false; exchange }
                exchange = &mut read, if read_out => { read_out = false; exchange }
            };
            match exchange.outcome {
                Outcome::Answered(_) => return Ok(()),
                Outcome::Unanswered(none) => why = none.to_string(),
            }
        }
        Err(why)
    }
}

/// Asks an instance in a thread of its own: it may block, or run a runtime that it owns.
async fn ask_instance<T: Send + 'static>(
    instance: &Arc<dyn Instance>,
    ask: impl FnOnce(&dyn Instance) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let instance = Arc::clone(instance);
    match tokio::task::spawn_blocking(move || ask(&*instance)).await {
        Ok(answer) => answer,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The exchange of a request that was not sent because the target was given up.
fn not_sent(request: Request) -> Exchange {
    Exchange {
        request,
        outcome: Outcome::Unanswered(Unanswered {
            breakage: Breakage::Unreachable,
            phase: Phase::Connecting,
            detail: "it has answered no request for a while, so nothing is sent to it any more".to_owned(),
            partial: Vec::new(),
        }),
        at: Timestamp::now(),
        elapsed: Duration::ZERO,
        resent: false,
    }
}
