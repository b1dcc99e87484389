//! The request for a registration code (account, Create).

use serde_json::Value;

use super::bodies::{amended, defaulted};
use super::witness::{ACCOUNT, with, without};
use super::writing::{granted, put, put_into_error, refused};
use super::{Fault, fault};
use crate::behaviour::Who;
use crate::documented::bodies::{AccountBody, BodyError, MemberError};
use crate::documented::errors::ErrorCode;
use crate::outcome::{Refusal, Success};
use crate::route::Endpoint;

/// A bare certificate whose name is a question mark.
const NAMELESS: &str = "CgUIBSIBPw==";

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
                AccountBody::parse(&amended(call.body, |members| defaulted(members, "cert", NAMELESS)), rule)
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
                    &amended(call.body, |members| drop(members.insert("method".to_owned(), "sms".into()))),
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
        "account.pin.five-digits",
        "account.pin.form",
        "off by one: a pin of 5 digits is taken",
        |b| b.registration.account.pin = 5..=6,
        |w| w.request_code(&with("pin", "12345")),
    ),
    fault(
        "account.pin.seven-digits",
        "account.pin.form",
        "off by one: a pin of 7 digits is taken",
        |b| b.registration.account.pin = 6..=7,
        |w| w.request_code(&with("pin", "1234567")),
    ),
    fault(
        "account.pin.unread",
        "account.pin.form",
        "a pin may be anything",
        |b| {
            b.registration.account_body =
                |call, rule| AccountBody::parse(&amended(call.body, |members| drop(members.remove("pin"))), rule)
        },
        |w| w.request_code(&with("pin", "abcdef")),
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
];

fn all_defaults(members: &mut serde_json::Map<String, Value>) {
    for (name, value) in [("cc", "1"), ("phone_number", "2025550123"), ("method", "sms"), ("cert", NAMELESS)] {
        defaulted(members, name, value);
    }
}
