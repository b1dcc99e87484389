//! Who is trusted, who is not, and what TLS changes about the end of an answer.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::harness::tls::{Identity, Stream, authority, expired, issued, params, self_signed};
use crate::harness::wire::{answered, detail, get, limits, pace, run, run_paced, show, unanswered};
use crate::harness::{Server, hold, read_head, serve, write};
use rcgen::KeyPair;
use tempfile::TempDir;
use wabizspec::exchange::{Breakage, Exchange, Phase};
use wabizspec::transport::tls::{TlsError, Trust, configuration};
use wabizspec::transport::wire::Wire;

/// Answers every request with these bytes, then says goodbye (`close_notify`) or only hangs up.
fn serve_tls(identity: &Identity, answer: &'static str, ending: Ending) -> Server {
    let config = identity.config(&["h2", "http/1.1"]);
    serve(move |_, stream| {
        let mut stream = Stream::new(stream, Some(&config));
        while read_head(&mut stream).is_some() {
            let Stream::Tls(stream) = &mut stream else { unreachable!("it speaks TLS") };
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            write(stream.as_mut(), answer);
            match ending {
                Ending::KeepAlive => {}
                Ending::Goodbye => {
                    stream.conn.send_close_notify();
                    return drop(stream.conn.complete_io(&mut stream.sock));
                }
                Ending::HangUp => return,
            }
        }
    })
}

#[derive(Clone, Copy)]
enum Ending {
    KeepAlive,
    Goodbye,
    HangUp,
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn wire(host: &str, address: SocketAddr, trust: &Trust) -> Wire {
    let origin = format!("https://{host}:{}", address.port()).parse().expect("an origin");
    Wire::new(origin, Some(configuration(trust).expect("a configuration")), limits())
}

/// One request to `https://host` from a client that trusts `trust`.
fn ask(identity: &Identity, host: &str, trust: &Trust) -> Exchange {
    let server = serve_tls(identity, OK, Ending::KeepAlive);
    run(wire(host, server.address, trust).send(get("/")))
}

/// A file that is gone with the folder.
fn ca_file(pem: &str) -> (TempDir, Trust) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    fs::write(&path, pem).expect("a file");
    (folder, Trust::CaFile(path))
}

#[track_caller]
fn refused(exchange: &Exchange, reason: &str) {
    assert_eq!(unanswered(exchange), (Breakage::Unreachable, Phase::Connecting, String::new()));
    assert!(detail(exchange).contains(reason), "{}", detail(exchange));
}

#[test]
fn a_self_signed_certificate_is_refused_unless_anything_goes() {
    let identity = self_signed(params(&["localhost"]));
    refused(&ask(&identity, "localhost", &Trust::WebRoots), "UnknownIssuer");
    assert_eq!(show(&answered(&ask(&identity, "localhost", &Trust::Anything)).body), "ok");
    assert_eq!(answered(&ask(&identity, "127.0.0.1", &Trust::Anything)).status, 200);
    let old = self_signed(expired(params(&["elsewhere.example"])));
    assert_eq!(answered(&ask(&old, "127.0.0.1", &Trust::Anything)).status, 200);
}

#[test]
fn a_certificate_in_the_file_is_trusted_whatever_its_kind() {
    let names = ["localhost", "127.0.0.1"];
    for (kind, identity) in [
        ("server", self_signed(params(&names))),
        ("marked as an authority", self_signed(authority(params(&names)))),
        ("issued by another", issued(params(&names))),
    ] {
        let (_folder, trust) = ca_file(&identity.own);
        for host in names {
            let exchange = ask(&identity, host, &trust);
            assert_eq!(answered(&exchange).status, 200, "{kind}, {host}");
        }
    }
}

#[test]
fn an_authority_in_the_file_is_trusted_beside_others() {
    let identity = issued(params(&["localhost"]));
    let other = self_signed(params(&["other.example"]));
    let (_folder, trust) = ca_file(&format!("# two of them\n{}\n{}", other.own, identity.issuer));
    assert_eq!(answered(&ask(&identity, "localhost", &trust)).status, 200);
    let (_folder, trust) = ca_file(&other.own);
    refused(&ask(&identity, "localhost", &trust), "UnknownIssuer");
}

#[test]
fn a_wrong_name_is_refused() {
    for identity in [
        self_signed(params(&["elsewhere.example"])),
        self_signed(authority(params(&["elsewhere.example"]))),
        issued(params(&["elsewhere.example"])),
    ] {
        for pem in [&identity.own, &identity.issuer] {
            let (_folder, trust) = ca_file(pem);
            refused(&ask(&identity, "localhost", &trust), "not valid for name");
            refused(&ask(&identity, "127.0.0.1", &trust), "not valid for name");
        }
    }
}

#[test]
fn an_expired_certificate_is_refused() {
    for identity in [
        self_signed(expired(params(&["localhost"]))),
        self_signed(authority(expired(params(&["localhost"])))),
        issued(expired(params(&["localhost"]))),
    ] {
        for pem in [&identity.own, &identity.issuer] {
            let (_folder, trust) = ca_file(pem);
            refused(&ask(&identity, "localhost", &trust), "expired");
        }
    }
}

#[test]
fn a_file_that_is_no_list_of_certificates_is_refused_with_its_name() {
    let key = KeyPair::generate().expect("a key").serialize_pem();
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let good = self_signed(params(&["localhost"])).own;
    type Check = fn(&TlsError) -> bool;
    let cases: [(String, Check); 7] = [
        (String::new(), |error| matches!(error, TlsError::NoCertificate { .. })),
        ("hello\n".into(), |error| matches!(error, TlsError::NoCertificate { .. })),
        (key, |error| matches!(error, TlsError::NoCertificate { .. })),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n".into(), |error| matches!(error, TlsError::NotPem { .. })),
        ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n".into(), |error| {
            matches!(error, TlsError::NotPem { .. })
        }),
        (garbage.into(), |error| matches!(error, TlsError::BadCertificate { number: 1, .. })),
        (good + garbage, |error| matches!(error, TlsError::BadCertificate { number: 2, .. })),
    ];
    for (pem, check) in cases {
        let (_folder, trust) = ca_file(&pem);
        let error = configuration(&trust).expect_err(&pem);
        assert!(check(&error), "{pem} {error:?}");
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }
    let missing = Trust::CaFile(PathBuf::from("/nowhere/ca.pem"));
    let error = configuration(&missing).expect_err("no such file");
    assert!(matches!(error, TlsError::Unreadable { .. }) && error.to_string().contains("/nowhere/ca.pem"), "{error}");
}

#[test]
fn plain_text_on_a_tls_port_and_tls_on_a_plain_port() {
    let server = serve(|_, mut stream| {
        write(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
        hold(&mut stream);
    });
    let exchange = run(wire("127.0.0.1", server.address, &Trust::Anything).send(get("/")));
    refused(&exchange, "TLS handshake");

    let identity = self_signed(params(&["localhost"]));
    let server = serve_tls(&identity, OK, Ending::KeepAlive);
    let exchange = run(server.wire().send(get("/")));
    let (breakage, phase, _) = unanswered(&exchange);
    assert_eq!((breakage, phase), (Breakage::Malformed, Phase::Head));
    assert!(detail(&exchange).contains("https://"), "{}", detail(&exchange));
}

#[test]
fn a_silent_handshake_passes_the_limit_for_connecting() {
    let (pace, paced) = pace();
    let server = serve(move |_, mut stream| {
        pace.settle();
        pace.pass(limits().connect);
        hold(&mut stream);
    });
    let wire = wire("127.0.0.1", server.address, &Trust::Anything);
    refused(&run_paced(paced, wire.send(get("/"))), "TLS handshake: not done within the 60s");
}

#[test]
fn https_without_a_configuration_is_never_plain_text() {
    let server = serve(|_, mut stream| hold(&mut stream));
    let origin = format!("https://{}", server.address).parse().expect("an origin");
    refused(&run(Wire::new(origin, None, limits()).send(get("/"))), "without a TLS configuration");
    assert_eq!(server.accepted(), 0);
}

#[test]
fn a_connection_serves_again_under_tls() {
    let identity = self_signed(params(&["localhost"]));
    run(async {
        let server = serve_tls(&identity, OK, Ending::KeepAlive);
        let wire = wire("localhost", server.address, &Trust::Anything);
        for _ in 0..5 {
            let exchange = wire.send(get("/")).await;
            assert_eq!((answered(&exchange).status, exchange.resent), (200, false));
        }
        assert_eq!(server.accepted(), 1);
    });
}

#[test]
fn surplus_under_tls_ends_the_connection() {
    let identity = self_signed(params(&["localhost"]));
    run(async {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!";
        let server = serve_tls(&identity, answer, Ending::KeepAlive);
        let wire = wire("localhost", server.address, &Trust::Anything);
        for _ in 0..2 {
            assert_eq!(show(&answered(&wire.send(get("/")).await).surplus), "!");
        }
        assert_eq!(server.accepted(), 2);
    });
}

#[test]
fn a_late_second_answer_under_tls_is_never_taken_for_the_next() {
    let identity = self_signed(params(&["localhost"]));
    let config = identity.config(&[]);
    let (sender, second_sent) = channel();
    let (first_read, go_on) = channel::<()>();
    let go_on = Mutex::new(go_on);
    let server = serve(move |number, stream| {
        let mut stream = Stream::new(stream, Some(&config));
        read_head(&mut stream).expect("a request");
        write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
        if number == 0 {
            let _ = go_on.lock().expect("go_on").recv();
            write(&mut stream, OK);
            let _ = sender.send(stream);
        } else {
            hold(&mut stream);
        }
    });
    let wire = wire("localhost", server.address, &Trust::Anything);
    run(async {
        assert_eq!(show(&answered(&wire.send(get("/")).await).body), "0");
        first_read.send(()).expect("the server");
        // The runtime is kept from looking at the socket meanwhile: the client must look itself.
        let _still_open = second_sent.recv().expect("the second answer");
        let exchange = wire.send(get("/")).await;
        assert_eq!((show(&answered(&exchange).body), exchange.resent), ("1".to_owned(), false));
    });
}

#[test]
fn a_body_until_close_is_whole_only_after_a_goodbye() {
    // RFC 9112 §9.8: without `close_notify` anybody on the way may have cut it short.
    let identity = self_signed(params(&["localhost"]));
    let answer = "HTTP/1.1 200 OK\r\n\r\nall of it?";
    let exchange = |ending| {
        let server = serve_tls(&identity, answer, ending);
        run(wire("localhost", server.address, &Trust::Anything).send(get("/")))
    };
    assert_eq!(show(&answered(&exchange(Ending::Goodbye)).body), "all of it?");
    assert_eq!(unanswered(&exchange(Ending::HangUp)), (Breakage::Closed, Phase::Body, answer.to_owned()));
}
