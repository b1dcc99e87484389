//! The certificate of a registration request: the verified name in it, and sample certificates to send.
//!
//! It reads what a certificate says. It proves no signature: the keys are the vendor's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::protobuf::{Value, fields, put_bytes, put_number};

/// What a certificate says about the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifiedName {
    /// The name that the answer repeats as `vname`; not empty.
    pub name: String,
    /// Whether the certificate was inside an account payload.
    pub wrapped: bool,
    /// The certificate's number.
    pub serial: Option<u64>,
    /// Who issued it; `ent:wa` in real ones.
    pub issuer: Option<String>,
    /// When it was issued, in seconds of Unix time.
    pub issue_time: Option<u64>,
}

/// Why a text is not a certificate with a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum CertificateError {
    #[error("not base64: {0}")]
    Base64(String),
    #[error("not a certificate: {0}")]
    Protobuf(&'static str),
    /// A message without the part that has the name.
    #[error("no certificate in it")]
    Empty,
    #[error("no verified name in it")]
    NoName,
}

/// Reads the verified name out of a `cert` value, wrapped in an account payload or bare (account, Create: the
/// answer carries the name decoded from `cert`; the messages are the public definitions).
///
/// The two forms begin alike. Inside a payload the next field 1 is bytes (the details), inside a bare certificate it
/// is a number (the serial), so reading it as details succeeds for the bare form only.
pub fn verified_name(base64: &str) -> Result<VerifiedName, CertificateError> {
    let bytes = STANDARD.decode(base64).map_err(|error| CertificateError::Base64(error.to_string()))?;
    let first = first_field(&bytes)?;
    let read = match details(first) {
        Ok(read) => read,
        Err(_) => {
            let read = details(first_field(first)?).map_err(CertificateError::Protobuf)?;
            VerifiedName { wrapped: true, ..read }
        }
    };
    if read.name.is_empty() { Err(CertificateError::NoName) } else { Ok(read) }
}

/// The bytes in field 1, which in an account payload are the certificate and in a certificate its details.
fn first_field(message: &[u8]) -> Result<&[u8], CertificateError> {
    let mut first = None;
    for (number, value) in fields(message).map_err(CertificateError::Protobuf)? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => first = Some(bytes),
            (1, _) => return Err(CertificateError::Protobuf(OTHER_TYPE)),
            _ => {}
        }
    }
    first.ok_or(CertificateError::Empty)
}

const OTHER_TYPE: &str = "a field has another type";

/// The details of a certificate. A missing name is empty.
fn details(message: &[u8]) -> Result<VerifiedName, &'static str> {
    let mut read = VerifiedName::default();
    for (number, value) in fields(message)? {
        match (number, value) {
            (1, Value::Number(serial)) => read.serial = Some(serial),
            (2, Value::Bytes(issuer)) => read.issuer = Some(text(issuer)?),
            (4, Value::Bytes(name)) => read.name = text(name)?,
            (8, Value::Bytes(localized)) => check_localized(localized)?,
            (10, Value::Number(time)) => read.issue_time = Some(time),
            (1 | 2 | 4 | 8 | 10, _) => return Err(OTHER_TYPE),
            _ => {}
        }
    }
    Ok(read)
}

/// The name in another language: language, locale and name, all of them texts.
fn check_localized(message: &[u8]) -> Result<(), &'static str> {
    for (number, value) in fields(message)? {
        match (number, value) {
            (1..=3, Value::Bytes(bytes)) => drop(text(bytes)?),
            (1..=3, _) => return Err(OTHER_TYPE),
            _ => {}
        }
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<String, &'static str> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "a text is not UTF-8")
}

/// A certificate to send: well formed, with dummy signatures, so a real client may refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleCertificate {
    /// The verified name; any text.
    pub name: String,
    /// The certificate's number. Its encoded length moves everything after it: 1 byte below 128, up to 10.
    pub serial: u64,
    /// Whether it goes inside an account payload, as the real ones do.
    pub wrapped: bool,
    /// When it was issued, in seconds of Unix time.
    pub issue_time: u64,
}

impl SampleCertificate {
    /// A wrapped certificate for this name, with a serial as long as those of real ones.
    pub fn new(name: impl Into<String>) -> Self {
        SampleCertificate { name: name.into(), serial: 1_234_567_890_123_456, wrapped: true, issue_time: 1_628_695_168 }
    }

    /// The value of `cert`.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.to_bytes())
    }

    /// The message before base64.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut details = Vec::new();
        put_number(&mut details, 1, self.serial);
        put_bytes(&mut details, 2, b"ent:wa");
        put_bytes(&mut details, 4, self.name.as_bytes());
        put_number(&mut details, 10, self.issue_time);
        let signature: Vec<u8> = (0..64).collect();
        let mut certificate = Vec::new();
        put_bytes(&mut certificate, 1, &details);
        put_bytes(&mut certificate, 3, &signature);
        if !self.wrapped {
            return certificate;
        }
        let mut payload = Vec::new();
        put_bytes(&mut payload, 1, &certificate);
        put_bytes(&mut payload, 2, &[0; 46]);
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    fn sample(name: &str, wrapped: bool) -> SampleCertificate {
        SampleCertificate { wrapped, ..SampleCertificate::new(name) }
    }

    #[test]
    fn the_known_samples_are_read_and_built() {
        for (text, name, wrapped) in vectors::<(String, String, bool)>("sample_certificates") {
            let built = SampleCertificate { issue_time: 1_628_170_880, ..sample(&name, wrapped) };
            let expected = VerifiedName {
                name,
                wrapped,
                serial: Some(built.serial),
                issuer: Some("ent:wa".into()),
                issue_time: Some(built.issue_time),
            };
            assert_eq!(verified_name(&text), Ok(expected));
            assert_eq!(built.to_base64(), text);
        }
    }

    #[test]
    fn what_is_built_is_read_whatever_the_lengths() {
        let long = "n".repeat(300);
        for name in ["A", "Acme Ltd", "Ünïcödé 🔑", long.as_str()] {
            for serial in [0, 1, 127, 128, 1 << 32, u64::MAX] {
                for wrapped in [true, false] {
                    let built = SampleCertificate { serial, ..sample(name, wrapped) };
                    let read = verified_name(&built.to_base64()).unwrap();
                    assert_eq!((read.name.as_str(), read.wrapped, read.serial), (name, wrapped, Some(serial)));
                }
            }
        }
    }

    #[test]
    fn certificates_and_what_is_none() {
        for (text, expected) in vectors::<(String, String)>("certificates") {
            let read = verified_name(&text).map_or_else(|error| error.to_string(), |read| read.name);
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn no_cut_and_no_flipped_bit_causes_a_panic() {
        let whole = sample("Acme Ltd", true).to_bytes();
        for at in 0..whole.len() {
            let _ = verified_name(&STANDARD.encode(&whole[..at]));
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;
                let _ = verified_name(&STANDARD.encode(&flipped));
            }
        }
    }
}
