//! What no single input can show: which wrong logins a target accepts, whether its response time reveals which names
//! exist, and whether slow connections block others. The last two are observations, never findings.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::grammar::BasicInput;
use super::laxity::Laxity;
use super::session::{FuzzSession, WorkerAccounts};
use super::summary::Summary;
use crate::custody::absence::absence;
use crate::documented::api::Operation;
use crate::exchange::Exchange;

/// A wrong password of a known user, and of an unknown one: inputs of `basic-auth`, so that findings can be replayed.
pub(super) const WRONG: [(&[u8], Laxity); 2] =
    [(b"aaaaaa${user}:Wrong-Password-7", Laxity::AnyPassword), (b"aaaaaa${nobody}:Wrong-Password-7", Laxity::AnyUser)];

/// What the target answers to requests without credentials: header values and bodies.
pub(super) fn constant(looked: &[Exchange; 2]) -> String {
    let answers = looked.iter().filter_map(Exchange::response);
    let values = answers.clone().flat_map(|answer| answer.headers.iter().map(|header| header.value.as_slice()));
    let all = values.chain(answers.map(|answer| &*answer.body));
    all.map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n")
}

/// How long it may take to find out which operations there are.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// The operations that the target does not have, by its answers to requests without credentials.
pub(super) async fn missing(session: &FuzzSession, looked: &[Exchange; 2]) -> BTreeMap<Operation, u16> {
    let mut missing = BTreeMap::new();
    for operation in Operation::ALL.into_iter().filter(|operation| !operation.is_optional()) {
        if let Some(status) = absence(&session.accounts, operation, looked).await {
            missing.insert(operation, status);
        }
    }
    missing
}

/// How many pairs of logins are timed, at most and at least.
const PAIRS: (usize, usize) = (30, 10);

const PAIRS_TIME: Duration = Duration::from_secs(5);

/// A known and an unknown name in turn, with a wrong password: if one takes three times as long, the time tells which
/// names exist (row A32).
pub(super) async fn timing(session: &FuzzSession, worker: &WorkerAccounts, summary: &mut Summary) {
    let logins = WRONG.map(|(input, _)| BasicInput::decode(input).request_parts(&worker.bindings));
    let begun = Instant::now();
    let mut ratios = Vec::new();
    for _ in 0..PAIRS.0 {
        if begun.elapsed() > PAIRS_TIME {
            break;
        }
        let mut took = [0.0; 2];
        for (took, login) in took.iter_mut().zip(&logins) {
            summary.requests += 1;
            let Ok(exchange) = session.send(login.clone()).await else { return };
            if exchange.response().is_none() {
                return;
            }
            *took = exchange.elapsed.as_secs_f64().max(1e-6);
        }
        ratios.push(took[0] / took[1]);
    }
    if ratios.len() < PAIRS.1 {
        return;
    }
    summary.rows.insert("A32");
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    let (slower, factor) = if ratio > 1.0 { ("a known name", ratio) } else { ("an unknown name", 1.0 / ratio) };
    if factor > 3.0 {
        summary.observed_once(format!(
            "basic-auth: a wrong password takes {factor:.0} times as long for {slower}, so the time tells which names there are"
        ));
    }
}

const SLOW: usize = 16;

const PAUSE: Duration = Duration::from_millis(200);

/// A good login beside connections that never end their header, as with Slowloris (row H16). At most ten seconds.
pub(super) async fn slow_connections(session: &FuzzSession, worker: &WorkerAccounts, summary: &mut Summary) {
    let origin = session.target.transport.origin();
    if origin.tls() {
        return;
    }
    let host = origin.connect_host().trim_matches(['[', ']']).to_owned();
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        let connecting = TcpStream::connect((host.as_str(), origin.port()));
        if let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(1), connecting).await {
            slow.push(stream);
        }
    }
    summary.requests += slow.len() as u64;
    for byte in b"POST /v1" {
        for stream in &mut slow {
            // A server that closes such a connection is right to.
            let _ = stream.write_all(&[*byte]).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    summary.requests += 1;
    let login = session.logs_in(&worker.bindings.user, &worker.bindings.user_password);
    let in_time = tokio::time::timeout(Duration::from_secs(5), login).await;
    summary.rows.insert("H16");
    if in_time.is_err() {
        summary.observed_once(format!(
            "http: while {SLOW} connections send a byte every {} ms, a good login gets no token within five seconds",
            PAUSE.as_millis()
        ));
    }
}
