//! Credentials of a login.

use super::Probe;
use crate::fuzz::grammar::basic::{BasicInput, LoginWith, Placement, Scheme};
use crate::fuzz::independent;
use crate::fuzz::{Check, Class, Place};

impl Probe<'_> {
    pub(super) async fn basic(&mut self, input: &BasicInput<'_>) {
        if self.is_too_large(input.is_large()) {
            return;
        }
        let login = input.request_parts(&self.worker.bindings);
        let reading = independent::basic::login(&login.headers, &self.worker.accounts());
        let changes = matches!(input.with, LoginWith::Change | LoginWith::Weak);
        if changes && !self.worker.own && reading.class != Class::Reject {
            return self.skip("the account is not the run's own");
        }
        let bindings = &self.worker.bindings;
        let user = [(&*bindings.user, &*bindings.user_password)];
        let by_another =
            reading.class != Class::Reject && independent::basic::login(&login.headers, &user).class == Class::Reject;
        if changes && by_another {
            return self.skip("the password of the second account stays as it is");
        }
        // Whether a weak `new_password` of a later login is refused is another surface's business.
        let class = if changes && reading.class != Class::Reject { Class::Either } else { reading.class };
        let exchange = self.send(class, reading.place, login).await;
        let kind = self.probed.kind;
        let token = Self::token(&exchange);
        match class {
            Class::Reject if self.session.laxity().explains_a_token(reading.place) => {}
            Class::Reject if kind.is_success() || token.is_some() => {
                let what = format!("{} got {kind}{}", reading.place, if token.is_some() { " and a token" } else { "" });
                self.violation(Check::Token, refused_for(reading.place), what, &exchange);
            }
            Class::Accept if kind.is_refusal() => {
                let requirement = accepted_for(input, reading.canonical);
                let what = format!("right credentials were answered {kind}");
                self.violation(Check::Refused, requirement, what, &exchange);
            }
            _ => {}
        }
        if changes && self.worker.own {
            let new = match input.with {
                LoginWith::Weak => "weak".to_owned(),
                _ => self.worker.bindings.new_password.to_string(),
            };
            self.settle(&exchange, &[new], reading.class == Class::Reject).await;
            if reading.class == Class::Reject && kind.is_success() {
                // Whose password it was now, only a faulty target knows.
                self.probed.requests += 1;
                self.worker.restore_second(self.session).await;
            }
        }
    }
}

/// The requirement that forbids a token for credentials of that kind.
fn refused_for(place: Place) -> &'static str {
    match place {
        Place::Absent | Place::Empty | Place::NoCredentials => "login.refused.no-credentials",
        Place::Elsewhere => "login.refused.other-place",
        Place::OtherScheme => "login.refused.other-scheme",
        Place::NoScheme => "login.refused.no-scheme",
        Place::EmptyName | Place::EmptyPassword => "login.refused.empty-parts",
        Place::UnknownName => "login.refused.unknown-user",
        Place::PasswordWithColons => "login.credentials.first-colon",
        Place::WrongPassword | Place::ControlCharacters => "login.credentials.whole",
        Place::Several => "login.refused.wrong-password",
        _ => "login.refused.undecodable",
    }
}

/// The requirement that right credentials in this form rest on.
fn accepted_for(input: &BasicInput, canonical: bool) -> &'static str {
    let colons = input.text.windows(11).any(|window| window == b"${colon_pas");
    match (input.place, input.scheme) {
        (Placement::LowerName | Placement::UpperName, _) => "login.http.header-name-case",
        (Placement::Spaced, _) => "login.http.blanks-around-values",
        (_, Scheme::Lower | Scheme::Upper | Scheme::Mixed) => "login.credentials.scheme-case",
        _ if !canonical => "login.http.blanks-around-values",
        _ if colons => "login.credentials.first-colon",
        _ if input.with == LoginWith::Empty => "login.body.empty",
        _ => "login.credentials.accepted",
    }
}
