//! Our own client sends exactly what it is given and keeps exactly what comes back (RFC 9112).

use crate::harness::wire::*;
use crate::harness::*;
use wabizspec::exchange::{Breakage, Exchange, Header, HttpRequest, Manner, Phase, Request};
use wabizspec::transport::wire::Wire;

const ANSWERS: &str = include_str!("wire/answers.toml");

/// Sends a `method` request to a server that answers with these bytes.
fn answer(method: &str, bytes: impl AsRef<[u8]> + Send + Sync + 'static, end: End) -> Exchange {
    let (server, paced) = answers(bytes, end);
    run_paced(paced, server.wire().send(request(method, "/", None)))
}

#[test]
fn bytes_go_out_exactly_as_given() {
    let server = answering(|_| "HTTP/1.1 204 No Content\r\n\r\n");
    let odd = Request::Http(HttpRequest {
        method: "pAtCh".into(),
        target: "/a/../b//?q#f".to_owned(),
        headers: [("hOST", "x"), ("Content-Length", "3"), ("X-Twice", "1"), ("X-Twice", "")]
            .map(|(name, value)| Header::new(name, value))
            .into(),
        body: Some(b"{} ".to_vec()),
        manner: Manner::Usual,
    });
    let exchange = send(&server, &odd);
    assert_eq!((answered(&exchange).status, exchange.resent), (204, false));
    assert_eq!(exchange.request, odd);
    let sent = "pAtCh /a/../b//?q#f HTTP/1.1\r\nhOST: x\r\nContent-Length: 3\r\nX-Twice: 1\r\nX-Twice: \r\n\r\n{} ";
    assert_eq!(server.sent(), sent);
}

#[test]
fn an_answer_is_kept_as_it_came() {
    let exchange = answer(
        "GET",
        "HTTP/1.1 418 I'm  a teapot\r\nX-One:  a b \r\nx-one: \r\nContent-Encoding: gzip\r\nLocation: /else\r\n\
         content-length: 3\r\n\r\n\x1f\x00\n",
        End::StayOpen,
    );
    let response = answered(&exchange);
    assert_eq!((response.version, response.status, response.reason.as_str()), (1, 418, "I'm  a teapot"));
    let headers: Vec<_> = response.headers.iter().map(|h| format!("{}={}", h.name, show(&h.value))).collect();
    assert_eq!(headers, ["X-One=a b", "x-one=", "Content-Encoding=gzip", "Location=/else", "content-length=3"]);
    assert_eq!(*response.body, *b"\x1f\x00\n");
    assert!(response.interim.is_empty() && response.surplus.is_empty());
}

#[test]
fn the_end_of_a_body_is_found() {
    for (table, end) in [("stays_open", End::StayOpen), ("closes", End::Close)] {
        for (method, bytes, status, body) in rows::<(String, String, u16, String)>(ANSWERS, table) {
            let exchange = answer(&method, bytes.clone(), end);
            let response = answered(&exchange);
            assert_eq!((response.status, show(&response.body)), (status, body), "{method} {bytes}");
            assert!(response.surplus.is_empty(), "{bytes}");
        }
    }
}

#[test]
fn a_head_request_in_raw_bytes_has_no_body_either() {
    let (server, _) = answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", End::StayOpen);
    let exchange = send(&server, &Request::Raw(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()));
    assert_eq!(answered(&exchange).body.len(), 0);
}

#[test]
fn an_answer_that_stops_short_is_no_answer() {
    for (bytes, phase) in rows::<(String, Phase)>(ANSWERS, "stops_short") {
        for (end, words) in [(End::Close, "end of the stream"), (End::Reset, "reset")] {
            let exchange = answer("GET", bytes.clone(), end);
            assert_eq!(unanswered(&exchange), (Breakage::Closed, phase, bytes.clone()), "{bytes}");
            assert!(detail(&exchange).contains(words), "{bytes}: {}", detail(&exchange));
            assert!(!exchange.resent, "{bytes}");
        }
    }
}

#[test]
fn a_reset_does_not_end_a_body_that_ends_with_the_connection() {
    let half = "HTTP/1.1 200 OK\r\n\r\nhalf";
    assert_eq!(unanswered(&answer("GET", half, End::Reset)), (Breakage::Closed, Phase::Body, half.to_owned()));
}

#[test]
fn an_answer_that_is_not_http_is_malformed() {
    for (bytes, phase) in rows::<(String, Phase)>(ANSWERS, "malformed") {
        let exchange = answer("GET", bytes.clone(), End::StayOpen);
        assert_eq!(unanswered(&exchange), (Breakage::Malformed, phase, bytes.clone()), "{bytes}");
        assert!(!detail(&exchange).is_empty());
    }
}

#[test]
fn every_split_of_an_answer_reads_the_same() {
    let (pace, paced) = pace();
    let server = serve(move |_, mut stream| {
        while read_head(&mut stream).is_some() {
            let bytes = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                         3;ext\r\na\r\n\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n";
            for byte in bytes.bytes() {
                write(&mut stream, [byte]);
                pace.settle();
            }
        }
    });
    let exchange = run_paced(paced, server.wire().send(get("/")));
    let response = answered(&exchange);
    assert_eq!(show(&response.body), "a\r\n0123456789abcdef");
    assert_eq!(response.interim, [103]);
    assert!(response.header("Trailer").is_none(), "trailers are no headers");
}

#[test]
fn interim_answers_come_before_the_answer_and_not_without_end() {
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\n";
    let exchange = answer("GET", early.to_owned() + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", End::StayOpen);
    assert_eq!(answered(&exchange).interim, [100, 102]);
    assert_eq!(*answered(&exchange).body, *b"a");

    let flood = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    let exchange = answer("GET", flood, End::StayOpen);
    assert_eq!(broke(&exchange), (Breakage::TooLarge, Phase::Head));
    assert_eq!(failure(&exchange).partial.len(), 4096);
}

#[test]
fn bytes_after_the_answer_are_surplus() {
    let second = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo";
    for (method, answer_bytes, surplus) in [
        ("GET", OK.to_owned() + second, second.to_owned()),
        ("GET", OK.to_owned() + "!", "!".to_owned()),
        ("HEAD", OK.to_owned(), "ok".to_owned()),
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx".to_owned(), "x".to_owned()),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n".to_owned(), "\r\n".to_owned()),
        ("GET", OK.to_owned() + &"x".repeat(9000), "x".repeat(4096)),
    ] {
        let exchange = answer(method, answer_bytes.clone(), End::StayOpen);
        assert_eq!(show(&answered(&exchange).surplus), surplus, "{method} {answer_bytes}");
    }
}

#[test]
fn surplus_that_was_not_read_yet_is_found_where_the_connection_ends() {
    // The answer fills the client's buffer, so that what follows is still in the socket.
    let start = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ";
    let body = "b".repeat(16 * 1024 - start.len() - "16000\r\n\r\n".len());
    let bytes = format!("{start}{}\r\n\r\n{body}surplus", body.len());
    let exchange = answer("GET", bytes, End::StayOpen);
    assert_eq!(answered(&exchange).body.len(), body.len());
    assert_eq!(show(&answered(&exchange).surplus), "surplus");
}

#[test]
fn raw_bytes_get_a_connection_of_their_own_that_is_not_half_closed() {
    let (pace, paced) = pace();
    let server = serve(move |_, mut stream| {
        read_head(&mut stream);
        pace.settle();
        // A client that had closed its sending side would be seen here as the end of the stream.
        stream.set_nonblocking(true).expect("a socket that does not block");
        let quiet = std::io::Read::read(&mut stream, &mut [0]).is_err();
        stream.set_nonblocking(false).expect("a socket that blocks");
        write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{quiet:5}"));
        hold(&mut stream);
    });
    let wire = server.wire();
    run_paced(paced, async {
        // The idle connection of an ordinary request is not for them.
        assert_eq!(answered(&wire.send(get("/")).await).status, 200);
        for _ in 0..2 {
            let exchange = wire.send(Request::Raw(b"what is this\r\n\r\n".to_vec())).await;
            assert!(!exchange.resent);
            assert_eq!(show(&answered(&exchange).body), "true ");
        }
    });
    assert_eq!(server.accepted(), 3);
}

#[test]
fn a_name_with_several_addresses_is_tried_to_the_end() {
    // `localhost` is ::1 and 127.0.0.1 on most machines, and only one of them listens.
    let server = once("HTTP/1.1 204 No Content\r\n\r\n");
    let origin = format!("http://localhost:{}", server.address.port()).parse().expect("an origin");
    assert_eq!(answered(&run(Wire::new(origin, None, limits()).send(get("/")))).status, 204);
}
