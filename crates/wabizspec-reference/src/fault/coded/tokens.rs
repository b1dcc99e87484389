//! Tokens and codes that are found or compared in ways that no data can say.

use super::Edit;

pub(super) const EDITS: &[Edit] = &[
    ("tokens.bearer.any-scheme", |behaviour| {
        behaviour.functions.token = |value| std::str::from_utf8(value).ok()?.rsplit(' ').next()
    }),
    ("tokens.bearer.scheme-contained", |behaviour| {
        behaviour.functions.token = |value| {
            let rest = std::str::from_utf8(value).ok()?.strip_prefix("Bearer")?;
            // A token of its own may begin with an s.
            let rest = rest.strip_prefix("s ").unwrap_or(rest);
            let rest = rest.trim_start_matches([':', ' ', '"']).trim_start_matches("token=");
            Some(rest.trim_end_matches('"')).filter(|token| !token.is_empty())
        };
    }),
    ("tokens.bearer.beginning-will-do", |behaviour| {
        behaviour.functions.token_matches = Some(|given, sent| sent.len() >= 8 && given.starts_with(sent))
    }),
    ("tokens.bearer.more-will-do", |behaviour| {
        behaviour.functions.token_matches = Some(|given, sent| sent.starts_with(given))
    }),
    ("tokens.bearer.end-will-do", |behaviour| {
        behaviour.functions.token_matches = Some(|given, sent| {
            let end = |token: &str| token.chars().rev().take(20).collect::<String>();
            end(given) == end(sent)
        });
    }),
    ("tokens.bearer.to-the-letter", |behaviour| {
        behaviour.functions.token = |value| std::str::from_utf8(value).ok()?.strip_prefix("Bearer ")
    }),
    ("tokens.bearer.one-blank-only", |behaviour| {
        behaviour.functions.token = |value| {
            let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        };
    }),
    ("account.verify.first-code-only", |behaviour| behaviour.functions.code_matches = |_, _| false),
    ("account.verify.any-code", |behaviour| behaviour.functions.code_matches = |_, _| true),
    ("account.verify.part-of-the-code", |behaviour| {
        behaviour.functions.code_matches = |right, sent| !sent.is_empty() && right.starts_with(sent)
    }),
    ("account.verify.pattern-for-a-code", |behaviour| {
        behaviour.functions.code_matches =
            |right, sent| right == sent || sent == "*" || (!sent.is_empty() && sent.trim().is_empty());
    }),
];
