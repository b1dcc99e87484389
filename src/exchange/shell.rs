//! Words for a POSIX shell: whatever stands in them, the shell takes it as it is.

use super::harmless::harmless_line;
use super::{Piece, Redaction};

/// A word that is quoted where it has to be.
pub fn shell_word(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !text.is_empty() && text.chars().all(is_safe) {
        true => text.to_owned(),
        false => shell_quoted(text),
    }
}

/// A word in quotes.
pub fn shell_quoted(text: &str) -> String {
    quoted(text.as_bytes(), &Redaction::new())
}

/// Quoted for a POSIX shell; for bytes that are not plain text, for bash, where a POSIX shell takes another text and
/// runs nothing either. In the place of a secret stands its variable.
pub(super) fn quoted(bytes: &[u8], secrets: &Redaction) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return format!("$'{}'", ansi_c_escaped(bytes));
    };
    let pieces = secrets.pieces(text);
    let words = pieces.iter().map(|piece| match piece {
        Piece::Secret(shown) => variable(shown),
        // What is shown differs from what is there.
        Piece::Plain(text) if harmless_line(text) != *text => format!("$'{}'", ansi_c_escaped(text.as_bytes())),
        Piece::Plain(text) => format!("'{}'", text.replace('\'', r"'\''")),
    });
    match pieces.is_empty() {
        true => "''".to_owned(),
        false => words.collect(),
    }
}

/// `printf` with a format that gives these bytes, and the variables that it takes secrets from.
pub(super) fn printf(bytes: &[u8], secrets: &Redaction) -> String {
    let text = String::from_utf8_lossy(bytes);
    let is_text = matches!(text, std::borrow::Cow::Borrowed(_));
    let pieces = match is_text {
        true => secrets.pieces(&text),
        false => Vec::new(),
    };
    let mut format = match is_text {
        true => String::new(),
        false => printf_escaped(bytes),
    };
    let mut variables = String::new();
    for piece in pieces {
        match piece {
            Piece::Plain(text) => format.push_str(&printf_escaped(text.as_bytes())),
            Piece::Secret(shown) => {
                format.push_str("%s");
                variables.push(' ');
                variables.push_str(&variable(shown));
            }
        }
    }
    format!("printf '{}'{variables}", format.replace('\'', r"'\''"))
}

/// The variable that a secret is shown by, in quotes. Anything else that it is shown by is a text.
fn variable(shown: &str) -> String {
    let name = shown.strip_prefix('$').unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match !name.is_empty() && name.chars().all(is_name) {
        true => format!("\"{shown}\""),
        false => format!("'{}'", shown.replace('\'', r"'\''")),
    }
}

/// What nothing takes for a quote, an escape or the beginning of a command.
fn is_plain(byte: u8) -> bool {
    (0x20..=0x7e).contains(&byte) && !matches!(byte, b'\'' | b'\\' | b'#' | b':' | b'%')
}

fn ansi_c_escaped(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\'' => r"\'".to_owned(),
        b'\\' => r"\\".to_owned(),
        b'%' => "%".to_owned(),
        byte if is_plain(*byte) => char::from(*byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(escape).collect()
}

fn printf_escaped(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\r' => r"\r".to_owned(),
        b'\n' => r"\n".to_owned(),
        b'%' => "%%".to_owned(),
        b'\\' => r"\\".to_owned(),
        b'\'' => "'".to_owned(),
        byte if is_plain(*byte) => char::from(*byte).to_string(),
        byte => format!("\\{byte:03o}"),
    };
    bytes.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the shell makes of the words.
    fn evaluated(shell: &str, words: &str) -> String {
        let output = std::process::Command::new(shell).args(["-c", &format!("printf '<%s>' {words}")]).output();
        String::from_utf8(output.expect("a shell").stdout).expect("text")
    }

    const HOSTILE: [&str; 9] =
        ["/$(touch ran)", "/`touch ran`", "a'b\"c", "'; touch ran; '", "a b\\c", "$HOME", "!x & | > ran", "", "*?~"];

    #[test]
    fn a_shell_takes_a_word_as_it_is() {
        for text in HOSTILE {
            assert_eq!(evaluated("sh", &shell_word(text)), format!("<{text}>"), "{text}");
        }
        assert_eq!(shell_word("http://127.0.0.1:80/v1"), "http://127.0.0.1:80/v1");
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        for text in ["a\nb\u{1b}[2J", "\u{202e}é", "##vso[x]", "::error::'x'", "::warning a=%41::\\"] {
            let word = shell_word(text);
            assert_eq!(evaluated("bash", &word), format!("<{text}>"), "{word}");
            assert_eq!(harmless_line(&word), word);
        }
    }

    #[test]
    fn printf_gives_the_bytes_and_takes_secrets_as_they_are() {
        let mut secrets = Redaction::new();
        secrets.add("s%cr\\t", "$SECRET");
        let line = printf(b"GET /'100%'\\ HTTP/1.1\r\nX: s%cr\\t::error::\r\n", &secrets);
        let script = format!("SECRET='s%cr\\t'; {line}");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "GET /'100%'\\ HTTP/1.1\r\nX: s%cr\\t::error::\r\n");
        assert_eq!(harmless_line(&line), line);
    }
}
