//! Who is trusted, who is not, and what TLS changes about the end of an answer.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::harness::tls::{Identity, Stream, authority, expired, issued, params, self_signed};
use crate::harness::wire::{OK, answered, broke, detail, get, limits, pace, run, run_paced, show, unanswered};
use crate::harness::{Place, Server, hold, read_head, serve, silent, write};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use wabizspec::exchange::{Breakage, Exchange, Phase};
use wabizspec::transport::tls::{TlsError, Trust, configuration};
use wabizspec::transport::wire::Wire;

/// Answers every request with these bytes, and then ends the connection or not.
fn serve_tls(identity: &Identity, answer: &'static str, ending: Ending) -> Server {
    let config = identity.config(&["h2", "http/1.1"]);
    serve(move |_, stream| {
        let mut stream = Stream::new(stream, Some(&config));
        while read_head(&mut stream).is_some() {
            let protocol = stream.tls.as_ref().and_then(|tls| tls.alpn_protocol());
            assert_eq!(protocol, Some(&b"http/1.1"[..]));
            write(&mut stream, answer);
            match (ending, &mut stream.tls) {
                (Ending::Goodbye, Some(tls)) => {
                    tls.send_close_notify();
                    return drop(tls.complete_io(&mut stream.socket));
                }
                (Ending::KeepAlive, _) => {}
                _ => return,
            }
        }
    })
}

#[derive(Clone, Copy)]
enum Ending {
    KeepAlive,
    /// With `close_notify`.
    Goodbye,
    HangUp,
}

fn wire(host: &str, address: SocketAddr, trust: &Trust) -> Wire {
    let origin = format!("https://{host}:{}", address.port()).parse().expect("an origin");
    Wire::new(origin, Some(configuration(trust, None).expect("a configuration")), limits())
}

fn ask(identity: &Identity, host: &str, trust: &Trust) -> Exchange {
    let server = serve_tls(identity, OK, Ending::KeepAlive);
    run(wire(host, server.address, trust).send(get("/")))
}

fn ca_file(pem: &str) -> (Place, Trust) {
    let place = Place::with(&[("ca.pem", pem)]);
    let path = place.join("ca.pem");
    (place, Trust::CaFile(path))
}

/// A certificate for that name of each kind: a server's own, an authority's, one that an authority issued; edited.
fn every_kind(names: &[&str], edit: fn(CertificateParams) -> CertificateParams) -> [(&'static str, Identity); 3] {
    let params = || edit(params(names));
    [
        ("server", self_signed(params())),
        ("marked as an authority", self_signed(authority(params()))),
        ("issued by another", issued(params())),
    ]
}

/// Whichever certificate of the chain is trusted, the server is refused by each of these names for that reason.
fn refused_for(identities: [(&str, Identity); 3], hosts: &[&str], reason: &str) {
    for (_, identity) in identities {
        for pem in [&identity.own, &identity.issuer] {
            let (_place, trust) = ca_file(pem);
            hosts.iter().for_each(|host| refused(&ask(&identity, host, &trust), reason));
        }
    }
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
    // webpki cannot read this one at all, as it cannot read version 1.
    let mut odd = params(&["localhost"]);
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 9999], vec![0x05, 0x00]);
    extension.set_criticality(true);
    odd.custom_extensions.push(extension);
    assert_eq!(answered(&ask(&self_signed(odd), "localhost", &Trust::Anything)).status, 200);
}

#[test]
fn a_certificate_in_the_file_is_trusted_whatever_its_kind() {
    let names = ["localhost", "127.0.0.1"];
    for (kind, identity) in every_kind(&names, |params| params) {
        let (_place, trust) = ca_file(&identity.own);
        for host in names {
            assert_eq!(answered(&ask(&identity, host, &trust)).status, 200, "{kind}, {host}");
        }
    }
}

#[test]
fn an_authority_in_the_file_is_trusted_beside_others() {
    let identity = issued(params(&["localhost"]));
    let other = self_signed(params(&["other.example"]));
    let (_place, trust) = ca_file(&format!("# two of them\n{}\n{}", other.own, identity.issuer));
    assert_eq!(answered(&ask(&identity, "localhost", &trust)).status, 200);
    let (_place, trust) = ca_file(&other.own);
    refused(&ask(&identity, "localhost", &trust), "UnknownIssuer");
}

#[test]
fn a_wrong_name_and_an_expired_certificate_are_refused() {
    let elsewhere = every_kind(&["elsewhere.example"], |params| params);
    refused_for(elsewhere, &["localhost", "127.0.0.1"], "not valid for name");
    refused_for(every_kind(&["localhost"], expired), &["localhost"], "expired");
}

#[test]
fn a_file_that_is_no_list_of_certificates_is_refused_with_its_name() {
    let key = KeyPair::generate().expect("a key").serialize_pem();
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let good = self_signed(params(&["localhost"])).own;
    type Check = fn(&TlsError) -> bool;
    let none: Check = |error| matches!(error, TlsError::NoCertificate { .. });
    let not_pem: Check = |error| matches!(error, TlsError::NotPem { .. });
    for (pem, check) in [
        ("", none),
        ("hello\n", none),
        (&key, none),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", not_pem),
        ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", not_pem),
        (garbage, |error| matches!(error, TlsError::BadCertificate(_, 1, _))),
        (&(good + garbage), |error| matches!(error, TlsError::BadCertificate(_, 2, _))),
    ] {
        let (_place, trust) = ca_file(pem);
        let error = configuration(&trust, None).expect_err(pem);
        assert!(check(&error), "{pem} {error:?}");
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }
    let missing = Trust::CaFile(PathBuf::from("/nowhere/ca.pem"));
    let error = configuration(&missing, None).expect_err("no such file");
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
    assert_eq!(broke(&exchange), (Breakage::Malformed, Phase::Head));
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
    let server = silent();
    let origin = format!("https://{}", server.address).parse().expect("an origin");
    refused(&run(Wire::new(origin, None, limits()).send(get("/"))), "without a TLS configuration");
    assert_eq!(server.accepted(), 0);
}

#[test]
fn a_connection_serves_again_under_tls_unless_there_was_surplus() {
    let identity = self_signed(params(&["localhost"]));
    for (answer, surplus, connections) in [(OK.to_owned(), "", 1), (format!("{OK}!"), "!", 5)] {
        let server = serve_tls(&identity, answer.clone().leak(), Ending::KeepAlive);
        let wire = wire("localhost", server.address, &Trust::Anything);
        run(async {
            for _ in 0..5 {
                let exchange = wire.send(get("/")).await;
                assert_eq!((answered(&exchange).status, exchange.resent), (200, false));
                assert_eq!(show(&answered(&exchange).surplus), surplus);
            }
        });
        assert_eq!(server.accepted(), connections, "{answer}");
    }
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
