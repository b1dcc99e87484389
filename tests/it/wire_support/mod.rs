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

use tokio::sync::mpsc;
use wabizspec::exchange::{Breakage, Exchange, Header, HttpRequest, Outcome, Phase, Request, Response};
use wabizspec::transport::Limits;
use wabizspec::transport::origin::Origin;
use wabizspec::transport::wire::Wire;

/// The longest wait for the other side. No test gets near it, on however busy a machine; it only keeps a defect from
/// hanging the test for ever.
pub const PATIENCE: Duration = Duration::from_secs(60);

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
        format!("http://{}", self.address).parse().expect("an address is an origin")
    }

    pub fn wire(&self) -> Wire {
        Wire::new(self.origin(), None, limits())
    }

    pub fn hasty_wire(&self) -> Wire {
        Wire::new(self.origin(), None, hasty())
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

/// Keeps the connection open and reads no more from it, for as long as the test process lives.
pub fn stall(stream: TcpStream) {
    std::mem::forget(stream);
}

/// No answer of a test is late by these, however busy the machine.
pub fn limits() -> Limits {
    Limits { connect: PATIENCE, first_byte: PATIENCE, whole: PATIENCE, head_bytes: 8 * 1024, body_bytes: 256 * 1024 }
}

/// Limits for a server that never answers, and for a clock that is [paced](Pace).
pub fn hasty() -> Limits {
    Limits { first_byte: Duration::from_millis(150), whole: Duration::from_millis(250), ..limits() }
}

/// A server's say in what the client does, and in what time it is for the client.
#[derive(Clone)]
pub struct Pace(mpsc::UnboundedSender<Step>);

/// The client's side of a [`Pace`].
pub struct Paced(mpsc::UnboundedReceiver<Step>);

/// So much time passes, and then the client does what there is to do.
struct Step {
    time: Duration,
    done: std::sync::mpsc::Sender<()>,
}

pub fn pace() -> (Pace, Paced) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Pace(sender), Paced(receiver))
}

impl Pace {
    /// Returns when the client has read all that was written so far.
    pub fn settle(&self) {
        self.pass(Duration::ZERO);
    }

    /// Has so much time pass for the client. Returns when it has done what it does then.
    pub fn pass(&self, time: Duration) {
        let (done, wait) = std::sync::mpsc::channel();
        // A client that has ended has nothing left to do.
        if self.0.send(Step { time, done }).is_ok() {
            let _ = wait.recv();
        }
    }
}

impl Paced {
    async fn keep(mut self) {
        while let Some(Step { time, done }) = self.0.recv().await {
            settle().await;
            tokio::time::advance(time).await;
            settle().await;
            let _ = done.send(());
        }
        std::future::pending().await
    }
}

/// Lets everything run that can, and looks at every socket meanwhile: each turn of an idle runtime does.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Runs on a runtime of its own whose clock stands still but for what the server lets pass.
pub fn run_paced<T>(paced: Paced, future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        // Without it the clock would jump to the next limit whenever the client waits for the server.
        let (_ends_it, end) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || end.recv());
        tokio::select! {
            done = future => done,
            () = paced.keep() => unreachable!("the pace is kept for ever"),
        }
    })
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

/// Runs on a runtime of its own, and not for ever.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async { tokio::time::timeout(2 * PATIENCE, future).await })
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
