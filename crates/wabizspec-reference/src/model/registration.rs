//! `/v1/account` and `/v1/account/verify`: a number is registered with a code that was sent to it. With two-step
//! verification on, which `/v1/settings/account/two-step` says, a request for a code needs the PIN.

use jiff::Timestamp;
use serde_json::json;

use super::login::holds;
use super::state::Pending;
use super::{Model, Registration};
use crate::behaviour::SunsetCheck;
use crate::call::Call;
use crate::documented::bodies::{AccountBody, BodyError, new_pin, verification_code};
use crate::outcome::{Done, Refusal, Refused, Success};

impl Model {
    /// `POST /v1/account`
    pub(super) fn request_code(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        if self.behaviour.permissions.body_first {
            self.account_body(call)?;
        }
        self.may_register(call, now)?;
        let body = self.account_body(call)?;
        self.not_ended(SunsetCheck::AfterBody)?;
        let name = (self.behaviour.functions.certificate)(&body.cert)
            .map_err(|error| Refused::because(Refusal::BadCertificate, format!("cert is {error}")))?;
        let number = format!("{} {}", body.cc, body.phone_number);
        let rules = &self.behaviour.registration;
        let is_registered = self.state.registered.as_ref().is_some_and(|registered| {
            let of_any_country = rules.any_country && registered.ends_with(&format!(" {}", body.phone_number));
            rules.one_for_all || of_any_country || *registered == number
        });
        if is_registered {
            return Ok(Success::AlreadyRegistered.into());
        }
        self.has_pin(call, body.pin.as_deref())?;
        if holds(&self.behaviour.registration.unsent, call) {
            return Ok(Done { success: Success::CodeSent, element: Some(json!({"vname": name})) });
        }
        let [a, b, c, d, ..] = (self.entropy)().ok_or(Refusal::NotReady)?;
        let code = format!("{:06}", u32::from_le_bytes([a, b, c, d]) % 1_000_000);
        self.state.last_code = Some(code.clone());
        if rules.codes_of_all {
            self.state.codes.push(code.clone());
        }
        let repeated = holds(&self.behaviour.registration.repeats, call);
        if self.state.pending.is_none() || !repeated {
            self.state.pending = Some(Pending { number, code });
        }
        let mut element = json!({"vname": name});
        if holds(&self.behaviour.registration.shows_code, call) {
            element["code"] = self.state.last_code.clone().into();
        }
        Ok(Done { success: Success::CodeSent, element: Some(element) })
    }

    /// `POST /v1/account/verify`: a code completes the registration that waits for it, once.
    pub(super) fn verify(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        if self.behaviour.permissions.body_first {
            self.read(call, verification_code)?;
        }
        self.may_register(call, now)?;
        let sent = self.read(call, verification_code)?;
        let code_matches = self.behaviour.functions.code_matches;
        let rules = &self.behaviour.registration;
        if rules.unasked_is_right && self.state.last_code.is_none() {
            return Ok(Success::Verified.into());
        }
        let was_sent = rules.codes_of_all && self.state.codes.contains(&sent);
        let right = |pending: &mut Pending| was_sent || (code_matches)(&pending.code, &sent);
        let taken = self.state.pending.take_if(right);
        if rules.code_stays && taken.is_some() {
            self.state.pending.clone_from(&taken);
        }
        let pending = taken.ok_or_else(|| match &self.state.last_code {
            Some(code) if holds(&rules.shows_code, call) => {
                Refused::because(Refusal::WrongCode, format!("{code} was expected"))
            }
            _ => Refusal::WrongCode.into(),
        })?;
        if !self.behaviour.registration.forgetful {
            self.state.registered = Some(pending.number);
        }
        Ok(Success::Verified.into())
    }

    /// `POST /v1/settings/account/two-step`: the PIN from now on.
    pub(super) fn set_pin(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        let rules = self.behaviour.registration.two_step.clone();
        self.permitted(call, rules.who, "", now)?;
        if rules.set_first
            && let Ok(pin) = self.read(call, |body| new_pin(body, &(0..=usize::MAX)))
        {
            self.state.pin = Some(pin);
        }
        let pin = self.read(call, |body| new_pin(body, &rules.pin))?;
        if !(rules.first_stays && self.state.pin.is_some()) {
            self.state.pin = Some(pin);
        }
        Ok(Success::PinSet.into())
    }

    /// `DELETE /v1/settings/account/two-step`: no PIN is needed from now on.
    pub(super) fn remove_pin(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        let rules = self.behaviour.registration.two_step.clone();
        self.permitted(call, rules.who, "", now)?;
        if rules.removed_once && self.state.pin.is_none() {
            return Err(Refusal::UnknownPath.into());
        }
        if !rules.stays_on {
            self.state.pin = None;
        }
        Ok(Success::PinRemoved.into())
    }

    /// A request for a code has the PIN, if one is needed.
    fn has_pin(&self, call: &Call<'_>, sent: Option<&str>) -> Result<(), Refused> {
        let rules = &self.behaviour.registration.two_step;
        let is_asked = !holds(&rules.unasked, call);
        let number = |pin: &str| pin.trim_start_matches('0').to_owned();
        match (&self.state.pin, sent) {
            (Some(pin), Some(sent)) if pin == sent || (rules.as_number && number(pin) == number(sent)) => Ok(()),
            (Some(_), _) if is_asked => Err(Refusal::WrongPin.into()),
            _ => Ok(()),
        }
    }

    fn account_body(&self, call: &Call<'_>) -> Result<AccountBody, BodyError> {
        self.read(call, |body| AccountBody::parse(body, &self.behaviour.registration.account))
    }

    /// The admin may register, until the sunset. What the body says does not matter here.
    fn may_register(&self, call: &Call<'_>, now: Timestamp) -> Result<(), Refused> {
        self.not_ended(SunsetCheck::First)?;
        self.permitted(call, self.behaviour.permissions.register, "", now)?;
        self.not_ended(SunsetCheck::AfterToken)
    }

    /// Registrations have not ended, where this is the time to look.
    fn not_ended(&self, now: SunsetCheck) -> Result<(), Refused> {
        let ended = self.registration == Registration::Sunset && self.behaviour.registration.sunset == now;
        if ended { Err(Refusal::Sunset.into()) } else { Ok(()) }
    }
}
