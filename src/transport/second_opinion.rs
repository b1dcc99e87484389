//! reqwest as the other client: HTTP/2, proxies, and a second reading of the same answers.
//!
//! It does what our own client does: no redirect is followed, no content coding decoded, nothing tried again,
//! no proxy taken from the environment. What it cannot do:
//!
//! * header names come back in lower case, and interim answers and surplus bytes not at all;
//! * it adds `Accept: */*` where the request has no `Accept`;
//! * its limits count from the start of connecting, and it cannot tell an answer cut inside its head from none;
//! * a request that finds its idle connection closed before a byte of it is sent goes out on another, unnoted.

use std::error::Error;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Instant;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Proxy, Url, Version, redirect, retry};
use thiserror::Error as ThisError;
use tokio::time::{Instant as TokioInstant, timeout_at};
use tokio_rustls::rustls::ClientConfig;

use super::framed::shares_connection;
use super::origin::Origin;
use super::tls::{self, Trust};
use super::{Broken, Limits, ended, unreachable};
use crate::exchange::{Breakage, Exchange, Header, Obstacle, Phase, Request, Response, Unanswered};

/// [`Response::version`] of an answer over HTTP/2.
const HTTP_2: u8 = 20;

/// One target, reached through reqwest.
#[derive(Debug)]
pub struct SecondOpinion {
    client: reqwest::Client,
    origin: Origin,
    limits: Limits,
}

/// Why reqwest could not be set up: a proxy that it does not know, or a TLS configuration that it refuses.
#[derive(Debug, ThisError)]
#[error("the reqwest client cannot be set up: {0}")]
pub struct SetupError(String);

impl SecondOpinion {
    /// A client for one target. Nothing is opened yet.
    ///
    /// `tls` is the configuration of our own client, see [`tls::configuration`]; HTTP/2 is offered as well as HTTP/1.1. An
    /// http origin needs none, but an https proxy does. `proxy` is `http://`, `https://` or `socks5://`.
    pub fn new(
        origin: Origin,
        tls: Option<Arc<ClientConfig>>,
        proxy: Option<Url>,
        limits: Limits,
    ) -> Result<Self, SetupError> {
        // reqwest wants one even where it is never used.
        let tls = tls.map_or_else(|| tls::configuration(&Trust::WebRoots, None), Ok);
        let mut tls = Arc::unwrap_or_clone(tls.map_err(|error| SetupError(error.to_string()))?);
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(limits.connect);
        if let Some(proxy) = proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(|error| SetupError(words(&error)))?);
        }
        let client = builder.build().map_err(|error| SetupError(words(&error)))?;
        Ok(SecondOpinion { client, origin, limits })
    }

    /// Sends one request and waits for one answer or for the reason why there is none.
    ///
    /// A request that reqwest would change or refuse ends as unreachable, with the reason: raw bytes, a wrong length, a
    /// target that a URL library rewrites (`/a/../b`), some header values. `elapsed` includes connecting.
    pub async fn send(&self, request: Request) -> Exchange {
        let begun = Instant::now();
        let answer = self.answer(&request).await;
        ended(request, answer, begun.elapsed(), false)
    }

    async fn answer(&self, request: &Request) -> Result<Response, Unanswered> {
        let scheme = if self.origin.tls() { "https" } else { "http" };
        let translated = translate(request, &format!("{scheme}://{}", self.origin.host_header()));
        let translated = translated
            .map_err(|why| unreachable(None, format!("the reqwest client cannot send this request: {why}")))?;

        let now = TokioInstant::now();
        // Connecting has a limit of its own in the client, which must be the first to pass.
        let head_by = now + self.limits.first_byte.min(self.limits.whole).max(self.limits.connect);
        let whole_by = head_by.max(now + self.limits.whole);
        let mut response = match timeout_at(head_by, self.client.execute(translated)).await {
            Ok(answer) => answer.map_err(|error| explain_head(&error))?,
            Err(_) => {
                let timed_out = Broken::timed_out(format!("{:?} for the first byte", head_by - now));
                return Err(timed_out.at(Phase::Waiting, &[]));
            }
        };
        let (mut body, limit) = (Vec::new(), self.limits.body_bytes);
        let reading = async {
            let broken = |error| Broken::of(kind(&error), words(&error));
            while let Some(chunk) = response.chunk().await.map_err(broken)? {
                if body.len() + chunk.len() > limit {
                    return Err(Broken::too_large(format!("a body of more than {limit} bytes")));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(())
        };
        let late = |_| Err(Broken::timed_out(format!("{:?} for the whole answer", self.limits.whole)));
        let read = timeout_at(whole_by, reading).await.unwrap_or_else(late);
        read.map_err(|broken| broken.at(Phase::Body, &body))?;
        let header = |(name, value): (&HeaderName, &HeaderValue)| Header::new(name.to_string(), value.as_bytes());
        let headers = response.headers().iter().map(header).collect();
        let (version, reason) = (version(response.version()), reason(&response));
        Ok(Response { version, reason, ..Response::new(response.status().as_u16(), headers, body) })
    }
}

/// The request in reqwest's terms, unless that would change it.
fn translate(request: &Request, base: &str) -> Result<reqwest::Request, Box<dyn Error + Send + Sync>> {
    let request = match request {
        Request::Raw(_) => return Err("it is not HTTP".into()),
        Request::Http(_) if !shares_connection(request) => return Err("its framing is its own".into()),
        Request::Http(request) => request,
    };
    let method = Method::from_bytes(request.method.as_bytes())?;
    let url = Url::parse(&format!("{base}{}", request.target))?;
    let query = url.query().map_or(String::new(), |query| format!("?{query}"));
    let rewritten = format!("{}{query}", url.path());
    if rewritten != request.target {
        return Err(format!("its target would become `{rewritten}`").into());
    }
    let mut translated = reqwest::Request::new(method, url);
    for header in &request.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes())?;
        let value = HeaderValue::from_bytes(&header.value)?;
        translated.headers_mut().append(name, value);
    }
    *translated.body_mut() = request.body.clone().map(Into::into);
    Ok(translated)
}

fn version(version: Version) -> u8 {
    match version {
        Version::HTTP_09 | Version::HTTP_10 => 0,
        Version::HTTP_2 => HTTP_2,
        _ => 1,
    }
}

/// hyper keeps the reason phrase only where it is not the usual one; HTTP/2 has none (RFC 9113 §8.3.2).
fn reason(response: &reqwest::Response) -> String {
    if response.version() == Version::HTTP_2 {
        return String::new();
    }
    match response.extensions().get::<hyper::ext::ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    }
}

fn explain_head(error: &reqwest::Error) -> Unanswered {
    let obstacle = obstacle(error);
    if error.is_connect() || error.is_builder() || obstacle == Some(Obstacle::ClientCertificate) {
        return unreachable(obstacle, words(error));
    }
    let breakage = kind(error);
    let phase = match breakage {
        Breakage::Malformed | Breakage::TooLarge => Phase::Head,
        _ if error.is_body() => Phase::Sending,
        _ => Phase::Waiting,
    };
    Broken::of(breakage, words(error)).at(phase, &[])
}

fn obstacle(error: &reqwest::Error) -> Option<Obstacle> {
    let of_cause = |cause: &(dyn Error + 'static)| match cause.downcast_ref::<std::io::Error>() {
        Some(error) if error.kind() == ErrorKind::ConnectionRefused => Some(Obstacle::Refused),
        Some(error) => tls::obstacle_within(error),
        None => cause.downcast_ref().and_then(tls::obstacle),
    };
    causes(error).find_map(of_cause).or(error.is_timeout().then_some(Obstacle::TimedOut))
}

/// reqwest wraps hyper, which wraps the operating system: the reason lies somewhere below.
fn kind(error: &reqwest::Error) -> Breakage {
    let usual = if error.is_timeout() { Breakage::TimedOut } else { Breakage::Closed };
    let of_cause = |cause: &(dyn Error + 'static)| match cause.downcast_ref::<hyper::Error>() {
        Some(error) if error.is_parse_too_large() => Some(Breakage::TooLarge),
        Some(error) if error.is_parse() => Some(Breakage::Malformed),
        _ => {
            let kind = cause.downcast_ref::<std::io::Error>()?.kind();
            matches!(kind, ErrorKind::InvalidInput | ErrorKind::InvalidData).then_some(Breakage::Malformed)
        }
    };
    causes(error).filter_map(of_cause).last().unwrap_or(usual)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The whole chain of reasons. URLs are left out: they may hold secrets.
fn words(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = causes(error).map(ToString::to_string).collect();
    words.dedup();
    if words.is_empty() { "the request failed".to_owned() } else { words.join(": ") }
}
