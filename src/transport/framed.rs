//! Whether the target and we agree where a request ends.
//!
//! Scenarios and the fuzzer may send requests that lie about their own length. On a connection that is reused, the
//! leftover bytes would be read as the beginning of the next request, and the wrong request would be judged.

use crate::exchange::{Header, HttpRequest, Request};

/// Whether every server that keeps to RFC 9112 §6.3 finds the end of this request where its bytes end, and keeps the
/// connection open after it. Only then may the connection be used before and after it for other requests.
///
/// Bytes that need not be HTTP, a `Content-Length` that is not the length of the body, any `Transfer-Encoding`,
/// control bytes in a header, `CONNECT`, and a `Connection` or `Upgrade` header make it false.
pub fn shares_connection(request: &Request) -> bool {
    let Request::Http(request) = request else { return false };
    has_clean_line(request) && request.headers.iter().all(is_harmless) && has_true_length(request)
}

fn has_clean_line(request: &HttpRequest) -> bool {
    let one_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte > b' ');
    one_word(&request.method) && one_word(&request.target) && request.method != "CONNECT"
}

fn is_harmless(header: &Header) -> bool {
    const HARMFUL: [&str; 4] = ["Transfer-Encoding", "Connection", "Upgrade", "Expect"];
    let name = header.name.trim();
    // Without an early exit the compiler checks many bytes at once.
    let one_line = |bytes: &[u8]| !bytes.iter().fold(false, |found, byte| found | matches!(byte, b'\r' | b'\n' | 0));
    one_line(header.name.as_bytes())
        && one_line(&header.value)
        && !HARMFUL.iter().any(|harmful| name.eq_ignore_ascii_case(harmful))
}

fn has_true_length(request: &HttpRequest) -> bool {
    let body = request.body.as_deref().unwrap_or_default().len();
    let mut lengths = request.headers.iter().filter(|header| header.name.trim().eq_ignore_ascii_case("Content-Length"));
    match (lengths.next(), lengths.next()) {
        // RFC 9112 §6.3: a request without either header has no body.
        (None, _) => body == 0,
        (Some(only), None) => {
            only.value.iter().all(u8::is_ascii_digit)
                && std::str::from_utf8(&only.value).ok().and_then(|text| text.parse().ok()) == Some(body)
        }
        (Some(_), Some(_)) => false,
    }
}
