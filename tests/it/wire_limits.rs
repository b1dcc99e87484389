//! Whatever a target does, an exchange ends within its limits and says which of them passed.

use std::io::{Read, Write};
use std::time::Duration;

use crate::harness::wire::*;
use crate::harness::*;
use wabizspec::exchange::{Breakage, Obstacle, Phase, Request};
use wabizspec::transport::Limits;
use wabizspec::transport::wire::Wire;

#[test]
fn a_target_that_is_not_there() {
    // RFC 6761 §6.4: `.invalid` never resolves.
    for (url, obstacle, words) in
        [(nobody(), Some(Obstacle::Refused), ""), ("http://nothing.invalid".to_owned(), None, "nothing.invalid")]
    {
        let exchange = run(Wire::new(url.parse().expect("an origin"), None, limits()).send(get("/")));
        assert_eq!(unanswered(&exchange), (Breakage::Unreachable, Phase::Connecting, String::new()));
        let why = failure(&exchange);
        assert!(why.detail.contains(words) && obstacle.is_none_or(|_| why.obstacle == obstacle), "{why}");
    }
}

fn large(mebibytes: usize) -> Request {
    request("POST", "/", Some(&vec![b'x'; mebibytes << 20]))
}

#[test]
fn a_target_that_answers_nothing() {
    let none = Limits { first_byte: Duration::ZERO, whole: Duration::ZERO, head_bytes: 0, body_bytes: 0, ..limits() };
    for (what, server, limits, request, breakage, phase) in [
        ("it reads", silent(), hasty(), get("/"), Breakage::TimedOut, Phase::Waiting),
        ("it does not read", serve(|_, stream| stall(stream)), hasty(), large(32), Breakage::TimedOut, Phase::Sending),
        ("it closes while it is sent to", once(""), limits(), large(8), Breakage::Closed, Phase::Sending),
        ("no time is given", silent(), none, get("/"), Breakage::TimedOut, Phase::Waiting),
    ] {
        let exchange = send_within(&server, limits, &request);
        assert_eq!(unanswered(&exchange), (breakage, phase, String::new()), "{what}: {}", detail(&exchange));
        assert!(!exchange.resent, "{what}");
        if what == "it reads" {
            assert_eq!(detail(&exchange), "150ms for the first byte");
            assert!(exchange.elapsed >= hasty().first_byte);
        }
    }
}

#[test]
fn a_target_that_stops_in_the_middle() {
    for (bytes, phase) in rows::<(String, Phase)>(include_str!("wire/answers.toml"), "stops") {
        let (server, paced) = answers(bytes.clone(), End::Wait(hasty().whole));
        let exchange = run_paced(paced, server.hasty_wire().send(get("/")));
        assert_eq!(unanswered(&exchange), (Breakage::TimedOut, phase, bytes));
        assert_eq!(detail(&exchange), "250ms for the whole answer");
        assert!(exchange.elapsed >= hasty().whole);
    }
}

/// Answers with `start` and then with `more` again and again, until the client is gone.
fn endless(start: &'static str, more: &'static str, pause: impl Fn() + Send + Sync + 'static) -> Server {
    serve(move |_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, start);
        while stream.write_all(more.as_bytes()).is_ok() {
            pause();
        }
    })
}

#[test]
fn a_byte_now_and_then_does_not_hold_off_the_limit() {
    for (start, more, phase) in [
        ("", "H", Phase::Head),
        ("HTTP/1.1 200 OK\r\nA: ", "b", Phase::Head),
        ("HTTP/1.1 200 OK\r\n\r\n", "b", Phase::Body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", Phase::Body),
    ] {
        let (pace, paced) = pace();
        let server = endless(start, more, move || {
            pace.settle();
            pace.pass(hasty().whole / 3);
        });
        let exchange = run_paced(paced, server.hasty_wire().send(get("/")));
        let (breakage, at, partial) = unanswered(&exchange);
        // "HH" cannot become a status line, and is known not to before the limit.
        let expected = if start.is_empty() { Breakage::Malformed } else { Breakage::TimedOut };
        assert_eq!((breakage, at), (expected, phase), "{start}");
        assert!(partial.starts_with(start) && partial.len() > start.len(), "{partial}");
    }
}

#[test]
fn a_target_that_never_ends() {
    let long = "x".repeat(512).leak();
    let chunk = format!("200\r\n{long}\r\n").leak();
    let header = format!("A: {long}\r\n").leak();
    let extension = format!("1;{long}\r\na\r\n").leak();
    for (start, more, phase) in [
        ("HTTP/1.1 200 ", &*long, Phase::Head),
        ("HTTP/1.1 200 OK\r\n", &*header, Phase::Head),
        ("HTTP/1.1 200 OK\r\n", "A:\r\n", Phase::Head),
        ("HTTP/1.1 200 OK\r\n\r\n", &*long, Phase::Body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &*chunk, Phase::Body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &*extension, Phase::Body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", &*header, Phase::Body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0", Phase::Body),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", Phase::Head),
    ] {
        let exchange = send(&endless(start, more, || ()), &get("/"));
        assert_eq!(broke(&exchange), (Breakage::TooLarge, phase), "{start} {more:.20}");
        let partial = show(&failure(&exchange).partial);
        assert!(partial.len() <= 4096 && partial.starts_with(start), "{partial}");
    }
}

#[test]
fn a_length_beyond_the_limit_is_not_waited_for() {
    for length in ["262145", "99999999999999999999999999"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let exchange = send(&answers(head, End::StayOpen).0, &get("/"));
        assert_eq!(broke(&exchange), (Breakage::TooLarge, Phase::Body));
        assert_eq!(detail(&exchange), "a body of more than 262144 bytes");
    }
}

#[test]
fn an_answer_exactly_at_the_limit_is_read() {
    let server = serve(|number, mut stream| {
        read_head(&mut stream);
        let start = "HTTP/1.1 200 OK\r\nContent-Length: 262144\r\nX: ";
        let fill = limits().head_bytes - start.len() - 4 + number;
        write(&mut stream, format!("{start}{}\r\n\r\n", "x".repeat(fill)));
        write(&mut stream, vec![b'b'; 262_144]);
    });
    assert_eq!(answered(&send(&server, &get("/"))).body.len(), 262_144);
    assert_eq!(broke(&send(&server, &get("/"))), (Breakage::TooLarge, Phase::Head));
}

#[test]
fn many_headers_are_read() {
    let server = serve(|number, mut stream| {
        read_head(&mut stream);
        let count = [64, 65, 1024, 1025][number];
        let headers = "A:\r\n".repeat(count - 1);
        write(&mut stream, format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n"));
    });
    for count in [64, 65, 1024] {
        assert_eq!(answered(&send(&server, &get("/"))).headers.len(), count);
    }
    let exchange = send(&server, &get("/"));
    assert_eq!((broke(&exchange).0, detail(&exchange)), (Breakage::TooLarge, "more than 1024 headers"));
}

const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";

#[test]
fn an_early_answer_counts_if_it_is_whole() {
    // Without a length nobody knows whether this was the whole body, whichever side sees the reset.
    let partial = "HTTP/1.1 413 Content Too Large\r\n\r\nbi";
    // Refused after the head, then closed: with the body unread, the close becomes a reset. A race decides who sees it.
    for _ in 0..5 {
        let exchange = send(&once(REFUSAL), &large(8));
        assert_eq!((answered(&exchange).status, show(&answered(&exchange).body)), (413, "big".to_owned()));
        let exchange = send(&once(partial), &large(8));
        assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Body, partial.to_owned()));
    }
    let reads_no_more = serve(|_, mut stream| {
        write(&mut stream, REFUSAL);
        stall(stream);
    });
    assert_eq!(answered(&send(&reads_no_more, &large(8))).status, 413);
}

#[test]
fn a_large_body_both_ways_does_not_lock_up() {
    // An echo without a buffer: it stops reading while its own answer is not read.
    const SIZE: usize = 4 * 1024 * 1024;
    let server = serve(|_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
        let mut buffer = vec![0; 1024];
        let mut left = SIZE;
        while left > 0 {
            match stream.read(&mut buffer) {
                Ok(count @ 1..) => {
                    write(&mut stream, &buffer[..count]);
                    left -= count;
                }
                _ => return,
            }
        }
    });
    let body: Vec<u8> = (0..SIZE).map(|i| (i % 253) as u8).collect();
    let roomy = Limits { body_bytes: SIZE, ..limits() };
    let exchange = send_within(&server, roomy, &request("POST", "/", Some(&body)));
    assert!(*answered(&exchange).body == *body);
}

#[test]
fn one_time_limit_does_not_leak_into_the_next_request() {
    // The timer belongs to the connection: a request late in its life must get its whole time.
    let (pace, paced) = pace();
    let server = serve(move |_, mut stream| {
        while read_head(&mut stream).is_some() {
            pace.pass(Duration::from_millis(100));
            write(&mut stream, "HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    let wire = Wire::new(server.origin(), None, Limits { connect: Duration::from_millis(150), ..hasty() });
    run_paced(paced, async {
        for _ in 0..5 {
            assert_eq!(answered(&wire.send(get("/")).await).status, 204);
        }
    });
    assert_eq!(server.accepted(), 1);
}
