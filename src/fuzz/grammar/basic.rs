//! The `Authorization` header of a login, in all the ways it can be written.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use super::Shaped;
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
    Gap: Around {
        /// One space.
        Space = Around::before(b" "),
        /// Two spaces.
        Two = Around::before(b"  "),
        /// A dozen spaces.
        Many = Around::before(b"            "),
        /// A tab.
        Tab = Around::before(b"\t"),
        /// Nothing.
        Glued = Around::NOTHING,
        /// A space, and three more after the code.
        Trailing = Around { behind: b"   ", ..Around::before(b" ") },
        /// A non-breaking space.
        Nbsp = Around::before("\u{a0}".as_bytes()),
    }
}

/// The code of credentials that nobody has: `other:words`.
const OTHERS: &str = "b3RoZXI6d29yZHM=";

/// What stands around a code.
#[derive(Clone, Copy)]
struct Around {
    before: &'static [u8],
    /// In its middle.
    inside: &'static [u8],
    behind: &'static [u8],
}

impl Around {
    const NOTHING: Around = Around {
        before: b"",
        inside: b"",
        behind: b"",
    };

    const fn before(before: &'static [u8]) -> Around {
        Around {
            before,
            ..Around::NOTHING
        }
    }

    const fn inside(inside: &'static [u8]) -> Around {
        Around {
            inside,
            ..Around::NOTHING
        }
    }

    const fn behind(behind: &'static [u8]) -> Around {
        Around {
            behind,
            ..Around::NOTHING
        }
    }
}

choices! {
    /// How the text is encoded, and what stands around that.
    Encoding: Around {
        /// Base64 with padding.
        Standard = Around::NOTHING,
        /// The URL-safe alphabet.
        UrlSafe = Around::NOTHING,
        /// Without padding.
        Unpadded = Around::NOTHING,
        /// One sign of padding too many.
        OverPadded = Around::behind(b"="),
        /// Padding in the middle as well.
        PaddedInside = Around::inside(b"="),
        /// Blanks inside.
        Blanks = Around::inside(b"  "),
        /// A tab inside.
        TabInside = Around::inside(b"\t"),
        /// An illegal sign inside.
        IllegalInside = Around::inside(b"!"),
        /// The last sign has bits that nobody needs.
        LooseBits = Around::NOTHING,
        /// The text itself.
        Raw = Around::NOTHING,
        /// Encoded twice.
        Double = Around::NOTHING,
        /// Hexadecimal.
        Hex = Around::NOTHING,
        /// Percent-encoded.
        Percent = Around::NOTHING,
        /// The last sign of base64 cut off.
        Cut = Around::NOTHING,
        /// With the code of something else behind it.
        Followed = Around::behind(OTHERS.as_bytes()),
        /// With the code of something else before it: `other:words!`
        Preceded = Around::before(b"b3RoZXI6d29yZHMh"),
        /// With a parameter behind it.
        Parameter = Around::behind(b", realm=\"x\""),
        /// With a comment behind it.
        Comment = Around::behind(b" (comment)"),
        /// Each `=` percent-encoded.
        PercentPadding = Around::NOTHING,
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
        let gap = if self.scheme == Scheme::Missing {
            Gap::Glued
        } else {
            self.gap
        }
        .written();
        let fold: &[u8] = if self.place == Place::Folded {
            b"\r\n "
        } else {
            gap.before
        };
        let around = self.encoding.written();
        let mut value = Vec::with_capacity(64 + 2 * plain.len());
        value.extend_from_slice(self.scheme.written());
        value.extend_from_slice(fold);
        value.extend_from_slice(around.before);
        let start = value.len();
        self.code(&plain, &mut value);
        let middle = start.midpoint(value.len());
        value.splice(middle..middle, around.inside.iter().copied());
        value.extend_from_slice(around.behind);
        value.extend_from_slice(gap.behind);
        value
    }

    /// Writes the text as it is encoded, without what is put around that.
    fn code(&self, plain: &[u8], value: &mut Vec<u8>) {
        let engine = match self.encoding {
            Encoding::UrlSafe => &URL_SAFE,
            Encoding::Unpadded | Encoding::Cut => &STANDARD_NO_PAD,
            // Line ends and NUL would be another request, or none: they are the business of the surface `http`.
            Encoding::Raw => return value.extend(plain.iter().map(|byte| header_byte(*byte))),
            Encoding::Hex => return digits(plain, b"", b"0123456789abcdef", value),
            Encoding::Percent => return value.extend(percent(plain)),
            _ => &STANDARD,
        };
        let start = value.len();
        value.resize(start + plain.len().div_ceil(3) * 4, 0);
        // There is room for every sign, so that nothing is left unwritten.
        let written = engine.encode_slice(plain, &mut value[start..]).unwrap_or(0);
        value.truncate(start + written);
        match self.encoding {
            Encoding::Cut => value.truncate(start + written.saturating_sub(1)),
            Encoding::Double => {
                let again = STANDARD.encode(&value[start..]);
                value.truncate(start);
                value.extend_from_slice(again.as_bytes());
            }
            Encoding::LooseBits => loose_bits(&mut value[start..]),
            Encoding::PercentPadding => {
                let padding = value[start..].iter().rev().take_while(|sign| **sign == b'=').count();
                value.truncate(value.len() - padding);
                value.extend(b"%3D".repeat(padding));
            }
            _ => {}
        }
    }

    /// The request.
    pub fn shape(&self, bindings: &Bindings) -> Shaped {
        let value = self.value(bindings);
        let others = || format!("Basic {OTHERS}").into_bytes();
        let one = |name: &str, value: Vec<u8>| vec![Header::new(name, value)];
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
        Shaped {
            method: "POST",
            path,
            headers,
            body,
        }
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

/// Replaces the last sign before the padding by the next one, which decodes to the same bytes.
fn loose_bits(code: &mut [u8]) {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded = code.last() == Some(&b'=');
    if let Some(last) = code.iter_mut().rev().find(|sign| **sign != b'=').filter(|_| padded) {
        let index = ALPHABET.iter().position(|sign| sign == last).unwrap_or(0);
        *last = ALPHABET[(index | 1) % ALPHABET.len()];
    }
}
