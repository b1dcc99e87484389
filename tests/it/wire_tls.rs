//! Who is trusted, who is not, and what TLS changes about the end of an answer.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::wire_support::{answered, detail, get, hold, limits, pace, run, run_paced, serve, show, unanswered, write};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wabizspec::exchange::{Breakage, Exchange, Phase};
use wabizspec::transport::tls::{TlsError, Trust, configuration};
use wabizspec::transport::wire::Wire;

/// A certificate with its key, and what a client may be given to trust it.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// The server's own certificate.
    own: String,
    /// The authority that issued it, if it is another.
    issuer: String,
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names")
}

fn self_signed(params: CertificateParams) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    Identity {
        chain: vec![certificate.der().clone()],
        key: key.serialize_der().try_into().expect("a key"),
        own: certificate.pem(),
        issuer: certificate.pem(),
    }
}

fn authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(2020, 1, 1);
    params
}

fn issued(params: CertificateParams) -> Identity {
    let mut issuer = authority(CertificateParams::default());
    issuer.distinguished_name.push(rcgen::DnType::CommonName, "an authority for tests");
    let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    Identity {
        chain: vec![certificate.der().clone()],
        key: key.serialize_der().try_into().expect("a key"),
        own: certificate.pem(),
        issuer: issuer.pem(),
    }
}

fn server_config(identity: &Identity, protocols: &[&str]) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .expect("a certificate with its key");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// Answers every request with these bytes, then says goodbye (`close_notify`) or only hangs up. Runs on the runtime of
/// the caller; the counter is that of handshakes done.
async fn serve_tls(identity: &Identity, answer: &'static str, ending: Ending) -> (SocketAddr, Arc<AtomicUsize>) {
    let acceptor = TlsAcceptor::from(server_config(identity, &["h2", "http/1.1"]));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let done = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, done) = (acceptor.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                done.fetch_add(1, Ordering::SeqCst);
                assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
                let mut head = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    head.push(byte);
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        let _ = stream.write_all(answer.as_bytes()).await;
                        match ending {
                            Ending::KeepAlive => {}
                            Ending::Goodbye => return drop(stream.shutdown().await),
                            Ending::HangUp => return,
                        }
                    }
                }
            });
        }
    });
    (address, count)
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
    run(async {
        let (address, _) = serve_tls(identity, OK, Ending::KeepAlive).await;
        wire(host, address, trust).send(get("/")).await
    })
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
    let exchange = run(async {
        let (address, _) = serve_tls(&identity, OK, Ending::KeepAlive).await;
        let origin = format!("http://{address}").parse().expect("an origin");
        Wire::new(origin, None, limits()).send(get("/")).await
    });
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
        let (address, handshakes) = serve_tls(&identity, OK, Ending::KeepAlive).await;
        let wire = wire("localhost", address, &Trust::Anything);
        for _ in 0..5 {
            let exchange = wire.send(get("/")).await;
            assert_eq!((answered(&exchange).status, exchange.resent), (200, false));
        }
        assert_eq!(handshakes.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn surplus_under_tls_ends_the_connection() {
    let identity = self_signed(params(&["localhost"]));
    run(async {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!";
        let (address, handshakes) = serve_tls(&identity, answer, Ending::KeepAlive).await;
        let wire = wire("localhost", address, &Trust::Anything);
        for _ in 0..2 {
            assert_eq!(show(&answered(&wire.send(get("/")).await).surplus), "!");
        }
        assert_eq!(handshakes.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_late_second_answer_under_tls_is_never_taken_for_the_next() {
    let identity = self_signed(params(&["localhost"]));
    let acceptor = TlsAcceptor::from(server_config(&identity, &[]));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a non-blocking listener");
    let address = listener.local_addr().expect("an address");
    let (sender, second_sent) = std::sync::mpsc::channel();
    let (first_read, go_on) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        run(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            for number in 0..2 {
                let (stream, _) = listener.accept().await.expect("a connection");
                // Nagle's algorithm would keep the second answer back until the first is acknowledged.
                stream.set_nodelay(true).expect("nodelay");
                let mut stream = acceptor.accept(stream).await.expect("a handshake");
                let mut head = [0; 16];
                assert!(stream.read(&mut head).await.is_ok_and(|count| count > 0));
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
                stream.write_all(answer.as_bytes()).await.expect("an answer");
                if number == 0 {
                    let _ = go_on.recv();
                    stream.write_all(OK.as_bytes()).await.expect("another answer");
                    stream.flush().await.expect("another answer");
                    let _ = sender.send(stream);
                }
            }
        });
    });
    let wire = wire("localhost", address, &Trust::Anything);
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
        run(async {
            let (address, _) = serve_tls(&identity, answer, ending).await;
            wire("localhost", address, &Trust::Anything).send(get("/")).await
        })
    };
    assert_eq!(show(&answered(&exchange(Ending::Goodbye)).body), "all of it?");
    assert_eq!(unanswered(&exchange(Ending::HangUp)), (Breakage::Closed, Phase::Body, answer.to_owned()));
}
