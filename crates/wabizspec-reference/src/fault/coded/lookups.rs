//! Names, passwords, tokens and codes that are found, kept or compared in ways that no data can say.

use std::collections::BinaryHeap;

use super::Edit::{self, CodeMatches, Finds, Kept, Key, PasswordMatches, Reread, Token, TokenMatches};
use super::{as_sent, trimmed};
use crate::behaviour::body::text_of as text;
use crate::documented::basic;

pub(super) const EDITS: &[Edit] = &[
    Finds("login.credentials.name-in-full-text-search", |sent, name| {
        let more = sent.strip_prefix('x').or(sent.strip_suffix('x'));
        sent.trim_end_matches(['%', '_']) == name || more == Some(name)
    }),
    Finds("login.credentials.name-in-part", |sent, name| sent.len() > 3 && name.contains(sent)),
    // At the end of a name it would find one of several accounts that the run makes in a row.
    Finds("users.username.found-by-pattern", |sent, name| {
        !sent.ends_with('_')
            && sent.len() == name.len()
            && sent.bytes().zip(name.bytes()).all(|(sent, byte)| sent == byte || sent == b'_')
    }),
    Key("users.delete.admin-in-capitals", |name| name.to_lowercase().into()),
    Key("users.delete.admin-with-nul", |name| name.trim_end_matches('\0').into()),
    Key("users.delete.admin-with-blank", |name| name.trim_end_matches(' ').into()),
    Key("users.username.ten-characters-count", |name| name.chars().take(10).collect::<String>().into()),
    Key("users.username.cut-at-odd-characters", |name| {
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
        name[..end].into()
    }),
    Key("users.username.any-case", |name| name.to_lowercase().into()),
    Key("users.username.twin-replaces", |name| name.trim_end_matches([' ', '\0']).into()),
    Token("tokens.bearer.any-scheme", |value| std::str::from_utf8(value).ok()?.rsplit(' ').next()),
    Token("tokens.bearer.scheme-contained", |value| {
        let rest = std::str::from_utf8(value).ok()?.strip_prefix("Bearer")?;
        // A token may itself begin with an s.
        let rest = rest.strip_prefix("s ").unwrap_or(rest);
        let rest = rest.trim_start_matches([':', ' ', '"']).trim_start_matches("token=");
        Some(rest.trim_end_matches('"')).filter(|token| !token.is_empty())
    }),
    Token("tokens.bearer.to-the-letter", |value| std::str::from_utf8(value).ok()?.strip_prefix("Bearer ")),
    Token("tokens.bearer.one-blank-only", |value| {
        let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }),
    TokenMatches("tokens.bearer.beginning-will-do", |given, sent| sent.len() >= 8 && given.starts_with(sent)),
    TokenMatches("tokens.bearer.more-will-do", |given, sent| sent.starts_with(given)),
    TokenMatches("tokens.bearer.end-will-do", |given, sent| {
        let end = |token: &str| token.chars().rev().take(20).collect::<String>();
        end(given) == end(sent)
    }),
    TokenMatches("tokens.bearer.middle-unread", |given, sent| ends(given) == ends(sent)),
    TokenMatches("tokens.bearer.any-case", |given, sent| given.eq_ignore_ascii_case(sent)),
    CodeMatches("account.verify.first-code-only", |_, _| false),
    CodeMatches("account.verify.no-code-is-right", |right, sent| sent.is_empty() || right == sent),
    CodeMatches("account.verify.any-code", |_, _| true),
    CodeMatches("account.verify.part-of-the-code", |right, sent| !sent.is_empty() && right.starts_with(sent)),
    CodeMatches("account.verify.pattern-for-a-code", |right, sent| {
        right == sent || sent == "*" || (!sent.is_empty() && sent.trim().is_empty())
    }),
    CodeMatches("account.verify.code-as-a-number", |right, sent| {
        let number = |code: &str| code.trim().trim_end_matches(".0").parse::<u32>().ok();
        number(sent).is_some() && number(right) == number(sent)
    }),
    PasswordMatches("login.credentials.middle-unread", |kept, sent| ends(kept) == ends(sent)),
    PasswordMatches("login.credentials.end-will-do", |kept, sent| sent.len() > 3 && kept.ends_with(sent)),
    PasswordMatches("login.credentials.one-letter-in-other-case", |kept, sent| {
        kept == sent || in_other_case(kept, sent) == 1
    }),
    PasswordMatches("login.credentials.cases-exchanged", |kept, sent| kept == sent || in_other_case(kept, sent) > 1),
    PasswordMatches("login.credentials.eight-characters-count", |kept, sent| {
        kept.chars().take(8).eq(sent.chars().take(8))
    }),
    PasswordMatches("login.credentials.sixty-three-characters-count", |kept, sent| {
        kept.chars().take(63).eq(sent.chars().take(63))
    }),
    PasswordMatches("login.credentials.seventy-two-bytes-count", |kept, sent| {
        kept.bytes().take(72).eq(sent.bytes().take(72))
    }),
    PasswordMatches("login.credentials.prefix-will-do", |kept, sent| kept.starts_with(sent)),
    PasswordMatches("login.credentials.more-will-do", |kept, sent| sent.starts_with(kept)),
    // Which single characters a password contains is a matter of chance.
    PasswordMatches("login.credentials.contained-will-do", |kept, sent| {
        sent.len() != 1 && (kept.contains(sent) || sent.contains(kept))
    }),
    PasswordMatches("login.credentials.password-trimmed", |kept, sent| kept.trim() == trimmed(sent)),
    PasswordMatches("login.credentials.characters-in-any-order", |kept, sent| {
        let sorted = |password: &str| password.chars().collect::<BinaryHeap<_>>().into_sorted_vec();
        sorted(kept) == sorted(sent)
    }),
    PasswordMatches("login.credentials.case-disregarded", |kept, sent| kept.eq_ignore_ascii_case(sent)),
    PasswordMatches("users.password.last-character-lost", |kept, sent| {
        kept == sent || kept.strip_suffix(|_: char| true) == Some(sent)
    }),
    PasswordMatches("login.refused.any-password", |_, _| true),
    PasswordMatches("login.refused.empty-password-matches", |kept, sent| sent.is_empty() || kept == sent),
    PasswordMatches("login.refused.name-alone-will-do", |kept, sent| sent.is_empty() || kept == sent),
    Kept("login.password.cut-instead-of-refused", |password| password.chars().take(64).collect::<String>().into()),
    Kept("login.password.stored-as-markup", |password| {
        let escaped = password.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        escaped.replace('"', "&quot;").replace('\'', "&#39;").into()
    }),
    Kept("login.password.backslashes-stripped", |password| password.replace('\\', "").into()),
    Kept("users.create.password-as-replacement", |password| password.replace("$$", "$").into()),
    Kept("users.create.password-as-format", |password| password.replace("%%", "%").into()),
    Reread("users.update.password-as-replacement", |call| Some(text(call.body, "password")?.replace("$$", "$"))),
    Reread("login.password.templates-expanded", |call| Some(text(call.body, "password")?.replace("{{7*7}}", "49"))),
    Reread("login.password.stored-in-lower-case", |call| Some(text(call.body, "password")?.to_lowercase())),
    Reread("login.password.stored-percent-decoded", |call| {
        let form = format!("p={}", text(call.body, "password")?.replace('&', "%26"));
        form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned())
    }),
    Reread("login.password.stored-with-slashes-escaped", |call| Some(text(call.body, "password")?.replace('/', "\\/"))),
    Reread("login.password.stored-as-shell-word", |call| {
        Some(text(call.body, "password")?.replace(['$', '`', '(', ')', ';', '|', '{', '}'], ""))
    }),
    Reread("login.password.letters-of-all-scripts", as_sent),
    Reread("login.password.last-of-two-members-set", as_sent),
    Reread("login.later.same-is-lost", |call| {
        let sent = call.authorization.first().and_then(|value| basic::parse(value).ok())?;
        let new = text(call.body, "new_password")?;
        Some(if sent.password == new { "unchanged".to_owned() } else { new })
    }),
];

/// How long a text is, and its first and last eight bytes.
fn ends(text: &str) -> (usize, &[u8], &[u8]) {
    let bytes = text.as_bytes();
    (bytes.len(), &bytes[..bytes.len().min(8)], &bytes[bytes.len().saturating_sub(8)..])
}

/// How many letters are in another case; none if anything else differs.
fn in_other_case(kept: &str, sent: &str) -> usize {
    match kept.eq_ignore_ascii_case(sent) {
        true => kept.bytes().zip(sent.bytes()).filter(|(kept, sent)| kept != sent).count(),
        false => 0,
    }
}
