//! Calls with a token, to odd paths, and in HTTP that is none.

use std::time::Duration;

use super::{Kind, Probe};
use crate::exchange::Request;
use crate::fuzz::Place;
use crate::fuzz::grammar::HttpInput;
use crate::fuzz::grammar::bearer::{BearerInput, Called};
use crate::fuzz::grammar::path::{Caller, PathInput};
use crate::fuzz::independent;
use crate::fuzz::session::succeeded;
use crate::fuzz::{Check, Class};

impl Probe<'_> {
    pub(super) async fn bearer(&mut self, input: &BearerInput<'_>) {
        let call = input.request_parts(&self.worker.bindings);
        let (mut class, place) = independent::bearer::call(&call.headers, &self.worker.bindings.user_token);
        // What the admin's own account may is not what an ordinary one may.
        if input.called != Called::Itself && class != Class::Reject {
            class = if self.worker.own { Class::Reject } else { Class::Either };
        }
        let exchange = self.send(class, place, call).await;
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
                self.violation(Check::Token, requirement, format!("{place} got {kind}"), &exchange);
            }
            // An earlier input may have ended the token: a new one tells.
            Class::Accept if kind.is_refusal() && self.worker.restore(self.session).await.is_ok() => {
                let again = self.send(class, place, input.request_parts(&self.worker.bindings)).await;
                if !succeeded(&again) {
                    let what = format!("a living token got {kind}");
                    self.violation(Check::Refused, "tokens.bearer.accepted", what, &again);
                }
            }
            _ => {}
        }
    }

    pub(super) async fn path(&mut self, input: &PathInput<'_>) {
        let call = input.request_parts(&self.worker.bindings);
        let exchange = self.send(Class::Either, Place::Path, call).await;
        if self.probed.kind.is_success() && input.target(&self.worker.bindings).contains("logout") {
            self.probed.lost = self.worker.restore(self.session).await.err();
        }
        let Some(response) = exchange.response().filter(|response| response.status < 300) else {
            return;
        };
        let body = String::from_utf8_lossy(&response.body);
        let shows = body.contains("\"users\"") && body.contains("\"username\"");
        if input.caller == Caller::Nobody && shows {
            self.violation(Check::State, "users.read.unauthorized", "an account is shown to nobody", &exchange);
        }
        let others = shows && !body.contains(&*self.worker.bindings.user);
        if others && self.worker.own && !self.worker.reads_others {
            self.violation(
                Check::State,
                "users.read.odd-name",
                "another account is shown under an odd path",
                &exchange,
            );
        }
    }

    pub(super) async fn http(&mut self, input: &HttpInput<'_>) {
        let request = Request::Raw(input.bytes(&self.worker.bindings));
        let good = input.holds_credentials(&self.worker.bindings);
        // A server may wait for the rest of what looks unfinished; two seconds show that it does.
        let sent = self.exchange(Class::Either, Place::Http, request);
        let Ok(exchange) = tokio::time::timeout(Duration::from_secs(2), sent).await else {
            self.probed.kind = Kind::TimedOut;
            self.probed.requests += 1;
            return;
        };
        self.probed.violations.retain(|violation| violation.requirement != "envelope.answered");
        let token = Self::token(&exchange);
        if !good && token.is_some() {
            self.violation(
                Check::Token,
                "login.refused.no-credentials",
                "a token without right credentials",
                &exchange,
            );
        }
        // A method or version that nobody knows has a 5xx of its own (RFC 9110 §15.6).
        if let Kind::Answer(501 | 505, _) = self.probed.kind {
            self.probed.violations.retain(|violation| violation.check != Check::Crash);
        }
    }
}
