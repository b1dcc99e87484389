//! Names, tokens and codes that are found, kept or compared in ways that no data can say.

use super::Edit::{self, CodeMatches, Finds, Key, Token, TokenMatches};

pub(super) const EDITS: &[Edit] = &[
    Finds("login.credentials.name-in-full-text-search", |sent, name| {
        let more = sent.strip_prefix('x').or(sent.strip_suffix('x'));
        sent.trim_end_matches(['%', '_']) == name || more == Some(name)
    }),
    Finds("login.credentials.name-in-part", |sent, name| sent.len() > 3 && name.contains(sent)),
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
    CodeMatches("account.verify.first-code-only", |_, _| false),
    CodeMatches("account.verify.any-code", |_, _| true),
    CodeMatches("account.verify.part-of-the-code", |right, sent| !sent.is_empty() && right.starts_with(sent)),
    CodeMatches("account.verify.pattern-for-a-code", |right, sent| {
        right == sent || sent == "*" || (!sent.is_empty() && sent.trim().is_empty())
    }),
];
