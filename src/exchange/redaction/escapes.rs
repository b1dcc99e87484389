//! Text with one layer of escapes undone: JSON in all its spellings, JSON Pointers, percent signs, HTML entities,
//! backslashes.

use std::borrow::Cow;
use std::ops::Range;

use super::CUT;

/// A text, and where in the original each of its bytes comes from.
pub(super) struct Layer<'t> {
    pub text: Cow<'t, str>,
    /// For each byte and for the end; empty where the text is the original itself.
    origins: Vec<usize>,
}

impl<'t> Layer<'t> {
    /// The text as it is.
    pub fn original(text: &'t str) -> Layer<'t> {
        Layer { text: Cow::Borrowed(text), origins: Vec::new() }
    }

    /// The place in the original that those bytes come from.
    pub fn origin(&self, bytes: Range<usize>) -> Range<usize> {
        self.place(bytes.start)..self.place(bytes.end)
    }

    fn place(&self, byte: usize) -> usize {
        self.origins.get(byte).copied().unwrap_or(byte)
    }

    /// With its escapes undone once; none where there are none.
    pub fn undone(&self) -> Option<Layer<'static>> {
        let text = &*self.text;
        if !text.bytes().any(|byte| matches!(byte, b'\\' | b'%' | b'&' | b'~')) {
            return None;
        }
        let (mut undone, mut origins) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
        let (mut at, mut changed) = (0, false);
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let (shown, length) = match escape(rest) {
                Some((shown, length)) => (Some(shown), length),
                None => match torn(rest) {
                    0 => (Some(c), c.len_utf8()),
                    length => (None, length),
                },
            };
            changed |= shown != Some(c);
            if let Some(shown) = shown {
                undone.push(shown);
                origins.resize(undone.len(), self.place(at));
            }
            at += length;
        }
        origins.push(self.place(at));
        changed.then_some(Layer { text: Cow::Owned(undone), origins })
    }
}

/// The text with its escapes undone once; none where there are none.
pub(super) fn undone(text: &str) -> Option<String> {
    let layer = Layer::original(text).undone()?;
    Some(layer.text.into_owned())
}

/// The character that an escape at the beginning of the text stands for, and the bytes that the escape takes.
fn escape(rest: &str) -> Option<(char, usize)> {
    match rest.as_bytes()[0] {
        b'\\' => backslash(rest),
        b'%' => bytes(rest, "%", 2, 16),
        b'&' => entity(rest),
        b'~' if rest.starts_with("~0") => Some(('~', 2)),
        b'~' if rest.starts_with("~1") => Some(('/', 2)),
        _ => None,
    }
}

/// How many bytes a cut left of an escape that begins here; zero where it is whole, or none.
fn torn(rest: &str) -> usize {
    let most = match rest.as_bytes()[0] {
        b'%' => 1,
        b'\\' | b'&' => 8,
        _ => return 0,
    };
    let is_part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '#' | '{');
    let length = 1 + rest.chars().skip(1).take_while(is_part).take(most + 1).count();
    match length <= 1 + most && (rest.len() == length || rest[length..].starts_with(CUT)) {
        true => length,
        false => 0,
    }
}

fn backslash(rest: &str) -> Option<(char, usize)> {
    let sign = rest[1..].chars().next()?;
    let c = match sign {
        'u' if rest[2..].starts_with('{') => {
            let digits = rest[3..].bytes().take(7).position(|byte| byte == b'}')?;
            return Some((char::from_u32(number(rest, 3, digits, 16)?)?, digits + 4));
        }
        'u' => return utf16(rest),
        'U' => return Some((char::from_u32(number(rest, 2, 8, 16)?)?, 10)),
        'x' => return bytes(rest, "\\x", 2, 16),
        '0'..='3' if number(rest, 1, 3, 8).is_some() => return bytes(rest, "\\", 3, 8),
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'e' => '\u{1b}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        sign if sign.is_ascii_punctuation() || sign == ' ' => sign,
        _ => return None,
    };
    Some((c, 2))
}

/// `\uXXXX`, or two of them for what lies beyond the first plane.
fn utf16(rest: &str) -> Option<(char, usize)> {
    let first = number(rest, 2, 4, 16)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, 6));
    }
    let second = rest[6..].starts_with("\\u").then(|| number(rest, 8, 4, 16))??;
    let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let c = char::decode_utf16(units).next()?.ok()?;
    Some((c, 12))
}

/// A character in UTF-8, each byte behind the prefix; a byte that belongs to none is one of Latin-1.
fn bytes(rest: &str, prefix: &str, digits: usize, radix: u32) -> Option<(char, usize)> {
    let each = prefix.len() + digits;
    let byte = |index: usize| {
        let at = index * each;
        let value = rest.get(at..)?.starts_with(prefix).then(|| number(rest, at + prefix.len(), digits, radix))??;
        u8::try_from(value).ok()
    };
    let first = byte(0)?;
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let all: Option<Vec<u8>> = (0..length).map(byte).collect();
    let whole = all.and_then(|all| std::str::from_utf8(&all).ok()?.chars().next());
    Some(whole.map_or((char::from(first), each), |c| (c, length * each)))
}

fn entity(rest: &str) -> Option<(char, usize)> {
    const LONGEST: usize = 10;
    let end = rest.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = rest.get(1..end)?;
    let c = match name.strip_prefix('#') {
        Some(code) => {
            let hexadecimal = code.strip_prefix(['x', 'X']);
            let code = hexadecimal.map_or_else(|| code.parse(), |code| u32::from_str_radix(code, 16));
            char::from_u32(code.ok()?)?
        }
        None => named(name)?,
    };
    Some((c, end + 1))
}

fn number(text: &str, at: usize, digits: usize, radix: u32) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    let are_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    are_digits.then(|| u32::from_str_radix(digits, radix).ok())?
}

/// The names of HTML for the marks of ASCII, each followed by its mark.
const MARKS: &str = r##"quot" QUOT" amp& AMP& apos' lt< LT< gt> GT> excl! num# dollar$ percnt% lpar( rpar) ast* midast* plus+
    comma, period. sol/ colon: semi; equals= quest? commat@ lsqb[ lbrack[ bsol\ rsqb] rbrack] Hat^ lowbar_ UnderBar_
    grave` lcub{ lbrace{ verbar| vert| VerticalLine| rcub} rbrace}"##;

/// The names of HTML for U+00A0 to U+00FF, in their order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml \
    yacute thorn yuml";

fn named(name: &str) -> Option<char> {
    let mark = |known: &str| known.strip_prefix(name).filter(|mark| mark.len() == 1)?.chars().next();
    let mark = MARKS.split_whitespace().find_map(mark).filter(char::is_ascii_punctuation);
    mark.or_else(|| {
        let index = LATIN.split_whitespace().position(|known| known == name)?;
        char::from_u32(0xa0 + u32::try_from(index).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_character_is_read() {
        for (text, plain) in [
            (r#"a\"b\\c\/d\n"#, "a\"b\\c/d\n"),
            (r"\u00e9\u0026 \ud83d\ude00 \u{e9} \U0001f600", "é& 😀 é 😀"),
            (r"\xe9 \xc3\xa9 \303\251 \351", "é é é é"),
            ("%C3%A9%c3%a9%E9%26", "ééé&"),
            ("a~1b~0c", "a/b~c"),
            ("&quot;&#38;&#x3C;&eacute;&yuml;&nbsp;&excl;", "\"&<éÿ\u{a0}!"),
        ] {
            assert_eq!(undone(text).as_deref(), Some(plain), "{text}");
        }
        for text in ["plain", "50% & more", r"\q!", "&unknown;", r"\ud83d is"] {
            assert_eq!(undone(text), None, "{text}");
        }
    }

    #[test]
    fn the_origin_of_what_was_undone_is_the_whole_escape() {
        let layer = Layer::original(r"x\u00e9y&amp;z").undone().expect("escapes");
        assert_eq!(layer.text, "xéy&z");
        assert_eq!(layer.origin(1..3), 1..7);
        assert_eq!(layer.origin(4..5), 8..13);
        assert_eq!(layer.origin(0..6), 0..14);
    }

    #[test]
    fn what_a_cut_tore_is_left_out() {
        for (text, plain) in [("ab\\…", "ab…"), ("ab%4…", "ab…"), (r"ab\u00…", "ab…"), ("ab&quo…", "ab…"), ("a\\", "a")]
        {
            assert_eq!(undone(text).as_deref(), Some(plain), "{text}");
        }
    }
}
