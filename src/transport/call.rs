//! A request to a URL that the owner of a target gave. For hooks, not for judging.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::limits::Limits;
use super::origin::{Origin, Pieces};
use super::tls::{self, Trust};
use super::wire::Wire;
use crate::exchange::{Header, HttpRequest, Outcome, Request};

/// A method and a URL, http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    method: String,
    origin: Origin,
    /// Path and query.
    target: String,
    /// From a name and password in the URL.
    authorization: Option<String>,
}

impl Call {
    /// A request without a body.
    ///
    /// # Errors
    /// In words, when the method or URL cannot be used.
    pub fn new(method: &str, url: &str) -> Result<Call, String> {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("`{method}` is not a method; write for example POST"));
        }
        let Pieces { scheme, user, place, rest } = Pieces::of(url).map_err(|error| error.to_string())?;
        let origin = format!("{scheme}://{place}").parse::<Origin>().map_err(|error| error.to_string())?;
        let rest = rest.split('#').next().unwrap_or_default();
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the URL holds a character that must be written with `%`".to_owned());
        }
        let target = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        let authorization = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let [name, password] = [name, password].map(|text| percent_decode_str(text).collect::<Vec<u8>>());
            format!("Basic {}", STANDARD.encode([name, password].join(&b':')))
        });
        Ok(Call { method: method.to_owned(), origin, target, authorization })
    }

    /// Sends it once and says the status of the answer; redirects are not followed. `limit` holds for connecting and for
    /// the answer each. The TLS configuration is built only for https.
    ///
    /// # Errors
    /// In words, when no answer comes.
    pub async fn send(&self, trust: &Trust, limit: Duration) -> Result<u16, String> {
        let tls = self.origin.tls().then(|| tls::configuration(trust)).transpose();
        let tls = tls.map_err(|error| error.to_string())?;
        let limits = Limits { connect: limit, first_byte: limit, whole: limit, ..Limits::default() };
        let headers = self.authorization.iter().map(|value| Header::new("Authorization", value.as_bytes())).collect();
        let request =
            HttpRequest { method: self.method.clone().into(), target: self.target.clone(), headers, body: None };
        let request = Request::Http(request.completed(self.origin.host_header(), &[]));
        match Wire::new(self.origin.clone(), tls, limits).send(request).await.outcome {
            Outcome::Answered(response) => Ok(response.status),
            Outcome::Unanswered(unanswered) => Err(unanswered.detail),
        }
    }
}

impl fmt::Display for Call {
    /// Without name, password and query, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "{} {}{path}", self.method, self.origin)
    }
}
