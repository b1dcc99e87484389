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
    use super::BasicError::*;
    use super::DecodeError::InvalidByte;
    use super::*;

    fn encoded(scheme: &str, text: impl AsRef<[u8]>) -> Vec<u8> {
        format!("{scheme}{}", STANDARD.encode(text)).into_bytes()
    }

    #[test]
    fn parse_undoes_render_and_takes_a_scheme_in_any_case() {
        for (username, password) in [
            ("admin", "secret"),
            ("admin", "a:b::c:"),
            ("", ""),
            ("", ":"),
            ("käthe", "pä ss wörd 東京 🔑"),
            ("admin", " padded "),
            ("a", "b"),
            ("ab", "b"),
        ] {
            let credentials = Credentials::new(username, password);
            let header = render(&credentials);
            assert_eq!(parse(header.as_bytes()), Ok(credentials), "{header}");
        }
        for scheme in ["Basic ", "basic ", "BASIC ", "bAsIc ", "Basic    "] {
            let expected = Credentials::new("admin", "secret");
            assert_eq!(parse(&encoded(scheme, "admin:secret")), Ok(expected), "{scheme}");
        }
    }

    #[test]
    fn values_that_are_not_basic_credentials() {
        for (value, expected) in [
            (&b""[..], NoScheme),
            (b" ", NoScheme),
            (b"\xff\xfe", NoScheme),
            (b"Basic\tYWRtaW46c2VjcmV0", NoScheme),
            (STANDARD.encode("admin:secret!!").as_bytes(), NoScheme),
            (b"Basic", NoCredentials),
            (b"Basic   ", NoCredentials),
            (b"Bearer abc", OtherScheme("Bearer".into())),
            (b"Basicx YWRtaW46c2VjcmV0", OtherScheme("Basicx".into())),
            (b"Digest username=\"admin\"", OtherScheme("Digest".into())),
            (b"BasicYWRtaW46c2VjcmV0", OtherScheme("BasicYWRtaW46c2VjcmV0".into())),
            (b"Basic !!!!", Base64(InvalidByte(0, b'!'))),
            (b"Basic YWRtaW46c2Vjc-V0", Base64(InvalidByte(13, b'-'))),
            (b"Basic YWRt aW46c2VjcmV0", Base64(InvalidByte(4, b' '))),
            (b"Basic admin:secret", Base64(InvalidByte(5, b':'))),
            (b"Basic YWRtaW46c2VjcmV0 ", Base64(InvalidByte(16, b' '))),
            (b"Basic YWRtaW46c2VjcmV0, realm=x", Base64(InvalidByte(16, b','))),
            ("Basic YWRtaW46c2VjcmV0\u{e9}".as_bytes(), Base64(InvalidByte(16, 0xc3))),
            (&encoded("Basic ", b"\xff\xfe:x"), NotUtf8 { at: 0 }),
            (&encoded("Basic ", b"admin:\xc0\x80"), NotUtf8 { at: 6 }),
            (&encoded("Basic ", b"admin:\xed\xa0\x80"), NotUtf8 { at: 6 }),
            (&encoded("Basic ", b"admin:x\xc3"), NotUtf8 { at: 7 }),
            (&encoded("Basic ", "admin:sec\0ret"), Control { at: 9 }),
            (&encoded("Basic ", "ad\nmin:x"), Control { at: 2 }),
            (&encoded("Basic ", "admin:x\u{7f}"), Control { at: 7 }),
            (&encoded("Basic ", "admin"), NoColon),
        ] {
            assert_eq!(parse(value), Err(expected), "{}", value.escape_ascii());
        }
        // "a:b" is YTpi; "a:bc" is YTpiYw==.
        for text in ["YTpiYw", "YTpiYw=", "YTpiYw===", "YTpi=", "YTpiY", "YT==piYw", "YTpiYx==", "="] {
            let parsed = parse(format!("Basic {text}").as_bytes());
            assert!(matches!(parsed, Err(Base64(_))), "{text}: {parsed:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        let shown = format!("{:?}", Credentials::new("admin", "Sesame1!"));
        assert!(shown.contains("admin") && !shown.contains("Sesame1!"), "{shown}");
    }
}
