//! Sequences of calls on a target: the tracker's plans, sent.

use super::Probe;
use crate::fuzz::Check;
use crate::fuzz::Class;
use crate::fuzz::Place;
use crate::fuzz::grammar::SessionInput;
use crate::fuzz::tracker::Tracker;

/// The password that the users of a session begin with.
const START: &str = "Start-Pw-1xyz";

impl Probe<'_> {
    pub(super) async fn session(&mut self, input: &[u8]) {
        let Some(admin) = self.session.admin.clone().filter(|_| self.worker.own) else {
            return self.skip("the target makes no accounts");
        };
        let steps = SessionInput::decode(input).steps;
        if steps.is_empty() {
            return self.skip("a session without a call");
        }
        let names = [self.session.unique(), self.session.unique(), self.session.unique()];
        for name in &names {
            self.probed.requests += 1;
            if let Err(why) = self.session.create(name, START).await {
                self.probed.lost = Some(why);
            }
        }
        let users = names.each_ref().map(|name| (name.as_str(), START));
        let account = (admin.account.username.as_str(), admin.account.password.as_str(), admin.token.as_str());
        let mut tracker = Tracker::new(account, users, self.session.disposable);
        for step in steps {
            let planned = tracker.plan(step);
            let request = self.session.request(planned.request.clone());
            let exchange = self.exchange(Class::Either, Place::Session, request).await;
            let Some(response) = exchange.response().filter(|response| response.status != 429) else { break };
            let token = Self::token(&exchange);
            if let Some(breach) = tracker.observe(&planned, response.status, token.as_deref()) {
                if !self.session.laxity().explains_a_login(breach.requirement) {
                    self.violation(Check::State, breach.requirement, breach.what, &exchange);
                }
                break;
            }
        }
        // Those of the users end with them.
        for token in tracker.tokens_of_admin() {
            self.probed.requests += 1;
            self.session.accounts.log_out(token).await;
        }
        for name in &names {
            self.probed.requests += 1;
            self.session.remove(name).await;
        }
    }
}
