//! Targets that are broken as a whole: nobody there, nobody answering, the wrong TLS, gone in the middle of a run.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use super::{LIMIT, judge, sound};
use crate::harness::tls::{Stream, params, self_signed};
use crate::harness::*;

const SOME: &str = "login/control users/control users/read* envelope/*";

const HASTY: &str = "300ms";

/// Nothing could be judged, and the reason is given.
#[track_caller]
fn all_blocked(ran: &Ended, why: &str) {
    sound(ran);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert_eq!((ran.count("pass"), ran.count("fail")), (0, 0), "{}", ran.stdout);
    assert_eq!(ran.proven(), [""; 0], "{}", ran.stdout);
    assert!(ran.count("blocked") > 10, "{}", ran.stdout);
    assert!(ran.stdout.contains(why), "no `{why}` in {}", ran.stdout);
}

/// A server that writes these bytes first, and nothing more.
fn greeting(bytes: &'static str) -> Server {
    serve(move |_, mut stream| {
        write(&mut stream, bytes);
        hold(&mut stream);
    })
}

#[test]
fn a_target_that_cannot_be_reached_or_speaks_something_else() {
    let mail = greeting("220 mail.example ESMTP\r\n");
    let plain = greeting("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let config = self_signed(params(&["localhost"])).config(&[]);
    let tls = serve(move |_, stream| hold(&mut Stream::new(stream, Some(&config))));
    // Which certificates are refused, and why, is tested in `wire_tls`; one that hangs up at once in `degenerate`.
    for (url, why) in [
        (nobody(), "refused"),
        ("http://wabiz.invalid:9090".to_owned(), "is not resolved"),
        (mail.url(), "not HTTP/1.x"),
        (format!("https://{}", plain.address), "TLS handshake"),
        (format!("https://localhost:{}", tls.address.port()), "TLS handshake"),
        (format!("http://localhost:{}", tls.address.port()), "is the target's URL https://?"),
    ] {
        all_blocked(&judge(&Place::new(), &url, LIMIT, SOME).end(), why);
    }
}

#[test]
fn a_target_that_accepts_or_answers_nothing() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port");
    socket.listen(0).expect("listening");
    let address = socket.local_addr().expect("an address").as_socket().expect("an address");
    // The queue takes one or two; all further connections wait.
    let fill = || TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let queued: Vec<TcpStream> = std::iter::from_fn(|| fill().ok()).take(64).collect();
    assert!(queued.len() < 64, "the queue has no end");
    let silent = silent();
    for (url, why) in
        [(format!("http://{address}"), "no connection while connecting"), (silent.url(), "time limit passed")]
    {
        all_blocked(&judge(&Place::new(), &url, HASTY, SOME).end(), why);
    }
}

/// How many requests a target lives for in these tests: set-up is done, cases are under way.
const LIVES_FOR: usize = 25;

#[test]
fn a_target_that_goes_away_and_comes_back_is_judged_on() {
    parallel(2, [1, 8], |jobs| {
        let proxy = Proxy::alone();
        let ran = thread::scope(|scope| {
            scope.spawn(|| {
                eventually("a run under way", || proxy.requests() >= LIVES_FOR);
                proxy.go_down();
                thread::sleep(Duration::from_millis(400));
                proxy.come_back();
            });
            judge(&Place::new(), &proxy.url(), LIMIT, SOME).args(&format!("--jobs {jobs}")).end()
        });
        sound(&ran);
        assert!(ran.count("fail") + ran.count("blocked") <= jobs, "{}", ran.stdout);
        ran.counts_over("pass", 60).never_says("the target is gone");
    });
}

#[test]
fn one_request_that_is_never_answered_does_not_make_the_target_gone() {
    // The canary is answered although one of its two requests is not.
    let proxy = Proxy::with_client(|_, asked, _| Reaction::Hang.when(asked.is("GET", "/v1/users/admin")));
    let cases = "login/control users/read-admin users/read-unknown";
    let ran = judge(&Place::new(), &proxy.url(), LIMIT, cases).end();
    sound(&ran);
    assert_eq!(ran.broken("users/read-admin"), ["envelope.answered"]);
    ran.gives("users/read-admin", "fail").gives("login/control", "pass").gives("users/read-unknown", "pass");
}
