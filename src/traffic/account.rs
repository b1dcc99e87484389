//! Registration: requests for a code, verifications, and the PIN of two-step verification.

use super::call::{Call, Form};
use super::held::{Held, absent, code, one, status, text};
use super::known::{Known, Role};
use super::tokens::{caller, granted};
use crate::documented::api::Operation;
use crate::documented::certificate::verified_name;
use crate::documented::errors::ErrorCode;
use crate::exchange::Json;
use crate::fuzz::independent::body::{self, Reading};
use crate::fuzz::{Class, Place, Surface};
use crate::scenario::Registration;

const NOTHING: [&str; 2] = ["/users", "/account"];

pub fn account(call: &Call<'_>, operation: Operation, known: &mut Known, held: &mut Held<'_>) {
    let surface = if operation == Operation::SetPin { Surface::TwoStepBody } else { Surface::AccountBody };
    let reading = body::of_texts(surface, call.body(), call.is_labelled());
    let is_good = match operation {
        Operation::RemovePin => call.body().is_empty(),
        Operation::Verify => reading.place == Place::Object,
        _ => reading.class == Class::Either && reading.place == Place::Object,
    };
    let user = caller(call, is_good, known, held);
    match user.as_deref().and_then(|user| known.role(user)) {
        Some(Role::Ordinary) => forbidden(call, operation, is_good, known, held),
        Some(Role::Admin) => match operation {
            Operation::Register => register(call, &reading, known, held),
            Operation::Verify => verify(call, &reading, held),
            _ => pin(call, operation, &reading, known, held),
        },
        None => {}
    }
    learn(operation, &reading, known, held);
}

fn forbidden(call: &Call<'_>, operation: Operation, is_good: bool, known: &Known, held: &mut Held<'_>) {
    let is_plain = call.form() == Form::Plain && is_good;
    let (requirement, codes) = match operation {
        Operation::Register => ("account.admin-only.refused", "account.admin-only.code"),
        Operation::Verify => ("account.verify.admin-only", "account.verify.admin-only-code"),
        _ => ("account.two-step.admin-only", ""),
    };
    let is_open = known.registration == Some(Registration::Open) || codes.is_empty();
    // A server without the settings has no such path.
    let is_there = !codes.is_empty() || known.has_pin;
    let is_strict = is_plain && is_open && is_there && operation != Operation::Verify;
    held.refused(requirement, if is_strict { "403" } else { "4xx" });
    if is_strict && held.status() == 403 && !codes.is_empty() {
        held.to(codes, vec![code(&[ErrorCode::AccessDenied.number()])]);
    }
}

fn register(call: &Call<'_>, reading: &Reading<'_>, known: &Known, held: &mut Held<'_>) {
    let denied = vec![code(&[ErrorCode::AccessDenied.number()])];
    let is_whole = reading.class == Class::Either && reading.place == Place::Object && is_whole(reading);
    if known.registration == Some(Registration::Sunset) {
        let is_plain = is_whole && call.form() == Form::Plain;
        held.refused("account.sunset.refused", if is_plain { "400 401 403" } else { "4xx" });
        if is_plain {
            held.to("account.sunset.code", denied);
        }
        return;
    }
    let is_open = known.registration == Some(Registration::Open) && call.form() == Form::Plain && call.is_labelled();
    match reading.class {
        Class::Reject => {
            held.refused(reading.breaks, "4xx");
            let stated = match reading.breaks {
                "account.required.refused" => ("account.required.code", ErrorCode::ParameterMissing),
                "account.method.refused" | "account.number.refused" | "account.cert.not-base64" => {
                    ("account.value.code", ErrorCode::ParameterInvalid)
                }
                _ => return,
            };
            if is_open && reading.place == Place::Object {
                held.to(stated.0, vec![status("400"), code(&[stated.1.number()])]);
            }
        }
        _ if reading.place == Place::Malformed && is_open => {
            held.to("account.body.malformed", vec![status("400"), code(&[ErrorCode::RequestInvalid.number()])]);
        }
        _ if reading.json().and_then(|json| json.at("/cert")?.as_str()) == Some("") => {
            held.refused("account.cert.not-base64", "4xx");
        }
        _ if is_whole => {
            if let Some(Some(pin)) = &known.pin
                && reading.json().and_then(|json| json.at("/pin")).is_none_or(|sent| is_another_pin(sent, pin))
            {
                held.refused("account.pin.required", "4xx");
            } else if held.status() == 201 && known.registered.is_some() && number(reading) != known.registered {
                held.to("account.exists.other-number", vec![status("202")]);
            } else if number(reading).is_some() && number(reading) == known.registered && known.pin == Some(None) {
                held.to("account.exists.answered", vec![status("201")]);
            }
        }
        _ => {}
    }
}

/// Whether some text or number cannot be taken for that PIN.
fn is_another_pin(sent: &Json, pin: &str) -> bool {
    match sent {
        Json::String(text) => {
            let digits: String = text.chars().filter(|c| c.is_numeric()).collect();
            digits.is_ascii() && (digits != pin || text.trim().len() != 6)
        }
        Json::Number(text) => text != pin,
        _ => true,
    }
}

/// Whether nothing is wrong with a request as far as it can be seen.
fn is_whole(reading: &Reading<'_>) -> bool {
    let member = |name: &str| reading.json()?.at(name)?.as_str();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_known = |name: &str| ["cc", "phone_number", "method", "cert", "pin"].contains(&name);
    let is_named = |json: &Json| json.as_object().is_some_and(|members| members.iter().all(|(name, _)| is_known(name)));
    ["/cc", "/phone_number"].into_iter().all(|name| member(name).is_some_and(digits))
        && member("/method").is_some_and(|method| ["sms", "voice"].contains(&method))
        && member("/cert").is_some_and(|cert| verified_name(cert).is_ok())
        && reading.json().is_some_and(is_named)
}

fn number(reading: &Reading<'_>) -> Option<String> {
    let member = |name: &str| reading.json()?.at(name)?.as_str();
    Some(format!("{} {}", member("/cc")?, member("/phone_number")?))
}

fn verify(call: &Call<'_>, reading: &Reading<'_>, held: &mut Held<'_>) {
    let sent = reading.json().and_then(|json| json.at("/code"));
    let is_named = String::from_utf8_lossy(call.body()).to_ascii_lowercase().contains("code");
    match sent {
        // Some write a code with a hyphen in it.
        Some(Json::String(text)) if text.bytes().any(|byte| byte.is_ascii_alphabetic()) => {
            held.refused("account.verify.wrong-code", "4xx");
        }
        Some(Json::String(text)) if text.trim().is_empty() => drop(held.refused("account.verify.missing-code", "4xx")),
        Some(Json::Null | Json::Array(_) | Json::Object(_)) => {
            held.refused("account.verify.missing-code", "4xx");
        }
        None if reading.place != Place::DuplicateMember && !is_named => {
            held.refused("account.verify.missing-code", "4xx");
        }
        _ => {}
    }
    if held.is_refused() && sent.is_some_and(|sent| sent.as_str().is_some()) && held.status() == 403 {
        held.to("account.verify.wrong-code-code", vec![code(&[ErrorCode::AccessDenied.number()])]);
    }
}

fn pin(call: &Call<'_>, operation: Operation, reading: &Reading<'_>, known: &mut Known, held: &mut Held<'_>) {
    match operation {
        Operation::SetPin if reading.class == Class::Reject => drop(held.refused("account.two-step.form", "4xx")),
        Operation::SetPin if known.has_pin && is_pin(reading) => {
            granted(call, "account.two-step.set", Vec::new(), known, held);
        }
        Operation::RemovePin if known.has_pin && matches!(known.pin, Some(Some(_))) && call.body().is_empty() => {
            granted(call, "account.two-step.removed", Vec::new(), known, held);
        }
        _ => {}
    }
}

fn is_pin(reading: &Reading<'_>) -> bool {
    let members = reading.json().and_then(Json::as_object).unwrap_or_default();
    matches!(members, [(name, Json::String(pin))] if name == "pin" && pin.len() == 6
        && pin.bytes().all(|byte| byte.is_ascii_digit()))
}

fn learn(operation: Operation, reading: &Reading<'_>, known: &mut Known, held: &mut Held<'_>) {
    let sunset = String::from_utf8_lossy(&held.response.body).contains("biz_link_on_prem_reg_blocked");
    if operation == Operation::Register && sunset && held.is_refused() && known.registration.is_none() {
        known.registration = Some(Registration::Sunset);
    }
    if held.is_refused() {
        return;
    }
    if !held.is_granted() {
        (known.pin, known.registered, known.asked_for) = (None, None, None);
        return;
    }
    match operation {
        Operation::Register => {
            if known.registration != Some(Registration::Sunset) {
                known.registration = Some(Registration::Open);
            }
            held.to("account.request.sent", vec![status("201 202")]);
            if held.status() == 202 {
                let cert = reading.json().and_then(|json| json.at("/cert")?.as_str());
                if let Some(name) = cert.and_then(|cert| verified_name(cert).ok()) {
                    let checks = vec![one("/account"), text("/account/0/vname", &name.name)];
                    held.to("account.request.vname", checks);
                }
                known.asked_for = number(reading);
            }
        }
        Operation::Verify => {
            held.to("account.verify.accepted", vec![status("201")]);
            held.to("account.verify.no-payload", NOTHING.map(absent).to_vec());
            known.registered = known.asked_for.clone();
        }
        Operation::SetPin => {
            held.to("account.two-step.set", vec![status("200")]);
            held.to("account.two-step.no-payload", NOTHING.map(absent).to_vec());
            known.has_pin = true;
            let pin = reading.json().and_then(|json| json.at("/pin")?.as_str());
            known.pin = pin.filter(|_| is_pin(reading)).map(|pin| Some(pin.to_owned()));
        }
        _ => {
            held.to("account.two-step.removed", vec![status("200")]);
            held.to("account.two-step.no-payload", NOTHING.map(absent).to_vec());
            (known.has_pin, known.pin) = (true, Some(None));
        }
    }
}
