//! What hostile and broken targets do with one request, each as the bytes that they send.
//!
//! A deed gets the request's connection and says how the connection goes on. Nothing here knows what is right.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use crate::harness::tls::Stream;
use crate::harness::*;

pub type Deed = Arc<dyn Fn(&Asked, &mut Stream) -> Reaction + Send + Sync>;

/// A deed, and what a run is expected to find: words of the finding (`|` between alternatives), or the requirement.
pub struct Row {
    pub name: &'static str,
    pub expected: &'static str,
    pub deed: Deed,
}

/// Rows of which the same is expected.
fn alike<const N: usize>(expected: &'static str, rows: [(&'static str, Deed); N]) -> Vec<Row> {
    rows.map(|(name, deed)| Row { name, expected, deed }).into()
}

/// How a good client refuses a path that it does not have.
const REFUSAL: &str =
    r#"{"meta":{"version":"v2.37.1","api_status":"stable"},"errors":[{"code":1006,"title":"Resource not found"}]}"#;

fn refused(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("404 Not Found", headers, body)
}

/// The refusal with something in the place of its title.
fn refusal_titled(title: impl AsRef<[u8]>) -> Deed {
    let (before, after) = REFUSAL.split_once("\"Resource not found\"").expect("a title");
    send(refused("", [before.as_bytes(), title.as_ref(), after.as_bytes()].concat()))
}

const HEAD: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n";

fn head(rest: impl AsRef<str>) -> String {
    format!("{HEAD}{}", rest.as_ref())
}

fn chunked(rest: impl AsRef<str>) -> String {
    head(format!("Transfer-Encoding: chunked\r\n\r\n{}", rest.as_ref()))
}

/// An answer with the refusal as its body, and with a length that may be wrong.
fn of_length(length: &str) -> String {
    head(format!("Content-Length: {length}\r\n\r\n{REFUSAL}"))
}

fn deed(deed: impl Fn(&Asked, &mut Stream) -> Reaction + Send + Sync + 'static) -> Deed {
    Arc::new(deed)
}

fn then(stream: &mut Stream, bytes: impl AsRef<[u8]>, reaction: Reaction) -> Reaction {
    write(stream, bytes);
    reaction
}

/// Sends what is made for it, and closes.
pub fn making(bytes: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Deed {
    deed(move |_, stream| then(stream, bytes(), Reaction::Drop))
}

fn send(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Deed {
    deed(move |_, stream| then(stream, &bytes, Reaction::Drop))
}

/// Sends these bytes and keeps the connection open until the client leaves.
fn send_and_hold(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Deed {
    deed(move |_, stream| {
        write(stream, &bytes);
        hold(stream);
        Reaction::Drop
    })
}

/// Sends the same bytes again and again, for as long as the client takes them.
fn for_ever(first: impl AsRef<[u8]> + Send + Sync + 'static, again: &'static [u8]) -> Deed {
    deed(move |_, stream| {
        let begun = Instant::now();
        write(stream, &first);
        while stream.write_all(again).is_ok() && begun.elapsed() < PATIENCE {}
        Reaction::Drop
    })
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

/// One for each part of an answer; in how many ways a target can be slow there is tested in `wire_limits`.
pub fn slow() -> Vec<Row> {
    let rows = [
        ("the time limit passed before the first byte", "says nothing", send_and_hold("")),
        ("the time limit passed inside the head", "stops in the headers", send_and_hold(HEAD)),
        ("the time limit passed inside the body", "stops in the body", send_and_hold(of_length("5000"))),
    ];
    rows.map(|(expected, name, deed)| Row { name, expected, deed }).into()
}

/// More places where an answer can break off are tested in `wire`.
pub fn broken_off() -> Vec<Row> {
    let reset = |_: &Asked, stream: &mut Stream| {
        server::ends_with_a_reset(&stream.socket);
        Reaction::Drop
    };
    let rows = [
        ("closes without a byte", send("")),
        ("resets without a byte", deed(reset)),
        ("closes in the headers", send(head("Content-Le"))),
        ("closes in the body", send(of_length("5000"))),
    ];
    alike("the connection was closed", rows)
}

pub fn endless() -> Vec<Row> {
    let text = head("Content-Length: 100000100\r\n\r\n{\"errors\":[{\"code\":1006,\"title\":\"");
    let long = head(format!("Content-Length: {}\r\n\r\n", "9".repeat(4000)));
    let false_length = head("Content-Length: 18446744073709551615\r\n\r\n");
    let rows = [
        ("an endless body", for_ever(head("\r\n"), &[b' '; 65536])),
        ("an endless body of a false length", for_ever(false_length, &[b' '; 65536])),
        ("a length beyond all numbers", send_and_hold(long)),
        ("endless chunks", for_ever(chunked(""), b"4\r\n    \r\n4\r\n    \r\n")),
        ("an endless chunk extension", for_ever(chunked("1;"), &[b'x'; 4096])),
        ("endless trailers", for_ever(chunked("0\r\n"), b"X-Trailer: x\r\n")),
        ("endless headers", for_ever(HEAD, b"X-Header: x\r\nX-Header: y\r\n")),
        ("100 000 headers", send(refused(&"X: y\r\n".repeat(100_000), REFUSAL))),
        ("an endless header", for_ever(head("X: "), &[b'x'; 65536])),
        ("endless interim answers", for_ever("", b"HTTP/1.1 102 Processing\r\n\r\n")),
        ("a chunk size beyond all numbers", send(chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"))),
        ("a string of 100 MB", for_ever(text, &[b'a'; 65536])),
    ];
    alike("larger than what is read|time limit passed", rows)
}

/// One for each part of the reader; what each of them refuses is tested in `wire` and beside its source.
pub fn no_http() -> Vec<Row> {
    let rows = [
        ("garbage", send(b"\x00\xff\xfe\x80garbage\r\n\r\n".repeat(40))),
        ("HTTP/2 settings", send(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64")),
        ("a status of two digits", send("HTTP/1.1 44 No\r\nContent-Length: 0\r\n\r\n")),
        ("a NUL in a header", send(refused("X: a\0b\r\n", REFUSAL))),
        ("two lengths", send(refused("Content-Length: 7\r\n", REFUSAL))),
        ("a chunk longer than its size", send(chunked(format!("2\r\n{REFUSAL}\r\n0\r\n\r\n")))),
    ];
    alike("is not HTTP/1.x", rows)
}

/// Whole answers that are wrong, with the requirement of level must that each breaks.
pub fn wrong() -> Vec<Row> {
    let twice = |_: &Asked, stream: &mut Stream| then(stream, refused("", REFUSAL).repeat(2), Reaction::Keep);
    let redirect = |asked: &Asked, stream: &mut Stream| {
        then(stream, answer("302 Found", &format!("Location: {}\r\n", asked.target), "{}"), Reaction::Keep)
    };
    let arrays = ["[".repeat(900_000), "]".repeat(900_000)].concat();
    let objects = ["{\"a\":".repeat(100_000), "1".to_owned(), "}".repeat(100_000)].concat();
    let errors = format!("{{\"errors\":[{}]}}", vec!["{}"; 500_000].join(","));
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chess\r\nConnection: Upgrade\r\n\r\n";
    let trace = r#"{"errors":[{"code":1014,"title":"panicked at src/main.rs:1"}]}"#;
    let page = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
    let rows = [
        ("envelope.one-answer", "a length shorter than the body", send(of_length("20"))),
        ("envelope.one-answer", "two answers at once", deed(twice)),
        ("envelope.one-answer", "no content, and content", send(format!("HTTP/1.1 204 No\r\n\r\n{REFUSAL}"))),
        ("envelope.json", "a gzip bomb", send(refused("Content-Encoding: gzip\r\n", gzip_bomb(1 << 20)))),
        ("envelope.json", "bytes that are no UTF-8", refusal_titled(b"\"\xff\xfe\xc0\x80\"")),
        ("envelope.json", "a lone surrogate's bytes", refusal_titled(b"\"\xed\xa0\x80\"")),
        ("envelope.json", "arrays nested a million deep", refusal_titled("[".repeat(1_000_000))),
        ("envelope.json", "closed arrays nested deep", refusal_titled(arrays)),
        ("envelope.json", "objects nested a hundred thousand deep", refusal_titled(objects)),
        ("envelope.json", "NaN", refusal_titled("NaN")),
        ("envelope.json", "half a document", send(refused("", &REFUSAL[..60]))),
        ("envelope.json", "two documents", send(refused("", REFUSAL.repeat(2)))),
        ("envelope.json", "a byte order mark", send(refused("", format!("\u{feff}{REFUSAL}")))),
        ("envelope.error-shape", "half a million errors without a code", send(refused("", errors))),
        ("envelope.unknown-path-refused", "a redirect to itself", deed(redirect)),
        ("envelope.unknown-path-refused", "a change of protocols", send_and_hold(switch)),
        ("envelope.no-trace", "a crash with its trace", send(answer("500 Oops", "", trace))),
        ("envelope.no-crash", "a crash page", send(page)),
    ];
    rows.map(|(expected, name, deed)| Row { name, expected, deed }).into()
}

/// Strange answers that no rule of level must forbids.
pub fn strange() -> Vec<Row> {
    let length = REFUSAL.len();
    let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n";
    let chunks = format!("{length:x};ext=\"a\"\r\n{REFUSAL}\r\n0\r\nX-Trailer: x\r\n\r\n");
    let both = head(format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));
    let line_feeds = head(format!("Content-Length: {length}\r\n\r\n")).replace("\r\n", "\n");
    let more = |members: String| send(refused("", REFUSAL.replacen('{', &format!("{{{members},"), 1)));
    let numbers = format!("\"more\":[{}]", vec!["1"; 500_000].join(","));
    let members: Vec<String> = (0..100_000).map(|number| format!("\"m{number}\":0")).collect();
    let twice = REFUSAL.replacen("\"code\":1006", "\"code\":1006,\"code\":1000", 1);
    let terminal = REFUSAL.replacen("Resource not found", "\\u001b[2J\u{202e}\u{9b}31m", 1);
    let byte_by_byte = |_: &Asked, stream: &mut Stream| {
        refused("", REFUSAL).iter().for_each(|byte| write(stream, [*byte]));
        Reaction::Keep
    };
    let rows = [
        ("interim answers first", send([interim.as_slice(), &refused("", REFUSAL)].concat())),
        ("keep-alive, and closes", send(refused("Connection: keep-alive\r\n", REFUSAL))),
        ("both framings", send(both)),
        ("one byte of a quick answer at a time", deed(byte_by_byte)),
        ("lines that end with a line feed alone", send(format!("{line_feeds}{REFUSAL}"))),
        ("HTTP/1.0 without a length", send(head(format!("\r\n{REFUSAL}")).replacen("HTTP/1.1", "HTTP/1.0", 1))),
        ("members that are there twice", send(refused("", twice))),
        ("half a million numbers in a member of its own", more(numbers)),
        ("a hundred thousand members of its own", more(members.join(","))),
        ("what controls a terminal", send(refused("", terminal.replacen("1006", "1000", 1)))),
    ];
    alike("", rows)
}
