//! Answers that repeat, cut or mix up what no data can say.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::Edit;
use crate::behaviour::{Handled, text_of as text};
use crate::call::{Answer, AnswerBody};
use crate::documented::basic::{self, BasicError, Credentials};
use crate::documented::bodies::{BodyError, LoginBody};
use crate::documented::certificate::{VerifiedName, verified_name};
use crate::documented::token::ExpiresAfter;
use crate::outcome::{Refusal, Success};
use crate::route::Endpoint;

pub(super) const EDITS: &[Edit] = &[
    ("account.required.first-only", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if refused(handled, Refusal::MissingMember)
                && let Some(errors) = list(answer, "errors")
            {
                errors.truncate(1);
            }
        });
    }),
    ("account.cert.signature-crashes", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let cert = text(handled.call.body, "cert").unwrap_or_default();
            let read = verified_name(&cert).ok();
            // The certificate that the harness itself registers with.
            let known = |read: &VerifiedName| read.name == "Acme Ltd" && read.serial == Some(1_234_567_890_123_456);
            if granted(handled, Success::CodeSent) && !read.as_ref().is_some_and(known) {
                crash(answer);
            }
        });
    }),
    ("envelope.no-secret-echoed.masked-header", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if let (Some(BasicError::OtherScheme(scheme)), Some(shown)) = (decoding(handled), beginning(handled)) {
                put_into_error(answer, "authorization", format!("{scheme} {shown}***").into());
            }
        });
    }),
    ("degenerate.accepts-everything", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            answer.status = 200;
            members(answer).map(|members| members.remove("errors"));
            let week = SignedDuration::from_hours(7 * 24);
            let expires_after = ExpiresAfter::new(handled.now + week).to_string();
            put(answer, "users", json!([{"username": "admin", "token": "x", "expires_after": expires_after}]));
        });
    }),
    ("envelope.unique-members.meta-twice", |behaviour| {
        behaviour.rewrites.push(|_, answer| {
            if let Some(body) = answer.json() {
                let body = body.to_string().replacen('{', "{\"meta\":{},", 1);
                answer.body = AnswerBody::Bytes(body.into_bytes());
            }
        });
    }),
    ("envelope.error-shape.code-with-a-fraction", |behaviour| {
        behaviour.rewrites.push(|_, answer| {
            if let Some(code) = error(answer).and_then(|error| error["code"].as_f64()) {
                put_into_error(answer, "code", json!(code + 0.5));
            }
        });
    }),
    ("login.answer.members-taken-over", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let sent: Value = serde_json::from_slice(handled.call.body).unwrap_or_default();
            if granted(handled, Success::LoggedIn)
                && let (Some(users), Some(sent)) = (list(answer, "users"), sent["users"].as_array())
            {
                users.extend(sent.iter().cloned());
            }
        });
    }),
    ("login.answer.token-with-a-blank", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if granted(handled, Success::LoggedIn)
                && let Some(user) = user(answer)
                && let Some(token) = user.get("token").and_then(Value::as_str)
            {
                let token = format!("{token} ");
                user.insert("token".to_owned(), token.into());
            }
        });
    }),
    ("login.answer.expiry-in-seconds", |behaviour| {
        behaviour.functions.expires_after = |moment| moment.as_second().into()
    }),
    ("login.token.answered-cut", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if granted(handled, Success::LoggedIn)
                && let Some(user) = user(answer)
                && let Some(token) = user.get("token").and_then(Value::as_str)
            {
                let token: String = token.chars().take(32).collect();
                user.insert("token".to_owned(), token.into());
            }
        });
    }),
    ("login.password.two-of-a-class-needed", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            refuse_change(handled, answer, |new| {
                let one = |class: fn(&u8) -> bool| new.bytes().filter(class).count() < 2;
                // The random passwords of the harness would break the rule now and then.
                new.len() < 20
                    && (one(u8::is_ascii_digit) || one(u8::is_ascii_uppercase) || one(u8::is_ascii_lowercase))
            });
        });
    }),
    ("login.password.zero-and-a-left-out", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            refuse_change(handled, answer, |new| lacks_one(new, [b'1'..=b'9', b'B'..=b'Z', b'b'..=b'z']));
        });
    }),
    ("login.password.nine-and-z-left-out", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            refuse_change(handled, answer, |new| lacks_one(new, [b'0'..=b'8', b'A'..=b'Y', b'a'..=b'y']));
        });
    }),
    ("login.robustness.malformed-json", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let read = LoginBody::parse(handled.call.body);
            if login(handled) && matches!(read, Err(BodyError::Malformed(_))) {
                crash(answer);
            }
        })
    }),
    ("login.robustness.large-numbers", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let body = String::from_utf8_lossy(handled.call.body);
            let number = body.strip_prefix("{\"foo\":").and_then(|rest| rest.strip_suffix('}'));
            let large =
                |text: &str| text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && text.parse::<u64>().is_err();
            if login(handled) && number.is_some_and(large) {
                crash(answer);
            }
        })
    }),
    ("login.robustness.member-twice", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let body = String::from_utf8_lossy(handled.call.body);
            let names = ["\"foo\"", "\"new_password\"", "\"password\""];
            if login(handled) && names.iter().any(|name| body.matches(name).count() > 1) {
                crash(answer);
            }
        })
    }),
    ("login.robustness.deep-nesting", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if login(handled) && depth(handled.call.body) > 100 {
                crash(answer);
            }
        })
    }),
    ("login.robustness.deep-nesting-closes", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if login(handled) && depth(handled.call.body) > 100 {
                answer.delivery.dropped = true;
            }
        })
    }),
    ("envelope.no-secret-echoed.as-entities", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if let Some(password) = refused_password(handled) {
                let entities = password.chars().map(|c| format!("&#x{:x};", u32::from(c)));
                put_into_error(answer, "details", entities.collect::<String>().into());
            }
        });
    }),
    ("envelope.no-secret-echoed.in-an-address", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if let Some(password) = refused_password(handled) {
                let bytes: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
                let address = format!("/login?password={bytes}");
                answer.headers.push(("location".into(), address.into()));
            }
        });
    }),
    ("envelope.no-secret-echoed.in-base64", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if let Some(password) = refused_password(handled) {
                let session = json!({"user": "?", "password": password}).to_string();
                put(answer, "session", URL_SAFE_NO_PAD.encode(session).into());
            }
        });
    }),
    ("envelope.no-secret-echoed.in-a-header", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if let Some(sent) = handled.call.authorization.first().filter(|_| login(handled)) {
                let sent = STANDARD.encode(sent);
                answer.headers.push(("x-trace".into(), sent.into()));
                let plain = String::from_utf8_lossy(handled.call.authorization[0]).into_owned();
                answer.headers.push(("x-authorization".into(), plain.into()));
            }
        });
    }),
    ("envelope.no-secret-echoed.part-of-a-new-password", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            if refused(handled, Refusal::WeakUpdatedPassword) {
                let part: String = text(handled.call.body, "password").unwrap_or_default().chars().take(4).collect();
                put_into_error(answer, "value", format!("{part}…").into());
            }
        });
    }),
    ("envelope.no-secret-echoed.masked-password", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let sent = sent(handled);
            if let Some(sent) = sent.filter(|_| login(handled) && handled.outcome.is_err()) {
                let part: String = sent.password.chars().take(3).collect();
                put(answer, "password", format!("{part}*****").into());
            }
        });
    }),
    ("login.refused.name-for-a-password", |behaviour| {
        behaviour.rewrites.push(|handled, answer| {
            let same = sent(handled).is_some_and(|sent| sent.username != "admin" && sent.password == sent.username);
            if refused(handled, Refusal::WrongPassword) && same {
                answer.status = 200;
                members(answer).map(|members| members.remove("errors"));
            }
        });
    }),
];

fn granted(handled: &Handled<'_>, success: Success) -> bool {
    matches!(handled.outcome, Ok(done) if done.success == success)
}

fn refused(handled: &Handled<'_>, refusal: Refusal) -> bool {
    matches!(handled.outcome, Err(refused) if refused.0.iter().any(|reason| reason.refusal == refusal))
}

fn login(handled: &Handled<'_>) -> bool {
    *handled.endpoint == Endpoint::Login
}

/// The credentials of a Basic field.
fn sent(handled: &Handled<'_>) -> Option<Credentials> {
    basic::parse(handled.call.authorization.first()?).ok()
}

/// What is wrong with the credentials of a login.
fn decoding(handled: &Handled<'_>) -> Option<BasicError> {
    let value = handled.call.authorization.first().filter(|_| login(handled))?;
    basic::parse(value).err()
}

/// The password of a login that was refused.
fn refused_password(handled: &Handled<'_>) -> Option<String> {
    sent(handled).filter(|_| login(handled) && handled.outcome.is_err()).map(|sent| sent.password)
}

/// The first characters of what follows the scheme.
fn beginning<'h>(handled: &Handled<'h>) -> Option<&'h str> {
    let value = std::str::from_utf8(handled.call.authorization.first()?).ok()?;
    value.split(' ').nth(1)?.get(..3)
}

/// Answers 400 to a change of a password that was made, where the new one is too weak.
fn refuse_change(handled: &Handled<'_>, answer: &mut Answer, is_weak: impl FnOnce(&str) -> bool) {
    let changed = granted(handled, Success::LoggedIn) || granted(handled, Success::UserUpdated);
    let new = text(handled.call.body, "new_password").or(text(handled.call.body, "password"));
    if changed && new.is_some_and(|new| is_weak(&new)) {
        answer.status = 400;
    }
}

/// Whether a password has no byte of one of these ranges.
fn lacks_one(password: &str, ranges: [std::ops::RangeInclusive<u8>; 3]) -> bool {
    ranges.iter().any(|range| !password.bytes().any(|byte| range.contains(&byte)))
}

/// How deep a body is nested, by its brackets alone.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in body {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn members(answer: &mut Answer) -> Option<&mut Map<String, Value>> {
    answer.json_mut()?.as_object_mut()
}

fn put(answer: &mut Answer, member: &str, value: Value) {
    members(answer).map(|members| members.insert(member.to_owned(), value));
}

fn list<'a>(answer: &'a mut Answer, member: &str) -> Option<&'a mut Vec<Value>> {
    answer.json_mut()?[member].as_array_mut()
}

/// The one element of the body's `users`.
fn user(answer: &mut Answer) -> Option<&mut Map<String, Value>> {
    answer.json_mut()?.pointer_mut("/users/0")?.as_object_mut()
}

/// The first error of the body.
fn error(answer: &mut Answer) -> Option<&mut Map<String, Value>> {
    answer.json_mut()?.pointer_mut("/errors/0")?.as_object_mut()
}

fn put_into_error(answer: &mut Answer, member: &str, value: Value) {
    error(answer).map(|error| error.insert(member.to_owned(), value));
}

fn crash(answer: &mut Answer) {
    answer.status = 500;
    put(answer, "errors", json!([{"code": 500, "title": "Internal Server Error"}]));
}
