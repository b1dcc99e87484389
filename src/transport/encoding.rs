//! Answers that come compressed although no request asks for it.
//!
//! A target may do so (RFC 9110 §12.5.3), and then the plain body is what is judged. What a request asks for stays as it came.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use crate::exchange::{Exchange, Request};

/// A plain body is no longer than this, in bytes.
const LONGEST: u64 = 2 * 1024 * 1024;

/// Undoes `Content-Encoding: gzip` and counts where it did. A body that is not what it says stays as it came.
pub(super) fn decoded(mut exchange: Exchange, count: &AtomicU64) -> Exchange {
    let asks = match &exchange.request {
        Request::Http(request) => request.header("Accept-Encoding").is_some(),
        Request::Raw(bytes) => bytes.to_ascii_lowercase().windows(15).any(|window| window == b"accept-encoding"),
    };
    let Ok(response) = &mut exchange.outcome else { return exchange };
    let is_gzip = response.header_text("Content-Encoding").is_some_and(|coding| {
        let coding = coding.trim();
        coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")
    });
    let mut plain = Vec::new();
    let is_decoded = !asks
        && is_gzip
        && MultiGzDecoder::new(&response.body[..]).take(LONGEST + 1).read_to_end(&mut plain).is_ok()
        && plain.len() as u64 <= LONGEST;
    if is_decoded {
        response.body = plain.into();
        count.fetch_add(1, Ordering::Relaxed);
    }
    exchange
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::exchange::{Header, HttpRequest, Response};

    #[test]
    fn only_what_nobody_asked_for_is_undone_and_within_bounds() {
        let zipped = |plain: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(plain).expect("memory");
            encoder.finish().expect("memory")
        };
        let bomb = zipped(&vec![b' '; LONGEST as usize + 1]);
        for (what, asks, coding, body, expected) in [
            ("unasked", false, "gzip", zipped(b"{}"), &b"{}"[..]),
            ("by the old name", false, "X-GZip", zipped(b"{}"), b"{}"),
            ("asked for", true, "gzip", zipped(b"{}"), &zipped(b"{}")),
            ("another coding", false, "br", zipped(b"{}"), &zipped(b"{}")),
            ("not what it says", false, "gzip", b"{}".to_vec(), b"{}"),
            ("too long", false, "gzip", bomb.clone(), &bomb),
        ] {
            let asked: &[(&str, &str)] = if asks { &[("Accept-Encoding", "gzip")] } else { &[] };
            let request = HttpRequest::of("GET", "/", asked, "");
            let headers = vec![Header::new("Content-Encoding", coding)];
            let answer = Response::new(200, headers, body.clone());
            let count = AtomicU64::default();
            let exchange = decoded(Exchange::answered(request, answer), &count);
            assert_eq!(count.into_inner(), u64::from(expected != body), "{what}");
            assert_eq!(*exchange.response().expect("an answer").body, *expected, "{what}");
        }
    }
}
