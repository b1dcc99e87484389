//! Rows H1 to H19: HTTP/1.1 itself.

use super::row::{Aimed, aimed};
use crate::fuzz::Surface;
use crate::fuzz::grammar::http::{HttpInput, Lines, Stuff};

pub(super) fn inputs() -> Vec<Aimed> {
    const LOGIN: &str = "POST /v1/users/login HTTP/1.1\nHost: ${host}\nAuthorization: Basic bm9ib2R5Og==\n";
    const GOOD: &str =
        "POST /v1/users/login HTTP/1.1\nHost: ${host}\nAuthorization: Basic ${basic}\nContent-Length: 0\n\n";
    let mut all = Vec::new();
    let mut add = |row, stuff, lines, text: String| {
        let input = HttpInput { stuff, lines, text: text.into_bytes().into() };
        all.push(aimed(row, Surface::Http, input.encode()));
    };
    let get = |rest: &str| format!("GET /v1/users/admin HTTP/1.1\n{rest}");
    let plain: Vec<(&'static str, String)> = vec![
        ("H1", get("\n")),
        ("H1", get("Host: a\nHost: b\n\n")),
        ("H1", get("Host: a b\n\n")),
        ("H2", get("Host : ${host}\n\n")),
        ("H2", get("Host: ${host}\nX\ty: z\n\n")),
        ("H2", get("Host: ${host}\n: z\n\n")),
        ("H2", get("Host: ${host}\nnocolon\n\n")),
        ("H3", get("Host: ${host}\nX: a\n b\n\n")),
        ("H3", get("Host: ${host}\nX: a\0b\n\n")),
        ("H6", format!("{LOGIN}Transfer-Encoding: chunked\n\n2\n{{}}\n0\n\n")),
        ("H6", format!("{LOGIN}Transfer-Encoding: chunked\n\n0\n\n")),
        ("H6", format!("{LOGIN}Transfer-Encoding: chunked\n\n2;x=y\n{{}}\n0\nX: y\n\n")),
        ("H7", format!("{LOGIN}Transfer-Encoding: chunked\n\n0x2\n{{}}\n0\n\n")),
        ("H7", format!("{LOGIN}Transfer-Encoding: chunked\n\n-1\n{{}}\n0\n\n")),
        ("H7", format!("{LOGIN}Transfer-Encoding: chunked\n\nfffffffffffffffff\n{{}}\n0\n\n")),
        ("H8", format!("{LOGIN}Transfer-Encoding: chunked\nContent-Length: 2\n\n0\n\n")),
        ("H8", format!("{LOGIN}Transfer-Encoding: xchunked\n\n")),
        ("H8", format!("{LOGIN}Transfer-Encoding: chunked, gzip\n\n0\n\n")),
        ("H9", format!("{LOGIN}Transfer-Encoding: chunked\nContent-Length: 4\n\n0\n\n{LOGIN}Content-Length: 0\n\n")),
        ("H10", format!("{LOGIN}Expect: 100-continue\nContent-Length: 2\n\n{{}}")),
        ("H10", format!("{LOGIN}Expect: nothing\nContent-Length: 2\n\n{{}}")),
        ("H15", format!("\n\n{}", get("Host: ${host}\n\n"))),
        ("H15", format!(" {}", get("Host: ${host}\n\n"))),
        ("H15", "\u{16}\u{3}\u{1}\0\u{5}hello".to_owned()),
        ("H17", format!("{GOOD}{GOOD}{GOOD}")),
        ("H18", get("Host: ${host}\nConnection: close\n\n")),
        ("H18", get("Host: ${host}\nConnection: Upgrade\nUpgrade: h2c\n\n")),
        ("H19", get("Host: ${host}\nX-HTTP-Method-Override: DELETE\nX-Original-URL: /v1/users\n\n")),
        ("H19", get("Host: ${host}\nX-Forwarded-For: 127.0.0.1\n\n")),
    ];
    for (row, text) in plain {
        add(row, Stuff::Nothing, Lines::Completed, text);
    }
    for length in ["-1", "+2", "0x2", "1_0", "2 2", "", "9223372036854775808", "18446744073709551618", "2, 3", "1"] {
        add("H4", Stuff::Nothing, Lines::Completed, format!("{LOGIN}Content-Length: {length}\n\n{{}}"));
    }
    add("H4", Stuff::Nothing, Lines::Completed, format!("{LOGIN}Content-Length: 2\nContent-Length: 3\n\n{{}}"));
    add("H5", Stuff::Nothing, Lines::Completed, format!("{LOGIN}Content-Length: 1\n\n{{}}"));
    add("H3", Stuff::Nothing, Lines::Exact, "GET / HTTP/1.1\nHost: x\n\n".to_owned());
    add("H3", Stuff::Nothing, Lines::Exact, "GET / HTTP/1.1\rHost: x\r\r".to_owned());
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "PoSt", "X"] {
        let text = format!("{method} /v1/users/login HTTP/1.1\nHost: ${{host}}\nContent-Length: 0\n\n");
        add("H11", Stuff::Nothing, Lines::Completed, text);
    }
    add("H11", Stuff::FourK, Lines::Completed, "${bulk} / HTTP/1.1\nHost: ${host}\n\n".to_owned());
    for version in ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1", "HTTP/9.9", ""] {
        add("H12", Stuff::Nothing, Lines::Completed, format!("GET /v1/users/admin {version}\nHost: ${{host}}\n\n"));
    }
    add("H12", Stuff::Nothing, Lines::Completed, "PRI * HTTP/2.0\n\nSM\n\n".to_owned());
    for target in
        ["http://${host}/v1/users/admin", "*", "/v1/users/admin#x", "http://a:b@${host}/", "/a b", "/%zz", "/\u{e9}"]
    {
        add("H13", Stuff::Nothing, Lines::Completed, format!("GET {target} HTTP/1.1\nHost: ${{host}}\n\n"));
    }
    for (stuff, text) in [
        (Stuff::HundredK, "GET /${bulk} HTTP/1.1\nHost: ${host}\n\n"),
        (Stuff::HundredK, "GET / HTTP/1.1\nHost: ${host}\nX: ${bulk}\n\n"),
        (Stuff::HundredK, "GET / HTTP/1.1\nHost: ${host}\n${bulk}: y\n\n"),
        (Stuff::Fields, "GET / HTTP/1.1\nHost: ${host}\n${bulk}\n"),
    ] {
        add("H14", stuff, Lines::Completed, text.to_owned());
    }
    all
}
