//! The implementation under test: its transport, and what else can be done to it.

use std::sync::Arc;
use std::time::Duration;

use super::hook::Hook;
use super::{Failure, InstanceError};
#[cfg(feature = "cli")]
use crate::reference::Server;
use crate::transport::origin::{Origin, OriginError};
use crate::transport::throttle::Rate;
use crate::transport::tls::Trust;
use crate::transport::wire::Wire;
use crate::transport::{Client, Limits, Transport};

/// The implementation under test.
pub struct Target {
    /// Where requests are sent.
    pub transport: Transport,
    controls: Controls,
}

/// What can be done to a target beside sending it requests.
pub enum Controls {
    /// The reference client in this process.
    #[cfg(feature = "cli")]
    Embedded(Server),
    /// Another implementation in this process.
    Instance(Arc<dyn Instance>),
    /// What the owner configured.
    Hooks(Box<Hooks>),
}

/// An implementation in this process, just installed when it is made and thrown away after use.
///
/// Only its address is needed. The rest lets cases run that move the clock or need the registration code that it sent.
/// No method is called within an asynchronous runtime, so each may block, and an instance may own a runtime.
pub trait Instance: Send + Sync {
    /// Where it listens, base path included.
    fn url(&self) -> String;

    /// Moves its clock on, or says why it cannot.
    fn advance(&self, _by: Duration) -> Result<(), InstanceError> {
        Err("this implementation has no clock that can be moved".into())
    }

    /// The registration code that it sent last, or why there is none.
    fn code(&self) -> Result<String, InstanceError> {
        Err("this implementation does not tell its registration codes".into())
    }
}

#[cfg(feature = "cli")]
impl Instance for Server {
    fn url(&self) -> String {
        Server::url(self)
    }

    fn advance(&self, by: Duration) -> Result<(), InstanceError> {
        Server::advance(self, by);
        Ok(())
    }

    fn code(&self) -> Result<String, InstanceError> {
        Server::code(self).ok_or_else(|| "no registration code was sent".into())
    }
}

/// The hooks of a target, each if there is one.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// Brings it back to just installed.
    pub reset: Option<Hook>,
    /// Moves its clock on by `WABIZSPEC_SECONDS`.
    pub advance: Option<Hook>,
    /// Prints the registration code that it sent last.
    pub code: Option<Hook>,
    /// Logs in as admin some other way than by a password, and prints the token.
    pub login: Option<Hook>,
    /// Which servers a hook given as an https URL may talk to.
    pub trust: Trust,
}

impl Target {
    /// A target with this transport and these controls.
    pub fn new(transport: Transport, controls: Controls) -> Target {
        Target { transport, controls }
    }

    #[cfg(feature = "cli")]
    /// The reference client in this process, over the same wire as any other target.
    pub fn embedded(server: Server, limits: Limits) -> Result<Target, OriginError> {
        let origin: Origin = server.url().parse()?;
        let wire = Wire::new(origin.clone(), None, limits);
        Ok(Target::new(Transport::new(Client::Wire(wire), origin, Vec::new()), Controls::Embedded(server)))
    }
    pub(crate) fn at_rate(self, rate: Option<Rate>) -> Target {
        Target { transport: self.transport.at_rate(rate), ..self }
    }

    /// Whether it is the reference client: no other instance in this process can be reset.
    pub(crate) fn is_embedded(&self) -> bool {
        !self.is_elsewhere() && self.can_reset()
    }

    /// Whether it is a server that goes on after the run, and not an instance that was made for it.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.controls, Controls::Hooks(_))
    }

    pub(crate) fn can_reset(&self) -> bool {
        match &self.controls {
            #[cfg(feature = "cli")]
            Controls::Embedded(_) => true,
            Controls::Instance(_) => false,
            Controls::Hooks(hooks) => hooks.reset.is_some(),
        }
    }

    pub(crate) async fn reset(&self) -> Result<(), Failure> {
        match &self.controls {
            #[cfg(feature = "cli")]
            Controls::Embedded(server) => {
                server.reset();
                Ok(())
            }
            Controls::Instance(_) => Err(Failure::Impossible("an instance is just installed only once")),
            Controls::Hooks(hooks) => {
                let missing = "there is no reset; give --reset";
                self.run(hooks, &hooks.reset, missing, &[], "the reset failed").await?;
                self.transport.was_restarted();
                Ok(())
            }
        }
    }

    pub(crate) async fn advance(&self, seconds: u32) -> Result<(), Failure> {
        let by = Duration::from_secs(seconds.into());
        match &self.controls {
            #[cfg(feature = "cli")]
            Controls::Embedded(server) => Instance::advance(server, by).map_err(Failure::from),
            Controls::Instance(instance) => ask_instance(instance, move |instance| instance.advance(by)).await,
            Controls::Hooks(hooks) => {
                let missing = "the configuration has no `advance`";
                let seconds = [("WABIZSPEC_SECONDS", &*seconds.to_string())];
                self.run(hooks, &hooks.advance, missing, &seconds, "the clock could not be moved").await.map(drop)
            }
        }
    }

    pub(crate) async fn code(&self) -> Result<String, Failure> {
        match &self.controls {
            #[cfg(feature = "cli")]
            Controls::Embedded(server) => Instance::code(server).map_err(Failure::from),
            Controls::Instance(instance) => ask_instance(instance, |instance| instance.code()).await,
            Controls::Hooks(hooks) => {
                let missing = "the configuration has no `code_command`";
                self.run(hooks, &hooks.code, missing, &[], "the registration code could not be had").await
            }
        }
    }

    /// A token of the admin, by the owner's command.
    pub(crate) async fn login(&self) -> Result<String, Failure> {
        let missing = "the configuration has no `login_command`";
        match &self.controls {
            Controls::Hooks(hooks) => self.run(hooks, &hooks.login, missing, &[], "the login command failed").await,
            _ => Err(Failure::Impossible(missing)),
        }
    }

    async fn run(
        &self,
        hooks: &Hooks,
        hook: &Option<Hook>,
        missing: &'static str,
        environment: &[(&str, &str)],
        otherwise: &'static str,
    ) -> Result<String, Failure> {
        let hook = hook.as_ref().ok_or(Failure::Impossible(missing))?;
        let url = self.transport.origin().to_string();
        let environment = [&[("WABIZSPEC_TARGET", &*url)], environment].concat();
        let done = hook.run(&environment, &hooks.trust).await;
        done.map_err(|why| Failure::of(otherwise, self.transport.secrets().apply(&format!("{hook} {why}"))))
    }
}

/// Asks an instance in a thread of its own: it may block, or run a runtime that it owns.
async fn ask_instance<T: Send + 'static>(
    instance: &Arc<dyn Instance>,
    ask: impl FnOnce(&dyn Instance) -> Result<T, InstanceError> + Send + 'static,
) -> Result<T, Failure> {
    let instance = Arc::clone(instance);
    match tokio::task::spawn_blocking(move || ask(&*instance)).await {
        Ok(answer) => answer.map_err(Failure::from),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
