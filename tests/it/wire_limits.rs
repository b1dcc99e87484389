//! Whatever a target does, an exchange ends within its limits and says which of them passed.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::nobody;
use crate::harness::server::{hold, read_head, serve, stall, write};
use crate::harness::wire::{
    answered, detail, get, hasty, limits, obstacle, pace, request, run, run_paced, send, send_within, show, unanswered,
};
use wabizspec::exchange::{Breakage, Obstacle, Phase};
use wabizspec::transport::wire::Wire;
use wabizspec::transport::{Limits, origin::Origin};

#[test]
fn nobody_listens() {
    let exchange = run(Wire::new(nobody().parse().expect("an origin"), None, limits()).send(get("/")));
    assert_eq!(unanswered(&exchange), (Breakage::Unreachable, Phase::Connecting, String::new()));
    assert_eq!(obstacle(&exchange), Some(Obstacle::Refused), "{}", detail(&exchange));
}

#[test]
fn a_name_that_does_not_exist() {
    // RFC 6761 §6.4: `.invalid` never resolves.
    let origin: Origin = "http://nothing.invalid".parse().expect("an origin");
    let exchange = run(Wire::new(origin, None, limits()).send(get("/")));
    assert_eq!(unanswered(&exchange), (Breakage::Unreachable, Phase::Connecting, String::new()));
    assert!(detail(&exchange).contains("nothing.invalid"), "{}", detail(&exchange));
}

#[test]
fn a_target_that_never_answers() {
    let server = serve(|_, mut stream| hold(&mut stream));
    let exchange = send_within(&server, hasty(), &get("/"));
    assert_eq!(unanswered(&exchange), (Breakage::TimedOut, Phase::Waiting, String::new()));
    assert_eq!(detail(&exchange), "150ms for the first byte");
    assert!(exchange.elapsed >= hasty().first_byte);
}

#[test]
fn a_target_that_never_reads() {
    let server = serve(|_, stream| stall(stream));
    let body = vec![b'x'; 32 * 1024 * 1024];
    let exchange = send_within(&server, hasty(), &request("POST", "/", Some(&body)));
    assert_eq!(unanswered(&exchange), (Breakage::TimedOut, Phase::Sending, String::new()));
}

#[test]
fn a_target_that_stops_in_the_middle() {
    for (bytes, phase) in [
        ("HTTP/1.1 200", Phase::Head),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", Phase::Body),
        ("HTTP/1.1 200 OK\r\n\r\nopen end", Phase::Body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Phase::Body),
        ("HTTP/1.1 100 Continue\r\n\r\n", Phase::Head),
    ] {
        let (pace, paced) = pace();
        let server = serve(move |_, mut stream| {
            read_head(&mut stream);
            write(&mut stream, bytes);
            pace.settle();
            pace.pass(hasty().whole);
            hold(&mut stream);
        });
        let exchange = run_paced(paced, server.hasty_wire().send(get("/")));
        assert_eq!(unanswered(&exchange), (Breakage::TimedOut, phase, bytes.to_owned()));
        assert_eq!(detail(&exchange), "250ms for the whole answer");
        assert!(exchange.elapsed >= hasty().whole);
    }
}

/// Answers with `start` and then with `more` again and again, until the client is gone.
fn endless(
    start: &'static str,
    more: &'static str,
    pause: impl Fn() + Send + Sync + 'static,
) -> crate::harness::Server {
    serve(move |_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, start);
        while std::io::Write::write_all(&mut stream, more.as_bytes()).is_ok() {
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
        let (breakage, at, partial) = unanswered(&exchange);
        assert_eq!((breakage, at), (Breakage::TooLarge, phase), "{start} {more:.20}");
        assert!(partial.len() <= 4096 && partial.starts_with(start), "{partial}");
    }
}

#[test]
fn a_length_beyond_the_limit_is_not_waited_for() {
    for length in ["262145", "99999999999999999999999999"] {
        let server = serve(move |_, mut stream| {
            read_head(&mut stream);
            write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
            hold(&mut stream);
        });
        let exchange = send(&server, &get("/"));
        assert_eq!((unanswered(&exchange).0, unanswered(&exchange).1), (Breakage::TooLarge, Phase::Body));
        assert_eq!(detail(&exchange), "a body of more than 262144 bytes");
    }
}

#[test]
fn what_is_exactly_at_the_limit_is_read() {
    let server = serve(|number, mut stream| {
        read_head(&mut stream);
        let start = "HTTP/1.1 200 OK\r\nContent-Length: 262144\r\nX: ";
        let fill = limits().head_bytes - start.len() - 4 + number;
        write(&mut stream, format!("{start}{}\r\n\r\n", "x".repeat(fill)));
        write(&mut stream, vec![b'b'; 262_144]);
    });
    assert_eq!(answered(&send(&server, &get("/"))).body.len(), 262_144);
    let (breakage, phase, _) = unanswered(&send(&server, &get("/")));
    assert_eq!((breakage, phase), (Breakage::TooLarge, Phase::Head));
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
    assert_eq!((unanswered(&exchange).0, detail(&exchange)), (Breakage::TooLarge, "more than 1024 headers"));
}

const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";

#[test]
fn an_early_answer_counts() {
    // Refused after the head, then closed: with the body unread, the close becomes a reset.
    let server = serve(|_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, REFUSAL);
    });
    let body = vec![b'x'; 8 * 1024 * 1024];
    for _ in 0..5 {
        let exchange = send(&server, &request("POST", "/", Some(&body)));
        assert_eq!((answered(&exchange).status, show(&answered(&exchange).body)), (413, "big".to_owned()));
    }
}

#[test]
fn an_early_answer_without_a_length_does_not_count_when_sending_broke() {
    // Whoever sees the reset, the writing or the reading side: nobody knows whether this was the whole body.
    let server = serve(|_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 413 Content Too Large\r\n\r\nbi");
    });
    let body = vec![b'x'; 8 * 1024 * 1024];
    for _ in 0..5 {
        let exchange = send(&server, &request("POST", "/", Some(&body)));
        let partial = "HTTP/1.1 413 Content Too Large\r\n\r\nbi".to_owned();
        assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Body, partial));
    }
}

#[test]
fn an_early_answer_counts_while_the_target_reads_no_more() {
    let server = serve(|_, mut stream| {
        write(&mut stream, REFUSAL);
        stall(stream);
    });
    let body = vec![b'x'; 8 * 1024 * 1024];
    let exchange = send(&server, &request("POST", "/", Some(&body)));
    assert_eq!(answered(&exchange).status, 413);
}

#[test]
fn a_connection_that_breaks_while_sending() {
    let server = serve(|_, mut stream| {
        read_head(&mut stream);
    });
    let body = vec![b'x'; 8 * 1024 * 1024];
    let exchange = send(&server, &request("POST", "/", Some(&body)));
    assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Sending, String::new()));
    assert!(!exchange.resent);
}

#[test]
fn a_large_body_both_ways_does_not_lock_up() {
    // An echo that holds back nothing: it stops reading while its own answer is not taken.
    const SIZE: usize = 4 * 1024 * 1024;
    let server = serve(|_, mut stream: TcpStream| {
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
    assert!(answered(&exchange).body == body);
}

#[test]
fn limits_of_zero_end_at_once() {
    let server = serve(|_, mut stream| hold(&mut stream));
    let none = Limits { first_byte: Duration::ZERO, whole: Duration::ZERO, head_bytes: 0, body_bytes: 0, ..limits() };
    assert_eq!(unanswered(&send_within(&server, none, &get("/"))).0, Breakage::TimedOut);
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
