//! Records the requests that pass through it as a Hurl file: `cargo run --example to_hurl -- UPSTREAM >suite.hurl`.
//!
//! This is a reverse proxy on a free loopback port, which it prints to standard error. Run the suite through it, one case
//! at a time, to get a Hurl file with the same requests in the same order, each with the status of its response. Tokens,
//! which are new in every run, become captures. Requests that Hurl cannot express are forwarded but not recorded, and so
//! are connections that are not HTTP at all. `benches/compare.sh` uses it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::{request, response};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let upstream: SocketAddr = match std::env::args().nth(1) {
        Some(address) => address.parse()?,
        None => return Err("usage: to_hurl ADDRESS:PORT".into()),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let tokens = Arc::new(Mutex::new(Tokens::default()));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let tokens = Arc::clone(&tokens);
        tokio::spawn(async move {
            let service = service_fn(|request| pass_on(request, upstream, &tokens));
            // A request that is not HTTP ends its connection, as it would without the proxy.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn pass_on(
    request: Request<Incoming>,
    upstream: SocketAddr,
    tokens: &Mutex<Tokens>,
) -> Result<Response<Full<Bytes>>, Failure> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut again = Request::new(Full::new(body.clone()));
    *again.method_mut() = head.method.clone();
    *again.uri_mut() = head.uri.clone();
    *again.headers_mut() = head.headers.clone();
    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (answer, content) = sender.send_request(again).await?.into_parts();
    let content = content.collect().await?.to_bytes();
    if let Ok(mut tokens) = tokens.lock()
        && let Some(entry) = tokens.entry(&head, &body, &answer, &content)
    {
        std::io::stdout().write_all(entry.as_bytes())?;
    }
    Ok(Response::from_parts(answer, Full::new(content)))
}

/// Every token issued so far, and the name of its capture.
#[derive(Default)]
struct Tokens(BTreeMap<String, String>);

impl Tokens {
    /// The exchange as an entry of a Hurl file; `None` if Hurl cannot express it.
    fn entry(
        &mut self,
        head: &request::Parts,
        body: &[u8],
        answer: &response::Parts,
        content: &[u8],
    ) -> Option<String> {
        let method = head.method.as_str();
        let target = head.uri.path_and_query()?.as_str();
        let spoken = method.bytes().all(|byte| byte.is_ascii_uppercase());
        if !spoken || target.contains(['{', '}', '#', '\\', ' ']) {
            return None;
        }
        let mut entry = format!("{method} {{{{base}}}}{target}\n{}", self.headers(&head.headers)?);
        if !body.is_empty() {
            entry.push_str(&format!("base64,{};\n", STANDARD.encode(body)));
        }
        entry.push_str(&format!("HTTP {}\n", answer.status.as_u16()));
        if let Some(name) = self.learn(content) {
            entry.push_str(&format!("[Captures]\n{name}: jsonpath \"$.users[0].token\"\n"));
        }
        entry.push('\n');
        Some(entry)
    }

    fn headers(&self, headers: &HeaderMap) -> Option<String> {
        const FRAMING: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];
        let mut lines = String::new();
        for (name, value) in headers.iter().filter(|(name, _)| !FRAMING.contains(&name.as_str())) {
            let value = value.to_str().ok().filter(|value| !value.is_empty() && !value.contains("{{"))?;
            let mut value = value.replace('\\', "\\\\").replace('#', "\\#");
            for (token, capture) in &self.0 {
                value = value.replace(token, &format!("{{{{{capture}}}}}"));
            }
            lines.push_str(&format!("{name}: {value}\n"));
        }
        Some(lines)
    }

    /// Remembers the token in this response, if there is one, and returns the name of its capture.
    fn learn(&mut self, content: &[u8]) -> Option<String> {
        let content: serde_json::Value = serde_json::from_slice(content).ok()?;
        let token = content.pointer("/users/0/token")?.as_str()?;
        let name = format!("token{}", self.0.len());
        self.0.insert(token.to_owned(), name.clone());
        Some(name)
    }
}
