//! Connections, requests and answers on the wire, through hyper.

use std::convert::Infallible;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Buf, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::clock::date;
use super::tap::{Tap, Tapped};
use super::{Shared, control};
use crate::behaviour::{AtOnceOutcome, Beside, Reading};
use crate::call::{Answer, AnswerBody, Call, Delivery};
use crate::model::Moment;

/// The largest request body, in bytes.
const BODY_LIMIT: usize = 1 << 20;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest chunk, in bytes.
const CHUNK: usize = 16;

/// A connection that ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
struct Dropped;

/// Serves until told to stop; connections end with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, Arc::clone(&shared)));
                }
                // Out of descriptors, most likely: connections that end will free some.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Without it answers are only slower.
    let _ = stream.set_nodelay(true);
    let tap = Arc::new(Tap::new(shared.functions.reading.is_some() || shared.functions.first_reading.is_some()));
    let service = service_fn(|request| respond(request, &shared, &tap));
    let tapped = Tapped { stream, tap: Arc::clone(&tap) };
    // No pipeline_flush: with it, hyper drops its own 400 to bytes that are not HTTP.
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(tapped), service);
    // A connection that fails has no one to report to.
    let _ = served.await;
}

async fn respond(request: Request<Incoming>, shared: &Shared, tap: &Tap) -> Result<Response<Outgoing>, Dropped> {
    let functions = &shared.functions;
    let first = functions.first_reading.map(|reading| reading(&tap.first()));
    let reading = first.unwrap_or_else(|| functions.reading.map_or(Reading::Whole, |reading| reading(&tap.head())));
    if first.is_some() {
        tap.head();
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(PATIENCE, Limited::new(body, BODY_LIMIT).collect());
    let body = match read.await {
        Ok(Ok(body)) if reading == Reading::InTexts => Some(in_texts(body.aggregate())),
        Ok(Ok(body)) => Some(Received::whole(body.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => None,
        // The rest of the body never came: there is no request to answer.
        Ok(Err(_)) | Err(_) => {
            shared.client().is_down = shared.ends_with_a_client;
            return Err(Dropped);
        }
    };
    if shared.ends_with_a_client && !parts.uri.path().starts_with("/__control/") && shared.client().is_down() {
        return Err(Dropped);
    }
    let earlier = earlier(shared, &parts, body.as_ref().map(|body| &*body.sent)).await;
    let (answer, now) = answer(shared, &parts, body.as_ref(), reading, earlier);
    if !answer.delivery.delay.is_zero() {
        tokio::time::sleep(answer.delivery.delay).await;
    }
    if answer.delivery.dropped {
        return Err(Dropped);
    }
    if !answer.delivery.surplus.is_empty() {
        tap.add(&answer.delivery.surplus);
    }
    Ok(written(answer, now))
}

/// A body as it was sent, and as a faulty client reads it.
struct Received {
    sent: Bytes,
    read: Bytes,
}

impl Received {
    fn whole(sent: Bytes) -> Received {
        Received { read: sent.clone(), sent }
    }
}

/// Each chunk as a text of its own: characters that lie in two of them are lost.
fn in_texts(mut chunks: impl Buf) -> Received {
    let (mut sent, mut read) = (Vec::new(), String::new());
    while chunks.has_remaining() {
        let chunk = chunks.chunk();
        sent.extend_from_slice(chunk);
        read += &String::from_utf8_lossy(chunk);
        chunks.advance(chunk.len());
    }
    Received { sent: sent.into(), read: read.into() }
}

fn call<'a>(parts: &'a Parts, values: &'a [&'a [u8]], body: Option<&'a [u8]>) -> Call<'a> {
    Call {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        authorization: values,
        content_type: parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes),
        body: body.unwrap_or_default(),
    }
}

fn authorizations(parts: &Parts) -> Vec<&[u8]> {
    parts.headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect()
}

/// What the client remembered when the request came, if another one came meanwhile and a behaviour mixes them up.
async fn earlier(shared: &Shared, parts: &Parts, body: Option<&[u8]>) -> Option<(Moment, AtOnceOutcome)> {
    let (at_once, meeting) = shared.at_once.as_ref()?;
    if !at_once.when.is_of(&call(parts, &authorizations(parts), body)) {
        return None;
    }
    let moment = shared.client().model.moment();
    meeting.met().await.then_some((moment, at_once.outcome))
}

/// The answer to a request, and when it was given. Without a body: it was too large.
fn answer(
    shared: &Shared,
    parts: &Parts,
    received: Option<&Received>,
    reading: Reading,
    earlier: Option<(Moment, AtOnceOutcome)>,
) -> (Answer, Timestamp) {
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let client = &mut *shared.client();
    let now = client.clock.now();
    let body = received.map(|body| &*body.sent);
    if let Some(body) = body.filter(|_| shared.control && path.starts_with("/__control/")) {
        return (control::handle(client, method, path, body), now);
    }
    let values = authorizations(parts);
    let call = call(parts, &values, body);
    if let Some((moment, AtOnceOutcome::OfTheLast)) = &earlier {
        client.model.return_to(moment);
    }
    let field = |name: &str| parts.headers.get(name).map(HeaderValue::as_bytes);
    let beside = Beside { method, path, field: &field, query: parts.uri.query(), body: call.body };
    let functions = &shared.functions;
    let passage = client.model.passage(&beside);
    let (method, path) = passage.as_ref().map_or((method, path), |(method, path, _)| (&**method, &**path));
    let mut authorization = match &passage {
        Some((.., pass)) => vec![pass.as_bytes()],
        None if reading == Reading::WithoutAuthorization => Vec::new(),
        None => values.clone(),
    };
    let elsewhere = functions.elsewhere.filter(|_| authorization.is_empty());
    let found = elsewhere.and_then(|elsewhere| elsewhere(&beside));
    authorization.extend(found.as_deref());
    let found = functions.body_elsewhere.and_then(|elsewhere| elsewhere(&beside));
    let body_read = received.map(|body| if reading == Reading::WithoutBody { &[][..] } else { &*body.read });
    let mut answer = match found.as_deref().or(body_read) {
        None => client.model.too_large(path),
        Some(body) if reading != Reading::Refused => {
            client.model.handle(&Call { method, path, authorization: &authorization, body, ..call }, now)
        }
        Some(_) => Answer { status: 400, headers: Vec::new(), body: AnswerBody::Empty, delivery: Delivery::default() },
    };
    if let Some((moment, AtOnceOutcome::OfNone)) = &earlier {
        client.model.return_to(moment);
    }
    answer.delivery.dropped |= reading == Reading::Refused;
    if let Some(twin) = &mut client.twin {
        twin.compare(&call, body.is_none(), now, &answer);
    }
    (answer, now)
}

fn written(answer: Answer, now: Timestamp) -> Response<Outgoing> {
    let bytes = match answer.body {
        AnswerBody::Empty => Vec::new(),
        AnswerBody::Json(value) => serde_json::to_vec(&value).unwrap_or_default(),
        AnswerBody::Bytes(bytes) => bytes,
    };
    let mut response = Response::new(Outgoing { left: bytes.into(), chunked: answer.delivery.chunked });
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.delivery.dateless {
        headers.insert(header::DATE, date(now));
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_ref()), HeaderValue::from_str(&value)) {
            headers.append(name, value);
        }
    }
    if answer.delivery.close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The body of an answer on its way out: in one piece with its length, or in chunks.
struct Outgoing {
    left: Bytes,
    chunked: bool,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // Short chunks tell a reader of chunks from a reader of the first one.
        let most = if self.chunked { CHUNK } else { usize::MAX };
        let end = self.left.len().min(most);
        let piece = self.left.split_to(end);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        // Without a length known, hyper sends chunks.
        if self.chunked { SizeHint::default() } else { SizeHint::with_exact(self.left.len() as u64) }
    }
}
