//! Basic credentials in an `Authorization` field: read strictly, and written (RFC 7617).
//!
//! It reads what the bytes say and does not check the credentials. It is as strict as the RFCs allow, so that a value
//! has only one reading.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};

/// A user name and a password, as a client sends them to log in (users/login, Create).
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Everything before the first colon; possibly empty.
    pub username: String,
    /// Everything after the first colon; it may have colons itself, and may be empty.
    pub password: String,
}

impl Credentials {
    /// Credentials of two texts. A colon in the user name does not survive [`render`] and [`parse`]: the scheme
    /// has no way to write it (RFC 7617 §2).
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Credentials { username: username.into(), password: password.into() }
    }
}

/// A password must not slip into a log through `{:?}`.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Why the value of an `Authorization` field has no Basic credentials. Offsets are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum BasicError {
    /// The value is empty, or begins with something that is not a scheme name.
    #[error("no authentication scheme")]
    NoScheme,
    #[error("the scheme is {0:?}, not Basic")]
    OtherScheme(String),
    #[error("no credentials after the scheme")]
    NoCredentials,
    /// Not base64 in the standard alphabet with its padding (RFC 4648 §4).
    #[error("not base64: {0}")]
    Base64(#[from] DecodeError),
    #[error("the credentials are not UTF-8 at byte {at}")]
    NotUtf8 { at: usize },
    /// A control character, which neither part may have (RFC 7617 §2).
    #[error("a control character at byte {at}")]
    Control { at: usize },
    #[error("no colon in the credentials")]
    NoColon,
}

/// Reads the value of an `Authorization` field, without the white space around it.
///
/// The scheme's name is taken in any case and one or more spaces may follow it (RFC 9110 §11.1, §11.4). The rest
/// must be base64 in the standard alphabet with its padding, of UTF-8 text without control characters, and splits
/// at the first colon (RFC 7617 §2).
pub fn parse(header_value: &[u8]) -> Result<Credentials, BasicError> {
    let decoded = STANDARD.decode(token68(header_value)?)?;
    let mut username =
        String::from_utf8(decoded).map_err(|error| BasicError::NotUtf8 { at: error.utf8_error().valid_up_to() })?;
    if let Some(at) = username.bytes().position(|byte| byte.is_ascii_control()) {
        return Err(BasicError::Control { at });
    }
    let colon = username.find(':').ok_or(BasicError::NoColon)?;
    let password = username.split_off(colon + 1);
    username.truncate(colon);
    Ok(Credentials { username, password })
}

/// The value of an `Authorization` field with these credentials: the inverse of [`parse`].
pub fn render(credentials: &Credentials) -> String {
    let joined = [&*credentials.username, ":", &*credentials.password].concat();
    ["Basic ", &STANDARD.encode(joined)].concat()
}

/// The part after the scheme and its spaces.
fn token68(value: &[u8]) -> Result<&[u8], BasicError> {
    let end = value.iter().position(|&byte| !is_token(byte));
    let (scheme, rest) = value.split_at(end.unwrap_or(value.len()));
    // A value that goes on with anything but a space has no scheme: bare base64 text, or "Basic" and a tab.
    if scheme.is_empty() || !matches!(rest.first(), None | Some(b' ')) {
        return Err(BasicError::NoScheme);
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(BasicError::OtherScheme(String::from_utf8_lossy(scheme).into_owned()));
    }
    let start = rest.iter().position(|&byte| byte != b' ').ok_or(BasicError::NoCredentials)?;
    Ok(&rest[start..])
}

/// The bytes of a scheme's name (`token`, RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn parse_undoes_render_and_takes_a_scheme_in_any_case() {
        for (value, username, password) in vectors::<(String, String, String)>("credentials") {
            let credentials = Credentials::new(username, password);
            assert_eq!(render(&credentials), value);
            assert_eq!(parse(value.as_bytes()), Ok(credentials), "{value}");
        }
        for scheme in ["basic ", "BASIC ", "bAsIc ", "Basic    "] {
            let expected = Credentials::new("admin", "secret");
            assert_eq!(parse(format!("{scheme}YWRtaW46c2VjcmV0").as_bytes()), Ok(expected), "{scheme}");
        }
    }

    #[test]
    fn values_that_are_not_basic_credentials() {
        for (value, why) in vectors::<(String, String)>("no_credentials") {
            assert_eq!(parse(value.as_bytes()).map_err(|error| error.to_string()), Err(why), "{value}");
        }
        assert_eq!(parse(b"\xff\xfe"), Err(BasicError::NoScheme));
    }

    #[test]
    fn debug_output_hides_the_password() {
        let shown = format!("{:?}", Credentials::new("admin", "Sesame1!"));
        assert!(shown.contains("admin") && !shown.contains("Sesame1!"), "{shown}");
    }
}
