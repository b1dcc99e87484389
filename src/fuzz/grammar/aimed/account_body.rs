//! Row J17: requests for a registration code.

use super::row::Aimed;
use super::texts::{UNGRAMMATICAL, finish, plain};
use crate::fuzz::Surface;
use crate::fuzz::grammar::body::BodyInput;

pub(super) fn inputs() -> Vec<Aimed> {
    let mut rows: Vec<(&'static str, BodyInput)> = Vec::new();
    let whole: [(&str, &str); 4] =
        [("cc", "\"1\""), ("phone_number", "\"2025550123\""), ("method", "\"sms\""), ("cert", "\"${cert}\"")];
    let object = |members: &[(&str, &str)]| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
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
        ("cc", &["\"+1\"", "\"0\"", "\"\u{661}\"", "\"12345678901234567890\"", "\"1 \"", "\"x\""][..]),
        ("phone_number", &["\"+12025550123\"", "\"202 555 0123\"", "\"abc\"", "\"202-555\"", "\"\u{662}02\""]),
        ("method", &["\"SMS\"", "\"sms \"", "\"voice\\u0000\"", "\"fax\"", "\"voice\""]),
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
            let changed: Vec<(&str, &str)> =
                whole.iter().map(|(known, kept)| (*known, if *known == name { *value } else { *kept })).collect();
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
    for name in
        ["A", "Caf\u{e9} \u{6771}\u{4eac}", "A very long name of a business that moves whatever stands behind it"]
    {
        let sample = crate::documented::certificate::SampleCertificate {
            serial: 5,
            ..crate::documented::certificate::SampleCertificate::new(name)
        };
        let cert = format!("\"{}\"", sample.to_base64());
        add(object(&[whole[0], whole[1], whole[2], ("cert", &cert)]));
    }
    for text in UNGRAMMATICAL.iter().chain(&["null", "true", "1", "[]", "\"\"", "", "{}", " "]) {
        rows.push(("J17", plain(text)));
    }
    finish(rows, Surface::AccountBody)
}
