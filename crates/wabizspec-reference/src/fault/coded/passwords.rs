//! Passwords that are kept or compared in ways that no data can say.

use super::{Edit, joined, lenient, trimmed};
use crate::behaviour::text_of as text;
use crate::documented::basic::{self, BasicError, Credentials};

pub(super) const EDITS: &[Edit] = &[
    ("login.password.templates-expanded", |behaviour| {
        behaviour.functions.reread = Some(|call| Some(text(call.body, "password")?.replace("{{7*7}}", "49")));
    }),
    ("login.credentials.end-will-do", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| sent.len() > 3 && kept.ends_with(sent)
    }),
    ("login.credentials.one-letter-in-other-case", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| kept == sent || in_other_case(kept, sent) == 1
    }),
    ("login.credentials.cases-exchanged", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| kept == sent || in_other_case(kept, sent) > 1
    }),
    ("login.credentials.eight-characters-count", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| first(kept, 8) == first(sent, 8)
    }),
    ("login.credentials.sixty-three-characters-count", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| first(kept, 63) == first(sent, 63)
    }),
    ("login.credentials.seventy-two-bytes-count", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| {
            let counted = |password: &str| password.as_bytes()[..password.len().min(72)].to_vec();
            counted(kept) == counted(sent)
        };
    }),
    ("login.credentials.prefix-will-do", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| kept.starts_with(sent)
    }),
    ("login.credentials.more-will-do", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| sent.starts_with(kept)
    }),
    (
        "login.credentials.contained-will-do", // Which single characters a password contains is a matter of chance.
        |behaviour| {
            behaviour.functions.password_matches =
                |kept, sent| sent.len() != 1 && (kept.contains(sent) || sent.contains(kept))
        },
    ),
    ("login.credentials.password-trimmed", |behaviour| {
        behaviour.functions.credentials = lenient;
        behaviour.functions.password_matches = |kept, sent| kept.trim() == trimmed(sent);
    }),
    ("login.credentials.characters-in-any-order", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| {
            let sorted = |password: &str| {
                let mut characters: Vec<char> = password.chars().collect();
                characters.sort_unstable();
                characters
            };
            sorted(kept) == sorted(sent)
        };
    }),
    ("login.credentials.case-disregarded", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| kept.eq_ignore_ascii_case(sent)
    }),
    ("login.later.same-is-lost", |behaviour| {
        behaviour.functions.reread = Some(|call| {
            let sent = call.authorization.first().and_then(|value| basic::parse(value).ok())?;
            let new = text(call.body, "new_password")?;
            Some(if sent.password == new { "unchanged".to_owned() } else { new })
        });
    }),
    ("users.password.last-character-lost", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| {
            let mut shorter = kept.chars();
            shorter.next_back();
            kept == sent || shorter.as_str() == sent
        };
    }),
    ("login.password.cut-instead-of-refused", |behaviour| {
        behaviour.functions.kept = |password| password.chars().take(64).collect::<String>().into();
    }),
    ("login.password.stored-in-lower-case", |behaviour| {
        behaviour.functions.reread = Some(|call| Some(text(call.body, "password")?.to_lowercase()))
    }),
    ("login.password.stored-percent-decoded", |behaviour| {
        behaviour.functions.reread = Some(|call| {
            let password = text(call.body, "password")?;
            let form = format!("p={}", password.replace('&', "%26"));
            form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned())
        });
    }),
    ("login.password.stored-with-slashes-escaped", |behaviour| {
        behaviour.functions.reread = Some(|call| Some(text(call.body, "password")?.replace('/', "\\/")))
    }),
    ("login.password.stored-as-shell-word", |behaviour| {
        behaviour.functions.reread = Some(|call| {
            let password = text(call.body, "password")?;
            Some(password.replace(['$', '`', '(', ')', ';', '|', '{', '}'], ""))
        });
    }),
    ("login.password.stored-as-markup", |behaviour| {
        behaviour.functions.kept = |password| {
            let escaped = password.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            escaped.replace('"', "&quot;").replace('\'', "&#39;").into()
        };
    }),
    ("login.password.backslashes-stripped", |behaviour| {
        behaviour.functions.kept = |password| password.replace('\\', "").into()
    }),
    ("login.refused.any-password", |behaviour| {
        behaviour.functions.credentials = lenient;
        behaviour.functions.password_matches = |_, _| true;
    }),
    ("login.refused.empty-password-matches", |behaviour| {
        behaviour.functions.password_matches = |kept, sent| sent.is_empty() || kept == sent
    }),
    ("login.refused.name-alone-will-do", |behaviour| {
        behaviour.functions.credentials = |value| match basic::parse(value) {
            Err(BasicError::NoColon) => Ok(Credentials::new(joined(value)?, "")),
            read => read,
        };
        behaviour.functions.password_matches = |kept, sent| sent.is_empty() || kept == sent;
    }),
];

/// So many characters of a text.
fn first(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// How many letters are in another case; none where anything else differs.
fn in_other_case(kept: &str, sent: &str) -> usize {
    match kept.eq_ignore_ascii_case(sent) {
        true => kept.bytes().zip(sent.bytes()).filter(|(kept, sent)| kept != sent).count(),
        false => 0,
    }
}
