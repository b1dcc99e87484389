//! The escapes of JSON, programming languages, URLs and HTML. Most functions read the escape at the start of a text: the
//! character that it stands for, and its length in bytes.

pub(crate) type Escape = fn(&str) -> Option<(char, usize)>;

/// A text as it is between the quotes of a JSON string.
pub(crate) fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

pub(crate) fn backslash(rest: &str) -> Option<(char, usize)> {
    let sign = rest[1..].chars().next()?;
    let c = match sign {
        'u' if rest[2..].starts_with('{') => {
            let digits = rest[3..].bytes().take(7).position(|byte| byte == b'}')?;
            return Some((char::from_u32(number(rest, 3, digits, 16)?)?, digits + 4));
        }
        'u' => return utf16(rest),
        'U' => return Some((char::from_u32(number(rest, 2, 8, 16)?)?, 10)),
        'x' => return utf8(rest, "\\x", 2, 16),
        '0'..='3' if number(rest, 1, 3, 8).is_some() => return utf8(rest, "\\", 3, 8),
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

/// `\uXXXX`, or two of them for a character beyond the first plane.
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

pub(crate) fn percent(rest: &str) -> Option<(char, usize)> {
    utf8(rest, "%", 2, 16)
}

/// A character in UTF-8, each byte after the prefix. A byte that is not UTF-8 is read as Latin-1.
fn utf8(rest: &str, prefix: &str, digits: usize, radix: u32) -> Option<(char, usize)> {
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

pub(crate) fn entity(rest: &str) -> Option<(char, usize)> {
    /// `&#x10FFFF;` with a few zeros to spare.
    const LONGEST: usize = 14;
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

/// The names that HTML has for ASCII punctuation and the like, each followed by its character.
const MARKS: &str = "\
    quot\" QUOT\" amp& AMP& apos' lt< LT< gt> GT> excl! num# dollar$ percnt% lpar( rpar) ast* midast* plus+ comma, \
    period. sol/ colon: semi; equals= quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ grave` lcub{ \
    lbrace{ verbar| vert| rcub} rbrace} UnderBar_ Tab\t NewLine\n euro€";

/// The names of U+00A0 to U+00FF, in order.
const LATIN: &str = "\
    nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
    micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig \
    Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash \
    Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc \
    uuml yacute thorn yuml";

fn named(name: &str) -> Option<char> {
    let mark = MARKS.split(' ').find_map(|known| known.strip_prefix(name)?.parse::<char>().ok());
    mark.or_else(|| {
        let latin = LATIN.split(' ').position(|known| known == name)?;
        char::from_u32(0xa0 + u32::try_from(latin).ok()?)
    })
}
