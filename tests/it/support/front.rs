//! A reverse proxy in front of a reference client: it sees every request, and may hold it up, drop it, or die.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What becomes of a request.
pub enum Reaction {
    Forward,
    After(Duration),
    /// It is forwarded as soon as so many with this reaction have come, itself included.
    Together(usize),
    /// The connection is closed without an answer.
    Drop,
    /// No answer ever comes, and the connection stays open.
    Hang,
    /// The proxy closes everything at once and listens no more.
    Die,
}

type React = Box<dyn Fn(usize, &Parts) -> Reaction + Send + Sync>;

/// How a front goes about its work.
pub struct Rules {
    pub listen: SocketAddr,
    /// The path below which the client is found; empty for the root.
    pub prefix: &'static str,
    pub tls: Option<Arc<ServerConfig>>,
    /// Given the number of the request (from 0) and its head.
    pub react: React,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { listen: ([127, 0, 0, 1], 0).into(), prefix: "", tls: None, react: Box::new(|_, _| Reaction::Forward) }
    }
}

/// A front that is open. It goes on until the process of the test ends, or until it dies.
pub struct Front {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: SocketAddr,
    rules: Rules,
    death: Notify,
    together: watch::Sender<usize>,
    requests: AtomicUsize,
    /// Logins that are being answered, the most there were at one time, and all there were.
    logins: Mutex<Logins>,
}

/// What was seen of logins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Logins {
    pub count: usize,
    pub most_at_once: usize,
    now: usize,
}

impl Front {
    pub fn open(upstream: SocketAddr, rules: Rules) -> std::io::Result<Front> {
        let listener = TcpListener::bind(rules.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            rules,
            death: Notify::new(),
            together: watch::Sender::new(0),
            requests: AtomicUsize::new(0),
            logins: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&shared);
        // Whatever is open is closed when the runtime goes.
        std::thread::spawn(move || runtime.block_on(serve(listener, served)));
        Ok(Front { address, shared })
    }

    /// In front of the client, with the given reaction to its requests.
    pub fn of(upstream: SocketAddr, react: impl Fn(usize, &Parts) -> Reaction + Send + Sync + 'static) -> Front {
        let rules = Rules { react: Box::new(react), ..Rules::default() };
        Front::open(upstream, rules).expect("the loopback address can be listened on")
    }

    pub fn url(&self) -> String {
        let scheme = if self.shared.rules.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{}", self.address, self.shared.rules.prefix)
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    pub fn logins(&self) -> Logins {
        *self.shared.logins.lock().expect("no holder panics")
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    loop {
        tokio::select! {
            () = shared.death.notified() => return,
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a connection");
                stream.set_nodelay(true).expect("nodelay");
                tokio::spawn(connection(stream, Arc::clone(&shared)));
            }
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    match &shared.rules.tls {
        None => converse(stream, &shared).await,
        Some(tls) => {
            // Whoever does not trust us hangs up; that is what some tests are about.
            if let Ok(stream) = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await {
                converse(stream, &shared).await;
            }
        }
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let service = service_fn(|request| respond(request, shared));
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that fails has nobody left to tell.
    let _ = served.await;
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn respond(request: Request<Incoming>, shared: &Shared) -> Result<Response<Incoming>, Failure> {
    let (mut parts, body) = request.into_parts();
    let number = shared.requests.fetch_add(1, Ordering::SeqCst);
    let reaction = (shared.rules.react)(number, &parts);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let below = target.strip_prefix(shared.rules.prefix).ok_or("not below the prefix")?;
    let _counted = (below == "/v1/users/login").then(|| Counted::new(shared));
    parts.uri = below.parse()?;
    match reaction {
        Reaction::Forward => {}
        Reaction::After(delay) => tokio::time::sleep(delay).await,
        Reaction::Together(count) => {
            shared.together.send_modify(|come| *come += 1);
            shared.together.subscribe().wait_for(|come| *come >= count).await?;
        }
        Reaction::Drop => return Err("dropped".into()),
        Reaction::Hang => std::future::pending().await,
        Reaction::Die => {
            shared.death.notify_one();
            std::future::pending().await
        }
    }
    let stream = TcpStream::connect(shared.upstream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(Request::from_parts(parts, body)).await?)
}

/// A login while it is being answered.
struct Counted<'s>(&'s Shared);

impl Counted<'_> {
    fn new(shared: &Shared) -> Counted<'_> {
        let mut logins = shared.logins.lock().expect("no holder panics");
        logins.count += 1;
        logins.now += 1;
        logins.most_at_once = logins.most_at_once.max(logins.now);
        Counted(shared)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.logins.lock().expect("no holder panics").now -= 1;
    }
}
