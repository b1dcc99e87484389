//! Certificates, and the name read from them (account, Create).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::bodies::text;
use super::witness::{ACCOUNT, with};
use super::writing::{crash, granted};
use super::{Fault, fault};
use crate::documented::certificate::{CertificateError, SampleCertificate, VerifiedName, verified_name};
use crate::documented::errors::ErrorCode;
use crate::outcome::{Refusal, Success};

/// A bare certificate whose name is a question mark.
const NAMELESS: &str = "CgUIBSIBPw==";

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "account.request.name-at-a-fixed-offset",
        "account.request.vname",
        "the name is read at the offset that it has in one certificate, whatever the length of the serial",
        |b| {
            b.registration.name = |cert| {
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
        },
        |w| w.request_code(&with_name("Acme", 5)),
    ),
    fault(
        "account.request.name-of-one-length-byte",
        "account.request.vname",
        "the length of a name is read from one byte, so that long names are cut",
        |b| {
            b.registration.name = |cert| {
                let name = verified_name(cert)?.name;
                let end = (0..=name.len().min(127)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
                Ok(name[..end].to_owned())
            };
        },
        |w| w.request_code(&with_name(&"Long ".repeat(40), 1_234_567)),
    ),
    fault(
        "account.request.name-in-latin-1",
        "account.request.vname",
        "the name is decoded as Latin-1",
        |b| b.registration.name = |cert| Ok(verified_name(cert)?.name.bytes().map(char::from).collect()),
        |w| w.request_code(&with_name("Café", 1_234_567)),
    ),
    fault(
        "account.request.name-in-ascii",
        "account.request.vname",
        "characters beyond ASCII are dropped from the name",
        |b| b.registration.name = |cert| Ok(verified_name(cert)?.name.chars().filter(char::is_ascii).collect()),
        |w| w.request_code(&with_name("Café", 1_234_567)),
    ),
    fault(
        "account.request.name-in-markup",
        "account.request.vname",
        "quotes and ampersands of the name are answered as markup entities",
        |b| {
            b.registration.name = |cert| {
                let name = verified_name(cert)?.name.replace('&', "&amp;");
                Ok(name.replace('"', "&quot;").replace('\'', "&#39;").replace('\\', "\\\\"))
            };
        },
        |w| w.request_code(&with_name("\"Joe's\"", 1_234_567)),
    ),
    fault(
        "account.request.name-of-the-issuer",
        "account.request.vname",
        "the first text of the certificate is taken for the name: its issuer",
        |b| {
            b.registration.name = |cert| {
                let verified = verified_name(cert)?;
                Ok(verified.issuer.unwrap_or(verified.name))
            };
        },
        |w| w.request_code(ACCOUNT),
    ),
    fault(
        "account.request.name-left-out",
        "account.request.vname",
        "the answer to a request for a code carries no name",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::CodeSent) {
                    super::writing::members(answer).map(|members| members.remove("account"));
                }
            });
        },
        |w| w.request_code(ACCOUNT),
    ),
    fault(
        "account.cert.foreign-characters-skipped",
        "account.cert.not-base64",
        "characters that base64 does not have are skipped, and what is no certificate names nobody",
        |b| {
            b.registration.name = |cert| {
                let known = |c: &char| c.is_ascii_alphanumeric() || "+/=".contains(*c);
                let cleaned: String = cert.chars().filter(known).collect();
                match verified_name(cert) {
                    Err(CertificateError::Base64(_)) => {
                        Ok(verified_name(&cleaned).map_or("?".into(), |name| name.name))
                    }
                    read => read.map(|name| name.name),
                }
            };
        },
        |w| w.request_code(&ACCOUNT.replace("Cm", "!Cm")),
    ),
    fault(
        "account.cert.unread",
        "account.cert.unreadable",
        "a certificate from which no name can be read names nobody",
        |b| {
            b.registration.name = |cert| match verified_name(cert) {
                Err(CertificateError::Base64(why)) => Err(CertificateError::Base64(why)),
                read => Ok(read.map_or_else(|_| "?".to_owned(), |name| name.name)),
            };
        },
        |w| w.request_code(&with("cert", "AAAA")),
    ),
    fault(
        "account.cert.unreadable-is-a-server-error",
        "account.cert.unreadable",
        "a certificate from which no name can be read is an internal error",
        |b| {
            b.refusals[Refusal::BadCertificate].status = 500;
            b.refusals[Refusal::BadCertificate].code = ErrorCode::Internal;
        },
        |w| w.request_code(&with("cert", "AAAA")),
    ),
    fault(
        "account.cert.fields-in-one-order",
        "account.cert.layout",
        "the name is found only where the fields stand in the order of their numbers, and is empty otherwise",
        |b| {
            b.registration.name = |cert| match fields(cert).iter().all(|fields| fields.is_sorted()) {
                true => Ok(verified_name(cert)?.name),
                false => Ok(String::new()),
            };
        },
        |w| w.request_code(&with("cert", "Eg0IBSIHQW55Ym9keQoNCAUiB0FueWJvZHk=")),
    ),
    fault(
        "account.cert.known-fields-only",
        "account.cert.layout",
        "a field that is not known ends the reading, and the name is empty",
        |b| {
            b.registration.name = |cert| match fields(cert).iter().flatten().all(|field| *field <= 10) {
                true => Ok(verified_name(cert)?.name),
                false => Ok(String::new()),
            };
        },
        |w| w.request_code(&with("cert", "Cg0IBSIHQW55Ym9keXoA")),
    ),
    fault(
        "account.cert.all-fields-needed",
        "account.cert.layout",
        "without one of the optional fields the name is empty",
        |b| {
            b.registration.name = |cert| {
                let verified = verified_name(cert)?;
                match verified.issue_time {
                    Some(_) => Ok(verified.name),
                    None => Ok(String::new()),
                }
            };
        },
        |w| w.request_code(&with("cert", NAMELESS)),
    ),
    fault(
        "account.cert.one-issuer",
        "account.cert.layout",
        "only a certificate of one issuer is looked into; the name of another is empty",
        |b| {
            b.registration.name = |cert| {
                let verified = verified_name(cert)?;
                match verified.issuer.as_deref() {
                    Some("ent:wa") => Ok(verified.name),
                    _ => Ok(String::new()),
                }
            };
        },
        |w| w.request_code(&with("cert", NAMELESS)),
    ),
    fault(
        "account.cert.localized-name",
        "account.cert.layout",
        "the name in another language is answered where there is one",
        |b| {
            b.registration.name = |cert| match fields(cert).last().is_some_and(|fields| fields.contains(&8)) {
                true => Ok("Acme GmbH".to_owned()),
                false => Ok(verified_name(cert)?.name),
            };
        },
        |w| {
            let mut certificate = SampleCertificate::new("Acme Ltd");
            certificate.localized = vec![["de".to_owned(), "DE".to_owned(), "Acme GmbH".to_owned()]];
            w.request_code(&with("cert", certificate.to_base64()));
        },
    ),
    fault(
        "account.cert.signature-crashes",
        "account.cert.crafted",
        "a signature that proves nothing is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let cert = text(handled.call.body, "cert").unwrap_or_default();
                let read = verified_name(&cert).ok();
                // The certificate that the harness itself registers with.
                let known = |read: &VerifiedName| read.name == "Acme Ltd" && read.serial == Some(1_234_567_890_123_456);
                if granted(handled, Success::CodeSent) && !read.as_ref().is_some_and(known) {
                    crash(answer);
                }
            });
        },
        |w| w.request_code(&with_name("Café", 1_234_567)),
    ),
];

/// The numbers of the fields of each message of a certificate, in the order in which they stand, outermost first.
fn fields(cert: &str) -> Vec<Vec<u64>> {
    let mut messages = Vec::new();
    let mut next = STANDARD.decode(cert).ok();
    while let Some(message) = next.take().filter(|_| messages.len() < 3) {
        let Some(read) = read_fields(&message) else { break };
        next = read.iter().find(|(number, _)| *number == 1).map(|(_, bytes)| bytes.to_vec());
        messages.push(read.iter().map(|(number, _)| *number).collect());
    }
    messages
}

/// The fields of one message: number, and the bytes of those that have a length.
fn read_fields(mut message: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let (key, wire_type) = prost::encoding::decode_key(&mut message).ok()?;
        let mut bytes: &[u8] = &[];
        match wire_type {
            prost::encoding::WireType::LengthDelimited => {
                let length = usize::try_from(prost::encoding::decode_varint(&mut message).ok()?).ok()?;
                (bytes, message) = message.split_at_checked(length)?;
            }
            prost::encoding::WireType::Varint => drop(prost::encoding::decode_varint(&mut message).ok()?),
            _ => return None,
        }
        found.push((u64::from(key), bytes));
    }
    Some(found)
}

/// What asks for a code, with a certificate of this name and serial.
fn with_name(name: &str, serial: u64) -> String {
    let mut certificate = SampleCertificate::new(name);
    certificate.serial = serial;
    with("cert", certificate.to_base64())
}
