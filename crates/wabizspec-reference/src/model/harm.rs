//! What refused requests do all the same: nothing, unless a behaviour says so.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Model;
use super::state::{Role, User};
use crate::behaviour::body::text_of;
use crate::behaviour::{Does, Handled, Revokes};
use crate::call::Call;
use crate::documented::basic;
use crate::outcome::{Done, Refused};
use crate::route::Route;

impl Model {
    pub(super) fn harm(&mut self, call: &Call<'_>, route: &Route<'_>, outcome: &Result<Done, Refused>, now: Timestamp) {
        let handled = Handled { call, resource: route.resource, outcome, now, number: 0 };
        let harms = self.behaviour.harms.iter();
        let harms = harms.filter(|harm| harm.when.holds(call, route.resource, Some(&handled)));
        let harms: Vec<Does> = harms.map(|harm| harm.does).collect();
        let header = call.authorization.first();
        let named = header.and_then(|value| basic::parse(value).ok()).map(|credentials| credentials.username);
        let in_path = || (!route.username.is_empty()).then(|| route.username.to_string());
        let named = named.or_else(in_path).or_else(|| text_of(call.body, "username")).unwrap_or_default();
        let sent = header.and_then(|value| (self.behaviour.functions.token)(value));
        let caller = sent.and_then(|token| self.state.tokens.find(token)).map(|(_, session)| session.username.clone());
        let password = text_of(call.body, "new_password").or_else(|| text_of(call.body, "password"));
        for harm in harms {
            self.do_harm(harm, &named, caller.as_deref(), password.as_deref());
        }
    }

    fn do_harm(&mut self, harm: Does, named: &str, caller: Option<&str>, password: Option<&str>) {
        fn of(users: &mut BTreeMap<String, User>, name: &str, change: impl FnMut(&mut User)) {
            users.get_mut(name).into_iter().for_each(change);
        }
        match harm {
            Does::SetsThePassword => password.into_iter().for_each(|new| self.set_password(named, new, false)),
            Does::LosesThePassword => of(self.state.users_mut(), named, |user| user.passwords.clear()),
            Does::Creates => {
                let user = User::new(password.unwrap_or_default(), Role::User);
                self.state.users_mut().entry(named.to_owned()).or_insert(user);
            }
            Does::Deletes => {
                self.state.users_mut().remove(named);
                self.revoke(Revokes::OfUser, Some(named), None);
            }
            Does::Promotes => of(self.state.users_mut(), named, |user| user.role = Role::Admin),
            Does::DemotesTheCaller => {
                of(self.state.users_mut(), caller.unwrap_or_default(), |user| user.role = Role::User)
            }
            Does::EndsItsTokens => self.revoke(Revokes::OfUser, Some(named), None),
            Does::EndsTheCallersTokens => self.revoke(Revokes::OfUser, caller, None),
            Does::EndsAllTokens => self.revoke(Revokes::All, None, None),
            Does::Unregisters => self.state.registered = None,
            Does::EndsTheCode => self.state.pending = None,
            Does::TakesTheNumber => {
                self.state.pending.iter_mut().for_each(|pending| pending.number = "another".to_owned())
            }
        }
    }
}
