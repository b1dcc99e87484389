//! Rows A35, J19, P, S and H: tokens, paths, passwords, sequences, HTTP.

use super::Choice;
use super::aimed::Aimed;
use super::bearer::{BearerInput, Before, Called, Carrier};
use super::http::{HttpInput, Lines, Stuff};
use super::password::{Door, PasswordInput, Written};
use super::path::{Asker, Length, Method, PathInput};
use crate::fuzz::Surface;

pub(super) fn inputs() -> Vec<Aimed> {
    let mut inputs = passwords();
    inputs.extend(tokens());
    inputs.extend(paths());
    inputs.extend(sessions());
    inputs.extend(http());
    inputs
}

fn aimed(row: &'static str, surface: Surface, input: Vec<u8>) -> Aimed {
    Aimed { row, surface, input }
}

fn passwords() -> Vec<Aimed> {
    let mut all = Vec::new();
    let mut at = |row, door, written, text: &str| {
        let input = PasswordInput {
            door,
            written,
            text: text.as_bytes().to_vec().into(),
        };
        all.push(aimed(row, Surface::Password, input.encode()));
    };
    let of = |length: usize| {
        format!("Aa1!{}", "kQz7mP2x".repeat(16))
            .chars()
            .take(length)
            .collect::<String>()
    };
    let mut add = |row, text: &str| at(row, Door::Update, Written::Plain, text);
    for length in [8, 64, 0, 1, 7, 65, 72, 73, 128] {
        add("P1", &of(length));
    }
    add("P1", &"Aa1!".repeat(256));
    for length in 0..=80 {
        add("P1", &of(length));
    }
    let classes = ['A', 'a', '1', '!'];
    for missing in 1..15_u32 {
        let kept: String = classes
            .iter()
            .enumerate()
            .filter(|(bit, _)| missing & (1 << bit) == 0)
            .map(|(_, c)| *c)
            .collect();
        for length in [8, 64] {
            add("P2", &kept.repeat(64).chars().take(length).collect::<String>());
        }
    }
    for special in crate::documented::password::SPECIAL_CHARACTERS.chars() {
        add("P3", &format!("Abcdef1{special}"));
    }
    for special in [
        " ",
        "\t",
        "\u{a3}",
        "\u{20ac}",
        "\u{e9}",
        "\u{2013}",
        "\u{ff20}",
        "\u{a0}",
        "\u{1f511}",
        "\u{1}",
        "\u{7f}",
    ] {
        add("P4", &format!("Abcdefg1{special}"));
    }
    for text in [
        "\u{c9}bcdef1!",
        "\u{c4}bcdef1!",
        "\u{3a3}bcdef1!",
        "\u{24b6}bcdef1!",
        "\u{1d400}bcdef1!",
        "\u{1c5}bcdef1!",
        "ABCDE1!\u{e9}",
        "ABCDE1!\u{df}",
        "ABCDE1!\u{aa}",
        "Abcdef!\u{663}",
        "Abcdef!\u{ff13}",
        "Abcdef!\u{b2}",
        "Abcdef!\u{bd}",
        "Abcdef!\u{2167}",
    ] {
        add("P5", text);
    }
    add("P6", "Aa1!xy\u{e9}");
    add("P6", "Aa1!x\u{1f511}");
    add("P6", &format!("Aa1!{}", "\u{e9}".repeat(60)));
    add("P6", &format!("Aa1!{}", "\u{1f511}".repeat(30)));
    add("P6", "Aa1!e\u{301}e\u{301}");
    for text in [
        "Tz7!qWmK3rYp",
        "Aa1!pLm8vQz3nRt5wYx7kHb2cGd4fJs6aTe9uViNoMqWrXyZpBhKgDlSjFcQ7tUo",
    ] {
        add("P7", text);
    }
    add("P8", &format!("Aa1!{}", "\u{1f511}".repeat(60)));
    add("P8", &format!("Aa1!{}Zq", "\u{6771}".repeat(28)));
    for text in [
        "Abcdef1!\0x",
        "Abcdef1!\0",
        "\0Abcdef1!",
        "Abc\0def1!",
        "Abcdef1!\0secondhalf",
    ] {
        add("P9", text);
    }
    for text in [
        " Abcdef1!",
        "Abcdef1! ",
        "  Abcdef1!  ",
        "Abcdef1!\u{feff}",
        "Abcdef1!\u{ad}",
        "Abcdef1!e\u{301}",
        "Abcdef1!\u{e9}",
        "Abcdef1!\u{ff21}",
        "Abcdef1!\u{430}",
    ] {
        add("P10", text);
    }
    for text in [
        "${user_password}",
        "${user}",
        "${user}A1!",
        "secret",
        "password",
        "${user_password}",
    ] {
        add("P11", text);
    }
    for text in ["abcdefgh", "Abcdef1", "${new_password}"] {
        for door in Door::ALL {
            at("P12", *door, Written::Plain, text);
        }
    }
    for text in [
        "abcdefgh",
        "short1!",
        "NoSpecial11",
        "nouppercase1!",
        "NOLOWERCASE1!",
        "NoDigitsHere!",
    ] {
        at("P13", Door::Login, Written::Plain, text);
    }
    at("P13", Door::Login, Written::Escaped, "${new_password}");
    let mut add = |row, text: &str| at(row, Door::Update, Written::Plain, text);
    for text in [
        "Aa1!'OR'1'='1",
        "Aa1!' OR 1=1--",
        "Aa1!%s%n",
        "Aa1!${7*7}",
        "Aa1!<x>&amp;",
        "Aa1!*)(uid=*",
        "Aa1!:b:c:",
        "Aa1!:::::",
        "Aa1!\\\"x",
    ] {
        add("P14", text);
    }
    for text in [
        "Abcdef1!\n",
        "Abcdef1!\nabc",
        "abc\nAbcdef1!",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Abcdef1!\r\n",
    ] {
        add("P15", text);
    }
    all
}

fn tokens() -> Vec<Aimed> {
    let mut all = Vec::new();
    let mut add = |before, carrier, called, text: &str| {
        let input = BearerInput {
            before,
            carrier,
            called,
            text: text.as_bytes().to_vec().into(),
        };
        all.push(aimed("A35", Surface::Bearer, input.encode()));
    };
    for before in Before::ALL {
        add(*before, Carrier::Once, Called::Itself, "${user_token}");
    }
    for carrier in Carrier::ALL {
        add(Before::Bearer, *carrier, Called::Itself, "${user_token}");
    }
    for token in [
        "${user_token|init}",
        "${user_token|tail}",
        "${user_token|altered}",
        "${user_token|swapcase}",
        "${user_token}x",
        "${dead_token}",
        "${user_token} ",
        "",
        " ",
        "null",
        "undefined",
        "0",
        "*",
        "%",
        "' OR '1'='1",
        "\u{e9}",
        "${user_token}\0",
        "${user_token},x",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "${user}",
        "${user_password}",
        "${basic}",
        "../../etc/passwd",
        "${user_token|reverse}",
    ] {
        for called in Called::ALL {
            add(Before::Bearer, Carrier::Once, *called, token);
        }
    }
    all
}

fn paths() -> Vec<Aimed> {
    let mut all = Vec::new();
    let mut add = |asker, method, length, text: &str| {
        let input = PathInput {
            asker,
            method,
            length,
            text: text.as_bytes().to_vec().into(),
        };
        all.push(aimed("J19", Surface::Path, input.encode()));
    };
    for text in [
        "/v1/users/%00",
        "/v1/users/%2F",
        "/v1/users/%2e%2e%2faccount",
        "/v1/users/%252e%252e",
        "/v1/users/%c0%ae%c0%ae",
        "/v1/users/admin;x",
        "//v1/users/admin",
        "/v1//users/admin",
        "/v1/users/admin/",
        "/V1/USERS/ADMIN",
        "/v1/users/./admin",
        "/v1/users/x/../admin",
        "/v1/users/${user}/../admin",
        "/v1/users/${user}%2f..%2fadmin",
        "/v1/users/admin%00",
        "/v1/users/admin%20",
        "/v1/users/%61dmin",
        "/v1/users/${user}?username=admin",
        "/v1/users/${user}#/admin",
        "/v1/users/",
        "/v1/users/%",
        "/v1/users/%zz",
        "/v1/users/*",
        "/",
        "",
        "/v1/users/admin%0d%0aX:y",
        "/v1/users/\u{430}dmin",
        "/v1/users/${user};/admin",
        "/v1/users/admin.json",
        "/..;/v1/users/admin",
        "/v1/users/__proto__",
    ] {
        for asker in Asker::ALL {
            add(*asker, Method::Get, Length::Plain, text);
        }
    }
    for method in Method::ALL {
        add(Asker::User, *method, Length::Plain, "/v1/users/login/x");
        add(Asker::Nobody, *method, Length::Long, "/v1/users/");
    }
    all
}

fn sessions() -> Vec<Aimed> {
    // Letters: op, subject, actor, token; see `grammar::session`. The users one to three exist at the start.
    let rows: [(&str, &str); 17] = [
        ("S1", "eaaaaaaapaaa"),
        ("S1", "aaaajaaaaaaapaaa"),
        ("S2", "daaaaaaapaaa"),
        ("S2", "aaaaiaaaaaaapaaa"),
        ("S3", "aaaaaaaamaabmaablaabaaaalaaa"),
        ("S4", "aaaakadalaaaaaaa"),
        ("S4", "aaaakadamaaa"),
        ("S5", "aaaaiadalaaa"),
        ("S6", "aaaagbaakbaanaaaoaaa"),
        ("S7", "kddalada"),
        ("S8", "gadaaaaalaaa"),
        ("S9", "kadahadaaaaalada"),
        ("S10", "daaadaaapaaaaaaa"),
        ("S11", "aaaakadagadalaabaaaa"),
        ("S12", "aaaakadagadaaaaalaab"),
        ("S2", "faaaaaaapaaa"),
        ("S6", "jbaaibaalbaa"),
    ];
    rows.iter()
        .map(|(row, letters)| aimed(row, Surface::Session, letters.as_bytes().to_vec()))
        .collect()
}

fn http() -> Vec<Aimed> {
    const LOGIN: &str = "POST /v1/users/login HTTP/1.1\nHost: ${host}\nAuthorization: Basic bm9ib2R5Og==\n";
    const GOOD: &str =
        "POST /v1/users/login HTTP/1.1\nHost: ${host}\nAuthorization: Basic ${basic}\nContent-Length: 0\n\n";
    let mut all = Vec::new();
    let mut add = |row, stuff, lines, text: String| {
        let input = HttpInput {
            stuff,
            lines,
            text: text.into_bytes().into(),
        };
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
        (
            "H6",
            format!("{LOGIN}Transfer-Encoding: chunked\n\n2;x=y\n{{}}\n0\nX: y\n\n"),
        ),
        ("H7", format!("{LOGIN}Transfer-Encoding: chunked\n\n0x2\n{{}}\n0\n\n")),
        ("H7", format!("{LOGIN}Transfer-Encoding: chunked\n\n-1\n{{}}\n0\n\n")),
        (
            "H7",
            format!("{LOGIN}Transfer-Encoding: chunked\n\nfffffffffffffffff\n{{}}\n0\n\n"),
        ),
        (
            "H8",
            format!("{LOGIN}Transfer-Encoding: chunked\nContent-Length: 2\n\n0\n\n"),
        ),
        ("H8", format!("{LOGIN}Transfer-Encoding: xchunked\n\n")),
        ("H8", format!("{LOGIN}Transfer-Encoding: chunked, gzip\n\n0\n\n")),
        (
            "H9",
            format!("{LOGIN}Transfer-Encoding: chunked\nContent-Length: 4\n\n0\n\n{LOGIN}Content-Length: 0\n\n"),
        ),
        ("H10", format!("{LOGIN}Expect: 100-continue\nContent-Length: 2\n\n{{}}")),
        ("H10", format!("{LOGIN}Expect: nothing\nContent-Length: 2\n\n{{}}")),
        ("H15", format!("\n\n{}", get("Host: ${host}\n\n"))),
        ("H15", format!(" {}", get("Host: ${host}\n\n"))),
        ("H15", "\u{16}\u{3}\u{1}\0\u{5}hello".to_owned()),
        ("H17", format!("{GOOD}{GOOD}{GOOD}")),
        ("H18", get("Host: ${host}\nConnection: close\n\n")),
        ("H18", get("Host: ${host}\nConnection: Upgrade\nUpgrade: h2c\n\n")),
        (
            "H19",
            get("Host: ${host}\nX-HTTP-Method-Override: DELETE\nX-Original-URL: /v1/users\n\n"),
        ),
        ("H19", get("Host: ${host}\nX-Forwarded-For: 127.0.0.1\n\n")),
    ];
    for (row, text) in plain {
        add(row, Stuff::Nothing, Lines::Completed, text);
    }
    for length in [
        "-1",
        "+2",
        "0x2",
        "1_0",
        "2 2",
        "",
        "9223372036854775808",
        "18446744073709551618",
        "2, 3",
        "1",
    ] {
        add(
            "H4",
            Stuff::Nothing,
            Lines::Completed,
            format!("{LOGIN}Content-Length: {length}\n\n{{}}"),
        );
    }
    add(
        "H4",
        Stuff::Nothing,
        Lines::Completed,
        format!("{LOGIN}Content-Length: 2\nContent-Length: 3\n\n{{}}"),
    );
    add(
        "H5",
        Stuff::Nothing,
        Lines::Completed,
        format!("{LOGIN}Content-Length: 1\n\n{{}}"),
    );
    add(
        "H3",
        Stuff::Nothing,
        Lines::Exact,
        "GET / HTTP/1.1\nHost: x\n\n".to_owned(),
    );
    add(
        "H3",
        Stuff::Nothing,
        Lines::Exact,
        "GET / HTTP/1.1\rHost: x\r\r".to_owned(),
    );
    for method in [
        "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "PoSt", "X",
    ] {
        let text = format!("{method} /v1/users/login HTTP/1.1\nHost: ${{host}}\nContent-Length: 0\n\n");
        add("H11", Stuff::Nothing, Lines::Completed, text);
    }
    add(
        "H11",
        Stuff::FourK,
        Lines::Completed,
        "${bulk} / HTTP/1.1\nHost: ${host}\n\n".to_owned(),
    );
    for version in ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1", "HTTP/9.9", ""] {
        add(
            "H12",
            Stuff::Nothing,
            Lines::Completed,
            format!("GET /v1/users/admin {version}\nHost: ${{host}}\n\n"),
        );
    }
    add(
        "H12",
        Stuff::Nothing,
        Lines::Completed,
        "PRI * HTTP/2.0\n\nSM\n\n".to_owned(),
    );
    for target in [
        "http://${host}/v1/users/admin",
        "*",
        "/v1/users/admin#x",
        "http://a:b@${host}/",
        "/a b",
        "/%zz",
        "/\u{e9}",
    ] {
        add(
            "H13",
            Stuff::Nothing,
            Lines::Completed,
            format!("GET {target} HTTP/1.1\nHost: ${{host}}\n\n"),
        );
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
