//! Rows A1 to A34: credentials of a login.

use super::row::Aimed;
use crate::fuzz::Surface;
use crate::fuzz::grammar::basic::{BasicInput, Encoding, Gap, LoginWith, Place, Scheme, Size};

/// The right credentials.
const VALID: &str = "${user}:${user_password}";

fn plain(text: impl AsRef<[u8]>) -> BasicInput<'static> {
    BasicInput {
        place: Place::Once,
        scheme: Scheme::Basic,
        gap: Gap::Space,
        encoding: Encoding::Standard,
        size: Size::Plain,
        with: LoginWith::Nothing,
        text: text.as_ref().to_vec().into(),
    }
}

fn valid() -> BasicInput<'static> {
    plain(VALID)
}

pub(super) fn inputs() -> Vec<Aimed> {
    let mut rows: Vec<(&'static str, BasicInput)> = Vec::new();
    let mut add = |row, input| rows.push((row, input));

    for with in [LoginWith::Nothing, LoginWith::Object, LoginWith::Empty] {
        add("A1", BasicInput { with, ..valid() });
    }
    add("A2", BasicInput { place: Place::Absent, ..valid() });
    for (scheme, encoding) in [(Scheme::Missing, Encoding::Raw), (Scheme::Basic, Encoding::Raw)] {
        add("A2", BasicInput { scheme, encoding, ..plain("") });
        add("A2", BasicInput { scheme, encoding, gap: Gap::Many, ..plain("") });
        add("A2", BasicInput { scheme, encoding, gap: Gap::Glued, ..plain("") });
    }
    for scheme in [Scheme::Missing, Scheme::Bearer, Scheme::Digest, Scheme::Longer, Scheme::Negotiate, Scheme::Doubled]
    {
        add("A3", BasicInput { scheme, ..valid() });
    }
    add("A3", BasicInput { gap: Gap::Glued, ..valid() });
    for scheme in [Scheme::Lower, Scheme::Upper, Scheme::Mixed] {
        add("A4", BasicInput { scheme, ..valid() });
    }
    for gap in [Gap::Two, Gap::Many, Gap::Tab, Gap::Trailing, Gap::Nbsp] {
        add("A5", BasicInput { gap, ..valid() });
    }
    for text in ["admin", "${user}", "${user_password}", "${user}${user_password}", "x"] {
        add("A6", plain(text));
    }
    for text in [
        "${colon_user}:${colon_password}",
        "${colon_user}:Aa1!kq",
        "${colon_user}:Zz",
        "${colon_user}:Zz:",
        "${colon_user}:",
        "${colon_user}:Aa1!kq:w7:Zz",
        "${colon_user}:w7",
        "${colon_user}:kq:w7:Zz:",
        "${colon_user}:${colon_password|init}",
    ] {
        add("A7", plain(text));
    }
    for text in ["${user}:x:${user_password}", ":${user}:${user_password}", "a:b:${user_password}"] {
        add("A8", plain(text));
    }
    for text in [":", "", ":${user_password}", "${user}:", "::"] {
        add("A9", plain(text));
    }
    for text in [
        "${user}:wrong-Password-1",
        "${user}:${user_password|init}",
        "${user}:${user_password|tail}",
        "${user}:${user_password|first8}",
        "${user}:${user_password}x",
        "${user}:${user_password}${user_password}",
        "${user}:${user_password|swapcase}",
        "${user}:${user_password|lower}",
        "${user}:${user_password|upper}",
        "${user}:${user_password|reverse}",
        "${user}:${user_password|altered}",
        "${user}: ${user_password}",
        "${user}:${user_password} ",
        "${user}:${user_password}\n",
        "${user}:${user_password}\r\n",
        "${user}:${user_password}\t",
        "${user}:${user_password}\0",
        "${user}:${user_password}\u{a0}",
        "${user}:${user_password}\u{200b}",
        "${user}:${colon_password}",
        "${colon_user}:${user_password}",
    ] {
        add("A10", plain(text));
    }
    for text in [
        "${nobody}:${user_password}",
        "${user|upper}:${user_password}",
        " ${user}:${user_password}",
        "${user} :${user_password}",
        "${user}\0x:${user_password}",
        "${user|init}:${user_password}",
        "${user}x:${user_password}",
        "${user}\u{200b}:${user_password}",
        "*:${user_password}",
        "%:${user_password}",
        "' OR '1'='1:' OR '1'='1",
    ] {
        add("A11", plain(text));
    }
    for text in [
        "\u{1}${user}:${user_password}",
        "${user}:\u{7f}${user_password}",
        "${user}\r\nX: y:${user_password}",
        "${user}:${user_password}\u{1b}[2J",
    ] {
        add("A12", plain(text));
    }
    for text in ["${user}:${user_password}\0junk", "${user}\0:${user_password}", "\0${user}:${user_password}"] {
        add("A13", plain(text));
    }
    for tail in [&b"\xff\xfe"[..], b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xc3", b"\xf5\x80\x80\x80"] {
        add("A14", plain([b"${user}:", tail].concat()));
        add("A14", plain([b"${user}:${user_password}", tail].concat()));
        add("A14", plain([tail, b":${user_password}"].concat()));
    }
    for text in [&b"${user}:\xc3\xa9"[..], b"${user}:\xe9", "${user}:e\u{301}".as_bytes(), b"\xc3\xa9:x"] {
        add("A15", plain(text));
    }
    for text in ["!!!", "%3D", VALID, "====", "=", "\\", "\"\"", "${bulk}", "\u{e9}"] {
        add("A16", BasicInput { encoding: Encoding::Raw, ..plain(text) });
    }
    add("A16", BasicInput { encoding: Encoding::IllegalInside, ..valid() });
    add("A16", BasicInput { encoding: Encoding::PercentPadding, ..plain("${user}:${user_password}") });
    for encoding in [Encoding::Unpadded, Encoding::OverPadded, Encoding::PaddedInside, Encoding::Cut] {
        // One of the three lengths needs each number of padding signs.
        for text in [VALID, "${user}:${user_password}a", "${user}:${user_password}ab"] {
            add("A17", BasicInput { encoding, ..plain(text) });
        }
    }
    add("A18", BasicInput { encoding: Encoding::UrlSafe, ..valid() });
    for encoding in [Encoding::Blanks, Encoding::TabInside, Encoding::Comment] {
        add("A19", BasicInput { encoding, ..valid() });
    }
    for text in [VALID, "${colon_user}:${colon_password}", "${user}:x"] {
        add("A20", BasicInput { encoding: Encoding::LooseBits, ..plain(text) });
    }
    for encoding in [Encoding::Double, Encoding::Hex, Encoding::Percent] {
        add("A21", BasicInput { encoding, ..valid() });
    }
    for encoding in [Encoding::Followed, Encoding::Preceded] {
        add("A22", BasicInput { encoding, ..valid() });
    }
    for place in [Place::Twice, Place::ThenOthers, Place::OthersFirst, Place::Comma] {
        add("A23", BasicInput { place, ..valid() });
    }
    for place in [Place::LowerName, Place::UpperName, Place::Spaced] {
        add("A24", BasicInput { place, ..valid() });
    }
    for place in [Place::Proxy, Place::Foreign, Place::Query, Place::Cookie] {
        add("A25", BasicInput { place, ..valid() });
    }
    for text in [&b"\xff"[..], b"\x80\x81", b"${user}:\xe9"] {
        add("A26", BasicInput { encoding: Encoding::Raw, ..plain(text) });
    }
    for size in [Size::OneK, Size::FourK, Size::Large] {
        add("A27", BasicInput { size, ..valid() });
        add("A27", BasicInput { size, encoding: Encoding::Raw, ..plain("A") });
    }
    add("A28", BasicInput { place: Place::Folded, ..valid() });
    add("A29", BasicInput { encoding: Encoding::Parameter, ..valid() });
    for text in ["${user}:wrong-Password-1", "${nobody}:x", "${user}:", ":", "${user}"] {
        add("A30", BasicInput { with: LoginWith::Change, ..plain(text) });
    }
    add("A31", BasicInput { with: LoginWith::Object, ..plain("admin:secret") });
    add("A31", plain("admin:secret"));
    add("A34", valid());
    add("A34", valid());
    rows.into_iter().map(|(row, input)| Aimed { row, surface: Surface::BasicAuth, input: input.encode() }).collect()
}
