//! The client of the transport by itself: its limits, its clock, servers that answer it, and short ways to look at an
//! exchange.

use std::time::Duration;

use super::program::Address;
use super::server::{PATIENCE, Server, hold, read_head, reset, serve, write};
use tokio::sync::mpsc;
use wabizspec::exchange::{Breakage, Exchange, Header, HttpRequest, Manner, Phase, Request, Response, Unanswered};
use wabizspec::transport::Limits;
use wabizspec::transport::origin::Origin;
use wabizspec::transport::wire::Wire;

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

impl Server {
    pub fn origin(&self) -> Origin {
        self.url().parse().expect("an address is an origin")
    }

    pub fn wire(&self) -> Wire {
        Wire::new(self.origin(), None, limits())
    }

    pub fn hasty_wire(&self) -> Wire {
        Wire::new(self.origin(), None, hasty())
    }
}

/// No answer of a test is late by these, however busy the machine.
pub fn limits() -> Limits {
    Limits { connect: PATIENCE, first_byte: PATIENCE, whole: PATIENCE, head_bytes: 8 * 1024, body_bytes: 256 * 1024 }
}

/// Limits for a server that never answers, and for a clock that is [paced](Pace).
pub fn hasty() -> Limits {
    Limits { first_byte: Duration::from_millis(150), whole: Duration::from_millis(250), ..limits() }
}

/// How a server controls the time that passes for the client.
#[derive(Clone)]
pub struct Pace(mpsc::UnboundedSender<Step>);

/// The client's side of a [`Pace`].
pub struct Paced(mpsc::UnboundedReceiver<Step>);

/// So much time passes; then the client does what it can.
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

    /// Lets so much time pass for the client. Returns when it has done what it does then.
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
        manner: Manner::Usual,
    })
}

/// A request with one more header, or another value of one that it has.
pub fn with_header(request: Request, name: &'static str, value: &str) -> Request {
    let Request::Http(mut http) = request else { unreachable!("raw bytes have no headers") };
    http.headers.retain(|header| header.name != name);
    http.headers.push(Header::new(name, value));
    Request::Http(http)
}

/// How a server ends its answer.
#[derive(Clone, Copy)]
pub enum End {
    Close,
    /// Closes when the client has read all of it.
    CloseAfter,
    /// Resets when the client has read all of it: the reset would overtake the bytes.
    Reset,
    StayOpen,
    /// So much time passes for the client, and the connection stays open.
    Wait(Duration),
}

/// A server that answers one request of each connection with these bytes, and the clock of its client.
pub fn answers(bytes: impl AsRef<[u8]> + Send + Sync + 'static, end: End) -> (Server, Paced) {
    let (pace, paced) = pace();
    let server = serve(move |_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, &bytes);
        match end {
            End::Close => return,
            End::StayOpen => {}
            End::CloseAfter => return pace.settle(),
            End::Reset => {
                pace.settle();
                return reset(stream);
            }
            End::Wait(time) => {
                pace.settle();
                pace.pass(time);
            }
        }
        hold(&mut stream);
    });
    (server, paced)
}

/// Sends two requests over one wire; gives the second exchange.
pub fn second(server: &Server) -> Exchange {
    let wire = server.wire();
    run(async {
        wire.send(get("/1")).await;
        wire.send(get("/2")).await
    })
}

/// Runs on a runtime of its own, within a limit.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let limited = async { tokio::time::timeout(2 * PATIENCE, future).await };
    super::suite::runtime().block_on(limited).expect("an exchange must end within its limits")
}

pub fn send(server: &Server, request: &Request) -> Exchange {
    send_within(server, limits(), request)
}

pub fn send_within(server: &Server, limits: Limits, request: &Request) -> Exchange {
    let wire = Wire::new(server.origin(), None, limits);
    run(wire.send(request.clone()))
}

/// The answer, or a panic that shows why there is none.
#[track_caller]
pub fn answered(exchange: &Exchange) -> &Response {
    match &exchange.outcome {
        Ok(response) => response,
        Err(why) => panic!("unanswered: {why}; {:?}", show(&why.partial)),
    }
}

#[track_caller]
pub fn failure(exchange: &Exchange) -> &Unanswered {
    match &exchange.outcome {
        Err(why) => why,
        Ok(response) => panic!("answered: {response:?}"),
    }
}

/// What is kept of an answer that broke off: breakage, phase, partial bytes.
#[track_caller]
pub fn unanswered(exchange: &Exchange) -> (Breakage, Phase, String) {
    let why = failure(exchange);
    (why.breakage, why.phase, show(&why.partial))
}

/// How and when it broke off, whatever is kept of it.
#[track_caller]
pub fn broke(exchange: &Exchange) -> (Breakage, Phase) {
    let why = failure(exchange);
    (why.breakage, why.phase)
}

#[track_caller]
pub fn detail(exchange: &Exchange) -> &str {
    &failure(exchange).detail
}

pub fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
