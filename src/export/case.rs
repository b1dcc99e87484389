//! A case as entries: what reaches its state, its steps, and what leaves the target as it was.

use super::{ADMIN, Condition, Entry, OF_ACCOUNT, PASSWORD, Part, Rule, Text, needs_reset};
use crate::custody::Target;
use crate::custody::names::password;
use crate::custody::reading::{basic, json_type};
use crate::documented::api::{DEFAULT_PASSWORD, Operation};
use crate::exchange::{HttpRequest, Piece, Redaction, Request, secret_credentials};
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::{Given, Step};
use crate::standalone::{Call, Standalone};
use crate::template::{Template, Unbound};

/// Where the token of a login is.
const TOKEN: &str = "/users/0/token";

/// The requests of a case, with what is expected at that level and above.
pub(super) fn entries(case: &Case, target: &Target, level: Level) -> Result<Vec<Entry>, Unbound> {
    let mut writer = Writer { standalone: Standalone::new(case, target, ADMIN), unknown: Redaction::new() };
    let of_account = OF_ACCOUNT.iter().map(|(name, _)| *name);
    of_account.chain([PASSWORD, "admin_token", "user_token"]).for_each(|name| writer.leave_open(name, name));
    let set_up = writer.standalone.set_up();
    let set_up = writer.calls(set_up, Rule::accepted);
    let mut steps = Vec::new();
    for step in &case.scenario.steps {
        steps.extend(writer.step(step, level)?);
    }
    // Also first: an earlier try may have ended in the middle.
    let mut entries = writer.restored();
    if case.given() == Given::Fresh {
        entries.truncate(1);
    }
    entries.extend(set_up);
    entries.extend(steps);
    entries.extend(writer.restored());
    Ok(entries)
}

struct Writer<'a> {
    standalone: Standalone<'a>,
    /// What stands for values that are not known here, each with its name.
    unknown: Redaction,
}

impl Writer<'_> {
    /// Binds a name to something that stands for the value of that variable.
    fn leave_open(&mut self, name: &str, variable: &str) {
        let value = password();
        self.unknown.add_exact(&value, variable);
        self.standalone.bindings.bind(name, value);
    }

    fn text(&self, text: &str) -> Text {
        let part = |piece| match piece {
            Piece::Plain(text) => Part::Plain(text.to_owned()),
            Piece::Secret(name) => Part::Variable(name.to_owned()),
        };
        self.unknown.pieces(text).into_iter().map(part).collect()
    }

    fn step(&mut self, step: &Step, level: Level) -> Result<Option<Entry>, Unbound> {
        // A case with raw bytes is left out.
        let Some(Request::Http(request)) = self.standalone.request(&step.action)? else { return Ok(None) };
        let mut rules = Vec::new();
        for expectation in step.expectations.iter().filter(|expectation| expectation.level >= level) {
            let text = |template: &Template| Ok(self.text(&template.render(&self.standalone.bindings)?));
            let mut conditions = Vec::new();
            for check in &expectation.checks {
                conditions.extend(Condition::of(check, text)?);
            }
            rules.push(Rule { title: format!("{} ({})", expectation.requirement, expectation.level), conditions });
        }
        let names_a_status = rules.iter().flat_map(|rule| &rule.conditions).any(Condition::is_status);
        let may_fail = (500..600).any(|status| step.statuses().any(|set| set.contains(status)));
        if !names_a_status && !may_fail {
            rules.push(Rule::no_failure());
        }
        let mut entry = self.entry(&step.name, request, rules);
        for capture in &step.captures {
            // A scenario may choose any name, such as that of another variable.
            let variable = format!("captured_{}", capture.name);
            self.leave_open(&capture.name, &variable);
            entry.captures.push((variable, capture.at.to_string()));
        }
        Ok(Some(entry))
    }

    /// What leaves the target as it was, for a case that is over and for one that ended in the middle.
    fn restored(&self) -> Vec<Entry> {
        if !needs_reset(self.standalone.case) {
            return self.calls(self.standalone.clean_up(), Rule::no_failure);
        }
        let reset = Entry {
            name: "reset the target".to_owned(),
            method: "POST".to_owned(),
            url: vec![Part::Variable("reset".to_owned())],
            credentials: None,
            headers: Vec::new(),
            body: None,
            rules: vec![Rule::accepted()],
            captures: Vec::new(),
        };
        let new_password = serde_json::json!({ "new_password": self.standalone.value(PASSWORD) }).to_string();
        let headers = vec![basic(ADMIN, DEFAULT_PASSWORD), json_type()];
        let transport = &self.standalone.target.transport;
        let request = transport.call(Operation::LogIn, headers, Some(new_password.into_bytes()));
        let first_login = Call { what: "give the administrator its password", request, takes: None };
        std::iter::once(reset).chain(self.calls(vec![first_login], Rule::accepted)).collect()
    }

    /// Requests that are no steps. A login must always be accepted.
    fn calls(&self, calls: Vec<Call>, rule: fn() -> Rule) -> Vec<Entry> {
        let entry = |Call { what, request, takes }| {
            let Request::Http(request) = request else { return None };
            let rule = if takes.is_some() { Rule::accepted() } else { rule() };
            let mut entry = self.entry(what, request, vec![rule]);
            entry.captures.extend(takes.map(|name| (name.to_owned(), TOKEN.to_owned())));
            Some(entry)
        };
        calls.into_iter().filter_map(entry).collect()
    }

    fn entry(&self, name: &str, request: HttpRequest, rules: Vec<Rule>) -> Entry {
        let mut url = vec![Part::Variable("target".to_owned())];
        url.extend(self.text(&request.target));
        let mut credentials = None;
        let mut headers = Vec::new();
        for header in &request.headers {
            let is_named = |name: &str| header.name.eq_ignore_ascii_case(name);
            let hidden = is_named("Authorization").then(|| secret_credentials(&header.value, &self.unknown)).flatten();
            if let Some((user, password)) = hidden.as_deref().and_then(|joined| joined.split_once(':')) {
                credentials = Some((self.text(user), self.text(password)));
            } else if !is_named("Host") && !is_named("Content-Length") {
                headers.push((header.name.to_string(), self.text(&String::from_utf8_lossy(&header.value))));
            }
        }
        let body = request.body.filter(|body| !body.is_empty());
        let body = body.map(|body| self.text(&String::from_utf8_lossy(&body)));
        let (name, method) = (name.to_owned(), request.method.into_owned());
        Entry { name, method, url, credentials, headers, body, rules, captures: Vec::new() }
    }
}
