//! When a connection serves again, when it must not, and the one resend that is allowed (RFC 9112 §9).

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use crate::harness::tls::{Stream, params, self_signed};
use crate::harness::wire::*;
use crate::harness::*;
use wabizspec::exchange::{Breakage, Header, HttpRequest, Phase, Request};
use wabizspec::transport::origin::Origin;
use wabizspec::transport::tls::{Trust, configuration};
use wabizspec::transport::wire::Wire;
use wabizspec::transport::{Client, Transport, shares_connection};

/// Answers every request with the number of its connection.
fn numbered() -> Server {
    serve(|number, mut stream| {
        while read_head(&mut stream).is_some() {
            write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
        }
    })
}

#[test]
fn a_connection_serves_again() {
    let server = numbered();
    let wire = server.wire();
    run(async {
        for _ in 0..5 {
            let exchange = wire.send(get("/")).await;
            assert_eq!((show(&answered(&exchange).body), exchange.resent), ("0".to_owned(), false));
        }
        // Two at once need two connections, and both stay.
        for _ in 0..2 {
            tokio::join!(wire.send(get("/1")), wire.send(get("/2")));
        }
    });
    assert_eq!(server.accepted(), 2);
}

#[test]
fn a_connection_serves_again_only_where_it_may() {
    for (request, bytes, connections) in [
        (get("/"), "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", 1),
        (get("/"), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 2),
        (get("/"), "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 2),
        (get("/"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 2),
        (get("/"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nsurplus", 2),
        (get("/"), "HTTP/1.1 101 Switching Protocols\r\n\r\n", 2),
        (with_header(get("/"), "Connection", "close"), OK, 2),
        (with_header(request("POST", "/", Some(b"abc")), "Content-Length", "2"), OK, 2),
        (Request::Raw(b"GET / HTTP/1.1\r\n\r\n".to_vec()), OK, 2),
    ] {
        let server = serve(move |_, mut stream| {
            while read_head(&mut stream).is_some() {
                write(&mut stream, bytes);
            }
        });
        let wire = server.wire();
        run(async {
            wire.send(request.clone()).await;
            let exchange = wire.send(get("/")).await;
            assert!(!exchange.resent, "{bytes}");
            assert_eq!(answered(&exchange).version, u8::from(bytes.starts_with("HTTP/1.1")), "{bytes}");
        });
        assert_eq!(server.accepted(), connections, "{request:?} {bytes}");
    }
}

/// The first connection answers once and then does `then` with the second request; later ones answer and stay open.
fn dies_on_reuse(then: impl Fn(TcpStream) + Send + Sync + 'static) -> Server {
    serve(move |number, mut stream| {
        read_head(&mut stream);
        write(&mut stream, OK);
        if number == 0 {
            read_head(&mut stream);
            then(stream);
        } else {
            hold(&mut stream);
        }
    })
}

#[test]
fn a_reused_connection_that_dies_is_replaced_once_unless_a_byte_of_an_answer_came() {
    for (then, name) in [(drop as fn(TcpStream), "close"), (reset, "reset")] {
        let server = dies_on_reuse(then);
        let exchange = second(&server);
        assert_eq!((answered(&exchange).status, exchange.resent), (200, true), "{name}");
        assert_eq!(server.accepted(), 2);
    }
    let server = dies_on_reuse(|mut stream| write(&mut stream, "H"));
    let exchange = second(&server);
    assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Head, "H".to_owned()));
    assert_eq!((exchange.resent, server.accepted()), (false, 1));
}

#[test]
fn a_target_that_dies_of_every_request_is_not_asked_a_third_time() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = serve(move |number, mut stream| {
        if number == 0 {
            read_head(&mut stream);
            write(&mut stream, OK);
        }
        read_head(&mut stream);
        count.fetch_add(1, Ordering::SeqCst);
    });
    let exchange = second(&server);
    assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Waiting, String::new()));
    assert!(exchange.resent);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_target_that_is_gone_after_a_request_has_received_it() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let target = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        read_head(&mut stream);
        write(&mut stream, OK);
        read_head(&mut stream);
        drop(listener);
    });
    let wire = Wire::new(format!("http://{address}").parse().expect("an origin"), None, limits());
    run(async {
        wire.send(get("/")).await;
        let exchange = wire.send(get("/killer")).await;
        assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Waiting, String::new()));
        assert!(!exchange.resent);
        assert_eq!(broke(&wire.send(get("/next")).await).0, Breakage::Unreachable);
    });
    target.join().expect("no panic");
}

#[test]
fn silence_on_a_reused_connection_is_not_sent_again() {
    let (pace, paced) = pace();
    let server = dies_on_reuse(move |mut stream| {
        pace.pass(hasty().first_byte);
        hold(&mut stream);
    });
    let wire = server.hasty_wire();
    run_paced(paced, async {
        wire.send(get("/1")).await;
        let exchange = wire.send(get("/2")).await;
        assert_eq!(unanswered(&exchange), (Breakage::TimedOut, Phase::Waiting, String::new()));
        assert!(!exchange.resent);
    });
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_connection_closed_while_idle_is_not_used() {
    let (sender, closed) = mpsc::channel();
    let server = serve(move |_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, OK);
        drop(stream);
        let _ = sender.send(());
    });
    let wire = server.wire();
    run(async {
        for _ in 0..3 {
            let exchange = wire.send(get("/")).await;
            assert_eq!((answered(&exchange).status, exchange.resent), (200, false));
            closed.recv().expect("the end of the connection");
        }
    });
    assert_eq!((server.accepted(), wire.unsolicited()), (3, 0));
}

#[test]
fn a_late_second_answer_is_never_taken_for_the_next() {
    let config = self_signed(params(&["localhost"])).config(&[]);
    for tls in [None, Some(config)] {
        let ((first_read, go_on), (sender, second_sent)) = (mpsc::channel(), mpsc::channel());
        let (go_on, config) = (Mutex::new(go_on), tls.clone());
        let server = serve(move |number, stream| {
            let mut stream = Stream::new(stream, config.as_ref());
            read_head(&mut stream);
            write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
            match number {
                0 => {
                    let _ = go_on.lock().expect("one thread at a time").recv();
                    write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong");
                    let _ = sender.send(stream);
                }
                _ => hold(&mut stream),
            }
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin: Origin = format!("{scheme}://localhost:{}", server.address.port()).parse().expect("an origin");
        let is_plain = tls.is_none();
        let trust = tls.map(|_| configuration(&Trust::Anything, None).expect("a configuration"));
        let wire = Wire::new(origin.clone(), trust, limits());
        run(async {
            let exchange = wire.send(get("/")).await;
            assert_eq!(show(&answered(&exchange).body), "0");
            assert!(answered(&exchange).surplus.is_empty());
            first_read.send(()).expect("the server");
            // The runtime is kept from looking at the socket meanwhile: the client must look itself.
            let _still_open = second_sent.recv().expect("the second answer");
            let exchange = wire.send(get("/")).await;
            assert_eq!((show(&answered(&exchange).body), exchange.resent), ("1".to_owned(), false));
        });
        // Under TLS it is no more than a connection that cannot be used again.
        assert_eq!(wire.unsolicited(), u64::from(is_plain));
        let remarks = Transport::new(Client::Wire(wire), origin, Vec::new()).remarks().join("\n");
        assert_eq!(remarks.contains("1 idle connections had to be given up"), is_plain, "{remarks}");
    }
}

#[test]
fn an_unread_request_does_not_poison_the_connection() {
    // Answered before the body was read: whether the rest is still taken is unknown.
    let server = serve(|_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, OK);
        stall(stream);
    });
    let wire = server.wire();
    let body = vec![b'x'; 16 * 1024 * 1024];
    run(async {
        let exchange = wire.send(request("POST", "/", Some(&body))).await;
        assert_eq!(answered(&exchange).status, 200);
        let exchange = wire.send(get("/")).await;
        assert_eq!((answered(&exchange).status, exchange.resent), (200, false));
    });
    assert_eq!(server.accepted(), 2);
}

#[test]
fn a_dropped_exchange_leaves_nothing_behind() {
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let server = serve(move |number, mut stream| {
        read_head(&mut stream);
        if number == 0 {
            let _ = sender.send(());
            hold(&mut stream);
        }
        write(&mut stream, OK);
        hold(&mut stream);
    });
    let wire = server.wire();
    run(async {
        tokio::select! {
            exchange = wire.send(get("/slow")) => panic!("ended: {exchange:?}"),
            received = received.recv() => received.expect("the request"),
        }
        assert_eq!(answered(&wire.send(get("/")).await).status, 200);
    });
    assert_eq!(server.accepted(), 2);
}

#[test]
fn a_wire_outlives_the_runtime_of_its_idle_connections() {
    let server = answering(|_| OK);
    let wire = server.wire();
    for _ in 0..3 {
        assert_eq!(answered(&run(wire.send(get("/")))).status, 200);
    }
}

#[test]
fn requests_that_could_be_read_differently_are_recognised() {
    let with = |name: &'static str, value: &str, body: Option<&[u8]>| {
        let Request::Http(request) = request("POST", "/", body) else { unreachable!("raw bytes have no headers") };
        Request::Http(HttpRequest { headers: vec![Header::new(name, value)], ..request })
    };
    for (shares, request) in [
        (true, with("Host", "a", None)),
        (true, with("Host", "a", Some(b""))),
        (true, with("content-length", "3", Some(b"abc"))),
        (true, with("Content-Length", "003", Some(b"abc"))),
        (true, with("Content-Length", "0", None)),
        (false, with("Host", "a", Some(b"abc"))),
        (false, with("Content-Length", "2", Some(b"abc"))),
        (false, with("Content-Length", "3", None)),
        (false, with("Content-Length", "+3", Some(b"abc"))),
        (false, with("Content-Length", "", Some(b""))),
        (false, with("Content-Length ", "4", Some(b"abc"))),
        (false, with("Transfer-Encoding", "chunked", Some(b"0\r\n\r\n"))),
        (false, with("X", "a\r\nContent-Length: 9", None)),
        (false, with("X\r\nY", "a", None)),
        (false, with("X", "a\0", None)),
        (false, with("Connection", "close", None)),
        (false, with("Expect", "100-continue", None)),
        (false, Request::Raw(b"GET / HTTP/1.1\r\n\r\n".to_vec())),
    ] {
        assert_eq!(shares_connection(&request), shares, "{request:?}");
    }
}
