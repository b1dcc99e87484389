//! HAR 1.2 as it comes from browsers, proxies and this program: entry after entry, without keeping the file.
//!
//! Members that are not needed here are passed over, as the format allows its writers members of their own.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Recorded;
use crate::exchange::{Breakage, Exchange, Header, HttpRequest, Manner, Phase, Request, Response, Unanswered};

/// The most bytes of one entry.
const LARGEST: u64 = 64 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryForm {
    started_date_time: Timestamp,
    #[serde(default)]
    time: Option<f64>,
    request: RequestForm,
    response: ResponseForm,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestForm {
    method: String,
    url: String,
    http_version: Option<String>,
    headers: Option<Vec<Field>>,
    post_data: Option<Data>,
    body_size: Option<i64>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Data {
    text: Option<String>,
    #[serde(alias = "_encoding")]
    encoding: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseForm {
    status: u16,
    status_text: Option<String>,
    http_version: Option<String>,
    headers: Option<Vec<Field>>,
    content: Option<Content>,
    #[serde(rename = "_surplus")]
    surplus: Option<String>,
    #[serde(rename = "_unanswered")]
    unanswered: Option<UnansweredForm>,
}

#[derive(Deserialize)]
struct Content {
    size: Option<i64>,
    text: Option<String>,
    encoding: Option<String>,
}

/// Why there was no answer, as this program writes it.
#[derive(Deserialize)]
struct UnansweredForm {
    breakage: Breakage,
    phase: Phase,
}

/// Reads a document and hands over its entries in their order. The number of an error's entry counts from 1.
pub fn read(source: impl Read, each: &mut dyn FnMut(Recorded)) -> Result<(), String> {
    let left = Rc::new(Cell::new(LARGEST));
    let number = RefCell::new(0);
    let bounded = Bounded { source: io::BufReader::new(source), left: Rc::clone(&left) };
    let mut json = serde_json::Deserializer::from_reader(io::BufReader::new(bounded));
    let log = Member("log", Member("entries", Entries { left: &left, number: &number, each }));
    let read = log.deserialize(&mut json).and_then(|found| json.end().map(|()| found));
    match (read, number.into_inner()) {
        (Ok(Some(Some(()))), _) => Ok(()),
        (Ok(_), _) => Err("it has no `log` with `entries`".to_owned()),
        (Err(error), 0) => Err(error.to_string()),
        (Err(error), number) => Err(format!("entry {number}: {error}")),
    }
}

/// Ends with an error where one entry is larger than is read.
struct Bounded<R> {
    source: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64);
        let too_large = || io::Error::other(format!("an entry has more than {} MiB", LARGEST >> 20));
        self.left.set(left.ok_or_else(too_large)?);
        Ok(read)
    }
}

/// The member of that name of an object; all others are passed over.
struct Member<S>(&'static str, S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Member<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Member<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the member `{}`", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut seed, mut found) = (Some(self.1), None);
        while let Some(name) = map.next_key::<String>()? {
            match seed.take() {
                Some(sought) if name == self.0 => found = Some(map.next_value_seed(sought)?),
                Some(_) | None if name == self.0 => return Err(A::Error::custom(format!("`{name}` appears twice"))),
                other => {
                    seed = other;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

struct Entries<'r> {
    left: &'r Cell<u64>,
    number: &'r RefCell<u64>,
    each: &'r mut dyn FnMut(Recorded),
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        loop {
            self.left.set(LARGEST);
            *self.number.borrow_mut() += 1;
            let Some(entry) = entries.next_element::<EntryForm>()? else { break };
            let number = *self.number.borrow();
            (self.each)(entry.recorded(number).map_err(A::Error::custom)?);
        }
        // What follows is not an entry.
        *self.number.borrow_mut() = 0;
        Ok(())
    }
}

impl EntryForm {
    fn recorded(self, number: u64) -> Result<Recorded, String> {
        let EntryForm { started_date_time: start, time, request, response } = self;
        let time = time.filter(|time| (0.0..1e12).contains(time)).unwrap_or(0.0);
        let elapsed = Duration::from_secs_f64(time / 1000.0);
        let at = start.checked_add(elapsed).map_err(|_| "`time` ends beyond all calendars".to_owned())?;
        let place = Place::of(&request.url)?;
        let (origin, target) = (place.origin.to_ascii_lowercase(), place.target.to_owned());
        let content = response.content.as_ref();
        let has_body = match content {
            // Browsers leave out what they did not keep.
            Some(Content { text: None, size, .. }) => *size == Some(0) || matches!(response.status, 204 | 304),
            None => false,
            Some(_) => true,
        } && !request.lacks_its_body();
        let (request, outcome) = (request.read(target)?, response.read()?);
        let exchange = Exchange { request, outcome, at, elapsed, resent: false };
        Ok(Recorded { number, origin, exchange, start, is_whole: has_body })
    }
}

/// A URL in its two parts. Some writers leave out the first.
struct Place<'u> {
    origin: &'u str,
    target: &'u str,
}

impl Place<'_> {
    fn of(url: &str) -> Result<Place<'_>, String> {
        let after = url.find("://").map_or(0, |at| at + 3);
        let end = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
        let (origin, target) = url.split_at(end);
        match after {
            0 if !url.starts_with('/') => Err("`url` is not a URL".to_owned()),
            _ => Ok(Place { origin, target: target.split('#').next().unwrap_or_default() }),
        }
    }
}

impl RequestForm {
    fn lacks_its_body(&self) -> bool {
        let has_text = self.post_data.as_ref().is_some_and(|data| data.text.is_some());
        !has_text && self.body_size.is_some_and(|size| size > 0)
    }

    fn read(self, target: String) -> Result<Request, String> {
        let body = match self.post_data {
            Some(Data { text: Some(text), encoding }) => Some(decoded(text, encoding.as_deref())?),
            _ => None,
        };
        // So this program writes down bytes that need not be HTTP.
        if self.http_version.as_deref() == Some("unknown") {
            return Ok(Request::Raw(body.unwrap_or_default()));
        }
        let target = if target.is_empty() { "/".to_owned() } else { target };
        let mut headers = headers(self.headers);
        let is_first =
            self.http_version.as_deref().is_none_or(|version| version.to_ascii_uppercase().starts_with("HTTP/1"));
        if !is_first {
            // There they have no case.
            headers.iter_mut().for_each(|header| header.name = capitalized(&header.name).into());
        }
        Ok(Request::Http(HttpRequest { method: self.method.into(), target, headers, body, manner: Manner::Usual }))
    }
}

impl ResponseForm {
    fn read(self) -> Result<Result<Response, Unanswered>, String> {
        if self.status == 0 {
            // A browser has many reasons of its own to give up.
            let unknown = UnansweredForm { breakage: Breakage::Unreachable, phase: Phase::Connecting };
            let UnansweredForm { breakage, phase } = self.unanswered.unwrap_or(unknown);
            let (obstacle, detail, partial) = (None, String::new(), Vec::new());
            return Ok(Err(Unanswered { breakage, phase, obstacle, detail, partial }));
        }
        let body = match self.content {
            Some(Content { text: Some(text), encoding, .. }) => decoded(text, encoding.as_deref())?,
            _ => Vec::new(),
        };
        let version = self.http_version.unwrap_or_default();
        let version = version.strip_prefix("HTTP/1.").and_then(|minor| minor.parse().ok()).unwrap_or(20);
        let answer = Response::new(self.status, headers(self.headers), body);
        let (reason, surplus) = (self.status_text.unwrap_or_default(), self.surplus.unwrap_or_default().into_bytes());
        Ok(Ok(Response { version, reason, surplus, ..answer }))
    }
}

fn headers(fields: Option<Vec<Field>>) -> Vec<Header> {
    let fields = fields.unwrap_or_default().into_iter();
    // What HTTP/2 has in place of a request line is not a header.
    let fields = fields.filter(|field| !field.name.starts_with(':'));
    fields.map(|Field { name, value }| Header::new(name, value)).collect()
}

/// The name of a header as HTTP/1.1 usually has it: `Content-Type`.
fn capitalized(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<String>>().join("-")
}

fn decoded(text: String, encoding: Option<&str>) -> Result<Vec<u8>, String> {
    match encoding {
        None | Some("") => Ok(text.into_bytes()),
        Some(name) if name.eq_ignore_ascii_case("base64") => {
            STANDARD.decode(text).map_err(|error| format!("a body is not in base64: {error}"))
        }
        Some(name) => Err(format!("`{name}` is not an encoding of bodies; HAR knows base64")),
    }
}
