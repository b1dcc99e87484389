//! Row J18, and other rows at the door that makes accounts.

use super::row::Aimed;
use super::texts::{STRONG, UNGRAMMATICAL, WEAK, finish, plain};
use crate::fuzz::Surface;
use crate::fuzz::grammar::body::BodyInput;

pub(super) fn inputs() -> Vec<Aimed> {
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
    for value in ["null", "true", "0", "1e400", "[]", "{}", "\"\"", "[\"Abcdef1!\"]", "12345678"] {
        add("J8", format!(r#"{{"username":"${{unique}}","password":{value}}}"#));
        add("J8", format!(r#"{{"username":{value},"password":"{STRONG}"}}"#));
    }
    add("J8", r#"{"username":"${unique}"}"#.to_owned());
    add("J8", format!(r#"{{"password":"{STRONG}"}}"#));
    add("J5", format!(r#"{{"username":"${{unique}}","password":"{WEAK}","password":"{STRONG}"}}"#));
    add("J5", format!(r#"{{"username":"${{unique}}","password":"{STRONG}","password":"{WEAK}"}}"#));
    add("J5", format!(r#"{{"username":"${{unique}}","username":"admin","password":"{STRONG}"}}"#));
    for member in [
        r#""role":"ROLE_ADMIN""#,
        r#""ROLES":"ROLE_ADMIN""#,
        r#""roles":["ROLE_ADMIN"]"#,
        r#""is_admin":true"#,
        r#""isAdmin":1"#,
    ] {
        add("J14", format!(r#"{{"username":"${{unique}}","password":"{STRONG}",{member}}}"#));
    }
    for password in [WEAK, "Abcdef1", "Short1!", "ALLUPPER1!", "alllower1!", "NoDigits!!", "NoSpecial11"] {
        add("P12", format!(r#"{{"username":"${{unique}}","password":"{password}"}}"#));
    }
    add("J15", format!(r#"{{"\u0075sername":"${{unique}}","password":"{STRONG}"}}"#));
    finish(rows, Surface::UsersBody)
}
