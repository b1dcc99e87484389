//! The dictionaries: pieces that matter to the parsers behind the API, shared with libFuzzer.
//!
//! They are the files under `fuzz/dictionaries`, in libFuzzer's format, built into the program.

use super::Surface;

const NAMES: &str = include_str!("../../fuzz/dictionaries/names.dict");
const AUTH: &str = include_str!("../../fuzz/dictionaries/auth.dict");
const PASSWORD: &str = include_str!("../../fuzz/dictionaries/password.dict");
const JSON: &str = include_str!("../../fuzz/dictionaries/json.dict");
const HTTP: &str = include_str!("../../fuzz/dictionaries/http.dict");

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
    unescape(&line[line.find('"')? + 1..line.rfind('"')?]).ok()
}

/// Text with its escapes `\\`, `\"`, `\n` and `\xAB` undone.
pub(super) fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    while let Some(part) = parts.next() {
        let (byte, rest) = match part.split_at_checked(1) {
            // Two backslashes: what is between them is empty.
            None => (b'\\', parts.next().ok_or("a backslash at the end")?),
            Some(("n", rest)) => (b'\n', rest),
            Some(("\"", rest)) => (b'"', rest),
            Some(("x", rest)) => {
                let digits = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                (digits.ok_or("`\\x` needs two hexadecimal digits")?, &rest[2..])
            }
            Some((other, _)) => return Err(format!("`\\{other}` is not an escape")),
        };
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Ok(bytes)
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
