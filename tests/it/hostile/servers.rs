//! Targets that are broken as a whole: nobody there, nobody answering, the wrong TLS, gone in the middle of a run.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rcgen::CertificateParams;

use super::{arguments, arguments_within, sound};
use crate::harness::server::PATIENCE;
use crate::harness::tls::{Stream, expired, params, self_signed};
use crate::harness::{Ended, Program, Proxy, Reaction, Server, hold, nobody, serve, write};

/// A few cases of every kind: without a login, with one, with an account of their own.
const SOME: [&str; 4] = ["login/control", "users/control", "users/read*", "envelope/*"];

/// For targets that never answer.
const HASTY: &str = "300ms";

/// Nothing could be judged, so nothing is said of the target but why.
#[track_caller]
fn all_blocked(ran: &Ended, why: &str) {
    sound(ran);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert_eq!((ran.count("pass"), ran.count("fail")), (0, 0), "{}", ran.stdout);
    assert_eq!(ran.proven(), [""; 0], "{}", ran.stdout);
    assert!(ran.count("blocked") > 10, "{}", ran.stdout);
    assert!(ran.stdout.contains(why), "no `{why}` in {}", ran.stdout);
}

#[track_caller]
fn all_blocked_at(url: &str, why: &str) {
    all_blocked(&Program::judge(arguments(url, &SOME)).end(), why);
}

/// The same where nothing ever comes, for as long as one likes to wait.
#[track_caller]
fn all_blocked_by_silence(url: &str, why: &str) {
    all_blocked(&Program::judge(arguments_within(HASTY, url, &SOME)).end(), why);
}

#[test]
fn nobody_listens() {
    all_blocked_at(&nobody(), "refused");
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
    let server = serve(|_, mut stream| hold(&mut stream));
    all_blocked_by_silence(&server.url(), "time limit passed");
}

#[test]
fn somebody_hangs_up() {
    let server = serve(|_, stream| drop(stream));
    all_blocked_at(&server.url(), "the connection was closed");
}

#[test]
fn somebody_speaks_another_protocol() {
    let server = serve(|_, mut stream| {
        write(&mut stream, "220 mail.example ESMTP\r\n");
        hold(&mut stream);
    });
    all_blocked_at(&server.url(), "not HTTP/1.x");
}

#[test]
fn the_name_is_nobodys() {
    all_blocked_at("http://wabiz.invalid:9090", "is not resolved");
}

/// A TLS server with such a certificate, which never answers; the certificate as PEM.
fn tls(params: CertificateParams) -> (Server, String) {
    let identity = self_signed(params);
    let config = identity.config(&[]);
    // Whoever gets an answer to its handshake and goes on has trusted the certificate; it gets nothing else.
    let server = serve(move |_, stream| hold(&mut Stream::new(stream, Some(&config))));
    (server, identity.own)
}

/// The run trusts the certificate itself, so that only what is wrong with it stands in the way.
#[track_caller]
fn not_trusted(params: CertificateParams, why: &str) {
    let (server, pem) = tls(params);
    let url = format!("https://localhost:{}", server.address.port());
    let mut arguments = arguments(&url, &SOME);
    arguments.extend(["--cacert", "own.pem"]);
    all_blocked(&Program::judge(&arguments).file("own.pem", &pem).end(), why);
}

#[test]
fn the_certificate_has_expired() {
    not_trusted(expired(params(&["localhost"])), "expired");
}

#[test]
fn the_certificate_is_for_another_name() {
    not_trusted(params(&["wabiz.example"]), "not valid for name");
}

#[test]
fn the_certificate_is_nobodys_we_know() {
    let (server, _) = tls(params(&["localhost"]));
    all_blocked_at(&format!("https://localhost:{}", server.address.port()), "TLS handshake");
}

#[test]
fn plain_text_on_the_tls_port() {
    let server = serve(|_, mut stream| {
        write(&mut stream, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        hold(&mut stream);
    });
    all_blocked_at(&format!("https://{}", server.address), "TLS handshake");
}

#[test]
fn the_tls_port_asked_in_plain_text() {
    let (server, _) = tls(params(&["localhost"]));
    all_blocked_at(&format!("http://localhost:{}", server.address.port()), "is the target's URL https://?");
}

/// How many requests a target lives for in these tests: set-up is done, cases are under way.
const LIVES_FOR: usize = 25;

/// Whether every case has its verdict, those before the end of the target passing and the rest blocked.
#[track_caller]
fn died(ran: &Ended, failed_at_most: u64) {
    sound(ran);
    assert!(ran.count("pass") > 0, "{}", ran.stdout);
    assert!(ran.count("blocked") > 10, "{}", ran.stdout);
    assert!(ran.count("fail") <= failed_at_most, "{}", ran.stdout);
    let code = if ran.count("fail") > 0 { 1 } else { 3 };
    assert_eq!(ran.code, Some(code), "{}", ran.stdout);
    assert!(ran.stdout.contains("the target is gone"), "{}", ran.stdout);
    let cases = ran.0["cases"].as_array().expect("cases").len() as u64;
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
fn turning(jobs: &str, rule: impl Fn(&mut Stream) -> Reaction + Send + Sync + 'static) -> Ended {
    let seen = AtomicUsize::new(0);
    let proxy = Proxy::with_client(move |_, stream| match seen.fetch_add(1, Ordering::SeqCst) < LIVES_FOR {
        true => Reaction::Forward,
        false => rule(stream),
    });
    Program::judge(arguments(&proxy.url(), &SOME)).args(["--jobs", jobs]).end()
}

#[test]
fn a_target_that_falls_silent_in_the_middle_ends_the_run() {
    with_jobs(|jobs, in_flight| {
        let ran = turning(jobs, |stream| {
            hold(stream);
            Reaction::Drop
        });
        died(&ran, in_flight + 3);
    });
}

#[test]
fn a_target_that_hangs_up_from_the_middle_on_ends_the_run() {
    with_jobs(|jobs, in_flight| died(&turning(jobs, |_| Reaction::Drop), in_flight + 3));
}

/// Runs against a target that goes down after some requests and comes back, or not, after that long.
fn going_down(jobs: &str, back_after: Option<Duration>) -> Ended {
    let (enough, is_enough) = std::sync::mpsc::channel();
    let seen = AtomicUsize::new(0);
    let enough = Mutex::new(enough);
    let proxy = Proxy::with_client(move |_, _| {
        if seen.fetch_add(1, Ordering::SeqCst) + 1 == LIVES_FOR {
            let _ = enough.lock().expect("channel").send(());
        }
        Reaction::Forward
    });
    thread::scope(|scope| {
        let proxy = &proxy;
        scope.spawn(move || {
            is_enough.recv_timeout(PATIENCE).expect("a run under way");
            proxy.go_down();
            if let Some(pause) = back_after {
                thread::sleep(pause);
                proxy.come_back();
            }
        });
        Program::judge(arguments(&proxy.url(), &SOME)).args(["--jobs", jobs]).end()
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
        assert!(ran.count("fail") + ran.count("blocked") <= in_flight, "{}", ran.stdout);
        assert!(ran.count("pass") > 60, "{}", ran.stdout);
        assert!(!ran.stdout.contains("the target is gone"), "{}", ran.stdout);
    });
}

#[test]
fn one_request_that_is_never_answered_does_not_make_the_target_gone() {
    // The canary is answered although one of its two requests is not.
    let proxy = Proxy::with_client(|asked, stream| match asked.is("GET", "/v1/users/admin") {
        true => {
            let mut byte = [0];
            let _ = stream.read(&mut byte);
            Reaction::Drop
        }
        false => Reaction::Forward,
    });
    let ran =
        Program::judge(arguments(&proxy.url(), &["login/control", "users/read-admin", "users/read-unknown"])).end();
    sound(&ran);
    assert_eq!(ran.verdict("users/read-admin"), "fail", "{}", ran.stdout);
    assert_eq!(ran.broken("users/read-admin"), ["envelope.answered"]);
    for case in ["login/control", "users/read-unknown"] {
        assert_eq!(ran.verdict(case), "pass", "{}", ran.stdout);
    }
}
