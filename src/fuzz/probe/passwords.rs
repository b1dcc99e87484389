//! New passwords, and the proof of their effect: a login.

use super::{Kind, Probe, Shown};
use crate::fuzz::grammar::{Endpoint, PasswordInput};
use crate::fuzz::independent::password::{Strength, strength};
use crate::fuzz::{Check, Class, Place};

/// A text near a password that must not log in, and why it might.
struct Variant {
    why: &'static str,
    text: String,
    /// Whether the documents clearly forbid it: what both endpoints trim or fold in the same way is open.
    sure: bool,
}

/// The texts that an accepted password could be confused with.
fn variants(password: &str) -> Vec<Variant> {
    let mut variants = Vec::new();
    let mut add = |why, text: String, sure| {
        if text != password && !text.is_empty() && !variants.iter().any(|variant: &Variant| variant.text == text) {
            variants.push(Variant { why, text, sure });
        }
    };
    if let Some((before, _)) = password.split_once('\0') {
        add("cut at the NUL", before.to_owned(), true);
    }
    if let (Some((before, _)), Some((_, after))) = (password.split_once(':'), password.rsplit_once(':')) {
        add("cut at the first colon", before.to_owned(), true);
        add("what follows the last colon", after.to_owned(), true);
    }
    for (bytes, why) in [(64, "the same 64 bytes, then others"), (72, "the same 72 bytes, then others")] {
        if password.len() > bytes {
            add(why, format!("{}Z", &password[..password.floor_char_boundary(bytes)]), true);
        }
    }
    let characters = password.chars().count();
    if characters > 8 {
        add("the first eight characters", password.chars().take(8).collect(), true);
        add("without the last character", password.chars().take(characters - 1).collect(), true);
    }
    add("in lower case", password.to_lowercase(), true);
    add("without blanks at the ends", password.trim().to_owned(), false);
    let plain: String =
        password.chars().filter(|c| !matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{feff}' | '\u{200b}')).collect();
    add("without marks", plain, false);
    variants
}

impl Probe<'_> {
    pub(super) async fn password(&mut self, input: &PasswordInput<'_>) {
        if !self.worker.own {
            return self.skip("the account is not the run's own");
        }
        let password = input.password(&self.worker.bindings);
        let (class, place) = match strength(&password) {
            _ if password.is_empty() => (Class::Either, Place::Empty),
            Strength::Strong => (Class::Accept, Place::Strong),
            Strength::Weak => (Class::Reject, Place::Weak),
            Strength::Open => (Class::Either, Place::Open),
        };
        if input.endpoint == Endpoint::Create
            && let Err(why) = self.session.may_make(&self.worker.bindings.unique).await
        {
            return self.probed.lost = Some(why);
        }
        self.send(class, place, input.request_parts(&self.worker.bindings)).await;
        if input.endpoint == Endpoint::Update && matches!(self.probed.kind, Kind::Answer(401, _)) {
            // The token may have been ended by an earlier input; that is not what is asked here.
            self.restore().await;
            self.send(class, place, input.request_parts(&self.worker.bindings)).await;
        }
        let kind = self.probed.kind;
        match input.endpoint {
            Endpoint::Login => {
                if class == Class::Reject && kind.is_success() {
                    let what = format!("a weak new password was answered {kind}");
                    self.violation(Check::Token, "login.later.rule", what);
                }
                if class == Class::Accept && kind.is_refusal() {
                    self.violation(Check::Refused, "login.later.accepted", format!("a strong one was answered {kind}"));
                }
                self.settle(&[password.into_owned()], false, true).await;
            }
            Endpoint::Update => self.updated(class, &password).await,
            Endpoint::Create => {
                let name = self.worker.bindings.unique.clone();
                let works = self.set(class, &name, &password, true).await;
                if kind.is_success() && works {
                    self.variants(&name, &password).await;
                }
                self.remove(&name).await;
            }
        }
    }

    /// Judges the answer to setting the password of a new account or of the user's; true if the password works now.
    async fn set(&mut self, class: Class, name: &str, password: &str, creation: bool) -> bool {
        let kind = self.probed.kind;
        let refused = kind.is_refusal();
        let either = |created, updated| if creation { created } else { updated };
        if class == Class::Accept && refused {
            let requirement = either("users.create.created", "login.password.changed");
            self.violation(Check::Refused, requirement, format!("a strong password was answered {kind}"));
        }
        if class == Class::Reject && kind.is_success() {
            let requirement = match password.chars().count() {
                _ if !creation => "login.password.on-change",
                ..8 => "users.password.too-short",
                65.. => "users.password.too-long",
                _ => "users.password.classes",
            };
            self.violation(Check::AcceptedChange, requirement, format!("a weak password was answered {kind}"));
        }
        if !matches!(kind, Kind::Answer(..)) {
            return false;
        }
        let old = self.worker.bindings.user_password == password;
        let logs_in = self.logs_in(name, password).await;
        let works = logs_in == Some(true);
        if kind.is_success() && logs_in == Some(false) && is_provable(password) && !password.is_empty() {
            let requirement = either("users.create.login-works", "login.password.changed-works");
            self.by_login(name, password, false);
            self.violation(Check::AcceptedChange, requirement, "an accepted password does not log in");
        }
        if refused && works && !old {
            let requirement = either("users.create.refused-leaves-nothing", "login.password.refusal-keeps-old");
            let what = format!("answered {kind}, and the password logs in");
            self.by_login(name, password, true);
            self.violation_by_login(Check::RefusedChange, requirement, what);
        }
        works
    }

    async fn updated(&mut self, class: Class, password: &str) {
        let name = self.worker.bindings.user.clone();
        let old = self.worker.bindings.user_password.clone();
        let kind = self.probed.kind;
        let works = self.set(class, &name, password, false).await;
        let old_works = if old == password { None } else { self.logs_in(&name, &old).await };
        if kind.is_success() && old != password {
            if old_works == Some(true) {
                let what = "the old password still logs in";
                self.by_login(&name, &old, true);
                self.violation_by_login(Check::AcceptedChange, "users.update.old-password-dead", what);
            }
            self.variants(&name, password).await;
        } else if old_works == Some(false) && matches!(kind, Kind::Answer(..)) {
            let what = format!("answered {kind}, and the old password does not log in any more");
            self.by_login(&name, &old, false);
            self.violation(Check::RefusedChange, "users.update.refused-keeps", what);
        }
        if works || old_works != Some(true) || kind.is_success() {
            self.restore().await;
        }
    }

    /// No text near an accepted password may log in.
    async fn variants(&mut self, name: &str, password: &str) {
        for Variant { why, text, sure } in variants(password) {
            match self.logs_in(name, &text).await {
                Some(true) if sure => {
                    let what = format!("an accepted password also logs in in part: {why}");
                    self.by_login(name, &text, true);
                    self.violation_by_login(Check::AcceptedChange, "login.credentials.whole", what);
                }
                Some(true) => self.probed.observed.push(format!("a password also logs in {why}")),
                Some(false) | None => {}
            }
        }
    }

    async fn restore(&mut self) {
        self.probed.requests += 4;
        if let Err(why) = self.worker.restore(self.session).await {
            self.probed.lost = Some(why);
        }
    }

    /// Finds out what a login did to the password: which of the candidates works now, if any.
    ///
    /// `refusal` says that the credentials were not right, so that nothing at all may have changed; `sure`, that the body
    /// says clearly which password is meant.
    pub(super) async fn settle(&mut self, candidates: &[String], refusal: bool, sure: bool) {
        if !matches!(self.probed.kind, Kind::Answer(..)) {
            return;
        }
        let name = self.worker.bindings.user.clone();
        let old = self.worker.bindings.user_password.clone();
        let kind = self.probed.kind;
        let accepted = kind.is_success();
        let Some(old_works) = self.logs_in(&name, &old).await else { return self.restore().await };
        if old_works && !accepted {
            return;
        }
        let (mut in_force, mut is_clear) = (None, true);
        for candidate in candidates.iter().filter(|candidate| **candidate != old && !candidate.is_empty()).take(6) {
            match self.logs_in(&name, candidate).await {
                Some(false) => {}
                Some(true) => {
                    in_force = Some(candidate);
                    break;
                }
                None => is_clear = false,
            }
        }
        if refusal && let Some(new) = in_force {
            self.by_login(&name, new, true);
            let what = "a login with wrong credentials changed the password";
            self.violation_by_login(Check::RefusedChange, "login.refused.nothing-taken-over", what);
        } else if !accepted {
            let what = format!("answered {kind}, and the old password does not log in any more");
            self.by_login(&name, &old, false);
            self.violation(Check::RefusedChange, "login.password.refusal-keeps-old", what);
        }
        match in_force {
            None if old_works => return,
            None if is_clear => self.stored_otherwise(&name, candidates, sure).await,
            None => {}
            Some(new) => {
                if strength(new) == Strength::Weak {
                    let what = "a password that breaks the rule is in force now";
                    self.by_login(&name, new, true);
                    self.violation_by_login(Check::AcceptedChange, "login.password.on-change", what);
                }
                if old_works {
                    let what = "the old password logs in beside the new one";
                    self.by_login(&name, &old, true);
                    self.violation_by_login(Check::AcceptedChange, "login.password.changed-old-dead", what);
                }
                if accepted {
                    self.variants(&name, new).await;
                }
            }
        }
        self.restore().await;
    }

    /// Neither the old password nor a candidate logs in: perhaps it was stored in another form.
    async fn stored_otherwise(&mut self, name: &str, candidates: &[String], sure: bool) {
        let mut what = "neither the old nor the new password logs in".to_owned();
        let forms = candidates.iter().take(3).flat_map(|candidate| variants(candidate));
        for variant in forms.take(12) {
            if self.logs_in(name, &variant.text).await == Some(true) {
                what = format!("the password is kept in another form: {}", variant.why);
                break;
            }
        }
        match sure && candidates.iter().all(|text| is_provable(text)) {
            true => {
                match candidates {
                    [new] => self.by_login(name, new, false),
                    _ => self.shown = Shown::ByNoRequest,
                }
                self.violation(Check::AcceptedChange, "login.password.changed-works", what);
            }
            false => self.probed.observed.push(format!("{what}; what the body says is open")),
        }
    }
}

/// Whether a login can show that it is in force: control characters are not for Basic authentication (RFC 7617 §2).
fn is_provable(password: &str) -> bool {
    !password.chars().any(|c| c.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_near_and_different() {
        let texts: Vec<String> = variants("Abcdef1!\0x").into_iter().map(|variant| variant.text).collect();
        assert!(texts.contains(&"Abcdef1!".to_owned()) && !texts.contains(&"Abcdef1!\0x".to_owned()), "{texts:?}");
        let texts: Vec<String> = variants("Aa1!x:b:c").into_iter().map(|variant| variant.text).collect();
        assert!(texts.contains(&"Aa1!x".to_owned()) && texts.contains(&"c".to_owned()), "{texts:?}");
        let long = format!("Aa1!{}", "\u{6771}".repeat(28));
        assert!(variants(&long).iter().any(|variant| variant.why.contains("72")));
    }
}
