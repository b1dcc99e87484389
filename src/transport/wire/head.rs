//! The head of an answer: status line and headers (RFC 9112 §4 and §5), read by httparse.

use std::mem::MaybeUninit;

use httparse::{ParserConfig, Status};

use super::Broken;
use crate::exchange::{Header, Response};

/// More header lines than this are not read.
pub(super) const MAX_HEADERS: usize = 1024;

/// Reads a head from the beginning of `bytes`: the answer without its body, and the length of the head. `None` if it is
/// not all there yet. An error is final. Folded header lines (RFC 9112 §5.2) are malformed.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Response, usize)>, Broken> {
    // httparse skips empty lines before the status line; RFC 9112 §2.2 grants that to requests only.
    if let [b'\r' | b'\n', ..] = bytes {
        return Err(Broken::malformed("an empty line before the status line"));
    }
    let mut slots = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut head, bytes, &mut slots);
    let length = match parsed {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Broken::too_large(format!("more than {MAX_HEADERS} headers")));
        }
        Err(error) => return Err(Broken::malformed(error.to_string())),
    };
    let status = head.code.unwrap_or_default();
    if status < 100 {
        return Err(Broken::malformed(format!("status {status:03}")));
    }
    let header = |header: &httparse::Header<'_>| Header::new(header.name.to_owned(), header.value.trim_ascii());
    let headers = head.headers.iter().map(header).collect();
    let (version, reason) = (head.version.unwrap_or_default(), head.reason.unwrap_or_default().to_owned());
    Ok(Some((Response { version, reason, ..Response::new(status, headers, Vec::new()) }, length)))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::exchange::Breakage;
    use crate::vectors::vectors;

    #[test]
    fn an_invalid_head_is_malformed() {
        for head in vectors::<String>("no_heads") {
            let broken = parse(head.as_bytes()).expect_err("no head");
            assert_eq!(broken.breakage, Breakage::Malformed, "{head:?}");
        }
    }
}
