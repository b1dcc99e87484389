//! A reverse proxy in front of a reference client: it sees every request, and may answer it itself, hold it up, drop it,
//! or die.

use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use super::server::{Asked, Server, hold, read_body, read_head, read_request, serve_on};
use super::tls::Stream;
use wabizspec::reference::Settings;

/// What becomes of a request.
pub enum Reaction {
    Forward,
    After(Duration),
    /// It is forwarded as soon as so many with this reaction have come, itself included.
    Together(usize),
    /// It is forwarded, and this is done before its answer is passed on.
    Then(Box<dyn FnOnce()>),
    /// It has been answered; the connection goes on.
    Keep,
    /// The connection is closed, without an answer unless one was written.
    Drop,
    /// No answer ever comes, and the connection stays open.
    Hang,
    /// The proxy closes everything at once and listens no more.
    Die,
}

type React = Box<dyn Fn(usize, &Asked, &mut Stream) -> Reaction + Send + Sync>;

/// How a proxy goes about its work.
pub struct Rules {
    pub listen: SocketAddr,
    /// The path below which the client is found; empty for the root.
    pub prefix: &'static str,
    pub tls: Option<Arc<ServerConfig>>,
    /// Given the number of the request (from 0), the request, and the connection that it came on.
    pub react: React,
}

impl Default for Rules {
    fn default() -> Self {
        let react: React = Box::new(|_, _, _| Reaction::Forward);
        Rules { listen: ([127, 0, 0, 1], 0).into(), prefix: "", tls: None, react }
    }
}

/// A proxy that is open, until it dies or is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    /// What it is in front of, if that is its own.
    _reference: Option<wabizspec::reference::Server>,
}

struct Shared {
    upstream: SocketAddr,
    rules: Rules,
    server: Mutex<Option<Server>>,
    /// Connections end with their next request.
    is_down: AtomicBool,
    connections: Mutex<HashMap<usize, TcpStream>>,
    together: Mutex<usize>,
    one_more: Condvar,
    log: Mutex<Vec<Asked>>,
    logins: Mutex<Logins>,
}

/// What was seen of logins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Logins {
    pub count: usize,
    pub most_at_once: usize,
    /// Those that the reference client did not accept, whatever follows the path.
    pub refused: usize,
    now: usize,
}

impl Proxy {
    pub fn open(upstream: SocketAddr, rules: Rules) -> std::io::Result<Proxy> {
        let listen = rules.listen;
        let shared = Arc::new(Shared {
            upstream,
            rules,
            server: Mutex::default(),
            is_down: AtomicBool::new(false),
            connections: Mutex::default(),
            together: Mutex::default(),
            one_more: Condvar::new(),
            log: Mutex::default(),
            logins: Mutex::default(),
        });
        let address = shared.listen(listen)?;
        Ok(Proxy { address, shared, _reference: None })
    }

    /// In front of the client, with the given reaction to its requests.
    pub fn of(upstream: SocketAddr, react: impl Fn(usize, &Asked) -> Reaction + Send + Sync + 'static) -> Proxy {
        Proxy::scripted(upstream, move |number, asked, _| react(number, asked))
    }

    /// The same, where the reaction may also be to write an answer.
    pub fn scripted(
        upstream: SocketAddr,
        react: impl Fn(usize, &Asked, &mut Stream) -> Reaction + Send + Sync + 'static,
    ) -> Proxy {
        let rules = Rules { react: Box::new(react), ..Rules::default() };
        Proxy::open(upstream, rules).expect("the loopback address can be listened on")
    }

    /// In front of a reference client of its own, without control endpoints.
    pub fn with_client(react: impl Fn(&Asked, &mut Stream) -> Reaction + Send + Sync + 'static) -> Proxy {
        let listen = ([127, 0, 0, 1], 0).into();
        let reference = wabizspec::reference::Server::start(listen, Settings::default()).expect("a reference client");
        let mut proxy = Proxy::scripted(reference.address(), move |_, asked, stream| react(asked, stream));
        proxy._reference = Some(reference);
        proxy
    }

    pub fn url(&self) -> String {
        let scheme = if self.shared.rules.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{}", self.address, self.shared.rules.prefix)
    }

    /// Every request so far.
    pub fn log(&self) -> Vec<Asked> {
        locked(&self.shared.log).clone()
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        locked(&self.shared.log).len()
    }

    /// How many connections were opened since it listens.
    pub fn connections(&self) -> usize {
        locked(&self.shared.server).as_ref().map_or(0, Server::accepted)
    }

    pub fn logins(&self) -> Logins {
        *locked(&self.shared.logins)
    }

    /// Closes the port; connections end with their next request.
    pub fn go_down(&self) {
        self.shared.go_down();
    }

    /// Opens the same port again.
    pub fn come_back(&self) {
        self.shared.is_down.store(false, Ordering::SeqCst);
        self.shared.listen(self.address).expect("the same port");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.die();
    }
}

impl Shared {
    fn listen(self: &Arc<Self>, address: SocketAddr) -> std::io::Result<SocketAddr> {
        let shared = Arc::clone(self);
        let server = serve_on(address, move |number, stream| shared.connection(number, stream))?;
        let address = server.address;
        *locked(&self.server) = Some(server);
        Ok(address)
    }

    fn go_down(&self) {
        let server = locked(&self.server).take();
        drop(server);
        // Only now, so that whoever loses a connection finds the port closed.
        self.is_down.store(true, Ordering::SeqCst);
    }

    fn die(&self) {
        self.go_down();
        for (_, stream) in locked(&self.connections).drain() {
            // One that is closed already needs no closing.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn connection(&self, number: usize, stream: TcpStream) {
        let again = stream.try_clone().expect("a second handle");
        locked(&self.connections).insert(number, again);
        self.converse(Stream::new(stream, self.rules.tls.as_ref()));
        locked(&self.connections).remove(&number);
    }

    /// Ends with the connection, or where either side fails; then nobody is left to tell.
    fn converse(&self, stream: Stream) -> Option<()> {
        let mut client = BufReader::new(stream);
        let mut upstream = None;
        loop {
            let mut asked = read_request(&mut client)?;
            if self.is_down.load(Ordering::SeqCst) {
                return None;
            }
            let number = {
                let mut log = locked(&self.log);
                log.push(asked.clone());
                log.len() - 1
            };
            let below = asked.target.strip_prefix(self.rules.prefix).map(str::to_owned);
            let is_login = below.as_deref() == Some("/v1/users/login");
            let _counted = is_login.then(|| Counted::new(self));
            let mut then = None;
            match (self.rules.react)(number, &asked, client.get_mut()) {
                Reaction::Forward => {}
                Reaction::After(delay) => std::thread::sleep(delay),
                Reaction::Together(count) => self.wait_for(count),
                Reaction::Then(what) => then = Some(what),
                Reaction::Keep => continue,
                Reaction::Drop => return None,
                Reaction::Hang => {
                    hold(client.get_mut());
                    return None;
                }
                Reaction::Die => {
                    self.die();
                    return None;
                }
            }
            asked.head = asked.head.replacen(&asked.target, &below?, 1);
            let upstream = match &mut upstream {
                Some(upstream) => upstream,
                none => none.insert(BufReader::new(TcpStream::connect(self.upstream).ok()?)),
            };
            let answer = forward(&asked, upstream)?;
            if asked.target.contains("/v1/users/login") && !answer.starts_with(b"HTTP/1.1 2") {
                locked(&self.logins).refused += 1;
            }
            if let Some(then) = then {
                then();
            }
            client.get_mut().write_all(&answer).ok()?;
            client.get_mut().flush().ok()?;
        }
    }

    fn wait_for(&self, count: usize) {
        let mut come = locked(&self.together);
        *come += 1;
        self.one_more.notify_all();
        let _all = self.one_more.wait_while(come, |come| *come < count).expect("no holder panics");
    }
}

/// Passes the request on and reads the answer.
fn forward(asked: &Asked, upstream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let request = [asked.head.as_bytes(), &asked.body].concat();
    upstream.get_mut().write_all(&request).ok()?;
    let head = read_head(upstream)?;
    // The answer to HEAD has a length and no body.
    let body = match asked.method == "HEAD" {
        true => Vec::new(),
        false => read_body(upstream, &head)?,
    };
    Some([head.as_bytes(), &body].concat())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

/// A login while it is being answered.
struct Counted<'s>(&'s Shared);

impl Counted<'_> {
    fn new(shared: &Shared) -> Counted<'_> {
        let mut logins = locked(&shared.logins);
        logins.count += 1;
        logins.now += 1;
        logins.most_at_once = logins.most_at_once.max(logins.now);
        Counted(shared)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        locked(&self.0.logins).now -= 1;
    }
}
