//! What a header may be taken for: strictly, and by any decoder that is lenient in a known way.

use std::borrow::Cow;

use crate::exchange::Header;
use crate::fuzz::Class;

/// Basic credentials as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strict {
    text: Vec<u8>,
    colon: usize,
}

impl Strict {
    /// Everything before the first colon.
    pub fn user(&self) -> &[u8] {
        &self.text[..self.colon]
    }

    /// Everything after it.
    pub fn password(&self) -> &[u8] {
        &self.text[self.colon + 1..]
    }
}

/// The Basic credentials that a header value strictly holds (RFC 7617 §2, RFC 4648 §4): read sign by sign.
pub fn strict(value: &[u8]) -> Option<Strict> {
    let (scheme, rest) = value.split_first_chunk()?;
    let blanks = rest.iter().position(|byte| *byte != b' ')?;
    if !is_basic(scheme) || blanks == 0 {
        return None;
    }
    let text = decode_strictly(&rest[blanks..])?;
    let colon = std::str::from_utf8(&text).ok()?.find(':')?;
    // In UTF-8 no byte of a longer character is below 0x80: what looks like a control character is one.
    let controls = text.iter().filter(|byte| **byte < 32 || **byte == 127).count();
    (controls == 0).then_some(Strict { text, colon })
}

/// Whether a scheme is the one that is meant, in any case.
fn is_basic(scheme: &[u8; 5]) -> bool {
    scheme.map(|letter| letter.to_ascii_lowercase()) == *b"basic"
}

/// Base64 as it must be: whole groups, padding where it belongs, no bits left over.
fn decode_strictly(code: &[u8]) -> Option<Vec<u8>> {
    let (groups, []) = code.as_chunks::<4>() else {
        return None;
    };
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    let (mut all, mut padding, mut last) = (0, 0, 0);
    for group in groups {
        let signs = group.map(|sign| SEXTETS[usize::from(sign)]);
        for sign in signs {
            all |= sign;
            padding += usize::from(sign / PADDING % 2);
            last = last << 6 | u32::from(sign % PADDING);
        }
        let [_, decoded @ ..] = last.to_be_bytes();
        bytes.extend_from_slice(&decoded);
    }
    // Where the last signs are as many as there are anywhere, there is none before them.
    let padded = code.ends_with(b"==".get(..padding)?);
    bytes.truncate(bytes.len().saturating_sub(padding));
    let loose = last & ((1 << (8 * padding)) - 1);
    (all < NO_SIGN && padded && loose == 0).then_some(bytes)
}

/// A bit above the six of a sign that stands for nothing but the end.
const PADDING: u8 = 0x40;

/// A bit above that for what is no sign of the alphabet.
const NO_SIGN: u8 = 0x80;

/// The six bits that each sign of the standard alphabet stands for.
const SEXTETS: [u8; 256] = {
    let mut table = [NO_SIGN; 256];
    table[b'=' as usize] = PADDING;
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        table[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    table
};

fn sextet(sign: u8) -> Option<u32> {
    Some(match sign {
        b'-' => 62,
        b'_' => 63,
        _ => match SEXTETS[usize::from(sign)] {
            PADDING | NO_SIGN => return None,
            bits => u32::from(bits),
        },
    })
}

/// Whatever a lenient decoder might make of base64: signs of no alphabet skipped, padding an end or nothing, bits
/// left over dropped.
fn decoded_leniently(code: &[u8], stops_at_padding: bool) -> impl Iterator<Item = u8> + Clone {
    let (mut bits, mut count) = (0_u32, 0_u32);
    let signs = code.iter().take_while(move |sign| **sign != b'=' || !stops_at_padding);
    signs.filter_map(|sign| sextet(*sign)).filter_map(move |sextet| {
        bits = (bits << 6 | sextet) & 0xff_ffff;
        count += 6;
        (count >= 8).then(|| {
            count -= 8;
            // The eight highest of the bits that wait.
            (bits >> count).to_le_bytes()[0]
        })
    })
}

/// Whether a value may be taken for the credentials of one of these accounts by a decoder that is lenient in a known way.
///
/// A name in another case counts: a data base that compares so was seen.
pub fn may_mean(value: &[u8], accounts: &[(&str, &str)]) -> bool {
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    let value = trim_start(value, b" \t\r\n");
    let Some((_, rest)) = value.split_first_chunk().filter(|(scheme, _)| is_basic(scheme)) else {
        return false;
    };
    if !rest.first().is_some_and(blank) {
        return false;
    }
    let code = trim_start(rest, b" \t\r\n");
    // Padding matters only where it stands before the end.
    let means = |code: &[u8]| {
        let is = |stops_at_padding: bool| {
            let decoded = decoded_leniently(code, stops_at_padding);
            accounts.iter().any(|(username, password)| spells(decoded.clone(), username, password))
        };
        is(true) || (code.contains(&b'=') && is(false))
    };
    if means(code) {
        return true;
    }
    // To the end whatever comes: without a way out the compiler looks at many bytes at once.
    let odd = |odd: bool, byte: &u8| odd | matches!(byte, b',' | b';' | b' ' | b'\t' | b'%');
    if !code.iter().fold(false, odd) {
        return false;
    }
    // The part before a parameter or a second value, the part before a blank, and what is percent-encoded.
    let until = |stops: fn(&u8) -> bool| code.iter().position(stops).map_or(code, |end| &code[..end]);
    let unescaped = percent_decoded(code);
    let parameter = until(|byte| matches!(byte, b',' | b';'));
    let first_word = until(|byte| matches!(byte, b',' | b';' | b' ' | b'\t'));
    let parts = [code, parameter, first_word, unescaped.as_ref()];
    (1..parts.len()).any(|index| !parts[..index].contains(&parts[index]) && means(parts[index]))
}

/// Whether the bytes are those of a name, a colon and a password; most are found out by the first. Where a name holds a
/// colon of its own its credentials mean another's.
fn spells(mut bytes: impl Iterator<Item = u8>, username: &str, password: &str) -> bool {
    let mut next = || bytes.next();
    !username.contains(':')
        && username.bytes().all(|byte| next().is_some_and(|read| read.eq_ignore_ascii_case(&byte)))
        && next() == Some(b':')
        && password.bytes().all(|byte| next() == Some(byte))
        && next().is_none()
}

fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        let digits = (*byte == b'%').then(|| tail.get(..2)).flatten();
        let number = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(number.unwrap_or(*byte));
        rest = if number.is_some() { &tail[2..] } else { tail };
    }
    Cow::Owned(decoded)
}

fn trim_start<'a>(text: &'a [u8], signs: &[u8]) -> &'a [u8] {
    let start = text.iter().position(|byte| !signs.contains(byte));
    &text[start.unwrap_or(text.len())..]
}

fn trim<'a>(text: &'a [u8], signs: &[u8]) -> &'a [u8] {
    let text = trim_start(text, signs);
    let end = text.iter().rposition(|byte| !signs.contains(byte));
    &text[..end.map_or(0, |end| end + 1)]
}

/// What the documents want of a login with these headers, where the given accounts are all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Success or refusal.
    pub class: Class,
    /// The form is the plainest: a refusal breaks the documents, not only an RFC.
    pub canonical: bool,
    /// What kind of thing was sent: the place in the grammar.
    pub place: &'static str,
}

/// Reads the headers of a login.
pub fn login(headers: &[Header], accounts: &[(&str, &str)]) -> Reading {
    let mut values = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Authorization"));
    let (first, second) = (values.next(), values.next());
    let reading = |class, canonical, place| Reading { class, canonical, place };
    let Some(first) = first else {
        let credentials = headers.iter().any(|header| header.name.to_ascii_lowercase().ends_with("authorization"));
        return reading(Class::Reject, true, if credentials { "elsewhere" } else { "absent" });
    };
    let means = |value: &[u8]| may_mean(value, accounts);
    if second.is_some() {
        let all = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Authorization"));
        let lenient = all.into_iter().any(|header| means(&header.value));
        return reading(if lenient { Class::Either } else { Class::Reject }, false, "several");
    }
    let trimmed = trim(&first.value, b" \t");
    if let Some(read) = strict(trimmed) {
        let exact = accounts
            .iter()
            .any(|(name, secret)| read.user() == name.as_bytes() && read.password() == secret.as_bytes());
        let canonical =
            first.name == "Authorization" && first.value.starts_with(b"Basic ") && trimmed.len() == first.value.len();
        // RFC 9110 §11.4 allows several spaces, but who reads exactly one has seen what the RFC 7617 shows.
        let several = trimmed.get(6) == Some(&b' ');
        return match (exact, several) {
            (true, false) => reading(Class::Accept, canonical, "right"),
            (true, true) => reading(Class::Either, canonical, "right"),
            (false, _) if means(&first.value) => reading(Class::Either, canonical, "name in another case"),
            (false, _) => reading(Class::Reject, canonical, wrong(read.user(), read.password(), accounts)),
        };
    }
    let place = malformed(trimmed);
    reading(if means(&first.value) { Class::Either } else { Class::Reject }, false, place)
}

fn wrong(user: &[u8], password: &[u8], accounts: &[(&str, &str)]) -> &'static str {
    match (user, password) {
        ([], _) => "empty name",
        (_, []) => "empty password",
        _ if accounts.iter().any(|(name, secret)| user == name.as_bytes() && secret.contains(':')) => {
            "password with colons"
        }
        _ if accounts.iter().any(|(name, _)| user == name.as_bytes()) => "wrong password",
        _ => "unknown name",
    }
}

/// In which way a value is no Basic credentials.
fn malformed(value: &[u8]) -> &'static str {
    if value.is_empty() {
        return "empty";
    }
    let word = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    if !word.eq_ignore_ascii_case(b"basic") {
        return match word.len() == value.len() {
            true => "no scheme",
            false => "other scheme",
        };
    }
    let code = trim_start(&value[word.len()..], b" ");
    match decode_strictly(code) {
        _ if code.is_empty() => "no credentials",
        None if code.iter().any(|byte| *byte >= 0x80) => "obs-text",
        None => "no base64",
        Some(decoded) => match String::from_utf8(decoded) {
            Err(_) => "not UTF-8",
            Ok(text) if text.chars().any(char::is_control) => "control characters",
            Ok(text) if !text.contains(':') => "no colon",
            Ok(_) => "odd",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: [(&str, &str); 2] = [("user", "Pa>>>???"), ("colon", "a:b:")];

    fn read(value: &str) -> (Class, &'static str) {
        let reading = login(&[Header::new("Authorization", value)], &ACCOUNTS);
        (reading.class, reading.place)
    }

    #[test]
    fn the_right_credentials_are_right_however_they_may_be_spelled() {
        use base64::Engine;
        let code = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let right = code("user:Pa>>>???");
        assert_eq!(read(&format!("Basic {right}")), (Class::Accept, "right"));
        assert_eq!(read(&format!("bAsIc {right}")), (Class::Accept, "right"));
        assert_eq!(read(&format!("Basic {}", code("colon:a:b:"))), (Class::Accept, "right"));
        for lenient in [
            format!("Basic  {right}"),
            format!("Basic\t{right}"),
            format!("Basic {}", right.trim_end_matches('=')),
            format!("Basic {}==", right.trim_end_matches('=')).replace('+', "-").replace('/', "_"),
            format!("Basic {}!{}", &right[..4], &right[4..]),
            format!("Basic {right}, realm=x"),
            format!("Basic {}", code("USER:Pa>>>???")),
        ] {
            assert_eq!(read(&lenient).0, Class::Either, "{lenient}");
        }
        for (value, place) in [
            (right.clone(), "no scheme"),
            (format!("Basic{right}"), "no scheme"),
            (format!("Bearer {right}"), "other scheme"),
            (format!("Basic {}", code("user")), "no colon"),
            (format!("Basic {}", code("colon:a")), "password with colons"),
            (format!("Basic {}", code("user:Pa>>>??? ")), "wrong password"),
            (format!("Basic {}", code("user:Pa>>>???\n")), "control characters"),
            (format!("Basic {}", code(&right)), "no colon"),
            ("Basic !!!".to_owned(), "no base64"),
            ("Basic ".to_owned(), "no credentials"),
            (String::new(), "empty"),
        ] {
            assert_eq!(read(&value), (Class::Reject, place), "{value}");
        }
    }
}
