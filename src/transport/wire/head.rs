//! The head of an answer: status line and headers (RFC 9112 §4 and §5), read by httparse.

use std::mem::MaybeUninit;

use httparse::{EMPTY_HEADER, ParserConfig, Status};

use super::Broken;
use crate::exchange::Header;

/// Enough for nearly every answer, and small enough for the stack.
const USUAL_HEADERS: usize = 64;

/// More header lines than this are not read.
pub(super) const MAX_HEADERS: usize = 1024;

#[derive(Debug)]
pub(super) struct Head {
    /// The minor version, 0 or 1.
    pub version: u8,
    /// 100 to 999.
    pub status: u16,
    pub reason: String,
    pub headers: Vec<Header>,
    /// How many bytes it took, empty line included.
    pub bytes: usize,
}

impl Head {
    /// The values of all headers of that name, in order.
    pub fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        let named = self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value.as_slice())
    }

    /// The items of a list header (RFC 9110 §5.6.1), empty ones included.
    pub fn items<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.values(name).flat_map(|value| value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
    }
}

/// Reads a head from the beginning of `bytes`; `None` when it is not all there. An error means that it cannot become a
/// head whatever follows. Folded header lines, which RFC 9112 §5.2 forbids to send, are malformed.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head>, Broken> {
    // httparse skips empty lines before the status line; RFC 9112 §2.2 grants that to requests only.
    if let [b'\r' | b'\n', ..] = bytes {
        return Err(Broken::malformed("an empty line before the status line"));
    }
    let mut slots = [const { MaybeUninit::uninit() }; USUAL_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parser = ParserConfig::default();
    match parser.parse_response_with_uninit_headers(&mut response, bytes, &mut slots) {
        Err(httparse::Error::TooManyHeaders) => {}
        other => return finish(&response, other),
    }
    let mut slots = vec![EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut slots);
    let parsed = response.parse(bytes);
    finish(&response, parsed)
}

fn finish(
    response: &httparse::Response<'_, '_>,
    parsed: Result<Status<usize>, httparse::Error>,
) -> Result<Option<Head>, Broken> {
    let bytes = match parsed {
        Ok(Status::Complete(bytes)) => bytes,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Broken::too_large(format!("more than {MAX_HEADERS} headers")));
        }
        Err(error) => return Err(Broken::malformed(error.to_string())),
    };
    let status = response.code.unwrap_or_default();
    if status < 100 {
        return Err(Broken::malformed(format!("status {status:03}")));
    }
    let header = |header: &httparse::Header<'_>| Header::new(header.name.to_owned(), header.value.trim_ascii());
    Ok(Some(Head {
        version: response.version.unwrap_or_default(),
        status,
        reason: response.reason.unwrap_or_default().to_owned(),
        headers: response.headers.iter().map(header).collect(),
        bytes,
    }))
}

#[cfg(test)]
mod tests {
    use super::{MAX_HEADERS, parse};
    use crate::exchange::Breakage;

    #[test]
    fn a_head_is_read_as_it_is_once_it_is_all_there() {
        let whole = b"HTTP/1.0 404 No such\r\nX-a:  one two\t\r\nx-A:\r\n\r\nrest";
        let head = parse(whole).unwrap().unwrap();
        assert_eq!((head.version, head.status, head.reason.as_str(), head.bytes), (0, 404, "No such", 46));
        let headers: Vec<_> = head.headers.iter().map(|h| (&*h.name, h.value.as_slice())).collect();
        assert_eq!(headers, [("X-a", &b"one two"[..]), ("x-A", &b""[..])]);
        for end in 0..head.bytes {
            assert!(parse(&whole[..end]).unwrap().is_none(), "{end}");
        }
    }

    #[test]
    fn an_invalid_head_is_malformed() {
        for bytes in [
            &b"HTTP/2.0 200 OK\r\n\r\n"[..],
            b"HTTP/1.2 200 OK\r\n\r\n",
            b"http/1.1 200 OK\r\n\r\n",
            b"\r\nHTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 099 OK\r\n\r\n",
            b"HTTP/1.1 2000 OK\r\n\r\n",
            b"HTTP/1.1  200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            b"hello",
            b"\x15\x03\x01\x00\x02\x02\x46",
        ] {
            let broken = parse(bytes).expect_err("no head");
            assert_eq!(broken.breakage, Breakage::Malformed, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn many_headers_are_read_and_too_many_are_not() {
        let with = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(count)).into_bytes();
        assert_eq!(parse(&with(MAX_HEADERS)).unwrap().unwrap().headers.len(), MAX_HEADERS);
        assert_eq!(parse(&with(MAX_HEADERS + 1)).unwrap_err().breakage, Breakage::TooLarge);
    }
}
