//! Rows J1 to J16 and what stands beside them: the body of a login.

use super::row::Aimed;
use super::texts::{GRAMMATICAL, STRONG, UNGRAMMATICAL, WEAK, finish, plain};
use crate::fuzz::Surface;
use crate::fuzz::grammar::Choice;
use crate::fuzz::grammar::body::{BodyInput, Bulk, ContentType, Framing, Spelling};

pub(super) fn inputs() -> Vec<Aimed> {
    let mut rows: Vec<(&'static str, BodyInput)> = Vec::new();
    let mut add = |row, input| rows.push((row, input));
    for value in GRAMMATICAL {
        add("J1", plain(format!("{{\"foo\":{value}}}")));
    }
    add("J1", BodyInput { spelling: Spelling::Around, ..plain("{}") });
    for text in UNGRAMMATICAL {
        add("J2", plain(text));
        let inside = text.replacen("\"a\":1", &format!("\"new_password\":\"{WEAK}\""), 1);
        if inside != text {
            add("J2", plain(inside));
        }
    }
    for spelling in [Spelling::CutOne, Spelling::CutHalf, Spelling::Doubled, Spelling::Nul, Spelling::Garbage] {
        add("J2", BodyInput { spelling, ..plain(format!("{{\"new_password\":\"{STRONG}\"}}")) });
    }
    for value in ["1e400", "-1e400", "1e-400", "123456789012345678901234567890", r#""\ud800""#, r#""\udc00\ud800""#] {
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
        add("J3", BodyInput { spelling, ..plain("{}") });
        add("J3", BodyInput { spelling, ..plain(format!("{{\"new_password\":\"{WEAK}\"}}")) });
    }
    for bulk in [Bulk::Deep100, Bulk::Deep1000, Bulk::Open4000, Bulk::Objects300, Bulk::Deep10K, Bulk::Open100K] {
        add("J4", BodyInput { bulk, ..plain("{\"foo\":${bulk}}") });
        add("J4", BodyInput { bulk, ..plain("${bulk}") });
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
    for key in [r"new_password\u0000x", r"new_password\ud800", r#"new_password\""#, r"new_password\\", "new_passwor"] {
        add("J6", plain(format!(r#"{{"{key}":"{WEAK}"}}"#)));
    }
    for text in ["", "null", "true", "1", "\"x\"", "[]", "\"\"", " ", "\u{feff}", "-0", "1e400", "[null]"] {
        add("J7", plain(text));
    }
    add("J7", plain(format!(r#"[{{"new_password":"{STRONG}"}}]"#)));
    add("J7", plain(format!(r#"["new_password","{STRONG}"]"#)));
    for value in ["null", "true", "false", "0", "1", "1e400", "[]", "{}", "\"\"", "\"0\"", "-0", "12345678"] {
        add("J8", plain(format!("{{\"new_password\":{value}}}")));
    }
    add("J8", plain(format!(r#"{{"new_password":["{STRONG}"]}}"#)));
    add("J8", plain(format!(r#"{{"new_password":{{"a":"{STRONG}"}}}}"#)));
    for value in ["9007199254740993", "9223372036854775808", "18446744073709551616", "1e308", "1e309", "-0"] {
        add("J9", plain(format!("{{\"foo\":{value}}}")));
    }
    for bulk in [Bulk::Digits4000, Bulk::DigitsMega] {
        add("J9", BodyInput { bulk, ..plain("{\"foo\":${bulk}}") });
        add("J9", BodyInput { bulk, ..plain("{\"new_password\":${bulk}}") });
    }
    for bulk in [Bulk::Text4K, Bulk::Members300, Bulk::TextMega, Bulk::MembersMega] {
        add("J10", BodyInput { bulk, ..plain("{\"foo\":${bulk}}") });
        add("J10", BodyInput { bulk, ..plain("{\"new_password\":${bulk}}") });
    }
    for content_type in ContentType::ALL {
        let content_type = *content_type;
        add("J11", BodyInput { content_type, ..plain(format!("{{\"new_password\":\"{WEAK}\"}}")) });
        add("J11", BodyInput { content_type, ..plain("{}") });
    }
    add("J11", BodyInput { content_type: ContentType::Form, ..plain(format!("new_password={WEAK}")) });
    for framing in [Framing::Gzip, Framing::UnknownCoding] {
        add("J12", BodyInput { framing, ..plain("{}") });
        add(
            "J12",
            BodyInput { framing, ..plain(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0") },
        );
    }
    for framing in [Framing::Chunked, Framing::Crumbs] {
        add("J12", BodyInput { framing, ..plain("{}") });
        add("J12", BodyInput { framing, ..plain(format!("{{\"new_password\":\"{WEAK}\"}}")) });
    }
    for key in ["__proto__", "constructor", "$where", "toString", "__class__"] {
        add("J13", plain(format!(r#"{{"{key}":{{"new_password":"{STRONG}","isAdmin":true}}}}"#)));
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
    let escaped: String = "Quartz#7Vm".encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    add("J15", plain(format!("{{\"new_password\":\"{escaped}\"}}")));
    add("J15", plain(r#"{"new_password":"\u0051uartz#8Vm\/"}"#));
    for text in ["\\u0000", "\\ufeff", "\\u202e", "\\u200b", "e\u{301}", "👩\u{200d}💻", "\\ufffe", "\\ud83d\\udd11"]
    {
        add("J16", plain(format!(r#"{{"new_password":"Quartz#7{text}Vm"}}"#)));
    }
    finish(rows, Surface::LoginBody)
}
