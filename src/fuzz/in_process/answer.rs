//! The judge on any answer that an HTTP server can send.

use super::ORACLES;
use crate::documented::api::Operation;
use crate::exchange::{Exchange, Header, Response};
use crate::fuzz::grammar::RequestParts;
use crate::words;

/// The judge is total, says the same twice, and sees what a naive reading sees. An input is two bytes for the status,
/// then fields up to an empty line, then the body.
pub fn answer(input: &[u8]) {
    let [high, low, rest @ ..] = input else { return };
    let status = 200 + u16::from_be_bytes([*high, *low]) % 800;
    let end = rest.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((&b""[..], rest), |end| (&rest[..end], &rest[end + 2..]));
    let field = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some(Header::new(String::from_utf8_lossy(&line[..colon]).into_owned(), &line[colon + 1..]))
    };
    let request = RequestParts::of(Operation::LogIn)
        .basic("admin", SENT_PASSWORD)
        .json(format!(r#"{{"new_password":"{SENT_NEW_PASSWORD}"}}"#))
        .request("localhost", "");
    let headers = head.split(|byte| *byte == b'\n').filter_map(field).collect();
    let exchange = Exchange::of(request, Ok(Response::new(status, headers, body)));
    ORACLES.with(|oracles| {
        let judgement = oracles.judge("fuzz", &exchange);
        assert_eq!(judgement, oracles.judge("fuzz", &exchange));
        for finding in &judgement.findings {
            let shown = words::all_observed(finding).len() + words::all_expected(finding).len();
            assert!(!finding.mismatches.is_empty() && shown < 1 << 20, "{}", finding.requirement);
        }
        let Some(response) = exchange.response() else { return };
        for (requirement, broken) in naive(response) {
            let found = judgement.findings.iter().any(|finding| finding.requirement == requirement);
            assert_eq!(found, broken.unwrap_or(found), "{requirement} on {}", response.body.escape_ascii());
        }
    });
}

/// `admin:Sesame-123`, as the request that is judged sends it.
const SENT_CODE: &str = "YWRtaW46U2VzYW1lLTEyMw==";
const SENT_PASSWORD: &str = "Sesame-123";
const SENT_NEW_PASSWORD: &str = "Abcdef1!";

/// Which oracles an answer breaks, read off its bytes; `None` where bytes do not say.
fn naive(response: &Response) -> [(&'static str, Option<bool>); 6] {
    let lacks = |name: &str| !response.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let values = response.headers.iter().filter_map(|header| std::str::from_utf8(&header.value).ok());
    let anywhere = |text: &str| holds(&response.body, text) || values.clone().any(|value| value.contains(text));
    let echoed = [SENT_CODE, SENT_PASSWORD, SENT_NEW_PASSWORD].into_iter().any(anywhere);
    let crash = match response.status {
        ..500 => Some(false),
        // An excuse is a code in an object.
        _ if !holds(&response.body, "{") => Some(true),
        _ => None,
    };
    let bodiless = matches!(response.status, 204 | 304);
    let empty = response.body.is_empty() && response.status >= 300;
    let no_object = !(bodiless || empty || holds(&response.body, "{"));
    [
        ("envelope.challenge", Some(response.status == 401 && lacks("WWW-Authenticate"))),
        ("envelope.allow", (response.status != 405 || lacks("Allow")).then_some(response.status == 405)),
        ("envelope.no-secret-echoed", echoed.then_some(true)),
        ("envelope.no-crash", crash),
        ("envelope.json", no_object.then_some(true)),
        ("envelope.answered", Some(false)),
    ]
}
