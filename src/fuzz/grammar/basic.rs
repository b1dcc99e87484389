//! The `Authorization` header of a login, in all the ways it can be written.

use super::RequestParts;
use super::bindings::Bindings;
use super::codec::{Choice, choices, grammar};
use crate::exchange::Header;

choices! {
    /// Where the credentials stand.
    Place {
        /// In one `Authorization` field.
        Once,
        /// Nowhere.
        Absent,
        /// Twice, alike.
        Twice,
        /// First these, then others.
        ThenOthers,
        /// First others, then these.
        OthersFirst,
        /// With others in one field, after a comma.
        Comma,
        /// In `authorization`.
        LowerName,
        /// In `AUTHORIZATION`.
        UpperName,
        /// With blanks and tabs around the value.
        Spaced,
        /// Folded over two lines, after the scheme.
        Folded,
        /// In `Proxy-Authorization`.
        Proxy,
        /// In `X-Authorization`.
        Foreign,
        /// In the query.
        Query,
        /// In a cookie.
        Cookie,
    }
}

choices! {
    /// The scheme's name.
    Scheme: &'static [u8] {
        /// `Basic`
        Basic = b"Basic",
        /// `basic`
        Lower = b"basic",
        /// `BASIC`
        Upper = b"BASIC",
        /// `bAsIc`
        Mixed = b"bAsIc",
        /// None at all.
        Missing = b"",
        /// Twice.
        Doubled = b"Basic Basic",
        /// `Bearer`
        Bearer = b"Bearer",
        /// `Digest`
        Digest = b"Digest",
        /// One letter longer.
        Longer = b"Basicx",
        /// `Negotiate`
        Negotiate = b"Negotiate",
    }
}

choices! {
    /// What stands between the scheme and the code, and behind the code.
    Gap: [&'static [u8]; 2] {
        /// One space.
        Space = [b" ", b""],
        /// Two spaces.
        Two = [b"  ", b""],
        /// A dozen spaces.
        Many = [b"            ", b""],
        /// A tab.
        Tab = [b"\t", b""],
        /// Nothing.
        Glued = [b"", b""],
        /// A space, and three more after the code.
        Trailing = [b" ", b"   "],
        /// A non-breaking space.
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
        /// Base64 with padding.
        Standard = STANDARD,
        /// The URL-safe alphabet.
        UrlSafe = Form {
            alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            ..STANDARD
        },
        /// Without padding.
        Unpadded = Form::padding(b""),
        /// One sign of padding too many.
        OverPadded = Form::behind(b"="),
        /// Padding in the middle as well.
        PaddedInside = Form::inside(b"="),
        /// Blanks inside.
        Blanks = Form::inside(b"  "),
        /// A tab inside.
        TabInside = Form::inside(b"\t"),
        /// An illegal sign inside.
        IllegalInside = Form::inside(b"!"),
        /// The last sign has bits that nobody needs.
        LooseBits = Form { loose: !0, ..STANDARD },
        /// The text itself.
        Raw = STANDARD,
        /// Encoded twice.
        Double = STANDARD,
        /// Hexadecimal.
        Hex = STANDARD,
        /// Percent-encoded.
        Percent = STANDARD,
        /// The last sign of base64 cut off.
        Cut = Form { cut: 1, ..Form::padding(b"") },
        /// With the code of something else behind it.
        Followed = Form::behind(OTHERS.as_bytes()),
        /// With the code of something else before it: `other:words!`
        Preceded = Form::before(b"b3RoZXI6d29yZHMh"),
        /// With a parameter behind it.
        Parameter = Form::behind(b", realm=\"x\""),
        /// With a comment behind it.
        Comment = Form::behind(b" (comment)"),
        /// Each `=` percent-encoded.
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
    /// What the login brings as its body.
    LoginWith {
        /// Nothing.
        Nothing,
        /// `{}`
        Object,
        /// No bytes, but called JSON.
        Empty,
        /// A strong new password.
        Change,
        /// A weak new password.
        Weak,
    }
}

grammar! {
    /// A login, as far as its credentials go. The text is what is encoded.
    BasicInput {
        /// Where the credentials stand.
        place: Place,
        /// The scheme.
        scheme: Scheme,
        /// What follows it.
        gap: Gap,
        /// How the text is written.
        encoding: Encoding,
        /// How long it is made.
        size: Size,
        /// The body.
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
        let gap = if self.place == Place::Folded { b"\r\n " } else { gap };
        let form = self.encoding.written();
        let mut value = Vec::with_capacity(64 + 2 * plain.len());
        value.extend_from_slice(self.scheme.written());
        value.extend_from_slice(gap);
        value.extend_from_slice(form.before);
        let start = value.len();
        match self.encoding {
            // Line ends and NUL would be another request, or none: they are the business of the surface `http`.
            Encoding::Raw => value.extend(plain.iter().map(|byte| header_byte(*byte))),
            Encoding::Hex => digits(&plain, b"", b"0123456789abcdef", &mut value),
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
        let others = || format!("Basic {OTHERS}").into_bytes();
        let one = |name: &'static str, value: Vec<u8>| vec![Header::new(name, value)];
        let mut path = "/v1/users/login".to_owned();
        let mut headers = match self.place {
            Place::Once | Place::Folded => one("Authorization", value),
            Place::Absent => Vec::new(),
            Place::Twice => [one("Authorization", value.clone()), one("Authorization", value)].concat(),
            Place::ThenOthers => [one("Authorization", value), one("Authorization", others())].concat(),
            Place::OthersFirst => [one("Authorization", others()), one("Authorization", value)].concat(),
            Place::Comma => one("Authorization", [value, others()].join(&b", "[..])),
            Place::LowerName => one("authorization", value),
            Place::UpperName => one("AUTHORIZATION", value),
            Place::Spaced => one("Authorization", [b" \t ", &value[..], b" \t "].concat()),
            Place::Proxy => one("Proxy-Authorization", value),
            Place::Foreign => one("X-Authorization", value),
            Place::Query => {
                let query: String = url::form_urlencoded::byte_serialize(&value).collect();
                path.push_str("?authorization=");
                path.push_str(&query);
                Vec::new()
            }
            Place::Cookie => one("Cookie", [b"authorization=", &value[..]].concat()),
        };
        let body = match self.with {
            LoginWith::Nothing => None,
            LoginWith::Object => Some(b"{}".to_vec()),
            LoginWith::Empty => Some(Vec::new()),
            LoginWith::Change => Some(format!(r#"{{"new_password":"{}"}}"#, bindings.new_password).into_bytes()),
            LoginWith::Weak => Some(br#"{"new_password":"weak"}"#.to_vec()),
        };
        if body.is_some() {
            headers.push(Header::new("Content-Type", "application/json"));
        }
        RequestParts { method: "POST", path, headers, body }
    }
}

/// Each byte percent-encoded.
pub(super) fn percent(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() * 3);
    digits(bytes, b"%", b"0123456789ABCDEF", &mut text);
    text
}

/// Writes each byte as two hexadecimal digits behind a mark.
fn digits(bytes: &[u8], mark: &[u8], digits: &[u8; 16], text: &mut Vec<u8>) {
    for byte in bytes {
        text.extend_from_slice(mark);
        text.push(digits[usize::from(byte >> 4)]);
        text.push(digits[usize::from(byte & 15)]);
    }
}

/// A byte that can stand in the value of a field.
pub(super) fn header_byte(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' | 0 => b' ',
        other => other,
    }
}
