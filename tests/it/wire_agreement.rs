//! The two clients read the same answers the same way, as far as both can tell.

use std::time::Duration;

use crate::harness::nobody;
use crate::harness::server::{PATIENCE, Server, hold, read_head, reset, serve, write};
use crate::harness::tls::{params, self_signed};
use crate::harness::wire::{
    answered, detail, get, hasty, limits, obstacle, pace, request, run, run_paced, show, unanswered,
};
use reqwest::Url;
use wabizspec::exchange::{Breakage, Header, HttpRequest, Obstacle, Outcome, Phase, Request};
use wabizspec::transport::second_opinion::SecondOpinion;
use wabizspec::transport::tls::{Trust, configuration};
use wabizspec::transport::wire::Wire;
use wabizspec::transport::{Call, Client, Limits};
use wiremock::matchers::{body_bytes, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn clients(server: &Server, limits: Limits) -> [Client; 2] {
    let second = SecondOpinion::new(server.origin(), None, None, limits).expect("a client");
    [Client::Wire(Wire::new(server.origin(), None, limits)), Client::SecondOpinion(second)]
}

#[test]
fn answers_of_an_ordinary_server() {
    run(async {
        let server = MockServer::start().await;
        let json = r#"{"users":[{"token":"x"}]}"#;
        Mock::given(method("POST"))
            .and(path("/base/v1/users/login"))
            .and(header("authorization", "Basic YWRtaW46c2VjcmV0"))
            .and(body_bytes(b"{}".to_vec()))
            .respond_with(ResponseTemplate::new(200).insert_header("X-A", "b").set_body_raw(json, "application/json"))
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .and(path("/gone"))
            .respond_with(ResponseTemplate::new(301).insert_header("Location", "/base/v1/users/login"))
            .mount(&server)
            .await;
        Mock::given(method("HEAD")).respond_with(ResponseTemplate::new(405)).mount(&server).await;

        let origin: wabizspec::transport::origin::Origin =
            format!("{}/base/", server.uri()).parse().expect("an origin");
        let login = Request::Http(HttpRequest {
            method: "POST".into(),
            target: format!("{}/v1/users/login", origin.base_path()),
            headers: vec![
                Header::new("Host", origin.host_header()),
                Header::new("Accept", "*/*"),
                Header::new("Authorization", "Basic YWRtaW46c2VjcmV0"),
                Header::new("Content-Length", "2"),
            ],
            body: Some(b"{}".to_vec()),
        });
        let wire = Client::Wire(Wire::new(origin.clone(), None, limits()));
        let second = Client::SecondOpinion(SecondOpinion::new(origin, None, None, limits()).expect("a client"));
        for (request, status, body) in [
            (&login, 200, json),
            (&get("/gone"), 301, ""),
            (&get("/nothing"), 404, ""),
            (&request("HEAD", "/x?y=%20z", None), 405, ""),
        ] {
            let (one, two) = (wire.send(request.clone()).await, second.send(request.clone()).await);
            assert_eq!((answered(&one).status, show(&answered(&one).body)), (status, body.to_owned()));
            let (one, two) = (answered(&one), answered(&two));
            assert_eq!((one.version, one.status, &one.reason), (two.version, two.status, &two.reason));
            assert_eq!(one.body, two.body);
            assert_eq!(one.header("x-a"), two.header("x-a"));
            assert_eq!(one.header("location"), two.header("location"));
        }
    });
}

#[test]
fn broken_answers_are_broken_to_both() {
    use Breakage::{Closed, Malformed, TimedOut, TooLarge};
    // The phase is left out where reqwest cannot know it: whether a byte of a head had come.
    for (bytes, stays_open, breakage, phase) in [
        ("", false, Closed, Some(Phase::Waiting)),
        ("", true, TimedOut, Some(Phase::Waiting)),
        ("HTTP/1.1 200 OK\r\nContent-", false, Closed, None),
        ("hello\r\n\r\n", true, Malformed, Some(Phase::Head)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false, Closed, Some(Phase::Body)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", true, TimedOut, Some(Phase::Body)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", false, Closed, Some(Phase::Body)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello", true, Malformed, Some(Phase::Body)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", true, Malformed, Some(Phase::Head)),
        ("HTTP/1.1 200 OK\r\n\r\nfar too much", false, TooLarge, Some(Phase::Body)),
    ] {
        let (pace, paced) = pace();
        let server = serve(move |_, mut stream| {
            read_head(&mut stream);
            write(&mut stream, bytes);
            if breakage == TimedOut {
                pace.settle();
                // reqwest's limit for connecting counts until the first byte as well.
                pace.pass(hasty().connect);
            }
            if stays_open {
                hold(&mut stream);
            }
        });
        run_paced(paced, async {
            let short = Limits { body_bytes: 10, ..hasty() };
            for client in clients(&server, short) {
                let exchange = client.send(get("/")).await;
                let (broke, at, _) = unanswered(&exchange);
                assert_eq!(broke, breakage, "{client:?} {bytes} {}", detail(&exchange));
                if let Some(phase) = phase {
                    assert_eq!(at, phase, "{client:?} {bytes} {}", detail(&exchange));
                }
            }
        });
    }
}

#[test]
fn nobody_listens_and_resets() {
    let second = SecondOpinion::new(nobody().parse().expect("an origin"), None, None, limits()).expect("a client");
    let exchange = run(second.send(get("/")));
    assert_eq!(unanswered(&exchange), (Breakage::Unreachable, Phase::Connecting, String::new()));
    assert_eq!(obstacle(&exchange), Some(Obstacle::Refused), "{}", detail(&exchange));

    let server = serve(|_, mut stream| {
        read_head(&mut stream);
        reset(stream);
    });
    run(async {
        for client in clients(&server, limits()) {
            let exchange = client.send(get("/")).await;
            assert_eq!(unanswered(&exchange), (Breakage::Closed, Phase::Waiting, String::new()));
            assert!(detail(&exchange).contains("reset"), "{}", detail(&exchange));
        }
    });
}

#[test]
fn a_partial_body_is_kept_by_both() {
    let (pace, paced) = pace();
    let server = serve(move |_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
        pace.settle();
    });
    run_paced(paced, async {
        for client in clients(&server, limits()) {
            let exchange = client.send(get("/")).await;
            let (_, _, partial) = unanswered(&exchange);
            assert!(partial.ends_with("hell"), "{client:?} {partial}");
        }
    });
}

#[test]
fn requests_that_reqwest_would_change_are_not_sent() {
    let server = serve(|_, mut stream| hold(&mut stream));
    let mut odd = request("GET", "/", None);
    if let Request::Http(http) = &mut odd {
        http.headers.push(Header::new("X", b"a\x01b".to_vec()));
    }
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
        odd,
    ] {
        assert!(!SecondOpinion::can_send(&request), "{request:?}");
        let exchange = run(second.send(request.clone()));
        assert_eq!((unanswered(&exchange).0, unanswered(&exchange).1), (Breakage::Unreachable, Phase::Connecting));
        assert!(detail(&exchange).contains("cannot send"), "{}", detail(&exchange));
    }
    for request in [get("/"), get("/a?b=c&d"), get("//a//"), get("/%2F%2f"), request("POST", "/", Some(b"x"))] {
        assert!(SecondOpinion::can_send(&request), "{request:?}");
    }
    assert_eq!(server.accepted(), 0);
}

#[test]
fn a_proxy_is_used_only_when_given() {
    let server = serve(|_, mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        let line = head.lines().next().unwrap_or_default();
        write(&mut stream, format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{line}", line.len()));
    });
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
        let tls = configuration(&Trust::Anything).expect("a configuration");
        let second = SecondOpinion::new(origin, Some(tls), None, limits()).expect("a client");
        let exchange = second.send(get("/")).await;
        let response = answered(&exchange);
        assert_eq!((response.version, response.status, response.reason.as_str()), (20, 200, ""));
        assert_eq!(show(&response.body), "over two");
    });
}

#[test]
fn a_hook_is_called_by_its_url() {
    let server = serve(|_, mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        let status = if head.starts_with("POST /reset?all=1 HTTP/1.1\r\n") { 204 } else { 302 };
        write(&mut stream, format!("HTTP/1.1 {status} X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"));
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
    let silent = serve(|_, mut stream| hold(&mut stream));
    let url = format!("http://u:hush@{}/", silent.address);
    assert!(call_within(Duration::from_millis(100), "POST", url).is_err_and(|error| !error.contains("hush")));
}

#[test]
fn outcomes_say_the_same_in_both_clients() {
    // Every framing that both can read, one after the other on kept connections.
    let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nA: b\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 418 Teapot!\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nuntil close",
    ];
    let server = serve(move |_, mut stream| {
        while let Some(head) = read_head(&mut stream) {
            let number: usize = head[5..6].parse().expect("a number");
            write(&mut stream, answers[number]);
            if number == 4 {
                return;
            }
        }
    });
    run(async {
        let [wire, second] = clients(&server, limits());
        for number in 0..answers.len() {
            let request = get(&format!("/{number}"));
            let (one, two) = (wire.send(request.clone()).await, second.send(request.clone()).await);
            let (Outcome::Answered(one), Outcome::Answered(two)) = (one.outcome, two.outcome) else {
                panic!("{number} is not answered");
            };
            assert_eq!(
                (one.version, one.status, one.reason, one.body),
                (two.version, two.status, two.reason, two.body)
            );
        }
    });
}
