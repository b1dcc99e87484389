//! The dictionaries: pieces that matter to the parsers behind the API, shared with libFuzzer.
//!
//! They are the files under `fuzz/dictionaries`, in libFuzzer's format, built into the program.

use super::Surface;

const NAMES: &str = include_str!("../../fuzz/dictionaries/names.dict");
const AUTH: &str = include_str!("../../fuzz/dictionaries/auth.dict");
const PASSWORD: &str = include_str!("../../fuzz/dictionaries/password.dict");
const JSON: &str = include_str!("../../fuzz/dictionaries/json.dict");
const HTTP: &str = include_str!("../../fuzz/dictionaries/http.dict");

/// The pieces for a surface.
pub fn pieces(surface: Surface) -> Vec<Vec<u8>> {
    let files: &[&str] = match surface {
        Surface::BasicAuth | Surface::Bearer => &[NAMES, AUTH],
        Surface::LoginBody | Surface::UsersBody | Surface::AccountBody => &[JSON],
        Surface::Password => &[PASSWORD, NAMES, AUTH, JSON],
        Surface::Path | Surface::Http => &[HTTP, NAMES, AUTH],
        Surface::Session => &[],
    };
    files.iter().flat_map(|file| file.lines().filter_map(entry)).collect()
}

/// One line of a dictionary: `name="value"` or `"value"`, with the escapes `\\`, `\"` and `\xAB`.
fn entry(line: &str) -> Option<Vec<u8>> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let quoted = &line[line.find('"')? + 1..line.rfind('"')?];
    let mut value = Vec::with_capacity(quoted.len());
    let mut rest = quoted.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        match *rest {
            [b'x', high, low, ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                value.push(digit(high)? * 16 + digit(low)?);
                rest = &rest[3..];
            }
            [escaped, ..] => {
                value.push(escaped);
                rest = &rest[1..];
            }
            [] => return None,
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_dictionaries_is_an_entry() {
        for file in [NAMES, AUTH, PASSWORD, JSON, HTTP] {
            for line in file.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
                assert!(entry(line).is_some_and(|value| !value.is_empty()), "{line}");
            }
        }
        assert_eq!(entry(r#"nul="a\x00\\\"b""#), Some(b"a\0\\\"b".to_vec()));
    }
}
