//! The client of the transport by itself: its limits, its clock, and short ways to look at what came of an exchange.

use std::time::Duration;

use super::server::{PATIENCE, Server};
use tokio::sync::mpsc;
use wabizspec::exchange::{Breakage, Exchange, Header, HttpRequest, Obstacle, Outcome, Phase, Request, Response};
use wabizspec::transport::Limits;
use wabizspec::transport::origin::Origin;
use wabizspec::transport::wire::Wire;

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
/// What kept a connection from being had.
pub fn obstacle(exchange: &Exchange) -> Option<Obstacle> {
    match &exchange.outcome {
        Outcome::Unanswered(why) => why.obstacle,
        Outcome::Answered(response) => panic!("answered: {response:?}"),
    }
}

pub fn detail(exchange: &Exchange) -> &str {
    match &exchange.outcome {
        Outcome::Unanswered(why) => &why.detail,
        Outcome::Answered(response) => panic!("answered: {response:?}"),
    }
}

pub fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
