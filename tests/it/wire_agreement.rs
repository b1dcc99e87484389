//! The two clients read the same answers the same way, as far as both can tell.

use std::time::Duration;

use crate::harness::tls::{params, self_signed};
use crate::harness::wire::*;
use crate::harness::*;
use reqwest::Url;
use wabizspec::exchange::{Breakage, Obstacle, Phase, Request};
use wabizspec::transport::origin::Origin;
use wabizspec::transport::second_opinion::SecondOpinion;
use wabizspec::transport::tls::{Trust, configuration};
use wabizspec::transport::wire::Wire;
use wabizspec::transport::{Call, Client, Limits};

fn clients(origin: &Origin, limits: Limits) -> [Client; 2] {
    let second = SecondOpinion::new(origin.clone(), None, None, limits).expect("a client");
    [Client::Wire(Wire::new(origin.clone(), None, limits)), Client::SecondOpinion(second)]
}

#[test]
fn a_good_answer_is_read_alike_by_both() {
    for (request, bytes, status, body) in [
        (get("/"), OK, 200, "ok"),
        (get("/"), SOME_HEADERS, 200, "{}"),
        (get("/"), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nA: b\r\n\r\n", 200, "ok"),
        (get("/"), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 418 Teapot!\r\nContent-Length: 0\r\n\r\n", 418, ""),
        (get("/"), "HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (get("/"), "HTTP/1.1 301 Moved Permanently\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n", 301, ""),
        (get("/"), "HTTP/1.0 200 OK\r\n\r\nuntil close", 200, "until close"),
        (request("HEAD", "/x?y=%20z", None), "HTTP/1.1 405 No\r\nContent-Length: 9\r\n\r\n", 405, ""),
    ] {
        let (server, _) = answers(bytes, End::Close);
        let [one, two] = clients(&server.origin(), limits()).map(|client| run(client.send(request.clone())));
        let (one, two) = (answered(&one), answered(&two));
        assert_eq!((one.status, show(&one.body)), (status, body.to_owned()), "{bytes}");
        assert_eq!(
            (one.version, one.status, &one.reason, &one.body),
            (two.version, two.status, &two.reason, &two.body)
        );
        for name in ["x-a", "location"] {
            assert_eq!(one.header(name), two.header(name), "{bytes}");
        }
    }
}

const SOME_HEADERS: &str = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

#[test]
fn broken_answers_are_broken_to_both() {
    use Breakage::{Closed, Malformed, TimedOut, TooLarge};
    // reqwest's limit for connecting counts until the first byte as well.
    let wait = End::Wait(hasty().connect);
    // The phase is left out where reqwest cannot know it: whether a byte of a head had come.
    for (bytes, end, breakage, phase) in [
        ("", End::Close, Closed, Some(Phase::Waiting)),
        ("", End::Reset, Closed, Some(Phase::Waiting)),
        ("", wait, TimedOut, Some(Phase::Waiting)),
        ("HTTP/1.1 200 OK\r\nContent-", End::Close, Closed, None),
        ("hello\r\n\r\n", End::StayOpen, Malformed, Some(Phase::Head)),
        (PARTIAL, End::Close, Closed, Some(Phase::Body)),
        (PARTIAL, End::CloseAfter, Closed, Some(Phase::Body)),
        (PARTIAL, wait, TimedOut, Some(Phase::Body)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", End::Close, Closed, Some(Phase::Body)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello", End::StayOpen, Malformed, Some(Phase::Body)),
        (TWO_LENGTHS, End::StayOpen, Malformed, Some(Phase::Head)),
        ("HTTP/1.1 200 OK\r\n\r\nfar too much", End::Close, TooLarge, Some(Phase::Body)),
    ] {
        let (server, paced) = answers(bytes, end);
        run_paced(paced, async {
            for client in clients(&server.origin(), Limits { body_bytes: 10, ..hasty() }) {
                let exchange = client.send(get("/")).await;
                let (why, (broke, at)) = (failure(&exchange), broke(&exchange));
                assert_eq!((broke, at), (breakage, phase.unwrap_or(at)), "{client:?} {bytes} {why}");
                match end {
                    End::Reset => assert!(why.detail.contains("reset") && why.partial.is_empty(), "{why}"),
                    End::CloseAfter => assert!(why.partial.ends_with(b"hell"), "{client:?} {}", show(&why.partial)),
                    _ => {}
                }
            }
        });
    }
    let second = SecondOpinion::new(nobody().parse().expect("an origin"), None, None, limits()).expect("a client");
    let exchange = run(second.send(get("/")));
    assert_eq!(unanswered(&exchange), (Breakage::Unreachable, Phase::Connecting, String::new()));
    assert_eq!(failure(&exchange).obstacle, Some(Obstacle::Refused), "{}", detail(&exchange));
}

const PARTIAL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell";
const TWO_LENGTHS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!";

#[test]
fn requests_that_reqwest_would_change_are_not_sent() {
    let server = silent();
    let second = SecondOpinion::new(server.origin(), None, None, limits()).expect("a client");
    for request in [
        Request::Raw(b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        get("/a/../b"),
        get("/a/%2e%2e/b"),
        get("/a b"),
        get("/a#b"),
        get("/a\"b"),
        get("//other.example/x\\y"),
        get("http://other.example/"),
        get("*"),
        get("@other.example/"),
        get(":1/"),
        request("GE T", "/", None),
        with_header(get("/"), "X", "a\u{1}b"),
    ] {
        let exchange = run(second.send(request));
        assert_eq!(broke(&exchange), (Breakage::Unreachable, Phase::Connecting));
        assert!(detail(&exchange).contains("cannot send"), "{}", detail(&exchange));
    }
    assert_eq!(server.accepted(), 0);
    let server = answering(|_| OK);
    let second = SecondOpinion::new(server.origin(), None, None, limits()).expect("a client");
    for request in [get("/"), get("/a?b=c&d"), get("//a//"), get("/%2F%2f"), request("POST", "/", Some(b"x"))] {
        assert_eq!(show(&answered(&run(second.send(request))).body), "ok");
    }
}

#[test]
fn a_proxy_is_used_only_when_given() {
    let server = answering(|asked| answer("200 OK", "", asked.head.lines().next().unwrap_or_default()));
    let proxy = Url::parse(&server.url()).expect("a URL");
    let origin = "http://nothing.invalid".parse().expect("an origin");
    let second = SecondOpinion::new(origin, None, Some(proxy), limits()).expect("a client");
    let exchange = run(second.send(get("/x")));
    assert_eq!(show(&answered(&exchange).body), "GET http://nothing.invalid/x HTTP/1.1");
}

#[test]
fn http_2_is_spoken_where_the_server_offers_it() {
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let config = self_signed(params(&["localhost"])).config(&["h2"]);
    run(async {
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            let stream = TokioIo::new(acceptor.accept(stream).await.expect("a handshake"));
            let service =
                service_fn(async |_| Ok::<_, std::convert::Infallible>(hyper::Response::new("over two".to_owned())));
            let _ =
                hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await;
        });
        let origin = format!("https://localhost:{port}").parse().expect("an origin");
        let tls = configuration(&Trust::Anything, None).expect("a configuration");
        let second = SecondOpinion::new(origin, Some(tls), None, limits()).expect("a client");
        let exchange = second.send(get("/")).await;
        let response = answered(&exchange);
        assert_eq!((response.version, response.status, response.reason.as_str()), (20, 200, ""));
        assert_eq!(show(&response.body), "over two");
    });
}

#[test]
fn a_hook_is_called_by_its_url() {
    let server = answering(|asked| match asked.is("POST", "/reset?all=1") {
        true => answer("204 X", "Location: /\r\n", ""),
        false => answer("302 X", "Location: /\r\n", ""),
    });
    let call_within = |limit: Duration, method: &'static str, url: String| {
        let sent = run(async move { Call::new(method, &url)?.send(&Trust::WebRoots, limit).await });
        sent.map_err(|error| error.to_string())
    };
    let call = |method, url| call_within(PATIENCE, method, url);
    assert_eq!(call("POST", format!("http://{}/reset?all=1", server.address)), Ok(204));
    assert_eq!(call("GET", format!("http://{}/", server.address)), Ok(302));
    for (method, url, words) in [
        ("POST", "http://nothing.invalid/".to_owned(), "is not resolved"),
        ("POST", "ftp://localhost/".to_owned(), "http://"),
        ("POST", "localhost".to_owned(), "URL"),
        ("PO ST", format!("http://{}/", server.address), "method"),
    ] {
        let error = call(method, url).expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    let silent = silent();
    let url = format!("http://u:hush@{}/", silent.address);
    assert!(call_within(Duration::from_millis(100), "POST", url).is_err_and(|error| !error.contains("hush")));
}
