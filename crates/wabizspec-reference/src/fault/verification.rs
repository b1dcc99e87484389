//! The verification, what is registered already, and the sunset (account, account/verify).

use serde_json::json;

use super::bodies::{amended, defaulted, stringified};
use super::witness::ACCOUNT;
use super::writing::{granted, put, put_into_error, refused};
use super::{Fault, fault};
use crate::behaviour::SunsetCheck;
use crate::documented::bodies::VerifyBody;
use crate::documented::errors::ErrorCode;
use crate::outcome::{Refusal, Success};
use crate::route::Endpoint;

pub(super) const FAULTS: &[Fault] = &[
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
