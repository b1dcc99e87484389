//! What no data can say: the functions that read, compare and write, each of which a fault can replace.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::{Beside, Reading};
use crate::call::Call;
use crate::declare::defaulted;
use crate::documented::basic::{self, BasicError, Credentials};
use crate::documented::bodies::BodyError;
use crate::documented::certificate::{CertificateError, verified_name};
use crate::documented::token::ExpiresAfter;

/// Finds something in a place of a request where it does not belong.
type Elsewhere = fn(&Beside<'_>) -> Option<Vec<u8>>;

defaulted! {
    /// The functions that read, compare and write.
    #[derive(Debug, Clone, Copy)]
    pub struct Functions {
        /// Reads the `Authorization` field of a login.
        pub credentials: fn(&[u8]) -> Result<Credentials, BasicError> = basic::parse,
        /// Finds the token in the `Authorization` field.
        pub token: fn(&[u8]) -> Option<&str> = bearer,
        /// The bytes of a body that are read.
        pub body: for<'c> fn(&Call<'c>) -> Result<Cow<'c, [u8]>, BodyError> = |call| Ok(Cow::Borrowed(call.body)),
        /// Whether a name that was sent (first) finds this user (second). By default they must be equal.
        pub finds: Option<fn(&str, &str) -> bool> = None,
        /// The key under which a name is kept and looked up.
        pub key: fn(&str) -> Cow<'_, str> = |username| Cow::Borrowed(username),
        /// What is kept of a password that is set.
        pub kept: fn(&str) -> Cow<'_, str> = |password| Cow::Borrowed(password),
        /// Reads a changed password again after it was checked. By default the checked one is set.
        pub reread: Option<fn(&Call<'_>) -> Option<String>> = None,
        /// Whether a password that was sent (second) is the one that is kept (first).
        pub password_matches: fn(&str, &str) -> bool = |kept, sent| kept == sent,
        /// Whether a token that was sent (second) is one that was given (first). By default they must be equal.
        pub token_matches: Option<fn(&str, &str) -> bool> = None,
        /// Whether a registration code that was sent back (second) is the right one (first).
        pub code_matches: fn(&str, &str) -> bool = |right, sent| right == sent,
        /// How an answer writes the end of a token.
        pub expires_after: fn(Timestamp) -> Value = |moment| ExpiresAfter::new(moment).to_string().into(),
        /// Reads the name out of a certificate.
        pub certificate: fn(&str) -> Result<String, CertificateError> = |cert| Ok(verified_name(cert)?.name),
        /// Finds an `Authorization` value elsewhere if there is none in its field.
        pub elsewhere: Option<Elsewhere> = None,
        /// Finds something that is read in place of the body.
        pub body_elsewhere: Option<Elsewhere> = None,
        /// Decides from the bytes of the head how much of a request is read.
        pub reading: Option<fn(&[u8]) -> Reading> = None,
        /// The same from the bytes that arrived first.
        pub first_reading: Option<fn(&[u8]) -> Reading> = None,
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
    use crate::vectors::vectors;

    #[test]
    fn bearer_values() {
        for (value, token) in vectors::<(String, String)>("bearer") {
            assert_eq!(bearer(value.as_bytes()).unwrap_or_default(), token, "{value}");
        }
        assert_eq!(bearer(b"Bearer \xff"), None);
    }
}
