//! Names that are read from certificates in ways that no data can say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Edit::{self, Certificate};
use crate::documented::certificate::{CertificateError, VerifiedName, verified_name};
use crate::documented::protobuf::{self, Value};

pub(super) const EDITS: &[Edit] = &[
    Certificate("account.request.name-at-a-fixed-offset", |cert| {
        let exact = verified_name(cert)?.name;
        let bytes = STANDARD.decode(cert).unwrap_or_default();
        // The tag of the name is here when the certificate is wrapped and its serial has 8 bytes.
        let name = bytes.get(21..).and_then(|rest| match rest {
            [0x22, length, name @ ..] => name.get(..usize::from(*length)),
            _ => None,
        });
        let read = name.map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(read.unwrap_or_else(|| exact.chars().skip(1).collect()))
    }),
    Certificate("account.request.name-of-one-length-byte", |cert| {
        let name = verified_name(cert)?.name;
        Ok(name[..name.floor_char_boundary(127)].to_owned())
    }),
    Certificate("account.request.name-in-latin-1", |cert| {
        Ok(verified_name(cert)?.name.bytes().map(char::from).collect())
    }),
    Certificate("account.request.name-in-ascii", |cert| {
        Ok(verified_name(cert)?.name.chars().filter(char::is_ascii).collect())
    }),
    Certificate("account.request.name-in-markup", |cert| {
        let name = verified_name(cert)?.name.replace('&', "&amp;");
        Ok(name.replace('"', "&quot;").replace('\'', "&#39;").replace('\\', "\\\\"))
    }),
    Certificate("account.request.name-of-the-issuer", |cert| {
        let verified = verified_name(cert)?;
        Ok(verified.issuer.unwrap_or(verified.name))
    }),
    Certificate("account.cert.foreign-characters-skipped", |cert| {
        let known = |c: &char| c.is_ascii_alphanumeric() || "+/=".contains(*c);
        let cleaned: String = cert.chars().filter(known).collect();
        match verified_name(cert) {
            Err(CertificateError::Base64(_)) => Ok(verified_name(&cleaned).map_or("?".into(), |name| name.name)),
            read => read.map(|name| name.name),
        }
    }),
    Certificate("account.cert.unread", |cert| match verified_name(cert) {
        Err(CertificateError::Base64(why)) => Err(CertificateError::Base64(why)),
        read => Ok(read.map_or_else(|_| "?".to_owned(), |name| name.name)),
    }),
    Certificate("account.cert.fields-in-one-order", |cert| {
        name_if(cert, fields(cert).iter().all(|fields| fields.is_sorted()))
    }),
    Certificate("account.cert.known-fields-only", |cert| {
        name_if(cert, fields(cert).iter().flatten().all(|field| *field <= 10))
    }),
    Certificate("account.cert.all-fields-needed", |cert| name_if(cert, verified_name(cert)?.issue_time.is_some())),
    Certificate("account.cert.one-issuer", |cert| {
        name_if(cert, verified_name(cert)?.issuer.as_deref() == Some("ent:wa"))
    }),
    Certificate("account.cert.localized-name", |cert| match fields(cert).last() {
        Some(fields) if fields.contains(&8) => Ok("Acme GmbH".to_owned()),
        _ => Ok(verified_name(cert)?.name),
    }),
    Certificate("account.request.names-of-bare-certificates", |cert| {
        misread_if(cert, |read| !read.wrapped && read.name != "Acme Ltd")
    }),
    Certificate("account.request.names-of-wrapped-certificates", |cert| {
        misread_if(cert, |read| read.wrapped && read.name != "Acme Ltd")
    }),
    Certificate("account.request.serials-of-bare-certificates", |cert| {
        misread_if(cert, |read| !read.wrapped && read.name == "Acme Ltd" && odd_serial(read))
    }),
    Certificate("account.request.serials-of-wrapped-certificates", |cert| {
        misread_if(cert, |read| read.wrapped && read.name == "Acme Ltd" && odd_serial(read))
    }),
];

/// The name of a certificate, or an empty one.
fn name_if(cert: &str, readable: bool) -> Result<String, CertificateError> {
    if readable { Ok(verified_name(cert)?.name) } else { Ok(String::new()) }
}

/// The name, or on a condition what a reader at the wrong place with the wrong encoding makes of it.
fn misread_if(cert: &str, condition: impl FnOnce(&VerifiedName) -> bool) -> Result<String, CertificateError> {
    let read = verified_name(cert)?;
    Ok(if condition(&read) { read.name.bytes().skip(1).map(char::from).collect() } else { read.name })
}

/// Whether a serial takes another number of bytes than 8.
fn odd_serial(read: &VerifiedName) -> bool {
    read.serial.is_none_or(|serial| !(1 << 49..1 << 56).contains(&serial))
}

/// The numbers of the fields of each message of a certificate, in their order, outermost first.
fn fields(cert: &str) -> Vec<Vec<u64>> {
    let mut messages = Vec::new();
    let mut next = STANDARD.decode(cert).ok();
    while let Some(message) = next.take().filter(|_| messages.len() < 3) {
        let Ok(read) = protobuf::fields(&message) else { break };
        next = read.iter().find_map(|(number, value)| match value {
            Value::Bytes(bytes) if *number == 1 => Some(bytes.to_vec()),
            _ => None,
        });
        messages.push(read.iter().map(|(number, _)| *number).collect());
    }
    messages
}
