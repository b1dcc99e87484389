//! What no data can say: the functions that read, compare and write, each of which a fault can replace.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::{Beside, Reading};
use crate::call::Call;
use crate::documented::basic::{self, BasicError, Credentials};
use crate::documented::bodies::BodyError;
use crate::documented::certificate::{CertificateError, verified_name};
use crate::documented::token::ExpiresAfter;

/// Finds something in a place of a request where it does not belong.
type Elsewhere = fn(&Beside<'_>) -> Option<Vec<u8>>;

/// The functions that read, compare and write.
#[derive(Debug, Clone, Copy)]
pub struct Functions {
    /// Reads the `Authorization` field of a login.
    pub credentials: fn(&[u8]) -> Result<Credentials, BasicError>,
    /// Finds the token in the `Authorization` field.
    pub token: fn(&[u8]) -> Option<&str>,
    /// The bytes of a body that are read.
    pub body: for<'c> fn(&Call<'c>) -> Result<Cow<'c, [u8]>, BodyError>,
    /// Whether a name that was sent (first) finds this user (second); without it, when they are equal.
    pub finds: Option<fn(&str, &str) -> bool>,
    /// Under which key a name is kept and looked up.
    pub key: fn(&str) -> Cow<'_, str>,
    /// What is kept of a password that is set.
    pub kept: fn(&str) -> Cow<'_, str>,
    /// How a changed password is read once more after it was judged; without it, the judged one is set.
    pub reread: Option<fn(&Call<'_>) -> Option<String>>,
    /// Whether a password that was sent (second) is the one that is kept (first).
    pub password_matches: fn(&str, &str) -> bool,
    /// Whether a token that was sent (second) is one that was given (first); without it, when they are equal.
    pub token_matches: Option<fn(&str, &str) -> bool>,
    /// Whether a registration code that was sent back (second) is the right one (first).
    pub code_matches: fn(&str, &str) -> bool,
    /// How an answer writes the end of a token.
    pub expires_after: fn(Timestamp) -> Value,
    /// Reads the name out of a certificate.
    pub certificate: fn(&str) -> Result<String, CertificateError>,
    /// Where else an `Authorization` value is looked for, when there is none in its field.
    pub elsewhere: Option<Elsewhere>,
    /// What else is taken for the body of a request.
    pub body_elsewhere: Option<Elsewhere>,
    /// What is made of a request in view of how its head is written.
    pub reading: Option<fn(&[u8]) -> Reading>,
}

impl Default for Functions {
    fn default() -> Self {
        Functions {
            credentials: basic::parse,
            token: bearer,
            body: |call| Ok(Cow::Borrowed(call.body)),
            finds: None,
            key: |username| Cow::Borrowed(username),
            kept: |password| Cow::Borrowed(password),
            reread: None,
            password_matches: |kept, sent| kept == sent,
            token_matches: None,
            code_matches: |right, sent| right == sent,
            expires_after: |moment| ExpiresAfter::new(moment).to_string().into(),
            certificate: |cert| verified_name(cert).map(|verified| verified.name),
            elsewhere: None,
            body_elsewhere: None,
            reading: None,
        }
    }
}

/// The token of an `Authorization: Bearer` field: the scheme in any case, then one space or more (RFC 6750 §2.1,
/// RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, rest) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let token = rest.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_values() {
        for (value, expected) in [
            (&b"Bearer abc"[..], Some("abc")),
            (b"bearer abc", Some("abc")),
            (b"BEARER  abc", Some("abc")),
            (b"Bearer", None),
            (b"Bearer ", None),
            (b"Bearer  ", None),
            (b"abc", None),
            (b"", None),
            (b"Basic abc", None),
            (b"Bearer\tabc", None),
            (b" Bearer abc", None),
            (b"Bearer \xff", None),
        ] {
            assert_eq!(bearer(value), expected, "{}", value.escape_ascii());
        }
    }
}
