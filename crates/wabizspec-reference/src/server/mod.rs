//! HTTP/1.1 over the reference client, on its own thread or on an existing runtime.
//!
//! It moves bytes, keeps the clock and offers the control endpoints. The model decides what is answered.

mod clock;
mod control;
mod tap;
mod meeting;
mod http;
mod twin;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::behaviour::{AtOnce, Behaviour, Functions};
use super::model::{Entropy, Model, Registration};
use clock::Clock;
use meeting::Meeting;
use twin::Twin;

/// How a server behaves. The default is the documented client before the sunset, without control endpoints.
#[derive(Default)]
pub struct Settings {
    /// Whether numbers can still be registered.
    pub registration: Registration,
    /// How the client behaves.
    pub behaviour: Behaviour,
    /// Whether `/__control/…` is answered: reset, advance, code and dump. Anyone who reaches the server can use it.
    pub control: bool,
    /// Set as soon as an answer differs from that of the usual client, which then gets the same requests at the same
    /// time and with the same randomness. Without it, there is no such client.
    pub differs: Option<Arc<AtomicBool>>,
    /// How the usual client behaves: by default as documented.
    pub usual: Behaviour,
}

/// A running reference client. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    /// Its own thread, if it has one.
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
    at_once: Option<(AtOnce, Meeting)>,
    ends_with_a_client: bool,
}

/// The client and its clock; they move together.
struct Client {
    model: Model,
    clock: Clock,
    twin: Option<Twin>,
    /// It answers no more until it is reset.
    is_down: bool,
}

impl Shared {
    /// A panic elsewhere leaves at worst one request half done; the next one is still answered.
    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Serves on this address; port 0 takes a free one. The listener is open when this returns. Fails where it cannot
    /// listen, or start a thread or a runtime.
    pub fn start(listen: SocketAddr, settings: Settings) -> io::Result<Server> {
        let (mut server, serving) = Server::prepared(listen, settings)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread =
            std::thread::Builder::new().name("reference client".into()).spawn(move || runtime.block_on(serving))?;
        server.thread = Some(thread);
        Ok(server)
    }

    /// The same on an existing runtime, without its own thread: it answers while that runtime runs.
    pub fn start_on(runtime: &Handle, listen: SocketAddr, settings: Settings) -> io::Result<Server> {
        let (server, serving) = Server::prepared(listen, settings)?;
        runtime.spawn(serving);
        Ok(server)
    }

    /// A server that listens, and the future that serves it.
    fn prepared(
        listen: SocketAddr,
        settings: Settings,
    ) -> io::Result<(Server, impl Future<Output = ()> + Send + 'static)> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let clock = Clock::new(settings.behaviour.dialect.clock_ahead);
        let Settings { registration, behaviour, control, differs, usual } = settings;
        let functions = behaviour.functions;
        let ends_with_a_client = behaviour.ends_with_a_client;
        let at_once = behaviour.at_once.clone().map(|at_once| (at_once, Meeting::default()));
        let (entropy, twin) = match differs {
            None => (system_entropy(), None),
            Some(differs) => {
                let (ours, theirs) = twin::alike();
                let model = Model::with_entropy(registration, usual, theirs);
                (ours, Some(Twin { model, differs }))
            }
        };
        let model = Model::with_entropy(registration, behaviour, entropy);
        let client = Mutex::new(Client { model, clock, twin, is_down: false });
        let shared = Arc::new(Shared { client, control, functions, at_once, ends_with_a_client });
        let (stop, stopped) = oneshot::channel();
        let serving = http::serve(listener, Arc::clone(&shared), stopped);
        let server = Server { address, shared, stop: Some(stop), thread: None };
        Ok((server, serving))
    }

    /// How many requests it has answered, also before a reset. Control requests do not count.
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

    /// The last registration code that was sent: six digits.
    pub fn code(&self) -> Option<String> {
        self.shared.client().model.code().map(str::to_owned)
    }

    /// The whole state, passwords and tokens included; equal states give equal values.
    pub fn dump(&self) -> Value {
        self.shared.client().model.dump()
    }
}

/// The operating system's randomness.
fn system_entropy() -> Entropy {
    Box::new(|| {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok().map(|()| bytes)
    })
}

impl Client {
    /// Whether it answers no more, which its twin does.
    fn is_down(&self) -> bool {
        if let Some(twin) = self.twin.as_ref().filter(|_| self.is_down) {
            twin.differs.store(true, Ordering::Relaxed);
        }
        self.is_down
    }

    fn reset(&mut self) {
        self.model.reset();
        self.twin.iter_mut().for_each(|twin| twin.model.reset());
        self.clock.reset();
        self.is_down = false;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The receiver is gone only when the thread is, and then there is nothing to stop.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests;
