//! Text from outside, made harmless for whatever shows it.
//!
//! A terminal acts on control characters, and the log of a CI job on commands of GitHub, Azure, TeamCity and GitLab. Both
//! are escaped here so that they can still be read. Escaping a text twice changes nothing more.

use std::borrow::Cow;
use std::fmt::Display;

/// Commands of GitHub that take parameters. Without parameters any name counts.
const COMMANDS: &str = "add-mask add-matcher add-path debug echo endgroup error group notice remove-matcher save-state \
    set-env set-output set-secret stop-commands warning";

/// The text as one line.
pub fn harmless_line(text: &str) -> Cow<'_, str> {
    harmless(text, |_| false)
}

/// The text with its line ends and tabs.
pub fn harmless_text(text: &str) -> Cow<'_, str> {
    harmless(text, |c| matches!(c, '\n' | '\t'))
}

/// A value as one harmless line, short enough for a finding.
pub fn shortened<T: Display + ?Sized>(value: &T) -> String {
    const SHOWN: usize = 200;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes in all)", harmless_line(&text[..end]), text.len()),
        None => harmless_line(&text).into_owned(),
    }
}

fn harmless(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let mut shown = String::new();
    // Everything before this place is already in `shown`.
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

/// Whether the character shows as itself, and does not change how its neighbours show.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') || c.escape_debug().count() == 1
}

/// Whether this character completes the start of a command. This is true in one place of each command.
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

/// Whether the text starts with `NAME::`, or with a known name and parameters, whose end may be in a later text.
fn is_command_of_github(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
    let takes_parameters = || COMMANDS.split(' ').any(|known| name.eq_ignore_ascii_case(known));
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
    use crate::vectors::vectors;

    #[test]
    fn control_characters_and_marks_of_direction_are_shown() {
        for [text, line, lines] in vectors::<[String; 3]>("harmless") {
            assert_eq!(harmless_line(&text), line, "{text:?}");
            assert_eq!(harmless_text(&text), lines, "{text:?}");
        }
        let in_xml = |c: char| matches!(c, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(('\0'..=char::MAX).all(|c| !is_plain(c) || in_xml(c)), "JUnit's XML can hold what stays");
    }

    #[test]
    fn a_value_is_shown_plain_and_whole_up_to_200_characters() {
        assert_eq!(shortened("\u{1b}[31m"), r"\u{1b}[31m");
        let whole = "é".repeat(200);
        assert_eq!(shortened(&whole), whole);
        assert_eq!(shortened(&format!("{whole}é")), format!("{whole}… (402 bytes in all)"));
    }

    #[test]
    fn commands_of_ci_servers_are_broken_wherever_they_are() {
        for [text, shown] in vectors::<[String; 2]>("commands") {
            assert_eq!(harmless_line(&text), shown, "{text:?}");
            assert_eq!(harmless_line(&shown), shown, "{text:?}");
        }
        for text in ["login/x::error-first and y", "## title", "a::b", "#[x]", "http://h:1/##x", "::error\n::"] {
            assert_eq!(harmless_text(text), text);
        }
    }
}
