//! Names that are read from certificates in ways that no data can say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Edit;
use crate::documented::certificate::{CertificateError, VerifiedName, verified_name};
use crate::documented::protobuf::{self, Value};

pub(super) const EDITS: &[Edit] = &[
    ("account.request.name-at-a-fixed-offset", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let exact = verified_name(cert)?.name;
            let bytes = STANDARD.decode(cert).unwrap_or_default();
            // The tag of the name stands here when the certificate is wrapped and its serial has 8 bytes.
            let name = bytes.get(21..).and_then(|rest| match rest {
                [0x22, length, name @ ..] => name.get(..usize::from(*length)),
                _ => None,
            });
            let read = name.map(|name| String::from_utf8_lossy(name).into_owned());
            Ok(read.unwrap_or_else(|| exact.chars().skip(1).collect()))
        };
    }),
    ("account.request.name-of-one-length-byte", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let name = verified_name(cert)?.name;
            let end = (0..=name.len().min(127)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
            Ok(name[..end].to_owned())
        };
    }),
    ("account.request.name-in-latin-1", |behaviour| {
        behaviour.functions.certificate = |cert| Ok(verified_name(cert)?.name.bytes().map(char::from).collect())
    }),
    ("account.request.name-in-ascii", |behaviour| {
        behaviour.functions.certificate = |cert| Ok(verified_name(cert)?.name.chars().filter(char::is_ascii).collect())
    }),
    ("account.request.name-in-markup", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let name = verified_name(cert)?.name.replace('&', "&amp;");
            Ok(name.replace('"', "&quot;").replace('\'', "&#39;").replace('\\', "\\\\"))
        };
    }),
    ("account.request.name-of-the-issuer", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let verified = verified_name(cert)?;
            Ok(verified.issuer.unwrap_or(verified.name))
        };
    }),
    ("account.cert.foreign-characters-skipped", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let known = |c: &char| c.is_ascii_alphanumeric() || "+/=".contains(*c);
            let cleaned: String = cert.chars().filter(known).collect();
            match verified_name(cert) {
                Err(CertificateError::Base64(_)) => Ok(verified_name(&cleaned).map_or("?".into(), |name| name.name)),
                read => read.map(|name| name.name),
            }
        };
    }),
    ("account.cert.unread", |behaviour| {
        behaviour.functions.certificate = |cert| match verified_name(cert) {
            Err(CertificateError::Base64(why)) => Err(CertificateError::Base64(why)),
            read => Ok(read.map_or_else(|_| "?".to_owned(), |name| name.name)),
        };
    }),
    ("account.cert.fields-in-one-order", |behaviour| {
        behaviour.functions.certificate = |cert| match fields(cert).iter().all(|fields| fields.is_sorted()) {
            true => Ok(verified_name(cert)?.name),
            false => Ok(String::new()),
        };
    }),
    ("account.cert.known-fields-only", |behaviour| {
        behaviour.functions.certificate = |cert| match fields(cert).iter().flatten().all(|field| *field <= 10) {
            true => Ok(verified_name(cert)?.name),
            false => Ok(String::new()),
        };
    }),
    ("account.cert.all-fields-needed", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let verified = verified_name(cert)?;
            match verified.issue_time {
                Some(_) => Ok(verified.name),
                None => Ok(String::new()),
            }
        };
    }),
    ("account.cert.one-issuer", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let verified = verified_name(cert)?;
            match verified.issuer.as_deref() {
                Some("ent:wa") => Ok(verified.name),
                _ => Ok(String::new()),
            }
        };
    }),
    ("account.cert.localized-name", |behaviour| {
        behaviour.functions.certificate = |cert| match fields(cert).last().is_some_and(|fields| fields.contains(&8)) {
            true => Ok("Acme GmbH".to_owned()),
            false => Ok(verified_name(cert)?.name),
        };
    }),
    ("account.request.names-of-bare-certificates", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let read = verified_name(cert)?;
            Ok(if !read.wrapped && read.name != "Acme Ltd" { misread(&read.name) } else { read.name })
        };
    }),
    ("account.request.names-of-wrapped-certificates", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let read = verified_name(cert)?;
            Ok(if read.wrapped && read.name != "Acme Ltd" { misread(&read.name) } else { read.name })
        };
    }),
    ("account.request.serials-of-bare-certificates", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let read = verified_name(cert)?;
            Ok(if !read.wrapped && read.name == "Acme Ltd" && odd_serial(&read) {
                misread(&read.name)
            } else {
                read.name
            })
        };
    }),
    ("account.request.serials-of-wrapped-certificates", |behaviour| {
        behaviour.functions.certificate = |cert| {
            let read = verified_name(cert)?;
            Ok(if read.wrapped && read.name == "Acme Ltd" && odd_serial(&read) {
                misread(&read.name)
            } else {
                read.name
            })
        };
    }),
];

/// Whether a serial takes another number of bytes than 8.
fn odd_serial(read: &VerifiedName) -> bool {
    read.serial.is_none_or(|serial| !(1 << 49..1 << 56).contains(&serial))
}

/// A name as a reader at the wrong place, or with the wrong letters, has it.
fn misread(name: &str) -> String {
    name.bytes().skip(1).map(char::from).collect()
}

/// The numbers of the fields of each message of a certificate, in the order in which they stand, outermost first.
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
