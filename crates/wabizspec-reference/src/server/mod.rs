//! HTTP/1.1 over the reference client, on a thread of its own or on a runtime that is there.
//!
//! It moves bytes, keeps the clock and offers the control endpoints. What is answered is the model's decision.

mod body;
mod clock;
mod control;
mod tap;
mod http;
mod twin;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::behaviour::{Behaviour, Functions};
use super::model::{Entropy, Model, Registration};
use clock::Clock;
use twin::Twin;

/// What a server is to be like. The default is the documented client before the sunset, without control endpoints.
#[derive(Default)]
pub struct Settings {
    /// Whether numbers can still be registered.
    pub registration: Registration,
    /// How the client behaves.
    pub behaviour: Behaviour,
    /// Whether `/__control/…` is answered: reset, advance, code and dump. Whoever reaches the server can use it.
    pub control: bool,
    /// Where tokens and codes come from; without it, the operating system.
    pub entropy: Option<Entropy>,
    /// Set as soon as a request is answered otherwise than by the documented client, which is then asked the same all
    /// along, at the same time and with the same randomness. Without it, nobody else is asked.
    pub differs: Option<Arc<AtomicBool>>,
}

/// A reference client that is being served. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    /// Where it has one of its own.
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What all connections see.
struct Shared {
    client: Mutex<Client>,
    control: bool,
    functions: Functions,
}

/// The client and its clock; they move together.
struct Client {
    model: Model,
    clock: Clock,
    twin: Option<Twin>,
}

impl Shared {
    /// A panic elsewhere leaves at worst a request half done; the next one is still answered.
    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Serves on this address; port 0 takes a free one. The listener is open when this returns.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, or no thread or runtime can be had.
    pub fn start(listen: SocketAddr, settings: Settings) -> io::Result<Server> {
        let (mut server, serving) = Server::prepared(listen, settings)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread =
            std::thread::Builder::new().name("reference client".into()).spawn(move || runtime.block_on(serving))?;
        server.thread = Some(thread);
        Ok(server)
    }

    /// The same on a runtime that is there already, without a thread of its own: it answers while that runtime runs.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub fn start_on(runtime: &Handle, listen: SocketAddr, settings: Settings) -> io::Result<Server> {
        let (server, serving) = Server::prepared(listen, settings)?;
        runtime.spawn(serving);
        Ok(server)
    }

    /// A server that is listened to, and what serves it.
    fn prepared(
        listen: SocketAddr,
        settings: Settings,
    ) -> io::Result<(Server, impl Future<Output = ()> + Send + 'static)> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let clock = Clock::new(settings.behaviour.dialect.clock_ahead);
        let Settings { registration, behaviour, control, entropy, differs } = settings;
        let functions = behaviour.functions;
        let mut entropy = entropy.unwrap_or_else(Model::system_entropy);
        let twin = differs.map(|differs| {
            let (ours, theirs) = twin::alike(std::mem::replace(&mut entropy, Box::new(|| None)));
            entropy = ours;
            Twin::new(registration, theirs, differs)
        });
        let model = Model::with_entropy(registration, behaviour, entropy);
        let client = Mutex::new(Client { model, clock, twin });
        let shared = Arc::new(Shared { client, control, functions });
        let (stop, stopped) = oneshot::channel();
        let serving = http::serve(listener, Arc::clone(&shared), stopped);
        let server = Server { address, shared, stop: Some(stop), thread: None };
        Ok((server, serving))
    }

    /// How many requests it answered so far, counted on and on. Control requests do not count.
    pub fn requests(&self) -> Arc<AtomicU64> {
        self.shared.client().model.requests()
    }

    /// Where it listens, with the port that it really has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Back to just installed, the clock included.
    pub fn reset(&self) {
        self.shared.client().reset();
    }

    /// Moves its clock on; the `Date` of its answers follows.
    pub fn advance(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.shared.client().clock.advance(seconds);
    }

    /// The registration code that was sent last: six digits.
    pub fn code(&self) -> Option<String> {
        self.shared.client().model.code().map(str::to_owned)
    }

    /// The whole state, passwords and tokens included; equal states give equal values.
    pub fn dump(&self) -> Value {
        self.shared.client().model.dump()
    }
}

impl Client {
    fn reset(&mut self) {
        self.model.reset();
        self.twin.iter_mut().for_each(Twin::reset);
        self.clock.reset();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The other end is gone only when the thread is, and then there is nothing to stop.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests;
