//! Answers that repeat, cut or mix up what no data can say.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Edit::{self, Rewrite};
use super::as_sent;
use crate::behaviour::body::{at, put, text_of as text};
use crate::behaviour::{Handled, crash, let_through};
use crate::call::{Answer, AnswerBody};
use crate::documented::api::Resource;
use crate::documented::basic::{self, BasicError, Credentials};
use crate::documented::bodies::{BodyError, LoginBody};
use crate::documented::certificate::{VerifiedName, verified_name};
use crate::documented::token::ExpiresAfter;
use crate::outcome::{Refusal, Success};

pub(super) const EDITS: &[Edit] = &[
    Rewrite("account.cert.signature-crashes", |handled, answer| {
        let cert = text(handled.call.body, "cert").unwrap_or_default();
        // The certificate that the harness itself registers with.
        let known = |read: VerifiedName| read.name == "Acme Ltd" && read.serial == Some(1_234_567_890_123_456);
        crash_if(granted(handled, Success::CodeSent) && !verified_name(&cert).is_ok_and(known), answer);
    }),
    Rewrite("envelope.no-secret-echoed.masked-header", |handled, answer| {
        let value = handled.call.authorization.first().copied().unwrap_or_default();
        let token = std::str::from_utf8(value).ok().and_then(|value| value.split(' ').nth(1)?.get(..3));
        if let (true, Err(BasicError::OtherScheme(scheme)), Some(shown)) = (login(handled), basic::parse(value), token)
        {
            put(answer, "/errors/0/authorization", format!("{scheme} {shown}***").into());
        }
    }),
    Rewrite("degenerate.accepts-everything", |handled, answer| {
        let_through(handled, answer);
        answer.status = 200;
        let week = SignedDuration::from_hours(7 * 24);
        let expires_after = ExpiresAfter::new(handled.now + week).to_string();
        put(answer, "/users", json!([{"username": "admin", "token": "x", "expires_after": expires_after}]));
    }),
    Rewrite("envelope.unique-members.meta-twice", |_, answer| {
        if let Some(body) = answer.json() {
            let body = body.to_string().replacen('{', "{\"meta\":{},", 1);
            answer.body = AnswerBody::Bytes(body.into_bytes());
        }
    }),
    Rewrite("trait.slashes-escaped", |_, answer| {
        if let Some(body) = answer.json() {
            answer.body = AnswerBody::Bytes(body.to_string().replace('/', "\\/").into_bytes());
        }
    }),
    Rewrite("envelope.error-shape.code-with-a-fraction", |_, answer| {
        if let Some(code) = at(answer, "/errors/0/code") {
            *code = json!(code.as_f64().unwrap_or_default() + 0.5);
        }
    }),
    Rewrite("login.answer.members-taken-over", |handled, answer| {
        let sent: Value = serde_json::from_slice(handled.call.body).unwrap_or_default();
        if let (Some(Value::Array(users)), Value::Array(sent)) = (at(answer, "/users"), &sent["users"])
            && granted(handled, Success::LoggedIn)
        {
            users.extend(sent.iter().cloned());
        }
    }),
    Rewrite("login.answer.token-with-a-blank", |handled, answer| {
        change_token(handled, answer, |token| format!("{token} "));
    }),
    Rewrite("login.token.answered-cut", |handled, answer| {
        change_token(handled, answer, |token| token.chars().take(32).collect());
    }),
    Edit::ExpiresAfter("login.answer.expiry-in-seconds", |moment| moment.as_second().into()),
    Rewrite("login.password.two-of-a-class-needed", |handled, answer| {
        refuse_change(handled, answer, |new| {
            let one = |class: fn(&u8) -> bool| new.bytes().filter(class).count() < 2;
            // The random passwords of the harness would break the rule now and then.
            new.len() < 20 && (one(u8::is_ascii_digit) || one(u8::is_ascii_uppercase) || one(u8::is_ascii_lowercase))
        });
    }),
    Rewrite("login.password.zero-and-a-left-out", |handled, answer| {
        refuse_change(handled, answer, |new| lacks_one(new, [b'1'..=b'9', b'B'..=b'Z', b'b'..=b'z']));
    }),
    Rewrite("login.password.nine-and-z-left-out", |handled, answer| {
        refuse_change(handled, answer, |new| lacks_one(new, [b'0'..=b'8', b'A'..=b'Y', b'a'..=b'y']));
    }),
    Rewrite("login.robustness.malformed-json", |handled, answer| {
        crash_if(login(handled) && matches!(LoginBody::parse(handled.call.body), Err(BodyError::Malformed(_))), answer);
    }),
    Rewrite("login.robustness.large-numbers", |handled, answer| {
        let body = String::from_utf8_lossy(handled.call.body);
        let number = body.strip_prefix("{\"foo\":").and_then(|rest| rest.strip_suffix('}'));
        let large =
            |text: &str| text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && text.parse::<u64>().is_err();
        crash_if(login(handled) && number.is_some_and(large), answer);
    }),
    Rewrite("login.robustness.member-twice", |handled, answer| {
        let body = String::from_utf8_lossy(handled.call.body);
        let names = ["\"foo\"", "\"new_password\"", "\"password\""];
        crash_if(login(handled) && names.iter().any(|name| body.matches(name).count() > 1), answer);
    }),
    Rewrite("login.robustness.deep-nesting", |handled, answer| {
        crash_if(login(handled) && depth(handled.call.body) > 100, answer);
    }),
    Rewrite("login.robustness.deep-nesting-closes", |handled, answer| {
        if login(handled) && depth(handled.call.body) > 100 {
            answer.delivery.dropped = true;
        }
    }),
    Rewrite("envelope.no-secret-echoed.as-entities", |handled, answer| {
        if let Some(password) = refused_password(handled) {
            let entities = password.chars().map(|c| format!("&#x{:x};", u32::from(c)));
            put(answer, "/errors/0/details", entities.collect::<String>().into());
        }
    }),
    Rewrite("envelope.no-secret-echoed.in-an-address", |handled, answer| {
        if let Some(password) = refused_password(handled) {
            let bytes: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
            answer.headers.push(("location".into(), format!("/login?password={bytes}").into()));
        }
    }),
    Rewrite("envelope.no-secret-echoed.in-base64", |handled, answer| {
        if let Some(password) = refused_password(handled) {
            let session = json!({"user": "?", "password": password}).to_string();
            put(answer, "/session", URL_SAFE_NO_PAD.encode(session).into());
        }
    }),
    Rewrite("envelope.no-secret-echoed.in-a-header", |handled, answer| {
        if let Some(sent) = handled.call.authorization.first().filter(|_| login(handled)) {
            answer.headers.push(("x-trace".into(), STANDARD.encode(sent).into()));
            answer.headers.push(("x-authorization".into(), String::from_utf8_lossy(sent).into_owned().into()));
        }
    }),
    Rewrite("envelope.no-secret-echoed.part-of-a-new-password", |handled, answer| {
        if refused(handled, Refusal::WeakUpdatedPassword) {
            let part: String = text(handled.call.body, "password").unwrap_or_default().chars().take(4).collect();
            put(answer, "/errors/0/value", format!("{part}…").into());
        }
    }),
    Rewrite("envelope.no-secret-echoed.masked-password", |handled, answer| {
        if let Some(password) = refused_password(handled) {
            let part: String = password.chars().take(3).collect();
            put(answer, "/password", format!("{part}*****").into());
        }
    }),
    Rewrite("login.refused.name-for-a-password", |handled, answer| {
        let same = sent(handled).is_some_and(|sent| sent.username != "admin" && sent.password == sent.username);
        if refused(handled, Refusal::WrongPassword) && same {
            let_through(handled, answer);
        }
    }),
];

fn granted(handled: &Handled<'_>, success: Success) -> bool {
    matches!(handled.outcome, Ok(done) if done.success == success)
}

fn refused(handled: &Handled<'_>, refusal: Refusal) -> bool {
    matches!(handled.outcome, Err(refused) if refused.0.iter().any(|reason| reason.refusal == refusal))
}

fn crash_if(condition: bool, answer: &mut Answer) {
    if condition {
        crash(answer);
    }
}

fn login(handled: &Handled<'_>) -> bool {
    handled.resource == Some(Resource::Login)
}

/// The credentials of a Basic field.
fn sent(handled: &Handled<'_>) -> Option<Credentials> {
    basic::parse(handled.call.authorization.first()?).ok()
}

/// The password of a login that was refused.
fn refused_password(handled: &Handled<'_>) -> Option<String> {
    sent(handled).filter(|_| login(handled) && handled.outcome.is_err()).map(|sent| sent.password)
}

/// Answers 400 to a change of a password that was made, if the new one is too weak.
fn refuse_change(handled: &Handled<'_>, answer: &mut Answer, is_weak: impl FnOnce(&str) -> bool) {
    let changed = granted(handled, Success::LoggedIn) || granted(handled, Success::UserUpdated);
    if changed && as_sent(handled.call).is_some_and(|new| is_weak(&new)) {
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

fn change_token(handled: &Handled<'_>, answer: &mut Answer, change: impl FnOnce(&str) -> String) {
    if let (true, Some(Value::String(token))) = (granted(handled, Success::LoggedIn), at(answer, "/users/0/token")) {
        *token = change(token);
    }
}
