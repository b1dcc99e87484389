//! Credentials as careless readers take them.

use super::Edit::{self, Credentials as Read};
use super::{decoded, joined, lenient, trimmed};
use crate::documented::basic::{self, BasicError, Credentials};

pub(super) const EDITS: &[Edit] = &[
    Read("login.refused.no-scheme-of-users", |value| {
        basic::parse(value).or_else(|error| {
            let read = decoded(value.strip_prefix(b"Basic").unwrap_or(value))?;
            if read.username == "admin" { Err(error) } else { Ok(read) }
        })
    }),
    Read("login.refused.other-scheme-of-users", |value| {
        basic::parse(value).or_else(|error| {
            let encoded = value.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
            let read = decoded(encoded).map_err(|_| error.clone())?;
            match (&error, read.username.as_str()) {
                (BasicError::OtherScheme(_), name) if name != "admin" => Ok(read),
                _ => Err(error),
            }
        })
    }),
    Read("login.credentials.last-colon", |value| {
        let joined = joined(value)?;
        let (username, password) = joined.rsplit_once(':').ok_or(BasicError::NoColon)?;
        Ok(Credentials::new(username, password))
    }),
    Read("login.credentials.second-colon-ends", |value| {
        let mut read = basic::parse(value)?;
        cut(&mut read.password, ':');
        Ok(read)
    }),
    Read("login.credentials.several-colons-refused", |value| {
        let read = basic::parse(value)?;
        if read.password.contains(':') { Err(BasicError::NoColon) } else { Ok(read) }
    }),
    Read("login.credentials.cut-at-nul", |value| {
        let mut read = lenient(value)?;
        cut(&mut read.password, '\0');
        Ok(read)
    }),
    Read("login.credentials.name-cut-at-nul", |value| {
        let mut read = lenient(value)?;
        cut(&mut read.username, '\0');
        Ok(read)
    }),
    Read("login.credentials.name-trimmed", |value| {
        let read = lenient(value)?;
        Ok(Credentials::new(trimmed(&read.username), read.password))
    }),
    Read("login.credentials.name-in-any-case", |value| {
        let read = basic::parse(value)?;
        Ok(Credentials::new(read.username.to_lowercase(), read.password))
    }),
    Read("login.credentials.scheme-to-the-letter", |value| match value.starts_with(b"Basic ") {
        true => basic::parse(value),
        false => Err(BasicError::NoScheme),
    }),
    Read("login.credentials.password-trimmed", lenient),
    Read("login.refused.any-password", lenient),
    Read("login.refused.empty-name-is-the-admin", |value| {
        let mut read = basic::parse(value)?;
        if read.username.is_empty() {
            read.username = "admin".to_owned();
        }
        Ok(read)
    }),
    Read("login.refused.name-alone-will-do", |value| match basic::parse(value) {
        Err(BasicError::NoColon) => Ok(Credentials::new(joined(value)?, "")),
        read => read,
    }),
    Read("login.refused.scheme-unchecked", |value| {
        decoded(value.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or(value))
    }),
    Read("login.refused.scheme-left-out", |value| {
        let text = String::from_utf8_lossy(value).replace("Basic", "");
        basic::parse(value).or_else(|_| decoded(text.trim().as_bytes()))
    }),
    Read("login.refused.plain-text-credentials", |value| {
        basic::parse(value).or_else(|error| {
            let value = String::from_utf8_lossy(value).into_owned();
            let plain = value.strip_prefix("Basic ").unwrap_or_default().replace("%3A", ":");
            let (username, password) = plain.split_once(':').ok_or(error)?;
            Ok(Credentials::new(username, password))
        })
    }),
    Read("login.refused.encoded-twice", |value| {
        basic::parse(value).or_else(|error| {
            let once = joined(value)?;
            if once.contains(':') { Err(error) } else { decoded(once.as_bytes()) }
        })
    }),
    Read("login.refused.hexadecimal-credentials", |value| {
        basic::parse(value).or_else(|error| {
            let digits = value.strip_prefix(b"Basic ").unwrap_or_default();
            let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
            let bytes: Option<Vec<u8>> = pairs.collect();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let (username, password) = text.as_deref().and_then(|text| text.split_once(':')).ok_or(error)?;
            Ok(Credentials::new(username, password))
        })
    }),
    Read("login.refused.quoted-credentials", |value| {
        basic::parse(String::from_utf8_lossy(value).replace('"', "").as_bytes())
    }),
];

/// Cuts a text before the first of these characters.
fn cut(text: &mut String, end: char) {
    text.truncate(text.find(end).unwrap_or(text.len()));
}
