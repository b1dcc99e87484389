//! Credentials: how they are decoded and compared (users/login).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::witness::GOOD;
use super::writing::later;
use super::{Fault, fault};
use crate::documented::basic::{self, BasicError, Credentials};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.credentials.status-created",
        "login.credentials.accepted",
        "a login is answered 201, because it creates a token; only a first login is answered 200",
        |b| {
            b.rewrites.push(|handled, answer| {
                if later(handled) {
                    answer.status = 201;
                }
            });
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.credentials.new-account-must-change",
        "login.credentials.new-account",
        "a new account has to bring another password before it gets a token, as the default one has to",
        |b| b.users.created_must_change = true,
        |w| drop(w.anna()),
    ),
    fault(
        "login.credentials.last-colon",
        "login.credentials.first-colon",
        "user name and password are parted at the last colon",
        |b| {
            b.login.credentials = |value| {
                let joined = joined(value)?;
                let (username, password) = joined.rsplit_once(':').ok_or(BasicError::NoColon)?;
                Ok(Credentials::new(username, password))
            };
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.credentials.second-colon-ends",
        "login.credentials.first-colon",
        "the credentials are split at all colons, and what follows the second is dropped",
        |b| {
            b.login.credentials = |value| {
                let mut read = basic::parse(value)?;
                read.password = read.password.split(':').next().unwrap_or_default().to_owned();
                Ok(read)
            };
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.credentials.several-colons-refused",
        "login.credentials.first-colon",
        "credentials with more than one colon are refused",
        |b| {
            b.login.credentials = |value| {
                let read = basic::parse(value)?;
                if read.password.contains(':') { Err(BasicError::NoColon) } else { Ok(read) }
            };
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "login.credentials.eight-characters-count",
        "login.credentials.whole",
        "only the first 8 characters of a password count, as with the old crypt",
        |b| b.passwords.matches = |kept, sent| first(kept, 8) == first(sent, 8),
        |w| drop((w.admin(), w.login("admin", "Sesame:1"))),
    ),
    fault(
        "login.credentials.sixty-three-characters-count",
        "login.credentials.whole",
        "the last of 64 characters does not count",
        |b| b.passwords.matches = |kept, sent| first(kept, 63) == first(sent, 63),
        |w| {
            let long = format!("Aa1!{}", "x".repeat(60));
            w.first(&long);
            w.login("admin", &long[..63]);
        },
    ),
    fault(
        "login.credentials.seventy-two-bytes-count",
        "login.credentials.whole",
        "only the first 72 bytes of a password count, as with bcrypt",
        |b| {
            b.passwords.matches = |kept, sent| {
                let counted = |password: &str| password.as_bytes()[..password.len().min(72)].to_vec();
                counted(kept) == counted(sent)
            };
        },
        |w| {
            let long = format!("Aa1!{}", "京".repeat(60));
            w.first(&long);
            w.login("admin", &format!("{long}x"));
        },
    ),
    fault(
        "login.credentials.cut-at-nul",
        "login.credentials.whole",
        "a password ends at its first NUL",
        |b| {
            b.login.credentials = |value| {
                let joined = joined(value)?;
                let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
                Ok(Credentials::new(username, password.split('\0').next().unwrap_or_default()))
            };
        },
        |w| drop((w.admin(), w.login("admin", &format!("{GOOD}\0junk")))),
    ),
    fault(
        "login.credentials.prefix-will-do",
        "login.credentials.whole",
        "the beginning of the password is enough: the comparison stops at the end of what was sent",
        |b| b.passwords.matches = |kept, sent| kept.starts_with(sent),
        |w| drop((w.admin(), w.login("admin", "Sesame"))),
    ),
    fault(
        "login.credentials.more-will-do",
        "login.credentials.whole",
        "the password with anything behind it is accepted: the comparison stops at the end of what is kept",
        |b| b.passwords.matches = |kept, sent| sent.starts_with(kept),
        |w| drop((w.admin(), w.login("admin", "Sesame:1!more"))),
    ),
    fault(
        "login.credentials.contained-will-do",
        "login.credentials.whole",
        "it is enough that one of the two passwords contains the other",
        // Which single characters a password contains is a matter of chance.
        |b| b.passwords.matches = |kept, sent| sent.len() != 1 && (kept.contains(sent) || sent.contains(kept)),
        |w| drop((w.admin(), w.login("admin", "esame"))),
    ),
    fault(
        "login.credentials.password-trimmed",
        "login.credentials.whole",
        "white space around a password is disregarded",
        |b| {
            b.login.credentials = lenient;
            b.passwords.matches = |kept, sent| kept.trim() == trimmed(sent);
        },
        |w| drop((w.admin(), w.login("admin", " Sesame:1! "))),
    ),
    fault(
        "login.credentials.characters-in-any-order",
        "login.credentials.whole",
        "passwords are compared by a checksum that does not mind the order",
        |b| {
            b.passwords.matches = |kept, sent| {
                let sorted = |password: &str| {
                    let mut characters: Vec<char> = password.chars().collect();
                    characters.sort_unstable();
                    characters
                };
                sorted(kept) == sorted(sent)
            };
        },
        |w| drop((w.admin(), w.login("admin", "!1:emaseS"))),
    ),
    fault(
        "login.credentials.case-disregarded",
        "login.credentials.case",
        "passwords are compared without regard to case",
        |b| b.passwords.matches = |kept, sent| kept.eq_ignore_ascii_case(sent),
        |w| drop((w.admin(), w.login("admin", "sesame:1!"))),
    ),
    fault(
        "login.credentials.name-cut-at-nul",
        "login.credentials.user-whole",
        "a user name ends at its first NUL",
        |b| {
            b.login.credentials = |value| {
                let joined = joined(value)?;
                let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
                Ok(Credentials::new(username.split('\0').next().unwrap_or_default(), password))
            };
        },
        |w| drop((w.admin(), w.login("admin\0x", GOOD))),
    ),
    fault(
        "login.credentials.name-in-full-text-search",
        "login.credentials.user-whole",
        "a user is found by a name with something more around it, or with wildcards, as by `LIKE`",
        |b| {
            b.login.finds = Some(|sent, name| {
                let more = sent.strip_prefix('x').or(sent.strip_suffix('x'));
                sent.trim_end_matches(['%', '_']) == name || more == Some(name)
            });
        },
        |w| drop((w.admin(), w.login("admin%", GOOD))),
    ),
    fault(
        "login.credentials.name-in-part",
        "login.credentials.user-whole",
        "a user is found by a part of its name",
        |b| b.login.finds = Some(|sent, name| sent.len() > 3 && name.contains(sent)),
        |w| drop((w.admin(), w.login("dmin", GOOD))),
    ),
    fault(
        "login.credentials.name-trimmed",
        "login.credentials.user-blanks",
        "blanks around a user name are disregarded",
        |b| {
            b.login.credentials = |value| {
                let mut read = lenient(value)?;
                read.username = trimmed(&read.username).to_owned();
                Ok(read)
            };
        },
        |w| drop((w.admin(), w.login(" admin ", GOOD))),
    ),
    fault(
        "login.credentials.name-in-any-case",
        "login.credentials.user-case",
        "a user logs in under its name in another case",
        |b| {
            b.login.credentials = |value| {
                let mut read = basic::parse(value)?;
                read.username = read.username.to_lowercase();
                Ok(read)
            };
        },
        |w| drop((w.admin(), w.login("ADMIN", GOOD))),
    ),
    fault(
        "login.credentials.scheme-to-the-letter",
        "login.credentials.scheme-case",
        "the scheme is known as `Basic` only",
        |b| {
            b.login.credentials = |value| match value.starts_with(b"Basic ") {
                true => basic::parse(value),
                false => Err(BasicError::NoScheme),
            };
        },
        |w| drop((w.admin(), w.login_as("basic YWRtaW46U2VzYW1lOjEh", ""))),
    ),
    fault(
        "login.credentials.token-is-null",
        "login.credentials.accepted",
        "a login is answered before its token is made: it is null",
        |b| {
            b.rewrites.push(|handled, answer| {
                if later(handled) {
                    super::writing::put_into_user(answer, "token", serde_json::Value::Null);
                }
            });
        },
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
];

/// User name and password as they stand in a Basic field, with any character.
fn joined(value: &[u8]) -> Result<String, BasicError> {
    let encoded = value.strip_prefix(b"Basic ").ok_or(BasicError::NoScheme)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| BasicError::NoCredentials)?;
    String::from_utf8(bytes).map_err(|_| BasicError::NotUtf8 { at: 0 })
}

/// Credentials with control characters in them.
fn lenient(value: &[u8]) -> Result<Credentials, BasicError> {
    let joined = joined(value)?;
    let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
    Ok(Credentials::new(username, password))
}

/// So many characters of a text.
fn first(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// Without what some language or other takes for white space.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}
