//! Sequences of calls on a target: the tracker's plans, sent.

use super::{Kind, Probe};
use crate::fuzz::grammar::SessionInput;
use crate::fuzz::tracker::Tracker;
use crate::fuzz::{Check, Class, Place};

/// The password that the users of a session begin with.
const START: &str = "Start-Pw-1xyz";

impl Probe<'_> {
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
        let users = names.each_ref().map(|name| (name.as_str(), START));
        let admin = &self.session.admin;
        let admin = (&*admin.account.username, &*admin.account.password, &*admin.token);
        let mut tracker = Tracker::new(admin, users, self.session.disposable);
        for step in &input.steps {
            let planned = tracker.plan(step);
            let request = self.session.request(planned.request.clone());
            self.exchange(Class::Either, Place::Session, request).await;
            let status = match self.probed.kind {
                Kind::Answer(429, _) => break,
                Kind::Answer(status, _) => status,
                _ => break,
            };
            if let Some(breach) = tracker.observe(&planned, status, self.token().as_deref()) {
                if !self.session.laxity().explains_a_login(breach.requirement) {
                    self.violation(Check::State, breach.requirement, breach.what);
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
            self.remove(name).await;
        }
    }
}
