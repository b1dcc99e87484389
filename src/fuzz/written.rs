//! A finding written down for people: what was sent and what came, how to send it again, and a scenario to keep.
//!
//! No secret of the target stands in it.

use super::finding::Found;
use super::grammar::bindings::Bindings;
use super::kept;
use super::probe::Broken;
use crate::exchange::{Header, HttpRequest, Json, Redaction, Request, curl, transcript};

/// How a finding is written down.
#[derive(Debug, Clone)]
pub struct Written {
    /// The exchange, as people read it.
    pub transcript: String,
    /// A curl line.
    pub curl: String,
    /// The request itself, with credentials of no worth.
    pub raw: Vec<u8>,
    /// A scenario.
    pub scenario: String,
}

/// Writes a finding down: the exchange without secrets, those of the target among them, and the request with credentials of
/// no worth.
pub fn written(
    found: &Found,
    broken: &Broken,
    bindings: &Bindings,
    plain: Option<Request>,
    secrets: &Redaction,
) -> Written {
    let mut secrets = secrets.clone();
    secrets.add_credentials(&bindings.user, &bindings.user_password, "$WABIZSPEC_USER_PASSWORD");
    secrets.add_credentials(
        &bindings.colon_user,
        &bindings.colon_password,
        "$WABIZSPEC_COLON_PASSWORD",
    );
    secrets.add(&bindings.user_token, "$WABIZSPEC_USER_TOKEN");
    secrets.add(&bindings.admin_token, "$WABIZSPEC_ADMIN_TOKEN");
    // Tokens that were current when the exchange took place.
    if let Request::Http(request) = &broken.exchange.request
        && let Some(value) = request.header("Authorization")
        && let Some(token) = String::from_utf8_lossy(value).strip_prefix("Bearer ")
        && token.len() >= 8
    {
        secrets.add(token, "$WABIZSPEC_TOKEN");
    }
    let answer = broken
        .exchange
        .response()
        .and_then(|response| Json::parse(&response.body).ok());
    if let Some(token) = answer.as_ref().and_then(|json| json.at("/users/0/token")?.as_str()) {
        secrets.add(token, "$WABIZSPEC_TOKEN_GIVEN");
    }
    // Of a session there is only the request that was sent.
    let plain = plain.unwrap_or_else(|| without(&secrets, &broken.exchange.request));
    Written {
        transcript: transcript(&broken.exchange, &secrets),
        curl: curl(&broken.exchange.request, &bindings.base, &secrets),
        raw: plain.to_bytes(),
        scenario: kept::scenario(found, &plain),
    }
}

/// The request as it was sent, but for its secrets.
fn without(secrets: &Redaction, request: &Request) -> Request {
    let clean = |bytes: &[u8]| secrets.apply(&String::from_utf8_lossy(bytes)).into_bytes();
    match request {
        Request::Raw(bytes) => Request::Raw(clean(bytes)),
        Request::Http(request) => Request::Http(HttpRequest {
            method: request.method.clone(),
            target: secrets.apply(&request.target),
            headers: request
                .headers
                .iter()
                .map(|header| Header {
                    name: header.name.clone(),
                    value: clean(&header.value),
                })
                .collect(),
            body: request.body.as_deref().map(clean),
        }),
    }
}
