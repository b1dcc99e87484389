//! A reverse proxy in front of a reference client: it sees every request, and may answer it itself, delay it, drop it, or
//! die.

use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use super::program::Address;
use super::server::{Asked, LOOPBACK, Server, hold, read_body, read_head, read_request, serve_on, write};
use super::tls::Stream;
use wabizspec::reference::{self, Settings};

/// What the proxy does with a request.
pub enum Reaction {
    Forward,
    After(Duration),
    /// It is forwarded when so many requests with this reaction have come, itself included.
    Together(usize),
    /// It is forwarded, and this runs before its answer is passed on.
    Then(Box<dyn FnOnce()>),
    /// It has been answered; the connection goes on.
    Keep,
    /// The connection is closed, without an answer unless one was written.
    Drop,
    /// No answer ever comes, and the connection stays open.
    Hang,
    /// The proxy closes everything at once and stops listening.
    Die,
}

impl Reaction {
    /// This reaction where `is_so`; otherwise the request is forwarded.
    pub fn when(self, is_so: bool) -> Reaction {
        if is_so { self } else { Reaction::Forward }
    }
}

type React = Box<dyn Fn(usize, &Asked, &mut Stream) -> Reaction + Send + Sync>;

/// How a proxy is set up.
pub struct Rules {
    pub listen: SocketAddr,
    /// The path below which the client is; empty for the root.
    pub prefix: &'static str,
    pub tls: Option<Arc<ServerConfig>>,
    /// Given the number of the request (from 0), the request, and the connection that it came on.
    pub react: React,
}

impl Default for Rules {
    fn default() -> Self {
        let react: React = Box::new(|_, _, _| Reaction::Forward);
        Rules { listen: LOOPBACK, prefix: "", tls: None, react }
    }
}

/// A proxy that listens until it dies or is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    /// The client behind it, if that is its own.
    _reference: Option<reference::Server>,
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

/// What the proxy saw of logins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Logins {
    pub count: usize,
    pub most_at_once: usize,
    /// Those that the reference client did not accept, whatever follows the path.
    pub refused: usize,
    now: usize,
}

impl Logins {
    fn begins(&mut self) {
        self.count += 1;
        self.now += 1;
        self.most_at_once = self.most_at_once.max(self.now);
    }
}

impl Proxy {
    pub fn open(client: &reference::Server, rules: Rules) -> std::io::Result<Proxy> {
        let listen = rules.listen;
        let shared = Arc::new(Shared {
            upstream: client.address(),
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

    pub fn secure(client: &reference::Server, tls: Arc<ServerConfig>) -> Proxy {
        let rules = Rules { tls: Some(tls), ..Rules::default() };
        Proxy::open(client, rules).expect("the loopback address can be listened on")
    }

    pub fn watching(client: &reference::Server) -> Proxy {
        Proxy::of(client, |_, _| Reaction::Forward)
    }

    /// One that forwards so many requests, and from then on reacts like this.
    pub fn until(client: &reference::Server, requests: usize, then: fn(&Asked) -> Reaction) -> Proxy {
        Proxy::of(client, move |number, asked| if number < requests { Reaction::Forward } else { then(asked) })
    }

    /// One that reacts to each request like this, given the number of the request (from 0).
    pub fn of(client: &reference::Server, react: impl Fn(usize, &Asked) -> Reaction + Send + Sync + 'static) -> Proxy {
        Proxy::scripted(client, move |number, asked, _| react(number, asked))
    }

    /// The same, where the reaction may also write an answer.
    pub fn scripted(
        client: &reference::Server,
        react: impl Fn(usize, &Asked, &mut Stream) -> Reaction + Send + Sync + 'static,
    ) -> Proxy {
        let rules = Rules { react: Box::new(react), ..Rules::default() };
        Proxy::open(client, rules).expect("the loopback address can be listened on")
    }

    /// In front of a reference client of its own, without control endpoints.
    pub fn with_client(react: impl Fn(usize, &Asked, &mut Stream) -> Reaction + Send + Sync + 'static) -> Proxy {
        let reference = reference::Server::start(LOOPBACK, Settings::default()).expect("a reference client");
        let mut proxy = Proxy::scripted(&reference, react);
        proxy._reference = Some(reference);
        proxy
    }

    pub fn alone() -> Proxy {
        Proxy::with_client(|_, _, _| Reaction::Forward)
    }

    /// The same, which answers some requests itself and then keeps the connection.
    pub fn answering<A: AsRef<[u8]>>(answer: impl Fn(&Asked) -> Option<A> + Send + Sync + 'static) -> Proxy {
        Proxy::with_client(move |_, asked, stream| match answer(asked) {
            Some(bytes) => {
                write(stream, bytes);
                Reaction::Keep
            }
            None => Reaction::Forward,
        })
    }

    pub fn log(&self) -> Vec<Asked> {
        locked(&self.shared.log).clone()
    }

    pub fn requests(&self) -> usize {
        locked(&self.shared.log).len()
    }

    pub fn count(&self, is_meant: impl Fn(&Asked) -> bool) -> usize {
        locked(&self.shared.log).iter().filter(|asked| is_meant(asked)).count()
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

impl Address for Proxy {
    fn url(&self) -> String {
        let scheme = if self.shared.rules.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{}", self.address, self.shared.rules.prefix)
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

    /// Ends with the connection, or when either side fails.
    fn converse(&self, stream: Stream) {
        let mut client = BufReader::new(stream);
        let mut upstream = None;
        while let Some(asked) = read_request(&mut client) {
            if self.is_down.load(Ordering::SeqCst) {
                return;
            }
            let absolute = asked.target.strip_prefix("http://").and_then(|rest| Some(&rest[rest.find('/')?..]));
            let path = absolute.unwrap_or(&asked.target);
            let below = path.strip_prefix(self.rules.prefix).map(str::to_owned);
            let is_login = below.as_deref() == Some("/v1/users/login");
            if is_login {
                locked(&self.logins).begins();
            }
            let goes_on = self.exchange(asked, below, client.get_mut(), &mut upstream).is_some();
            if is_login {
                locked(&self.logins).now -= 1;
            }
            if !goes_on {
                return;
            }
        }
    }

    /// One request, whose target without the prefix is `below`; `None` ends the connection.
    fn exchange(
        &self,
        mut asked: Asked,
        below: Option<String>,
        client: &mut Stream,
        upstream: &mut Option<BufReader<TcpStream>>,
    ) -> Option<()> {
        let number = {
            let mut log = locked(&self.log);
            log.push(asked.clone());
            log.len() - 1
        };
        let mut then = None;
        match (self.rules.react)(number, &asked, client) {
            Reaction::Forward => {}
            Reaction::After(delay) => std::thread::sleep(delay),
            Reaction::Together(count) => self.wait_for(count),
            Reaction::Then(what) => then = Some(what),
            Reaction::Keep => return Some(()),
            Reaction::Drop => return None,
            Reaction::Hang => {
                hold(client);
                return None;
            }
            Reaction::Die => {
                self.die();
                return None;
            }
        }
        asked.head = asked.head.replacen(&asked.target, &below?, 1);
        if upstream.is_none() {
            *upstream = Some(BufReader::new(TcpStream::connect(self.upstream).ok()?));
        }
        let answer = forward(&asked, upstream.as_mut()?)?;
        if asked.target.contains("/v1/users/login") && !answer.starts_with(b"HTTP/1.1 2") {
            locked(&self.logins).refused += 1;
        }
        if let Some(then) = then {
            then();
        }
        client.write_all(&answer).ok()?;
        client.flush().ok()
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
    let body = if asked.method == "HEAD" { Vec::new() } else { read_body(upstream, &head)? };
    Some([head.as_bytes(), &body].concat())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}
