//! The `Authorization` header of a login, in all the ways it can be written.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use percent_encoding::percent_encode_byte;

use super::RequestParts;
use super::bindings::Bindings;
use super::codec::{Choice, grammar};
use crate::documented::api::Operation;
use crate::fuzz::hex;

/// The code of credentials that nobody has: `other:words`.
const OTHERS: &str = "b3RoZXI6d29yZHM=";

/// How the text is written, and what is inserted before, inside and behind its code.
#[derive(Clone, Copy)]
pub struct Form {
    code: fn(&[u8]) -> Vec<u8>,
    before: &'static [u8],
    inside: &'static [u8],
    behind: &'static [u8],
}

const fn coded(code: fn(&[u8]) -> Vec<u8>) -> Form {
    Form { code, before: b"", inside: b"", behind: b"" }
}

fn standard(text: &[u8]) -> Vec<u8> {
    STANDARD.encode(text).into_bytes()
}

fn unpadded(text: &[u8]) -> Vec<u8> {
    STANDARD_NO_PAD.encode(text).into_bytes()
}

fn cut(text: &[u8]) -> Vec<u8> {
    let mut code = unpadded(text);
    code.pop();
    code
}

/// With a left-over bit set: the value of the last character is even, so the next one differs only in that bit.
fn loose_bits(text: &[u8]) -> Vec<u8> {
    let mut code = standard(text);
    if let Some(last) = code.iter().position(|sign| *sign == b'=') {
        code[last - 1] += 1;
    }
    code
}

/// How many KiB of `x` are appended to the text; `Large` only where large requests are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Plain = 0,
    OneK = 1,
    FourK = 4,
    Large = 64,
}

impl Choice for Size {
    // A letter by chance is most often `Plain`: long headers take the time of many short ones and say little more.
    const ALL: &'static [Self] = &{
        let mut all = [Size::Plain; 16];
        (all[1], all[2], all[3]) = (Size::OneK, Size::FourK, Size::Large);
        all
    };
}

grammar! {
    /// A login, as far as its credentials go. The text is what is encoded.
    BasicInput {
        /// Where the credentials are: in one `Authorization` field, in two, with others, folded, or elsewhere.
        place: Placement {
            Once, Absent, Twice, ThenOthers, OthersFirst, Comma, LowerName, UpperName, Spaced, Folded, Proxy,
            Foreign, Query, Cookie,
        },
        scheme: Scheme as &'static [u8] {
            Basic = b"Basic", Lower = b"basic", Upper = b"BASIC", Mixed = b"bAsIc", Missing = b"",
            Doubled = b"Basic Basic", Bearer = b"Bearer", Digest = b"Digest", Longer = b"Basicx",
            Negotiate = b"Negotiate",
        },
        /// The text between the scheme and the code, and behind the code.
        gap: Gap as [&'static [u8]; 2] {
            Space = [b" ", b""], Two = [b"  ", b""], Many = [b"            ", b""], Tab = [b"\t", b""],
            Glued = [b"", b""], Trailing = [b" ", b"   "], Nbsp = ["\u{a0}".as_bytes(), b""],
        },
        /// How the text is encoded, and what is added to it.
        encoding: Encoding as Form {
            Standard = coded(standard),
            UrlSafe = coded(|text| URL_SAFE.encode(text).into_bytes()),
            Unpadded = coded(unpadded),
            OverPadded = Form { behind: b"=", ..coded(standard) },
            PaddedInside = Form { inside: b"=", ..coded(standard) },
            Blanks = Form { inside: b"  ", ..coded(standard) },
            TabInside = Form { inside: b"\t", ..coded(standard) },
            IllegalInside = Form { inside: b"!", ..coded(standard) },
            LooseBits = coded(loose_bits),
            // The text itself. Line ends and NUL would be another request, or none: the surface `http` has those.
            Raw = coded(|text| text.iter().map(|byte| header_byte(*byte)).collect()),
            Double = coded(|text| standard(&standard(text))),
            Hex = coded(|text| hex(text).into_bytes()),
            Percent = coded(percent),
            Cut = coded(cut),
            Followed = Form { behind: OTHERS.as_bytes(), ..coded(standard) },
            // `other:words!`
            Preceded = Form { before: b"b3RoZXI6d29yZHMh", ..coded(standard) },
            Parameter = Form { behind: b", realm=\"x\"", ..coded(standard) },
            Comment = Form { behind: b" (comment)", ..coded(standard) },
            PercentPadding = coded(|text| STANDARD.encode(text).replace('=', "%3D").into_bytes()),
        },
        size: Size {},
        /// The body of the login: none, `{}`, an empty one that is called JSON, a strong or a weak new password.
        with: LoginWith { Nothing, Object, Empty, Change, Weak },
    }
}

impl BasicInput<'_> {
    pub(crate) fn is_large(&self) -> bool {
        self.size == Size::Large
    }

    /// The value of the field: the scheme, what follows it, and the code.
    pub fn value(&self, bindings: &Bindings) -> Vec<u8> {
        let mut plain = bindings.render(&self.text);
        let more = self.size as usize;
        if more > 0 {
            let length = plain.len() + (more << 10);
            plain.to_mut().resize(length, b'x');
        }
        // Without a scheme there is no gap.
        let gap = if self.scheme == Scheme::Missing { Gap::Glued } else { self.gap };
        let [gap, tail] = gap.written();
        let gap = if self.place == Placement::Folded { b"\r\n " } else { gap };
        let form = self.encoding.written();
        let code = (form.code)(&plain);
        let (first, second) = code.split_at(code.len() / 2);
        [self.scheme.written(), gap, form.before, first, form.inside, second, form.behind, tail].concat()
    }

    /// The login with it.
    pub fn request_parts(&self, bindings: &Bindings) -> RequestParts {
        let value = self.value(bindings);
        let others = format!("Basic {OTHERS}");
        let login = RequestParts::of(Operation::LogIn);
        let login = match self.place {
            Placement::Once | Placement::Folded => login.header("Authorization", value),
            Placement::Absent => login,
            Placement::Twice => login.header("Authorization", value.clone()).header("Authorization", value),
            Placement::ThenOthers => login.header("Authorization", value).header("Authorization", others),
            Placement::OthersFirst => login.header("Authorization", others).header("Authorization", value),
            Placement::Comma => login.header("Authorization", [&value[..], b", ", others.as_bytes()].concat()),
            Placement::LowerName => login.header("authorization", value),
            Placement::UpperName => login.header("AUTHORIZATION", value),
            Placement::Spaced => login.header("Authorization", [b" \t ", &value[..], b" \t "].concat()),
            Placement::Proxy => login.header("Proxy-Authorization", value),
            Placement::Foreign => login.header("X-Authorization", value),
            Placement::Query => login.query("authorization", &value),
            Placement::Cookie => login.header("Cookie", [b"authorization=", &value[..]].concat()),
        };
        match self.with {
            LoginWith::Nothing => login,
            LoginWith::Object => login.json("{}"),
            LoginWith::Empty => login.json(""),
            LoginWith::Change => login.json(format!(r#"{{"new_password":"{}"}}"#, bindings.new_password)),
            LoginWith::Weak => login.json(r#"{"new_password":"weak"}"#),
        }
    }
}

pub(super) fn percent(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| percent_encode_byte(*byte).bytes()).collect()
}

/// The byte, or a blank if a field value cannot contain it.
pub(super) fn header_byte(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' | 0 => b' ',
        other => other,
    }
}
