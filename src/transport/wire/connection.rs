//! One connection to the target: how it is opened, what it has received, and whether it can serve again.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::stream::Stream;
use crate::exchange::{Obstacle, Unanswered};
use crate::transport::origin::Origin;
use crate::transport::tls::obstacle_within;
use crate::transport::{PARTIAL_BYTES, unreachable};

/// How many bytes are read at a time. Most answers of an API fit.
const ROOM: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Connection {
    pub stream: Stream,
    pub unread: Vec<u8>,
    /// Where to receive into.
    pub room: Box<[u8]>,
    /// How the current answer began: at most [`PARTIAL_BYTES`], also after they were consumed.
    pub opening: Vec<u8>,
    /// One timer for all requests, moved only where it must be: most requests do not touch the runtime's timer wheel.
    pub timer: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(stream: Stream, deadline: Instant) -> Self {
        let (room, timer) = (vec![0; ROOM].into(), Box::pin(sleep_until(deadline)));
        Connection { stream, unread: Vec::new(), room, opening: Vec::new(), timer }
    }

    /// Moves at most `count` bytes to the end of `body`.
    pub fn move_to(&mut self, body: &mut Vec<u8>, count: usize) {
        let count = count.min(self.unread.len());
        body.extend_from_slice(&self.unread[..count]);
        self.unread.drain(..count);
    }

    /// `count` bytes were received into `room`.
    pub fn received(&mut self, count: usize) {
        let received = &self.room[..count];
        self.unread.extend_from_slice(received);
        let wanted = PARTIAL_BYTES.saturating_sub(self.opening.len());
        self.opening.extend_from_slice(&received[..wanted.min(count)]);
    }

    /// Looks, without waiting, whether the connection can serve again: nothing has come since the last answer. Where bytes
    /// came that belong to no request, `unsolicited` counts the connection. Otherwise the target has closed or reset it, or
    /// has sent something under TLS that cannot be looked at without waiting.
    pub fn is_quiet(&mut self, unsolicited: &AtomicU64) -> bool {
        match self.stream.read_now(&mut [0]) {
            Ok(0) => false,
            Ok(_) => {
                unsolicited.fetch_add(1, Ordering::Relaxed);
                false
            }
            Err(error) => error.kind() == ErrorKind::WouldBlock && !self.stream.hides_bytes(),
        }
    }

    /// The bytes after the answer. A connection that will serve again is asked only for what came with the answer.
    pub fn surplus(&mut self, will_serve_again: bool) -> Vec<u8> {
        let mut surplus = self.unread.clone();
        if !will_serve_again && surplus.len() < PARTIAL_BYTES {
            let mut more = [0; PARTIAL_BYTES];
            let count = self.stream.read_now(&mut more).unwrap_or(0);
            surplus.extend_from_slice(&more[..count]);
        }
        surplus.truncate(PARTIAL_BYTES);
        surplus
    }
}

#[derive(Debug)]
pub(super) struct Connector {
    origin: Origin,
    security: Security,
}

#[derive(Debug)]
enum Security {
    Plain,
    Tls(Arc<ClientConfig>, ServerName<'static>),
    Missing(String),
}

impl Connector {
    pub fn new(origin: Origin, tls: Option<Arc<ClientConfig>>) -> Self {
        let security = match tls {
            _ if !origin.tls() => Security::Plain,
            None => Security::Missing("https without a TLS configuration".to_owned()),
            Some(config) => match ServerName::try_from(origin.connect_host().to_owned()) {
                Ok(name) => Security::Tls(config, name),
                Err(error) => Security::Missing(format!("no certificate can be for this host: {error}")),
            },
        };
        Connector { origin, security }
    }

    /// Opens a connection, TLS included, within `limit`.
    pub async fn connect(&self, limit: Duration) -> Result<Connection, Unanswered> {
        let deadline = Instant::now() + limit;
        let (config, name) = match &self.security {
            Security::Missing(why) => return Err(unreachable(None, why.clone())),
            Security::Plain => return Ok(Connection::new(Stream::Plain(self.tcp(deadline).await?), deadline)),
            Security::Tls(config, name) => (Arc::clone(config), name.clone()),
        };
        let stream = self.tcp(deadline).await?;
        match timeout_at(deadline, TlsConnector::from(config).connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Connection::new(Stream::Tls(Box::new(stream)), deadline)),
            Ok(Err(error)) => Err(unreachable(obstacle_within(&error), format!("TLS handshake: {error}"))),
            Err(_) => {
                let detail = format!("TLS handshake: not done within the {limit:?} for connecting");
                Err(unreachable(Some(Obstacle::TimedOut), detail))
            }
        }
    }

    /// Whether the target refuses connections: nothing listens there.
    pub async fn is_refused(&self, limit: Duration) -> bool {
        let tried = self.tcp(Instant::now() + limit).await;
        tried.is_err_and(|none| none.obstacle == Some(Obstacle::Refused))
    }

    /// Tries one address after the other, each for an equal part of the time left: one may swallow packets.
    async fn tcp(&self, deadline: Instant) -> Result<TcpStream, Unanswered> {
        let addresses = self.addresses(deadline).await?;
        let (mut failures, mut obstacle) = (Vec::new(), None);
        for (tried, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Or a small request may wait for the acknowledgement of an earlier one. A failure does no harm.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => {
                    if error.kind() == ErrorKind::ConnectionRefused {
                        obstacle = Some(Obstacle::Refused);
                    }
                    failures.push(format!("{address}: {error}"));
                }
                Err(_) => {
                    obstacle.get_or_insert(Obstacle::TimedOut);
                    failures.push(format!("{address}: no answer within {share:?}"));
                }
            }
        }
        Err(unreachable(obstacle, failures.join("; ")))
    }

    async fn addresses(&self, deadline: Instant) -> Result<Vec<SocketAddr>, Unanswered> {
        let (host, port) = (self.origin.connect_host(), self.origin.port());
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found = timeout_at(deadline, lookup_host((host, port))).await;
        let why = match found.map(|found| found.map(Vec::from_iter)) {
            Ok(Ok(found)) if !found.is_empty() => return Ok(found),
            Ok(Ok(_)) => format!("the name {host} has no address"),
            Ok(Err(error)) => format!("the name {host} is not resolved: {error}"),
            Err(_) => format!("the name {host} is not resolved in time"),
        };
        Err(unreachable(Some(Obstacle::NotResolved), why))
    }
}
