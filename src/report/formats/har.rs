//! Every exchange of a run as HAR 1.2, written as it happens.
//!
//! A secret is replaced by a name that follows from its text and from a key that no file has, so that equal secrets stay
//! equal and different ones different. After each entry the document is whole, so that what is left of a run that died can
//! be read.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::custody::names::is_made_up;
use crate::custody::reading::tokens_in;
use crate::documented::api::{self, DEFAULT_PASSWORD};
use crate::documented::basic;
use crate::exchange::{Exchange, Header, HttpRequest, Redaction, Request, Response, Unanswered};
use crate::parallel::locked;
use crate::transport::Transport;
use crate::transport::tap::{Asker, Tap};

/// What ends the document.
const END: &str = "\n]}}\n";

/// What it is written to.
pub(super) enum Out {
    /// Where the end can be written after each entry, and replaced by the next one.
    File(File),
    Stream(Box<dyn Write + Send>),
}

/// The document so far.
struct Document {
    out: Out,
    entries: u64,
    error: Option<io::Error>,
}

/// A document that grows with each exchange.
#[derive(Clone)]
pub struct Har(Arc<Mutex<Document>>);

impl Har {
    pub(super) fn new(out: Out) -> Har {
        let har = Har(Arc::new(Mutex::new(Document { out, entries: 0, error: None })));
        let creator = json!({ "name": "wabizspec", "version": env!("CARGO_PKG_VERSION") });
        locked(&har.0).put(&format!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":["));
        har
    }

    /// Writes every exchange with that target from now on into all of these documents.
    pub(crate) fn listen(documents: Vec<Har>, transport: &Transport, admin: &str) {
        if documents.is_empty() {
            return;
        }
        let keys = RandomState::new();
        let (configured, admin) = (transport.secrets().clone(), admin.to_owned());
        let origin = transport.origin();
        let place = format!("{}://{}", if origin.tls() { "https" } else { "http" }, origin.host_header());
        let base = origin.base_path().to_owned();
        transport.listen(Tap::new(move |exchange, asker| {
            let mut secrets = configured.clone();
            match asker {
                Some(asker) => secrets.absorb(&asker.secrets),
                None => add_own(&mut secrets, exchange, &admin, &base),
            }
            tokens_in(exchange).iter().for_each(|token| secrets.add(token, ""));
            let name = |text: &str| format!("redacted-{:016x}", keys.hash_one(text));
            let secrets = secrets.renamed(|text| (!is_name(text)).then(|| name(text)));
            let entry = Entry { exchange, place: &place, secrets: &secrets, name: &name }.to_json(asker);
            documents.iter().for_each(|Har(document)| locked(document).add(&entry));
        }));
    }

    pub(super) fn finish(&self) -> io::Result<()> {
        let mut document = locked(&self.0);
        if let Out::Stream(out) = &mut document.out {
            out.write_all(END.as_bytes())?;
            out.flush()?;
        }
        document.error.take().map_or(Ok(()), Err)
    }
}

impl Document {
    fn add(&mut self, entry: &Value) {
        let comma = if self.entries == 0 { "" } else { "," };
        self.entries += 1;
        self.put(&format!("{comma}\n{entry}"));
    }

    /// After an error nothing more is written.
    fn put(&mut self, text: &str) {
        if self.error.is_none() {
            self.error = self.out.put(text).err();
        }
    }
}

impl Out {
    fn put(&mut self, text: &str) -> io::Result<()> {
        match self {
            Out::Stream(out) => out.write_all(text.as_bytes()),
            Out::File(file) => {
                file.write_all(format!("{text}{END}").as_bytes())?;
                file.seek(SeekFrom::Current(-(END.len() as i64))).map(drop)
            }
        }
    }
}

/// The name of an account that the run made: an answer shows it to a case like a secret.
fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 12 && text.bytes().all(is_letter) && is_made_up(text)
}

/// The secrets of a request that the run sends for itself: its token, and the passwords of the administrator.
fn add_own(secrets: &mut Redaction, exchange: &Exchange, admin: &str, base: &str) {
    let Request::Http(request) = &exchange.request else { return };
    let mut add = |secret: &str| {
        if secret != DEFAULT_PASSWORD {
            secrets.add(secret, "");
        }
    };
    let value = request.header("Authorization").unwrap_or_default();
    if let Some(token) = value.strip_prefix(b"Bearer ") {
        add(&String::from_utf8_lossy(token));
    }
    let credentials = basic::parse(value).ok().filter(|credentials| credentials.username == admin);
    credentials.iter().for_each(|credentials| add(&credentials.password));
    let path = request.target.strip_prefix(base).unwrap_or(&request.target);
    if credentials.is_some() || api::username(path) == Some(admin) {
        let body = request.json();
        for member in ["/new_password", "/password"] {
            body.as_ref().and_then(|body| body.at(member)?.as_str()).into_iter().for_each(&mut add);
        }
    }
}

struct Entry<'e> {
    exchange: &'e Exchange,
    /// Scheme and host.
    place: &'e str,
    secrets: &'e Redaction,
    /// What a secret is called.
    name: &'e dyn Fn(&str) -> String,
}

impl Entry<'_> {
    fn to_json(&self, asker: Option<&Asker>) -> Value {
        let Exchange { request, outcome, at, elapsed, .. } = self.exchange;
        let started = at.checked_sub(*elapsed).unwrap_or(Timestamp::UNIX_EPOCH);
        let time = elapsed.as_secs_f64() * 1000.0;
        let comment = asker.map_or("set-up".to_owned(), |Asker { case, step, .. }| format!("{case} › {step}"));
        json!({
            "startedDateTime": started.to_string(),
            "time": time,
            "request": match request {
                Request::Http(request) => self.request(request),
                Request::Raw(bytes) => self.raw(bytes, request.method()),
            },
            "response": outcome.as_ref().map_or_else(|none| self.unanswered(none), |response| self.response(response)),
            "cache": {},
            "timings": { "send": 0, "wait": time, "receive": 0 },
            "comment": comment,
        })
    }

    fn request(&self, request: &HttpRequest) -> Value {
        let HttpRequest { method, target, headers, body, .. } = request;
        let target = self.secrets.apply(target);
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let query = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| pair(&name, &value));
        let data = body.as_ref().map(|body| {
            let mime = request.header("Content-Type").map(|value| self.text(value)).unwrap_or_default();
            let (text, encoding) = self.body(body);
            members(json!({ "mimeType": mime, "params": [], "text": text, "_encoding": encoding }))
        });
        Value::Object(members(json!({
            "method": method,
            "url": format!("{}{target}", self.place),
            "httpVersion": "HTTP/1.1",
            "cookies": self.cookies(headers, "Cookie"),
            "headers": self.headers(headers),
            "queryString": query.collect::<Vec<Value>>(),
            "postData": data,
            "headersSize": -1,
            "bodySize": body.as_ref().map_or(0, Vec::len),
        })))
    }

    /// Bytes that need not be HTTP.
    fn raw(&self, bytes: &[u8], method: &str) -> Value {
        let (text, encoding) = self.body(bytes);
        let data = members(json!({ "mimeType": "", "params": [], "text": text, "_encoding": encoding }));
        json!({
            "method": self.secrets.apply(method), "url": format!("{}/", self.place), "httpVersion": "unknown",
            "cookies": [], "headers": [], "queryString": [], "postData": data, "headersSize": -1, "bodySize": bytes.len(),
        })
    }

    fn response(&self, response: &Response) -> Value {
        let Response { version, status, reason, headers, body, surplus, .. } = response;
        let (text, encoding) = self.body(body);
        let mime = response.header("Content-Type").map(|value| self.text(value)).unwrap_or_default();
        let version = if *version == 20 { "HTTP/2".to_owned() } else { format!("HTTP/1.{version}") };
        let surplus = (!surplus.is_empty()).then(|| self.text(surplus));
        Value::Object(members(json!({
            "status": status,
            "statusText": self.secrets.apply(reason),
            "httpVersion": version,
            "cookies": self.cookies(headers, "Set-Cookie"),
            "headers": self.headers(headers),
            "content": members(json!({ "size": body.len(), "mimeType": mime, "text": text, "encoding": encoding })),
            "redirectURL": response.header("Location").map(|value| self.text(value)).unwrap_or_default(),
            "headersSize": -1,
            "bodySize": body.len(),
            "_surplus": surplus,
        })))
    }

    /// No answer has the status 0, as browsers write it.
    fn unanswered(&self, none: &Unanswered) -> Value {
        json!({
            "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "" }, "redirectURL": "", "headersSize": -1, "bodySize": -1,
            "_error": self.secrets.apply(&none.to_string()),
            "_unanswered": { "breakage": none.breakage, "phase": none.phase },
        })
    }

    fn headers(&self, headers: &[Header]) -> Vec<Value> {
        headers.iter().map(|header| pair(&self.secrets.apply(&header.name), &self.value(header))).collect()
    }

    /// The value of a header. A token, or the password of Basic credentials, which stay base64, has a name as a whole: what
    /// is almost a secret must not look like it.
    fn value(&self, header: &Header) -> String {
        let text = std::str::from_utf8(&header.value).ok();
        let token = text.and_then(|text| text.strip_prefix("Bearer "));
        if let Some(token) = token.filter(|token| !token.contains(char::is_whitespace)) {
            return format!("Bearer {}", self.whole(token));
        }
        let code = text.and_then(|text| text.strip_prefix("Basic ")).and_then(|code| STANDARD.decode(code).ok());
        let Some(decoded) = code else { return self.text(&header.value) };
        let pair = std::str::from_utf8(&decoded).ok().and_then(|pair| pair.split_once(':'));
        let named = match pair {
            Some((user, password)) => format!("{}:{}", self.secrets.apply(user), self.whole(password)).into_bytes(),
            None => self.bytes(&decoded),
        };
        format!("Basic {}", STANDARD.encode(named))
    }

    /// The text, or one name for all of it where it has a secret.
    fn whole(&self, text: &str) -> String {
        if self.secrets.apply(text) == text { text.to_owned() } else { (self.name)(text) }
    }

    fn cookies(&self, headers: &[Header], name: &str) -> Vec<Value> {
        let values = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        let most = if name == "Cookie" { usize::MAX } else { 1 };
        let cookies = values.flat_map(|header| {
            let value = self.text(&header.value);
            let parts = value.split(';').take(most).filter_map(|part| part.trim().split_once('='));
            parts.map(|(name, value)| pair(name, value)).collect::<Vec<Value>>()
        });
        cookies.collect()
    }

    /// A body as text, or in base64 where it is none.
    fn body(&self, body: &[u8]) -> (String, Option<&'static str>) {
        match String::from_utf8(self.bytes(body)) {
            Ok(text) => (text, None),
            Err(bytes) => (STANDARD.encode(bytes.as_bytes()), Some("base64")),
        }
    }

    /// Without secrets. What is no text is read as Latin-1, in which every byte is a character.
    fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.secrets.apply(text).into_bytes(),
            Err(_) => {
                let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                self.secrets.apply(&latin).chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
            }
        }
    }

    fn text(&self, bytes: &[u8]) -> String {
        self.secrets.apply(&String::from_utf8_lossy(bytes))
    }
}

fn pair(name: &str, value: &str) -> Value {
    let mut pair = Map::new();
    pair.insert("name".to_owned(), name.into());
    pair.insert("value".to_owned(), value.into());
    pair.into()
}

/// The members of an object that have a value.
fn members(object: Value) -> Map<String, Value> {
    let Value::Object(mut members) = object else { return Map::new() };
    members.retain(|_, value| !value.is_null());
    members
}
