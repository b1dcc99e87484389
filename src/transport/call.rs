//! A request to a URL that the owner of a target gave. For hooks, not for judging.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::Limits;
use super::origin::{Origin, OriginError, Pieces};
use super::tls::{self, TlsError, Trust};
use super::wire::Wire;
use crate::exchange::{Header, HttpRequest, Manner, Request};

/// A method and a URL, http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    origin: Origin,
    request: HttpRequest,
}

/// Why a URL cannot be called, or was not answered.
#[derive(Debug, Error)]
pub enum CallError {
    #[error("`{0}` is not a method; write for example POST")]
    Method(String),
    #[error(transparent)]
    Origin(#[from] OriginError),
    #[error("the URL holds a character that must be written with `%`")]
    Character,
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("{0}")]
    Unanswered(String),
}

impl Call {
    /// A request without a body.
    pub fn new(method: &str, url: &str) -> Result<Call, CallError> {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(CallError::Method(method.to_owned()));
        }
        let Pieces { scheme, user, place, rest } = Pieces::of(url)?;
        let origin: Origin = format!("{scheme}://{place}").parse()?;
        let rest = rest.split('#').next().unwrap_or_default();
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CallError::Character);
        }
        let target = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        let authorization = |user: &str| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let [name, password] = [name, password].map(|text| percent_decode_str(text).collect::<Vec<u8>>());
            Header::new("Authorization", format!("Basic {}", STANDARD.encode([name, password].join(&b':'))))
        };
        let headers = user.map(authorization).into_iter().collect();
        let method = method.to_owned().into();
        let request = HttpRequest { method, target, headers, body: None, manner: Manner::Usual };
        Ok(Call { request: request.completed(origin.host_header(), &[]), origin })
    }

    /// The status of the answer; redirects are not followed. `limit` holds for connecting and for the answer each.
    pub async fn send(&self, trust: &Trust, limit: Duration) -> Result<u16, CallError> {
        let tls = self.origin.tls().then(|| tls::configuration(trust, None)).transpose()?;
        let limits = Limits { connect: limit, first_byte: limit, whole: limit, ..Limits::default() };
        let wire = Wire::new(self.origin.clone(), tls, limits);
        let outcome = wire.send(Request::Http(self.request.clone())).await.outcome;
        outcome.map(|response| response.status).map_err(|none| CallError::Unanswered(none.detail))
    }
}

impl fmt::Display for Call {
    /// Without name, password and query, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.request.target.split('?').next().unwrap_or_default();
        write!(f, "{} {}{path}", self.request.method, self.origin)
    }
}
