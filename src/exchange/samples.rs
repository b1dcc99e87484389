//! Values for unit tests.

use super::{Breakage, Exchange, Header, HttpRequest, Manner, Phase, Request, Response, Unanswered};

impl HttpRequest {
    pub(crate) fn of(method: &'static str, target: &str, headers: &[(&'static str, &str)], body: &str) -> HttpRequest {
        let (method, target, headers) = (method.into(), target.to_owned(), list(headers));
        HttpRequest { method, target, headers, body: Some(body.into()), manner: Manner::Usual }
    }
}

impl Response {
    pub(crate) fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
        Response::new(status, list(headers), body)
    }
}

impl Exchange {
    pub(crate) fn answered(request: HttpRequest, response: Response) -> Exchange {
        Exchange::of(Request::Http(request), Ok(response))
    }

    pub(crate) fn broken_off(request: Request, breakage: Breakage, partial: &[u8]) -> Exchange {
        let (phase, detail, partial) = (Phase::Waiting, String::new(), partial.to_vec());
        Exchange::of(request, Err(Unanswered { breakage, phase, obstacle: None, detail, partial }))
    }
}

fn list(headers: &[(&'static str, &str)]) -> Vec<Header> {
    headers.iter().map(|(name, value)| Header::new(*name, *value)).collect()
}
