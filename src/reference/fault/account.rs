//! Registration: the request for a code, its certificate, the verification, and the sunset (account, account/verify).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::bodies::{amended, defaulted, stringified};
use super::witness::ACCOUNT;
use super::writing::{granted, put, put_into_error, refused};
use super::{Fault, fault};
use crate::documented::bodies::{AccountBody, BodyError, MemberError, VerifyBody};
use crate::documented::certificate::{CertificateError, SampleCertificate, verified_name};
use crate::documented::errors::ErrorCode;
use crate::reference::behaviour::{SunsetCheck, Who};
use crate::reference::outcome::{Refusal, Success};
use crate::reference::route::Endpoint;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "account.request.status-ok",
        "account.request.sent",
        "a request for a code is answered 200",
        |b| b.successes[Success::CodeSent] = 200,
        |w| w.request_code(ACCOUNT),
    ),
    fault(
        "account.request.voice-unknown",
        "account.request.sent",
        "a code is sent by SMS only: `voice` is refused",
        |b| {
            b.registration.account_body = |call, rule| {
                let body = AccountBody::parse(call.body, rule)?;
                match body.method {
                    crate::documented::bodies::Method::Sms => Ok(body),
                    crate::documented::bodies::Method::Voice => Err(BodyError::Members(vec![MemberError::Invalid {
                        member: "method",
                        why: "is not sms".to_owned(),
                    }])),
                }
            };
        },
        |w| w.request_code(&ACCOUNT.replace("sms", "voice")),
    ),
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
                let end = (0..=name.len().min(127))
                    .rev()
                    .find(|end| name.is_char_boundary(*end))
                    .unwrap_or(0);
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
        "account.request.object-for-a-list",
        "account.request.vname",
        "`account` is an object, not a list of one",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::CodeSent)
                    && let Some(first) = answer.json().and_then(|body| body.pointer("/account/0")).cloned()
                {
                    put(answer, "account", first);
                }
            });
        },
        |w| w.request_code(ACCOUNT),
    ),
    fault(
        "account.verify.status-ok",
        "account.verify.accepted",
        "a verification is answered 200",
        |b| b.successes[Success::Verified] = 200,
        |w| drop(w.verify(str::to_owned)),
    ),
    fault(
        "account.verify.first-code-only",
        "account.verify.accepted",
        "a code is kept as a number: those that begin with zero never match",
        |b| b.registration.code_matches = |_, _| false,
        |w| drop(w.verify(str::to_owned)),
    ),
    fault(
        "account.verify.tells-the-account",
        "account.verify.no-payload",
        "the answer to a verification carries the account",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::Verified) {
                    put(answer, "account", json!([{"vname": "Acme Ltd"}]));
                }
            });
        },
        |w| drop(w.verify(str::to_owned)),
    ),
    fault(
        "account.verify.any-code",
        "account.verify.wrong-code",
        "any code verifies",
        |b| b.registration.code_matches = |_, _| true,
        |w| drop(w.verify(|_| "abcdef".to_owned())),
    ),
    fault(
        "account.verify.part-of-the-code",
        "account.verify.wrong-code",
        "a part of the code verifies",
        |b| b.registration.code_matches = |right, sent| !sent.is_empty() && right.starts_with(sent),
        |w| drop(w.verify(|code| code[..5].to_owned())),
    ),
    fault(
        "account.verify.pattern-for-a-code",
        "account.verify.wrong-code",
        "the code is matched as a pattern: `*` or blanks verify",
        |b| {
            b.registration.code_matches =
                |right, sent| right == sent || sent == "*" || (!sent.is_empty() && sent.trim().is_empty());
        },
        |w| drop(w.verify(|_| "*".to_owned())),
    ),
    fault(
        "account.verify.wrong-code-bad-request",
        "account.verify.wrong-code",
        "a wrong code is answered 400",
        |b| b.refusals[Refusal::WrongCode].status = 400,
        |w| drop(w.verify(|_| "abcdef".to_owned())),
    ),
    fault(
        "account.verify.wrong-code-of-another-code",
        "account.verify.wrong-code-code",
        "the refusal of a wrong code has the code of a bad parameter",
        |b| b.refusals[Refusal::WrongCode].code = ErrorCode::ParameterInvalid,
        |w| drop(w.verify(|_| "abcdef".to_owned())),
    ),
    fault(
        "account.verify.code-optional",
        "account.verify.missing-code",
        "a verification that brings no code, or one that is no text, is accepted",
        |b| {
            b.registration.verify_body = |call| {
                let body: &[u8] = if call.body.starts_with(b"{") { call.body } else { b"{}" };
                VerifyBody::parse(&amended(body, |members| {
                    stringified(members);
                    defaulted(members, "code", "");
                }))
            };
            b.rewrites.push(|handled, answer| {
                let odd = super::bodies::text(handled.call.body, "code").is_none_or(|code| code.is_empty());
                if *handled.endpoint == Endpoint::Verify && odd && refused(handled, Refusal::WrongCode) {
                    super::writing::as_success(answer, 201);
                }
            });
        },
        |w| w.as_admin("POST", "/v1/account/verify", "{}"),
    ),
    fault(
        "account.verify.missing-code-forbidden",
        "account.verify.missing-code-code",
        "a verification without a code is a wrong code",
        |b| {
            b.registration.verify_body =
                |call| VerifyBody::parse(&amended(call.body, |members| defaulted(members, "code", "")));
        },
        |w| w.as_admin("POST", "/v1/account/verify", "{}"),
    ),
    fault(
        "account.verify.by-any-user",
        "account.verify.admin-only",
        "every user who knows the code verifies",
        |b| {
            b.rewrites.push(|handled, answer| {
                if *handled.endpoint == Endpoint::Verify && refused(handled, Refusal::Forbidden) {
                    super::writing::as_success(answer, 201);
                }
            });
        },
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "POST", "/v1/account/verify", r#"{"code":"000000"}"#);
        },
    ),
    fault(
        "account.exists.asked-again",
        "account.exists.answered",
        "a number that is registered is registered anew with another code",
        |b| b.registration.forgetful = true,
        |w| {
            let admin = w.verify(str::to_owned);
            w.bearer(&admin, "POST", "/v1/account", ACCOUNT);
        },
    ),
    fault(
        "account.exists.conflict",
        "account.exists.answered",
        "a request for a number that is registered is a conflict",
        |b| b.successes[Success::AlreadyRegistered] = 409,
        |w| {
            let admin = w.verify(str::to_owned);
            w.bearer(&admin, "POST", "/v1/account", ACCOUNT);
        },
    ),
    fault(
        "account.exists.status-ok",
        "account.exists.answered",
        "a request for a number that is registered is answered 200",
        |b| b.successes[Success::AlreadyRegistered] = 200,
        |w| {
            let admin = w.verify(str::to_owned);
            w.bearer(&admin, "POST", "/v1/account", ACCOUNT);
        },
    ),
    fault(
        "account.required.cc-optional",
        "account.required.refused",
        "a request without a country code is taken for one of the client's own country",
        |b| {
            b.registration.account_body =
                |call, rule| AccountBody::parse(&amended(call.body, |members| defaulted(members, "cc", "1")), rule)
        },
        |w| w.request_code(&without("cc")),
    ),
    fault(
        "account.required.phone-number-optional",
        "account.required.refused",
        "a request without a phone number is accepted",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(
                    &amended(call.body, |members| defaulted(members, "phone_number", "2025550123")),
                    rule,
                )
            }
        },
        |w| w.request_code(&without("phone_number")),
    ),
    fault(
        "account.required.method-optional",
        "account.required.refused",
        "a request without a method is answered by SMS",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(&amended(call.body, |members| defaulted(members, "method", "sms")), rule)
            }
        },
        |w| w.request_code(&without("method")),
    ),
    fault(
        "account.required.cert-optional",
        "account.required.refused",
        "a request without a certificate is accepted, and named after nobody",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(
                    &amended(call.body, |members| defaulted(members, "cert", NAMELESS)),
                    rule,
                )
            }
        },
        |w| w.request_code(&without("cert")),
    ),
    fault(
        "account.required.all-optional",
        "account.required.refused",
        "a request without fields or without a body is accepted as one for the number that is known",
        |b| {
            b.registration.account_body = |call, rule| {
                let body: &[u8] = if call.body.is_empty() { b"{}" } else { call.body };
                AccountBody::parse(&amended(body, all_defaults), rule)
            };
        },
        |w| w.request_code("{}"),
    ),
    fault(
        "account.required.invalid-for-missing",
        "account.required.code",
        "a missing field is refused as an invalid one",
        |b| b.refusals[Refusal::MissingMember].code = ErrorCode::ParameterInvalid,
        |w| w.request_code(&without("cc")),
    ),
    fault(
        "account.required.first-only",
        "account.required.each-named",
        "only the first of several missing fields is named",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::MissingMember)
                    && let Some(errors) = answer.json_mut().and_then(|body| body["errors"].as_array_mut())
                {
                    errors.truncate(1);
                }
            });
        },
        |w| w.request_code("{}"),
    ),
    fault(
        "account.value.of-another-code",
        "account.value.code",
        "a value that is not allowed is refused with the code of a bad request",
        |b| {
            b.refusals[Refusal::InvalidMember].code = ErrorCode::RequestInvalid;
            b.refusals[Refusal::BadCertificate].code = ErrorCode::RequestInvalid;
        },
        |w| w.request_code(&ACCOUNT.replace("sms", "fax")),
    ),
    fault(
        "account.value.turned-into-text",
        "account.value.not-text",
        "fields that are no text are replaced by what is known of the number",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(
                    &amended(call.body, |members| {
                        members.retain(|_, value| value.is_string());
                        all_defaults(members);
                    }),
                    rule,
                )
            };
        },
        |w| w.request_code(&ACCOUNT.replace(r#""1""#, "[]")),
    ),
    fault(
        "account.value.body-of-any-kind",
        "account.value.not-text",
        "a body that is JSON but no object is taken for a request for the number that is known",
        |b| {
            b.registration.account_body = |call, rule| match AccountBody::parse(call.body, rule) {
                Err(BodyError::NotAnObject) => AccountBody::parse(&amended(b"{}", all_defaults), rule),
                read => read,
            };
        },
        |w| w.request_code("[]"),
    ),
    fault(
        "account.value.not-text-unprocessable",
        "account.value.not-text-status",
        "a field that is no text is refused with 422",
        |b| {
            b.rewrites.push(|handled, answer| {
                if *handled.endpoint == Endpoint::Account && refused(handled, Refusal::InvalidMember) {
                    answer.status = 422;
                }
            });
        },
        |w| w.request_code(&ACCOUNT.replace(r#""1""#, "[]")),
    ),
    fault(
        "account.body.of-another-code",
        "account.body.malformed",
        "a body that is no JSON is refused with the code of a missing parameter",
        |b| {
            b.rewrites.push(|handled, answer| {
                if *handled.endpoint == Endpoint::Account && refused(handled, Refusal::Malformed) {
                    put_into_error(answer, "code", 1008.into());
                }
            });
        },
        |w| w.request_code("{"),
    ),
    fault(
        "account.method.anything-else-is-sms",
        "account.method.refused",
        "a method that is not known is answered by SMS",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(
                    &amended(call.body, |members| {
                        drop(members.insert("method".to_owned(), "sms".into()))
                    }),
                    rule,
                )
            }
        },
        |w| w.request_code(&ACCOUNT.replace("sms", "fax")),
    ),
    fault(
        "account.method.any-case",
        "account.method.spelling",
        "the method is known in any case and with blanks",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(
                    &amended(call.body, |members| {
                        if let Some(Value::String(method)) = members.get_mut("method") {
                            *method = method.trim().to_lowercase();
                        }
                    }),
                    rule,
                )
            };
        },
        |w| w.request_code(&ACCOUNT.replace("sms", "SMS")),
    ),
    fault(
        "account.number.letters",
        "account.number.refused",
        "country code and phone number may hold anything, or nothing",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(
                    &amended(call.body, |members| {
                        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                        for name in ["cc", "phone_number"] {
                            if members.get(name).and_then(Value::as_str).is_some_and(plain) {
                                members.insert(name.to_owned(), "1".into());
                            }
                        }
                    }),
                    rule,
                )
            };
        },
        |w| w.request_code(&ACCOUNT.replace(r#""1""#, r#""DE""#)),
    ),
    fault(
        "account.number.cleaned",
        "account.number.form",
        "plus signs, blanks, hyphens and parentheses are taken out of a number",
        |b| {
            b.registration.account_body = |call, rule| {
                AccountBody::parse(
                    &amended(call.body, |members| {
                        for name in ["cc", "phone_number"] {
                            if let Some(Value::String(number)) = members.get_mut(name) {
                                number.retain(|c| !"+ -().".contains(c));
                            }
                        }
                    }),
                    rule,
                )
            };
        },
        |w| w.request_code(&ACCOUNT.replace(r#""1""#, r#""+1""#)),
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
        |w| w.request_code(&with_cert("AAAA")),
    ),
    fault(
        "account.cert.unreadable-is-a-server-error",
        "account.cert.unreadable",
        "a certificate from which no name can be read is an internal error",
        |b| {
            b.refusals[Refusal::BadCertificate].status = 500;
            b.refusals[Refusal::BadCertificate].code = ErrorCode::Internal;
        },
        |w| w.request_code(&with_cert("AAAA")),
    ),
    fault(
        "account.cert.fields-in-one-order",
        "account.cert.layout",
        "a certificate is read only where its fields stand in the order of their numbers",
        |b| {
            b.registration.name = |cert| match fields(cert).iter().all(|fields| fields.is_sorted()) {
                true => Ok(verified_name(cert)?.name),
                false => Err(CertificateError::NoName),
            };
        },
        |w| w.request_code(&with_cert("Eg0IBSIHQW55Ym9keQoNCAUiB0FueWJvZHk=")),
    ),
    fault(
        "account.cert.known-fields-only",
        "account.cert.layout",
        "a certificate with a field that is not known is refused",
        |b| {
            b.registration.name = |cert| match fields(cert).iter().flatten().all(|field| *field <= 10) {
                true => Ok(verified_name(cert)?.name),
                false => Err(CertificateError::NoName),
            };
        },
        |w| w.request_code(&with_cert("Cg0IBSIHQW55Ym9keXoA")),
    ),
    fault(
        "account.cert.all-fields-needed",
        "account.cert.layout",
        "a certificate without one of the optional fields is refused",
        |b| {
            b.registration.name = |cert| {
                let verified = verified_name(cert)?;
                match verified.issue_time {
                    Some(_) => Ok(verified.name),
                    None => Err(CertificateError::NoName),
                }
            };
        },
        |w| w.request_code(&with_cert(NAMELESS)),
    ),
    fault(
        "account.cert.one-issuer",
        "account.cert.layout",
        "a certificate of another issuer is refused",
        |b| {
            b.registration.name = |cert| {
                let verified = verified_name(cert)?;
                match verified.issuer.as_deref() {
                    Some("ent:wa") => Ok(verified.name),
                    _ => Err(CertificateError::NoName),
                }
            };
        },
        |w| w.request_code(&with_cert(NAMELESS)),
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
            w.request_code(&with_cert(&certificate.to_base64()));
        },
    ),
    fault(
        "account.cert.signature-checked",
        "account.cert.crafted",
        "a certificate whose signature proves nothing is refused",
        |b| {
            b.registration.name = |cert| {
                let name = verified_name(cert)?;
                // The certificate that the harness itself registers with.
                match name.name == "Acme Ltd" && name.serial == Some(1_234_567_890_123_456) {
                    true => Ok(name.name),
                    false => Err(CertificateError::NoName),
                }
            };
        },
        |w| w.request_code(&with_name("Café", 1_234_567)),
    ),
    fault(
        "account.pin.five-digits",
        "account.pin.form",
        "off by one: a pin of 5 digits is taken",
        |b| b.registration.account.pin = 5..=6,
        |w| w.request_code(&with_pin("12345")),
    ),
    fault(
        "account.pin.seven-digits",
        "account.pin.form",
        "off by one: a pin of 7 digits is taken",
        |b| b.registration.account.pin = 6..=7,
        |w| w.request_code(&with_pin("1234567")),
    ),
    fault(
        "account.pin.unread",
        "account.pin.form",
        "a pin may be anything",
        |b| {
            b.registration.account_body =
                |call, rule| AccountBody::parse(&amended(call.body, |members| drop(members.remove("pin"))), rule)
        },
        |w| w.request_code(&with_pin("abcdef")),
    ),
    fault(
        "account.admin-only.any-user",
        "account.admin-only.refused",
        "every user requests codes",
        |b| b.permissions.register = Who::User,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "POST", "/v1/account", ACCOUNT);
        },
    ),
    fault(
        "account.admin-only.unauthorized",
        "account.admin-only.refused",
        "an ordinary user who requests a code is refused with 401 instead of 403",
        |b| {
            b.rewrites.push(|handled, answer| {
                if *handled.endpoint == Endpoint::Account && refused(handled, Refusal::Forbidden) {
                    answer.status = 401;
                }
            });
        },
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "POST", "/v1/account", ACCOUNT);
        },
    ),
    fault(
        "account.admin-only.of-another-code",
        "account.admin-only.code",
        "an ordinary user who requests a code is refused with the code of a bad user",
        |b| b.refusals[Refusal::Forbidden].code = ErrorCode::UserInvalid,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "POST", "/v1/account", ACCOUNT);
        },
    ),
    fault(
        "account.admin-only.of-another-code-after-the-sunset",
        "account.admin-only.code",
        "after the sunset an ordinary user is refused with the code of a bad user",
        |b| b.refusals[Refusal::Forbidden].code = ErrorCode::BadUser,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "POST", "/v1/account", ACCOUNT);
        },
    )
    .after_the_sunset(),
    fault(
        "account.sunset.overlooked",
        "account.sunset.refused",
        "registrations go on after the sunset",
        |b| b.registration.sunset = SunsetCheck::Never,
        |w| w.request_code(ACCOUNT),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.accepted-with-an-error",
        "account.sunset.refused",
        "after the sunset a request is accepted with 202, and the refusal stands in its body",
        |b| b.refusals[Refusal::Sunset].status = 202,
        |w| w.request_code(ACCOUNT),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.gone",
        "account.sunset.refused",
        "after the sunset the endpoint is gone: 410",
        |b| b.refusals[Refusal::Sunset].status = 410,
        |w| w.request_code(ACCOUNT),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.open-to-everybody",
        "account.sunset.refused",
        "after the sunset those who have no right are answered as if it had not come",
        |b| {
            b.rewrites.push(|handled, answer| {
                let stranger = refused(handled, Refusal::NoToken) || refused(handled, Refusal::Forbidden);
                if *handled.endpoint == Endpoint::Account && stranger {
                    super::writing::as_success(answer, 202);
                }
            });
        },
        |w| drop(w.send("POST", "/v1/account", "", ACCOUNT)),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.of-another-code",
        "account.sunset.code",
        "after the sunset requests are refused with the code of a service that is not ready",
        |b| b.refusals[Refusal::Sunset].code = ErrorCode::NotReady,
        |w| w.request_code(ACCOUNT),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.body-first",
        "account.sunset.code",
        "after the sunset a request is judged first: a bad one is told what is wrong with it",
        |b| b.registration.sunset = SunsetCheck::AfterBody,
        |w| w.request_code("{}"),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.other-details",
        "account.sunset.details",
        "after the sunset the refusal has no details",
        |b| b.dialect.details = false,
        |w| w.request_code(ACCOUNT),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.malformed-first",
        "account.sunset.malformed",
        "after the sunset a body that is no JSON is refused as such",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::Sunset) && !handled.call.body.ends_with(b"}") {
                    answer.status = 400;
                    put_into_error(answer, "code", 1025.into());
                }
            });
        },
        |w| w.request_code("{"),
    )
    .after_the_sunset(),
    fault(
        "account.sunset.verification-goes-on",
        "account.sunset.verify",
        "after the sunset a verification is answered as before",
        |b| {
            b.rewrites.push(|handled, answer| {
                if *handled.endpoint == Endpoint::Verify && refused(handled, Refusal::Sunset) {
                    super::writing::as_success(answer, 201);
                }
            });
        },
        |w| w.as_admin("POST", "/v1/account/verify", r#"{"code":"000000"}"#),
    )
    .after_the_sunset(),
];

/// A bare certificate whose name is a question mark.
const NAMELESS: &str = "CgUIBSIBPw==";

fn all_defaults(members: &mut serde_json::Map<String, Value>) {
    for (name, value) in [
        ("cc", "1"),
        ("phone_number", "2025550123"),
        ("method", "sms"),
        ("cert", NAMELESS),
    ] {
        defaulted(members, name, value);
    }
}

/// What asks for a code, without one member.
fn without(member: &str) -> String {
    let mut body: Value = serde_json::from_str(ACCOUNT).unwrap_or_default();
    body.as_object_mut().map(|members| members.remove(member));
    body.to_string()
}

fn with(member: &str, value: &str) -> String {
    let mut body: Value = serde_json::from_str(ACCOUNT).unwrap_or_default();
    body[member] = value.into();
    body.to_string()
}

fn with_cert(cert: &str) -> String {
    with("cert", cert)
}

fn with_pin(pin: &str) -> String {
    with("pin", pin)
}

fn with_name(name: &str, serial: u64) -> String {
    let mut certificate = SampleCertificate::new(name);
    certificate.serial = serial;
    with_cert(&certificate.to_base64())
}

/// The numbers of the fields of each message of a certificate, in the order in which they stand, outermost first.
fn fields(cert: &str) -> Vec<Vec<u64>> {
    let mut messages = Vec::new();
    let mut next = STANDARD.decode(cert).ok();
    while let Some(message) = next.take().filter(|_| messages.len() < 3) {
        let Some(read) = read_fields(&message) else { break };
        next = read
            .iter()
            .find(|(number, _)| *number == 1)
            .map(|(_, bytes)| bytes.to_vec());
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
