//! Rows J1 to J18: JSON bodies.

use super::aimed::Aimed;
use super::body::{BodyInput, Bulk, ContentType, Framing, Spelling};
use crate::fuzz::Surface;

fn plain(text: impl AsRef<[u8]>) -> BodyInput<'static> {
    BodyInput {
        content_type: ContentType::Json,
        framing: Framing::Length,
        spelling: Spelling::Plain,
        bulk: Bulk::Nothing,
        text: text.as_ref().to_vec().into(),
    }
}

/// A weak and a strong password beside those that bindings give.
const WEAK: &str = "abcdefgh";
const STRONG: &str = "${new_password}";

/// Values that JSON must accept (RFC 8259 §9).
const GRAMMATICAL: [&str; 26] = [
    "[]",
    "{}",
    "0",
    "-0",
    "1",
    "-1",
    "1.5",
    "1E2",
    "1e+2",
    "1e-2",
    "123456789",
    "true",
    "false",
    "null",
    r#""""#,
    r#""a""#,
    r#""\u0041""#,
    r#""\"\\\/\b\f\n\r\t""#,
    r#""\uD83D\uDD11""#,
    r#""é 東京 🔑""#,
    r#""\u0000""#,
    r#"[1,[2,[3]]]"#,
    r#"{"a":{"b":[]}}"#,
    r#"[ 1 , 2 ]"#,
    "\"\u{7f}\"",
    r#""\u2028""#,
];

/// Texts that are no JSON.
const UNGRAMMATICAL: [&str; 44] = [
    "{",
    "}",
    "[",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{'a':1}",
    "{a:1}",
    "{\"a\":1}//x",
    "{\"a\":/*x*/1}",
    "{\"a\":01}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":0x1}",
    "{\"a\":NaN}",
    "{\"a\":Infinity}",
    "{\"a\":-}",
    "{\"a\":1e}",
    "{\"a\":\"\u{1}\"}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u00\"}",
    "{\"a\":\"",
    "{\"a\":\"\\",
    "\u{c}{}",
    "\u{b}{}",
    "{}x",
    "{}{}",
    "}{",
    "{} {}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":tru}",
    "{\"a\":True}",
    "{1:2}",
    "{null:1}",
    "{\"a\":1}]",
    "[}",
    "<a/>",
    "a=b",
];

pub(super) fn inputs() -> Vec<Aimed> {
    let mut all = login();
    all.extend(users());
    all.extend(account());
    all
}

fn login() -> Vec<Aimed> {
    let mut rows: Vec<(&'static str, BodyInput)> = Vec::new();
    let mut add = |row, input| rows.push((row, input));
    for value in GRAMMATICAL {
        add("J1", plain(format!("{{\"foo\":{value}}}")));
    }
    add(
        "J1",
        BodyInput {
            spelling: Spelling::Around,
            ..plain("{}")
        },
    );
    for text in UNGRAMMATICAL {
        add("J2", plain(text));
        let inside = text.replacen("\"a\":1", &format!("\"new_password\":\"{WEAK}\""), 1);
        if inside != text {
            add("J2", plain(inside));
        }
    }
    for spelling in [
        Spelling::CutOne,
        Spelling::CutHalf,
        Spelling::Doubled,
        Spelling::Nul,
        Spelling::Garbage,
    ] {
        add(
            "J2",
            BodyInput {
                spelling,
                ..plain(format!("{{\"new_password\":\"{STRONG}\"}}"))
            },
        );
    }
    for value in [
        "1e400",
        "-1e400",
        "1e-400",
        "123456789012345678901234567890",
        r#""\ud800""#,
        r#""\udc00\ud800""#,
    ] {
        add("J3", plain(format!("{{\"foo\":{value}}}")));
        add("J3", plain(format!("{{\"new_password\":{value}}}")));
    }
    for bytes in [
        &b"{\"foo\":\"\xff\"}"[..],
        b"{\"foo\":\"\xc0\xae\"}",
        b"{\"foo\":\"\xed\xa0\x80\"}",
        b"{\"new_password\":\"Abcdef1!\xff\"}",
    ] {
        add("J3", plain(bytes));
    }
    for spelling in [Spelling::Utf16Le, Spelling::Utf16Be, Spelling::Bom] {
        add(
            "J3",
            BodyInput {
                spelling,
                ..plain("{}")
            },
        );
        add(
            "J3",
            BodyInput {
                spelling,
                ..plain(format!("{{\"new_password\":\"{WEAK}\"}}"))
            },
        );
    }
    for bulk in [
        Bulk::Deep100,
        Bulk::Deep1000,
        Bulk::Open4000,
        Bulk::Objects300,
        Bulk::Deep10K,
        Bulk::Open100K,
    ] {
        add(
            "J4",
            BodyInput {
                bulk,
                ..plain("{\"foo\":${bulk}}")
            },
        );
        add(
            "J4",
            BodyInput {
                bulk,
                ..plain("${bulk}")
            },
        );
    }
    for text in [
        format!(r#"{{"new_password":"{WEAK}","new_password":"{STRONG}"}}"#),
        format!(r#"{{"new_password":"{STRONG}","new_password":"{WEAK}"}}"#),
        format!(r#"{{"new_password":"{STRONG}","new_password":"{STRONG}"}}"#),
        format!(r#"{{"new_password":"{STRONG}","\u006eew_password":"{WEAK}"}}"#),
        format!(r#"{{"\u006eew_password":"{WEAK}","new_password":"{STRONG}"}}"#),
        format!(r#"{{"new_password":"{STRONG}","New_Password":"{WEAK}"}}"#),
        format!(r#"{{"new_password":"{STRONG}","new_password\u0000":"{WEAK}"}}"#),
        format!(r#"{{"new_password":"{STRONG}","new_password ":"{WEAK}"}}"#),
        format!(r#"{{"new_password":"{STRONG}","\ufeffnew_password":"{WEAK}"}}"#),
        format!(r#"{{"new_password":null,"new_password":"{WEAK}"}}"#),
        format!(r#"{{"new_password":"{WEAK}","new_password":null}}"#),
        format!(r#"{{"new_password":"{STRONG}","foo":1,"foo":2}}"#),
    ] {
        add("J5", plain(text));
    }
    for key in [
        r"new_password\u0000x",
        r"new_password\ud800",
        r#"new_password\""#,
        r"new_password\\",
        "new_passwor",
    ] {
        add("J6", plain(format!(r#"{{"{key}":"{WEAK}"}}"#)));
    }
    for text in [
        "", "null", "true", "1", "\"x\"", "[]", "\"\"", " ", "\u{feff}", "-0", "1e400", "[null]",
    ] {
        add("J7", plain(text));
    }
    add("J7", plain(format!(r#"[{{"new_password":"{STRONG}"}}]"#)));
    add("J7", plain(format!(r#"["new_password","{STRONG}"]"#)));
    for value in [
        "null", "true", "false", "0", "1", "1e400", "[]", "{}", "\"\"", "\"0\"", "-0", "12345678",
    ] {
        add("J8", plain(format!("{{\"new_password\":{value}}}")));
    }
    add("J8", plain(format!(r#"{{"new_password":["{STRONG}"]}}"#)));
    add("J8", plain(format!(r#"{{"new_password":{{"a":"{STRONG}"}}}}"#)));
    for value in [
        "9007199254740993",
        "9223372036854775808",
        "18446744073709551616",
        "1e308",
        "1e309",
        "-0",
    ] {
        add("J9", plain(format!("{{\"foo\":{value}}}")));
    }
    for bulk in [Bulk::Digits4000, Bulk::DigitsMega] {
        add(
            "J9",
            BodyInput {
                bulk,
                ..plain("{\"foo\":${bulk}}")
            },
        );
        add(
            "J9",
            BodyInput {
                bulk,
                ..plain("{\"new_password\":${bulk}}")
            },
        );
    }
    for bulk in [Bulk::Text4K, Bulk::Members300, Bulk::TextMega, Bulk::MembersMega] {
        add(
            "J10",
            BodyInput {
                bulk,
                ..plain("{\"foo\":${bulk}}")
            },
        );
        add(
            "J10",
            BodyInput {
                bulk,
                ..plain("{\"new_password\":${bulk}}")
            },
        );
    }
    for content_type in <ContentType as super::Choice>::ALL {
        let content_type = *content_type;
        add(
            "J11",
            BodyInput {
                content_type,
                ..plain(format!("{{\"new_password\":\"{WEAK}\"}}"))
            },
        );
        add(
            "J11",
            BodyInput {
                content_type,
                ..plain("{}")
            },
        );
    }
    add(
        "J11",
        BodyInput {
            content_type: ContentType::Form,
            ..plain(format!("new_password={WEAK}"))
        },
    );
    for framing in [Framing::Gzip, Framing::UnknownCoding] {
        add("J12", BodyInput { framing, ..plain("{}") });
        add(
            "J12",
            BodyInput {
                framing,
                ..plain(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0")
            },
        );
    }
    for framing in [Framing::Chunked, Framing::Crumbs] {
        add("J12", BodyInput { framing, ..plain("{}") });
        add(
            "J12",
            BodyInput {
                framing,
                ..plain(format!("{{\"new_password\":\"{WEAK}\"}}"))
            },
        );
    }
    for key in ["__proto__", "constructor", "$where", "toString", "__class__"] {
        add(
            "J13",
            plain(format!(r#"{{"{key}":{{"new_password":"{STRONG}","isAdmin":true}}}}"#)),
        );
    }
    for members in [
        r#""username":"admin""#,
        r#""role":"ROLE_ADMIN""#,
        r#""ROLES":"ROLE_ADMIN""#,
        r#""expires_after":"9999-12-30 00:00:00+00:00""#,
        r#""token":"abc""#,
        r#""is_admin":true"#,
    ] {
        add("J14", plain(format!("{{{members}}}")));
    }
    let escaped: String = "Quartz#7Vm"
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    add("J15", plain(format!("{{\"new_password\":\"{escaped}\"}}")));
    add("J15", plain(r#"{"new_password":"\u0051uartz#8Vm\/"}"#));
    for text in [
        "\\u0000",
        "\\ufeff",
        "\\u202e",
        "\\u200b",
        "e\u{301}",
        "👩\u{200d}💻",
        "\\ufffe",
        "\\ud83d\\udd11",
    ] {
        add("J16", plain(format!(r#"{{"new_password":"Quartz#7{text}Vm"}}"#)));
    }
    finish(rows, Surface::LoginBody)
}

fn users() -> Vec<Aimed> {
    let mut rows: Vec<(&'static str, BodyInput)> = Vec::new();
    let mut add = |row, text: String| rows.push((row, plain(text)));
    let user = |name: &str| format!(r#"{{"username":"{name}","password":"{STRONG}"}}"#);
    add("J18", user("${unique}"));
    for name in [
        "abc",
        "",
        "a",
        "admin",
        "login",
        "logout",
        "../x",
        "%2e%2e",
        "a/bcd",
        "ab cd",
        "ab\\u0000cd",
        "ab\\r\\ncd",
        "caf\u{e9}",
        "\\u202eabcd",
        "\u{430}dmin",
        "${user} ",
        "${user}.",
        "${user}\\u0000",
        "${user|upper}",
        "a:bcd",
        "${unique}${unique}${unique}${unique}",
        "${user}",
    ] {
        add("J18", user(name));
    }
    for text in UNGRAMMATICAL {
        add("J2", text.to_owned());
    }
    for text in ["null", "true", "1", "\"x\"", "[]", "\"\"", "", " ", "{}"] {
        add("J7", text.to_owned());
    }
    add("J7", format!(r#"[{}]"#, user("${unique}")));
    for value in [
        "null",
        "true",
        "0",
        "1e400",
        "[]",
        "{}",
        "\"\"",
        "[\"Abcdef1!\"]",
        "12345678",
    ] {
        add("J8", format!(r#"{{"username":"${{unique}}","password":{value}}}"#));
        add("J8", format!(r#"{{"username":{value},"password":"{STRONG}"}}"#));
    }
    add("J8", r#"{"username":"${unique}"}"#.to_owned());
    add("J8", format!(r#"{{"password":"{STRONG}"}}"#));
    add(
        "J5",
        format!(r#"{{"username":"${{unique}}","password":"{WEAK}","password":"{STRONG}"}}"#),
    );
    add(
        "J5",
        format!(r#"{{"username":"${{unique}}","password":"{STRONG}","password":"{WEAK}"}}"#),
    );
    add(
        "J5",
        format!(r#"{{"username":"${{unique}}","username":"admin","password":"{STRONG}"}}"#),
    );
    for member in [
        r#""role":"ROLE_ADMIN""#,
        r#""ROLES":"ROLE_ADMIN""#,
        r#""roles":["ROLE_ADMIN"]"#,
        r#""is_admin":true"#,
        r#""isAdmin":1"#,
    ] {
        add(
            "J14",
            format!(r#"{{"username":"${{unique}}","password":"{STRONG}",{member}}}"#),
        );
    }
    for password in [
        WEAK,
        "Abcdef1",
        "Short1!",
        "ALLUPPER1!",
        "alllower1!",
        "NoDigits!!",
        "NoSpecial11",
    ] {
        add(
            "P12",
            format!(r#"{{"username":"${{unique}}","password":"{password}"}}"#),
        );
    }
    add(
        "J15",
        format!(r#"{{"\u0075sername":"${{unique}}","password":"{STRONG}"}}"#),
    );
    finish(rows, Surface::UsersBody)
}

fn account() -> Vec<Aimed> {
    let mut rows: Vec<(&'static str, BodyInput)> = Vec::new();
    let whole: [(&str, &str); 4] = [
        ("cc", "\"1\""),
        ("phone_number", "\"2025550123\""),
        ("method", "\"sms\""),
        ("cert", "\"${cert}\""),
    ];
    let object = |members: &[(&str, &str)]| {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    let mut add = |text: String| rows.push(("J17", plain(text)));
    add(object(&whole));
    for (index, (name, _)) in whole.iter().enumerate() {
        let others: Vec<(&str, &str)> = whole.iter().filter(|(other, _)| other != name).copied().collect();
        add(object(&others));
        for value in ["null", "1", "true", "[]", "{}", "\"\"", "[\"1\"]"] {
            let mut changed = whole;
            changed[index].1 = value;
            add(object(&changed));
        }
    }
    for (name, values) in [
        (
            "cc",
            &[
                "\"+1\"",
                "\"0\"",
                "\"\u{661}\"",
                "\"12345678901234567890\"",
                "\"1 \"",
                "\"x\"",
            ][..],
        ),
        (
            "phone_number",
            &[
                "\"+12025550123\"",
                "\"202 555 0123\"",
                "\"abc\"",
                "\"202-555\"",
                "\"\u{662}02\"",
            ],
        ),
        (
            "method",
            &["\"SMS\"", "\"sms \"", "\"voice\\u0000\"", "\"fax\"", "\"voice\""],
        ),
        (
            "cert",
            &[
                "\"!!!!\"",
                "\"e30=\"",
                "\"AAAA\"",
                "\"CgA=\"",
                "\"Cg==\"",
                "\"Cv////8H\"",
                "\"CAE=\"",
                "\"CiEI\"",
                "\"${cert|init}\"",
                "\"${cert|tail}\"",
                "\"${cert}=\"",
                "\"//8=\"",
                "\"__8=\"",
            ],
        ),
    ] {
        for value in values {
            let changed: Vec<(&str, &str)> = whole
                .iter()
                .map(|(known, kept)| (*known, if *known == name { *value } else { *kept }))
                .collect();
            add(object(&changed));
        }
    }
    for pin in [
        "\"12345\"",
        "\"1234567\"",
        "\"\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\"",
        "123456",
        "\"000000\"",
        "\"12345a\"",
    ] {
        add(object(&[&whole[..], &[("pin", pin)]].concat()));
    }
    for name in [
        "A",
        "Caf\u{e9} \u{6771}\u{4eac}",
        "A very long name of a business that moves whatever stands behind it",
    ] {
        let sample = crate::documented::certificate::SampleCertificate {
            serial: 5,
            ..crate::documented::certificate::SampleCertificate::new(name)
        };
        let cert = format!("\"{}\"", sample.to_base64());
        add(object(&[whole[0], whole[1], whole[2], ("cert", &cert)]));
    }
    for text in UNGRAMMATICAL
        .iter()
        .chain(&["null", "true", "1", "[]", "\"\"", "", "{}", " "])
    {
        rows.push(("J17", plain(text)));
    }
    finish(rows, Surface::AccountBody)
}

fn finish(rows: Vec<(&'static str, BodyInput)>, surface: Surface) -> Vec<Aimed> {
    let aimed = |(row, input): (&'static str, BodyInput)| Aimed {
        row,
        surface,
        input: input.encode(),
    };
    rows.into_iter().map(aimed).collect()
}
