//! What hostile and broken targets do with one request, each as the bytes that they send.
//!
//! A deed gets the request's connection and says what becomes of it. Nothing here knows what is right.

use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::server::PATIENCE;
use crate::harness::tls::Stream;
use crate::harness::{Asked, Reaction, answer, hold, server, write};

/// Does something with one request.
pub type Deed = fn(&Asked, &mut Stream) -> Reaction;

/// How a good client refuses a path that it does not have.
pub const REFUSAL: &str =
    r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1006,"title":"Resource not found"}]}"#;

/// The good refusal as a whole answer.
pub fn refusal() -> Vec<u8> {
    answer("404 Not Found", "", REFUSAL)
}

/// The refusal with something in the place of its title's text.
fn refusal_titled(title: impl AsRef<[u8]>) -> Vec<u8> {
    let (before, after) = REFUSAL.split_once("\"Resource not found\"").expect("a title");
    let body = [before.as_bytes(), title.as_ref(), after.as_bytes()].concat();
    answer("404 Not Found", "", body)
}

/// Sends these bytes and closes.
fn send(stream: &mut Stream, bytes: impl AsRef<[u8]>) -> Reaction {
    write(stream, bytes);
    Reaction::Drop
}

/// Sends these bytes and keeps the connection open until the client leaves.
fn send_and_hold(stream: &mut Stream, bytes: impl AsRef<[u8]>) -> Reaction {
    write(stream, bytes);
    hold(stream);
    Reaction::Drop
}

/// Sends the same bytes again and again, for as long as the client takes them.
fn for_ever(stream: &mut Stream, first: impl AsRef<[u8]>, again: &[u8]) -> Reaction {
    let begun = Instant::now();
    write(stream, first);
    while stream.write_all(again).is_ok() && begun.elapsed() < PATIENCE {}
    Reaction::Drop
}

/// Sends a byte, waits, sends a byte.
fn drip(stream: &mut Stream, bytes: &[u8]) -> Reaction {
    let begun = Instant::now();
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() || begun.elapsed() > PATIENCE {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    Reaction::Drop
}

const OK_HEAD: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n";

fn with_head(rest: &str) -> String {
    format!("{OK_HEAD}{rest}")
}

/// The beginning of a gzip stream of zeros, 200 times as long unpacked: a literal, then the longest match again and again
/// (RFC 1951 §3.2.6, fixed codes).
fn gzip_bomb(length: usize) -> Vec<u8> {
    const LAST_BLOCK_FIXED_CODES: &str = "110";
    const LITERAL_ZERO: &str = "00110000";
    const LENGTH_258_DISTANCE_1: &str = "1100010100000";
    let bits = [LAST_BLOCK_FIXED_CODES, LITERAL_ZERO, &LENGTH_258_DISTANCE_1.repeat(16)].concat();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
    let packed: Vec<u8> = bits.as_bytes().chunks_exact(8).map(byte).collect();
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    // From the third byte on the matches repeat with a period of 13 bytes.
    let mut bytes = [&header, &packed[..2]].concat();
    bytes.extend(packed[2..15].iter().cycle().take(length));
    bytes
}

fn bomb(_: &Asked, stream: &mut Stream) -> Reaction {
    send(stream, answer("404 Not Found", "Content-Encoding: gzip\r\n", gzip_bomb(1 << 20)))
}

/// Silence and slowness.
pub const SLOW: [(&str, Deed); 6] = [
    ("says nothing", |_, stream| send_and_hold(stream, "")),
    ("one byte of the status line at a time", |_, stream| drip(stream, b"HTTP/1.1 404 Not Found and so on and on ")),
    ("one byte of the headers at a time", |_, stream| {
        write(stream, OK_HEAD);
        drip(stream, b"X: y\r\n")
    }),
    ("one byte of the body at a time", |_, stream| {
        write(stream, with_head("Content-Length: 100000\r\n\r\n"));
        drip(stream, b" ")
    }),
    ("one chunk of one byte at a time", |_, stream| {
        write(stream, with_head("Transfer-Encoding: chunked\r\n\r\n"));
        drip(stream, b"1\r\n \r\n")
    }),
    ("promises more than it sends, and waits", |_, stream| {
        send_and_hold(stream, with_head(&format!("Content-Length: 5000\r\n\r\n{REFUSAL}")))
    }),
];

/// Answers that break off.
pub const BROKEN_OFF: [(&str, Deed); 9] = [
    ("closes without a byte", |_, _| Reaction::Drop),
    ("resets without a byte", |_, stream| {
        server::ends_with_a_reset(stream.socket());
        Reaction::Drop
    }),
    ("closes in the status line", |_, stream| send(stream, "HTTP/1.1 40")),
    ("closes in the headers", |_, stream| send(stream, with_head("Content-Le"))),
    ("closes after the headers", |_, stream| send(stream, with_head("Content-Length: 9\r\n\r\n"))),
    ("closes in the body", |_, stream| send(stream, with_head(&format!("Content-Length: 5000\r\n\r\n{REFUSAL}")))),
    ("closes in a chunk", |_, stream| send(stream, with_head("Transfer-Encoding: chunked\r\n\r\n40\r\n{\"meta\""))),
    ("closes before the last chunk", |_, stream| {
        let length = REFUSAL.len();
        send(stream, with_head(&format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{REFUSAL}\r\n")))
    }),
    ("closes after an interim answer", |_, stream| send(stream, "HTTP/1.1 100 Continue\r\n\r\n")),
];

/// More than anybody can read.
pub const ENDLESS: [(&str, Deed); 12] = [
    ("an endless body", |_, stream| for_ever(stream, with_head("\r\n"), &[b' '; 65536])),
    ("an endless body of a false length", |_, stream| {
        for_ever(stream, with_head("Content-Length: 18446744073709551615\r\n\r\n"), &[b' '; 65536])
    }),
    ("a length beyond all numbers", |_, stream| {
        send_and_hold(stream, with_head(&format!("Content-Length: {}\r\n\r\n", "9".repeat(4000))))
    }),
    ("endless chunks", |_, stream| {
        for_ever(stream, with_head("Transfer-Encoding: chunked\r\n\r\n"), b"4\r\n    \r\n4\r\n    \r\n")
    }),
    ("an endless chunk extension", |_, stream| {
        for_ever(stream, with_head("Transfer-Encoding: chunked\r\n\r\n1;"), &[b'x'; 4096])
    }),
    ("endless trailers", |_, stream| {
        for_ever(stream, with_head("Transfer-Encoding: chunked\r\n\r\n0\r\n"), b"X-Trailer: x\r\n")
    }),
    ("endless headers", |_, stream| for_ever(stream, OK_HEAD, b"X-Header: x\r\nX-Header: y\r\n")),
    ("100 000 headers", |_, stream| {
        let headers = "X: y\r\n".repeat(100_000);
        send(stream, answer("404 Not Found", &headers, REFUSAL))
    }),
    ("an endless header", |_, stream| for_ever(stream, with_head("X: "), &[b'x'; 65536])),
    ("endless interim answers", |_, stream| for_ever(stream, "", b"HTTP/1.1 102 Processing\r\n\r\n")),
    ("a chunk size beyond all numbers", |_, stream| {
        send(stream, with_head("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n"))
    }),
    ("a string of 100 MB", |_, stream| {
        write(stream, with_head("Content-Length: 100000100\r\n\r\n{\"errors\":[{\"code\":1006,\"title\":\""));
        for_ever(stream, "", &[b'a'; 65536])
    }),
];

/// What is no HTTP/1.x, or contradicts itself.
pub const NO_HTTP: [(&str, Deed); 16] = [
    ("HTTP/0.9", |_, stream| send(stream, REFUSAL)),
    ("garbage", |_, stream| send(stream, b"\x00\xff\xfe\x80garbage\r\n\r\n".repeat(40))),
    ("another protocol's greeting", |_, stream| send(stream, "SSH-2.0-OpenSSH_9.6\r\n")),
    ("HTTP/2 settings", |_, stream| send(stream, b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64")),
    ("a TLS alert", |_, stream| send(stream, b"\x15\x03\x03\x00\x02\x02\x46")),
    ("an HTML page without a head", |_, stream| send(stream, "<html><body>504</body></html>")),
    ("a status of two digits", |_, stream| send(stream, "HTTP/1.1 44 No\r\nContent-Length: 0\r\n\r\n")),
    ("a status of four digits", |_, stream| send(stream, "HTTP/1.1 4040 No\r\nContent-Length: 0\r\n\r\n")),
    ("a NUL in a header", |_, stream| send(stream, answer("404 Not Found", "X: a\0b\r\n", REFUSAL))),
    ("a folded header without a name", |_, stream| send(stream, answer("404 Not Found", " : x\r\n", REFUSAL))),
    ("two lengths", |_, stream| send(stream, answer("404 Not Found", "Content-Length: 7\r\n", REFUSAL))),
    ("a negative length", |_, stream| send(stream, with_head(&format!("Content-Length: -1\r\n\r\n{REFUSAL}")))),
    ("a length in hex", |_, stream| send(stream, with_head(&format!("Content-Length: 0x6b\r\n\r\n{REFUSAL}")))),
    ("a chunk size that is no number", |_, stream| {
        send(stream, with_head("Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"))
    }),
    ("a chunk longer than its size", |_, stream| {
        send(stream, with_head(&format!("Transfer-Encoding: chunked\r\n\r\n2\r\n{REFUSAL}\r\n0\r\n\r\n")))
    }),
    ("chunked twice", |_, stream| {
        send(stream, with_head("Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
    }),
];

/// Whole answers that are wrong, each with the requirement of level must that it breaks.
pub const WRONG: [(&str, &str, Deed); 18] = [
    ("a length shorter than the body", "envelope.one-answer", |_, stream| {
        send(stream, with_head(&format!("Content-Length: 20\r\n\r\n{REFUSAL}")))
    }),
    ("two answers at once", "envelope.one-answer", |_, stream| {
        write(stream, [refusal(), refusal()].concat());
        Reaction::Keep
    }),
    ("no content, and content", "envelope.one-answer", |_, stream| {
        send(stream, format!("HTTP/1.1 204 No Content\r\n\r\n{REFUSAL}"))
    }),
    ("a gzip bomb", "envelope.json", bomb),
    ("bytes that are no UTF-8", "envelope.json", |_, stream| send(stream, refusal_titled(b"\"\xff\xfe\xc0\x80\""))),
    ("a lone surrogate's bytes", "envelope.json", |_, stream| send(stream, refusal_titled(b"\"\xed\xa0\x80\""))),
    ("arrays nested a million deep", "envelope.json", |_, stream| send(stream, refusal_titled("[".repeat(1_000_000)))),
    ("closed arrays nested a million deep", "envelope.json", |_, stream| {
        send(stream, refusal_titled(["[".repeat(900_000), "]".repeat(900_000)].concat()))
    }),
    ("objects nested a hundred thousand deep", "envelope.json", |_, stream| {
        send(stream, refusal_titled(["{\"a\":".repeat(100_000), "1".to_owned(), "}".repeat(100_000)].concat()))
    }),
    ("NaN", "envelope.json", |_, stream| send(stream, refusal_titled("NaN"))),
    ("half a document", "envelope.json", |_, stream| send(stream, answer("404 Not Found", "", &REFUSAL[..60]))),
    ("two documents", "envelope.json", |_, stream| {
        send(stream, answer("404 Not Found", "", format!("{REFUSAL}{REFUSAL}")))
    }),
    ("a byte order mark", "envelope.json", |_, stream| {
        send(stream, answer("404 Not Found", "", format!("\u{feff}{REFUSAL}")))
    }),
    ("half a million errors without a code", "envelope.error-shape", |_, stream| {
        let errors = vec!["{}"; 500_000].join(",");
        send(stream, answer("404 Not Found", "", format!("{{\"errors\":[{errors}]}}")))
    }),
    ("a redirect to itself", "envelope.unknown-path-refused", |asked, stream| {
        let location = format!("Location: {}\r\n", asked.target);
        write(stream, answer("302 Found", &location, "{}"));
        Reaction::Keep
    }),
    ("a change of protocols", "envelope.unknown-path-refused", |_, stream| {
        send_and_hold(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chess\r\nConnection: Upgrade\r\n\r\n")
    }),
    ("a crash with its trace", "envelope.no-trace", |_, stream| {
        send(stream, answer("500 Oops", "", r#"{"errors":[{"code":1014,"title":"panicked at src/main.rs:1"}]}"#))
    }),
    ("a crash page", "envelope.no-crash", |_, stream| {
        send(stream, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")
    }),
];

/// Strange answers that no rule of level must forbids.
pub const STRANGE: [(&str, Deed); 10] = [
    ("interim answers first", |_, stream| {
        let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n";
        send(stream, [interim.as_slice(), &refusal()].concat())
    }),
    ("keep-alive, and closes", |_, stream| {
        send(stream, answer("404 Not Found", "Connection: keep-alive\r\n", REFUSAL))
    }),
    ("both framings", |_, stream| {
        let length = REFUSAL.len();
        let chunks = format!("{length:x};ext=\"a\"\r\n{REFUSAL}\r\n0\r\nX-Trailer: x\r\n\r\n");
        send(stream, with_head(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")))
    }),
    ("one byte of a quick answer at a time", |_, stream| {
        for byte in refusal() {
            write(stream, [byte]);
        }
        Reaction::Keep
    }),
    ("lines that end with a line feed alone", |_, stream| {
        let head = with_head(&format!("Content-Length: {}\r\n\r\n", REFUSAL.len())).replace("\r\n", "\n");
        send(stream, format!("{head}{REFUSAL}"))
    }),
    ("HTTP/1.0 without a length", |_, stream| {
        send(stream, format!("HTTP/1.0 404 Not Found\r\nContent-Type: application/json\r\n\r\n{REFUSAL}"))
    }),
    ("members that stand twice", |_, stream| {
        send(stream, answer("404 Not Found", "", REFUSAL.replacen("\"code\":1006", "\"code\":1006,\"code\":1000", 1)))
    }),
    ("half a million numbers in a member of its own", |_, stream| {
        let numbers = vec!["1"; 500_000].join(",");
        send(stream, answer("404 Not Found", "", REFUSAL.replacen('{', &format!("{{\"more\":[{numbers}],"), 1)))
    }),
    ("a hundred thousand members of its own", |_, stream| {
        let members: Vec<String> = (0..100_000).map(|number| format!("\"m{number}\":0")).collect();
        send(stream, answer("404 Not Found", "", REFUSAL.replacen('{', &format!("{{{},", members.join(",")), 1)))
    }),
    ("what drives a terminal", |_, stream| {
        let body = REFUSAL.replacen("Resource not found", "\\u001b[2J\u{202e}\u{9b}31m", 1);
        send(stream, answer("404 Not Found", "", body.replacen("1006", "1000", 1)))
    }),
];
