//! When a connection serves again, when it must not, and the one resend that is allowed (RFC 9112 §9).

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use crate::harness::server::{hold, read_head, reset, serve, stall, write};
use crate::harness::wire::{answered, get, hasty, limits, pace, request, run, run_paced, show, unanswered};
use wabizspec::custody::{Controls, Hooks, Target};
use wabizspec::exchange::{Breakage, Header, HttpRequest, Phase, Request};
use wabizspec::transport::origin::Origin;
use wabizspec::transport::wire::Wire;
use wabizspec::transport::{Client, Transport};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_connection_serves_again() {
    let server = serve(|number, mut stream| {
        while read_head(&mut stream).is_some() {
            write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
        }
    });
    let wire = server.wire();
    run(async {
        for _ in 0..5 {
            let exchange = wire.send(get("/")).await;
            assert_eq!((show(&answered(&exchange).body), exchange.resent), ("0".to_owned(), false));
        }
        // Two at once need two connections, and both stay.
        let (first, second) = (get("/1"), get("/2"));
        tokio::join!(wire.send(first.clone()), wire.send(second.clone()));
        tokio::join!(wire.send(first.clone()), wire.send(second.clone()));
    });
    assert_eq!(server.accepted(), 2);
}

#[test]
fn a_connection_that_must_not_serve_again_does_not() {
    let one = |bytes: &'static str| (get("/"), bytes);
    let mut closing = get("/");
    if let Request::Http(http) = &mut closing {
        http.headers.push(Header::new("Connection", "close"));
    }
    let mut lying = request("POST", "/", Some(b"abc"));
    if let Request::Http(http) = &mut lying {
        http.headers.retain(|header| header.name != "Content-Length");
        http.headers.push(Header::new("Content-Length", "2"));
    }
    for (request, bytes) in [
        one("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        one("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        one("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        one("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nsurplus"),
        one("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        (closing, OK),
        (lying, OK),
        (Request::Raw(b"GET / HTTP/1.1\r\n\r\n".to_vec()), OK),
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
        });
        assert_eq!(server.accepted(), 2, "{request:?} {bytes}");
    }
}

#[test]
fn http_1_0_with_keep_alive_serves_again() {
    let server = serve(|_, mut stream| {
        while read_head(&mut stream).is_some() {
            write(&mut stream, "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let wire = server.wire();
    run(async {
        wire.send(get("/")).await;
        assert_eq!(answered(&wire.send(get("/")).await).version, 0);
    });
    assert_eq!(server.accepted(), 1);
}

/// The first connection answers once and then does `then` to the second request; later ones answer always.
fn dies_on_reuse(then: impl Fn(std::net::TcpStream) + Send + Sync + 'static) -> crate::harness::Server {
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
fn a_reused_connection_that_dies_unanswered_is_replaced_once() {
    for (then, name) in [(drop as fn(std::net::TcpStream), "close"), (reset, "reset")] {
        let server = dies_on_reuse(then);
        let wire = server.wire();
        run(async {
            assert!(!wire.send(get("/1")).await.resent);
            let exchange = wire.send(get("/2")).await;
            assert_eq!((answered(&exchange).status, exchange.resent), (200, true), "{name}");
        });
        assert_eq!(server.accepted(), 2);
    }
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
    let wire = server.wire();
    run(async {
        wire.send(get("/")).await;
        let exchange = wire.send(get("/killer")).await;
        assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Waiting, String::new()));
        assert!(exchange.resent);
    });
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_target_that_is_gone_after_a_request_has_received_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin: Origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let target = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream);
        write(&mut stream, OK);
        read_head(&mut stream);
        drop(listener);
    });
    let wire = Wire::new(origin, None, limits());
    run(async {
        wire.send(get("/")).await;
        let exchange = wire.send(get("/killer")).await;
        assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Waiting, String::new()));
        assert!(!exchange.resent);
        let exchange = wire.send(get("/next")).await;
        assert_eq!(unanswered(&exchange).0, Breakage::Unreachable);
    });
    target.join().unwrap();
}

#[test]
fn a_byte_of_an_answer_forbids_to_send_again() {
    let server = dies_on_reuse(|mut stream| write(&mut stream, "H"));
    let wire = server.wire();
    run(async {
        wire.send(get("/1")).await;
        let exchange = wire.send(get("/2")).await;
        assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Head, "H".to_owned()));
        assert!(!exchange.resent);
    });
    assert_eq!(server.accepted(), 1);
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
    let ((first_read, go_on), (sender, second_sent)) = (mpsc::channel(), mpsc::channel());
    let go_on = Mutex::new(go_on);
    let server = serve(move |number, mut stream| {
        read_head(&mut stream);
        write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
        if number == 0 {
            let _ = go_on.lock().expect("one thread at a time").recv();
            write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong");
            let _ = sender.send(());
        }
        hold(&mut stream);
    });
    let wire = server.wire();
    run(async {
        let exchange = wire.send(get("/")).await;
        assert_eq!(show(&answered(&exchange).body), "0");
        assert!(answered(&exchange).surplus.is_empty());
        first_read.send(()).expect("the server");
        // The runtime is kept from looking at the socket meanwhile: the client must look itself.
        second_sent.recv().expect("the second answer");
        assert_eq!(show(&answered(&wire.send(get("/")).await).body), "1");
    });
    assert_eq!(wire.unsolicited(), 1);
    let transport = Transport::new(Client::Wire(wire), server.origin(), Vec::new());
    let target = Target::new(transport, Controls::Hooks(Box::new(Hooks::none())));
    let remarks = target.transport.remarks().join("\n");
    assert!(remarks.contains("1 idle connections had to be given up"), "{remarks}");
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
    let server = serve(|_, mut stream| {
        while read_head(&mut stream).is_some() {
            write(&mut stream, OK);
        }
    });
    let wire = server.wire();
    for _ in 0..3 {
        assert_eq!(answered(&run(wire.send(get("/")))).status, 200);
    }
}

#[test]
fn requests_that_could_be_read_differently_are_recognised() {
    use wabizspec::transport::shares_connection;
    let with = |name: &'static str, value: &str, body: Option<&[u8]>| {
        Request::Http(HttpRequest {
            method: "POST".into(),
            target: "/".into(),
            headers: vec![Header::new(name, value)],
            body: body.map(<[u8]>::to_vec),
        })
    };
    for request in [
        with("Host", "a", None),
        with("Host", "a", Some(b"")),
        with("content-length", "3", Some(b"abc")),
        with("Content-Length", "003", Some(b"abc")),
        with("Content-Length", "0", None),
    ] {
        assert!(shares_connection(&request), "{request:?}");
    }
    for request in [
        with("Host", "a", Some(b"abc")),
        with("Content-Length", "2", Some(b"abc")),
        with("Content-Length", "3", None),
        with("Content-Length", "+3", Some(b"abc")),
        with("Content-Length", "", Some(b"")),
        with("Content-Length ", "4", Some(b"abc")),
        with("Transfer-Encoding", "chunked", Some(b"0\r\n\r\n")),
        with("X", "a\r\nContent-Length: 9", None),
        with("X\r\nY", "a", None),
        with("X", "a\0", None),
        with("Connection", "close", None),
        with("Expect", "100-continue", None),
        Request::Raw(b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ] {
        assert!(!shares_connection(&request), "{request:?}");
    }
}
