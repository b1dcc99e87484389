//! The `Authorization` header of a login, in all the ways it can be written.

use percent_encoding::percent_encode_byte;

use super::RequestParts;
use super::bindings::Bindings;
use super::codec::{Choice, choices, grammar};
use crate::documented::api::Operation;

choices! {
    /// Where the credentials stand: in one `Authorization` field, in two, with others, folded over two lines, or elsewhere.
    Placement {
        Once, Absent, Twice, ThenOthers, OthersFirst, Comma, LowerName, UpperName, Spaced, Folded, Proxy,
        Foreign, Query, Cookie,
    }
}

choices! {
    /// The scheme's name.
    Scheme: &'static [u8] {
        Basic = b"Basic",
        Lower = b"basic",
        Upper = b"BASIC",
        Mixed = b"bAsIc",
        Missing = b"",
        Doubled = b"Basic Basic",
        Bearer = b"Bearer",
        Digest = b"Digest",
        Longer = b"Basicx",
        Negotiate = b"Negotiate",
    }
}

choices! {
    /// What stands between the scheme and the code, and behind the code.
    Gap: [&'static [u8]; 2] {
        Space = [b" ", b""],
        Two = [b"  ", b""],
        Many = [b"            ", b""],
        Tab = [b"\t", b""],
        Glued = [b"", b""],
        Trailing = [b" ", b"   "],
        Nbsp = ["\u{a0}".as_bytes(), b""],
    }
}

/// The code of credentials that nobody has: `other:words`.
const OTHERS: &str = "b3RoZXI6d29yZHM=";

/// How base64 is written, and what stands around it.
#[derive(Clone, Copy)]
struct Form {
    before: &'static [u8],
    /// In its middle.
    inside: &'static [u8],
    behind: &'static [u8],
    alphabet: &'static [u8; 64],
    /// As it is where two signs are missing.
    padding: &'static [u8],
    /// All ones where the bits that padding leaves over are set.
    loose: u32,
    /// So many signs are missing at the end.
    cut: usize,
}

/// Base64 as it must be (RFC 4648 §4).
const STANDARD: Form = Form {
    before: b"",
    inside: b"",
    behind: b"",
    alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    padding: b"==",
    loose: 0,
    cut: 0,
};

impl Form {
    const fn before(before: &'static [u8]) -> Form {
        Form { before, ..STANDARD }
    }

    const fn inside(inside: &'static [u8]) -> Form {
        Form { inside, ..STANDARD }
    }

    const fn behind(behind: &'static [u8]) -> Form {
        Form { behind, ..STANDARD }
    }

    const fn padding(padding: &'static [u8]) -> Form {
        Form { padding, ..STANDARD }
    }

    /// Writes the code of a text, without what stands around it.
    ///
    /// libFuzzer pays for every branch that differs from input to input: so this has but the one over the groups.
    fn encode(&self, text: &[u8], value: &mut Vec<u8>) {
        let start = value.len();
        let (groups, rest) = text.as_chunks();
        let signs = |[first, second, third]: [u8; 3], loose: u32| {
            let bits = u32::from_be_bytes([0, first, second, third]) | loose;
            [18, 12, 6, 0].map(|shift| self.alphabet[(bits >> shift) as usize % 64])
        };
        for group in groups {
            value.extend_from_slice(&signs(*group, 0));
        }
        // The last group is filled up, and cut where it ends.
        let mut last = [0; 3];
        last[..rest.len()].copy_from_slice(rest);
        value.extend_from_slice(&signs(last, self.loose & [0, 1 << 12, 1 << 6][rest.len()]));
        let whole = (4 * text.len()).div_ceil(3);
        value.truncate(start + whole.saturating_sub(self.cut));
        value.extend_from_slice(&self.padding[..self.padding.len() / 2 * [0, 2, 1][rest.len()]]);
    }
}

choices! {
    /// How the text is encoded, and what stands around that.
    Encoding: Form {
        Standard = STANDARD,
        UrlSafe = Form {
            alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            ..STANDARD
        },
        Unpadded = Form::padding(b""),
        OverPadded = Form::behind(b"="),
        PaddedInside = Form::inside(b"="),
        Blanks = Form::inside(b"  "),
        TabInside = Form::inside(b"\t"),
        IllegalInside = Form::inside(b"!"),
        LooseBits = Form { loose: !0, ..STANDARD },
        Raw = STANDARD,
        Double = STANDARD,
        Hex = STANDARD,
        Percent = STANDARD,
        Cut = Form { cut: 1, ..Form::padding(b"") },
        Followed = Form::behind(OTHERS.as_bytes()),
        Preceded = Form::before(b"b3RoZXI6d29yZHMh"),
        Parameter = Form::behind(b", realm=\"x\""),
        Comment = Form::behind(b" (comment)"),
        PercentPadding = Form::padding(b"%3D%3D"),
    }
}

/// How long the text is made, with `x` at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// As it is.
    Plain,
    /// By 1 KiB.
    OneK,
    /// By 4 KiB.
    FourK,
    /// By 64 KiB: only where large requests are allowed.
    Large,
}

impl Choice for Size {
    // A letter by chance is most often `Plain`: long headers take the time of many short ones and say little more.
    const ALL: &'static [Self] = &{
        let mut all = [Size::Plain; 16];
        (all[1], all[2], all[3]) = (Size::OneK, Size::FourK, Size::Large);
        all
    };
}

choices! {
    /// What the login brings as its body: none, `{}`, none that is called JSON, a strong or a weak new password.
    LoginWith {
        Nothing, Object, Empty, Change, Weak,
    }
}

grammar! {
    /// A login, as far as its credentials go. The text is what is encoded.
    BasicInput {
        place: Placement,
        scheme: Scheme,
        gap: Gap,
        encoding: Encoding,
        size: Size,
        with: LoginWith,
    }
}

impl BasicInput<'_> {
    /// Whether the request goes beyond what is sent unasked.
    pub fn is_large(&self) -> bool {
        self.size == Size::Large
    }

    /// The value of the field: the scheme, what follows it, and the code.
    pub fn value(&self, bindings: &Bindings) -> Vec<u8> {
        let mut plain = bindings.render(&self.text);
        let more = match self.size {
            Size::Plain => 0,
            Size::OneK => 1 << 10,
            Size::FourK => 4 << 10,
            Size::Large => 64 << 10,
        };
        if more > 0 {
            let length = plain.len() + more;
            plain.to_mut().resize(length, b'x');
        }
        // Without a scheme nothing stands between it and the code.
        let gap = if self.scheme == Scheme::Missing { Gap::Glued } else { self.gap };
        let [gap, tail] = gap.written();
        let gap = if self.place == Placement::Folded { b"\r\n " } else { gap };
        let form = self.encoding.written();
        let mut value = Vec::with_capacity(64 + 2 * plain.len());
        value.extend_from_slice(self.scheme.written());
        value.extend_from_slice(gap);
        value.extend_from_slice(form.before);
        let start = value.len();
        match self.encoding {
            // Line ends and NUL would be another request, or none: they are the business of the surface `http`.
            Encoding::Raw => value.extend(plain.iter().map(|byte| header_byte(*byte))),
            Encoding::Hex => value.extend(plain.iter().flat_map(|byte| format!("{byte:02x}").into_bytes())),
            Encoding::Percent => value.extend(percent(&plain)),
            Encoding::Double => {
                let mut once = Vec::new();
                form.encode(&plain, &mut once);
                form.encode(&once, &mut value);
            }
            _ => form.encode(&plain, &mut value),
        }
        if !form.inside.is_empty() {
            let middle = start.midpoint(value.len());
            value.splice(middle..middle, form.inside.iter().copied());
        }
        value.extend_from_slice(form.behind);
        value.extend_from_slice(tail);
        value
    }

    /// The request.
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

/// Each byte percent-encoded.
pub(super) fn percent(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| percent_encode_byte(*byte).bytes()).collect()
}

/// A byte that can stand in the value of a field.
pub(super) fn header_byte(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' | 0 => b' ',
        other => other,
    }
}
