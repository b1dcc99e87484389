//! A case that stands alone: what reaches its state, its steps, and what removes what it made, as requests.
//!
//! For those who repeat a case without a run. Nothing is sent here, and nothing is written: a name that only the sender will
//! know, such as a token, is bound to whatever stands for it.

use std::collections::BTreeSet;

use crate::custody::Target;
use crate::custody::effect::Asked;
use crate::custody::names::{Names, is_made_up, password};
use crate::custody::reading::{basic, bearer, json_type};
use crate::documented::api::{self, Operation};
use crate::exchange::{Header, Request};
use crate::plan::Case;
use crate::run::compose;
use crate::scenario::{Action, Given};
use crate::template::{Bindings, Unbound};

/// The name under which the token of the admin is bound.
pub(crate) const ADMIN_TOKEN: &str = "admin_token";
const USER_TOKEN: &str = "user_token";

/// A request that is not a step of the case.
pub(crate) struct Call {
    pub what: &'static str,
    pub request: Request,
    /// The name of the token in its answer.
    pub takes: Option<&'static str>,
}

pub(crate) struct Standalone<'a> {
    pub case: &'a Case,
    pub target: &'a Target,
    /// Of the row, and names and passwords made up for the case. The caller adds what only the sender will know.
    pub bindings: Bindings,
    /// Accounts that the requests so far create.
    created: Vec<String>,
}

impl<'a> Standalone<'a> {
    pub fn new(case: &'a Case, target: &'a Target, admin: &str) -> Standalone<'a> {
        let origin = target.transport.origin();
        let (unique, unique4) = Names::new().next();
        let mut bindings = case.row().bindings.clone();
        let own = [
            ("host", origin.host_header()),
            ("base", origin.base_path()),
            ("unique4", &unique4),
            ("new_password", &password()),
            ("admin", admin),
            ("user", &format!("{unique}u")),
            ("user_password", &password()),
            ("unique", &unique),
        ];
        own.into_iter().for_each(|(name, value)| bindings.bind(name, value));
        Standalone { case, target, bindings, created: Vec::new() }
    }

    pub fn value(&self, name: &str) -> &str {
        self.bindings.value(name).unwrap_or_default()
    }

    /// What logs in and makes the account, as a run does before the case.
    pub fn set_up(&mut self) -> Vec<Call> {
        let given = self.case.given();
        let mut calls = Vec::new();
        if given < Given::Admin {
            return calls;
        }
        calls.push(self.log_in("log in as the administrator", "admin", ADMIN_TOKEN));
        if matches!(given, Given::User | Given::Kept) {
            let (name, password) = (self.value("user").to_owned(), self.value("user_password"));
            let body = serde_json::json!({"username": name, "password": password}).to_string();
            let token = bearer(self.value(ADMIN_TOKEN));
            let request = self.call(Operation::CreateUser, token, body);
            self.created.push(name);
            calls.push(Call { what: "create an account for the case", request, takes: None });
            let templates = self.case.scenario.steps.iter().flat_map(|step| step.action.templates());
            if templates.into_iter().any(|template| template.uses(USER_TOKEN)) {
                calls.push(self.log_in("log in with it", "user", USER_TOKEN));
            }
        }
        calls
    }

    /// The request of a step; `None` for a step that sends nothing.
    pub fn composed(&self, action: &Action) -> Result<Option<Request>, Unbound> {
        compose(self.target, action, &self.bindings)
    }

    /// The same; an account that it creates will be removed.
    pub fn request(&mut self, action: &Action) -> Result<Option<Request>, Unbound> {
        let request = self.composed(action)?;
        if let Some(request) = &request {
            let Asked { operation, account, .. } = Asked::of(request, self.target.transport.origin().base_path());
            self.created.extend(account.filter(|_| operation == Some(Operation::CreateUser)));
        }
        Ok(request)
    }

    /// What removes the accounts that were created. The case may have ended the token, so it logs in again.
    pub fn clean_up(&self) -> Vec<Call> {
        let own: BTreeSet<&String> = self.created.iter().filter(|name| is_made_up(name)).collect();
        let log_in = || self.log_in("log in as the administrator", "admin", ADMIN_TOKEN);
        let mut calls: Vec<Call> = (!own.is_empty()).then(log_in).into_iter().collect();
        calls.extend(own.into_iter().map(|name| {
            let token = vec![bearer(self.value(ADMIN_TOKEN))];
            let transport = &self.target.transport;
            let request = transport.request(Operation::DeleteUser.method(), &api::user(name), token, None);
            Call { what: "remove an account of the case", request, takes: None }
        }));
        calls
    }

    fn log_in(&self, what: &'static str, name: &str, token: &'static str) -> Call {
        let credentials = basic(self.value(name), self.value(&format!("{name}_password")));
        Call { what, request: self.call(Operation::LogIn, credentials, "{}".to_owned()), takes: Some(token) }
    }

    fn call(&self, operation: Operation, authorization: Header, body: String) -> Request {
        self.target.transport.call(operation, vec![authorization, json_type()], Some(body.into_bytes()))
    }
}
