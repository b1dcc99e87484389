//! Names of users that are found or kept in ways that no data can say.

use super::Edit;

pub(super) const EDITS: &[Edit] = &[
    ("login.credentials.name-in-full-text-search", |behaviour| {
        behaviour.functions.finds = Some(|sent, name| {
            let more = sent.strip_prefix('x').or(sent.strip_suffix('x'));
            sent.trim_end_matches(['%', '_']) == name || more == Some(name)
        });
    }),
    ("login.credentials.name-in-part", |behaviour| {
        behaviour.functions.finds = Some(|sent, name| sent.len() > 3 && name.contains(sent))
    }),
    ("users.delete.admin-in-capitals", |behaviour| {
        behaviour.functions.key = |name| name.to_lowercase().into();
    }),
    ("users.delete.admin-with-nul", |behaviour| {
        behaviour.functions.key = |name| name.trim_end_matches('\0').into();
    }),
    ("users.delete.admin-with-blank", |behaviour| {
        behaviour.functions.key = |name| name.trim_end_matches(' ').into();
    }),
    ("users.username.ten-characters-count", |behaviour| {
        behaviour.functions.key = |name| name.chars().take(10).collect::<String>().into()
    }),
    ("users.username.cut-at-odd-characters", |behaviour| {
        behaviour.functions.key = |name| {
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
            name[..end].into()
        };
    }),
    ("users.username.any-case", |behaviour| behaviour.functions.key = |name| name.to_lowercase().into()),
];
