//! Credentials as careless readers take them.

use super::{Edit, decoded, joined, lenient, trimmed};
use crate::documented::basic::{self, BasicError, Credentials};

pub(super) const EDITS: &[Edit] = &[
    ("login.refused.no-scheme-of-users", |behaviour| {
        behaviour.functions.credentials = |value| {
            basic::parse(value).or_else(|error| {
                let bare = value.strip_prefix(b"Basic").unwrap_or(value);
                let read = basic::parse(&[b"Basic ", bare].concat())?;
                if read.username == "admin" { Err(error) } else { Ok(read) }
            })
        };
    }),
    ("login.refused.other-scheme-of-users", |behaviour| {
        behaviour.functions.credentials = |value| {
            basic::parse(value).or_else(|error| {
                let encoded = value.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
                let read = basic::parse(&[b"Basic ", encoded].concat()).map_err(|_| error.clone())?;
                match (&error, read.username.as_str()) {
                    (BasicError::OtherScheme(_), name) if name != "admin" => Ok(read),
                    _ => Err(error),
                }
            })
        };
    }),
    ("login.credentials.last-colon", |behaviour| {
        behaviour.functions.credentials = |value| {
            let joined = joined(value)?;
            let (username, password) = joined.rsplit_once(':').ok_or(BasicError::NoColon)?;
            Ok(Credentials::new(username, password))
        };
    }),
    ("login.credentials.second-colon-ends", |behaviour| {
        behaviour.functions.credentials = |value| {
            let mut read = basic::parse(value)?;
            read.password = read.password.split(':').next().unwrap_or_default().to_owned();
            Ok(read)
        };
    }),
    ("login.credentials.several-colons-refused", |behaviour| {
        behaviour.functions.credentials = |value| {
            let read = basic::parse(value)?;
            if read.password.contains(':') { Err(BasicError::NoColon) } else { Ok(read) }
        };
    }),
    ("login.credentials.cut-at-nul", |behaviour| {
        behaviour.functions.credentials = |value| {
            let joined = joined(value)?;
            let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
            Ok(Credentials::new(username, password.split('\0').next().unwrap_or_default()))
        };
    }),
    ("login.credentials.name-cut-at-nul", |behaviour| {
        behaviour.functions.credentials = |value| {
            let joined = joined(value)?;
            let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
            Ok(Credentials::new(username.split('\0').next().unwrap_or_default(), password))
        };
    }),
    ("login.credentials.name-trimmed", |behaviour| {
        behaviour.functions.credentials = |value| {
            let mut read = lenient(value)?;
            read.username = trimmed(&read.username).to_owned();
            Ok(read)
        };
    }),
    ("login.credentials.name-in-any-case", |behaviour| {
        behaviour.functions.credentials = |value| {
            let mut read = basic::parse(value)?;
            read.username = read.username.to_lowercase();
            Ok(read)
        };
    }),
    ("login.credentials.scheme-to-the-letter", |behaviour| {
        behaviour.functions.credentials = |value| match value.starts_with(b"Basic ") {
            true => basic::parse(value),
            false => Err(BasicError::NoScheme),
        };
    }),
    ("login.refused.empty-name-is-the-admin", |behaviour| {
        behaviour.functions.credentials = |value| {
            let mut read = basic::parse(value)?;
            if read.username.is_empty() {
                read.username = "admin".to_owned();
            }
            Ok(read)
        };
    }),
    ("login.refused.scheme-unchecked", |behaviour| {
        behaviour.functions.credentials = |value| decoded(value.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or(value))
    }),
    ("login.refused.scheme-left-out", |behaviour| {
        behaviour.functions.credentials = |value| {
            let text = String::from_utf8_lossy(value).replace("Basic", "");
            basic::parse(value).or_else(|_| decoded(text.trim().as_bytes()))
        };
    }),
    ("login.refused.plain-text-credentials", |behaviour| {
        behaviour.functions.credentials = |value| {
            basic::parse(value).or_else(|error| {
                let value = String::from_utf8_lossy(value).into_owned();
                let plain = value.strip_prefix("Basic ").unwrap_or_default().replace("%3A", ":");
                let (username, password) = plain.split_once(':').ok_or(error)?;
                Ok(Credentials::new(username, password))
            })
        };
    }),
    ("login.refused.encoded-twice", |behaviour| {
        behaviour.functions.credentials = |value| {
            basic::parse(value).or_else(|error| {
                let once = joined(value)?;
                if once.contains(':') { Err(error) } else { decoded(once.as_bytes()) }
            })
        };
    }),
    ("login.refused.hexadecimal-credentials", |behaviour| {
        behaviour.functions.credentials = |value| {
            basic::parse(value).or_else(|error| {
                let digits = value.strip_prefix(b"Basic ").unwrap_or_default();
                let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
                let bytes: Option<Vec<u8>> = pairs.collect();
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                let (username, password) = text.as_deref().and_then(|text| text.split_once(':')).ok_or(error)?;
                Ok(Credentials::new(username, password))
            })
        };
    }),
    ("login.refused.quoted-credentials", |behaviour| {
        behaviour.functions.credentials =
            |value| basic::parse(String::from_utf8_lossy(value).replace('"', "").as_bytes())
    }),
];
