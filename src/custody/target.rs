//! The implementation under test: how it is asked, and what else can be done to it.

use std::sync::Arc;
use std::time::Duration;

use super::hook::Hook;
#[cfg(feature = "cli")]
use crate::reference::Server;
use crate::transport::Transport;
use crate::transport::throttle::Rate;
use crate::transport::tls::Trust;

/// The implementation under test.
pub struct Target {
    /// How it is asked.
    pub transport: Transport,
    controls: Controls,
}

/// What can be done to a target beside sending it requests.
pub enum Controls {
    /// The reference client in this process.
    #[cfg(feature = "cli")]
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
    /// A target that is asked like this, and has these controls.
    pub fn new(transport: Transport, controls: Controls) -> Target {
        Target { transport, controls }
    }

    /// The same, with at most so many requests a second, whoever sends them.
    pub fn at_rate(self, rate: Option<Rate>) -> Target {
        Target { transport: self.transport.at_rate(rate), ..self }
    }

    /// Whether it is the reference client in this process.
    pub fn is_embedded(&self) -> bool {
        #[cfg(feature = "cli")]
        return matches!(self.controls, Controls::Embedded(_));
        #[cfg(not(feature = "cli"))]
        false
    }

    /// Whether it is a server of its own that goes on after the run, and not an instance that was made for it.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.controls, Controls::Hooks(_))
    }

    /// Whether it can be brought back to just installed.
    pub fn can_reset(&self) -> bool {
        match &self.controls {
            #[cfg(feature = "cli")]
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
            #[cfg(feature = "cli")]
            Controls::Embedded(server) => {
                server.reset();
                Ok(())
            }
            Controls::Instance(_) => Err("an instance is just installed only once".to_owned()),
            Controls::Hooks(hooks) => {
                let hook = hooks.reset.as_ref().ok_or("there is no reset; give --reset")?;
                let url = self.transport.origin().to_string();
                let done = hook.run(&[("WABIZSPEC_TARGET", &url)], &hooks.trust).await;
                done.map(|_| ()).map_err(|why| self.transport.secrets().apply(&format!("the reset failed: {why}")))
            }
        }
    }

    /// Moves its clock on.
    ///
    /// # Errors
    /// Why not: there is no way, or the way failed.
    pub async fn advance(&self, seconds: u32) -> Result<(), String> {
        match &self.controls {
            #[cfg(feature = "cli")]
            Controls::Embedded(server) => Instance::advance(server, Duration::from_secs(seconds.into())),
            Controls::Instance(instance) => {
                let by = Duration::from_secs(seconds.into());
                ask_instance(instance, move |instance| instance.advance(by)).await
            }
            Controls::Hooks(hooks) => {
                let hook = hooks.advance.as_ref().ok_or("the configuration has no `advance`")?;
                let (url, seconds) = (self.transport.origin().to_string(), seconds.to_string());
                let environment = [("WABIZSPEC_TARGET", url.as_str()), ("WABIZSPEC_SECONDS", &seconds)];
                let done = hook.run(&environment, &hooks.trust).await;
                done.map(|_| ())
                    .map_err(|why| self.transport.secrets().apply(&format!("the clock could not be moved: {why}")))
            }
        }
    }

    /// The registration code that it sent last.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub async fn code(&self) -> Result<String, String> {
        match &self.controls {
            #[cfg(feature = "cli")]
            Controls::Embedded(server) => Instance::code(server),
            Controls::Instance(instance) => ask_instance(instance, |instance| instance.code()).await,
            Controls::Hooks(hooks) => {
                let hook = hooks.code.as_ref().ok_or("the configuration has no `code_command`")?;
                let url = self.transport.origin().to_string();
                let code = hook.run(&[("WABIZSPEC_TARGET", &url)], &hooks.trust).await;
                code.map_err(|why| {
                    self.transport.secrets().apply(&format!("the registration code could not be had: {why}"))
                })
            }
        }
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
