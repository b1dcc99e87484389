//! Credentials of a login, tokens of other calls, odd paths, sequences of calls, and HTTP that is invalid.

use std::time::Duration;

use super::{Kind, Probe, Shown, TOO_LARGE};
use crate::exchange::Request;
use crate::fuzz::grammar::{
    BasicInput, BearerInput, Called, Caller, HttpInput, LoginWith, PathInput, Placement, Scheme, SessionInput,
};
use crate::fuzz::independent::authorization;
use crate::fuzz::tracker::{START, Tracker};
use crate::fuzz::{Check, Class, Place};

impl Probe<'_> {
    pub(super) async fn basic(&mut self, input: &BasicInput<'_>) {
        if input.is_large() && !self.session.large {
            return self.skip(TOO_LARGE);
        }
        let bindings = &self.worker.bindings;
        let login = input.request_parts(bindings);
        let reading = authorization::login(&login.headers, &self.worker.accounts());
        let is_right = reading.class != Class::Reject;
        let changes = matches!(input.with, LoginWith::Change | LoginWith::Weak);
        if changes && !self.worker.own && is_right {
            return self.skip("the account is not the run's own");
        }
        let user = [(&*bindings.user, &*bindings.user_password)];
        if changes && is_right && authorization::login(&login.headers, &user).class == Class::Reject {
            return self.skip("the password of the second account stays as it is");
        }
        // Whether a weak `new_password` of a later login is refused is another surface's business.
        let class = if changes && is_right { Class::Either } else { reading.class };
        self.send(class, reading.place, login).await;
        let kind = self.probed.kind;
        let token = self.token();
        match class {
            Class::Reject if self.session.laxity().explains_a_token(reading.place) => {}
            Class::Reject if kind.is_success() || token.is_some() => {
                let what = format!("{} got {kind}{}", reading.place, if token.is_some() { " and a token" } else { "" });
                self.violation(Check::Token, refused_for(reading.place), what);
            }
            Class::Accept if kind.is_refusal() => {
                let what = format!("right credentials were answered {kind}");
                self.violation(Check::Refused, accepted_for(input, reading.canonical), what);
            }
            _ => {}
        }
        if changes && self.worker.own {
            let new = match input.with {
                LoginWith::Weak => "weak".to_owned(),
                _ => self.worker.bindings.new_password.to_string(),
            };
            self.settle(&[new], !is_right, true).await;
            if !is_right && kind.is_success() {
                // Only a faulty target knows whose password it was. If this fails, later inputs show it.
                self.probed.requests += 1;
                let bindings = &self.worker.bindings;
                let _ = self.session.update(&bindings.colon_user, &bindings.colon_password).await;
            }
        }
    }

    pub(super) async fn bearer(&mut self, input: &BearerInput<'_>) {
        let call = input.request_parts(&self.worker.bindings);
        let (mut class, place) = authorization::call(&call.headers, &self.worker.bindings.user_token);
        // What the admin's own account may do is not what an ordinary one may do.
        if input.called != Called::Itself && class != Class::Reject {
            class = if self.worker.own { Class::Reject } else { Class::Either };
        }
        if !self.worker.logs_in && class == Class::Accept {
            class = Class::Either;
        }
        self.send(class, place, call).await;
        let kind = self.probed.kind;
        match class {
            Class::Reject if kind.is_success() => {
                let requirement = match (place, input.called) {
                    (Place::Right | Place::AnotherSpelling, Called::Delete) => "users.delete.admin-only",
                    (Place::Right | Place::AnotherSpelling, _) => "account.verify.wrong-code",
                    (Place::Absent, _) => "tokens.bearer.required",
                    (Place::AnotherScheme, _) => "tokens.bearer.scheme",
                    _ => "tokens.bearer.invalid",
                };
                self.violation(Check::Token, requirement, format!("{place} got {kind}"));
            }
            // An earlier input may have ended the token: try a new one.
            Class::Accept if kind.is_refusal() && self.worker.restore(self.session).await.is_ok() => {
                self.send(class, place, input.request_parts(&self.worker.bindings)).await;
                if self.probed.kind.is_refusal() {
                    self.violation(Check::Refused, "tokens.bearer.accepted", format!("a living token got {kind}"));
                }
            }
            _ => {}
        }
    }

    pub(super) async fn path(&mut self, input: &PathInput<'_>) {
        let call = input.request_parts(&self.worker.bindings);
        self.send(Class::Either, Place::Path, call).await;
        if self.probed.kind.is_success() && input.target(&self.worker.bindings).contains("logout") {
            self.probed.lost = self.worker.restore(self.session).await.err();
        }
        let Some((..300, body)) = self.answer() else { return };
        let body = String::from_utf8_lossy(body);
        let shows = body.contains("\"users\"") && body.contains("\"username\"");
        let others = shows && !body.contains(&*self.worker.bindings.user);
        if input.caller == Caller::Nobody && shows {
            self.violation(Check::State, "users.read.unauthorized", "an account is shown to nobody");
        }
        if others && self.worker.own && !self.worker.reads_others {
            self.violation(Check::State, "users.read.odd-name", "another account is shown under an odd path");
        }
    }

    pub(super) async fn session(&mut self, input: &SessionInput<'_>) {
        if !self.worker.own {
            return self.skip("the target makes no accounts");
        }
        if input.steps.is_empty() {
            return self.skip("a session without a call");
        }
        let names = [self.session.unique(), self.session.unique(), self.session.unique()];
        for name in &names {
            self.probed.requests += 1;
            if let Err(why) = self.session.create(name, START).await {
                self.probed.lost = Some(why);
            }
        }
        let users = names.each_ref().map(String::as_str);
        let admin = self.session.admin();
        let admin = (&*admin.account.username, &*admin.account.password, &*admin.token);
        let mut tracker = Tracker::new(admin, users, self.session.disposable);
        self.shown = Shown::BySession { users: names.to_vec(), calls: Vec::new() };
        for step in &input.steps {
            let planned = tracker.plan(step);
            if let Shown::BySession { calls, .. } = &mut self.shown {
                calls.push((planned.request.clone(), None));
            }
            let request = self.session.request(planned.request.clone());
            self.exchange(Class::Either, Place::Session, request).await;
            // After a crash the state is open, and the crash is a violation of its own.
            let Kind::Answer(status @ ..500, _) = self.probed.kind else { break };
            let token = self.token();
            if let Some(breach) = tracker.observe(&planned, status, token.as_deref()) {
                if !self.session.laxity().explains_a_login(breach.requirement) {
                    self.violation(Check::State, breach.requirement, breach.what);
                }
                break;
            }
            if let Shown::BySession { calls, .. } = &mut self.shown
                && let Some((_, got)) = calls.last_mut()
            {
                *got = token;
            }
        }
        // Those of the users end with them.
        for token in tracker.tokens_of_admin() {
            self.probed.requests += 1;
            self.session.accounts.log_out(token).await;
        }
        for name in &names {
            self.remove(name).await;
        }
    }

    pub(super) async fn http(&mut self, input: &HttpInput<'_>) {
        let request = Request::Raw(input.bytes(&self.worker.bindings));
        let good = input.contains_credentials(&self.worker.bindings);
        // A server may wait for the rest of what looks unfinished; two seconds show that it does.
        let sent = self.exchange(Class::Either, Place::Http, request);
        if tokio::time::timeout(Duration::from_secs(2), sent).await.is_err() {
            self.probed.kind = Kind::TimedOut;
            self.probed.requests += 1;
            return;
        }
        self.probed.violations.retain(|violation| violation.requirement != "envelope.answered");
        if !good && self.token().is_some() {
            self.violation(Check::Token, "login.refused.no-credentials", "a token without right credentials");
        }
        // An unknown method or version has a 5xx of its own (RFC 9110 §15.6).
        if let Kind::Answer(501 | 505, _) = self.probed.kind {
            self.probed.violations.retain(|violation| violation.check != Check::Crash);
        }
    }
}

/// The requirement that forbids a token for credentials of that kind.
pub fn refused_for(place: Place) -> &'static str {
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
