//! Text from outside, made harmless for whatever shows it.
//!
//! A terminal obeys control characters, and the log of a CI job obeys commands of GitHub, Azure, TeamCity and GitLab.
//! Both are written here so that people still read them and nothing obeys them. To do it twice changes nothing more.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

/// Commands of GitHub that take parameters. Without parameters any name counts.
const COMMANDS: [&str; 16] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "set-secret",
    "stop-commands",
    "warning",
];

/// The text as one line.
pub fn harmless_line(text: &str) -> Cow<'_, str> {
    harmless(text, |_| false)
}

/// The text with its line ends and tabs.
pub fn harmless_text(text: &str) -> Cow<'_, str> {
    harmless(text, |c| matches!(c, '\n' | '\t'))
}

/// A value short enough to be shown in a finding, as one harmless line.
pub fn shortened<T: Display + ?Sized>(value: &T) -> String {
    const SHOWN: usize = 200;
    let mut short = Short { shown: String::new(), left: SHOWN, bytes: 0, is_cut: false };
    // Writing to a String does not fail.
    let _ = write!(short, "{value}");
    let Short { mut shown, bytes, is_cut, .. } = short;
    if let Cow::Owned(harmless) = harmless_line(&shown) {
        shown = harmless;
    }
    if is_cut {
        let _ = write!(shown, "… ({bytes} bytes in all)");
    }
    shown
}

/// Takes the beginning of what is written to it, and counts the rest.
struct Short {
    shown: String,
    left: usize,
    bytes: usize,
    is_cut: bool,
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes += text.len();
        let end = text.char_indices().nth(self.left).map_or(text.len(), |(end, _)| end);
        self.is_cut |= end < text.len();
        self.left -= text[..end].chars().count();
        self.shown.push_str(&text[..end]);
        Ok(())
    }
}

fn harmless(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let mut shown = String::new();
    // Everything before this place is in `shown`.
    let mut done = 0;
    for (at, c) in text.char_indices() {
        if (is_plain(c) || is_kept(c)) && !decides_a_command(&text[..at], &text[at..]) {
            continue;
        }
        shown.push_str(&text[done..at]);
        shown.extend(c.escape_unicode());
        done = at + c.len_utf8();
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

/// Whether the character shows as itself, and leaves what stands around it alone.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') || c.escape_debug().count() == 1
}

/// Whether the text from here on completes what came before to a command. Of each command this is true in one place.
fn decides_a_command(before: &str, rest: &str) -> bool {
    match rest.as_bytes()[0] {
        b'#' if before.ends_with('#') => {
            let name = rest[1..].trim_start_matches(|c: char| c.is_ascii_alphabetic());
            name.starts_with('[')
        }
        b':' if before.ends_with(':') => is_command_of_github(&rest[1..]),
        b':' => ["section_start", "section_end"].iter().any(|word| before.ends_with(word)),
        _ => false,
    }
}

/// Whether `NAME::` stands at the beginning, or a known name with parameters, whose end another text may bring.
fn is_command_of_github(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
    let takes_parameters = || COMMANDS.iter().any(|known| name.eq_ignore_ascii_case(known));
    match after.as_bytes().first() {
        _ if name.is_empty() => false,
        Some(b':') => after.starts_with("::"),
        Some(b' ') => takes_parameters(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_marks_of_direction_are_shown() {
        for (text, line, lines) in [
            ("Zoë 東京 \\ \" '", "Zoë 東京 \\ \" '", "Zoë 東京 \\ \" '"),
            ("a\u{1b}[2J\u{9b}b\0", r"a\u{1b}[2J\u{9b}b\u{0}", r"a\u{1b}[2J\u{9b}b\u{0}"),
            ("\u{202e}abc\u{7f}", r"\u{202e}abc\u{7f}", r"\u{202e}abc\u{7f}"),
            ("a\r\n\tb", r"a\u{d}\u{a}\u{9}b", "a\\u{d}\n\tb"),
        ] {
            assert_eq!(harmless_line(text), line, "{text:?}");
            assert_eq!(harmless_text(text), lines, "{text:?}");
        }
    }

    #[test]
    fn commands_of_ci_servers_are_broken_wherever_they_are() {
        for (text, shown) in [
            ("a ::error::b", r"a :\u{3a}error::b"),
            ("::ERROR file=x,line=1::b", r":\u{3a}ERROR file=x,line=1::b"),
            (":::x::", r"::\u{3a}x::"),
            ("::a::b::", r":\u{3a}a:\u{3a}b::"),
            ("::stop-commands::x_1", r":\u{3a}stop-commands::x_1"),
            ("a##vso[task.x]", r"a#\u{23}vso[task.x]"),
            ("###[error]", r"##\u{23}[error]"),
            ("##teamcity[x", r"#\u{23}teamcity[x"),
            ("section_start:1:x\r", r"section_start\u{3a}1:x\u{d}"),
        ] {
            assert_eq!(harmless_line(text), shown, "{text:?}");
            assert_eq!(harmless_line(shown), shown, "{text:?}");
        }
        for text in ["login/x::error-first and y", "## title", "a::b", "#[x]", "http://h:1/##x", "::error\n::"] {
            assert_eq!(harmless_text(text), text);
        }
    }
}
