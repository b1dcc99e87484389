//! Targets that are broken as a whole: nobody there, nobody answering, the wrong TLS, gone in the middle of a run.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use super::{arguments, arguments_within, sound};
use crate::live_support::{Next, PATIENCE, Proxy, Ran, hold, run, write};

/// A few cases of every kind: without a login, with one, with an account of their own.
const SOME: [&str; 4] = ["login/control", "users/control", "users/read*", "envelope/*"];

/// For targets that never answer.
const HASTY: &str = "300ms";

/// Nothing could be judged, so nothing is said of the target but why.
#[track_caller]
fn all_blocked(ran: &Ran, why: &str) {
    sound(ran);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert_eq!((ran.count("pass"), ran.count("fail")), (0, 0), "{}", ran.out);
    assert!(ran.count("blocked") > 10, "{}", ran.out);
    assert!(ran.out.contains(why), "no `{why}` in {}", ran.out);
}

#[track_caller]
fn all_blocked_at(url: &str, why: &str) {
    all_blocked(&run(&arguments(url, &SOME)), why);
}

/// The same where nothing ever comes, for as long as one likes to wait.
#[track_caller]
fn all_blocked_by_silence(url: &str, why: &str) {
    all_blocked(&run(&arguments_within(HASTY, url, &SOME)), why);
}

/// Does the same with every connection.
fn serve(script: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let script = Arc::new(script);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout");
            let script = Arc::clone(&script);
            thread::spawn(move || script(stream));
        }
    });
    address
}

#[test]
fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address");
    all_blocked_at(&format!("http://{address}"), "refused");
}

#[test]
fn nobody_accepts() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port");
    socket.listen(0).expect("listening");
    let address = socket.local_addr().expect("an address").as_socket().expect("an address");
    // The queue takes one or two; all further ones wait for ever.
    let fill = || TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let queued: Vec<TcpStream> = std::iter::from_fn(|| fill().ok()).take(64).collect();
    assert!(queued.len() < 64, "the queue has no end");
    all_blocked_by_silence(&format!("http://{address}"), "no connection while connecting");
}

#[test]
fn somebody_accepts_and_is_silent() {
    let address = serve(|mut stream| hold(&mut stream));
    all_blocked_by_silence(&format!("http://{address}"), "time limit passed");
}

#[test]
fn somebody_hangs_up() {
    let address = serve(drop);
    all_blocked_at(&format!("http://{address}"), "the connection was closed");
}

#[test]
fn somebody_speaks_another_protocol() {
    let address = serve(|mut stream| {
        write(&mut stream, "220 mail.example ESMTP\r\n");
        hold(&mut stream);
    });
    all_blocked_at(&format!("http://{address}"), "not HTTP/1.x");
}

#[test]
fn the_name_is_nobodys() {
    all_blocked_at("http://wabiz.invalid:9090", "is not resolved");
}

/// A TLS server that shows this certificate; the certificate as PEM.
fn tls(names: &[&str], change: impl Fn(&mut CertificateParams)) -> (u16, String) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().expect("a key"))
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = serve(move |stream| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            stream.set_nonblocking(true).expect("non-blocking");
            let stream = tokio::net::TcpStream::from_std(stream).expect("a stream");
            // Whoever gets this far has trusted the certificate; it gets no answer.
            let _ = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await;
        });
    });
    (address.port(), certificate.pem())
}

/// The run trusts the certificate itself, so that only what is wrong with it stands in the way.
#[track_caller]
fn not_trusted(port: u16, pem: &str, why: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.pem");
    std::fs::write(&path, pem).expect("a file");
    let url = format!("https://localhost:{port}");
    let mut arguments = arguments(&url, &SOME);
    arguments.extend(["--cacert", path.to_str().expect("a path")]);
    all_blocked(&run(&arguments), why);
}

#[test]
fn the_certificate_has_expired() {
    let (port, pem) = tls(&["localhost"], |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    not_trusted(port, &pem, "expired");
}

#[test]
fn the_certificate_is_for_another_name() {
    let (port, pem) = tls(&["wabiz.example"], |_| {});
    not_trusted(port, &pem, "not valid for name");
}

#[test]
fn the_certificate_is_nobodys_we_know() {
    let (port, _) = tls(&["localhost"], |_| {});
    all_blocked_at(&format!("https://localhost:{port}"), "TLS handshake");
}

#[test]
fn plain_text_on_the_tls_port() {
    let address = serve(|mut stream| {
        write(&mut stream, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        hold(&mut stream);
    });
    all_blocked_at(&format!("https://{address}"), "TLS handshake");
}

#[test]
fn the_tls_port_asked_in_plain_text() {
    let (port, _) = tls(&["localhost"], |_| {});
    all_blocked_at(&format!("http://localhost:{port}"), "is the target's URL https://?");
}

/// How many requests a target lives for in these tests: set-up is done, cases are under way.
const LIVES_FOR: usize = 25;

/// Whether every case has its verdict, those before the end of the target passing and the rest blocked.
#[track_caller]
fn died(ran: &Ran, failed_at_most: u64) {
    sound(ran);
    assert!(ran.count("pass") > 0, "{}", ran.out);
    assert!(ran.count("blocked") > 10, "{}", ran.out);
    assert!(ran.count("fail") <= failed_at_most, "{}", ran.out);
    let code = if ran.count("fail") > 0 { 1 } else { 3 };
    assert_eq!(ran.code, code, "{}", ran.out);
    assert!(ran.out.contains("the target is gone"), "{}", ran.out);
    let cases = ran.report["cases"].as_array().expect("cases").len() as u64;
    let told: u64 = ["pass", "fail", "blocked", "skipped"].map(|verdict| ran.count(verdict)).iter().sum();
    assert_eq!(cases, told, "each case has one verdict");
}

/// Tries it with one case at a time and with eight.
fn with_jobs(test: impl Fn(&str, u64) + Sync) {
    thread::scope(|scope| {
        scope.spawn(|| test("1", 1));
        test("8", 8);
    });
}

/// A run with that many cases at a time against a target that changes its ways after some requests.
fn turning(jobs: &str, rule: impl Fn(&mut TcpStream) -> Next + Send + Sync + 'static) -> Ran {
    let seen = AtomicUsize::new(0);
    let proxy = Proxy::new(move |_, stream| match seen.fetch_add(1, Ordering::SeqCst) < LIVES_FOR {
        true => Next::Forward,
        false => rule(stream),
    });
    let url = proxy.url();
    let mut arguments = arguments(&url, &SOME);
    arguments.extend(["--jobs", jobs]);
    run(&arguments)
}

#[test]
fn a_target_that_falls_silent_in_the_middle_ends_the_run() {
    with_jobs(|jobs, in_flight| {
        let ran = turning(jobs, |stream| {
            hold(stream);
            Next::Close
        });
        died(&ran, in_flight + 3);
    });
}

#[test]
fn a_target_that_hangs_up_from_the_middle_on_ends_the_run() {
    with_jobs(|jobs, in_flight| died(&turning(jobs, |_| Next::Close), in_flight + 3));
}

/// Runs against a target that goes down after some requests and comes back, or not, after that long.
fn going_down(jobs: &str, back_after: Option<Duration>) -> Ran {
    let (enough, is_enough) = std::sync::mpsc::channel();
    let seen = AtomicUsize::new(0);
    let enough = Mutex::new(enough);
    let mut proxy = Proxy::new(move |_, _| {
        if seen.fetch_add(1, Ordering::SeqCst) + 1 == LIVES_FOR {
            let _ = enough.lock().expect("channel").send(());
        }
        Next::Forward
    });
    let url = proxy.url();
    let mut arguments = arguments(&url, &SOME);
    arguments.extend(["--jobs", jobs]);
    thread::scope(|scope| {
        let proxy = &mut proxy;
        scope.spawn(move || {
            is_enough.recv_timeout(PATIENCE).expect("a run under way");
            proxy.go_down();
            if let Some(pause) = back_after {
                thread::sleep(pause);
                proxy.come_back();
            }
        });
        run(&arguments)
    })
}

#[test]
fn a_target_that_goes_away_ends_the_run() {
    // What was in flight when it died was not answered, and that is a finding.
    with_jobs(|jobs, in_flight| died(&going_down(jobs, None), in_flight));
}

#[test]
fn a_target_that_comes_back_is_judged_on() {
    with_jobs(|jobs, in_flight| {
        let ran = going_down(jobs, Some(Duration::from_millis(400)));
        sound(&ran);
        assert!(ran.count("fail") + ran.count("blocked") <= in_flight, "{}", ran.out);
        assert!(ran.count("pass") > 60, "{}", ran.out);
        assert!(!ran.out.contains("the target is gone"), "{}", ran.out);
    });
}

#[test]
fn one_request_that_is_never_answered_does_not_make_the_target_gone() {
    // The canary is answered although one of its two requests is not.
    let proxy = Proxy::new(|asked, stream| match asked.is("GET", "/v1/users/admin") {
        true => {
            let mut byte = [0];
            let _ = stream.read(&mut byte);
            Next::Close
        }
        false => Next::Forward,
    });
    let ran = run(&arguments(&proxy.url(), &["login/control", "users/read-admin", "users/read-unknown"]));
    sound(&ran);
    assert_eq!(ran.verdict("users/read-admin"), "fail", "{}", ran.out);
    assert_eq!(ran.broken("users/read-admin"), ["envelope.answered"]);
    for case in ["login/control", "users/read-unknown"] {
        assert_eq!(ran.verdict(case), "pass", "{}", ran.out);
    }
}
