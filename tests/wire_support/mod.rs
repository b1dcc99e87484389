//! A server that is told, byte by byte, how to misbehave, and short ways to look at what came of it.
//!
//! It knows nothing of the client under test but the address it hands out.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use wabizspec::exchange::{Breakage, Exchange, Header, HttpRequest, Outcome, Phase, Request, Response};
use wabizspec::target::Limits;
use wabizspec::target::origin::Origin;
use wabizspec::target::wire::Wire;

/// No thread of a server outlives its test by more than this.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// A listening server; its threads end with the test process.
pub struct Server {
    pub address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Server {
    /// How many connections were accepted.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub fn origin(&self) -> Origin {
        format!("http://{}", self.address)
            .parse()
            .expect("an address is an origin")
    }

    pub fn wire(&self) -> Wire {
        Wire::new(self.origin(), None, limits())
    }
}

/// Serves every connection with `script`, which is given its number (from 0) and closes it by returning.
pub fn serve(script: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Server {
    serve_on("127.0.0.1:0", script).expect("the loopback address can be listened on")
}

pub fn serve_on(address: &str, script: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> std::io::Result<Server> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    let script = Arc::new(script);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            stream.set_nodelay(true).expect("nodelay");
            stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout");
            stream.set_write_timeout(Some(PATIENCE)).expect("a write timeout");
            let number = count.fetch_add(1, Ordering::SeqCst);
            let script = Arc::clone(&script);
            thread::spawn(move || script(number, stream));
        }
    });
    Ok(Server { address, accepted })
}

/// Reads one request head (and no body); `None` when the client closes first.
pub fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Writes, and does not mind that the client has gone.
pub fn write(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    let _ = stream.write_all(bytes.as_ref());
}

/// Keeps the connection open until the client closes it.
pub fn hold(stream: &mut TcpStream) {
    let mut sink = [0; 4096];
    loop {
        match stream.read(&mut sink) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Closes with a reset instead of an end of the stream.
pub fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).expect("linger");
}

/// Short enough for quick tests, long enough for a loaded machine.
pub fn limits() -> Limits {
    Limits {
        connect: Duration::from_millis(1000),
        first_byte: Duration::from_millis(1500),
        whole: Duration::from_millis(2000),
        head_bytes: 8 * 1024,
        body_bytes: 256 * 1024,
    }
}

/// Limits for tests that wait for them to pass.
pub fn hasty() -> Limits {
    Limits {
        first_byte: Duration::from_millis(150),
        whole: Duration::from_millis(250),
        ..limits()
    }
}

pub fn get(target: &str) -> Request {
    request("GET", target, None)
}

pub fn request(method: &str, target: &str, body: Option<&[u8]>) -> Request {
    let mut headers = vec![Header::new("Host", "test")];
    if let Some(body) = body {
        headers.push(Header::new("Content-Length", body.len().to_string()));
    }
    Request::Http(HttpRequest {
        method: method.to_owned().into(),
        target: target.to_owned(),
        headers,
        body: body.map(<[u8]>::to_vec),
    })
}

/// Runs on a runtime of its own, and never for long.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async { tokio::time::timeout(Duration::from_secs(10), future).await })
        .expect("an exchange must end within its limits")
}

pub fn send(server: &Server, request: &Request) -> Exchange {
    let wire = server.wire();
    run(wire.send(request.clone()))
}

pub fn send_within(server: &Server, limits: Limits, request: &Request) -> Exchange {
    let wire = Wire::new(server.origin(), None, limits);
    run(wire.send(request.clone()))
}

/// The answer, or a panic that shows why there is none.
#[track_caller]
pub fn answered(exchange: &Exchange) -> &Response {
    match &exchange.outcome {
        Outcome::Answered(response) => response,
        Outcome::Unanswered(why) => panic!("unanswered: {why}; {:?}", show(&why.partial)),
    }
}

/// What is kept of an answer that broke off: breakage, phase, partial bytes.
#[track_caller]
pub fn unanswered(exchange: &Exchange) -> (Breakage, Phase, String) {
    match &exchange.outcome {
        Outcome::Unanswered(why) => (why.breakage, why.phase, show(&why.partial)),
        Outcome::Answered(response) => panic!("answered: {response:?}"),
    }
}

#[track_caller]
pub fn detail(exchange: &Exchange) -> &str {
    match &exchange.outcome {
        Outcome::Unanswered(why) => &why.detail,
        Outcome::Answered(response) => panic!("answered: {response:?}"),
    }
}

pub fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
