//! A finding written down for people: what was sent and what came, how to send it again, and a scenario to keep.
//!
//! No secret of the target is in it.

use super::finding::Found;
use super::grammar::bindings::Bindings;
use super::probe::Violation;
use super::to_scenario::scenario;
use crate::custody::accounts::tokens_in;
use crate::exchange::{Exchange, Header, HttpRequest, Redaction, Request, curl, transcript};

/// How a finding is written down.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    pub transcript: String,
    pub curl: String,
    /// The request itself, with credentials of no worth.
    pub raw: Vec<u8>,
    pub scenario: String,
}

impl Evidence {
    /// Writes down a finding, without the secrets of the run. `plain` is the request with credentials of no worth.
    pub fn of(
        found: &Found,
        violation: &Violation,
        bindings: &Bindings,
        plain: Option<Request>,
        run: &Redaction,
    ) -> Evidence {
        let secrets = secrets_of(&violation.exchange, bindings, run);
        // Of a session there is only the request that was sent.
        let plain = plain.unwrap_or_else(|| without(&secrets, &violation.exchange.request));
        Evidence {
            transcript: transcript(&violation.exchange, &secrets),
            curl: curl(&violation.exchange.request, &bindings.base, &secrets),
            raw: plain.to_bytes(),
            scenario: scenario(found, &plain),
        }
    }
}

/// What no text about the exchange may show: the secrets of the run, those of the worker's accounts, and the tokens that
/// were current when it took place.
pub(super) fn secrets_of(exchange: &Exchange, bindings: &Bindings, run: &Redaction) -> Redaction {
    let mut secrets = run.clone();
    secrets.add_credentials(&bindings.user, &bindings.user_password, "$WABIZSPEC_USER_PASSWORD");
    secrets.add_credentials(&bindings.colon_user, &bindings.colon_password, "$WABIZSPEC_COLON_PASSWORD");
    secrets.add(&bindings.user_token, "$WABIZSPEC_USER_TOKEN");
    secrets.add(&bindings.admin_token, "$WABIZSPEC_ADMIN_TOKEN");
    if let Request::Http(request) = &exchange.request
        && let Some(value) = request.header("Authorization")
        && let Some(token) = String::from_utf8_lossy(value).strip_prefix("Bearer ")
        && token.len() >= 8
    {
        secrets.add(token, "$WABIZSPEC_TOKEN");
    }
    let body = exchange.response().map_or(&[][..], |response| &response.body);
    for token in tokens_in(body) {
        secrets.add_given(&token, "$WABIZSPEC_TOKEN_GIVEN");
    }
    secrets
}

/// The request as it was sent, but for its secrets.
fn without(secrets: &Redaction, request: &Request) -> Request {
    let clean = |bytes: &[u8]| secrets.apply(&String::from_utf8_lossy(bytes)).into_bytes();
    let clean_header = |header: &Header| Header { name: header.name.clone(), value: clean(&header.value) };
    match request {
        Request::Raw(bytes) => Request::Raw(clean(bytes)),
        Request::Http(request) => Request::Http(HttpRequest {
            method: request.method.clone(),
            target: secrets.apply(&request.target),
            headers: request.headers.iter().map(clean_header).collect(),
            body: request.body.as_deref().map(clean),
        }),
    }
}
