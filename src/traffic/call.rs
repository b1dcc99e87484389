//! What a recorded request asks, and in which form: read off the request alone.

use percent_encoding::percent_decode_str;

use crate::documented::api::{self, Operation, Resource};
use crate::documented::basic;
use crate::exchange::HttpRequest;

/// How a request shows who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    None,
    /// Name and password, in the form that the documents show.
    Basic(String, String),
    /// A token, in that form.
    Bearer(String),
    /// Anything else.
    Odd,
}

/// One request of the API.
#[derive(Debug)]
pub struct Call<'e> {
    pub request: &'e HttpRequest,
    pub resource: Resource,
    pub operation: Option<Operation>,
    pub authorization: Authorization,
    /// The account that the path names.
    pub name: Option<String>,
}

/// How far the form of a request is from the one that the documents show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    /// In one respect, and this requirement says that it does not matter.
    Allowed(&'static str),
    /// A server may have its reasons to refuse it.
    Odd,
}

/// Headers that change nothing of what is asked.
const USUAL: [&str; 24] = [
    "host",
    "authorization",
    "content-type",
    "content-length",
    "accept",
    "accept-encoding",
    "accept-language",
    "user-agent",
    "origin",
    "referer",
    "cache-control",
    "pragma",
    "dnt",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
    "traceparent",
    "tracestate",
    "priority",
    "te",
];

impl<'e> Call<'e> {
    /// The call of a request; none where its path is not one of the API, to the letter.
    pub fn of(request: &'e HttpRequest, base: &str) -> Option<Call<'e>> {
        let path = request.target.strip_prefix(base)?;
        let resource = Resource::of(path)?;
        let name = api::username(path).map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
        let operation = Operation::on(&request.method, resource);
        Some(Call { request, resource, operation, authorization: authorization(request), name })
    }

    pub fn body(&self) -> &'e [u8] {
        self.request.body.as_deref().unwrap_or_default()
    }

    /// Whether its body is called JSON and nothing else.
    pub fn is_labelled(&self) -> bool {
        self.media_type().is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/json"))
            && self.request.header("Content-Encoding").is_none()
    }

    fn media_type(&self) -> Option<&str> {
        let value = std::str::from_utf8(self.request.header("Content-Type")?).ok()?;
        value.split(';').next().map(str::trim)
    }

    pub fn is_login(&self) -> bool {
        self.resource == Resource::Login
    }

    /// The form of the request apart from who sends it and what its body says.
    pub fn form(&self) -> Form {
        let HttpRequest { headers, target, .. } = self.request;
        let login = |of_login, otherwise| if self.is_login() { of_login } else { otherwise };
        let mut allowed: Vec<&'static str> = Vec::new();
        let mut is_odd = target.contains('?') || headers.iter().any(|header| header.value.len() > 4096);
        // HTTP/2 has them in lower case; there the host is no header either.
        let has_host = headers.iter().any(|header| header.name == "host" || header.name == "Host");
        let is_lower = has_host && headers.iter().any(|header| header.name == "authorization" || header.name == "host");
        if is_lower {
            allowed.push(login("login.http.header-name-case", "envelope.request.manner"));
        }
        for header in headers {
            let name = header.name.to_ascii_lowercase();
            let value = String::from_utf8_lossy(&header.value).to_ascii_lowercase();
            let is_own_case =
                header.name.chars().next().is_some_and(|c| c.is_ascii_uppercase()) || is_lower || !has_host;
            let is_shouted = name.len() > 2 && !header.name.contains(|c: char| c.is_ascii_lowercase());
            match (name.as_str(), value.as_str()) {
                ("transfer-encoding", "chunked") => {
                    allowed.push(login("login.http.chunked", "envelope.request.chunked"));
                }
                ("connection", "close") => allowed.push(login("login.http.connection-close", "")),
                ("connection", "keep-alive") => {}
                ("content-type", "application/json") => {}
                ("content-type", value) if value.starts_with("application/json;") => {
                    allowed.push("envelope.request.charset");
                }
                ("content-type", _) => is_odd = true,
                (name, _) if name.starts_with("sec-") => {}
                (name, _) if !USUAL.contains(&name) => is_odd = true,
                _ if is_shouted || !is_own_case => {
                    allowed.push(login("login.http.header-name-case", "envelope.request.manner"));
                }
                _ => {}
            }
        }
        let named = |name: &str| headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count();
        is_odd |= ["authorization", "content-type", "content-length", "host"].into_iter().any(|name| named(name) > 1);
        match (self.body().is_empty(), named("content-type")) {
            (true, 1) => allowed.push(login("login.body.empty", "envelope.request.labelled")),
            (false, 0) => is_odd = true,
            _ => {}
        }
        if is_spaced(self.body()) {
            allowed.push(login("login.body.whitespace", ""));
        } else if self.body().contains(&b'\\') {
            // Quotes and backslashes can be written in no other way.
            let plain = self.body().windows(2).filter(|pair| pair[0] == b'\\').all(|pair| b"\"\\".contains(&pair[1]));
            if !plain {
                allowed.push(login("login.password.escapes", "users.create.escapes"));
            }
        }
        allowed.dedup();
        match allowed[..] {
            _ if is_odd => Form::Odd,
            [] => Form::Plain,
            [""] | [_, _, ..] => Form::Odd,
            [one] => Form::Allowed(one),
        }
    }
}

/// Whether blanks are in a body where the usual writers of JSON have none.
fn is_spaced(body: &[u8]) -> bool {
    let is_line = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'\t');
    body.iter().any(is_line)
        || body.first() == Some(&b' ')
        || body.last() == Some(&b' ')
        || body.windows(2).any(|pair| pair == b"{ " || pair == b" :" || pair == b" }" || pair == b"  ")
}

fn authorization(request: &HttpRequest) -> Authorization {
    let mut values = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Authorization"));
    let (Some(first), None) = (values.next(), values.next()) else {
        let any = request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("Authorization"));
        return if any { Authorization::Odd } else { Authorization::None };
    };
    let is_exact = |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_graphic) && !value.contains(&b',');
    if let Some(token) = first.value.strip_prefix(b"Bearer ").filter(|token| is_exact(token)) {
        return Authorization::Bearer(String::from_utf8_lossy(token).into_owned());
    }
    let exact = first.value.strip_prefix(b"Basic ").filter(|code| is_exact(code));
    match exact.and_then(|_| basic::parse(&first.value).ok()) {
        Some(credentials) => Authorization::Basic(credentials.username, credentials.password),
        None => Authorization::Odd,
    }
}
