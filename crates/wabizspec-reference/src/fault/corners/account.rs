//! Special cases of registrations that slip through, and names that are misread in some certificates (account).

use serde_json::{Value, json};

use super::super::bodies::text;
use super::super::witness::{ACCOUNT, GOOD, with};
use super::super::writing::{granted, refused};
use super::{Fault, fault, is_at, lets_through};
use crate::behaviour::Handled;
use crate::documented::certificate::{SampleCertificate, VerifiedName, verified_name};
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "account.value.cc-of-any-type",
        "account.value.not-text",
        "`cc` is taken whatever its type",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account") && odd_member(handled, "cc")),
        |w| w.request_code(&with("cc", json!([]))),
    ),
    fault(
        "account.value.phone-number-of-any-type",
        "account.value.not-text",
        "`phone_number` is taken whatever its type",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account") && odd_member(handled, "phone_number")),
        |w| w.request_code(&with("phone_number", json!([]))),
    ),
    fault(
        "account.value.method-of-any-type",
        "account.value.not-text",
        "`method` is taken whatever its type",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account") && odd_member(handled, "method")),
        |w| w.request_code(&with("method", json!([]))),
    ),
    fault(
        "account.value.cert-of-any-type",
        "account.value.not-text",
        "`cert` is taken whatever its type",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account") && odd_member(handled, "cert")),
        |w| w.request_code(&with("cert", json!([]))),
    ),
    fault(
        "account.number.any-cc",
        "account.number.refused",
        "`cc` may be any text of letters and digits, or none",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account")
            && refused(handled, Refusal::InvalidMember)
            && text(handled.call.body, "cc")
                .is_some_and(|number| !number.bytes().all(|byte| byte.is_ascii_digit()) || number.is_empty())),
        |w| w.request_code(&with("cc", json!("DE"))),
    ),
    fault(
        "account.number.any-phone-number",
        "account.number.refused",
        "`phone_number` may be any text of letters and digits, or none",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account")
            && refused(handled, Refusal::InvalidMember)
            && text(handled.call.body, "phone_number")
                .is_some_and(|number| !number.bytes().all(|byte| byte.is_ascii_digit()) || number.is_empty())),
        |w| w.request_code(&with("phone_number", json!("someone"))),
    ),
    fault(
        "account.method.beginning-will-do",
        "account.method.refused",
        "a method is known by its beginning",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account")
            && matches!(text(handled.call.body, "method").as_deref(), Some("sm" | "voices" | "sms,voice"))),
        |w| w.request_code(&with("method", json!("sm"))),
    ),
    fault(
        "account.cert.empty",
        "account.cert.not-base64",
        "an empty certificate is base64 of nothing, and names nobody",
        lets_through!(
            |handled| is_at(handled, "POST", "/v1/account") && text(handled.call.body, "cert").as_deref() == Some("")
        ),
        |w| w.request_code(&with("cert", json!(""))),
    ),
    fault(
        "account.cert.cleaned",
        "account.cert.not-base64",
        "a character that base64 does not have is skipped at the beginning of a certificate",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account")
            && text(handled.call.body, "cert").is_some_and(|cert| cert.starts_with("!C"))),
        |w| w.request_code(&with("cert", json!("!Cg=="))),
    ),
    fault(
        "account.required.body-optional",
        "account.required.refused",
        "a request without a body is accepted for the number that is known",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account")
            && handled.call.body.is_empty()
            && !refused(handled, Refusal::NoToken)),
        |w| w.request_code(""),
    ),
    fault(
        "account.required.fields-optional",
        "account.required.refused",
        "a request without any field is accepted for the number that is known",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account")
            && refused(handled, Refusal::MissingMember)
            && text(handled.call.body, "cert").is_none()
            && text(handled.call.body, "method").is_none()),
        |w| w.request_code("{}"),
    ),
    fault(
        "account.verify.body-optional",
        "account.verify.missing-code",
        "a verification without a body is accepted",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account/verify")
            && handled.call.body.is_empty()
            && !refused(handled, Refusal::NoToken)),
        |w| w.as_admin("POST", "/v1/account/verify", ""),
    ),
    fault(
        "account.verify.first-of-two-codes",
        "account.verify.accepted",
        "a voice call after an SMS tells another code, but that of the SMS stays the right one",
        |behaviour| behaviour.registration.voice_repeats = true,
        |w| {
            w.request_code(ACCOUNT);
            let admin = w.login("admin", GOOD);
            w.verify_again(&admin);
        },
    ),
    fault(
        "account.exists.by-voice",
        "account.exists.answered",
        "a registered number is called anew where a voice call is asked for",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                let voice = text(handled.call.body, "method").as_deref() == Some("voice");
                if granted(handled, Success::AlreadyRegistered) && voice {
                    answer.status = 202;
                }
            });
        },
        |w| {
            let admin = w.verify(str::to_owned);
            w.bearer(&admin, "POST", "/v1/account", &ACCOUNT.replace("sms", "voice"));
        },
    ),
    fault(
        "account.request.members-in-one-order",
        "account.request.sent",
        "members are expected in the order of the page",
        |behaviour| {
            behaviour.rewrites.push(|handled, answer| {
                if granted(handled, Success::CodeSent) && !handled.call.body.starts_with(b"{\"cc\"") {
                    answer.status = 400;
                }
            });
        },
        |w| w.request_code(&ACCOUNT.replace('{', "{ ")),
    ),
    fault(
        "account.request.names-of-bare-certificates",
        "account.request.vname",
        "a name in a bare certificate is read as Latin-1",
        |behaviour| {
            behaviour.registration.name = |cert| {
                let read = verified_name(cert)?;
                Ok(if !read.wrapped && read.name != "Acme Ltd" { misread(&read.name) } else { read.name })
            };
        },
        |w| w.request_code(&with("cert", json!(certificate(false, "Café", 8)))),
    ),
    fault(
        "account.request.names-of-wrapped-certificates",
        "account.request.vname",
        "a name in a wrapped certificate is read as Latin-1 and cut",
        |behaviour| {
            behaviour.registration.name = |cert| {
                let read = verified_name(cert)?;
                Ok(if read.wrapped && read.name != "Acme Ltd" { misread(&read.name) } else { read.name })
            };
        },
        |w| w.request_code(&with("cert", json!(certificate(true, "Café", 8)))),
    ),
    fault(
        "account.request.serials-of-bare-certificates",
        "account.request.vname",
        "the name in a bare certificate is read behind a serial of 8 bytes",
        |behaviour| {
            behaviour.registration.name = |cert| {
                let read = verified_name(cert)?;
                Ok(if !read.wrapped && read.name == "Acme Ltd" && odd_serial(&read) {
                    misread(&read.name)
                } else {
                    read.name
                })
            };
        },
        |w| w.request_code(&with("cert", json!(certificate(false, "Acme Ltd", 5)))),
    ),
    fault(
        "account.request.serials-of-wrapped-certificates",
        "account.request.vname",
        "the name in a wrapped certificate is read behind a serial of 8 bytes",
        |behaviour| {
            behaviour.registration.name = |cert| {
                let read = verified_name(cert)?;
                Ok(if read.wrapped && read.name == "Acme Ltd" && odd_serial(&read) {
                    misread(&read.name)
                } else {
                    read.name
                })
            };
        },
        |w| w.request_code(&with("cert", json!(certificate(true, "Acme Ltd", 5)))),
    ),
    fault(
        "account.sunset.bad-request-let-through",
        "account.sunset.refused",
        "after the sunset a request that lacks something is accepted, for nothing comes of it",
        lets_through!(|handled| refused(handled, Refusal::Sunset)
            && is_at(handled, "POST", "/v1/account")
            && !handled.call.body.is_empty()
            && serde_json::from_slice::<Value>(handled.call.body).is_ok()
            && text(handled.call.body, "cert").is_none_or(|cert| cert.len() < 9)),
        |w| w.request_code("{}"),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.without-body-let-through",
        "account.sunset.refused",
        "after the sunset a request without a body is accepted",
        lets_through!(|handled| refused(handled, Refusal::Sunset)
            && is_at(handled, "POST", "/v1/account")
            && handled.call.body.is_empty()),
        |w| w.request_code(""),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.malformed-let-through",
        "account.sunset.refused",
        "after the sunset a body that is no JSON is accepted",
        lets_through!(|handled| refused(handled, Refusal::Sunset)
            && is_at(handled, "POST", "/v1/account")
            && !handled.call.body.is_empty()
            && serde_json::from_slice::<Value>(handled.call.body).is_err()),
        |w| w.request_code("{"),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.by-voice-let-through",
        "account.sunset.refused",
        "after the sunset a voice call may still be asked for",
        lets_through!(|handled| refused(handled, Refusal::Sunset)
            && is_at(handled, "POST", "/v1/account")
            && text(handled.call.body, "method").as_deref() == Some("voice")),
        |w| w.request_code(&with("method", json!("voice"))),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.of-nobody-let-through",
        "account.sunset.refused",
        "after the sunset a request without a token is accepted",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account") && refused(handled, Refusal::NoToken)),
        |w| drop(w.send("POST", "/v1/account", "", ACCOUNT)),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.of-a-user-let-through",
        "account.sunset.refused",
        "after the sunset an ordinary user's request is accepted",
        lets_through!(|handled| is_at(handled, "POST", "/v1/account") && refused(handled, Refusal::Forbidden)),
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "POST", "/v1/account", ACCOUNT);
        },
    )
    .after_the_sunset(),
];

/// Whether the only thing wrong with a request is that this member is no text.
fn odd_member(handled: &Handled<'_>, member: &str) -> bool {
    let body: Value = serde_json::from_slice(handled.call.body).unwrap_or_default();
    let is_text = |name: &str| body.get(name).is_some_and(Value::is_string);
    let all = ["cc", "phone_number", "method", "cert"];
    body.get(member).is_some_and(|value| !value.is_string())
        && all.iter().all(|name| *name == member || is_text(name))
        && refused(handled, Refusal::InvalidMember)
}

/// Whether a serial takes another number of bytes than 8.
fn odd_serial(read: &VerifiedName) -> bool {
    read.serial.is_none_or(|serial| !(1 << 49..1 << 56).contains(&serial))
}

/// A name as a reader at the wrong place, or with the wrong letters, has it.
fn misread(name: &str) -> String {
    name.bytes().skip(1).map(char::from).collect()
}

fn certificate(wrapped: bool, name: &str, serial: u64) -> String {
    let mut certificate = SampleCertificate::new(name);
    (certificate.wrapped, certificate.serial) = (wrapped, serial);
    certificate.to_base64()
}
