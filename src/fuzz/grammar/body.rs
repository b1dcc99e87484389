//! A request whose JSON body is the point: a login, the creation of a user, a request for a registration code.

use std::borrow::Cow;

use super::basic::percent;
use super::bindings::Bindings;
use super::codec::{choices, grammar};
use super::{INPUT_BYTES, RequestParts};
use crate::exchange::Header;
use crate::fuzz::Surface;

choices! {
    /// The `Content-Type` fields.
    ContentType {
        /// `application/json`
        Json,
        /// None.
        Absent,
        /// `text/plain`
        Plain,
        /// `application/JSON`
        Upper,
        /// `application/json; charset=utf-16`
        Utf16,
        /// `application/json;charset=latin1`
        Latin1,
        /// `application/x-www-form-urlencoded`
        Form,
        /// `multipart/form-data`
        Multipart,
        /// Two different ones.
        Two,
        /// Not a media type.
        Garbage,
    }
}

choices! {
    /// How the body is framed.
    Framing {
        /// By its length.
        Length,
        /// In one chunk.
        Chunked,
        /// In chunks of one byte.
        Crumbs,
        /// By its length, and `Content-Encoding: gzip`, which it is not.
        Gzip,
        /// By its length, and a content coding that nobody knows.
        UnknownCoding,
    }
}

choices! {
    /// What is done to the text before it is sent.
    Spelling {
        /// Nothing.
        Plain,
        /// Blanks and line ends around it.
        Around,
        /// A byte order mark before it.
        Bom,
        /// As UTF-16, little end first, with a byte order mark.
        Utf16Le,
        /// As UTF-16, big end first, without one.
        Utf16Be,
        /// The last byte cut off.
        CutOne,
        /// Cut in the middle.
        CutHalf,
        /// Twice.
        Doubled,
        /// With a NUL at its end.
        Nul,
        /// With garbage at its end.
        Garbage,
        /// Percent-encoded.
        Percent,
    }
}

choices! {
    /// What `${bulk}` in the text stands for.
    Bulk {
        /// Nothing.
        Nothing,
        /// 100 arrays in one another.
        Deep100,
        /// 1 000 arrays.
        Deep1000,
        /// 4 000 arrays that are never closed.
        Open4000,
        /// 300 objects in one another.
        Objects300,
        /// 4 KiB of text.
        Text4K,
        /// A number of 4 000 digits.
        Digits4000,
        /// 300 members.
        Members300,
        /// 10 000 arrays: a large request.
        Deep10K,
        /// 100 000 arrays that are never closed: a large request.
        Open100K,
        /// 1 MiB less a little of text: a large request.
        TextMega,
        /// A number of 500 000 digits: a large request.
        DigitsMega,
        /// 50 000 members: a large request.
        MembersMega,
    }
}

grammar! {
    /// A request with a JSON body. The text is the body.
    BodyInput {
        /// How it is labelled.
        content_type: ContentType,
        /// How it is framed.
        framing: Framing,
        /// What is done to the text.
        spelling: Spelling,
        /// What `${bulk}` stands for.
        bulk: Bulk,
    }
}

impl BodyInput<'_> {
    /// Whether the request goes beyond what is sent unasked.
    pub fn is_large(&self) -> bool {
        matches!(self.bulk, Bulk::Deep10K | Bulk::Open100K | Bulk::TextMega | Bulk::DigitsMega | Bulk::MembersMega)
    }

    /// The body, before it is framed.
    pub fn body(&self, bindings: &Bindings) -> Cow<'_, [u8]> {
        let mut text = bindings.render(&self.text);
        if text.contains(&b'$')
            && let Some(at) = text.windows(7).position(|window| window == b"${bulk}")
        {
            text.to_mut().splice(at..at + 7, self.bulky());
        }
        let half = text.len() / 2;
        let spelt = match self.spelling {
            Spelling::Plain => return text,
            Spelling::Around => [b" \t\r\n", &text[..], b"\r\n \t"].concat(),
            Spelling::Bom => [b"\xef\xbb\xbf", &text[..]].concat(),
            Spelling::Utf16Le => [vec![0xff, 0xfe], wide(&text, u16::to_le_bytes)].concat(),
            Spelling::Utf16Be => wide(&text, u16::to_be_bytes),
            Spelling::CutOne => text[..text.len().saturating_sub(1)].to_vec(),
            Spelling::CutHalf => text[..half].to_vec(),
            Spelling::Doubled => [&text[..], &text[..]].concat(),
            Spelling::Nul => [&text[..], b"\0"].concat(),
            Spelling::Garbage => [&text[..], b"}x"].concat(),
            Spelling::Percent => percent(&text),
        };
        Cow::Owned(spelt)
    }

    fn bulky(&self) -> Vec<u8> {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        let members = |count: usize| {
            let mut members = "{".to_owned();
            for index in 1..count {
                let digits = index.to_string();
                members.extend(["\"k", &*digits, "\":", &*digits, ","]);
            }
            members + "\"k0\":0}"
        };
        let bulk = match self.bulk {
            Bulk::Nothing => "null".to_owned(),
            Bulk::Deep100 => nested(100),
            Bulk::Deep1000 => nested(1000),
            Bulk::Open4000 => "[".repeat(4000),
            Bulk::Objects300 => ["{\"a\":".repeat(300), "1".to_owned(), "}".repeat(300)].concat(),
            Bulk::Text4K => format!("\"{}\"", "x".repeat(4 << 10)),
            Bulk::Digits4000 => "7".repeat(4000),
            Bulk::Members300 => members(300),
            Bulk::Deep10K => nested(10_000),
            Bulk::Open100K => "[".repeat(100_000),
            Bulk::TextMega => format!("\"{}\"", "x".repeat((1 << 20) - 1024)),
            Bulk::DigitsMega => "7".repeat(500_000),
            Bulk::MembersMega => members(50_000),
        };
        bulk.into_bytes()
    }

    /// The request at the surface's endpoint, with credentials that suffice.
    pub fn request_parts(&self, surface: Surface, bindings: &Bindings) -> RequestParts {
        let (path, authorization) = match surface {
            Surface::UsersBody => ("/v1/users", format!("Bearer {}", bindings.admin_token).into_bytes()),
            Surface::AccountBody => ("/v1/account", format!("Bearer {}", bindings.admin_token).into_bytes()),
            _ => ("/v1/users/login", bindings.render(b"Basic ${basic}").into_owned()),
        };
        let mut headers = vec![Header::new("Authorization", authorization)];
        let label = |value: &str| Header::new("Content-Type", value);
        match self.content_type {
            ContentType::Json => headers.push(label("application/json")),
            ContentType::Absent => {}
            ContentType::Plain => headers.push(label("text/plain")),
            ContentType::Upper => headers.push(label("application/JSON")),
            ContentType::Utf16 => headers.push(label("application/json; charset=utf-16")),
            ContentType::Latin1 => headers.push(label("application/json;charset=latin1")),
            ContentType::Form => headers.push(label("application/x-www-form-urlencoded")),
            ContentType::Multipart => headers.push(label("multipart/form-data; boundary=x")),
            ContentType::Two => headers.extend([label("application/json"), label("text/plain")]),
            ContentType::Garbage => headers.push(label(";/=,")),
        }
        let mut body = self.body(bindings).into_owned();
        match self.framing {
            Framing::Length => {}
            Framing::Gzip => headers.push(Header::new("Content-Encoding", "gzip")),
            Framing::UnknownCoding => headers.push(Header::new("Content-Encoding", "x-nothing")),
            Framing::Chunked | Framing::Crumbs => {
                headers.push(Header::new("Transfer-Encoding", "chunked"));
                // A megabyte in crumbs would be nothing but crumbs.
                let size = if self.framing == Framing::Crumbs && body.len() < INPUT_BYTES { 1 } else { usize::MAX };
                body = chunked(&body, size);
            }
        }
        RequestParts { method: "POST", path: path.to_owned(), headers, body: Some(body) }
    }
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut chunks = Vec::new();
    for chunk in body.chunks(size.min(body.len()).max(1)) {
        chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    chunks
}

fn wide(text: &[u8], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut wide = Vec::with_capacity(text.len() * 2);
    for unit in text.encode_utf16() {
        wide.extend_from_slice(&bytes(unit));
    }
    wide
}
