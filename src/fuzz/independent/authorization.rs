//! What an `Authorization` header may be taken for: strictly, and by any decoder that is lenient in a known way.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode;

use crate::exchange::Header;
use crate::fuzz::{Class, Place};

/// The name and the password in a header value, read strictly (RFC 7617 §2, RFC 4648 §4), or what is there instead.
pub fn strict(value: &[u8]) -> Result<(String, String), Place> {
    if value.is_empty() {
        return Err(Place::Empty);
    }
    let (word, rest) = value.split_at(value.iter().position(|byte| *byte == b' ').unwrap_or(value.len()));
    if !word.eq_ignore_ascii_case(b"basic") {
        return Err(if rest.is_empty() { Place::NoScheme } else { Place::OtherScheme });
    }
    let code = trim_start(rest, b" ");
    if code.is_empty() {
        return Err(Place::NoCredentials);
    }
    let not_base64 = || if code.is_ascii() { Place::NoBase64 } else { Place::ObsText };
    let decoded = STANDARD.decode(code).map_err(|_| not_base64())?;
    let mut name = String::from_utf8(decoded).map_err(|_| Place::NotUtf8)?;
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(Place::ControlCharacters);
    }
    let password = name.split_off(name.find(':').ok_or(Place::NoColon)? + 1);
    name.pop();
    Ok((name, password))
}

fn is_basic(scheme: &[u8; 5]) -> bool {
    scheme.map(|letter| letter.to_ascii_lowercase()) == *b"basic"
}

fn sextet(sign: u8) -> Option<u32> {
    Some(u32::from(match sign {
        b'A'..=b'Z' => sign - b'A',
        b'a'..=b'z' => sign - b'a' + 26,
        b'0'..=b'9' => sign - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// Base64 decoded leniently: other characters are skipped, padding is the end or ignored, left-over bits are dropped.
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

/// Whether a decoder that is lenient in a known way may take a value for the credentials of one of these accounts.
/// A name in another case counts: some databases compare that way.
pub fn may_mean(value: &[u8], accounts: &[(&str, &str)]) -> bool {
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    let value = trim_start(value, TRIMMED);
    let Some((_, rest)) = value.split_first_chunk().filter(|(scheme, _)| is_basic(scheme)) else { return false };
    if !rest.first().is_some_and(blank) {
        return false;
    }
    let code = trim_start(rest, b" \t\r\n");
    // Padding matters only before the end.
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
    // Without an early exit the compiler looks at many bytes at once.
    let odd = |odd: bool, byte: &u8| odd | matches!(byte, b',' | b';' | b' ' | b'\t' | b'%');
    if !code.iter().fold(false, odd) {
        return false;
    }
    // The part before a parameter or a second value, the part before a blank, and what is percent-encoded.
    let until = |stops: fn(&u8) -> bool| code.iter().position(stops).map_or(code, |end| &code[..end]);
    let unescaped = Cow::from(percent_decode(code));
    let parameter = until(|byte| matches!(byte, b',' | b';'));
    let first_word = until(|byte| matches!(byte, b',' | b';' | b' ' | b'\t'));
    let parts = [code, parameter, first_word, unescaped.as_ref()];
    (1..parts.len()).any(|index| !parts[..index].contains(&parts[index]) && means(parts[index]))
}

/// Whether the bytes are a name, a colon and a password. With a colon in the name they would mean another account.
fn spells(mut bytes: impl Iterator<Item = u8>, username: &str, password: &str) -> bool {
    let mut next = || bytes.next();
    !username.contains(':')
        && username.bytes().all(|byte| next().is_some_and(|read| read.eq_ignore_ascii_case(&byte)))
        && next() == Some(b':')
        && password.bytes().all(|byte| next() == Some(byte))
        && next().is_none()
}

/// What some language trims off the ends of a header's value.
const TRIMMED: &[u8] = b"\0\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0";

fn trim_start<'a>(text: &'a [u8], signs: &[u8]) -> &'a [u8] {
    let start = text.iter().position(|byte| !signs.contains(byte));
    &text[start.unwrap_or(text.len())..]
}

fn trim<'a>(text: &'a [u8], signs: &[u8]) -> &'a [u8] {
    let text = trim_start(text, signs);
    let end = text.iter().rposition(|byte| !signs.contains(byte));
    &text[..end.map_or(0, |end| end + 1)]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub class: Class,
    /// The form is the plainest: a refusal breaks the documents, not only an RFC.
    pub canonical: bool,
    pub place: Place,
}

/// What the documents want of a login with these headers, where the given accounts are all there are.
pub fn login(headers: &[Header], accounts: &[(&str, &str)]) -> Reading {
    let reading = |class, canonical, place| Reading { class, canonical, place };
    let lenient = |means: bool| if means { Class::Either } else { Class::Reject };
    let is_authorization = |header: &&Header| header.name.eq_ignore_ascii_case("Authorization");
    let all: Vec<&Header> = headers.iter().filter(is_authorization).collect();
    let first = match all[..] {
        [] => {
            let elsewhere = headers.iter().any(|header| header.name.to_ascii_lowercase().ends_with("authorization"));
            return reading(Class::Reject, true, if elsewhere { Place::Elsewhere } else { Place::Absent });
        }
        [only] => only,
        _ => {
            let means = all.iter().any(|header| may_mean(&header.value, accounts));
            return reading(lenient(means), false, Place::Several);
        }
    };
    let trimmed = trim(&first.value, b" \t");
    let (user, password) = match strict(trimmed) {
        Ok(read) => read,
        Err(place) => return reading(lenient(may_mean(&first.value, accounts)), false, place),
    };
    let is_right = |(name, secret): &(&str, &str)| user == *name && password == *secret;
    let canonical =
        first.name == "Authorization" && first.value.starts_with(b"Basic ") && trimmed.len() == first.value.len();
    match accounts.iter().any(is_right) {
        // RFC 9110 §11.4 allows several spaces, but who reads exactly one has seen what the RFC 7617 shows.
        true if trimmed.get(6) == Some(&b' ') => reading(Class::Either, canonical, Place::Right),
        true => reading(Class::Accept, canonical, Place::Right),
        false if may_mean(&first.value, accounts) => reading(Class::Either, canonical, Place::NameInAnotherCase),
        false => reading(Class::Reject, canonical, wrong(&user, &password, accounts)),
    }
}

fn wrong(user: &str, password: &str, accounts: &[(&str, &str)]) -> Place {
    match (user, password) {
        ("", _) => Place::EmptyName,
        (_, "") => Place::EmptyPassword,
        _ if accounts.iter().any(|(name, secret)| user == *name && secret.contains(':')) => Place::PasswordWithColons,
        _ if accounts.iter().any(|(name, _)| user == *name) => Place::WrongPassword,
        _ => Place::UnknownName,
    }
}

/// What the documents want of a call with these headers, where one token is alive.
pub fn call(headers: &[Header], alive: &str) -> (Class, Place) {
    let values = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Authorization"));
    let values: Vec<&[u8]> = values.map(|header| header.value.as_slice()).collect();
    let means = |value: &&[u8]| {
        // Read as UTF-8 and as Latin-1, without what some language takes for a blank.
        let latin: String = value.iter().map(|byte| char::from(*byte)).collect();
        [String::from_utf8_lossy(value), latin.into()].iter().any(|text| {
            let is_blank = |c: char| c == ',' || c.is_whitespace() || c.is_control() || c == '\u{feff}';
            let mut words = text.split(is_blank).filter(|word| !word.is_empty());
            let bearer = words.next().is_some_and(|word| word.eq_ignore_ascii_case("bearer"));
            bearer && words.any(|word| word == alive)
        })
    };
    match values.as_slice() {
        [] => (Class::Reject, Place::Absent),
        [only] if *only == format!("Bearer {alive}").as_bytes() => (Class::Accept, Place::Right),
        [only] if means(only) => (Class::Either, Place::AnotherSpelling),
        [only] if !only.to_ascii_lowercase().starts_with(b"bearer ") => (Class::Reject, Place::AnotherScheme),
        [_] => (Class::Reject, Place::WrongToken),
        several if several.iter().any(means) => (Class::Either, Place::Several),
        _ => (Class::Reject, Place::Several),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: [(&str, &str); 2] = [("user", "Pa>>>???"), ("colon", "a:b:")];

    #[test]
    fn the_right_credentials_are_right_however_they_may_be_spelled() {
        use Class::{Accept, Either, Reject};
        let code = |text: &str| STANDARD.encode(text);
        let right = code("user:Pa>>>???");
        let unpadded = right.trim_end_matches('=');
        for (value, class, place) in [
            (format!("Basic {right}"), Accept, Place::Right),
            (format!("bAsIc {right}"), Accept, Place::Right),
            (format!("Basic {}", code("colon:a:b:")), Accept, Place::Right),
            (format!("Basic  {right}"), Either, Place::Right),
            (format!("Basic\t{right}"), Either, Place::NoScheme),
            (format!("Basic {unpadded}"), Either, Place::NoBase64),
            (format!("Basic {unpadded}==").replace('+', "-").replace('/', "_"), Either, Place::NoBase64),
            (format!("Basic {}!{}", &right[..4], &right[4..]), Either, Place::NoBase64),
            (format!("Basic {right}, realm=x"), Either, Place::NoBase64),
            (format!("Basic {}", code("USER:Pa>>>???")), Either, Place::NameInAnotherCase),
            (right.clone(), Reject, Place::NoScheme),
            (format!("Basic{right}"), Reject, Place::NoScheme),
            (format!("Bearer {right}"), Reject, Place::OtherScheme),
            (format!("Basic {}", code("user")), Reject, Place::NoColon),
            (format!("Basic {}", code("colon:a")), Reject, Place::PasswordWithColons),
            (format!("Basic {}", code("user:Pa>>>??? ")), Reject, Place::WrongPassword),
            (format!("Basic {}", code("user:Pa>>>???\n")), Reject, Place::ControlCharacters),
            (format!("Basic {}", code(&right)), Reject, Place::NoColon),
            ("Basic !!!".to_owned(), Reject, Place::NoBase64),
            ("Basic ".to_owned(), Reject, Place::NoCredentials),
            (String::new(), Reject, Place::Empty),
        ] {
            let reading = login(&[Header::new("Authorization", value.as_str())], &ACCOUNTS);
            assert_eq!((reading.class, reading.place), (class, place), "{value}");
        }
    }
}
