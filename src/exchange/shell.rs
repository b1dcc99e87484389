//! Words for a POSIX shell, quoted so that the shell changes nothing in them.

use super::Redaction;
use super::harmless::harmless_line;
use super::redaction::Piece;

/// A word, in quotes where it needs them.
pub fn shell_word(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_safe) { text.to_owned() } else { shell_quoted(text) }
}

pub fn shell_quoted(text: &str) -> String {
    quoted(text.as_bytes(), &Redaction::new())
}

/// Quoted for a POSIX shell. Bytes that are not plain text are quoted for bash; a POSIX shell then reads another text, but
/// runs nothing either. A secret is replaced by its variable.
pub(super) fn quoted(bytes: &[u8], secrets: &Redaction) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else { return format!("$'{}'", ansi_c_escaped(bytes)) };
    let pieces = secrets.pieces(text);
    let words = pieces.iter().map(|piece| match piece {
        Piece::Secret(shown) => variable(shown),
        Piece::Plain(text) if harmless_line(text) != *text => format!("$'{}'", ansi_c_escaped(text.as_bytes())),
        Piece::Plain(text) => in_quotes(text),
    });
    if pieces.is_empty() { "''".to_owned() } else { words.collect() }
}

/// A `printf` command that prints these bytes, with variables for the secrets.
pub(super) fn printf(bytes: &[u8], secrets: &Redaction) -> String {
    let (mut format, mut variables) = (String::new(), String::new());
    for chunk in bytes.utf8_chunks() {
        for piece in secrets.pieces(chunk.valid()) {
            match piece {
                Piece::Plain(text) => format.push_str(&printf_escaped(text.as_bytes())),
                Piece::Secret(shown) => {
                    format.push_str("%s");
                    variables.push(' ');
                    variables.push_str(&variable(shown));
                }
            }
        }
        format.push_str(&printf_escaped(chunk.invalid()));
    }
    format!("printf {}{variables}", in_quotes(&format))
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The variable that a secret is shown as, in quotes; a text if it is shown as something else.
fn variable(shown: &str) -> String {
    let name = shown.strip_prefix('$').unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty() && name.chars().all(is_name) { format!("\"{shown}\"") } else { in_quotes(shown) }
}

fn ansi_c_escaped(bytes: &[u8]) -> String {
    let known = [(b'\'', r"\'"), (b'\\', r"\\"), (b'%', "%")];
    escaped(bytes, &known, |byte| format!("\\x{byte:02x}"))
}

fn printf_escaped(bytes: &[u8]) -> String {
    let known = [(b'\r', r"\r"), (b'\n', r"\n"), (b'%', "%%"), (b'\\', r"\\"), (b'\'', "'")];
    escaped(bytes, &known, |byte| format!("\\{byte:03o}"))
}

/// Each byte as `known` has it. Others are written as `other` does where they may begin a command or are not printable.
fn escaped(bytes: &[u8], known: &[(u8, &str)], other: fn(u8) -> String) -> String {
    let escape = |byte: &u8| match known.iter().find(|(known, _)| known == byte) {
        Some((_, written)) => (*written).to_owned(),
        None if matches!(byte, b' '..=b'~') && !matches!(byte, b'#' | b':') => char::from(*byte).to_string(),
        None => other(*byte),
    };
    bytes.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(shell: &str, script: &str) -> String {
        let output = std::process::Command::new(shell).args(["-c", script]).output();
        String::from_utf8(output.expect("a shell").stdout).expect("text")
    }

    const TO_A_SHELL: [&str; 9] =
        ["/$(touch ran)", "/`touch ran`", "a'b\"c", "'; touch ran; '", "a b\\c", "$HOME", "!x & | > ran", "", "*?~"];

    #[test]
    fn a_shell_takes_a_word_as_it_is_and_a_terminal_does_not_act_on_it() {
        let to_a_terminal = ["a\nb\u{1b}[2J", "\u{202e}é", "##vso[x]", "::error::'x'", "::warning a=%41::\\"];
        for (shell, texts) in [("sh", &TO_A_SHELL[..]), ("bash", &to_a_terminal)] {
            for text in texts {
                let word = shell_word(text);
                assert_eq!(printed(shell, &format!("printf '<%s>' {word}")), format!("<{text}>"), "{word}");
                assert_eq!(harmless_line(&word), word);
            }
        }
        assert_eq!(shell_word("http://127.0.0.1:80/v1"), "http://127.0.0.1:80/v1");
    }

    #[test]
    fn printf_gives_the_bytes_and_takes_secrets_as_they_are() {
        let mut secrets = Redaction::new();
        secrets.add("s%cr\\t", "$SECRET");
        let bytes = b"GET /'100%'\\ HTTP/1.1\r\nX: s%cr\\t::error::\r\n\xff\0s%cr\\t";
        let line = printf(bytes, &secrets);
        let script = format!("SECRET='s%cr\\t'; {line}");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        assert_eq!(output.stdout, bytes);
        assert_eq!(line.matches("\"$SECRET\"").count(), 2, "{line}");
        assert_eq!(harmless_line(&line), line);
    }
}
